#include "analysis/holders.h"

#include <stdio.h>
#include <stdlib.h>

#include "analysis/shared.h"
#include "analysis/words.h"
#include "base/alloc.h"
#include "base/sort.h"
#include "snapshot/roots.h"

struct search {
	const struct snapshot *snap;
	uint64_t low, high;
	struct holders *out;
	size_t cap;
	struct pieces pieces;
};

static void doubt(struct doubtful *d, const struct ref *ref)
{
	if (!d->count++)
		d->example = *ref;
}

/* Cold: only for words in [low, high]. */
static __attribute__((noinline)) int
found(struct search *s, const struct ref *ref, bool stale, struct error *err)
{
	if (stale)
		doubt(&s->out->stale, ref);
	else if (ref->value == s->high)
		doubt(&s->out->past_end, ref);
	if (stale || ref->value == s->high)
		return 0;
	if (GROW(s->out->ref, s->cap, s->out->count + 1, "list of references",
		 err))
		return -1;
	s->out->ref[s->out->count++] = *ref;
	return 0;
}

static int scan(struct search *s, uint64_t start, uint64_t end, bool stale,
		struct error *err)
{
	uint64_t low = s->low, span = s->high - low, addr, len;
	unsigned word = s->snap->word;
	const uint8_t *bytes;

	pieces_begin(&s->pieces, s->snap->contents, start, end);
	while ((bytes = pieces_next(&s->pieces, PIECES_STEP, &addr, &len))) {
		for (uint64_t i = -addr & (word - 1); i + word <= len;
		     i += word) {
			uint64_t value = load_word(bytes + i, word);
			struct ref ref = {.from = addr + i,
					  .value = value,
					  .target = CHUNK_NONE,
					  .thread = UINT32_MAX};

			if (value - low <= span && found(s, &ref, stale, err))
				return -1;
		}
		if (pieces_tick(&s->pieces, len, "looking for pointers", err))
			return -1;
	}
	return 0;
}

static int scan_chunks(struct search *s, struct error *err)
{
	for (uint32_t i = 0; i < s->snap->chunk_count; i++) {
		const struct chunk *c = &s->snap->chunk[i];

		if (c->state == CHUNK_USED &&
		    scan(s, c->addr, c->addr + c->size, false, err))
			return -1;
	}
	return 0;
}

static int scan_roots(struct search *s, const struct roots *roots,
		      struct error *err)
{
	for (size_t i = 0; i < roots->words; i++) {
		const struct root_word *w = &roots->word[i];
		struct ref ref = {.value = w->value,
				  .target = CHUNK_NONE,
				  .thread = w->thread,
				  .reg = w->reg};

		if (w->value - s->low <= s->high - s->low &&
		    found(s, &ref, w->stale, err))
			return -1;
	}
	for (size_t i = 0; i < roots->count; i++)
		if (scan(s, roots->range[i].start, roots->range[i].end,
			 roots->range[i].stale, err))
			return -1;
	return 0;
}

static int shared_word(void *ctx, uint64_t addr, uint64_t value,
		       struct error *err)
{
	struct search *s = ctx;
	struct ref ref = {.from = addr,
			  .value = value,
			  .target = CHUNK_NONE,
			  .thread = UINT32_MAX};

	return value - s->low <= s->high - s->low ? found(s, &ref, false, err)
						  : 0;
}

int holders_make(const struct snapshot *snap, uint64_t low, uint64_t high,
		 struct holders *out, struct error *err)
{
	struct search s = {.snap = snap, .low = low, .high = high, .out = out};
	struct shared_scan shared = {
		.snap = snap, .word = shared_word, .ctx = &s};
	struct roots roots;
	int ret = -1;

	*out = (struct holders){0};
	if (roots_make(snap, ROOTS_ALL, &roots, err))
		return -1;
	out->complete = roots.complete;
	snprintf(out->note, sizeof out->note, "%s", roots.note);
	/* The sort is stable: registers, whose from is 0, keep their order. */
	if (scan_roots(&s, &roots, err) || scan_chunks(&s, err) ||
	    shared_scan(&shared, &out->complete, out->note, sizeof out->note,
			err) ||
	    sort_by_u64(out->ref, out->count, sizeof *out->ref,
			offsetof(struct ref, from), err))
		goto out;
	ret = 0;
out:
	roots_deinit(&roots);
	if (ret)
		holders_deinit(out);
	return ret;
}

void holders_deinit(struct holders *holders)
{
	if (!holders)
		return;
	free(holders->ref);
	*holders = (struct holders){0};
}
