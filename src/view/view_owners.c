/* Who holds the heap: variables, threads, modules and what each retains. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "view/views.h"

struct owners_state {
	struct retained_owner *row; /* owned */
	struct owner *owner;	    /* owned: one a row; of several: zeros */
	struct retained_opts opts;
	uint64_t total;
	struct symbols *symbols; /* borrowed */
	char text[400];		 /* of the last cell() */
};

static const struct retained_owner *row_of(const struct view *view,
					   uint32_t row)
{
	const struct owners_state *state = view->state;

	return &state->row[row];
}

static bool is_owner(const struct retained_owner *row)
{
	return row->owner < RETAINED_NONE;
}

#define NUMBER_CELL(name, value_kind, field)                                   \
	static void name##_cell(const struct view *view, uint32_t row,         \
				struct value *out)                             \
	{                                                                      \
		*out = value_u(value_kind, row_of(view, row)->field);          \
	}

NUMBER_CELL(count, V_COUNT, direct.count)
NUMBER_CELL(bytes, V_BYTES, direct.bytes)
NUMBER_CELL(retained_count, V_COUNT, all.count)
NUMBER_CELL(retained_bytes, V_BYTES, all.bytes)
NUMBER_CELL(nearest_count, V_COUNT, nearest.count)
NUMBER_CELL(nearest_bytes, V_BYTES, nearest.bytes)

static void share_of(const struct view *view, uint64_t bytes, struct value *out)
{
	const struct owners_state *state = view->state;

	if (state->total)
		*out = (struct value){.kind = V_PERCENT,
				      .f = 100 * (double)bytes /
					   (double)state->total};
}

static void share_cell(const struct view *view, uint32_t row, struct value *out)
{
	share_of(view, row_of(view, row)->all.bytes, out);
}

static void nearest_share_cell(const struct view *view, uint32_t row,
			       struct value *out)
{
	share_of(view, row_of(view, row)->nearest.bytes, out);
}

static void name_cell(const struct view *view, uint32_t row, struct value *out)
{
	struct owners_state *state = view->state;
	const struct retained_owner *r = row_of(view, row);

	if (r->owner == RETAINED_SEVERAL)
		*out = value_text("shared by several");
	else if (r->owner == RETAINED_NOBODY)
		*out = value_text("nobody (unreachable)");
	else {
		owner_name(&state->owner[row], view->snap, state->symbols,
			   state->text, sizeof(state->text));
		*out = value_text(state->text);
	}
}

static void kind_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct owners_state *state = view->state;
	const struct retained_owner *r = row_of(view, row);

	if (r->owner == RETAINED_SEVERAL)
		*out = value_text("several");
	else if (r->owner == RETAINED_NOBODY)
		*out = value_text("nobody");
	else if (state->owner[row].kind == OWNER_CLASS)
		*out = value_text(root_class_name(state->owner[row].class));
	else
		*out = value_text(owner_kind_name(state->owner[row].kind));
}

static void where_cell(const struct view *view, uint32_t row, struct value *out)
{
	struct owners_state *state = view->state;

	if (!is_owner(row_of(view, row)))
		return;
	owner_where(&state->owner[row], state->symbols, state->text,
		    sizeof(state->text));
	if (state->text[0])
		*out = value_text(state->text);
}

static void addr_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct owners_state *state = view->state;

	if (is_owner(row_of(view, row)) && state->owner[row].addr)
		*out = value_u(V_ADDR, state->owner[row].addr);
}

static void tid_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct owners_state *state = view->state;

	if (is_owner(row_of(view, row)) &&
	    state->owner[row].thread != UINT32_MAX)
		*out = value_u(
			V_NUMBER,
			(uint64_t)view->snap->thread[state->owner[row].thread]
				.thread.tid);
}

static const struct column owners_columns[] = {
	{"name", "HELD BY", "the root nearest to them", V_TEXT,
	 .cell = name_cell, .stretch = true},
	{"where", "IN", "module and section of a variable", V_TEXT,
	 .cell = where_cell, .stretch = true},
	{"kind", "", "symbol, data, module, stack, ..., several, nobody",
	 V_TEXT, .cell = kind_cell, .json_only = true},
	{"addr", "", "of a variable, module or mapping", V_ADDR,
	 .cell = addr_cell, .json_only = true},
	{"tid", "", "the thread's", V_NUMBER, .cell = tid_cell,
	 .json_only = true},
	{"count", "", "chunks that it points at itself, others perhaps too",
	 V_COUNT, .cell = count_cell, .json_only = true},
	{"bytes", "", "their sizes", V_BYTES, .cell = bytes_cell,
	 .json_only = true},
	{"retained_count", "", "all that is reached through it alone", V_COUNT,
	 .cell = retained_count_cell, .json_only = true},
	{"retained_bytes", "RETAINED",
	 "reached through it alone: what would be freed", V_BYTES,
	 .cell = retained_bytes_cell},
	{"share", "", "that, of the bytes of all used chunks", V_PERCENT,
	 .cell = share_cell, .json_only = true},
	{"nearest_count", "CHUNKS", "to which it is the nearest root", V_COUNT,
	 .cell = nearest_count_cell},
	{"nearest_bytes", "NEAREST", "their sizes", V_BYTES,
	 .cell = nearest_bytes_cell},
	{"nearest_share", "SHARE", "that, of the bytes of all used chunks",
	 V_PERCENT, .cell = nearest_share_cell},
};

static bool owners_drill(const struct view *view, uint32_t row, char *line,
			 size_t cap)
{
	static const char *const by[] = {
		[OWNER_BY_SYMBOL] = "symbol",
		[OWNER_BY_THREAD] = "thread",
		[OWNER_BY_MODULE] = "module",
		[OWNER_BY_KIND] = "kind",
	};
	const struct owners_state *state = view->state;
	uint32_t owner = row_of(view, row)->owner;
	const struct owner *o = &state->owner[row];

	const char *strict = state->opts.lasting ? "" : " --strict";
	bool nearest = row_of(view, row)->nearest.bytes !=
		       row_of(view, row)->all.bytes;
	size_t n;

	snprintf(line, cap, "retained --by=%s%s%s ", by[state->opts.by], strict,
		 nearest && owner < RETAINED_NONE ? " --nearest" : "");
	n = strlen(line);
	if (owner == RETAINED_SEVERAL)
		snprintf(line + n, cap - n, "several");
	else if (owner == RETAINED_NOBODY)
		snprintf(line + n, cap - n, "nobody");
	else if (o->addr)
		snprintf(line + n, cap - n, "0x%" PRIx64, o->addr);
	else
		snprintf(line + n, cap - n, "--owner=%u", owner);
	return true;
}

static bool owners_bytes(const struct view *view, uint32_t row, uint64_t *addr,
			 uint64_t *len)
{
	const struct owners_state *state = view->state;
	struct symbol symbol;

	*addr = state->owner[row].addr;
	*len = 64;
	if (state->symbols && symbols_at(state->symbols, *addr, &symbol) &&
	    symbol.size)
		*len = symbol.size;
	return *addr != 0;
}

static void owners_release(struct view *view)
{
	struct owners_state *state = view->state;

	free(state->row);
	free(state->owner);
	free(state);
}

static const struct view_ops owners_ops = {
	.name = "retained",
	.column = owners_columns,
	.column_count = sizeof(owners_columns) / sizeof(*owners_columns),
	.default_sort = 11,
	.default_descending = true,
	.section = -1,
	.drill = owners_drill,
	.bytes = owners_bytes,
	.release = owners_release,
};

int view_owners(const struct retained *r, struct retained_owner *row,
		uint32_t count, struct symbols *symbols, struct view **out,
		struct error *err)
{
	static const char *const what[] = {
		[OWNER_BY_SYMBOL] = "variables and threads",
		[OWNER_BY_THREAD] = "threads",
		[OWNER_BY_MODULE] = "modules and threads",
		[OWNER_BY_KIND] = "kinds of memory",
	};
	struct owners_state *state = xcalloc(1, sizeof(*state));
	struct view *view;

	state->row = row;
	state->opts = r->opts;
	state->total = r->total.bytes;
	state->symbols = symbols;
	state->owner = try_calloc(count, sizeof(*state->owner),
				  "table of owners", err);
	if (!state->owner) {
		free(row);
		free(state);
		return -1;
	}
	for (uint32_t i = 0; i < count; i++)
		if (is_owner(&row[i]))
			state->owner[i] = r->owners.owner[row[i].owner];
	if (view_create(&owners_ops, count, state, &view, err))
		return -1;
	snprintf(view->title, sizeof(view->title),
		 "what %s hold%s, snapshot %s", what[r->opts.by],
		 r->opts.lasting ? "" : ", stacks and registers equally",
		 r->snap->name);
	view_of_retained(view, r, symbols);
	*out = view;
	return 0;
}
