/*
 * The brk area of the main arena (GLIBC.md 4.3): from sbrk_base to top, with
 * memory in between that the program took from brk for itself (4.4 c).
 */
#include <inttypes.h>
#include <string.h>

#include "malloc/walk.h"

enum { CHAIN_CHUNKS = 4096 };

/* Behind fenceposts at "from": where chunks go on, or 0. */
static int behind_posts(struct walk *w, uint64_t from, uint64_t limit,
			uint64_t *at, struct error *err)
{
	struct chain chain = {.arena = w->copy->arena,
			      .limit = limit,
			      .enough = CHAIN_CHUNKS,
			      .first_in_use = true};

	*at = 0;
	if (from >= limit)
		return 0;
	if (target_is_brk(w->target, from))
		return walk_behind_gap(w, from, limit, at, err);
	/* Elsewhere a further piece begins on a page: see walk_pages(), which
	 * also knows whose it is if there are several copies of malloc. */
	if (w->copy_count == 1 &&
	    chain_holds(w, &chain, chunk_first(&w->form, from)))
		*at = chunk_first(&w->form, from);
	return 0;
}

int walk_main_arena(struct walk *w, struct error *err)
{
	uint32_t arena = w->copy->arena;
	struct heap_arena *a = &w->arena[arena];
	uint64_t base = w->copy->params.sbrk_base,
		 limit = walk_brk_end(w, base);
	uint64_t at = chunk_first(&w->form, base), end = at;
	enum stretch_end how = STRETCH_FENCE;

	if (!limit) {
		/* hugetlb, or a copy of libc that never uses brk: segments. */
		if (a->out.noncontiguous)
			return 0;
		return walk_defect(w, DEFECT_LINK, arena,
				   w->g->mp + w->g->params->sbrk_base, err,
				   "sbrk_base 0x%" PRIx64
				   " is in no memory of malloc's",
				   base);
	}
	a->out.heaps++;
	a->out.overhead_bytes += at - base;
	while (at && how == STRETCH_FENCE) {
		a->out.overhead_bytes += at - end;
		if (walk_stretch(w, arena, at, limit, &how, &end, err) < 0)
			return -1;
		at = 0;
		if (how == STRETCH_FENCE &&
		    behind_posts(w, end, limit, &at, err) < 0)
			return -1;
	}
	a->covered = end - base;
	return 0;
}
