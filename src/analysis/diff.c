#include "analysis/diff.h"

#include <stdlib.h>

#include "analysis/diff_impl.h"
#include "base/alloc.h"
#include "base/progress.h"
#include "base/u64map.h"

/* Chunks between two looks at ^C. */
enum { STEP = 1 << 16 };

static uint32_t next_used(const struct snapshot *snap, uint32_t i)
{
	while (i < snap->chunk_count && snap->chunk[i].state != CHUNK_USED)
		i++;
	return i;
}

struct merge {
	const struct snapshot *before, *after;
	uint32_t *added, *removed; /* room for all; NULL: count only */
	uint32_t added_count, removed_count, kept_count;
};

/*
 * Both tables are sorted by address: one pass over both.  Allocating for the
 * worst case and giving back is cheaper than growing or counting first.
 */
static int merge(struct merge *m, struct error *err)
{
	const struct chunk *x = m->before->chunk, *y = m->after->chunk;
	uint32_t xn = m->before->chunk_count, yn = m->after->chunk_count;
	uint32_t i = next_used(m->before, 0), j = next_used(m->after, 0);
	uint32_t tick = 0;

	while (i < xn || j < yn) {
		if (++tick % STEP == 0 &&
		    progress_tick("comparing", (uint64_t)i + j,
				  (uint64_t)xn + yn, err))
			return -1;
		if (j == yn || (i < xn && x[i].addr < y[j].addr)) {
			m->removed[m->removed_count++] = i;
			i = next_used(m->before, i + 1);
		} else if (i == xn || y[j].addr < x[i].addr) {
			m->added[m->added_count++] = j;
			j = next_used(m->after, j + 1);
		} else {
			if (x[i].size == y[j].size) {
				m->kept_count++;
			} else {
				m->removed[m->removed_count++] = i;
				m->added[m->added_count++] = j;
			}
			i = next_used(m->before, i + 1);
			j = next_used(m->after, j + 1);
		}
	}
	return 0;
}

static uint32_t *fitted(uint32_t *items, uint32_t count)
{
	uint32_t *p = realloc(items, (count ? count : 1) * sizeof *items);

	return p ? p : items;
}

static int mark(struct bitmap *map, const uint32_t *index, uint32_t count,
		uint32_t bits, struct error *err)
{
	if (bitmap_init(map, bits, "map of chunks", err))
		return -1;
	for (uint32_t i = 0; i < count; i++)
		bitmap_set(map, index[i]);
	return 0;
}

int diff_make(const struct snapshot *before, const struct snapshot *after,
	      struct diff **out, struct error *err)
{
	struct merge m = {.before = before, .after = after};
	struct diff *diff = xcalloc(1, sizeof *diff);

	diff->before = before;
	diff->after = after;
	m.added = try_calloc(after->chunk_count, sizeof *m.added,
			     "list of new chunks", err);
	diff->added = m.added;
	if (!m.added)
		goto fail;
	m.removed = try_calloc(before->chunk_count, sizeof *m.removed,
			       "list of gone chunks", err);
	diff->removed = m.removed;
	if (!m.removed || merge(&m, err))
		goto fail;
	diff->added = fitted(m.added, m.added_count);
	diff->removed = fitted(m.removed, m.removed_count);
	diff->added_count = m.added_count;
	diff->removed_count = m.removed_count;
	diff->kept_count = m.kept_count;
	if (mark(&diff->fresh, diff->added, diff->added_count,
		 after->chunk_count, err) ||
	    mark(&diff->lost, diff->removed, diff->removed_count,
		 before->chunk_count, err))
		goto fail;
	*out = diff;
	return 0;
fail:
	diff_destroy(diff);
	return -1;
}

void diff_destroy(struct diff *diff)
{
	if (!diff)
		return;
	free(diff->added);
	free(diff->removed);
	bitmap_deinit(&diff->fresh);
	bitmap_deinit(&diff->lost);
	free(diff->identity);
	free(diff);
}

static int by_growth(const void *a, const void *b)
{
	const struct diff_class *x = a, *y = b;

	if (x->delta_bytes != y->delta_bytes)
		return x->delta_bytes > y->delta_bytes ? -1 : 1;
	if (x->new_bytes != y->new_bytes)
		return x->new_bytes > y->new_bytes ? -1 : 1;
	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return x->word < y->word ? -1 : x->word > y->word;
}

void diff_classes_sort(struct diff_class *row, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		row[i].delta_bytes =
			(int64_t)row[i].new_bytes - (int64_t)row[i].gone_bytes;
	if (count)
		qsort(row, count, sizeof *row, by_growth);
}

int diff_each(const struct diff *diff, const struct set *set,
	      diff_each_fn *each, void *ctx, struct error *err)
{
	const struct snapshot *after = diff->after, *before = diff->before;

	for (uint32_t i = 0; i < after->chunk_count; i++) {
		bool fresh = bitmap_test(&diff->fresh, i);

		if (i % STEP == 0 &&
		    progress_tick("grouping", i, after->chunk_count, err))
			return -1;
		if (after->chunk[i].state != CHUNK_USED ||
		    (set && !set_has(set, after, &diff->fresh, i)))
			continue;
		if (each(ctx, after, i, fresh ? DIFF_NEW : DIFF_KEPT, err))
			return -1;
	}
	for (uint32_t i = 0; i < diff->removed_count; i++) {
		uint32_t index = diff->removed[i];

		if (set && !set_has(set, before, &diff->lost, index))
			continue;
		if (each(ctx, before, index, DIFF_GONE, err))
			return -1;
	}
	return 0;
}

void diff_class_add(struct diff_class *row, enum diff_side side, uint64_t bytes)
{
	if (side == DIFF_KEPT) {
		row->kept_count++;
	} else if (side == DIFF_NEW) {
		row->new_count++;
		row->new_bytes += bytes;
	} else {
		row->gone_count++;
		row->gone_bytes += bytes;
	}
}

void diff_class_judge(struct diff_class *row, const struct diff *diff,
		      uint32_t chunk)
{
	row->reused_count += diff_is(diff, chunk, IDENTITY_REUSED);
	row->unsure_count += diff_is(diff, chunk, IDENTITY_UNSURE);
	row->unknown_count += diff_is(diff, chunk, IDENTITY_UNKNOWN);
}

struct by_size {
	const struct diff *diff;
	struct u64map row_of; /* class -> row + 1 */
	struct diff_class *row;
	size_t count, cap;
};

static int add_by_size(void *ctx, const struct snapshot *snap, uint32_t chunk,
		       enum diff_side side, struct error *err)
{
	struct by_size *b = ctx;
	uint64_t size = snapshot_chunk_size(snap, chunk);
	uint64_t *row = u64map_at(&b->row_of, size, err);

	if (!row)
		return -1;
	if (!*row) {
		if (GROW(b->row, b->cap, b->count + 1, "size classes", err))
			return -1;
		b->row[b->count] = (struct diff_class){.size = size};
		*row = ++b->count;
	}
	diff_class_add(&b->row[*row - 1], side, size);
	if (side == DIFF_KEPT)
		diff_class_judge(&b->row[*row - 1], b->diff, chunk);
	return 0;
}

static int by_size(const struct diff *diff, const struct set *set,
		   struct diff_class **out, uint32_t *count, struct error *err)
{
	struct by_size b = {.diff = diff};
	int ret = diff_each(diff, set, add_by_size, &b, err);

	u64map_deinit(&b.row_of);
	if (ret) {
		free(b.row);
		return -1;
	}
	diff_classes_sort(b.row, (uint32_t)b.count);
	*out = b.row;
	*count = (uint32_t)b.count;
	return 0;
}

int diff_classes(const struct diff *diff, enum diff_by by,
		 const struct set *set, struct symbols *symbols,
		 struct diff_class **out, uint32_t *count, char *warning,
		 size_t warning_cap, struct error *err)
{
	if (warning_cap)
		warning[0] = '\0';
	if (by == DIFF_BY_SIZE)
		return by_size(diff, set, out, count, err);
	return diff_by_content(diff, set, symbols, out, count, warning,
			       warning_cap, err);
}
