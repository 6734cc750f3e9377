#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "view/views.h"

struct stack_row {
	uint32_t thread, frame; /* frame UINT32_MAX: the thread has none */
};

struct stacks {
	struct stack_row *row; /* owned */
	struct symbols *symbols;
	char text[512];
};

static const struct snapshot_thread *thread_of(const struct view *view,
					       uint32_t row)
{
	const struct stacks *stacks = view->state;

	return &view->snap->thread[stacks->row[row].thread];
}

static const struct frame *frame_of(const struct view *view, uint32_t row)
{
	const struct stacks *stacks = view->state;

	if (stacks->row[row].frame == UINT32_MAX)
		return NULL;
	return &thread_of(view, row)->frame[stacks->row[row].frame];
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
	const struct stacks *stacks = view->state;

	if (frame_of(view, row))
		*out = value_u(V_COUNT, stacks->row[row].frame);
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

	if (symbol_of(view, row, &symbol))
		*out = value_text(symbol.name);
}

static void offset_cell(const struct view *view, uint32_t row,
			struct value *out)
{
	const struct frame *frame = frame_of(view, row);
	struct symbol symbol;

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

static bool line_of(const struct view *view, uint32_t row, struct line *line)
{
	const struct stacks *stacks = view->state;

	return stacks->symbols && frame_of(view, row) &&
	       symbols_line(stacks->symbols, code_addr(view, row), line);
}

static void file_cell(const struct view *view, uint32_t row, struct value *out)
{
	struct line line;

	if (line_of(view, row, &line))
		*out = value_text(line.file);
}

static void line_cell(const struct view *view, uint32_t row, struct value *out)
{
	struct line line;

	if (line_of(view, row, &line))
		*out = value_u(V_COUNT, line.line);
}

static void guess_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (frame_of(view, row))
		*out = value_u(V_BOOL, frame_of(view, row)->guess);
}

/* "main+0x1f at server.c:120", "libc.so.6+0x1234", as people read a stack. */
static void where_cell(const struct view *view, uint32_t row, struct value *out)
{
	struct stacks *stacks = view->state;
	const struct thread *thread = &thread_of(view, row)->thread;
	const struct frame *frame = frame_of(view, row);
	struct symbol symbol;
	struct line line;
	int n;

	if (!frame) {
		*out = value_text(
			!thread->has_regs ? "was not stopped: no registers"
			: thread_regs_kernel(&thread->regs)
				? "a worker of the kernel's (io_uring): it has "
				  "no user stack"
				: "no stack");
		return;
	}
	if (symbol_of(view, row, &symbol))
		n = snprintf(stacks->text, sizeof(stacks->text),
			     "%.300s+0x%" PRIx64, symbol.name,
			     frame->pc - symbol.addr);
	else if (symbol.module)
		n = snprintf(stacks->text, sizeof(stacks->text),
			     "%.300s+0x%" PRIx64, symbol.module->name,
			     frame->pc - symbol.module->start);
	else
		n = snprintf(stacks->text, sizeof(stacks->text), "??");
	if (line_of(view, row, &line)) {
		const char *base = strrchr(line.file, '/');

		n += snprintf(stacks->text + n,
			      sizeof(stacks->text) - (size_t)n, " at %.150s:%u",
			      base ? base + 1 : line.file, line.line);
	}
	if (frame->guess)
		snprintf(stacks->text + n, sizeof(stacks->text) - (size_t)n,
			 " (a guess)");
	*out = value_text(stacks->text);
}

static const struct column stacks_columns[] = {
	{"section", "", "the thread", V_TEXT, .cell = section_cell},
	{"tid", "", "the thread's number", V_COUNT, .cell = tid_cell,
	 .json_only = true},
	{"frame", "#", "0 is the innermost", V_COUNT, .cell = frame_cell},
	{"pc", "PC", "program counter; a return address but for #0", V_ADDR,
	 .cell = pc_cell},
	{"cfa", "", "canonical frame address", V_ADDR, .cell = cfa_cell,
	 .json_only = true},
	{"where", "FUNCTION", "symbol, offset, source line", V_TEXT,
	 .cell = where_cell, .stretch = true},
	{"symbol", "", "the function", V_TEXT, .cell = symbol_cell,
	 .json_only = true},
	{"offset", "", "of pc in it, or in the module", V_COUNT,
	 .cell = offset_cell, .json_only = true},
	{"module", "", "path of the file", V_TEXT, .cell = module_cell,
	 .json_only = true},
	{"file", "", "source file", V_TEXT, .cell = file_cell,
	 .json_only = true},
	{"line", "", "source line", V_COUNT, .cell = line_cell,
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
	const struct stacks *stacks = view->state;
	const struct snapshot_thread *t = thread_of(view, row);
	const struct frame *frame = frame_of(view, row);

	if (!frame)
		return false;
	*addr = stacks->row[row].frame
			? t->frame[stacks->row[row].frame - 1].cfa
			: t->thread.regs.r[REG_RSP_];
	if (frame->cfa <= *addr)
		return false;
	*len = frame->cfa - *addr;
	return true;
}

static void stacks_release(struct view *view)
{
	struct stacks *stacks = view->state;

	free(stacks->row);
	free(stacks);
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

static uint32_t fill(struct stack_row *row, const struct snapshot *snap,
		     pid_t tid)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < snap->thread_count; i++) {
		const struct snapshot_thread *t = &snap->thread[i];

		if (tid && t->thread.tid != tid)
			continue;
		if (!t->frame_count)
			row[n++] = (struct stack_row){i, UINT32_MAX};
		for (uint32_t f = 0; f < t->frame_count; f++)
			row[n++] = (struct stack_row){i, f};
	}
	return n;
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

int view_stacks(const struct snapshot *snap, struct symbols *symbols, pid_t tid,
		struct view **out, struct error *err)
{
	struct stacks *stacks = xcalloc(1, sizeof(*stacks));
	uint32_t room = 1, count;
	struct view *view;

	for (uint32_t i = 0; i < snap->thread_count; i++)
		room += snap->thread[i].frame_count + 1;
	stacks->row = xcalloc(room, sizeof(*stacks->row));
	stacks->symbols = symbols;
	count = fill(stacks->row, snap, tid);
	if (tid && !count) {
		free(stacks->row);
		free(stacks);
		return error_set(err, ERR_NOT_FOUND,
				 "snapshot %s has no thread %d; threads lists "
				 "them",
				 snap->name, (int)tid);
	}
	if (view_create(&stacks_ops, count, stacks, &view, err))
		return -1;
	view_of_snapshot(view, snap);
	snprintf(view->title, sizeof(view->title), "stacks, snapshot %s",
		 snap->name);
	warn(view, snap, tid);
	*out = view;
	return 0;
}
