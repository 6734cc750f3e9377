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

enum { INLINED_MAX = 64 };

/* A frame; several rows have the same one where functions were inlined. */
struct stack_row {
	uint32_t thread, frame; /* frame UINT32_MAX: the thread has none */
	uint32_t number;	/* see frame_number.h */
	/* 0, or of a function that a tail call ended: where that would return
	 * to. */
	uint64_t tail_pc;
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
	uint64_t tail_pc = row_of(view, row)->tail_pc;

	return tail_pc ? tail_pc - 1 : frame ? frame_lookup(frame) : 0;
}

static uint64_t pc_of(const struct view *view, uint32_t row)
{
	uint64_t tail_pc = row_of(view, row)->tail_pc;

	return tail_pc ? tail_pc : frame_of(view, row)->pc;
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
		*out = value_u(V_ADDR, pc_of(view, row));
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
	struct symbol symbol;

	if (row_of(view, row)->inlined) /* it has no beginning */
		return;
	if (symbol_of(view, row, &symbol))
		*out = value_u(V_COUNT, pc_of(view, row) - symbol.addr);
	else if (symbol.module)
		*out = value_u(V_COUNT,
			       pc_of(view, row) - symbol.module->start);
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

static void tail_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (frame_of(view, row))
		*out = value_u(V_BOOL, row_of(view, row)->tail_pc != 0);
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
	uint64_t pc = pc_of(view, row);
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
	else if (r->tail_pc)
		snprintf(stacks->text + n, cap - n, " (tail call)");
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
	{"tail_call", "",
	 "it ended in a tail call and is known by its caller's debug "
	 "information alone: it has left nothing on the stack",
	 V_BOOL, .cell = tail_cell, .json_only = true},
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

/* "n=3"; "n=n@entry=3": it is still what it was given as; else both. */
static void add_arg(const struct frame_var *var, struct strbuf *text)
{
	if (text->len)
		strbuf_add(text, ", ");
	strbuf_addf(text, "%s=", var->name);
	if (var->same)
		strbuf_addf(text, "%s@entry=", var->name);
	strbuf_add(text, var->value);
	if (var->entry && !var->same)
		strbuf_addf(text, ", %s@entry=%s", var->name, var->entry);
}

/* Of the function at that level of inlining; NULL: it has none. */
static char *args_text(const struct frame_vars *vars, size_t level)
{
	struct strbuf text = {0};

	for (size_t i = 0; i < vars->count; i++)
		if (vars->var[i].level == level)
			add_arg(&vars->var[i], &text);
	return text.len ? strbuf_take(&text) : NULL;
}

/* What the function itself has where no debug information tells more. */
static int add_bare(struct stacks *stacks, const struct frame_place *place,
		    struct stack_row *like, struct error *err)
{
	uint64_t addr = numbered_lookup(place->thread, &place->at);
	struct stack_row row = {.thread = like->thread,
				.frame = like->frame,
				.number = like->number++,
				.tail_pc = like->tail_pc};
	struct line line;

	if (stacks->symbols && symbols_line(stacks->symbols, addr, &line)) {
		row.file = line.file;
		row.line = line.line;
	}
	return add_row(stacks, &row, err);
}

/* A frame, or one of the tail calls that led to it, behind what was inlined
 * into its function there, or of all these one alone; row counts on. */
static int add_function(struct stacks *stacks, struct frame_place *place,
			struct stack_row *row, struct error *err)
{
	struct function function[INLINED_MAX];
	struct frame_vars vars;
	size_t count = 0;
	int ret = 0;

	if (frame_vars_take(&vars, place, FRAME_ARGS, true, err))
		return -1;
	if (stacks->symbols)
		count = symbols_functions(
			stacks->symbols,
			numbered_lookup(place->thread, &place->at), function,
			INLINED_MAX);
	for (size_t i = 0; i < count && !ret; i++) {
		size_t its = count - 1 - i;

		row->inlined = function[i].inlined;
		if (place->at.level != FRAME_LEVELS && its != place->at.level)
			continue;
		row->name = xstrdup(function[i].name);
		row->args = args_text(&vars, its);
		row->file = function[i].file;
		row->line = function[i].line;
		ret = add_row(stacks, row, err);
		row->number++;
	}
	frame_vars_deinit(&vars);
	if (ret || (count && (!row->inlined || place->at.tail)))
		return ret;
	return add_bare(stacks, place, row, err);
}

/* That frame and the tail calls that led to it. */
static int add_frame(struct stacks *stacks, struct frame_place *place,
		     struct stack_row *row, struct error *err)
{
	struct symbols *symbols = place->source->symbols;

	place->at = (struct numbered_frame){.frame = row->frame};
	place->asked = 0;
	for (; frame_tail(place->thread, symbols, &place->at);
	     place->at.tail++) {
		if (!place->at.tail)
			place->at.level = FRAME_LEVELS;
		row->tail_pc = place->at.tail ? place->at.pc : 0;
		if (add_function(stacks, place, row, err))
			return -1;
	}
	return 0;
}

static int add_stack(struct stacks *stacks, const struct frame_source *source,
		     const struct snapshot *snap, uint32_t thread,
		     struct error *err)
{
	struct frame_place place = {.source = source,
				    .snap = snap,
				    .thread = &snap->thread[thread]};
	struct stack_row row = {.thread = thread, .frame = UINT32_MAX};
	uint32_t count = place.thread->frame_count;

	if (!count)
		return add_row(stacks, &row, err);
	for (row.frame = 0; row.frame < count; row.frame++)
		if (add_frame(stacks, &place, &row, err))
			return -1;
	return 0;
}

static int fill(struct stacks *stacks, const struct frame_source *source,
		const struct snapshot *snap, pid_t tid, struct error *err)
{
	for (uint32_t i = 0; i < snap->thread_count; i++) {
		if (tid && snap->thread[i].thread.tid != tid)
			continue;
		if (progress_tick("reading debug information", i,
				  snap->thread_count, err) ||
		    add_stack(stacks, source, snap, i, err))
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
	struct frame_place place = {
		.source = source, .snap = snap, .thread = t};
	struct stack_row row = {.thread = (uint32_t)(t - snap->thread),
				.number = number};
	struct stacks *stacks;

	if (!frame_numbered(t, source->symbols, number, &place.at))
		return error_set(err, ERR_NOT_FOUND, "there is no frame %u",
				 number);
	row.frame = place.at.frame;
	row.tail_pc = place.at.tail ? place.at.pc : 0;
	stacks = xcalloc(1, sizeof(*stacks));
	stacks->symbols = source->symbols;
	if (add_function(stacks, &place, &row, err)) {
		stacks_free(stacks);
		return -1;
	}
	return show(stacks, snap, t->thread.tid, out, err);
}
