/*
 * What no list leads to: mmapped chunks (GLIBC.md 7.4) and pieces of the main
 * arena that brk could not give (4.4 d).  Both begin on a page of private
 * anonymous memory, so every page that was ever touched is looked at, but for
 * what is inside something already found.
 */
#include <stdlib.h>

#include "base/progress.h"
#include "base/alloc.h"
#include "malloc/walk.h"
#include "target/pagemap.h"

enum { RUNS = 64, TICK = 1 << 14, CHAIN_CHUNKS = 4096 };

struct taken {
	uint64_t start, end;
};

struct scan {
	struct walk *w;
	bool segments, mmapped;
	struct taken *taken; /* owned, sorted */
	size_t takens, next; /* next: the first that ends behind "at" */
	uint64_t pages;
};

static int by_start(const void *a, const void *b)
{
	const struct taken *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

/* Reservations of thread heaps, and what the main arena has in brk. */
static int list_taken(struct scan *s, struct error *err)
{
	struct walk *w = s->w;

	s->taken = try_calloc(w->stretches + 1, sizeof *s->taken,
			      "list of heaps", err);
	if (!s->taken)
		return -1;
	for (size_t i = 0; i < w->stretches; i++) {
		const struct stretch *t = &w->stretch[i];
		struct taken *k = &s->taken[s->takens++];

		*k = (struct taken){t->start, t->end};
		if (t->arena) {
			k->start = t->start & ~(w->heap_max - 1);
			k->end = k->start + w->heap_max;
		}
	}
	qsort(s->taken, s->takens, sizeof *s->taken, by_start);
	return 0;
}

/* The end of what is taken at addr, or addr. */
static uint64_t skip_taken(struct scan *s, uint64_t addr)
{
	while (s->next < s->takens && s->taken[s->next].end <= addr)
		s->next++;
	return s->next < s->takens && s->taken[s->next].start <= addr
		       ? s->taken[s->next].end
		       : addr;
}

/* How far something that begins at addr can go; skip_taken() was called. */
static uint64_t room_end(const struct scan *s, uint64_t addr)
{
	uint64_t end = run_end(s->w, addr);

	return s->next < s->takens && s->taken[s->next].start < end
		       ? s->taken[s->next].start
		       : end;
}

/* A piece of the main arena at a page: *end is where it ends, 0 if none. */
static int try_segment(struct scan *s, uint64_t at, uint64_t *end,
		       struct error *err)
{
	struct walk *w = s->w;
	struct heap_arena *a = &w->arena[0];
	struct chain chain = {.arena = 0,
			      .limit = room_end(s, at),
			      .enough = CHAIN_CHUNKS,
			      .first_in_use = true};
	enum stretch_end how;
	uint64_t page = at, size;

	*end = 0;
	at = chunk_first(&w->form, page);
	if (!pages_word(&w->pages, at + w->form.word, &size))
		return 0;
	if (at != a->out.top &&
	    ((size & CHUNK_FLAGS) != CHUNK_PREV_INUSE ||
	     !chunk_plausible(&w->form, size, chain.limit - at, true) ||
	     !chain_holds(w, &chain, at)))
		return 0;
	a->out.heaps++;
	if (walk_stretch(w, 0, at, chain.limit, &how, end, err) < 0)
		return -1;
	a->out.overhead_bytes += at - page;
	a->covered += *end - page;
	return 0;
}

static int look_at(struct scan *s, uint64_t page, uint64_t *end,
		   struct error *err)
{
	const struct heap_arena *a = &s->w->arena[0];
	uint64_t total = 0;

	*end = 0;
	if (++s->pages % TICK == 0 &&
	    progress_tick("looking for mmapped chunks", s->pages, 0, err) < 0)
		return -1;
	if (s->mmapped &&
	    walk_mmapped_at(s->w, page, room_end(s, page), &total, err) < 0)
		return -1;
	if (total) {
		*end = page + total;
		return 0;
	}
	if (s->segments &&
	    (!a->top_reached || a->covered < a->out.system_bytes))
		return try_segment(s, page, end, err);
	return 0;
}

/* [from, to) was touched; *behind is where the last thing found ends. */
static int scan_run(struct scan *s, uint64_t from, uint64_t to,
		    uint64_t *behind, struct error *err)
{
	uint64_t page = s->w->target->page_size, end;

	if (from < *behind)
		from = *behind;
	for (uint64_t at = from; at < to; at = end ? end : at + page) {
		end = skip_taken(s, at);
		if (end != at) {
			end = (end + page - 1) & ~(page - 1);
		} else {
			if (look_at(s, at, &end, err) < 0)
				return -1;
			end = (end + page - 1) & ~(page - 1);
		}
		if (end > *behind)
			*behind = end;
	}
	return 0;
}

static int scan_map(struct scan *s, const struct map *m, uint64_t *behind,
		    struct error *err)
{
	struct target *t = s->w->target;
	struct page_run run[RUNS];
	uint64_t walked;

	if (!t->ops->touched_runs)
		return scan_run(s, m->start, m->end, behind, err);
	for (uint64_t at = m->start; at < m->end; at = walked) {
		size_t n =
			t->ops->touched_runs(t, at, m->end, run, RUNS, &walked);

		for (size_t i = 0; i < n; i++)
			if (scan_run(s, run[i].start, run[i].end, behind, err) <
			    0)
				return -1;
		if (walked <= at)
			break;
	}
	return 0;
}

int walk_pages(struct walk *w, bool segments, bool mmapped, struct error *err)
{
	struct scan s = {.w = w, .segments = segments, .mmapped = mmapped};
	const struct maps *maps = &w->target->maps;
	uint64_t behind = 0;
	int rc = list_taken(&s, err);

	for (size_t i = 0; !rc && i < maps->count; i++)
		if (map_is_anonymous(&maps->map[i]) &&
		    maps->map[i].prot & MAP_R)
			rc = scan_map(&s, &maps->map[i], &behind, err);
	free(s.taken);
	return rc;
}
