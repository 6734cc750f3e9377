#include "analysis/typing_why.h"

#include <inttypes.h>
#include <stdlib.h>

#include "analysis/describe.h"
#include "base/alloc.h"
#include "base/fmt.h"
#include "snapshot/place.h"
#include "symbols/symbols.h"

enum { FIRST_WORDS = 4 };

static struct why_line *add(struct why *why, const char *section, char *text)
{
	if (why->count == why->cap) {
		why->cap = why->cap ? 2 * why->cap : 16;
		why->line = xrealloc(why->line, why->cap * sizeof(*why->line));
	}
	why->line[why->count] =
		(struct why_line){.section = section, .text = text};
	return &why->line[why->count++];
}

static void add_at(struct why *why, const char *section, uint64_t addr,
		   char *text)
{
	struct why_line *line = add(why, section, text);

	line->has_addr = true;
	line->addr = addr;
}

static uint64_t word_at(const struct typing *t, uint32_t chunk, unsigned i)
{
	uint64_t at = t->snap->chunk[chunk].addr + i * (uint64_t)t->snap->word;
	uint64_t word = 0;

	if (image_read(t->snap->contents, at, &word, t->snap->word) !=
	    t->snap->word)
		return 0;
	return word;
}

static void why_vtable(const struct typing *t, uint32_t chunk, struct why *why)
{
	uint64_t word = word_at(t, chunk, 0);
	char name[300];

	if (!t->symbols ||
	    !symbols_format(t->symbols, word, name, sizeof(name)))
		name[0] = '\0';
	add_at(why, "why", word,
	       xasprintf("its first word is the address of a table of virtual "
			 "functions%s%s",
			 *name ? ": " : "", name));
	add(why, "why",
	    xstrdup("the type information in front of that table names the "
		    "class; the table is of the complete object, not of a "
		    "base"));
}

static void why_symbol(const struct typing *t, uint32_t chunk, struct why *why)
{
	const char *name = typing_name(t, chunk);

	for (unsigned i = 0; i < FIRST_WORDS; i++) {
		uint64_t word = word_at(t, chunk, i);
		struct symbol symbol;

		if (!word || !symbols_at(t->symbols, word, &symbol) ||
		    !symbol.name || symbol.offset)
			continue;
		add_at(why, "why", word,
		       xasprintf("the word at +%u is the very address of the "
				 "%s %s",
				 i * t->snap->word,
				 symbol.is_object ? "variable" : "function",
				 name));
		return;
	}
}

static void why_not(const struct typing *t, uint32_t chunk, struct why *why)
{
	if (t->snap->chunk[chunk].state != CHUNK_USED) {
		add(why, "why", xstrdup("it is not in use: it has no type"));
		return;
	}
	add(why, "why",
	    xstrdup("it begins with no table of virtual functions, no address "
		    "of a function or variable, and no text"));
}

void typing_why(const struct typing *typing, uint32_t chunk, struct why *out)
{
	const struct chunk *c = &typing->snap->chunk[chunk];
	enum typed_by by = typing->by[chunk];
	char usable[FMT_MAX];

	*out = (struct why){0};
	add_at(out, "the chunk", c->addr,
	       xasprintf("%s usable bytes, class %" PRIu64 ", %s",
			 fmt_count(usable, sizeof(usable), c->size),
			 snapshot_chunk_size(typing->snap, chunk),
			 chunk_state_name((enum chunk_state)c->state)));
	add(out, "its type",
	    xasprintf("%s",
		      by ? typing_name(typing, chunk) : typed_by_name(by)));
	add(out, "its type", xasprintf("named by: %s", typed_by_name(by)));
	switch (by) {
	case TYPED_VTABLE:
		why_vtable(typing, chunk, out);
		break;
	case TYPED_SYMBOL:
		why_symbol(typing, chunk, out);
		break;
	case TYPED_TEXT:
		add(out, "why",
		    xstrdup("it begins with text, up to a NUL or to its end; "
			    "what is behind that may be anything"));
		break;
	case TYPED_NOT:
	default:
		why_not(typing, chunk, out);
		break;
	}
}

void why_deinit(struct why *why)
{
	if (!why)
		return;
	for (size_t i = 0; i < why->count; i++)
		free(why->line[i].text);
	free(why->line);
	*why = (struct why){0};
}
