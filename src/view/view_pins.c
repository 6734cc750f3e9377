/* Heap by heap: which chunk holds its end in place. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/pins.h"
#include "base/alloc.h"
#include "snapshot/place.h"
#include "view/chunk_cells.h"
#include "view/views.h"

struct pins_state {
	struct pins pins;	 /* owned */
	struct symbols *symbols; /* borrowed, or NULL */
	char text[200];		 /* of the last cell() */
};

static const struct heap_pin *row_of(const struct view *view, uint32_t row)
{
	const struct pins_state *state = view->state;

	return &state->pins.heap[row];
}

static const struct chunk *pin_of(const struct view *view, uint32_t row)
{
	uint32_t pin = row_of(view, row)->pin;

	return pin == CHUNK_NONE ? NULL : &view->snap->chunk[pin];
}

#define CELL(name, kind, expression)                                           \
	static void name##_cell(const struct view *view, uint32_t row,         \
				struct value *out)                             \
	{                                                                      \
		const struct heap_pin *heap = row_of(view, row);               \
                                                                               \
		*out = value_u(kind, expression);                              \
	}

CELL(arena, V_COUNT, heap->arena)
CELL(addr, V_ADDR, heap->start)
CELL(size, V_BYTES, heap->end - heap->start)
CELL(has_top, V_BOOL, heap->has_top)
CELL(used_bytes, V_BYTES, heap->used_bytes)
CELL(free_bytes, V_BYTES, heap->free_bytes)
CELL(end_bytes, V_BYTES, heap->behind_bytes)

static void touched_cell(const struct view *view, uint32_t row,
			 struct value *out)
{
	const struct pins_state *state = view->state;

	if (state->pins.touched_known)
		*out = value_u(V_BYTES, row_of(view, row)->behind_touched);
}

static void pin_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (pin_of(view, row))
		*out = value_u(V_ADDR, pin_of(view, row)->addr);
}

static void pin_state_cell(const struct view *view, uint32_t row,
			   struct value *out)
{
	const struct chunk *pin = pin_of(view, row);

	if (pin)
		*out = value_text(
			chunk_state_name((enum chunk_state)pin->state));
}

static void type_cell(const struct view *view, uint32_t row, struct value *out)
{
	struct pins_state *state = view->state;

	*out = chunk_type_value(view->snap, state->symbols,
				row_of(view, row)->pin, state->text,
				sizeof(state->text));
}

static void if_freed_cell(const struct view *view, uint32_t row,
			  struct value *out)
{
	if (pin_of(view, row))
		*out = value_u(V_BYTES, row_of(view, row)->pinned_bytes);
}

static const struct column pins_columns[] = {
	{"arena", "ARENA", "index of the arena", V_COUNT, .cell = arena_cell},
	{"addr", "HEAP", "its first chunk", V_ADDR, .cell = addr_cell},
	{"size", "SIZE", "of the heap", V_BYTES, .cell = size_cell},
	{"has_top", "", "the arena's top is in it: its youngest heap", V_BOOL,
	 .cell = has_top_cell, .json_only = true},
	{"used_bytes", "", "chunk sizes, cached ones included", V_BYTES,
	 .cell = used_bytes_cell, .json_only = true},
	{"free_bytes", "", "chunk sizes of free chunks, without the top",
	 V_BYTES, .cell = free_bytes_cell, .json_only = true},
	{"pin", "LAST CHUNK", "of the heap, used or cached", V_ADDR,
	 .cell = pin_cell},
	{"pin_state", "", "used or cached", V_TEXT, .cell = pin_state_cell,
	 .json_only = true},
	{"end_bytes", "AT END", "free and top behind that chunk", V_BYTES,
	 .cell = end_bytes_cell},
	{"if_freed_bytes", "IF FREED",
	 "what would be free at the end if that chunk were", V_BYTES,
	 .cell = if_freed_cell},
	{"end_touched_bytes", "TOUCHED",
	 "of what is at the end, in memory or swapped", V_BYTES,
	 .cell = touched_cell},
	{"type", "WHAT", "what that chunk seems to be: class, symbol, text",
	 V_TEXT, .cell = type_cell, .stretch = true},
};

static bool pins_drill(const struct view *view, uint32_t row, char *line,
		       size_t cap)
{
	if (!pin_of(view, row))
		return false;
	snprintf(line, cap, "chunk 0x%" PRIx64, pin_of(view, row)->addr);
	return true;
}

static bool pins_bytes(const struct view *view, uint32_t row, uint64_t *addr,
		       uint64_t *len)
{
	const struct chunk *pin = pin_of(view, row);

	if (!pin)
		return false;
	*addr = pin->addr;
	*len = pin->size;
	return true;
}

static void pins_release(struct view *view)
{
	struct pins_state *state = view->state;

	pins_deinit(&state->pins);
	free(state);
}

static const struct view_ops pins_ops = {
	.name = "fragmentation",
	.column = pins_columns,
	.column_count = sizeof(pins_columns) / sizeof(*pins_columns),
	.default_sort = -1,
	.section = -1,
	.drill = pins_drill,
	.bytes = pins_bytes,
	.release = pins_release,
};

int view_pins(const struct snapshot *snap, struct symbols *symbols,
	      struct view **out, struct error *err)
{
	struct pins_state *state = xcalloc(1, sizeof(*state));
	uint64_t behind = 0;
	struct view *view;

	state->symbols = symbols;
	if (pins_make(snap, &state->pins, err)) {
		free(state);
		return -1;
	}
	if (view_create(&pins_ops, state->pins.count, state, &view, err))
		return -1;
	view_of_snapshot(view, snap);
	snprintf(view->title, sizeof(view->title),
		 "what holds the end of each heap, %s %d, snapshot %s",
		 snap->comm, (int)snap->pid, snap->name);
	for (uint32_t i = 0; i < view->row_count; i++)
		behind += row_of(view, i)->behind_bytes;
	view_total(view, NULL, "heaps", "heaps",
		   value_u(V_COUNT, view->row_count));
	view_total(view, NULL, "end_bytes", "free or top at their ends",
		   value_u(V_BYTES, behind));
	*out = view;
	return 0;
}
