#include "unwind/stack.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "unwind/unwind_impl.h"

uint64_t frame_lookup(const struct frame *frame)
{
	return frame->exact ? frame->pc : frame->pc - 1;
}

int unwinder_open(struct target *target, struct unwinder **out,
		  struct error *err)
{
	struct unwinder *u = xcalloc(1, sizeof *u);
	unw_accessors_t accessors = unwind_accessors;

	u->target = target;
	u->page = xcalloc(CACHE_PAGES, sizeof *u->page);
	cache_flush(u);
	u->as = unw_create_addr_space(&accessors, 0);
	if (!u->as) {
		unwinder_close(u);
		return error_set(err, ERR_NO_MEMORY,
				 "libunwind has no memory for a process");
	}
	unw_set_caching_policy(u->as, UNW_CACHE_GLOBAL);
	unw_set_cache_size(u->as, 4096, 0);
	*out = u;
	return 0;
}

static void forget_tables(struct unwinder *u)
{
	for (size_t i = 0; i < u->table_count; i++)
		free(u->tables[i].index);
	u->table_count = 0;
}

void unwinder_close(struct unwinder *u)
{
	if (!u)
		return;
	if (u->as)
		unw_destroy_addr_space(u->as);
	free(u->page);
	forget_tables(u);
	free(u->tables);
	free(u);
}

void unwinder_flush(struct unwinder *u)
{
	cache_flush(u);
	forget_tables(u);
	unw_flush_cache(u->as, 0, 0);
}

/* Where a walk stands. */
struct walk {
	struct unwinder *u;
	unw_cursor_t cursor;
	bool has_cursor; /* else u->regs is all there is */
	bool guess, after_signal, is_signal;
	bool exact;	/* the pc is no return address */
	uint32_t known; /* registers: a bit for each */
};

enum {
	ALL_REGS = (1 << REG_COUNT_) - 1,
	OWN_REGS = 1 << REG_RSP_ | 1 << REG_RIP_,
	/* What a callee gives back as it was (psABI 3.2.1), rbx, rbp, r12 to
	 * r15; of i386 esi and edi, too, but neither ever has r12. */
	KEPT_REGS = OWN_REGS | 1 << REG_RBX_ | 1 << REG_RBP_ | 0xf << 12,
	KEPT_REGS32 = OWN_REGS | 1 << REG_RBX_ | 1 << REG_RBP_ | 1 << REG_RSI_ |
		      1 << REG_RDI_
};

static void start_at(struct walk *w, const struct thread_regs *regs)
{
	struct unwinder *u = w->u;

	u->regs = *regs;
	u->reads_left = STEP_READS;
	w->has_cursor =
		!regs->is32 && unw_init_remote(&w->cursor, u->as, u) == 0;
}

static bool reg_known(struct walk *w, int number, uint64_t *out)
{
	unw_word_t value = 0;
	int ret = 0;

	if (w->has_cursor)
		ret = unw_get_reg(&w->cursor, number, &value);
	else
		value = w->u->regs.r[number];
	*out = ret ? 0 : value;
	return !ret;
}

static uint64_t reg(struct walk *w, int number)
{
	uint64_t value;

	return reg_known(w, number, &value) ? value : 0;
}

/* The registers of the frame that the cursor is at, as far as known. */
static struct thread_regs frame_regs(struct walk *w)
{
	struct thread_regs regs = w->u->regs;

	for (int i = 0; i < REG_COUNT_; i++)
		regs.r[i] = reg(w, i);
	return regs;
}

enum step { STEP_END, STEP_FRAME, STEP_LOST };

static enum step step_by_tables(struct walk *w)
{
	unw_cursor_t before = w->cursor;
	int ret;

	w->u->reads_left = STEP_READS;
	w->u->no_tables = false;
	ret = unw_step(&w->cursor);
	/* without tables libunwind knows the kernel's trampoline by its code,
	 * and else follows frame pointers unchecked: that we do ourselves */
	if (ret >= 0 && (!w->u->no_tables || w->is_signal))
		return ret ? STEP_FRAME : STEP_END;
	w->cursor = before;
	return STEP_LOST;
}

/* Of i386 code, whose registers are u->regs. */
static enum step step_by_tables32(struct walk *w)
{
	struct thread_regs regs = w->u->regs;
	uint64_t pc = regs.r[REG_RIP_];

	switch (cfi32_step(w->u, w->exact ? pc : pc - 1, &regs)) {
	case CFI32_FRAME:
		start_at(w, &regs);
		return STEP_FRAME;
	case CFI32_END:
		return STEP_END;
	default:
		return STEP_LOST;
	}
}

static enum step step(struct walk *w)
{
	enum step how = w->has_cursor	  ? step_by_tables(w)
			: w->u->regs.is32 ? step_by_tables32(w)
					  : STEP_LOST;
	struct thread_regs regs;

	if (how == STEP_FRAME && !w->is_signal)
		w->known &= w->u->regs.is32 ? KEPT_REGS32 : KEPT_REGS;
	else if (how == STEP_FRAME && !w->guess)
		w->known = ALL_REGS; /* the kernel has saved them all */
	if (how != STEP_LOST)
		return how;
	w->u->reads_left = STEP_READS;
	regs = frame_regs(w);
	if (!guess_step(w->u, &regs))
		return STEP_LOST;
	w->guess = true;
	w->known = OWN_REGS;
	start_at(w, &regs);
	return STEP_FRAME;
}

/*
 * mov $__NR_rt_sigreturn, %rax; syscall: the one way out of a handler.
 * (unw_is_signal_frame() is true one frame too late for us: of the code that
 * was interrupted.)
 */
static bool is_trampoline(struct walk *w, uint64_t pc)
{
	struct unwinder *u = w->u;
	static const uint8_t code[] = {0x48, 0xc7, 0xc0, 0x0f, 0x00,
				       0x00, 0x00, 0x0f, 0x05};
	uint8_t there[sizeof code];

	/* i386: what the tables say, there is more than one. */
	if (u->regs.is32)
		return cfi32_is_signal(u, w->exact ? pc : pc - 1);
	return w->has_cursor && cache_read(u, pc, there, sizeof there) &&
	       !memcmp(there, code, sizeof code);
}

static void take_frame(struct walk *w, struct frame *f, bool first)
{
	uint64_t pc = reg(w, REG_RIP_);

	w->after_signal = w->is_signal;
	w->exact = first || w->after_signal;
	w->is_signal = is_trampoline(w, pc);
	*f = (struct frame){
		.pc = pc,
		.sp = reg(w, REG_RSP_),
		.exact = w->exact || w->is_signal,
		.signal = w->is_signal,
		.guess = w->guess,
	};
	for (int i = 0; i < REG_COUNT_; i++)
		if (w->known >> i & 1 && reg_known(w, i, &f->reg[i]))
			f->has_reg |= UINT32_C(1) << i;
}

/* The stack pointer rises, but for a handler on a stack of its own. */
static bool is_progress(const struct frame *from, const struct frame *to)
{
	if (from->signal)
		return to->sp != from->sp;
	return to->sp > from->sp || (to->sp == from->sp && to->pc != from->pc);
}

static uint64_t stack_end(const struct unwinder *u, uint64_t sp)
{
	const struct map *map = maps_find(&u->target->maps, sp);

	return map ? map->end : sp;
}

int unwinder_stack(struct unwinder *u, const struct thread_regs *regs,
		   struct frame *out, size_t cap, size_t *count, bool *complete,
		   struct error *err)
{
	struct walk w = {.u = u, .known = ALL_REGS};
	enum step how = STEP_LOST;
	size_t n = 0;

	*complete = false;
	*count = 0;
	if (!cap)
		return error_set(err, ERR_USAGE, "no room for a frame");
	u->epoch++;
	start_at(&w, regs);
	take_frame(&w, &out[n++], true);
	while (n < cap && (how = step(&w)) == STEP_FRAME) {
		struct frame next;

		take_frame(&w, &next, false);
		if (!next.pc) {
			how = STEP_END;
			break;
		}
		if (!is_progress(&out[n - 1], &next)) {
			how = STEP_LOST;
			break;
		}
		/* a handler's stack need not be that of what it interrupted */
		out[n - 1].cfa = stack_end(u, out[n - 1].sp);
		if (next.sp > out[n - 1].sp && next.sp < out[n - 1].cfa)
			out[n - 1].cfa = next.sp;
		out[n++] = next;
	}
	out[n - 1].cfa = stack_end(u, out[n - 1].sp);
	*complete = how == STEP_END;
	*count = n;
	return 0;
}
