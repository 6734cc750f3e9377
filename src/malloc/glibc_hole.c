/*
 * Holes: pages of its own blocks that a program has mapped something over, or
 * has unmapped.  Malloc knows nothing of them: the block keeps its size, and
 * memory of the heap goes on behind.
 *
 * That it does is believed only where it is proven: the arena's top is there or
 * the kernel's name of brk, the heap's own size leads there, and behind a chunk
 * with a hole in it a strong chain begins, the top, or the last posts.  A block
 * that was mapped by itself has nothing behind it: of those the two counters
 * must lack exactly what their headers say.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "malloc/stretch.h"

enum { PROOF_CHUNKS = 16 };

uint64_t walk_hole(struct walk *w, uint64_t from, uint64_t to)
{
	uint64_t end = run_end(w, from);

	return !end ? from : end < to ? end : to;
}

uint64_t walk_brk_end(struct walk *w, uint64_t start)
{
	const struct arena *a = &w->arena[w->copy->arena].out;
	const struct maps *maps = &w->target->maps;
	uint64_t end = run_end(w, start), all = start + a->system_bytes;

	if (!end)
		return 0;
	if (!a->noncontiguous && a->top > end && a->top < all &&
	    run_end(w, all - 1))
		return run_end(w, all - 1);
	for (size_t i = 0; i < maps->count; i++) {
		const struct map *m = &maps->map[i];

		if (m->start > end && target_is_brk(w->target, start) &&
		    target_is_brk(w->target, m->start))
			end = run_end(w, m->start);
	}
	return end;
}

bool walk_is_heap_end(struct walk *w, uint64_t start, uint64_t end)
{
	const struct map *last;

	if (end <= run_end(w, start))
		return true;
	last = maps_find(&w->target->maps, end - 1);
	return last && map_is_anonymous(last) && last->prot & MAP_W;
}

void walk_hole_text(struct walk *w, uint64_t hole, char *buf, size_t cap)
{
	const struct maps *maps = &w->target->maps;
	const struct map *m = maps_find(maps, hole);
	const char *path = m ? m->path : "nothing";
	size_t len = strlen(path);

	if (len > 48)
		path += len - 48;
	if (m)
		snprintf(buf, cap, "0x%" PRIx64 ", where %s is mapped", hole,
			 *path ? path : "shared memory");
	else
		snprintf(buf, cap, "0x%" PRIx64 ", which is not mapped", hole);
}

/*
 * A main arena's memory of mmap() is known as far as its chunks lead: on behind
 * a hole.
 */
static bool widen(struct run *r, const struct chain *chain, uint64_t end)
{
	struct chain wider = *chain;
	uint64_t limit = run_end(r->w, end);

	if (!r->a->out.is_main || end <= r->limit || !limit ||
	    target_is_brk(r->w->target, r->at))
		return false;
	wider.limit = limit;
	if (!chain_goes_on(r->w, &wider, end))
		return false;
	r->limit = limit;
	r->holed = true;
	return true;
}

bool run_ends_nowhere(struct run *r, const struct chunk_head *h)
{
	struct chain chain = {.arena = r->arena,
			      .limit = r->limit,
			      .enough = PROOF_CHUNKS,
			      .bridges = r->a->out.is_main};
	uint64_t end = r->at + chunk_bytes(h);

	if (!r->holed && end <= r->limit)
		return false;
	if (end <= r->at ||
	    !chunk_plausible(&r->w->form, h->size, UINT64_MAX - r->at,
			     r->a->out.is_main) ||
	    widen(r, &chain, end))
		return false;
	return r->holed && end <= r->limit &&
	       walk_hole(r->w, r->at, end) < end &&
	       !chain_goes_on(r->w, &chain, end);
}

/* Does anything else of malloc's lie in it? */
static bool is_taken(const struct walk *w, const struct claim *c)
{
	uint64_t end = c->base + c->total;

	for (size_t i = 0; i < w->stretches; i++)
		if (w->stretch[i].start < end && w->stretch[i].end > c->base)
			return true;
	for (size_t i = 0; i < w->mmappeds; i++)
		if (w->mmapped[i].addr < end &&
		    w->mmapped[i].addr + w->mmapped[i].size > c->base)
			return true;
	return false;
}

int walk_claims(struct walk *w, struct error *err)
{
	uint64_t count = w->mmappeds, bytes = w->mmapped_bytes;
	size_t kept = 0;

	for (size_t i = 0; i < w->copy_count; i++) {
		count -= w->copies[i].params.n_mmaps;
		bytes -= w->copies[i].params.mmapped_bytes;
	}
	for (size_t i = 0; i < w->claims; i++)
		if (!is_taken(w, &w->claim[i]))
			w->claim[kept++] = w->claim[i];
	w->claims = kept;
	for (size_t i = 0; i < kept; i++)
		bytes += w->claim[i].total;
	/* Less than nothing: a newer release counts too many (GLIBC.md 7.5). */
	if (count + kept ||
	    (bytes && (!w->g->state->mmapped_tail || bytes >> 63 == 0)))
		return 0;
	for (size_t i = 0; i < kept; i++) {
		const struct claim *c = &w->claim[i];

		walk_enter(w, c->copy);
		if (walk_add_mmapped(w, c->at, c->base, c->total, err) < 0)
			return -1;
	}
	return 0;
}
