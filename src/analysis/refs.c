#include "analysis/refs.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/shared.h"
#include "analysis/words.h"
#include "base/alloc.h"
#include "base/sort.h"
#include "snapshot/finder.h"
#include "snapshot/roots.h"

struct scan {
	const struct snapshot *snap;
	struct finder finder;
	struct refs *out;
	size_t cap;
	struct pieces pieces;
};

static int add(struct scan *s, const struct ref *ref, struct error *err)
{
	if (GROW(s->out->ref, s->cap, s->out->count + 1, "list of references",
		 err))
		return -1;
	s->out->ref[s->out->count++] = *ref;
	return 0;
}

/* Cold: only for words inside the range of the targets. */
static __attribute__((noinline)) int
candidate(struct scan *s, uint64_t from, uint64_t value, struct error *err)
{
	struct ref ref = {.from = from,
			  .value = value,
			  .target = finder_lookup(&s->finder, value),
			  .thread = UINT32_MAX};

	return ref.target == CHUNK_NONE ? 0 : add(s, &ref, err);
}

static inline __attribute__((always_inline)) int
scan_piece(struct scan *s, const uint8_t *bytes, uint64_t addr, uint64_t len,
	   unsigned word, struct error *err)
{
	uint64_t low = s->finder.low, span = s->finder.high - low;

	for (uint64_t i = -addr & (word - 1); i + word <= len; i += word) {
		uint64_t value = load_word(bytes + i, word);

		if (value - low < span && candidate(s, addr + i, value, err))
			return -1;
	}
	return 0;
}

/* Pages that the contents do not have were never touched: they hold nothing. */
static int scan_range(struct scan *s, uint64_t start, uint64_t end,
		      struct error *err)
{
	const uint8_t *bytes;
	uint64_t addr, len;

	pieces_begin(&s->pieces, s->snap->contents, start, end);
	while ((bytes = pieces_next(&s->pieces, PIECES_STEP, &addr, &len))) {
		if (s->snap->word == 8
			    ? scan_piece(s, bytes, addr, len, 8, err)
			    : scan_piece(s, bytes, addr, len, 4, err))
			return -1;
		if (pieces_tick(&s->pieces, len, "looking for pointers", err))
			return -1;
	}
	return 0;
}

static int scan_chunks(struct scan *s, struct error *err)
{
	const struct snapshot *snap = s->snap;

	for (uint32_t i = 0; i < snap->chunk_count; i++) {
		const struct chunk *c = &snap->chunk[i];

		if (c->state == CHUNK_USED &&
		    scan_range(s, c->addr, c->addr + c->size, err))
			return -1;
	}
	return 0;
}

static int scan_roots(struct scan *s, const struct roots *roots,
		      struct error *err)
{
	for (size_t i = 0; i < roots->count; i++)
		if (!roots->range[i].stale &&
		    scan_range(s, roots->range[i].start, roots->range[i].end,
			       err))
			return -1;
	for (size_t i = 0; i < roots->words; i++) {
		const struct root_word *w = &roots->word[i];
		struct ref ref = {.value = w->value,
				  .target = finder_find(&s->finder, w->value),
				  .thread = w->thread,
				  .reg = w->reg};

		if (!w->stale && ref.target != CHUNK_NONE && add(s, &ref, err))
			return -1;
	}
	return 0;
}

static int shared_word(void *ctx, uint64_t addr, uint64_t value,
		       struct error *err)
{
	const struct scan *s = ctx;

	return value - s->finder.low < s->finder.high - s->finder.low
		       ? candidate(ctx, addr, value, err)
		       : 0;
}

/* The sort is stable: within a target, by from; registers (0) come first. */
static int order(struct refs *refs, struct error *err)
{
	if (sort_by_u64(refs->ref, refs->count, sizeof *refs->ref,
			offsetof(struct ref, from), err))
		return -1;
	return sort_by_bits(refs->ref, refs->count, sizeof *refs->ref,
			    offsetof(struct ref, target), 32, err);
}

int refs_make(const struct snapshot *snap, const struct bitmap *targets,
	      struct refs *out, struct error *err)
{
	struct scan s = {.snap = snap, .out = out};
	struct shared_scan shared = {
		.snap = snap, .word = shared_word, .ctx = &s};
	struct roots roots;
	int ret = -1;

	*out = (struct refs){0};
	if (roots_make(snap, ROOTS_ALL, &roots, err))
		return -1;
	out->complete = roots.complete;
	memcpy(out->note, roots.note, sizeof out->note);
	if (finder_init(&s.finder, snap, targets, err) ||
	    scan_chunks(&s, err) || scan_roots(&s, &roots, err) ||
	    shared_scan(&shared, &out->complete, out->note, sizeof out->note,
			err) ||
	    order(out, err))
		goto out;
	ret = 0;
out:
	roots_deinit(&roots);
	finder_deinit(&s.finder);
	if (ret)
		refs_deinit(out);
	return ret;
}

void refs_deinit(struct refs *refs)
{
	if (!refs)
		return;
	free(refs->ref);
	*refs = (struct refs){0};
}
