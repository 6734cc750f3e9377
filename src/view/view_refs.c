/* Who points at one chunk, or at one variable. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/names.h"
#include "base/alloc.h"
#include "base/fmt.h"
#include "view/place_cells.h"
#include "view/views.h"

struct refs_state {
	struct holders holders;	 /* owned */
	struct symbols *symbols; /* borrowed, or NULL */
	uint64_t low;		 /* of what is pointed at */
	char name[400];
};

static const struct refs_state *state_of(const struct view *view)
{
	return view->state;
}

static const struct ref *ref_of(const struct view *view, uint32_t row)
{
	return &state_of(view)->holders.ref[row];
}

static struct place place_of_row(const struct view *view, uint32_t row)
{
	return name_place_of_ref(view->snap, ref_of(view, row));
}

static void kind_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_text(place_kind_name(place_of_row(view, row).kind));
}

static void from_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (ref_of(view, row)->from)
		*out = value_u(V_ADDR, ref_of(view, row)->from);
}

static void offset_cell(const struct view *view, uint32_t row,
			struct value *out)
{
	struct place place = place_of_row(view, row);
	int64_t offset;

	if (name_offset(view->snap, state_of(view)->symbols, &place, &offset))
		*out = (struct value){.kind = V_DELTA, .i = offset};
}

static void name_cell(const struct view *view, uint32_t row, struct value *out)
{
	struct refs_state *state = view->state;
	struct place place = place_of_row(view, row);

	name_format(view->snap, state->symbols, &place, state->name,
		    sizeof(state->name));
	*out = value_text(state->name);
}

static void to_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_u(V_NUMBER,
		       ref_of(view, row)->value - state_of(view)->low);
}

static void interior_cell(const struct view *view, uint32_t row,
			  struct value *out)
{
	*out = value_u(V_BOOL, ref_of(view, row)->value != state_of(view)->low);
}

static void class_cell(const struct view *view, uint32_t row, struct value *out)
{
	struct place place = place_of_row(view, row);

	*out = place_class_value(view->snap, &place);
}

static void type_cell(const struct view *view, uint32_t row, struct value *out)
{
	struct refs_state *state = view->state;
	struct place place = place_of_row(view, row);

	*out = place_type_value(view->snap, state->symbols, &place, state->name,
				sizeof(state->name));
}

static void thread_cell(const struct view *view, uint32_t row,
			struct value *out)
{
	struct place place = place_of_row(view, row);

	if (place.thread != UINT32_MAX)
		*out = value_u(
			V_NUMBER,
			(uint64_t)view->snap->thread[place.thread].thread.tid);
}

static const struct column refs_columns[] = {
	{"from_kind", "KIND", "what holds the pointer: chunk, global, stack...",
	 V_TEXT, .cell = kind_cell},
	{"from", "FROM", "the word that points; a register has no address",
	 V_ADDR, .cell = from_cell},
	{"offset", "", "bytes from the start of what holds it", V_DELTA,
	 .cell = offset_cell, .json_only = true},
	{"name", "HOLDER", "what holds it", V_TEXT, .cell = name_cell,
	 .stretch = true},
	{"to_offset", "TO +", "where in the block it points", V_NUMBER,
	 .cell = to_cell},
	{"interior", "", "it does not point at the start", V_BOOL,
	 .cell = interior_cell, .json_only = true},
	{"size", "", "class of the chunk that holds it", V_BYTES,
	 .cell = class_cell, .json_only = true},
	{"type", "", "what that chunk seems to be: class, symbol, text", V_TEXT,
	 .cell = type_cell, .json_only = true},
	{"tid", "", "of a register, a stack or thread-local storage", V_NUMBER,
	 .cell = thread_cell, .json_only = true},
};

/* Up: who holds the holder. */
static bool refs_drill(const struct view *view, uint32_t row, char *line,
		       size_t cap)
{
	struct place place = place_of_row(view, row);

	return place_drill(view->snap, &place, line, cap);
}

static bool refs_bytes(const struct view *view, uint32_t row, uint64_t *addr,
		       uint64_t *len)
{
	struct place place = place_of_row(view, row);

	return place_bytes(view->snap, &place, addr, len);
}

static void refs_release(struct view *view)
{
	struct refs_state *state = view->state;

	holders_deinit(&state->holders);
	free(state);
}

static const struct view_ops refs_ops = {
	.name = "refs",
	.column = refs_columns,
	.column_count = sizeof(refs_columns) / sizeof(*refs_columns),
	.default_sort = -1,
	.section = -1,
	.drill = refs_drill,
	.bytes = refs_bytes,
	.release = refs_release,
};

void view_doubtful(struct view *view, struct symbols *symbols,
		   const struct holders *holders)
{
	const struct doubtful *d[] = {&holders->stale, &holders->past_end};
	char count[FMT_MAX], name[400];

	for (int i = 0; i < 2; i++) {
		struct place place;

		if (!d[i]->count)
			continue;
		place = name_place_of_ref(view->snap, &d[i]->example);
		name_format(view->snap, symbols, &place, name, sizeof(name));
		view_warn(view, "not counted: %s word%s %s (0x%" PRIx64 ": %s)",
			  fmt_count(count, sizeof(count), d[i]->count),
			  d[i]->count == 1 ? "" : "s",
			  i ? "with the address of the byte behind its end"
			    : "left behind by calls that have returned",
			  d[i]->example.from, name);
	}
}

int view_refs(const struct snapshot *snap, struct symbols *symbols,
	      struct holders *holders, uint64_t low, const char *what,
	      struct view **out, struct error *err)
{
	struct refs_state *state = xcalloc(1, sizeof(*state));
	uint32_t count = (uint32_t)holders->count;
	struct view *view;
	uint64_t interior = 0;

	state->holders = *holders;
	state->symbols = symbols;
	state->low = low;
	*holders = (struct holders){0};
	if (view_create(&refs_ops, count, state, &view, err))
		return -1;
	view_of_snapshot(view, snap);
	view_of_symbols(view, symbols);
	snprintf(view->title, sizeof(view->title),
		 "who points at %.150s, snapshot %s", what, snap->name);
	for (uint32_t i = 0; i < count; i++)
		interior += state->holders.ref[i].value != low;
	view_total(view, NULL, "count", "pointers at it",
		   value_u(V_COUNT, count));
	view_total(view, NULL, "interior", "of them inside it",
		   value_u(V_COUNT, interior));
	if (!state->holders.complete)
		view->complete = false;
	if (state->holders.note[0])
		view_warn(view, "%s", state->holders.note);
	view_doubtful(view, symbols, &state->holders);
	*out = view;
	return 0;
}
