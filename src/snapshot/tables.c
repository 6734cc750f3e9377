#include "snapshot/tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/progress.h"
#include "base/sort.h"

static int on_copy(void *ctx, const struct malloc_copy *copy, struct error *err)
{
	struct tables *t = ctx;

	if (GROW(t->copy, t->copy_cap, t->copy_count + 1, "copies of malloc",
		 err))
		return -1;
	t->copy[t->copy_count++] = (struct snapshot_copy){.malloc = *copy};
	return 0;
}

static int on_arena(void *ctx, const struct arena *arena, struct error *err)
{
	struct tables *t = ctx;

	if (GROW(t->arena, t->arena_cap, t->arena_count + 1, "arena table",
		 err))
		return -1;
	t->arena[t->arena_count++] = *arena;
	return 0;
}

static int on_region(void *ctx, const struct heap_region *region,
		     struct error *err)
{
	struct tables *t = ctx;

	if (GROW(t->region, t->region_cap, t->region_count + 1, "heap table",
		 err))
		return -1;
	t->region[t->region_count++] = *region;
	return 0;
}

static int add_run(struct tables *t, size_t at, struct error *err)
{
	if (GROW(t->run, t->run_cap, t->run_count + 1, "chunk runs", err))
		return -1;
	t->run[t->run_count++] =
		(struct chunk_run){.first = t->chunk[at].addr, .at = at};
	return 0;
}

/* A new run begins wherever addresses go back: regions come in any order. */
static int on_chunks(void *ctx, const struct chunk *chunk, size_t count,
		     struct error *err)
{
	struct tables *t = ctx;
	size_t at = t->chunk_count;

	if (progress_tick("walking the heap", at, 0, err))
		return -1;
	if (at + count > UINT32_MAX - 1)
		return error_set(err, ERR_UNSUPPORTED,
				 "more than 4294967294 chunks");
	if (GROW(t->chunk, t->chunk_cap, at + count, "chunk table", err))
		return -1;
	memcpy(t->chunk + at, chunk, count * sizeof *chunk);
	t->chunk_count += count;
	for (; at < t->chunk_count; at++) {
		if ((!at || t->chunk[at].addr <= t->chunk[at - 1].addr) &&
		    add_run(t, at, err))
			return -1;
		t->run[t->run_count - 1].count++;
	}
	return 0;
}

static int on_tcache(void *ctx, const struct tcache *tcache, struct error *err)
{
	struct tables *t = ctx;

	if (GROW(t->tcache, t->tcache_cap, t->tcache_count + 1, "tcache table",
		 err))
		return -1;
	t->tcache[t->tcache_count++] = *tcache;
	return 0;
}

static int on_defect(void *ctx, const struct defect *defect, struct error *err)
{
	struct tables *t = ctx;

	if (t->defect_count == TABLES_MAX_DEFECTS) {
		t->defects_dropped++;
		return 0;
	}
	if (GROW(t->defect, t->defect_cap, t->defect_count + 1, "defect table",
		 err))
		return -1;
	t->defect[t->defect_count++] = *defect;
	return 0;
}

static int on_check(void *ctx, const struct check *check, struct error *err)
{
	struct tables *t = ctx;

	if (GROW(t->check, t->check_cap, t->check_count + 1, "check table",
		 err))
		return -1;
	t->check[t->check_count++] = *check;
	return 0;
}

static int on_inside(void *ctx, const struct inside_malloc *inside,
		     struct error *err)
{
	struct tables *t = ctx;

	if (GROW(t->inside, t->inside_cap, t->inside_count + 1,
		 "threads inside malloc", err))
		return -1;
	t->inside[t->inside_count++] = *inside;
	return 0;
}

struct malloc_sink tables_sink(struct tables *tables)
{
	return (struct malloc_sink){
		.copy = on_copy,
		.arena = on_arena,
		.region = on_region,
		.chunks = on_chunks,
		.tcache = on_tcache,
		.defect = on_defect,
		.check = on_check,
		.inside = on_inside,
		.ctx = tables,
		.word = 8,
	};
}

static bool runs_are_apart(const struct tables *t)
{
	for (size_t i = 1; i < t->run_count; i++) {
		const struct chunk_run *before = &t->run[i - 1];

		if (t->chunk[before->at + before->count - 1].addr >=
		    t->run[i].first)
			return false;
	}
	return true;
}

/* Runs are few and each is sorted: moving them is cheaper than sorting. */
static int order_chunks(struct tables *t, struct error *err)
{
	struct chunk *sorted;
	size_t n = 0;

	if (t->run_count < 2)
		return 0;
	if (sort_by_u64(t->run, t->run_count, sizeof *t->run,
			offsetof(struct chunk_run, first), err))
		return -1;
	if (!runs_are_apart(t))
		return sort_by_u64(t->chunk, t->chunk_count, sizeof *t->chunk,
				   0, err);
	sorted = try_calloc(t->chunk_count, sizeof *sorted, "chunk table", err);
	if (!sorted)
		return -1;
	for (size_t i = 0; i < t->run_count; i++) {
		memcpy(sorted + n, t->chunk + t->run[i].at,
		       t->run[i].count * sizeof *sorted);
		n += t->run[i].count;
	}
	free(t->chunk);
	t->chunk = sorted;
	t->chunk_cap = t->chunk_count;
	return 0;
}

static int overlap_defect(struct tables *t, const struct chunk *c,
			  const char *what, struct error *err)
{
	struct defect defect = {
		.addr = c->addr, .kind = DEFECT_SIZE, .arena = c->arena};

	snprintf(defect.what, sizeof defect.what, "chunk of %llu bytes %s",
		 (unsigned long long)c->size, what);
	return on_defect(t, &defect, err);
}

/* Usable bytes of two chunks never overlap; two chunks never begin together. */
static int weed(struct tables *t, struct error *err)
{
	size_t n = 0;

	for (size_t i = 0; i < t->chunk_count; i++) {
		struct chunk c = t->chunk[i];

		if (n && t->chunk[n - 1].addr == c.addr) {
			if (overlap_defect(t, &c, "was found twice", err))
				return -1;
			continue;
		}
		if (n && c.addr - t->chunk[n - 1].addr < t->chunk[n - 1].size &&
		    overlap_defect(t, &c, "lies inside the one before it", err))
			return -1;
		t->chunk[n++] = c;
	}
	t->chunk_count = n;
	return 0;
}

/* arena[i].index == i, whatever order they came in. */
static int order_arenas(struct tables *t, struct error *err)
{
	for (size_t i = 0; i < t->arena_count; i++) {
		while (t->arena[i].index != i) {
			uint32_t to = t->arena[i].index;
			struct arena a = t->arena[i];

			if (to >= t->arena_count || t->arena[to].index == to)
				return error_set(err, ERR_CORRUPT,
						 "arena numbers are not 0..%zu",
						 t->arena_count - 1);
			t->arena[i] = t->arena[to];
			t->arena[to] = a;
		}
	}
	return 0;
}

/* Gives back what doubling took too much; keeps the old place if it must. */
static void *fitted(void *items, size_t count, size_t size)
{
	void *p = count ? realloc(items, count * size) : NULL;

	return p ? p : items;
}

/* What is said of one copy of malloc stands together. */
static int order_checks(struct tables *t, struct error *err)
{
	struct check *sorted =
		try_calloc(t->check_count + 1, sizeof *sorted, "checks", err);
	size_t n = 0;

	if (!sorted)
		return -1;
	for (uint32_t copy = 0; n < t->check_count; copy++)
		for (size_t i = 0; i < t->check_count; i++)
			if (t->check[i].copy == copy)
				sorted[n++] = t->check[i];
	free(t->check);
	t->check = sorted;
	t->check_cap = t->check_count + 1;
	return 0;
}

static void sum_copies(struct tables *t)
{
	for (size_t i = 0; i < t->copy_count; i++) {
		const struct malloc_copy *m = &t->copy[i].malloc;

		if (m->arena <= t->arena_count &&
		    m->arenas <= t->arena_count - m->arena)
			mallinfo2_sum(t->arena + m->arena, m->arenas,
				      &m->params, &t->copy[i].mallinfo);
	}
}

int tables_finish(struct tables *t, const struct malloc_sink *sink,
		  struct snapshot *snap, struct error *err)
{
	if (order_chunks(t, err) || weed(t, err) || order_arenas(t, err) ||
	    order_checks(t, err) ||
	    sort_by_u64(t->region, t->region_count, sizeof *t->region,
			offsetof(struct heap_region, start), err))
		return -1;
	snap->word = sink->word;
	snap->mmapped_overhead = sink->mmapped_overhead;
	snap->checked = sink->checked;
	snap->params = sink->params;
	snap->chunk = fitted(t->chunk, t->chunk_count, sizeof *t->chunk);
	snap->chunk_count = (uint32_t)t->chunk_count;
	snap->arena = t->arena;
	snap->arena_count = (uint32_t)t->arena_count;
	sum_copies(t);
	snap->copy = t->copy;
	snap->copy_count = (uint32_t)t->copy_count;
	if (t->copy_count)
		snap->mallinfo = t->copy[0].mallinfo;
	else
		mallinfo2_sum(snap->arena, snap->arena_count, &snap->params,
			      &snap->mallinfo);
	snap->region = t->region;
	snap->region_count = (uint32_t)t->region_count;
	snap->defect = t->defect;
	snap->defect_count = (uint32_t)t->defect_count;
	snap->check = t->check;
	snap->check_count = (uint32_t)t->check_count;
	snap->inside = t->inside;
	snap->inside_count = (uint32_t)t->inside_count;
	t->chunk = NULL;
	t->arena = NULL;
	t->copy = NULL;
	t->region = NULL;
	t->defect = NULL;
	t->check = NULL;
	t->inside = NULL;
	return 0;
}

void tables_deinit(struct tables *t)
{
	free(t->chunk);
	free(t->run);
	free(t->copy);
	free(t->arena);
	free(t->region);
	free(t->tcache);
	free(t->defect);
	free(t->check);
	free(t->inside);
	*t = (struct tables){0};
}
