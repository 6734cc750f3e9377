/*
 * The copies of malloc in a process (GLIBC.md 8.5).  Each that is in use is
 * walked: its arenas come behind those of the copies before it.  One that
 * nobody has called yet has nothing to walk.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/alloc.h"
#include "malloc/walk.h"

void walk_enter(struct walk *w, size_t copy)
{
	w->copy = &w->copies[copy];
	w->g = w->copy->g;
	w->form = chunk_form_of(w->g->state);
}

static int read_params(struct walk *w, struct walk_copy *c, struct error *err)
{
	const struct params_layout *l = c->g->params;
	unsigned word = l->word;
	uint8_t raw[256];

	if (target_read(w->target, c->g->mp, raw, l->size, err) < 0)
		return error_wrap(err, "mp_");
	c->params = (struct malloc_params){
		.n_mmaps = load32(raw + l->n_mmaps),
		.mmapped_bytes = load_word(raw + l->mmapped_mem, word),
		.mmap_threshold = load_word(raw + l->mmap_threshold, word),
		.sbrk_base = load_word(raw + l->sbrk_base, word),
	};
	if (l->tcache_bins)
		c->tcache_count = load32(raw + l->tcache_bins + 2 * word);
	return 0;
}

/* Was anything ever allocated from it? */
static bool in_use(struct walk *w, const struct walk_copy *c)
{
	const struct glibc *g = c->g;
	uint64_t top = 0, next = 0;

	if (!pages_word(&w->pages, g->main_arena + g->state->top, &top) ||
	    !pages_word(&w->pages, g->main_arena + g->state->next, &next))
		return true; /* the walk says what is wrong with it */
	return (top && top != g->main_arena + g->state->top) ||
	       next != g->main_arena || c->params.n_mmaps ||
	       c->params.mmapped_bytes;
}

static int add_copy(struct walk *w, const struct glibc *g, bool always,
		    struct error *err)
{
	struct walk_copy *c;

	if (GROW(w->copies, w->copy_cap, w->copy_count + 1, "copies of malloc",
		 err) < 0)
		return -1;
	c = &w->copies[w->copy_count];
	*c = (struct walk_copy){.g = g};
	if (read_params(w, c, err) < 0)
		return -1;
	w->copy_count += always || in_use(w, c);
	return 0;
}

static int check_copies(struct walk *w, const struct glibc *first,
			struct error *err)
{
	struct check c = {.name = "copies of malloc", .has_numbers = true};
	const struct glibc *idle = NULL;

	for (const struct glibc *g = first; g; g = g->next) {
		c.b++;
		for (size_t i = 0; i < w->copy_count; i++)
			c.a += w->copies[i].g == g;
		if (c.a < c.b && !idle)
			idle = g;
	}
	c.a = c.b;
	c.b += first->lost;
	c.result = first->lost ? CHECK_FAILED : CHECK_OK;
	if (first->lost)
		snprintf(c.text, sizeof c.text, "%s", first->lost_why);
	else if (idle)
		snprintf(c.text, sizeof c.text,
			 "located, mapped; %zu in use; nobody calls that of "
			 "%.80s",
			 w->copy_count, idle->module);
	else
		snprintf(c.text, sizeof c.text, "located, mapped; all in use");
	return walk_check(w, &c, err);
}

int walk_copies(struct walk *w, const struct glibc *first, struct error *err)
{
	for (const struct glibc *g = first; g; g = g->next)
		if (add_copy(w, g, g == first, err) < 0)
			return -1;
	walk_enter(w, 0);
	return first->next || first->lost ? check_copies(w, first, err) : 0;
}

struct walk_copy *walk_copy_of(const struct walk *w, uint32_t arena)
{
	return &w->copies[w->arena[arena].out.copy];
}
