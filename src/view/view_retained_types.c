/* Types and what their chunks retain. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/retained_types.h"
#include "base/alloc.h"
#include "base/words.h"
#include "view/views.h"

struct types_state {
	struct retained_type *row;   /* owned */
	const struct typing *typing; /* borrowed */
	uint64_t total;
};

static const struct retained_type *row_of(const struct view *view, uint32_t row)
{
	const struct types_state *state = view->state;

	return &state->row[row];
}

static const char *name_of(const struct view *view, uint32_t row)
{
	const struct types_state *state = view->state;
	uint32_t type = row_of(view, row)->type;

	return type ? state->typing->name[type].text : typed_by_name(TYPED_NOT);
}

static void type_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_text(name_of(view, row));
}

#define CELL(name, kind, field)                                                \
	static void name##_cell(const struct view *view, uint32_t row,         \
				struct value *out)                             \
	{                                                                      \
		*out = value_u(kind, row_of(view, row)->field);                \
	}

CELL(count, V_COUNT, own.count)
CELL(bytes, V_BYTES, own.bytes)
CELL(retained_count, V_COUNT, below.count)
CELL(retained_bytes, V_BYTES, below.bytes)

static void share_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct types_state *state = view->state;

	if (state->total)
		*out = (struct value){
			.kind = V_PERCENT,
			.f = 100 * (double)row_of(view, row)->below.bytes /
			     (double)state->total};
}

static const struct column types_columns[] = {
	{"type", "TYPE", "what they are, or unknown", V_TEXT, .cell = type_cell,
	 .stretch = true},
	{"count", "COUNT", "chunks of this type", V_COUNT, .cell = count_cell},
	{"bytes", "ITSELF", "their chunk sizes", V_BYTES, .cell = bytes_cell},
	{"retained_count", "CHUNKS", "they, and what is reached through them",
	 V_COUNT, .cell = retained_count_cell},
	{"retained_bytes", "RETAINED",
	 "their sizes: so much at least would be freed", V_BYTES,
	 .cell = retained_bytes_cell},
	{"share", "SHARE", "of the bytes of all used chunks", V_PERCENT,
	 .cell = share_cell},
};

static bool types_drill(const struct view *view, uint32_t row, char *line,
			size_t cap)
{
	AUTO_FREE char *type = xasprintf("type=%s", name_of(view, row));

	snprintf(line, cap, "chunks used ");
	return words_append(line, cap, type);
}

static void types_release(struct view *view)
{
	struct types_state *state = view->state;

	free(state->row);
	free(state);
}

static const struct view_ops types_ops = {
	.name = "retained",
	.column = types_columns,
	.column_count = sizeof(types_columns) / sizeof(*types_columns),
	.default_sort = 4,
	.default_descending = true,
	.section = -1,
	.drill = types_drill,
	.release = types_release,
};

int view_retained_types(const struct retained *r, const struct typing *typing,
			struct symbols *symbols, struct view **out,
			struct error *err)
{
	struct types_state *state = xcalloc(1, sizeof(*state));
	struct view *view;
	uint32_t count;

	state->typing = typing;
	state->total = r->total.bytes;
	if (retained_types(r, typing, &state->row, &count, err)) {
		free(state);
		return -1;
	}
	if (view_create(&types_ops, count, state, &view, err))
		return -1;
	snprintf(view->title, sizeof(view->title),
		 "what the chunks of a type retain (rows overlap), snapshot %s",
		 r->snap->name);
	view_of_retained(view, r, symbols);
	*out = view;
	return 0;
}
