#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/fmt.h"
#include "view/chunk_cells.h"
#include "view/views.h"

struct near_state {
	struct near near;	 /* owned */
	struct symbols *symbols; /* borrowed, or NULL */
	char chunks[2 * FMT_MAX + 8], type[200];
};

static const struct near_row *row_of(const struct view *view, uint32_t row)
{
	const struct near_state *state = view->state;

	return &state->near.row[row];
}

static void section_cell(const struct view *view, uint32_t row,
			 struct value *out)
{
	static const char *const name[] = {
		[NEAR_HEADER] = "the chunks",
		[NEAR_POINTS] = "what they point at",
		[NEAR_TEXT] = "text in them",
		[NEAR_HELD] = "who points at them",
		[NEAR_BEFORE] = "their neighbours before",
		[NEAR_AFTER] = "their neighbours after",
	};

	*out = value_text(name[row_of(view, row)->part]);
}

static void part_cell(const struct view *view, uint32_t row, struct value *out)
{
	static const char *const name[] = {
		[NEAR_HEADER] = "header", [NEAR_POINTS] = "points",
		[NEAR_TEXT] = "text",	  [NEAR_HELD] = "held",
		[NEAR_BEFORE] = "before", [NEAR_AFTER] = "after",
	};

	*out = value_text(name[row_of(view, row)->part]);
}

static void chunks_cell(const struct view *view, uint32_t row,
			struct value *out)
{
	struct near_state *state = view->state;
	char count[FMT_MAX], of[FMT_MAX];

	/* "(7 rarer patterns)" is no pattern: nobody counted its chunks. */
	if (!row_of(view, row)->count) {
		*out = value_text("");
		return;
	}
	snprintf(state->chunks, sizeof(state->chunks), "%s of %s",
		 fmt_count(count, sizeof(count), row_of(view, row)->count),
		 fmt_count(of, sizeof(of), row_of(view, row)->of));
	*out = value_text(state->chunks);
}

static void count_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (row_of(view, row)->count)
		*out = value_u(V_COUNT, row_of(view, row)->count);
}

static void of_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_u(V_COUNT, row_of(view, row)->of);
}

static void offset_cell(const struct view *view, uint32_t row,
			struct value *out)
{
	enum near_part part = row_of(view, row)->part;

	if (part == NEAR_POINTS || part == NEAR_TEXT || part == NEAR_HELD)
		*out = value_u(V_COUNT, row_of(view, row)->offset);
}

static void kind_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_text(place_kind_name(row_of(view, row)->kind));
}

static void size_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (row_of(view, row)->size)
		*out = value_u(V_NUMBER, row_of(view, row)->size);
}

static void what_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_text(row_of(view, row)->what);
}

static void example_cell(const struct view *view, uint32_t row,
			 struct value *out)
{
	const struct near_row *r = row_of(view, row);

	if (r->example || r->member)
		*out = value_u(V_ADDR, r->example ? r->example : r->member);
}

static void member_cell(const struct view *view, uint32_t row,
			struct value *out)
{
	if (row_of(view, row)->member)
		*out = value_u(V_ADDR, row_of(view, row)->member);
}

static void interior_cell(const struct view *view, uint32_t row,
			  struct value *out)
{
	*out = value_u(V_BOOL, row_of(view, row)->interior);
}

/* The example as example_cell() has it; of texts nothing more is to be told. */
static void type_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct near_row *r = row_of(view, row);
	struct near_state *state = view->state;
	uint64_t addr = r->example ? r->example : r->member;

	if (addr && r->part != NEAR_TEXT)
		*out = chunk_type_value(view->snap, state->symbols,
					snapshot_find(view->snap, addr),
					state->type, sizeof(state->type));
}

static const struct column near_columns[] = {
	{"section", "", "which part of the answer", V_TEXT,
	 .cell = section_cell},
	{"part", "", "the same, for scripts", V_TEXT, .cell = part_cell,
	 .json_only = true},
	{"chunks", "CHUNKS", "how many of the group fit the pattern", V_TEXT,
	 .cell = chunks_cell},
	{"count", "", "how many", V_COUNT, .cell = count_cell,
	 .json_only = true},
	{"of", "", "of how many", V_COUNT, .cell = of_cell, .json_only = true},
	{"offset", "",
	 "of the pointer: in the chunk, or (held) in the one that holds it",
	 V_COUNT, .cell = offset_cell, .json_only = true},
	{"kind", "", "of the other side: chunk, global, stack, ...", V_TEXT,
	 .cell = kind_cell, .json_only = true},
	{"size", "", "its class, if it is a chunk", V_NUMBER, .cell = size_cell,
	 .json_only = true},
	{"what", "PATTERN", "what they have in common", V_TEXT,
	 .cell = what_cell, .stretch = true},
	{"example", "EXAMPLE", "an address of the other side", V_ADDR,
	 .cell = example_cell},
	{"type", "WHICH IS", "what the example seems to be, if a chunk", V_TEXT,
	 .cell = type_cell, .stretch = true},
	{"member", "", "a chunk of the group that shows it", V_ADDR,
	 .cell = member_cell, .json_only = true},
	{"interior", "", "the pointers are not to the start", V_BOOL,
	 .cell = interior_cell, .json_only = true},
};

static bool near_drill(const struct view *view, uint32_t row, char *line,
		       size_t cap)
{
	const struct near_row *r = row_of(view, row);
	uint64_t addr = r->example;
	bool chunk;

	if (r->part == NEAR_TEXT || r->part == NEAR_HEADER || !addr)
		addr = r->member;
	if (!addr)
		return false;
	chunk = snapshot_find(view->snap, addr) != CHUNK_NONE;
	snprintf(line, cap, "%s 0x%" PRIx64, chunk ? "chunk" : "x/8gx", addr);
	return true;
}

static bool near_bytes(const struct view *view, uint32_t row, uint64_t *addr,
		       uint64_t *len)
{
	const struct near_row *r = row_of(view, row);
	uint32_t i;

	*addr = r->member ? r->member : r->example;
	if (!*addr)
		return false;
	i = snapshot_find(view->snap, *addr);
	*len = i == CHUNK_NONE ? 64 : view->snap->chunk[i].size;
	return true;
}

static void near_release(struct view *view)
{
	struct near_state *state = view->state;

	near_deinit(&state->near);
	free(state);
}

static const struct view_ops near_ops = {
	.name = "near",
	.column = near_columns,
	.column_count = sizeof(near_columns) / sizeof(*near_columns),
	.default_sort = -1,
	.section = 0,
	.drill = near_drill,
	.bytes = near_bytes,
	.release = near_release,
};

int view_near(const struct snapshot *snap, struct near *near,
	      struct symbols *symbols, const char *what, struct view **out,
	      struct error *err)
{
	struct near_state *state = xcalloc(1, sizeof(*state));
	struct view *view;

	state->near = *near;
	state->symbols = symbols;
	*near = (struct near){0};
	if (view_create(&near_ops, state->near.count, state, &view, err))
		return -1;
	view_of_snapshot(view, snap);
	snprintf(view->title, sizeof(view->title), "near %s", what);
	if (!state->near.complete)
		view->complete = false;
	if (state->near.note[0])
		view_warn(view, "%s", state->near.note);
	view_total(view, NULL, "unheld", "held by nobody that was searched",
		   value_u(V_COUNT, state->near.unheld));
	*out = view;
	return 0;
}
