#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/sizes.h"
#include "base/alloc.h"
#include "view/views.h"

struct sizes {
	struct size_class *row; /* owned */
	uint64_t bytes;
	char set[120];
};

static const struct size_class *row_of(const struct view *view, uint32_t row)
{
	const struct sizes *sizes = view->state;

	return &sizes->row[row];
}

static void size_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_u(V_NUMBER, row_of(view, row)->size);
}

static void count_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_u(V_COUNT, row_of(view, row)->count);
}

static void bytes_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_u(V_BYTES, row_of(view, row)->bytes);
}

static void share_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct sizes *sizes = view->state;

	*out = (struct value){.kind = V_PERCENT,
			      .f = 100 * (double)row_of(view, row)->bytes /
				   (double)sizes->bytes};
}

static const struct column sizes_columns[] = {
	{"size", "CLASS", "chunk size, header included", V_NUMBER,
	 .cell = size_cell},
	{"count", "COUNT", "chunks of this size", V_COUNT, .cell = count_cell},
	{"bytes", "BYTES", "all of them together", V_BYTES, .cell = bytes_cell},
	{"share", "SHARE", "of the bytes of the set", V_PERCENT,
	 .cell = share_cell},
};

static bool sizes_drill(const struct view *view, uint32_t row, char *line,
			size_t cap)
{
	const struct sizes *sizes = view->state;
	bool plain = !strpbrk(sizes->set, " ()");

	snprintf(line, cap, "chunks %s%s%s class=%" PRIu64, plain ? "" : "(",
		 sizes->set, plain ? "" : ")", row_of(view, row)->size);
	return true;
}

static void sizes_release(struct view *view)
{
	struct sizes *sizes = view->state;

	free(sizes->row);
	free(sizes);
}

static const struct view_ops sizes_ops = {
	.name = "sizes",
	.column = sizes_columns,
	.column_count = sizeof(sizes_columns) / sizeof(*sizes_columns),
	.default_sort = 2,
	.default_descending = true,
	.section = -1,
	.drill = sizes_drill,
	.release = sizes_release,
};

int view_sizes(const struct chunk_list *list, struct view **out,
	       struct error *err)
{
	struct sizes *sizes = xcalloc(1, sizeof(*sizes));
	uint32_t count;
	struct view *view;
	int ret = sizes_make(list->snap, list->index, list->count, &sizes->row,
			     &count, err);

	free(list->index);
	if (ret) {
		free(sizes);
		return -1;
	}
	snprintf(sizes->set, sizeof(sizes->set), "%s", list->set);
	for (uint32_t i = 0; i < count; i++)
		sizes->bytes += sizes->row[i].bytes;
	if (view_create(&sizes_ops, count, sizes, &view, err))
		return -1;
	view_of_snapshot(view, list->snap);
	snprintf(view->title, sizeof(view->title),
		 "size classes of %.120s chunks, snapshot %s", list->set,
		 list->snap->name);
	view_total(view, NULL, "count", "chunks",
		   value_u(V_COUNT, list->count));
	view_total(view, NULL, "bytes", "with headers",
		   value_u(V_BYTES, sizes->bytes));
	view_total(view, NULL, "classes", "classes", value_u(V_COUNT, count));
	*out = view;
	return 0;
}
