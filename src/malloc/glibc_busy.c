/*
 * Was the target stopped in the middle of malloc?  A thread whose pc, or a
 * word near the top of whose stack, lies in malloc's code (GLIBC.md 11.4).
 * Stale words give false alarms, which matter only when a check fails.
 */
#include "malloc/walk.h"

enum { STACK_BYTES = 2048 };

static bool in_text(const struct glibc *g, uint64_t addr)
{
	return addr >= g->text_start && addr < g->text_end;
}

static bool stands_in_malloc(struct walk *w, const struct thread *t)
{
	uint64_t word[STACK_BYTES / 8];
	size_t n;

	if (!t->has_regs)
		return false;
	if (in_text(w->g, t->regs.r[REG_RIP_]))
		return true;
	n = target_read_some(w->target, t->regs.r[REG_RSP_], word, sizeof word);
	for (size_t i = 0; i < n / 8; i++)
		if (in_text(w->g, word[i]))
			return true;
	return false;
}

void walk_look_for_busy(struct walk *w)
{
	if (!w->g->text_end)
		return;
	for (size_t i = 0; i < w->target->thread_count && !w->in_malloc; i++) {
		w->in_malloc = stands_in_malloc(w, &w->target->thread[i]);
		w->in_malloc_tid = w->target->thread[i].tid;
	}
}
