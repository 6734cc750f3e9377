#include "analysis/retained_types.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/progress.h"

/* Chunks between two looks at ^C. */
enum { STEP = 1 << 16 };

struct walk {
	const struct retained *r;
	const struct typing *typing;
	struct retained_type *row; /* owned, one a type */
	uint32_t *above; /* owned, one a type: of it on the way down here */
	/* Owned, one a chunk: the first right below it, and the next that is
	 * right below what it is below; RETAINED_NONE: there is none. */
	uint32_t *below, *next;
};

static int walk_init(struct walk *w, struct error *err)
{
	const struct retained *r = w->r;

	w->row = try_calloc(w->typing->names, sizeof *w->row, "types", err);
	w->above = try_calloc(w->typing->names, sizeof *w->above, "types", err);
	w->below = try_calloc(r->chunks, sizeof *w->below, "tree", err);
	w->next = try_calloc(r->chunks, sizeof *w->next, "tree", err);
	if (!w->row || !w->above || !w->below || !w->next)
		return -1;
	for (uint32_t i = 0; i < r->chunks; i++)
		w->below[i] = w->next[i] = RETAINED_NONE;
	for (uint32_t i = 0; i < r->chunks; i++) {
		uint32_t holder = r->holder[i];

		if (holder >= r->chunks)
			continue;
		w->next[i] = w->below[holder];
		w->below[holder] = i;
	}
	return 0;
}

static uint32_t type_of(const struct walk *w, uint32_t chunk)
{
	uint32_t name;

	typing_best(w->typing, chunk, &name);
	return name;
}

static void walk_deinit(struct walk *w)
{
	free(w->row);
	free(w->above);
	free(w->below);
	free(w->next);
}

static void enter(struct walk *w, uint32_t chunk)
{
	uint32_t type = type_of(w, chunk);
	struct retained_type *row = &w->row[type];

	row->own.count++;
	row->own.bytes += snapshot_chunk_size(w->r->snap, chunk);
	if (w->above[type]++)
		return;
	row->below.count += w->r->count[chunk];
	row->below.bytes += w->r->bytes[chunk];
}

/* Down from a chunk that no other holds, and up again: no recursion. */
static void walk_tree(struct walk *w, uint32_t top)
{
	uint32_t at = top;

	enter(w, at);
	for (;;) {
		if (w->below[at] != RETAINED_NONE) {
			at = w->below[at];
			enter(w, at);
			continue;
		}
		while (at != top && w->next[at] == RETAINED_NONE) {
			w->above[type_of(w, at)]--;
			at = w->r->holder[at];
		}
		w->above[type_of(w, at)]--;
		if (at == top)
			return;
		at = w->next[at];
		enter(w, at);
	}
}

static int by_bytes(const void *a, const void *b)
{
	const struct retained_type *x = a, *y = b;

	if (x->below.bytes != y->below.bytes)
		return x->below.bytes < y->below.bytes ? 1 : -1;
	return x->type < y->type ? -1 : x->type > y->type;
}

static int walk_all(struct walk *w, struct error *err)
{
	const struct retained *r = w->r;

	for (uint32_t i = 0; i < r->chunks; i++) {
		if (i % STEP == 0 &&
		    progress_tick("summing up types", i, r->chunks, err))
			return -1;
		if (r->holder[i] >= r->chunks && r->holder[i] != RETAINED_NONE)
			walk_tree(w, i);
	}
	return 0;
}

int retained_types(const struct retained *r, const struct typing *typing,
		   struct retained_type **out, uint32_t *count,
		   struct error *err)
{
	struct walk w = {.r = r, .typing = typing};
	uint32_t n = 0;

	if (walk_init(&w, err) || walk_all(&w, err)) {
		walk_deinit(&w);
		return -1;
	}
	for (uint32_t i = 0; i < typing->names; i++) {
		if (!w.row[i].own.count)
			continue;
		w.row[n] = w.row[i];
		w.row[n++].type = i;
	}
	qsort(w.row, n, sizeof *w.row, by_bytes);
	*out = w.row;
	*count = n;
	w.row = NULL;
	walk_deinit(&w);
	return 0;
}
