#include "analysis/alike_why.h"

#include <inttypes.h>
#include <string.h>

#include "analysis/alike.h"
#include "analysis/content.h"
#include "base/alloc.h"
#include "snapshot/place.h"

static const char section[] = "its words";

static uint32_t count_of(const struct typing *t, uint32_t name)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < t->snap->chunk_count; i++)
		count += t->type[i] == name;
	return count;
}

/* "the start of a block, text"; "into a block, +8". */
static char *pointer_text(const struct typing *t, const struct alike_word *w)
{
	uint32_t to = snapshot_find(t->snap, w->value), name;
	enum typed_by by = typing_best(t, to, &name);

	if (w->kind == ALIKE_START)
		return xasprintf("the start of a block, %s",
				 by ? t->name[name].text : typed_by_name(by));
	return xasprintf("into a block, +%" PRIu32 ", %s", w->delta,
			 by ? t->name[name].text : typed_by_name(by));
}

/* From where it is text: a header of a byte or more may be before it. */
static char *quote(uint64_t value, unsigned word)
{
	uint8_t bytes[8];
	size_t at = 0;
	char buf[40];

	memcpy(bytes, &value, sizeof(bytes));
	while (at + 1 < word && text_run(bytes + at, word - at) < 3)
		at++;
	text_quote(bytes + at, text_run(bytes + at, word - at), word, buf,
		   sizeof(buf));
	return xasprintf("text: %s", buf);
}

static char *word_text(const struct typing *t, const struct alike_word *w)
{
	char buf[320];

	switch (w->kind) {
	case ALIKE_ZERO:
		return xstrdup("zero");
	case ALIKE_START:
	case ALIKE_INSIDE:
		return pointer_text(t, w);
	case ALIKE_SELF:
		return xasprintf("into this block, +%" PRIu32, w->delta);
	case ALIKE_HEAP:
		return xstrdup("into memory of the heap that is free");
	case ALIKE_MODULE:
	case ALIKE_MAPPED: {
		struct place place = place_of(t->snap, w->value);

		place_format(&place, t->snap, t->symbols, buf, sizeof(buf));
		return xstrdup(buf);
	}
	case ALIKE_TEXT:
		return quote(w->value, t->snap->word);
	case ALIKE_FLOAT:
		return xasprintf("a floating-point number: %#" PRIx64,
				 w->value);
	default:
		return xasprintf("a number: %#" PRIx64, w->value);
	}
}

static void tell_words(const struct typing *t, uint32_t chunk, struct why *why)
{
	struct alike_reader reader = {.label = t->type};
	struct alike_chunk words;
	struct error err;

	if (alike_reader_init(&reader, t->snap, &err)) {
		why_add(why, section, xasprintf("not told: %s", err.msg));
		return;
	}
	alike_read(&reader, chunk, &words);
	alike_reader_deinit(&reader);
	for (unsigned i = 0; i < ALIKE_WORDS; i++) {
		const struct alike_word *w = &words.word[i];
		AUTO_FREE char *text = NULL;

		if (w->kind == ALIKE_NOTHING)
			break;
		text = word_text(t, w);
		why_add_at(why, section,
			   t->snap->chunk[chunk].addr + i * t->snap->word,
			   xasprintf("+%u: %s", i * t->snap->word, text));
	}
}

void alike_why(const struct typing *t, uint32_t chunk, struct why *why)
{
	why_add(why, "why",
		xasprintf("nothing tells its type; %" PRIu32
			  " chunks look alike, this one among them: of each of "
			  "their words most are of one kind, and no word tells "
			  "more of the others",
			  count_of(t, t->type[chunk])));
	why_add(why, "why",
		xstrdup("that is no type by name: they may be of several types "
			"that look alike, and others of its type may look "
			"different"));
	tell_words(t, chunk, why);
}
