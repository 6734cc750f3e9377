#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/progress.h"
#include "base/strbuf.h"
#include "snapshot/frame_number.h"
#include "symbols/symbols_functions.h"
#include "view/frame_vars.h"
#include "view/views.h"

enum { INLINED_MAX = 64, ALL = -1 };

/* A frame; several rows have the same one where functions were inlined. */
struct stack_row {
	uint32_t thread, frame; /* frame UINT32_MAX: the thread has none */
	uint32_t number;	/* see frame_number.h */
	/* Owned: the function, as debug information names it; or NULL. */
	char *name;
	char *args; /* owned: "n=3, p=0x0"; NULL: none, or not known */
	bool inlined;
	const char *file; /* borrowed from symbols; NULL: not known */
	unsigned line;
};

struct stacks {
	struct stack_row *row; /* owned */
	size_t cap;
	uint32_t rows;
	struct symbols *symbols;
	char text[512];
};

static const struct stack_row *row_of(const struct view *view, uint32_t row)
{
	const struct stacks *stacks = view->state;

	return &stacks->row[row];
}

static const struct snapshot_thread *thread_of(const struct view *view,
					       uint32_t row)
{
	return &view->snap->thread[row_of(view, row)->thread];
}

static const struct frame *frame_of(const struct view *view, uint32_t row)
{
	uint32_t frame = row_of(view, row)->frame;

	return frame == UINT32_MAX ? NULL : &thread_of(view, row)->frame[frame];
}

/* The call lies before the address it returns to. */
static uint64_t code_addr(const struct view *view, uint32_t row)
{
	const struct frame *frame = frame_of(view, row);

	return frame ? frame_lookup(frame) : 0;
}

static bool symbol_of(const struct view *view, uint32_t row, struct symbol *out)
{
	const struct stacks *stacks = view->state;

	*out = (struct symbol){0};
	return stacks->symbols && frame_of(view, row) &&
	       symbols_at(stacks->symbols, code_addr(view, row), out);
}

static void section_cell(const struct view *view, uint32_t row,
			 struct value *out)
{
	struct stacks *stacks = view->state;
	const struct thread *thread = &thread_of(view, row)->thread;
	const struct snapshot *snap = view->snap;
	int n;

	n = snprintf(stacks->text, sizeof(stacks->text),
		     *thread->name ? "thread %d \"%s\"" : "thread %d",
		     (int)thread->tid, thread->name);
	if (thread->state)
		snprintf(stacks->text + n, sizeof(stacks->text) - (size_t)n,
			 ", %s",
			 thread->state == 'R' ? "running"
			 : thread->state == 'S'
				 ? "sleeping"
				 : (char[]){thread->state, '\0'});
	else if (snap->signal && thread->tid == snap->first_tid)
		snprintf(stacks->text + n, sizeof(stacks->text) - (size_t)n,
			 ", stopped by signal %d (%s)", snap->signal,
			 strsignal(snap->signal));
	*out = value_text(stacks->text);
}

static void tid_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_u(V_COUNT, (uint64_t)thread_of(view, row)->thread.tid);
}

static void frame_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (frame_of(view, row))
		*out = value_u(V_COUNT, row_of(view, row)->number);
}

static void depth_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (frame_of(view, row))
		*out = value_u(V_COUNT, row_of(view, row)->frame);
}

static void pc_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (frame_of(view, row))
		*out = value_u(V_ADDR, frame_of(view, row)->pc);
}

static void cfa_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (frame_of(view, row))
		*out = value_u(V_ADDR, frame_of(view, row)->cfa);
}

static void symbol_cell(const struct view *view, uint32_t row,
			struct value *out)
{
	struct symbol symbol;

	if (row_of(view, row)->inlined)
		*out = value_text(row_of(view, row)->name);
	else if (symbol_of(view, row, &symbol))
		*out = value_text(symbol.name);
}

static void offset_cell(const struct view *view, uint32_t row,
			struct value *out)
{
	const struct frame *frame = frame_of(view, row);
	struct symbol symbol;

	if (row_of(view, row)->inlined) /* it has no beginning */
		return;
	if (symbol_of(view, row, &symbol))
		*out = value_u(V_COUNT, frame->pc - symbol.addr);
	else if (symbol.module)
		*out = value_u(V_COUNT, frame->pc - symbol.module->start);
}

static void module_cell(const struct view *view, uint32_t row,
			struct value *out)
{
	struct symbol symbol;

	symbol_of(view, row, &symbol);
	if (symbol.module)
		*out = value_text(symbol.module->path);
}

static void file_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (row_of(view, row)->file)
		*out = value_text(row_of(view, row)->file);
}

static void line_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (row_of(view, row)->file)
		*out = value_u(V_COUNT, row_of(view, row)->line);
}

static void inlined_cell(const struct view *view, uint32_t row,
			 struct value *out)
{
	if (frame_of(view, row))
		*out = value_u(V_BOOL, row_of(view, row)->inlined);
}

static void function_cell(const struct view *view, uint32_t row,
			  struct value *out)
{
	if (row_of(view, row)->name)
		*out = value_text(row_of(view, row)->name);
}

static void args_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (row_of(view, row)->args)
		*out = value_text(row_of(view, row)->args);
}

static void guess_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (frame_of(view, row))
		*out = value_u(V_BOOL, frame_of(view, row)->guess);
}

static const char *no_frame(const struct thread *thread)
{
	if (!thread->has_regs)
		return "was not stopped: no registers";
	if (thread_regs_kernel(&thread->regs))
		return "a worker of the kernel's (io_uring): it has no user "
		       "stack";
	return "no stack";
}

static int function_text(const struct view *view, uint32_t row, char *text,
			 size_t cap)
{
	const struct stack_row *r = row_of(view, row);
	uint64_t pc = frame_of(view, row)->pc;
	struct symbol symbol;

	if (r->inlined)
		return snprintf(text, cap, "%.300s (inlined)", r->name);
	if (symbol_of(view, row, &symbol))
		return snprintf(text, cap, "%.300s+0x%" PRIx64, symbol.name,
				pc - symbol.addr);
	if (symbol.module)
		return snprintf(text, cap, "%.300s+0x%" PRIx64,
				symbol.module->name, pc - symbol.module->start);
	return snprintf(text, cap, "??");
}

/* "main+0x1f at server.c:120", "libc.so.6+0x1234", as people read a stack. */
static void where_cell(const struct view *view, uint32_t row, struct value *out)
{
	struct stacks *stacks = view->state;
	const struct stack_row *r = row_of(view, row);
	const struct frame *frame = frame_of(view, row);
	size_t n, cap = sizeof(stacks->text);

	if (!frame) {
		*out = value_text(no_frame(&thread_of(view, row)->thread));
		return;
	}
	n = (size_t)function_text(view, row, stacks->text, cap);
	if (r->file) {
		const char *base = strrchr(r->file, '/');

		n += (size_t)snprintf(stacks->text + n, cap - n,
				      " at %.150s:%u",
				      base ? base + 1 : r->file, r->line);
	}
	if (r->args && n < cap)
		n += (size_t)snprintf(stacks->text + n, cap - n, " (%.200s)",
				      r->args);
	if (n > cap)
		n = cap;
	if (frame->guess)
		snprintf(stacks->text + n, cap - n, " (a guess)");
	*out = value_text(stacks->text);
}

static const struct column stacks_columns[] = {
	{"section", "", "the thread", V_TEXT, .cell = section_cell},
	{"tid", "", "the thread's number", V_COUNT, .cell = tid_cell,
	 .json_only = true},
	{"frame", "#", "0 is the innermost", V_COUNT, .cell = frame_cell},
	{"depth", "", "without the inlined ones, which share their frame",
	 V_COUNT, .cell = depth_cell, .json_only = true},
	{"pc", "PC", "program counter; a return address but for #0", V_ADDR,
	 .cell = pc_cell},
	{"cfa", "", "canonical frame address", V_ADDR, .cell = cfa_cell,
	 .json_only = true},
	{"where", "FUNCTION", "symbol, offset, source line", V_TEXT,
	 .cell = where_cell, .stretch = true},
	{"symbol", "", "the function", V_TEXT, .cell = symbol_cell,
	 .json_only = true},
	{"function", "", "the same as debug information names it", V_TEXT,
	 .cell = function_cell, .json_only = true},
	{"offset", "", "of pc in it, or in the module", V_COUNT,
	 .cell = offset_cell, .json_only = true},
	{"module", "", "path of the file", V_TEXT, .cell = module_cell,
	 .json_only = true},
	{"file", "", "source file", V_TEXT, .cell = file_cell,
	 .json_only = true},
	{"line", "", "source line", V_COUNT, .cell = line_cell,
	 .json_only = true},
	{"inlined", "",
	 "into the function of the next row: the same part of the stack",
	 V_BOOL, .cell = inlined_cell, .json_only = true},
	{"args", "", "arguments and their values", V_TEXT, .cell = args_cell,
	 .json_only = true},
	{"guess", "", "found by scanning the stack, not by tables", V_BOOL,
	 .cell = guess_cell, .json_only = true},
};

static bool stacks_drill(const struct view *view, uint32_t row, char *line,
			 size_t cap)
{
	if (!frame_of(view, row))
		return false;
	snprintf(line, cap, "disas 0x%" PRIx64, code_addr(view, row));
	return true;
}

/* The frame's own part of the stack: from the inner frame's CFA up. */
static bool stacks_bytes(const struct view *view, uint32_t row, uint64_t *addr,
			 uint64_t *len)
{
	const struct snapshot_thread *t = thread_of(view, row);
	const struct frame *frame = frame_of(view, row);

	if (!frame)
		return false;
	*addr = frame > t->frame ? frame[-1].cfa : t->thread.regs.r[REG_RSP_];
	if (frame->cfa <= *addr)
		return false;
	*len = frame->cfa - *addr;
	return true;
}

static void stacks_free(struct stacks *stacks)
{
	for (uint32_t i = 0; i < stacks->rows; i++) {
		free(stacks->row[i].name);
		free(stacks->row[i].args);
	}
	free(stacks->row);
	free(stacks);
}

static void stacks_release(struct view *view)
{
	stacks_free(view->state);
}

static const struct view_ops stacks_ops = {
	.name = "bt",
	.column = stacks_columns,
	.column_count = sizeof(stacks_columns) / sizeof(*stacks_columns),
	.default_sort = -1,
	.section = 0,
	.drill = stacks_drill,
	.bytes = stacks_bytes,
	.release = stacks_release,
};

static int add_row(struct stacks *stacks, const struct stack_row *row,
		   struct error *err)
{
	if (GROW(stacks->row, stacks->cap, stacks->rows + 1, "stacks", err)) {
		free(row->name);
		free(row->args);
		return -1;
	}
	stacks->row[stacks->rows++] = *row;
	return 0;
}

/* "n=3, p=0x0" of the function at that level of inlining; NULL: it has none. */
static char *args_text(const struct frame_vars *vars, size_t level)
{
	struct strbuf text = {0};

	for (size_t i = 0; i < vars->count; i++)
		if (vars->var[i].level == level)
			strbuf_addf(&text, "%s%s=%s", text.len ? ", " : "",
				    vars->var[i].name, vars->var[i].value);
	return text.len ? strbuf_take(&text) : NULL;
}

/* The frame, behind what was inlined into its function there. */
static int add_frame(struct stacks *stacks, const struct frame_source *source,
		     const struct snapshot *snap, uint32_t thread,
		     uint32_t frame, int level, struct error *err)
{
	struct stack_row row = {.thread = thread, .frame = frame};
	const struct snapshot_thread *t = &snap->thread[thread];
	uint64_t addr = frame_lookup(&t->frame[frame]);
	struct function function[INLINED_MAX];
	struct frame_vars vars;
	struct line line;
	size_t count = 0;
	int ret = 0;

	if (frame_vars_take(&vars, source, snap, t, frame,
			    level == ALL ? FRAME_LEVELS : (unsigned)level,
			    FRAME_ARGS, true, err))
		return -1;
	if (stacks->symbols)
		count = symbols_functions(stacks->symbols, addr, function,
					  INLINED_MAX);
	for (size_t i = 0; i < count && !ret; i++) {
		size_t its = count - 1 - i;

		row.inlined = function[i].inlined;
		if (level != ALL && its != (size_t)level)
			continue;
		row.number =
			frame_number(t, stacks->symbols, frame, (unsigned)its);
		row.name = xstrdup(function[i].name);
		row.args = args_text(&vars, its);
		row.file = function[i].file;
		row.line = function[i].line;
		ret = add_row(stacks, &row, err);
	}
	frame_vars_deinit(&vars);
	if (ret || (count && !row.inlined))
		return ret;
	row = (struct stack_row){
		.thread = thread,
		.frame = frame,
		.number = frame_number(t, stacks->symbols, frame, 0)};
	if (stacks->symbols && symbols_line(stacks->symbols, addr, &line)) {
		row.file = line.file;
		row.line = line.line;
	}
	return add_row(stacks, &row, err);
}

static int fill(struct stacks *stacks, const struct frame_source *source,
		const struct snapshot *snap, pid_t tid, struct error *err)
{
	for (uint32_t i = 0; i < snap->thread_count; i++) {
		const struct snapshot_thread *t = &snap->thread[i];

		if (tid && t->thread.tid != tid)
			continue;
		if (progress_tick("reading debug information", i,
				  snap->thread_count, err))
			return -1;
		if (!t->frame_count &&
		    add_row(stacks,
			    &(struct stack_row){.thread = i,
						.frame = UINT32_MAX},
			    err))
			return -1;
		for (uint32_t f = 0; f < t->frame_count; f++)
			if (add_frame(stacks, source, snap, i, f, ALL, err))
				return -1;
	}
	if (!tid || stacks->rows)
		return 0;
	return error_set(err, ERR_NOT_FOUND,
			 "snapshot %s has no thread %d; threads lists them",
			 snap->name, (int)tid);
}

static void warn(struct view *view, const struct snapshot *snap, pid_t tid)
{
	for (uint32_t i = 0; i < snap->thread_count; i++) {
		const struct snapshot_thread *t = &snap->thread[i];

		if ((tid && t->thread.tid != tid) || t->stack_complete)
			continue;
		if (t->thread.regs.foreign)
			view_warn(view,
				  "thread %d runs %s-bit code in a %s-bit "
				  "program: its stack could not be followed",
				  (int)t->thread.tid,
				  t->thread.regs.is32 ? "32" : "64",
				  snap->word == 4 ? "32" : "64");
		else
			view_warn(view,
				  t->thread.has_regs
					  ? "the stack of thread %d could not "
					    "be followed to its end"
					  : "thread %d was not stopped: no "
					    "stack",
				  (int)t->thread.tid);
		view->complete = false;
	}
}

static int show(struct stacks *stacks, const struct snapshot *snap, pid_t tid,
		struct view **out, struct error *err)
{
	if (view_create(&stacks_ops, stacks->rows, stacks, out, err))
		return -1;
	view_of_snapshot(*out, snap);
	snprintf((*out)->title, sizeof((*out)->title), "stacks, snapshot %s",
		 snap->name);
	warn(*out, snap, tid);
	return 0;
}

int view_stacks(const struct snapshot *snap, const struct frame_source *source,
		pid_t tid, struct view **out, struct error *err)
{
	struct stacks *stacks = xcalloc(1, sizeof(*stacks));

	stacks->symbols = source->symbols;
	if (fill(stacks, source, snap, tid, err)) {
		stacks_free(stacks);
		return -1;
	}
	return show(stacks, snap, tid, out, err);
}

int view_frame(const struct snapshot *snap, const struct frame_source *source,
	       const struct snapshot_thread *t, uint32_t number,
	       struct view **out, struct error *err)
{
	struct stacks *stacks;
	struct numbered_frame at;

	if (!frame_numbered(t, source->symbols, number, &at))
		return error_set(err, ERR_NOT_FOUND, "there is no frame %u",
				 number);
	stacks = xcalloc(1, sizeof(*stacks));
	stacks->symbols = source->symbols;
	if (add_frame(stacks, source, snap, (uint32_t)(t - snap->thread),
		      at.frame, (int)at.level, err)) {
		stacks_free(stacks);
		return -1;
	}
	return show(stacks, snap, t->thread.tid, out, err);
}
