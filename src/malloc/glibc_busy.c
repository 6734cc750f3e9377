/*
 * Was the target stopped in the middle of malloc?  A thread whose pc, or a
 * word near the top of whose stack, lies in malloc's code (GLIBC.md 11.4).
 * Stale words give false alarms, which matter only when a check fails.
 */
#include "base/alloc.h"
#include "malloc/walk.h"

enum {
	STACK_BYTES = 2048,
	DEEP_BYTES = 1 << 16, /* as far as an interrupted context is sought */
	USER_CS = 0x33,
	USER_CS_32 = 0x23
};

/* In the code of any copy of malloc. */
static bool in_text(const struct walk *w, uint64_t addr)
{
	for (size_t i = 0; i < w->copy_count; i++) {
		const struct glibc *g = w->copies[i].g;

		if (addr >= g->text_start && addr < g->text_end)
			return true;
	}
	return false;
}

static bool stack_in_malloc(struct walk *w, uint64_t sp)
{
	unsigned size = w->form.word;
	uint8_t bytes[STACK_BYTES];
	size_t n = target_read_some(w->target, sp, bytes, sizeof bytes);

	for (size_t i = 0; i + size <= n; i += size)
		if (in_text(w, load_word(bytes + i, size)))
			return true;
	return false;
}

static bool stands_in_malloc(struct walk *w, const struct thread *t)
{
	return t->has_regs && (in_text(w, t->regs.r[REG_RIP_]) ||
			       stack_in_malloc(w, t->regs.r[REG_RSP_]));
}

/*
 * A signal handler may have interrupted malloc and gone deep since, or run on
 * a stack of its own.  The kernel put the interrupted registers on its stack
 * (struct sigcontext): rsp, rip, eflags and cs, one after the other; i386: eip,
 * cs, eflags and esp.
 */
static bool saved_in_malloc(struct walk *w, const uint8_t *at)
{
	bool is32 = w->form.word == 4;
	uint64_t flags = load_word(at + 2 * w->form.word, w->form.word);
	uint64_t cs = is32 ? load32(at + 4) : load64(at + 24);
	uint64_t pc = is32 ? load32(at) : load64(at + 8);
	uint64_t sp = is32 ? load32(at + 12) : load64(at);

	/* Bit 1 of eflags is always set, those from 22 on never. */
	return (cs & 0xffff) == (is32 ? USER_CS_32 : USER_CS) && flags & 2 &&
	       !(flags >> 22) && (in_text(w, pc) || stack_in_malloc(w, sp));
}

static bool interrupted_malloc(struct walk *w, const struct thread *t)
{
	AUTO_FREE uint8_t *bytes = xmalloc(DEEP_BYTES);
	size_t n;

	if (!t->has_regs)
		return false;
	n = target_read_some(w->target, t->regs.r[REG_RSP_], bytes, DEEP_BYTES);
	for (size_t i = 0; i + 4 * w->form.word <= n; i += w->form.word)
		if (saved_in_malloc(w, bytes + i))
			return true;
	return false;
}

static void look_with(struct walk *w,
		      bool (*stands)(struct walk *, const struct thread *))
{
	for (size_t i = 0; i < w->target->thread_count && !w->in_malloc; i++) {
		w->in_malloc = stands(w, &w->target->thread[i]);
		w->in_malloc_tid = w->target->thread[i].tid;
	}
}

void walk_look_for_busy(struct walk *w)
{
	look_with(w, stands_in_malloc);
}

bool walk_is_busy(struct walk *w)
{
	if (!w->in_malloc && !w->looked_deep) {
		w->looked_deep = true;
		look_with(w, interrupted_malloc);
	}
	return w->in_malloc;
}
