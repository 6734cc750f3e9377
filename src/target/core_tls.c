/*
 * Thread pointers of i386 threads in a core that has no notes about them, as
 * gcore writes it: a thread's descriptor begins with its own address, has it
 * again in its third word, and holds the thread's number (before glibc 2.34 not
 * that of a program without threads: then there must be one place only).
 */
#include <stdlib.h>
#include <string.h>

#include "base/progress.h"
#include "target/core_impl.h"

enum {
	ALIGN = 16,
	SELF = 2,	/* word: tcbhead_t.self */
	HEAD = 0x60,	/* bytes that tcbhead_t has at least */
	NUMBER = 0x200, /* within so many bytes the number is */
	STEP = 1 << 24,
};

static uint32_t word(const uint8_t *bytes, uint64_t at)
{
	uint32_t v;

	memcpy(&v, bytes + at, sizeof v);
	return v;
}

/* The thread whose descriptor lies there, or NULL. */
static struct thread *thread_of(struct target *target, const uint8_t *tcb)
{
	for (unsigned at = HEAD; at < NUMBER; at += 4) {
		uint32_t tid = word(tcb, at);

		for (size_t i = 0; tid && i < target->thread_count; i++)
			if ((uint32_t)target->thread[i].tid == tid)
				return &target->thread[i];
	}
	return NULL;
}

/* What belongs to no thread is noted in *stray, UINT64_MAX for several. */
static int scan(struct target *target, const struct core_segment *s,
		uint64_t *stray, struct error *err)
{
	for (uint64_t at = -s->start & (ALIGN - 1); at + NUMBER <= s->dumped;
	     at += ALIGN) {
		uint32_t addr = (uint32_t)(s->start + at);
		struct thread *t;

		if (at % STEP == 0 &&
		    progress_tick("looking for threads", at, s->dumped, err))
			return -1;
		if (word(s->bytes, at) != addr ||
		    word(s->bytes, at + 4 * SELF) != addr)
			continue;
		t = thread_of(target, s->bytes + at);
		if (!t)
			*stray = *stray ? UINT64_MAX : addr;
		/* One that ended may have had the same number before. */
		if (t && t->regs.gs_base != addr)
			t->regs.gs_base = t->regs.gs_base ? UINT64_MAX : addr;
	}
	return 0;
}

int core_find_tls(struct target *target, struct error *err)
{
	const struct core *core = target->impl;
	uint64_t stray = 0;
	size_t missing = 0;

	if (target->word != 4)
		return 0;
	for (size_t i = 0; i < target->thread_count; i++)
		missing += !target->thread[i].regs.gs_base;
	if (!missing || missing < target->thread_count)
		return 0;
	for (size_t i = 0; i < core->segments; i++)
		if (core->segment[i].prot & MAP_W &&
		    scan(target, &core->segment[i], &stray, err))
			return -1;
	if (target->thread_count == 1 && !target->thread->regs.gs_base &&
	    stray != UINT64_MAX)
		target->thread->regs.gs_base = stray;
	for (size_t i = 0; i < target->thread_count; i++)
		if (target->thread[i].regs.gs_base == UINT64_MAX)
			target->thread[i].regs.gs_base = 0;
	return 0;
}
