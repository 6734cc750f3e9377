/* Stacks with the variables of every function: bt full. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/progress.h"
#include "view/frame_vars.h"
#include "view/views.h"

/* A variable of a function on a stack; or a function that has none. */
struct full_row {
	uint32_t stack; /* a row of bt */
	uint32_t var;	/* of its variables; UINT32_MAX: it has none */
};

struct full {
	struct view *stacks;	 /* owned: bt */
	struct frame_vars *vars; /* owned, each too: by rows of bt */
	struct full_row *row;	 /* owned */
	size_t cap;
	uint32_t rows;
	char text[600];
};

static void full_free(struct full *full)
{
	for (uint32_t i = 0; full->vars && i < full->stacks->row_count; i++)
		frame_vars_deinit(&full->vars[i]);
	free(full->vars);
	free(full->row);
	view_destroy(full->stacks);
	free(full);
}

static void full_release(struct view *view)
{
	full_free(view->state);
}

/* What bt has in that column. */
static struct value of_bt(const struct full *full, uint32_t stack,
			  const char *key)
{
	const struct view_ops *ops = full->stacks->ops;
	struct value value = {.kind = V_NONE};

	for (size_t i = 0; i < ops->column_count; i++)
		if (!strcmp(ops->column[i].key, key))
			ops->column[i].cell(full->stacks, stack, &value);
	return value;
}

static uint32_t stack_of(const struct view *view, uint32_t row)
{
	const struct full *full = view->state;

	return full->row[row].stack;
}

static const struct frame_var *var_of(const struct view *view, uint32_t row)
{
	const struct full *full = view->state;
	uint32_t var = full->row[row].var;

	return var == UINT32_MAX ? NULL
				 : &full->vars[full->row[row].stack].var[var];
}

static void section_cell(const struct view *view, uint32_t row,
			 struct value *out)
{
	struct full *full = view->state;
	uint32_t stack = stack_of(view, row);
	struct value tid = of_bt(full, stack, "tid");
	struct value frame = of_bt(full, stack, "frame");
	struct value where = of_bt(full, stack, "where");

	snprintf(full->text, sizeof full->text,
		 "thread %" PRIu64 " #%" PRIu64 " %s", tid.u,
		 frame.kind == V_NONE ? 0 : frame.u, where.text);
	*out = value_text(full->text);
}

#define BT_CELL(name)                                                          \
	static void name##_cell(const struct view *view, uint32_t row,         \
				struct value *out)                             \
	{                                                                      \
		*out = of_bt(view->state, stack_of(view, row), #name);         \
	}
BT_CELL(tid)
BT_CELL(frame)
BT_CELL(function)
BT_CELL(file)
BT_CELL(line)
BT_CELL(args)
#undef BT_CELL

static void name_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (var_of(view, row))
		*out = value_text(var_of(view, row)->name);
}

static void type_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (var_of(view, row))
		*out = value_text(var_of(view, row)->type);
}

static void value_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (var_of(view, row))
		*out = value_text(var_of(view, row)->value);
}

static void known_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (var_of(view, row))
		*out = value_u(V_BOOL, var_of(view, row)->known);
}

/* What gdb says, too, in place of variables. */
static void none_cell(const struct view *view, uint32_t row, struct value *out)
{
	struct value function;

	if (var_of(view, row))
		return;
	function = of_bt(view->state, stack_of(view, row), "function");
	*out = value_text(function.kind == V_NONE ? "No debug information."
						  : "No locals.");
}

static void addr_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (var_of(view, row) && var_of(view, row)->addr)
		*out = value_u(V_ADDR, var_of(view, row)->addr);
}

static const struct column full_columns[] = {
	{"section", "", "the function, as bt has it", V_TEXT,
	 .cell = section_cell},
	{"tid", "", "the thread's number", V_COUNT, .cell = tid_cell,
	 .json_only = true},
	{"frame", "", "as bt numbers them", V_COUNT, .cell = frame_cell,
	 .json_only = true},
	{"function", "", "as debug information names it", V_TEXT,
	 .cell = function_cell, .json_only = true},
	{"file", "", "source file", V_TEXT, .cell = file_cell,
	 .json_only = true},
	{"line", "", "source line", V_COUNT, .cell = line_cell,
	 .json_only = true},
	{"args", "", "arguments and their values", V_TEXT, .cell = args_cell,
	 .json_only = true},
	{"none", "", "why there is no variable", V_TEXT, .cell = none_cell},
	{"name", "NAME", "the variable", V_TEXT, .cell = name_cell},
	{"type", "TYPE", "as it was declared", V_TEXT, .cell = type_cell},
	{"value", "VALUE", "as the snapshot has it", V_TEXT, .cell = value_cell,
	 .stretch = true, .wrap = true},
	{"known", "", "it has a value", V_BOOL, .cell = known_cell,
	 .json_only = true},
	{"address", "", "where it is in memory", V_ADDR, .cell = addr_cell,
	 .json_only = true},
};

static bool full_drill(const struct view *view, uint32_t row, char *line,
		       size_t cap)
{
	if (!var_of(view, row) || !var_of(view, row)->addr)
		return false;
	snprintf(line, cap, "symbol 0x%" PRIx64, var_of(view, row)->addr);
	return true;
}

static const struct view_ops full_ops = {
	.name = "bt",
	.column = full_columns,
	.column_count = sizeof(full_columns) / sizeof(*full_columns),
	.default_sort = -1,
	.section = 0,
	.drill = full_drill,
	.release = full_release,
};

static const struct snapshot_thread *thread_of(const struct snapshot *snap,
					       uint64_t tid)
{
	for (uint32_t i = 0; i < snap->thread_count; i++)
		if ((uint64_t)snap->thread[i].thread.tid == tid)
			return &snap->thread[i];
	return NULL;
}

static int take_vars(struct full *full, const struct frame_source *source,
		     const struct snapshot *snap, uint32_t stack,
		     struct error *err)
{
	struct frame_place place = {.source = source, .snap = snap};
	struct value frame = of_bt(full, stack, "frame");

	place.thread = thread_of(snap, of_bt(full, stack, "tid").u);
	if (!place.thread || frame.kind == V_NONE ||
	    !frame_numbered(place.thread, source->symbols, (uint32_t)frame.u,
			    &place.at))
		return 0;
	return frame_vars_take(&full->vars[stack], &place, FRAME_LOCALS, false,
			       err);
}

static int add_rows(struct full *full, uint32_t stack, struct error *err)
{
	size_t count = full->vars[stack].count;

	if (GROW(full->row, full->cap, full->rows + count + 1, "variables",
		 err))
		return -1;
	if (!count)
		full->row[full->rows++] = (struct full_row){stack, UINT32_MAX};
	for (uint32_t i = 0; i < count; i++)
		full->row[full->rows++] = (struct full_row){stack, i};
	return 0;
}

static int fill(struct full *full, const struct frame_source *source,
		const struct snapshot *snap, struct error *err)
{
	uint32_t count = full->stacks->row_count;

	full->vars = xcalloc(count + 1, sizeof *full->vars);
	for (uint32_t i = 0; i < count; i++)
		if (progress_tick("reading variables", i, count, err) ||
		    take_vars(full, source, snap, i, err) ||
		    add_rows(full, i, err))
			return -1;
	return 0;
}

int view_full(const struct snapshot *snap, const struct frame_source *source,
	      pid_t tid, struct view **out, struct error *err)
{
	struct full *full = xcalloc(1, sizeof *full);

	if (view_stacks(snap, source, tid, &full->stacks, err)) {
		free(full);
		return -1;
	}
	if (fill(full, source, snap, err)) {
		full_free(full);
		return -1;
	}
	if (view_create(&full_ops, full->rows, full, out, err))
		return -1;
	view_of_snapshot(*out, snap);
	(*out)->complete = full->stacks->complete;
	(*out)->warnings = full->stacks->warnings;
	full->stacks->warnings = NULL;
	snprintf((*out)->title, sizeof((*out)->title),
		 "stacks and variables, snapshot %s", snap->name);
	return 0;
}
