/* Chunks and what would be freed with each of them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/content.h"
#include "analysis/describe.h"
#include "analysis/names.h"
#include "base/alloc.h"
#include "base/fmt.h"
#include "view/chunk_cells.h"
#include "view/views.h"

struct retained_state {
	struct retained_chunk *row; /* owned */
	struct owner *owner;	    /* owned */
	uint32_t chunks;	    /* holders from there on are owners */
	uint64_t total;		    /* bytes of all used chunks */
	struct retained_opts opts;
	struct symbols *symbols; /* borrowed */
	struct finder finder;
	char text[400]; /* of the last cell() */
};

static const struct retained_chunk *row_of(const struct view *view,
					   uint32_t row)
{
	const struct retained_state *state = view->state;

	return &state->row[row];
}

static void addr_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_u(V_ADDR,
		       view->snap->chunk[row_of(view, row)->chunk].addr);
}

static void count_cell(const struct view *view, uint32_t row, struct value *out)
{
	(void)view;
	(void)row;
	*out = value_u(V_COUNT, 1);
}

static void bytes_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_u(V_BYTES, snapshot_chunk_size(view->snap,
						    row_of(view, row)->chunk));
}

static void retained_count_cell(const struct view *view, uint32_t row,
				struct value *out)
{
	*out = value_u(V_COUNT, row_of(view, row)->count);
}

static void retained_bytes_cell(const struct view *view, uint32_t row,
				struct value *out)
{
	*out = value_u(V_BYTES, row_of(view, row)->bytes);
}

static void share_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct retained_state *state = view->state;

	if (state->total)
		*out = (struct value){.kind = V_PERCENT,
				      .f = 100 *
					   (double)row_of(view, row)->bytes /
					   (double)state->total};
}

static void lost_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_u(V_BOOL, row_of(view, row)->lost);
}

static void what_cell(const struct view *view, uint32_t row, struct value *out)
{
	struct retained_state *state = view->state;
	uint32_t chunk = row_of(view, row)->chunk;
	struct pattern p;
	uint64_t word;

	*out = value_text(state->text);
	if (describe_chunk(view->snap, state->symbols, chunk, state->text,
			   sizeof(state->text)))
		return;
	p = content_first(view->snap, &state->finder, chunk, &word);
	content_name(&p, view->snap, state->symbols, state->text,
		     sizeof(state->text));
}

static void type_cell(const struct view *view, uint32_t row, struct value *out)
{
	struct retained_state *state = view->state;

	*out = chunk_type_value(view->snap, state->symbols,
				row_of(view, row)->chunk, state->text,
				sizeof(state->text));
}

static void holder_kind_cell(const struct view *view, uint32_t row,
			     struct value *out)
{
	const struct retained_state *state = view->state;
	uint32_t holder = row_of(view, row)->holder;
	const char *name = "chunk";

	if (holder == RETAINED_SEVERAL)
		name = "several";
	else if (holder == RETAINED_NOBODY)
		name = "nobody";
	else if (holder >= state->chunks)
		name = owner_kind_name(
			state->owner[holder - state->chunks].kind);
	*out = value_text(name);
}

static void holder_addr_cell(const struct view *view, uint32_t row,
			     struct value *out)
{
	const struct retained_state *state = view->state;
	uint32_t holder = row_of(view, row)->holder;
	uint64_t addr = 0;

	if (holder < state->chunks)
		addr = view->snap->chunk[holder].addr;
	else if (holder < RETAINED_NONE)
		addr = state->owner[holder - state->chunks].addr;
	if (addr)
		*out = value_u(V_ADDR, addr);
}

static void holder_cell(const struct view *view, uint32_t row,
			struct value *out)
{
	struct retained_state *state = view->state;
	uint32_t holder = row_of(view, row)->holder;

	if (holder == RETAINED_SEVERAL)
		snprintf(state->text, sizeof(state->text), "several");
	else if (holder == RETAINED_NOBODY)
		snprintf(state->text, sizeof(state->text), "nobody");
	else if (holder < state->chunks)
		name_chunk(view->snap, state->symbols, holder, state->text,
			   sizeof(state->text));
	else
		owner_name(&state->owner[holder - state->chunks], view->snap,
			   state->symbols, state->text, sizeof(state->text));
	*out = value_text(state->text);
}

/* By dominators, and by the shortest ways: what the numbers are is not one. */
/* clang-format off */
#define COLUMNS(title, count_help, bytes_help, holder_help) {                  \
	{"addr", "ADDRESS", "what malloc returned", V_ADDR,                    \
	 .cell = addr_cell},                                                   \
	{"count", "", "1: the chunk", V_COUNT, .cell = count_cell,             \
	 .json_only = true},                                                   \
	{"bytes", "ITSELF", "the chunk's own size, header included", V_BYTES,  \
	 .cell = bytes_cell},                                                  \
	{"retained_count", "CHUNKS", count_help, V_COUNT,                      \
	 .cell = retained_count_cell},                                         \
	{"retained_bytes", title, bytes_help, V_BYTES,                         \
	 .cell = retained_bytes_cell},                                         \
	{"share", "SHARE", "of the bytes of all used chunks", V_PERCENT,       \
	 .cell = share_cell},                                                  \
	{"holder", "HELD BY", holder_help, V_TEXT, .cell = holder_cell,        \
	 .stretch = true},                                                     \
	{"holder_kind", "", "chunk, symbol, stack, ..., several, nobody",      \
	 V_TEXT, .cell = holder_kind_cell, .json_only = true},                 \
	{"holder_addr", "", "the holder's address, if it has one", V_ADDR,     \
	 .cell = holder_addr_cell, .json_only = true},                         \
	{"what", "WHAT", "class, text, symbol, or its first word", V_TEXT,     \
	 .cell = what_cell, .stretch = true},                                  \
	{"type", "", "what it seems to be: class, symbol, text", V_TEXT,       \
	 .cell = type_cell, .json_only = true},                                \
	{"unreachable", "", "no root leads to it", V_BOOL,                     \
	 .cell = lost_cell, .json_only = true},                                \
}
/* clang-format on */

static const struct column retained_columns[] =
	COLUMNS("RETAINED", "it, and what is reached through it alone",
		"their sizes: what would be freed", "who alone reaches it");
static const struct column nearest_columns[] = COLUMNS(
	"LEADS TO", "it, and what the shortest way to leads through it",
	"their sizes; others may lead there, too", "before it on its way");

/* Into what it dominates; what dominates nothing is looked at itself. */
static bool retained_drill(const struct view *view, uint32_t row, char *line,
			   size_t cap)
{
	const struct retained_chunk *r = row_of(view, row);

	const struct retained_state *state = view->state;

	snprintf(line, cap, "%s%s%s 0x%" PRIx64,
		 r->count > 1 ? "retained" : "chunk",
		 r->count <= 1 || state->opts.lasting ? "" : " --strict",
		 r->count <= 1 || state->opts.tree != RETAINED_NEAREST
			 ? ""
			 : " --nearest",
		 view->snap->chunk[r->chunk].addr);
	return true;
}

static bool retained_bytes(const struct view *view, uint32_t row,
			   uint64_t *addr, uint64_t *len)
{
	const struct chunk *c = &view->snap->chunk[row_of(view, row)->chunk];

	*addr = c->addr;
	*len = c->size;
	return true;
}

static void retained_release(struct view *view)
{
	struct retained_state *state = view->state;

	finder_deinit(&state->finder);
	free(state->row);
	free(state->owner);
	free(state);
}

static const struct view_ops retained_ops = {
	.name = "retained",
	.column = retained_columns,
	.column_count = sizeof(retained_columns) / sizeof(*retained_columns),
	.default_sort = 4,
	.default_descending = true,
	.section = -1,
	.drill = retained_drill,
	.bytes = retained_bytes,
	.release = retained_release,
};

static const struct view_ops nearest_ops = {
	.name = "retained",
	.column = nearest_columns,
	.column_count = sizeof(nearest_columns) / sizeof(*nearest_columns),
	.default_sort = 4,
	.default_descending = true,
	.section = -1,
	.drill = retained_drill,
	.bytes = retained_bytes,
	.release = retained_release,
};

static int copy_owners(struct retained_state *state, const struct retained *r,
		       struct error *err)
{
	state->owner = try_calloc(r->owners.count, sizeof(*state->owner),
				  "table of owners", err);
	if (!state->owner)
		return -1;
	if (r->owners.count)
		memcpy(state->owner, r->owners.owner,
		       r->owners.count * sizeof(*state->owner));
	return 0;
}

void view_of_retained(struct view *view, const struct retained *r,
		      struct symbols *symbols)
{
	view_of_snapshot(view, r->snap);
	view_of_symbols(view, symbols);
	if (!r->complete)
		view->complete = false;
	if (r->note[0])
		view_warn(view, "%s", r->note);
	view_total(view, NULL, "count", "chunks used",
		   value_u(V_COUNT, r->total.count));
	view_total(view, NULL, "bytes", "used",
		   value_u(V_BYTES, r->total.bytes));
	if (r->opts.tree == RETAINED_DOMINATORS) {
		view_total(view, NULL, "several_count", NULL,
			   value_u(V_COUNT, r->several.count));
		view_total(view, NULL, "several_bytes", "held by several",
			   value_u(V_BYTES, r->several.bytes));
	}
	view_total(view, NULL, "unreachable_count", NULL,
		   value_u(V_COUNT, r->nobody.count));
	view_total(view, NULL, "unreachable_bytes", "unreachable",
		   value_u(V_BYTES, r->nobody.bytes));
}

int view_retained(const struct retained *r, struct retained_chunk *row,
		  uint32_t count, const char *title, struct symbols *symbols,
		  struct view **out, struct error *err)
{
	struct retained_state *state = xcalloc(1, sizeof(*state));
	struct view *view;

	state->row = row;
	state->chunks = r->chunks;
	state->total = r->total.bytes;
	state->opts = r->opts;
	state->symbols = symbols;
	if (finder_init(&state->finder, r->snap, NULL, err) ||
	    copy_owners(state, r, err)) {
		finder_deinit(&state->finder);
		free(row);
		free(state);
		return -1;
	}
	if (view_create(r->opts.tree == RETAINED_NEAREST ? &nearest_ops
							 : &retained_ops,
			count, state, &view, err))
		return -1;
	snprintf(view->title, sizeof(view->title), "%s, snapshot %s", title,
		 r->snap->name);
	view_of_retained(view, r, symbols);
	*out = view;
	return 0;
}
