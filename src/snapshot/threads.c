#include "snapshot/threads.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/progress.h"

enum { MAX_FRAMES = 256 };

int threads_take(struct snapshot *snap, const struct target *target,
		 struct error *err)
{
	snap->thread = try_calloc(target->thread_count, sizeof *snap->thread,
				  "thread table", err);
	if (!snap->thread)
		return -1;
	snap->thread_count = (uint32_t)target->thread_count;
	if (GROW(snap->vectors.word, snap->vectors.cap, target->vectors.count,
		 "table of vector registers", err))
		return -1;
	snap->vectors.count = target->vectors.count;
	if (target->vectors.count)
		memcpy(snap->vectors.word, target->vectors.word,
		       target->vectors.count * sizeof *target->vectors.word);
	for (uint32_t i = 0; i < snap->thread_count; i++) {
		struct snapshot_thread *t = &snap->thread[i];
		const struct map *map;
		uint64_t rsp;

		t->thread = target->thread[i];
		t->arena = ARENA_MMAPPED;
		if (!t->thread.has_regs)
			continue;
		rsp = t->thread.regs.r[REG_RSP_];
		map = maps_find(&target->maps, rsp);
		if (!map)
			continue;
		rsp -= thread_regs_red_zone(&t->thread.regs);
		t->stack_start = rsp > map->start ? rsp : map->start;
		t->stack_start &= ~(uint64_t)(target->word - 1);
		t->stack_end = map->end;
	}
	return 0;
}

void threads_tcaches(struct snapshot *snap, const struct tcache *tcache,
		     size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (uint32_t j = 0; j < snap->thread_count; j++) {
			struct snapshot_thread *t = &snap->thread[j];

			if (t->thread.tid != tcache[i].tid || !tcache[i].tid)
				continue;
			if (!t->tcache)
				t->tcache = tcache[i].addr;
			if (t->arena == ARENA_MMAPPED)
				t->arena = tcache[i].arena;
			t->cached_count += tcache[i].count;
			t->cached_bytes += tcache[i].bytes;
		}
}

/* What cannot be unwound still has its innermost frame. */
static size_t unwind(struct unwinder *unwinder, struct snapshot_thread *t,
		     struct frame *frame)
{
	const struct thread_regs *regs = &t->thread.regs;
	struct error err;
	size_t count = 0;

	/* All of it: there is none. */
	t->stack_complete = thread_regs_kernel(regs);
	if (t->stack_complete)
		return 0;
	if (unwinder && !unwinder_stack(unwinder, regs, frame, MAX_FRAMES,
					&count, &t->stack_complete, &err))
		return count;
	frame[0] = (struct frame){.pc = regs->r[REG_RIP_],
				  .cfa = regs->r[REG_RSP_]};
	return 1;
}

int threads_unwind(struct snapshot *snap, struct target *memory,
		   struct error *err)
{
	struct frame frame[MAX_FRAMES];
	struct unwinder *unwinder = NULL;
	int ret = -1;

	if (unwinder_open(memory, &unwinder, err))
		unwinder = NULL; /* no tables: innermost frames only */
	for (uint32_t i = 0; i < snap->thread_count; i++) {
		struct snapshot_thread *t = &snap->thread[i];
		size_t count;

		if (progress_tick("following stacks", i, snap->thread_count,
				  err))
			goto out;
		if (!t->thread.has_regs)
			continue;
		count = unwind(unwinder, t, frame);
		if (!count)
			continue;
		t->frame = try_calloc(count, sizeof *frame, "stack", err);
		if (!t->frame)
			goto out;
		memcpy(t->frame, frame, count * sizeof *frame);
		t->frame_count = (uint32_t)count;
	}
	ret = 0;
out:
	unwinder_close(unwinder);
	return ret;
}
