/* Chains from a root to a chunk, one step a row. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/names.h"
#include "base/alloc.h"
#include "base/fmt.h"
#include "view/place_cells.h"
#include "view/views.h"

enum {
	FOLD_OVER = 40, /* chunks of a chain that are all shown */
	FOLD_ENDS = 10	/* of a longer one: so many at both ends */
};

/* A step, or, with folded, that many from this one on. */
struct path_row {
	uint32_t path, step; /* step 0: the root; n: chunk n - 1 */
	uint32_t folded;
};

struct path_state {
	struct paths paths;	 /* owned */
	struct symbols *symbols; /* borrowed, or NULL */
	struct path_row *row;	 /* owned */
	size_t rows, cap;
	char name[400], section[120];
};

static const struct path_row *row_of(const struct view *view, uint32_t row)
{
	const struct path_state *state = view->state;

	return &state->row[row];
}

static const struct path *path_of(const struct view *view, uint32_t row)
{
	const struct path_state *state = view->state;

	return &state->paths.path[row_of(view, row)->path];
}

/* The word that leads on; of the last step the block itself. */
static struct place place_of_step(const struct snapshot *snap,
				  const struct path *path, uint32_t step)
{
	struct place place;
	uint32_t i = step - 1;

	if (!step)
		return name_place_of_ref(snap, &path->root);
	place = (struct place){.kind = PLACE_CHUNK,
			       .chunk = path->chunk[i],
			       .addr = snap->chunk[path->chunk[i]].addr,
			       .thread = UINT32_MAX,
			       .frame = UINT32_MAX};
	if (path->word[i]) {
		place.offset = path->word[i] - place.addr;
		place.addr = path->word[i];
	}
	return place;
}

static struct place place_of_row(const struct view *view, uint32_t row)
{
	return place_of_step(view->snap, path_of(view, row),
			     row_of(view, row)->step);
}

static bool is_last(const struct view *view, uint32_t row)
{
	return row_of(view, row)->step == path_of(view, row)->count;
}

static const char *root_words(enum place_kind kind)
{
	switch (kind) {
	case PLACE_GLOBAL:
		return "a variable";
	case PLACE_TLS:
		return "thread-local storage";
	case PLACE_STACK:
		return "a stack";
	case PLACE_REGISTER:
		return "a register";
	default:
		return "other memory";
	}
}

static void section_cell(const struct view *view, uint32_t row,
			 struct value *out)
{
	struct path_state *state = view->state;
	const struct path *path = path_of(view, row);
	struct place root = name_place_of_ref(view->snap, &path->root);
	char count[FMT_MAX];

	snprintf(state->section, sizeof(state->section),
		 "path %u: %s step%s from %s", row_of(view, row)->path + 1,
		 fmt_count(count, sizeof(count), path->count),
		 path->count == 1 ? "" : "s", root_words(root.kind));
	*out = value_text(state->section);
}

static void path_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_u(V_NUMBER, row_of(view, row)->path + 1);
}

static void step_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (!row_of(view, row)->folded)
		*out = value_u(V_NUMBER, row_of(view, row)->step);
}

static void kind_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_text(
		row_of(view, row)->folded
			? ""
			: place_kind_name(place_of_row(view, row).kind));
}

static void addr_cell(const struct view *view, uint32_t row, struct value *out)
{
	struct place place = place_of_row(view, row);

	if (row_of(view, row)->folded || place.kind == PLACE_REGISTER)
		return;
	if (place.kind == PLACE_CHUNK)
		place.addr = view->snap->chunk[place.chunk].addr;
	*out = value_u(V_ADDR, place.addr);
}

static void offset_cell(const struct view *view, uint32_t row,
			struct value *out)
{
	const struct path_state *state = view->state;
	struct place place = place_of_row(view, row);
	int64_t offset;

	if (row_of(view, row)->folded || is_last(view, row))
		return;
	if (name_offset(view->snap, state->symbols, &place, &offset))
		*out = (struct value){.kind = V_DELTA, .i = offset};
}

/* "... 4,999,980 more steps, through chunks of class 32 at +8 ..." */
static void format_folded(const struct view *view, const struct path_row *r,
			  char *buf, size_t cap)
{
	const struct snapshot *snap = view->snap;
	const struct path_state *state = view->state;
	const struct path *path = &state->paths.path[r->path];
	struct place first = place_of_step(snap, path, r->step);
	uint64_t class = snapshot_chunk_size(snap, first.chunk);
	char count[FMT_MAX], at[40];
	bool same_class = true, same_offset = true;

	for (uint32_t i = r->step - 1; i < r->step - 1 + r->folded; i++) {
		uint64_t addr = snap->chunk[path->chunk[i]].addr;

		same_class &=
			snapshot_chunk_size(snap, path->chunk[i]) == class;
		same_offset &= path->word[i] - addr == first.offset;
	}
	snprintf(at, sizeof(at), " at +%" PRIu64, first.offset);
	fmt_count(count, sizeof(count), r->folded);
	if (same_class)
		snprintf(buf, cap,
			 "... %s more steps through chunks of class %" PRIu64
			 "%s ...",
			 count, class, same_offset ? at : "");
	else
		snprintf(buf, cap, "... %s more steps through chunks%s ...",
			 count, same_offset ? at : " of several classes");
}

static void name_cell(const struct view *view, uint32_t row, struct value *out)
{
	struct path_state *state = view->state;
	struct place place = place_of_row(view, row);

	if (row_of(view, row)->folded)
		format_folded(view, row_of(view, row), state->name,
			      sizeof(state->name));
	else
		name_format(view->snap, state->symbols, &place, state->name,
			    sizeof(state->name));
	*out = value_text(state->name);
}

/* Where in the next block the word points. */
static void to_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct path *path = path_of(view, row);
	uint32_t step = row_of(view, row)->step;
	uint64_t value = path->root.value;

	if (row_of(view, row)->folded || is_last(view, row))
		return;
	if (step) {
		value = 0;
		if (image_read(view->snap->contents, path->word[step - 1],
			       &value, view->snap->word) != view->snap->word)
			return;
	}
	*out = value_u(V_NUMBER,
		       value - view->snap->chunk[path->chunk[step]].addr);
}

static void size_cell(const struct view *view, uint32_t row, struct value *out)
{
	struct place place = place_of_row(view, row);

	if (!row_of(view, row)->folded)
		*out = place_class_value(view->snap, &place);
}

static void type_cell(const struct view *view, uint32_t row, struct value *out)
{
	struct path_state *state = view->state;
	struct place place = place_of_row(view, row);

	if (row_of(view, row)->folded)
		return;
	*out = place_type_value(view->snap, state->symbols, &place, state->name,
				sizeof(state->name));
}

static const struct column path_columns[] = {
	{"section", "", "which chain", V_TEXT, .cell = section_cell},
	{"path", "", "its number", V_NUMBER, .cell = path_cell,
	 .json_only = true},
	{"step", "STEP", "0: the root", V_NUMBER, .cell = step_cell},
	{"kind", "KIND", "chunk; of the root: global, stack, tls...", V_TEXT,
	 .cell = kind_cell},
	{"addr", "ADDRESS", "the chunk; of the root: the word that points",
	 V_ADDR, .cell = addr_cell},
	{"offset", "", "of the word that leads on", V_DELTA,
	 .cell = offset_cell, .json_only = true},
	{"name", "NAME", "what it is, and where in it the pointer is", V_TEXT,
	 .cell = name_cell, .stretch = true},
	{"to_offset", "TO +", "where in the next one it points", V_NUMBER,
	 .cell = to_cell},
	{"size", "", "class of the chunk", V_BYTES, .cell = size_cell,
	 .json_only = true},
	{"type", "", "what that chunk seems to be: class, symbol, text", V_TEXT,
	 .cell = type_cell, .json_only = true},
};

static bool path_drill(const struct view *view, uint32_t row, char *line,
		       size_t cap)
{
	struct place place = place_of_row(view, row);

	return place_drill(view->snap, &place, line, cap);
}

static bool path_bytes(const struct view *view, uint32_t row, uint64_t *addr,
		       uint64_t *len)
{
	struct place place = place_of_row(view, row);

	return place_bytes(view->snap, &place, addr, len);
}

static void state_free(struct path_state *state)
{
	paths_deinit(&state->paths);
	free(state->row);
	free(state);
}

static void path_release(struct view *view)
{
	state_free(view->state);
}

static const struct view_ops path_ops = {
	.name = "path",
	.column = path_columns,
	.column_count = sizeof(path_columns) / sizeof(*path_columns),
	.default_sort = -1,
	.section = 0,
	.drill = path_drill,
	.bytes = path_bytes,
	.release = path_release,
};

static int make_rows(struct path_state *state, bool all, struct error *err)
{
	for (uint32_t p = 0; p < state->paths.count; p++) {
		uint32_t count = state->paths.path[p].count;

		for (uint32_t step = 0; step <= count; step++) {
			struct path_row row = {.path = p, .step = step};

			if (!all && count > FOLD_OVER && step == FOLD_ENDS + 1)
				row.folded = count - 2 * FOLD_ENDS;
			if (GROW(state->row, state->cap, state->rows + 1,
				 "steps", err))
				return -1;
			state->row[state->rows++] = row;
			if (row.folded)
				step += row.folded - 1;
		}
	}
	return 0;
}

int view_path(const struct snapshot *snap, struct symbols *symbols,
	      struct paths *paths, bool all, const char *what,
	      struct view **out, struct error *err)
{
	struct path_state *state = xcalloc(1, sizeof(*state));
	struct view *view;

	state->paths = *paths;
	state->symbols = symbols;
	*paths = (struct paths){0};
	if (make_rows(state, all, err)) {
		state_free(state);
		return -1;
	}
	if (state->rows >= UINT32_MAX) {
		state_free(state);
		return error_set(err, ERR_NO_MEMORY, "too many steps");
	}
	if (view_create(&path_ops, (uint32_t)state->rows, state, &view, err))
		return -1;
	view_of_snapshot(view, snap);
	view_of_symbols(view, symbols);
	snprintf(view->title, sizeof(view->title), "%s to %.150s, snapshot %s",
		 state->paths.count == 1 ? "a shortest path"
		 : state->paths.count	 ? "the shortest paths"
					 : "no path",
		 what, snap->name);
	view_total(view, NULL, "paths", "paths",
		   value_u(V_COUNT, state->paths.count));
	if (state->paths.count)
		view_total(view, NULL, "steps", "steps in the shortest",
			   value_u(V_COUNT, state->paths.path[0].count));
	*out = view;
	return 0;
}
