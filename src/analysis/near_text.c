/* Text inside the chunks of a group: fields that begin at one offset. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/near_impl.h"
#include "base/alloc.h"
#include "base/progress.h"

/* Text begins in the first page of a chunk, or it is not a field. */
enum { LOOK = 4096, MIN_TEXT = 6, MAX_FIELDS = 24, STEP = 1 << 10 };
/* Of so many chunks, regularly spaced. */
enum { MAX_CHUNKS = 200000 };

struct texts {
	struct near_build *b;
	struct fold fields;  /* by offset */
	struct fold strings; /* by offset and text (a hash of it) */
	uint32_t looked;
};

/* FNV-1a, 64 bits (Fowler, Noll, Vo; public domain). */
static uint64_t hash(const uint8_t *bytes, size_t len)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < len; i++)
		h = (h ^ bytes[i]) * UINT64_C(0x100000001b3);
	return h;
}

/* More text follows: a word of it would point somewhere by chance, though
 * hardly to where a chunk begins. */
static bool is_chunk(const struct near_build *b, uint64_t value)
{
	uint32_t chunk = finder_find(&b->finder, value);

	return chunk != CHUNK_NONE && b->snap->chunk[chunk].addr == value;
}

/*
 * A pointer whose bytes happen to be printable is no text, nor is its end:
 * i386's ends with a 'V' if it points into the program.  How many bytes of the
 * run of n at "at" belong to one.
 */
static size_t pointer_part(const struct texts *t, const uint8_t *bytes,
			   size_t len, size_t at, size_t n)
{
	unsigned word = t->b->snap->word;
	size_t into = at % word;
	uint64_t value = 0;

	if (at - into + word > len)
		return 0;
	memcpy(&value, bytes + at - into, word);
	if (!into && n > word ? !is_chunk(t->b, value)
			      : !span_find(t->b->snap, value))
		return 0;
	return n < word - into ? n : word - into;
}

static int look_at(struct texts *t, uint32_t member, struct error *err)
{
	uint64_t addr = t->b->snap->chunk[member].addr;
	uint8_t buf[LOOK];
	size_t len, n;
	const uint8_t *bytes = near_bytes(t->b, member, buf, sizeof buf, &len);

	for (size_t at = 0; at < len; at += n + 1) {
		struct pattern p = {0};
		size_t skip;

		n = text_run(bytes + at, len - at);
		while (n >= MIN_TEXT &&
		       (skip = pointer_part(t, bytes, len, at, n))) {
			at += skip;
			n -= skip;
		}
		if (n < MIN_TEXT)
			continue;
		p.offset = (uint32_t)at;
		if (fold_add(&t->fields, &p, member, addr + at, err))
			return -1;
		p.a = hash(bytes + at, n);
		p.b = n;
		if (fold_add(&t->strings, &p, member, addr + at, err))
			return -1;
	}
	return 0;
}

static void quote(const struct texts *t, const struct fold_row *f, char *buf,
		  size_t cap)
{
	enum { MAX = 60 };
	uint8_t text[MAX + 1];
	size_t len = f->pattern.b < sizeof text ? f->pattern.b : sizeof text;

	len = image_read(t->b->snap->contents, f->example, text, len);
	text_quote(text, len, MAX, buf, cap);
}

/* strings is sorted by count: the first of an offset is its commonest. */
static void what(const struct texts *t, const struct fold_row *field, char *buf,
		 size_t cap)
{
	const struct fold_row *common = NULL;
	uint64_t different = 0;
	char text[90] = "";
	unsigned at = field->pattern.offset;

	for (size_t i = 0; i < t->strings.count; i++) {
		const struct fold_row *f = &t->strings.row[i];

		if (f->pattern.offset != field->pattern.offset)
			continue;
		if (!common)
			common = f;
		different++;
	}
	if (!common)
		return;
	quote(t, common, text, sizeof text);
	if (different == 1)
		snprintf(buf, cap, "at +%u: %s", at, text);
	else if (common->count == 1)
		snprintf(buf, cap, "at +%u: %llu different texts, such as %s",
			 at, (unsigned long long)different, text);
	else
		snprintf(buf, cap, "at +%u: %s (%llu times, of %llu different)",
			 at, text, (unsigned long long)common->count,
			 (unsigned long long)different);
}

static int emit(struct texts *t, struct error *err)
{
	uint64_t rarer = 0;

	fold_sort(&t->fields);
	fold_sort(&t->strings);
	for (size_t i = 0; i < t->fields.count; i++) {
		const struct fold_row *f = &t->fields.row[i];
		struct near_row row = {
			.part = NEAR_TEXT,
			.count = (uint32_t)f->count,
			.of = t->looked,
			.offset = f->pattern.offset,
			.kind = PLACE_CHUNK,
			.example = f->example,
			.member = t->b->snap->chunk[f->member].addr,
		};

		/* Fields, not what one or two chunks happen to hold. */
		if (i >= MAX_FIELDS || f->count * 20 < t->looked) {
			rarer++;
			continue;
		}
		what(t, f, row.what, sizeof row.what);
		if (near_add(t->b, &row, err))
			return -1;
	}
	return near_add_rest(t->b, NEAR_TEXT, rarer, t->looked, err);
}

int near_text(struct near_build *b, struct error *err)
{
	struct texts t = {.b = b};
	uint32_t step = b->chunk_count / MAX_CHUNKS + 1;
	int ret = -1;

	if (step > 1)
		near_note(b, "one in %u chunks was looked at for text", step);
	for (uint32_t i = 0; i < b->chunk_count; i += step) {
		if (i % STEP == 0 &&
		    progress_tick("looking for text", i, b->chunk_count, err))
			goto out;
		if (!near_is_kept(b, b->chunk[i]))
			continue;
		t.looked++;
		if (look_at(&t, b->chunk[i], err))
			goto out;
	}
	ret = emit(&t, err);
out:
	fold_deinit(&t.fields);
	fold_deinit(&t.strings);
	return ret;
}
