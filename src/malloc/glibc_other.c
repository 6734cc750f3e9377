/*
 * Copies of malloc beside the one that is walked (GLIBC.md 8.5): of dlmopen(),
 * of libc_malloc_debug.  One that is in use is a heap that is not shown.
 */
#include <inttypes.h>
#include <stdio.h>

#include "malloc/walk.h"

/* Mmapped chunks do not tell which copy they belong to. */
static void count_mmapped(struct walk *w, const struct glibc_other *o)
{
	uint64_t count = 0, bytes = 0;

	if (!pages_read(&w->pages, o->mp + o->params->n_mmaps, &count, 4) ||
	    !pages_word(&w->pages, o->mp + o->params->mmapped_mem, &bytes))
		return;
	w->other_mmaps += count;
	w->other_mmapped_bytes += bytes;
}

int walk_others(struct walk *w, struct error *err)
{
	struct check c = {.name = "other copies of malloc"};
	unsigned used = 0;

	for (unsigned i = 0; i < w->g->others; i++) {
		const struct glibc_other *o = &w->g->other[i];
		uint64_t top = 0, mmaps = w->other_mmaps;

		count_mmapped(w, o);
		if (w->other_mmaps == mmaps &&
		    (!pages_word(&w->pages, o->main_arena + o->state->top,
				 &top) ||
		     !top || top == o->main_arena + o->state->top))
			continue;
		if (!used++)
			snprintf(c.text, sizeof c.text,
				 "%s has a heap of its own, main_arena "
				 "0x%" PRIx64 ": not walked",
				 o->module, o->main_arena);
	}
	if (!w->g->others)
		return 0;
	c.result = used ? CHECK_FAILED : CHECK_OK;
	c.has_numbers = true;
	c.a = w->g->others;
	c.b = w->g->others - used;
	if (!used)
		snprintf(c.text, sizeof c.text,
			 "copies, copies that nobody uses: %s",
			 w->g->other[0].module);
	return walk_check(w, &c, err);
}
