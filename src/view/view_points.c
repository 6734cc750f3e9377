/* Where the words of one chunk, or of one variable, point. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/names.h"
#include "analysis/words.h"
#include "base/alloc.h"
#include "base/progress.h"
#include "view/place_cells.h"
#include "view/views.h"

enum { STEP = 1 << 20 };

struct pointer {
	uint64_t offset, value;
};

struct points_state {
	struct pointer *pointer; /* owned */
	size_t count, cap;
	struct symbols *symbols; /* borrowed, or NULL */
	char name[400];
};

static const struct pointer *pointer_of(const struct view *view, uint32_t row)
{
	const struct points_state *state = view->state;

	return &state->pointer[row];
}

static struct place to_of(const struct view *view, uint32_t row)
{
	return place_of(view->snap, pointer_of(view, row)->value);
}

static void offset_cell(const struct view *view, uint32_t row,
			struct value *out)
{
	*out = value_u(V_NUMBER, pointer_of(view, row)->offset);
}

static void kind_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_text(place_kind_name(to_of(view, row).kind));
}

static void addr_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_u(V_ADDR, pointer_of(view, row)->value);
}

static void name_cell(const struct view *view, uint32_t row, struct value *out)
{
	struct points_state *state = view->state;
	struct place place = to_of(view, row);

	name_format(view->snap, state->symbols, &place, state->name,
		    sizeof(state->name));
	*out = value_text(state->name);
}

static void to_offset_cell(const struct view *view, uint32_t row,
			   struct value *out)
{
	const struct points_state *state = view->state;
	struct place place = to_of(view, row);
	int64_t offset;

	if (name_offset(view->snap, state->symbols, &place, &offset))
		*out = (struct value){.kind = V_DELTA, .i = offset};
}

static void size_cell(const struct view *view, uint32_t row, struct value *out)
{
	struct place place = to_of(view, row);

	*out = place_class_value(view->snap, &place);
}

static void type_cell(const struct view *view, uint32_t row, struct value *out)
{
	struct points_state *state = view->state;
	struct place place = to_of(view, row);

	*out = place_type_value(view->snap, state->symbols, &place, state->name,
				sizeof(state->name));
}

static void state_cell(const struct view *view, uint32_t row, struct value *out)
{
	struct place place = to_of(view, row);

	if (place.kind == PLACE_CHUNK)
		*out = value_text(chunk_state_name(
			(enum chunk_state)view->snap->chunk[place.chunk]
				.state));
}

static void interior_cell(const struct view *view, uint32_t row,
			  struct value *out)
{
	const struct points_state *state = view->state;
	struct place place = to_of(view, row);
	int64_t offset;

	if ((place.kind == PLACE_CHUNK || place.kind == PLACE_GLOBAL ||
	     place.kind == PLACE_CODE) &&
	    name_offset(view->snap, state->symbols, &place, &offset))
		*out = value_u(V_BOOL, offset != 0);
}

static const struct column points_columns[] = {
	{"offset", "AT +", "of the word, from the start", V_NUMBER,
	 .cell = offset_cell},
	{"kind", "KIND", "where it points: chunk, code, stack, ...", V_TEXT,
	 .cell = kind_cell},
	{"addr", "TO", "the address that it has", V_ADDR, .cell = addr_cell},
	{"name", "WHAT", "what is there", V_TEXT, .cell = name_cell,
	 .stretch = true},
	{"to_offset", "", "from the start of what is there", V_DELTA,
	 .cell = to_offset_cell, .json_only = true},
	{"size", "", "class of the chunk that is there", V_BYTES,
	 .cell = size_cell, .json_only = true},
	{"type", "", "what that chunk seems to be: class, symbol, text", V_TEXT,
	 .cell = type_cell, .json_only = true},
	{"state", "", "of that chunk: used, free, cached, top", V_TEXT,
	 .cell = state_cell, .json_only = true},
	{"interior", "", "it does not point at the start", V_BOOL,
	 .cell = interior_cell, .json_only = true},
};

static bool points_drill(const struct view *view, uint32_t row, char *line,
			 size_t cap)
{
	struct place place = to_of(view, row);

	snprintf(line, cap, "%s 0x%" PRIx64,
		 place.kind == PLACE_CHUNK  ? "chunk"
		 : place.kind == PLACE_CODE ? "disas"
					    : "x/8gx",
		 place.addr);
	return true;
}

static bool points_bytes(const struct view *view, uint32_t row, uint64_t *addr,
			 uint64_t *len)
{
	struct place place = to_of(view, row);

	return place_bytes(view->snap, &place, addr, len);
}

static void points_release(struct view *view)
{
	struct points_state *state = view->state;

	free(state->pointer);
	free(state);
}

static const struct view_ops points_ops = {
	.name = "points",
	.column = points_columns,
	.column_count = sizeof(points_columns) / sizeof(*points_columns),
	.default_sort = -1,
	.section = -1,
	.drill = points_drill,
	.bytes = points_bytes,
	.release = points_release,
};

/* The words of [low, high) that are addresses of something mapped. */
static int find_pointers(const struct snapshot *snap, uint64_t low,
			 uint64_t high, struct points_state *state,
			 struct error *err)
{
	struct pieces pieces = {0};
	const uint8_t *bytes;
	uint64_t addr, len;

	pieces_begin(&pieces, snap->contents, low, high);
	while ((bytes = pieces_next(&pieces, STEP, &addr, &len))) {
		for (uint64_t i = -addr & (snap->word - 1);
		     i + snap->word <= len; i += snap->word) {
			uint64_t value = load_word(bytes + i, snap->word);

			if (!value || place_of(snap, value).kind == PLACE_NONE)
				continue;
			if (GROW(state->pointer, state->cap, state->count + 1,
				 "list of pointers", err))
				return -1;
			state->pointer[state->count++] = (struct pointer){
				.offset = addr + i - low, .value = value};
		}
		if (progress_tick("looking for pointers", addr - low,
				  high - low, err))
			return -1;
	}
	return 0;
}

int view_points(const struct snapshot *snap, struct symbols *symbols,
		uint64_t low, uint64_t high, const char *what,
		struct view **out, struct error *err)
{
	struct points_state *state = xcalloc(1, sizeof(*state));
	struct view *view;

	state->symbols = symbols;
	if (find_pointers(snap, low, high, state, err)) {
		free(state->pointer);
		free(state);
		return -1;
	}
	if (view_create(&points_ops, (uint32_t)state->count, state, &view, err))
		return -1;
	view_of_snapshot(view, snap);
	view_of_symbols(view, symbols);
	snprintf(view->title, sizeof(view->title),
		 "where %.150s points, snapshot %s", what, snap->name);
	view_total(view, NULL, "count", "pointers in it",
		   value_u(V_COUNT, state->count));
	*out = view;
	return 0;
}
