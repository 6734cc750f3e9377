#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/describe.h"
#include "base/alloc.h"
#include "base/words.h"
#include "view/chunk_cells.h"
#include "view/views.h"

struct leaks_state {
	const struct typing *types; /* borrowed; NULL: not by type */
	struct leak_groups groups;
	struct symbols *symbols; /* borrowed */
	char name[200];		 /* of the last cell() */
};

static const struct leak_group *group_of(const struct view *view, uint32_t row)
{
	const struct leaks_state *state = view->state;

	return &state->groups.group[row];
}

#define NUMBER_CELL(name, kind)                                                \
	static void name##_cell(const struct view *view, uint32_t row,         \
				struct value *out)                             \
	{                                                                      \
		*out = value_u(kind, group_of(view, row)->name);               \
	}

NUMBER_CELL(count, V_COUNT)
NUMBER_CELL(bytes, V_BYTES)
NUMBER_CELL(indirect_count, V_COUNT)
NUMBER_CELL(indirect_bytes, V_BYTES)
NUMBER_CELL(new_count, V_COUNT)
NUMBER_CELL(new_bytes, V_BYTES)

static void size_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (group_of(view, row)->size)
		*out = value_u(V_NUMBER, group_of(view, row)->size);
}

static void kind_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_text(leak_kind_name(group_of(view, row)->kind));
}

static void addr_cell(const struct view *view, uint32_t row, struct value *out)
{
	uint32_t i = group_of(view, row)->chunk;

	*out = value_u(V_ADDR, view->snap->chunk[i].addr);
}

static void leader_cell(const struct view *view, uint32_t row,
			struct value *out)
{
	uint32_t i = group_of(view, row)->leader;

	*out = value_u(V_ADDR, view->snap->chunk[i].addr);
}

static void held_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct leaks_state *state = view->state;

	if (!state->types)
		*out = value_text(hold_name(group_of(view, row)->hold));
}

/* Reachable blocks are told apart by their size alone. */
static void first_word_cell(const struct view *view, uint32_t row,
			    struct value *out)
{
	const struct leak_group *group = group_of(view, row);
	struct leaks_state *state = view->state;

	if (group->kind == LEAK_REACHABLE || state->types)
		return;
	content_name(&group->first, view->snap, state->symbols, state->name,
		     sizeof(state->name));
	*out = value_text(state->name);
}

/* A size is no type: what one of them is says nothing of the others. */
static void type_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct leak_group *group = group_of(view, row);
	struct leaks_state *state = view->state;

	uint32_t name;

	if (state->types &&
	    typing_best(state->types, group->chunk, &name) != TYPED_NOT)
		*out = value_text(state->types->name[name].text);
	else if (!state->types && group->kind != LEAK_REACHABLE)
		*out = chunk_type_value(view->snap, state->symbols,
					group->chunk, state->name,
					sizeof(state->name));
}

/* For people: the type, a text if it is one alone, else the first word. */
static void what_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct leak_group *group = group_of(view, row);
	struct leaks_state *state = view->state;
	enum description known;

	if (state->types)
		*out = value_text(typing_row_name(state->types, group->chunk));
	if (group->kind == LEAK_REACHABLE || state->types)
		return;
	known = describe_chunk(view->snap, state->symbols, group->chunk,
			       state->name, sizeof(state->name));
	if (known && (known != DESCRIBED_TEXT || group->count == 1))
		*out = value_text(state->name);
	else
		first_word_cell(view, row, out);
}

/* More of them were met in more than one of the snapshots, or in one alone. */
static void trend_cell(const struct view *view, uint32_t row, struct value *out)
{
	uint64_t met = group_of(view, row)->met;

	if (met)
		*out = value_text(met & (met - 1) ? "GROWING" : "ONE-OFF");
}

/* clang-format off */
#define KIND_COLUMNS                                                           \
	{"kind", "KIND", "definite, indirect, possible or reachable", V_TEXT,  \
	 .cell = kind_cell},                                                   \
	{"addr", "FIRST", "the first of these blocks", V_ADDR,                 \
	 .cell = addr_cell, .json_only = true},                                \
	{"leader", "LEADER",                                                   \
	 "the first of these blocks, or who leads it if it is indirect",       \
	 V_ADDR, .cell = leader_cell},                                         \
	{"count", "COUNT", "equal blocks: of one size and first word",         \
	 V_COUNT, .cell = count_cell},                                         \
	{"bytes", "BYTES", "their chunk sizes", V_BYTES, .cell = bytes_cell}
#define LED_COLUMNS                                                            \
	{"indirect_count", "", "blocks that they alone hold", V_COUNT,         \
	 .cell = indirect_count_cell, .json_only = true},                      \
	{"indirect_bytes", "LED", "chunk sizes of what they alone hold",       \
	 V_BYTES, .cell = indirect_bytes_cell}
/* alike: what makes a row, and is not told by type. */
#define BLOCK_COLUMNS(alike)                                                   \
	{"size", "CLASS", "chunk size of each, header included", V_NUMBER,     \
	 .cell = size_cell, .json_only = !(alike)},                            \
	{"held_by", "HELD BY", "nothing, a pointer, or what may be none",      \
	 V_TEXT, .cell = held_cell, .json_only = !(alike)},                    \
	{"first_word", "", "what each begins with", V_TEXT,                    \
	 .cell = first_word_cell, .json_only = true},                          \
	{"type", "", "what the first of them seems to be: class, symbol, text",\
	 V_TEXT, .cell = type_cell, .json_only = true},                        \
	{"what", "WHAT", "what they seem to be, or begin with", V_TEXT,        \
	 .cell = what_cell, .stretch = true}
#define SINCE_COLUMNS                                                          \
	{"new_count", "NEW", "of them, what the earlier snapshot has not",     \
	 V_COUNT, .cell = new_count_cell},                                     \
	{"new_bytes", "BYTES", "their chunk sizes", V_BYTES,                   \
	 .cell = new_bytes_cell},                                              \
	{"trend", "TREND", "GROWING: in several of the snapshots since; ONE-OFF",\
	 V_TEXT, .cell = trend_cell}

static const struct column leaks_columns[] = {
	KIND_COLUMNS, LED_COLUMNS, BLOCK_COLUMNS(true)};
static const struct column since_columns[] = {
	KIND_COLUMNS, SINCE_COLUMNS, LED_COLUMNS, BLOCK_COLUMNS(true)};
static const struct column types_columns[] = {
	KIND_COLUMNS, LED_COLUMNS, BLOCK_COLUMNS(false)};
static const struct column types_since_columns[] = {
	KIND_COLUMNS, SINCE_COLUMNS, LED_COLUMNS, BLOCK_COLUMNS(false)};
/* clang-format on */

static bool leaks_drill(const struct view *view, uint32_t row, char *line,
			size_t cap)
{
	const struct leak_group *group = group_of(view, row);
	const struct leaks_state *state = view->state;
	struct value type;

	if (state->types) {
		what_cell(view, row, &type);

		AUTO_FREE char *word = xasprintf("type=%s", type.text);

		snprintf(line, cap, "chunks leak=%s ",
			 leak_kind_name(group->kind));
		return words_append(line, cap, word);
	}
	snprintf(line, cap, "%s 0x%" PRIx64,
		 group->count + group->indirect_count == 1 ? "chunk" : "leaks",
		 view->snap->chunk[group->chunk].addr);
	return true;
}

static bool leaks_bytes(const struct view *view, uint32_t row, uint64_t *addr,
			uint64_t *len)
{
	const struct chunk *c = &view->snap->chunk[group_of(view, row)->chunk];

	*addr = c->addr;
	*len = c->size;
	return true;
}

static void leaks_release(struct view *view)
{
	struct leaks_state *state = view->state;

	leak_groups_deinit(&state->groups);
	free(state);
}

#define OPS(columns)                                                           \
	{                                                                      \
		.name = "leaks", .column = (columns),                          \
		.column_count = sizeof(columns) / sizeof(*(columns)),          \
		.default_sort = -1, .section = -1, .drill = leaks_drill,       \
		.bytes = leaks_bytes, .release = leaks_release,                \
	}

/* By type, and since an earlier snapshot. */
static const struct view_ops leaks_ops[2][2] = {
	{OPS(leaks_columns), OPS(since_columns)},
	{OPS(types_columns), OPS(types_since_columns)},
};

void view_of_leaks(struct view *view, const struct leaks *leaks)
{
	if (leaks->complete)
		return;
	view->complete = false;
	view_warn(view, "what is called a leak may be held: %s",
		  *leaks->note ? leaks->note : "not all memory was kept");
}

static void add_totals(struct view *view, const struct leaks *leaks)
{
	for (enum leak_kind kind = 0; kind < LEAK_KINDS; kind++) {
		const struct leak_sum *sum = &leaks->sum[kind];
		const char *group = leak_kind_name(kind);

		view_total(view, group, "count", "chunks",
			   value_u(V_COUNT, sum->count));
		view_total(view, group, "bytes", "with headers",
			   value_u(V_BYTES, sum->bytes));
	}
}

static void put_title(struct view *view, const struct leaks *leaks,
		      unsigned kinds, const struct leak_past *past)
{
	static const char *const how[] = {"", ", by Valgrind's rules",
					  ", start pointers alone"};
	size_t len;

	snprintf(view->title, sizeof(view->title), "leaks: ");
	for (enum leak_kind kind = 0; kind < LEAK_KINDS; kind++) {
		if (!(kinds & 1u << kind))
			continue;
		len = strlen(view->title);
		snprintf(view->title + len, sizeof(view->title) - len, "%s, ",
			 leak_kind_name(kind));
	}
	len = strlen(view->title);
	snprintf(view->title + len, sizeof(view->title) - len, "snapshot %s%s",
		 leaks->snap->name, how[leaks->opts.interior]);
	len = strlen(view->title);
	if (((const struct leaks_state *)view->state)->types)
		snprintf(view->title + len, sizeof(view->title) - len,
			 ", by type");
	len = strlen(view->title);
	if (past->count)
		snprintf(view->title + len, sizeof(view->title) - len,
			 ", since %s%s", past->snap[0]->name,
			 past->count == 1 ? " (growing is told by three "
					    "snapshots)"
					  : "");
}

int view_leaks(const struct leaks *leaks, struct leak_groups *groups,
	       unsigned kinds, const struct leak_past *past,
	       const struct typing *types, struct symbols *symbols,
	       struct view **out, struct error *err)
{
	struct leaks_state *state = xcalloc(1, sizeof(*state));
	struct view *view;

	state->groups = *groups;
	*groups = (struct leak_groups){0};
	state->symbols = symbols;
	state->types = types;
	if (view_create(&leaks_ops[types != NULL][past->count > 0],
			state->groups.count, state, &view, err))
		return -1;
	view_of_snapshot(view, leaks->snap);
	view_of_leaks(view, leaks);
	put_title(view, leaks, kinds, past);
	add_totals(view, leaks);
	*out = view;
	return 0;
}
