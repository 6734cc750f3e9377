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

enum { RUNS = 64, TICK = 1 << 14 };

struct taken {
	uint64_t start, end;
};

struct scan {
	struct walk *w;
	bool segments, mmapped;
	struct owners owners;
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
		if (!w->arena[t->arena].out.is_main) {
			uint64_t max = walk_copy_of(w, t->arena)->heap_max;

			k->start = t->start & ~(max - 1);
			k->end = k->start + max;
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

/* A piece of a main arena at a page: *end is where it ends, 0 if none. */
static int try_segment(struct scan *s, uint64_t at, uint64_t *end,
		       struct error *err)
{
	uint64_t limit = room_end(s, at);
	struct walk *w = s->w;
	struct heap_arena *a;
	enum stretch_end how;
	uint64_t page = at;
	uint32_t arena;
	int copy;
	bool sure;

	*end = 0;
	at = chunk_first(&w->form, page);
	if (owners_find(&s->owners, w, at, limit, &copy, &sure, err) < 0)
		return -1;
	if (copy < 0)
		return 0;
	walk_enter(w, (size_t)copy);
	arena = w->copy->arena;
	if (!sure &&
	    walk_defect(w, DEFECT_COUNT, arena, at, err,
			"nothing tells which copy of malloc has this memory: "
			"counted with arena %u",
			arena) < 0)
		return -1;
	a = &w->arena[arena];
	a->out.heaps++;
	if (walk_stretch(w, arena, at, limit, &how, end, err) < 0)
		return -1;
	a->out.overhead_bytes += at - page;
	a->covered += *end - page;
	return 0;
}

/* Copies of different releases may lay them out differently. */
static int try_mmapped(struct scan *s, uint64_t at, uint64_t *total,
		       struct error *err)
{
	struct walk *w = s->w;

	*total = 0;
	for (size_t i = 0; !*total && i < w->copy_count; i++) {
		const struct state_layout *l = w->copies[i].g->state;

		if (i && l->mmapped_tail == w->g->state->mmapped_tail)
			continue;
		walk_enter(w, i);
		if (walk_mmapped_at(w, at, room_end(s, at), total, err) < 0)
			return -1;
	}
	return 0;
}

static int look_at(struct scan *s, uint64_t page, uint64_t *end,
		   struct error *err)
{
	uint64_t total = 0;

	*end = 0;
	if (++s->pages % TICK == 0 &&
	    progress_tick("looking for mmapped chunks", s->pages, 0, err) < 0)
		return -1;
	if (s->mmapped && try_mmapped(s, page, &total, err) < 0)
		return -1;
	if (total) {
		*end = page + total;
		return 0;
	}
	return s->segments ? try_segment(s, page, end, err) : 0;
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

/* The chunk ends at "at", where another mapping begins. */
static int cut(struct walk *w, size_t outer, uint64_t at, struct error *err)
{
	struct chunk *c = &w->mmapped[outer];

	w->mmapped_bytes -= c->addr + c->size - at;
	c->size = at - c->addr;
	return walk_defect(w, DEFECT_BUSY, ARENA_NONE, c->addr, err,
			   "being resized: another mapping begins inside");
}

/*
 * mremap() has cut a mapping, its header still has the old length, and other
 * threads have mapped something into what became free: all of it was stepped
 * over.  The chunk ends where the first such begins.
 */
static int look_inside(struct scan *s, size_t outer, struct error *err)
{
	struct walk *w = s->w;
	uint64_t page = w->target->page_size, total;
	uint64_t addr = w->mmapped[outer].addr;
	uint64_t end = addr + w->mmapped[outer].size;
	uint64_t at = (addr & ~(page - 1)) + page;
	bool any = false;

	s->next = 0;
	for (; at < end; at += total ? total : page) {
		/* No heap is in here, but one may be next. */
		skip_taken(s, at);
		if (try_mmapped(s, at, &total, err) < 0)
			return -1;
		if (!total)
			continue;
		if ((!any && cut(w, outer, at, err) < 0) ||
		    walk_defect(w, DEFECT_BUSY, ARENA_NONE,
				w->mmapped[w->mmappeds - 1].addr, err,
				"inside a mapped block that is being "
				"resized") < 0)
			return -1;
		any = true;
	}
	return 0;
}

/* Only when a thread is at it, and what was found is not what is counted. */
static int look_inside_all(struct scan *s, struct error *err)
{
	struct walk *w = s->w;
	uint64_t count = 0, bytes = 0;

	for (size_t i = 0; i < w->copy_count; i++) {
		count += w->copies[i].params.n_mmaps;
		bytes += w->copies[i].params.mmapped_bytes;
	}
	if ((w->mmappeds == count && w->mmapped_bytes == bytes) ||
	    !walk_is_busy(w))
		return 0;
	/* What is found inside is looked into, too: it comes last. */
	for (size_t i = 0; i < w->mmappeds; i++)
		if (look_inside(s, i, err) < 0)
			return -1;
	return 0;
}

int walk_pages(struct walk *w, bool mmapped, struct error *err)
{
	struct scan s = {.w = w, .mmapped = mmapped};
	const struct maps *maps = &w->target->maps;
	uint64_t behind = 0;
	int rc;

	for (size_t i = 0; i < w->copy_count; i++)
		s.segments |= w->copies[i].segments;
	/* No counter, no chunk: the search costs a look at every page. */
	if (!s.segments && !mmapped)
		return 0;
	rc = list_taken(&s, err);

	for (size_t i = 0; !rc && i < maps->count; i++)
		if (map_is_anonymous(&maps->map[i]) &&
		    maps->map[i].prot & MAP_R)
			rc = scan_map(&s, &maps->map[i], &behind, err);
	if (!rc && mmapped)
		rc = walk_claims(w, err);
	if (!rc && mmapped)
		rc = look_inside_all(&s, err);
	free(s.taken);
	owners_deinit(&s.owners);
	return rc;
}
