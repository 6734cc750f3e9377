#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "view/views.h"

struct threads {
	struct symbols *symbols;
	char text[256];
};

static const struct snapshot_thread *thread_of(const struct view *view,
					       uint32_t row)
{
	return &view->snap->thread[row];
}

static void tid_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_u(V_NUMBER, (uint64_t)thread_of(view, row)->thread.tid);
}

static void name_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_text(thread_of(view, row)->thread.name);
}

static void state_cell(const struct view *view, uint32_t row, struct value *out)
{
	struct threads *threads = view->state;

	if (!thread_of(view, row)->thread.state)
		return; /* a core does not tell */
	snprintf(threads->text, sizeof(threads->text), "%c",
		 thread_of(view, row)->thread.state);
	*out = value_text(threads->text);
}

static void arena_cell(const struct view *view, uint32_t row, struct value *out)
{
	uint32_t arena = thread_of(view, row)->arena;

	if (arena != ARENA_MMAPPED && arena < view->snap->arena_count)
		*out = value_u(V_COUNT, arena);
}

static void cached_count_cell(const struct view *view, uint32_t row,
			      struct value *out)
{
	if (thread_of(view, row)->tcache)
		*out = value_u(V_COUNT, thread_of(view, row)->cached_count);
}

static void cached_bytes_cell(const struct view *view, uint32_t row,
			      struct value *out)
{
	if (thread_of(view, row)->tcache)
		*out = value_u(V_BYTES, thread_of(view, row)->cached_bytes);
}

static void tcache_cell(const struct view *view, uint32_t row,
			struct value *out)
{
	if (thread_of(view, row)->tcache)
		*out = value_u(V_ADDR, thread_of(view, row)->tcache);
}

static void stack_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct snapshot_thread *t = thread_of(view, row);

	if (t->stack_end > t->stack_start)
		*out = value_u(V_BYTES, t->stack_end - t->stack_start);
}

static void pc_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct thread *t = &thread_of(view, row)->thread;

	if (t->has_regs && !thread_regs_kernel(&t->regs))
		*out = value_u(V_ADDR, t->regs.r[REG_RIP_]);
}

/*
 * i386 programs enter the kernel by way of its own page, in which all that wait
 * would be: their caller tells more.
 */
static uint64_t where(const struct snapshot *snap,
		      const struct snapshot_thread *t)
{
	uint64_t pc = t->thread.regs.r[REG_RIP_];
	const struct map *map = maps_find(&snap->maps, pc);

	if (snap->word == 4 && map && !strcmp(map->path, "[vdso]") &&
	    t->frame_count > 1 && !t->frame[1].guess)
		return t->frame[1].pc;
	return pc;
}

static void where_cell(const struct view *view, uint32_t row, struct value *out)
{
	struct threads *threads = view->state;
	const struct snapshot_thread *t = thread_of(view, row);

	threads->text[0] = '\0';
	if (!t->thread.has_regs)
		snprintf(threads->text, sizeof(threads->text),
			 "(was not stopped)");
	else if (thread_regs_kernel(&t->thread.regs))
		snprintf(threads->text, sizeof(threads->text),
			 "(a worker of the kernel's)");
	else if (threads->symbols)
		symbols_format(threads->symbols, where(view->snap, t),
			       threads->text, sizeof(threads->text));
	*out = value_text(threads->text);
}

static void inside_cell(const struct view *view, uint32_t row,
			struct value *out)
{
	const struct snapshot *snap = view->snap;

	for (uint32_t i = 0; i < snap->inside_count; i++)
		if (snap->inside[i].tid == thread_of(view, row)->thread.tid)
			*out = value_text(snap->inside[i].function[0]
						  ? snap->inside[i].function
						  : "malloc");
}

static const struct column threads_columns[] = {
	{"tid", "TID", "thread number, as the kernel has it", V_NUMBER,
	 .cell = tid_cell},
	{"name", "NAME", "comm", V_TEXT, .cell = name_cell},
	{"state", "STATE", "as /proc says: R runs, S sleeps, D, T, t, Z",
	 V_TEXT, .cell = state_cell},
	{"arena", "ARENA", "the arena it allocates from", V_COUNT,
	 .cell = arena_cell},
	{"cached_count", "CACHED", "chunks in its tcache", V_COUNT,
	 .cell = cached_count_cell},
	{"cached_bytes", "BYTES", "their chunk sizes", V_BYTES,
	 .cell = cached_bytes_cell},
	{"tcache", "", "its tcache struct", V_ADDR, .cell = tcache_cell,
	 .json_only = true},
	{"stack_bytes", "STACK", "of its stack in use", V_BYTES,
	 .cell = stack_cell},
	{"pc", "", "program counter", V_ADDR, .cell = pc_cell,
	 .json_only = true},
	{"inside", "", "malloc, free ... if it was stopped inside of it",
	 V_TEXT, .cell = inside_cell, .json_only = true},
	{"where", "WHERE",
	 "the function it is in; of i386 the one that calls the kernel", V_TEXT,
	 .cell = where_cell, .stretch = true},
};

static bool threads_drill(const struct view *view, uint32_t row, char *line,
			  size_t cap)
{
	snprintf(line, cap, "bt %d", (int)thread_of(view, row)->thread.tid);
	return true;
}

static bool threads_bytes(const struct view *view, uint32_t row, uint64_t *addr,
			  uint64_t *len)
{
	const struct snapshot_thread *t = thread_of(view, row);

	*addr = t->thread.regs.r[REG_RSP_];
	*len = t->stack_end > *addr ? t->stack_end - *addr : 256;
	return t->thread.has_regs;
}

static void threads_release(struct view *view)
{
	free(view->state);
}

static const struct view_ops threads_ops = {
	.name = "threads",
	.column = threads_columns,
	.column_count = sizeof(threads_columns) / sizeof(*threads_columns),
	.default_sort = -1,
	.section = -1,
	.drill = threads_drill,
	.bytes = threads_bytes,
	.release = threads_release,
};

int view_threads(const struct snapshot *snap, struct symbols *symbols,
		 struct view **out, struct error *err)
{
	struct threads *threads = xcalloc(1, sizeof(*threads));
	struct view *view;

	threads->symbols = symbols;
	if (view_create(&threads_ops, snap->thread_count, threads, &view, err))
		return -1;
	view_of_snapshot(view, snap);
	snprintf(view->title, sizeof(view->title),
		 "%u thread%s of %s %d, snapshot %s", snap->thread_count,
		 snap->thread_count == 1 ? "" : "s", snap->comm, (int)snap->pid,
		 snap->name);
	view_total(view, NULL, "count", NULL,
		   value_u(V_COUNT, snap->thread_count));
	*out = view;
	return 0;
}
