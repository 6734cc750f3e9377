/* The arguments or the locals of one frame. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "snapshot/frame_number.h"
#include "symbols/symbols_functions.h"
#include "view/frame_vars.h"
#include "view/views.h"

enum { INLINED_MAX = 64 };

struct vars {
	struct frame_vars vars;
	pid_t tid;
	uint32_t frame;
	char function[200]; /* as bt names it */
	char section[300];
};

static const struct frame_var *var_of(const struct view *view, uint32_t row)
{
	const struct vars *vars = view->state;

	return &vars->vars.var[row];
}

static void section_cell(const struct view *view, uint32_t row,
			 struct value *out)
{
	struct vars *vars = view->state;
	const struct frame_var *var = var_of(view, row);

	snprintf(vars->section, sizeof vars->section, "%s%s", vars->function,
		 var->level ? " (inlined)" : "");
	*out = value_text(vars->section);
}

static void tid_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct vars *vars = view->state;

	(void)row;
	*out = value_u(V_COUNT, (uint64_t)vars->tid);
}

static void frame_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct vars *vars = view->state;

	(void)row;
	*out = value_u(V_COUNT, vars->frame);
}

static void name_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_text(var_of(view, row)->name);
}

static void type_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_text(var_of(view, row)->type);
}

static void value_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_text(var_of(view, row)->value);
}

static void known_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_u(V_BOOL, var_of(view, row)->known);
}

static void argument_cell(const struct view *view, uint32_t row,
			  struct value *out)
{
	*out = value_u(V_BOOL, var_of(view, row)->is_parameter);
}

static void function_cell(const struct view *view, uint32_t row,
			  struct value *out)
{
	const struct vars *vars = view->state;

	(void)row;
	*out = value_text(vars->function);
}

static void level_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_u(V_COUNT, var_of(view, row)->level);
}

static void addr_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (var_of(view, row)->addr)
		*out = value_u(V_ADDR, var_of(view, row)->addr);
}

static const struct column vars_columns[] = {
	{"section", "", "the function", V_TEXT, .cell = section_cell},
	{"tid", "", "the thread's number", V_COUNT, .cell = tid_cell,
	 .json_only = true},
	{"frame", "", "as bt numbers them", V_COUNT, .cell = frame_cell,
	 .json_only = true},
	{"function", "", "whose variable it is", V_TEXT, .cell = function_cell,
	 .json_only = true},
	{"level", "", "0: of the frame's function, else inlined into it",
	 V_COUNT, .cell = level_cell, .json_only = true},
	{"name", "NAME", "the variable", V_TEXT, .cell = name_cell},
	{"type", "TYPE", "as it was declared", V_TEXT, .cell = type_cell},
	{"value", "VALUE", "as the snapshot has it", V_TEXT, .cell = value_cell,
	 .stretch = true, .wrap = true},
	{"known", "", "it has a value", V_BOOL, .cell = known_cell,
	 .json_only = true},
	{"argument", "", "a parameter of the function", V_BOOL,
	 .cell = argument_cell, .json_only = true},
	{"address", "", "where it is in memory", V_ADDR, .cell = addr_cell,
	 .json_only = true},
};

static bool vars_drill(const struct view *view, uint32_t row, char *line,
		       size_t cap)
{
	if (!var_of(view, row)->addr)
		return false;
	snprintf(line, cap, "symbol 0x%" PRIx64, var_of(view, row)->addr);
	return true;
}

static bool vars_bytes(const struct view *view, uint32_t row, uint64_t *addr,
		       uint64_t *len)
{
	*addr = var_of(view, row)->addr;
	*len = 256;
	return *addr != 0;
}

static void vars_release(struct view *view)
{
	struct vars *vars = view->state;

	frame_vars_deinit(&vars->vars);
	free(vars);
}

#define VARS_OPS(text)                                                         \
	{                                                                      \
		.name = text, .column = vars_columns,                          \
		.column_count = sizeof(vars_columns) / sizeof(*vars_columns),  \
		.default_sort = -1, .section = 0, .drill = vars_drill,         \
		.bytes = vars_bytes, .release = vars_release                   \
	}

static const struct view_ops locals_ops = VARS_OPS("locals");
static const struct view_ops args_ops = VARS_OPS("args");

int view_vars(const struct snapshot *snap, const struct frame_source *source,
	      const struct snapshot_thread *thread, uint32_t frame, bool args,
	      struct view **out, struct error *err)
{
	struct frame_place place = {
		.source = source, .snap = snap, .thread = thread};
	struct vars *vars;
	struct function function[INLINED_MAX];
	uint32_t count;
	size_t functions = 0;

	if (!frame_numbered(thread, source->symbols, frame, &place.at))
		return error_set(err, ERR_NOT_FOUND, "there is no frame %u",
				 frame);
	vars = xcalloc(1, sizeof *vars);

	if (frame_vars_take(&vars->vars, &place,
			    args ? FRAME_ARGS : FRAME_LOCALS, false, err)) {
		free(vars);
		return -1;
	}
	vars->tid = thread->thread.tid;
	vars->frame = frame;
	count = (uint32_t)vars->vars.count;
	if (view_create(args ? &args_ops : &locals_ops, count, vars, out, err))
		return -1;
	view_of_snapshot(*out, snap);
	snprintf((*out)->title, sizeof(*out)->title,
		 "%s of frame %u of thread %d, snapshot %s",
		 args ? "arguments" : "locals", frame, (int)vars->tid,
		 snap->name);
	if (source->symbols)
		functions = symbols_functions(
			source->symbols, numbered_lookup(thread, &place.at),
			function, INLINED_MAX);
	if (place.at.level < functions)
		snprintf(vars->function, sizeof vars->function, "%s",
			 function[functions - 1 - place.at.level].name);
	else
		view_warn(*out, "no debug information has the function of this "
				"frame");
	return 0;
}
