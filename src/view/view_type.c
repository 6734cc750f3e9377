/* What one chunk is, and why we think so. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/typing_why.h"
#include "base/alloc.h"
#include "view/views.h"

struct type_state {
	struct why why;
	char *name;	      /* owned; NULL: it has none */
	const char *named_by; /* static */
	uint64_t addr;	      /* of the chunk */
};

static const struct why_line *row_of(const struct view *view, uint32_t row)
{
	const struct type_state *state = view->state;

	return &state->why.line[row];
}

static void section_cell(const struct view *view, uint32_t row,
			 struct value *out)
{
	*out = value_text(row_of(view, row)->section);
}

static void addr_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (row_of(view, row)->has_addr)
		*out = value_u(V_ADDR, row_of(view, row)->addr);
}

static void what_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_text(row_of(view, row)->text);
}

static const struct column type_columns[] = {
	{"section", "", "which part of the answer", V_TEXT,
	 .cell = section_cell},
	{"addr", "", "of what the line speaks of", V_ADDR, .cell = addr_cell},
	{"what", "", "what is known", V_TEXT, .cell = what_cell,
	 .stretch = true, .wrap = true},
};

static bool type_drill(const struct view *view, uint32_t row, char *line,
		       size_t cap)
{
	const struct type_state *state = view->state;
	const struct why_line *r = row_of(view, row);
	bool chunk =
		r->has_addr && snapshot_find(view->snap, r->addr) != CHUNK_NONE;

	snprintf(line, cap, "%s 0x%" PRIx64,
		 chunk || !r->has_addr ? "chunk" : "symbol",
		 r->has_addr ? r->addr : state->addr);
	return true;
}

static bool type_bytes(const struct view *view, uint32_t row, uint64_t *addr,
		       uint64_t *len)
{
	const struct why_line *r = row_of(view, row);
	uint32_t chunk;

	if (!r->has_addr)
		return false;
	chunk = snapshot_find(view->snap, r->addr);
	*addr = chunk == CHUNK_NONE ? r->addr : view->snap->chunk[chunk].addr;
	*len = chunk == CHUNK_NONE ? 64 : view->snap->chunk[chunk].size;
	return true;
}

static void type_release(struct view *view)
{
	struct type_state *state = view->state;

	why_deinit(&state->why);
	free(state->name);
	free(state);
}

static const struct view_ops type_ops = {
	.name = "type",
	.column = type_columns,
	.column_count = sizeof(type_columns) / sizeof(*type_columns),
	.default_sort = -1,
	.section = 0,
	.drill = type_drill,
	.bytes = type_bytes,
	.release = type_release,
};

int view_type(const struct typing *typing, uint32_t chunk, struct view **out,
	      struct error *err)
{
	struct type_state *state = xcalloc(1, sizeof(*state));
	struct view *view;
	uint32_t name;
	enum typed_by by = typing_best(typing, chunk, &name);

	typing_why(typing, chunk, &state->why);
	if (by != TYPED_NOT)
		state->name = xstrdup(typing->name[name].text);
	state->named_by = typed_by_name(by);
	state->addr = typing->snap->chunk[chunk].addr;
	if (view_create(&type_ops, (uint32_t)state->why.count, state, &view,
			err))
		return -1;
	view_of_snapshot(view, typing->snap);
	view_of_symbols(view, typing->symbols);
	snprintf(view->title, sizeof(view->title),
		 "type of chunk 0x%" PRIx64 ", snapshot %s",
		 typing->snap->chunk[chunk].addr, typing->snap->name);
	view_total(view, NULL, "type", NULL,
		   state->name ? value_text(state->name) : value_none());
	view_total(view, NULL, "named_by", NULL, value_text(state->named_by));
	*out = view;
	return 0;
}
