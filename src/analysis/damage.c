#include "analysis/damage.h"

#include <string.h>

#include "analysis/content.h"

const char *defect_kind_key(enum defect_kind kind)
{
	static const char *const key[DEFECT_KINDS] = {
		[DEFECT_SIZE] = "size",	  [DEFECT_LINK] = "link",
		[DEFECT_LOOP] = "loop",	  [DEFECT_UNREADABLE] = "unreadable",
		[DEFECT_COUNT] = "count", [DEFECT_BUSY] = "busy",
		[DEFECT_FLAGS] = "flags",
	};

	return (unsigned)kind < DEFECT_KINDS ? key[kind] : "?";
}

const char *defect_kind_name(enum defect_kind kind)
{
	static const char *const name[DEFECT_KINDS] = {
		[DEFECT_SIZE] = "impossible size",
		[DEFECT_LINK] = "bad link",
		[DEFECT_LOOP] = "endless list",
		[DEFECT_UNREADABLE] = "unreadable",
		[DEFECT_COUNT] = "wrong count",
		[DEFECT_BUSY] = "stopped inside malloc",
		[DEFECT_FLAGS] = "wrong flags",
	};

	return (unsigned)kind < DEFECT_KINDS ? name[kind] : "?";
}

const char *wrote_name(enum wrote wrote)
{
	static const char *const name[] = {
		[WROTE_UNKNOWN] = "unknown", [WROTE_ZEROS] = "zeros",
		[WROTE_TEXT] = "text",	     [WROTE_PATTERN] = "pattern",
		[WROTE_POINTER] = "pointer", [WROTE_NUMBER] = "number",
	};

	return name[wrote];
}

const char *suspicion_name(enum suspicion suspicion)
{
	static const char *const name[] = {
		[SUSPECT_NONE] = "no",
		[SUSPECT_MAY] = "may",
		[SUSPECT_PROBABLY] = "probably",
	};

	return name[suspicion];
}

/* Where chunk i's header begins, and the next one's. */
static uint64_t chunk_start(const struct snapshot *snap, uint32_t i)
{
	return snap->chunk[i].addr - 2 * snap->word;
}

static uint64_t chunk_end(const struct snapshot *snap, uint32_t i)
{
	return chunk_start(snap, i) + snapshot_chunk_size(snap, i);
}

/* The number of chunks whose header begins below addr. */
static uint32_t chunks_below(const struct snapshot *snap, uint64_t addr)
{
	uint32_t low = 0, high = snap->chunk_count;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (chunk_start(snap, mid) < addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Neighbours are of the same arena: else what lies between is not malloc's. */
static uint32_t neighbour(const struct snapshot *snap, const struct defect *d,
			  uint32_t i)
{
	return i < snap->chunk_count && d->arena != ARENA_MMAPPED &&
			       snap->chunk[i].arena == d->arena
		       ? i
		       : CHUNK_NONE;
}

static void find_neighbours(const struct snapshot *snap, struct damage *out)
{
	const struct defect *d = out->defect;
	uint32_t i = chunks_below(snap, d->addr), next = i;

	out->before = out->here = out->after = CHUNK_NONE;
	if (i < snap->chunk_count && chunk_start(snap, i) == d->addr) {
		out->here = i;
		next++;
	} else if (i && d->addr < chunk_end(snap, i - 1)) {
		/* A link, somewhere in it. */
		out->here = --i;
	}
	if (i)
		out->before = neighbour(snap, d, i - 1);
	out->after = neighbour(snap, d, next);
	if (out->before != CHUNK_NONE)
		out->just_before =
			chunk_end(snap, out->before) ==
			(out->here == CHUNK_NONE ? d->addr
						 : chunk_start(snap, i));
	if (out->after != CHUNK_NONE)
		out->just_after =
			chunk_start(snap, out->after) ==
			(out->here == CHUNK_NONE ? d->addr + d->unknown
						 : chunk_end(snap, out->here));
}

/* How many bytes the value has that fills this word (and, if that is all of
 * it, the next one), over and over; 0. */
static unsigned repeats(const uint8_t *bytes, size_t len, unsigned word)
{
	for (unsigned n = 1; n <= word; n *= 2) {
		unsigned all = n == word ? 2 * n : word;

		if (len >= all && !memcmp(bytes, bytes + n, all - n))
			return n;
	}
	return 0;
}

/* The text that the word at offset is part of, if it is text. */
static bool find_text(const struct damage *out, size_t offset, unsigned word,
		      size_t *start, size_t *len)
{
	const struct defect *d = out->defect;
	size_t from = offset;

	if (text_run(d->bytes + offset, word) < word)
		return false;
	while (from && text_run(d->bytes + from - 1, 1))
		from--;
	*start = from;
	*len = text_run(d->bytes + from, d->byte_count - from);
	return true;
}

static void find_what(const struct snapshot *snap, struct damage *out)
{
	const struct defect *d = out->defect;
	uint64_t offset = d->word - d->addr;
	unsigned word = snap->word, width;
	struct place place;

	out->wrote = WROTE_UNKNOWN;
	if (!d->word || !d->has_found || d->kind == DEFECT_COUNT)
		return;
	out->wrote = WROTE_NUMBER;
	out->value = d->found;
	if (!d->found) {
		out->wrote = WROTE_ZEROS;
		return;
	}
	place = place_of(snap, d->found);
	if (place.kind != PLACE_NONE && place.kind != PLACE_FILE &&
	    place.kind != PLACE_SHARED) {
		out->wrote = WROTE_POINTER;
		return;
	}
	if (d->addr > d->word || offset + word > d->byte_count)
		return;
	width = repeats(d->bytes + offset, d->byte_count - offset, word);
	if (width) {
		out->wrote = WROTE_PATTERN;
		if (width < 8)
			out->value &= (UINT64_C(1) << 8 * width) - 1;
	} else if (find_text(out, offset, word, &out->text, &out->text_len)) {
		out->wrote = WROTE_TEXT;
	}
}

/*
 * The word before the one that is wrong is the last that the block before may
 * use: if it is of the same kind, what was written there went on.
 */
static enum suspicion suspect(const struct snapshot *snap,
			      const struct damage *x)
{
	const struct defect *d = x->defect;
	unsigned word = snap->word;
	uint64_t last = 0;

	if (!x->just_before ||
	    (d->kind != DEFECT_SIZE && d->kind != DEFECT_FLAGS) ||
	    d->word != d->addr + word || d->byte_count < 2 * word)
		return SUSPECT_NONE;
	memcpy(&last, d->bytes, word);
	switch (x->wrote) {
	case WROTE_TEXT:
		return x->text < word ? SUSPECT_PROBABLY : SUSPECT_MAY;
	case WROTE_PATTERN:
		return last == d->found ? SUSPECT_PROBABLY : SUSPECT_MAY;
	case WROTE_POINTER:
		return place_of(snap, last).kind != PLACE_NONE
			       ? SUSPECT_PROBABLY
			       : SUSPECT_MAY;
	default:
		return SUSPECT_MAY;
	}
}

struct damage damage_of(const struct snapshot *snap, uint32_t i)
{
	struct damage out = {.defect = &snap->defect[i]};

	find_neighbours(snap, &out);
	find_what(snap, &out);
	out.suspicion = suspect(snap, &out);
	return out;
}
