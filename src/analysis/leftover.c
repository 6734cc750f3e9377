#include "analysis/leftover.h"

#include <stdlib.h>

#include "base/alloc.h"

static int larger_first(const void *a, const void *b)
{
	const struct leftover *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return x->addr < y->addr ? -1 : 1;
}

static void sum_heap(const struct snapshot *snap, struct leftovers *out)
{
	for (uint32_t i = 0; i < snap->arena_count; i++) {
		out->system_bytes += snap->arena[i].system_bytes;
		out->overhead_bytes += snap->arena[i].overhead_bytes;
	}
	for (uint32_t i = 0; i < snap->chunk_count; i++)
		if (snap->chunk[i].arena != ARENA_MMAPPED)
			out->chunk_bytes += snapshot_chunk_size(snap, i);
}

int leftovers_make(const struct snapshot *snap, struct leftovers *out,
		   struct error *err)
{
	*out = (struct leftovers){0};
	out->item = try_calloc(snap->span_count, sizeof *out->item,
			       "unexplained memory", err);
	if (!out->item)
		return -1;
	sum_heap(snap, out);
	for (uint32_t i = 0; i < snap->span_count; i++) {
		const struct span *s = &snap->span[i];

		if (s->kind != PLACE_ANON)
			continue;
		out->item[out->count++] =
			(struct leftover){s->start, s->end - s->start, s->map};
		out->anon_bytes += s->end - s->start;
	}
	if (out->count)
		qsort(out->item, out->count, sizeof *out->item, larger_first);
	return 0;
}

void leftovers_deinit(struct leftovers *l)
{
	free(l->item);
	*l = (struct leftovers){0};
}
