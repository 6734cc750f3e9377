/* Who holds so much that it deserves a look: a sentence each. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "view/chunk_cells.h"
#include "view/views.h"

struct suspects_state {
	struct suspects suspects; /* owned */
	uint64_t total;
	uint32_t chunks;
	struct owner *owner; /* owned: one a row; of others zeros */
	bool has_diff;
	struct symbols *symbols; /* borrowed */
	char text[200];		 /* of the last cell() */
};

static const struct suspect *row_of(const struct view *view, uint32_t row)
{
	const struct suspects_state *state = view->state;

	return &state->suspects.row[row];
}

static const struct retained_sum *sum_of(const struct suspect *s)
{
	return s->kind == SUSPECT_CLASS ? &s->of_class : &s->held;
}

#define CELL(cell_name, value_kind, expression)                                \
	static void cell_name##_cell(const struct view *view, uint32_t row,    \
				     struct value *out)                        \
	{                                                                      \
		const struct suspect *s = row_of(view, row);                   \
                                                                               \
		*out = value_u(value_kind, expression);                        \
	}

CELL(count, V_COUNT, sum_of(s)->count)
CELL(bytes, V_BYTES, sum_of(s)->bytes)
CELL(point_bytes, V_BYTES, s->point_bytes)
CELL(direct, V_COUNT, s->direct)
CELL(alone_bytes, V_BYTES, s->alone.bytes)
CELL(steps, V_NUMBER, s->steps)
CELL(list, V_COUNT, s->list)
CELL(class, V_NUMBER, s->class)
CELL(class_count, V_COUNT, s->of_class.count)
CELL(class_bytes, V_BYTES, s->of_class.bytes)

static void share_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct suspects_state *state = view->state;

	*out = (struct value){.kind = V_PERCENT,
			      .f = 100 *
				   (double)sum_of(row_of(view, row))->bytes /
				   (double)state->total};
}

static void kind_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_text(suspect_kind_name(row_of(view, row)->kind));
}

static void name_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_text(row_of(view, row)->name);
}

static void text_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_text(row_of(view, row)->text);
}

static void first_word_cell(const struct view *view, uint32_t row,
			    struct value *out)
{
	if (row_of(view, row)->first_word[0])
		*out = value_text(row_of(view, row)->first_word);
}

static void addr_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct suspects_state *state = view->state;
	uint32_t point = row_of(view, row)->point;

	if (point != CHUNK_NONE)
		*out = value_u(V_ADDR, view->snap->chunk[point].addr);
	else if (state->owner[row].addr)
		*out = value_u(V_ADDR, state->owner[row].addr);
}

static void type_cell(const struct view *view, uint32_t row, struct value *out)
{
	struct suspects_state *state = view->state;

	*out = chunk_type_value(view->snap, state->symbols,
				row_of(view, row)->point, state->text,
				sizeof(state->text));
}

static void root_cell(const struct view *view, uint32_t row, struct value *out)
{
	struct suspects_state *state = view->state;

	if (row_of(view, row)->kind > SUSPECT_GROWING)
		return;
	owner_name(&state->owner[row], view->snap, state->symbols, state->text,
		   sizeof(state->text));
	*out = value_text(state->text);
}

static void new_count_cell(const struct view *view, uint32_t row,
			   struct value *out)
{
	const struct suspects_state *state = view->state;

	if (state->has_diff)
		*out = value_u(V_COUNT, row_of(view, row)->fresh.count);
}

static void new_bytes_cell(const struct view *view, uint32_t row,
			   struct value *out)
{
	const struct suspects_state *state = view->state;

	if (state->has_diff)
		*out = value_u(V_BYTES, row_of(view, row)->fresh.bytes);
}

static const struct column suspects_columns[] = {
	{"share", "SHARE", "of the bytes of all used chunks", V_PERCENT,
	 .cell = share_cell},
	{"bytes", "HELD", "what it holds alone; shared: by shortest ways",
	 V_BYTES, .cell = bytes_cell},
	{"count", "", "chunks of that", V_COUNT, .cell = count_cell,
	 .json_only = true},
	{"kind", "", "holder, shared, growing, class, unreachable", V_TEXT,
	 .cell = kind_cell, .json_only = true},
	{"name", "", "who", V_TEXT, .cell = name_cell, .json_only = true},
	{"addr", "", "the chunk (or variable) where it gathers", V_ADDR,
	 .cell = addr_cell, .json_only = true},
	{"type", "", "what that chunk seems to be: class, symbol, text", V_TEXT,
	 .cell = type_cell, .json_only = true},
	{"point_bytes", "", "what that holds", V_BYTES,
	 .cell = point_bytes_cell, .json_only = true},
	{"alone_bytes", "", "what it retains", V_BYTES,
	 .cell = alone_bytes_cell, .json_only = true},
	{"root", "", "of shared and growing ones: the owner nearest to it",
	 V_TEXT, .cell = root_cell, .json_only = true},
	{"steps", "", "pointers from there to it", V_NUMBER, .cell = steps_cell,
	 .json_only = true},
	{"direct_count", "", "chunks that it holds directly", V_COUNT,
	 .cell = direct_cell, .json_only = true},
	{"list_count", "", "chunks of a list there; 0: none", V_COUNT,
	 .cell = list_cell, .json_only = true},
	{"class", "", "that has most of the bytes there", V_NUMBER,
	 .cell = class_cell, .json_only = true},
	{"class_count", "", "chunks of it", V_COUNT, .cell = class_count_cell,
	 .json_only = true},
	{"class_bytes", "", "bytes of it", V_BYTES, .cell = class_bytes_cell,
	 .json_only = true},
	{"first_word", "", "of more than half of these", V_TEXT,
	 .cell = first_word_cell, .json_only = true},
	{"new_count", "", "of what it holds, not in the snapshot before",
	 V_COUNT, .cell = new_count_cell, .json_only = true},
	{"new_bytes", "", "bytes of that", V_BYTES, .cell = new_bytes_cell,
	 .json_only = true},
	{"text", "SUSPECT", "who, and how", V_TEXT, .cell = text_cell,
	 .wrap = true},
};

static bool suspects_drill(const struct view *view, uint32_t row, char *line,
			   size_t cap)
{
	const struct suspects_state *state = view->state;
	const struct suspect *s = row_of(view, row);
	bool by_ways = s->kind == SUSPECT_SHARED || s->kind == SUSPECT_GROWING;
	const char *nearest = by_ways ? " --nearest" : "";

	if (s->kind == SUSPECT_LOST)
		snprintf(line, cap, "retained nobody");
	else if (s->kind == SUSPECT_CLASS)
		snprintf(line, cap, "near %" PRIu64, s->class);
	else if (s->point != CHUNK_NONE)
		snprintf(line, cap, "retained%s 0x%" PRIx64, nearest,
			 view->snap->chunk[s->point].addr);
	else
		snprintf(line, cap, "retained --by=symbol%s --owner=%u",
			 nearest, s->from - state->chunks);
	return true;
}

static bool suspects_bytes(const struct view *view, uint32_t row,
			   uint64_t *addr, uint64_t *len)
{
	uint32_t point = row_of(view, row)->point;

	if (point == CHUNK_NONE)
		return false;
	*addr = view->snap->chunk[point].addr;
	*len = view->snap->chunk[point].size;
	return true;
}

static void suspects_release(struct view *view)
{
	struct suspects_state *state = view->state;

	suspects_deinit(&state->suspects);
	free(state->owner);
	free(state);
}

static const struct view_ops suspects_ops = {
	.name = "suspects",
	.column = suspects_columns,
	.column_count = sizeof(suspects_columns) / sizeof(*suspects_columns),
	.default_sort = 1,
	.default_descending = true,
	.section = -1,
	.drill = suspects_drill,
	.bytes = suspects_bytes,
	.release = suspects_release,
};

int view_suspects(const struct retained *r, struct suspects *suspects,
		  bool has_diff, struct symbols *symbols, struct view **out,
		  struct error *err)
{
	struct suspects_state *state = xcalloc(1, sizeof(*state));
	struct view *view;

	state->suspects = *suspects;
	*suspects = (struct suspects){0};
	state->total = r->total.bytes;
	state->chunks = r->chunks;
	state->has_diff = has_diff;
	state->symbols = symbols;
	state->owner =
		xcalloc(state->suspects.count + 1, sizeof(*state->owner));
	for (uint32_t i = 0; i < state->suspects.count; i++)
		if (state->suspects.row[i].kind <= SUSPECT_GROWING)
			state->owner[i] =
				r->owners.owner[state->suspects.row[i].root -
						r->chunks];
	if (view_create(&suspects_ops, state->suspects.count, state, &view,
			err))
		return -1;
	snprintf(view->title, sizeof(view->title),
		 "%s: who holds %d%% or more, what nobody reaches (from %d%% "
		 "on), snapshot %s",
		 view->row_count ? "suspects" : "no suspects",
		 SUSPECT_HOLDER_SHARE, SUSPECT_LOST_SHARE, r->snap->name);
	view_of_retained(view, r, symbols);
	*out = view;
	return 0;
}
