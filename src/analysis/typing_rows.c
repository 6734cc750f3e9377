#include "analysis/typing_rows.h"

#include <stdlib.h>

#include "base/alloc.h"

static int by_bytes(const void *pa, const void *pb)
{
	const struct typing_row *a = pa, *b = pb;

	if (a->bytes != b->bytes)
		return a->bytes > b->bytes ? -1 : 1;
	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	if (a->name != b->name)
		return a->name < b->name ? -1 : 1;
	return (a->by > b->by) - (a->by < b->by);
}

int typing_rows(const struct typing *typing, const uint32_t *index,
		uint32_t count, struct typing_row **out, uint32_t *rows,
		struct error *err)
{
	struct typing_row *all;
	uint32_t n = 0;

	/* A row for every name and way: few beside the chunks. */
	all = try_calloc((uint64_t)typing->names * TYPED_WAYS, sizeof(*all),
			 "table of types", err);
	if (!all)
		return -1;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t name;
		enum typed_by by = typing_best(typing, index[i], &name);
		struct typing_row *row = &all[name * (size_t)TYPED_WAYS + by];

		row->count++;
		row->bytes += snapshot_chunk_size(typing->snap, index[i]);
	}
	for (size_t i = 0; i < typing->names * (size_t)TYPED_WAYS; i++) {
		if (!all[i].count)
			continue;
		all[n] = all[i];
		all[n].name = (uint32_t)(i / TYPED_WAYS);
		all[n++].by = (enum typed_by)(i % TYPED_WAYS);
	}
	qsort(all, n, sizeof(*all), by_bytes);
	*out = all;
	*rows = n;
	return 0;
}
