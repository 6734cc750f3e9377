/* Used chunks by what they are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/typing_rows.h"
#include "base/alloc.h"
#include "view/views.h"

struct types {
	struct typing_row *row;	     /* owned */
	const struct typing *typing; /* borrowed */
	uint64_t bytes;
	char set[120];
};

static const struct typing_row *row_of(const struct view *view, uint32_t row)
{
	const struct types *types = view->state;

	return &types->row[row];
}

/* Of a chunk without a type, what the set calls it. */
static const char *name_of(const struct view *view, uint32_t row)
{
	const struct types *types = view->state;
	const struct typing_row *r = row_of(view, row);

	return r->by == TYPED_NOT ? typed_by_name(TYPED_NOT)
				  : types->typing->name[r->name].text;
}

static void type_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_text(name_of(view, row));
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
	const struct types *types = view->state;

	*out = (struct value){.kind = V_PERCENT,
			      .f = 100 * (double)row_of(view, row)->bytes /
				   (double)types->bytes};
}

static void named_by_cell(const struct view *view, uint32_t row,
			  struct value *out)
{
	*out = value_text(typed_by_name(row_of(view, row)->by));
}

static const struct column types_columns[] = {
	{"type", "TYPE", "what they are", V_TEXT, .cell = type_cell,
	 .stretch = true},
	{"count", "COUNT", "chunks of this type", V_COUNT, .cell = count_cell},
	{"bytes", "BYTES", "all of them together", V_BYTES, .cell = bytes_cell},
	{"share", "SHARE", "of the bytes of the set", V_PERCENT,
	 .cell = share_cell},
	{"named_by", "NAMED BY", "why we think so: help types", V_TEXT,
	 .cell = named_by_cell},
};

static bool types_drill(const struct view *view, uint32_t row, char *line,
			size_t cap)
{
	const struct types *types = view->state;
	const char *name = name_of(view, row);
	bool plain = !strpbrk(types->set, " ()");

	/* What the command line could not carry. */
	if (strchr(name, '"') || strlen(name) > cap / 2)
		return false;
	snprintf(line, cap, "chunks %s%s%s \"type=%s\"", plain ? "" : "(",
		 types->set, plain ? "" : ")", name);
	return true;
}

static void types_release(struct view *view)
{
	struct types *types = view->state;

	free(types->row);
	free(types);
}

static const struct view_ops types_ops = {
	.name = "types",
	.column = types_columns,
	.column_count = sizeof(types_columns) / sizeof(*types_columns),
	.default_sort = 2,
	.default_descending = true,
	.section = -1,
	.drill = types_drill,
	.release = types_release,
};

/* What of the set has a type at all. */
static void add_totals(struct view *view, const struct types *types,
		       uint32_t rows, uint32_t count)
{
	uint64_t typed = 0, bytes = 0;

	for (uint32_t i = 0; i < rows; i++)
		if (types->row[i].by != TYPED_NOT) {
			typed += types->row[i].count;
			bytes += types->row[i].bytes;
		}
	view_total(view, NULL, "count", "chunks", value_u(V_COUNT, count));
	view_total(view, NULL, "bytes", "with headers",
		   value_u(V_BYTES, types->bytes));
	view_total(view, NULL, "named_count", "named", value_u(V_COUNT, typed));
	view_total(view, NULL, "named_bytes", "in these",
		   value_u(V_BYTES, bytes));
}

int view_types(const struct typing *typing, const struct chunk_list *list,
	       struct view **out, struct error *err)
{
	struct types *types = xcalloc(1, sizeof(*types));
	struct view *view;
	uint32_t rows;
	int ret = typing_rows(typing, list->index, list->count, &types->row,
			      &rows, err);

	free(list->index);
	if (ret) {
		free(types);
		return -1;
	}
	types->typing = typing;
	snprintf(types->set, sizeof(types->set), "%s", list->set);
	for (uint32_t i = 0; i < rows; i++)
		types->bytes += types->row[i].bytes;
	if (view_create(&types_ops, rows, types, &view, err))
		return -1;
	view_of_snapshot(view, list->snap);
	view_of_symbols(view, typing->symbols);
	snprintf(view->title, sizeof(view->title),
		 "types of %.120s chunks, snapshot %s", list->set,
		 list->snap->name);
	add_totals(view, types, rows, list->count);
	*out = view;
	return 0;
}
