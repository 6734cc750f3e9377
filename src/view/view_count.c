#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "view/views.h"

struct count {
	uint64_t count, bytes, usable;
};

static void count_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct count *count = view->state;

	(void)row;
	*out = value_u(V_COUNT, count->count);
}

static void bytes_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct count *count = view->state;

	(void)row;
	*out = value_u(V_BYTES, count->bytes);
}

static void usable_cell(const struct view *view, uint32_t row,
			struct value *out)
{
	const struct count *count = view->state;

	(void)row;
	*out = value_u(V_BYTES, count->usable);
}

static const struct column count_columns[] = {
	{"count", "COUNT", "chunks of the set", V_COUNT, .cell = count_cell},
	{"bytes", "BYTES", "their chunk sizes, headers included", V_BYTES,
	 .cell = bytes_cell},
	{"usable_bytes", "USABLE", "their usable sizes", V_BYTES,
	 .cell = usable_cell},
};

static void count_release(struct view *view)
{
	free(view->state);
}

static const struct view_ops count_ops = {
	.name = "count",
	.column = count_columns,
	.column_count = sizeof(count_columns) / sizeof(*count_columns),
	.default_sort = -1,
	.section = -1,
	.release = count_release,
};

int view_count(const struct chunk_list *list, struct view **out,
	       struct error *err)
{
	struct count *count = xcalloc(1, sizeof(*count));

	count->count = list->count;
	for (uint32_t i = 0; i < list->count; i++) {
		count->bytes += snapshot_chunk_size(list->snap, list->index[i]);
		count->usable += list->snap->chunk[list->index[i]].size;
	}
	free(list->index);
	if (view_create(&count_ops, 1, count, out, err))
		return -1;
	view_of_snapshot(*out, list->snap);
	snprintf((*out)->title, sizeof((*out)->title),
		 "chunks %.120s, snapshot %s", list->set, list->snap->name);
	view_total(*out, NULL, "count", NULL, value_u(V_COUNT, count->count));
	view_total(*out, NULL, "bytes", NULL, value_u(V_BYTES, count->bytes));
	return 0;
}
