/*
 * Was the target stopped in the middle of malloc?  A thread is inside if its pc
 * or a frame of its stack lies in malloc's code (GLIBC.md 11.4); a stack that
 * was followed to its end without one proves that it is outside.  Where a stack
 * cannot be followed, words near its top must do: stale ones give false alarms,
 * so they matter only when something does not add up.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "malloc/walk.h"
#include "unwind/stack.h"

enum {
	STACK_BYTES = 2048,
	MOST_STACK = 1 << 16,
	DEEP_BYTES = 1 << 16, /* as far as an interrupted context is sought */
	USER_CS = 0x33,
	USER_CS_32 = 0x23
};

static bool in_text_of(const struct glibc *g, uint64_t addr)
{
	return addr >= g->text_start && addr < g->text_end;
}

/* The copy of malloc whose code it is in, or NULL. */
static const struct glibc *text_of(const struct walk *w, uint64_t addr)
{
	for (size_t i = 0; i < w->copy_count; i++)
		if (in_text_of(w->copies[i].g, addr))
			return w->copies[i].g;
	return NULL;
}

static bool in_text(const struct walk *w, uint64_t addr)
{
	return text_of(w, addr);
}

static bool frame_in_text(const struct walk *w, const struct frame *f)
{
	return !f->guess && in_text(w, frame_lookup(f));
}

/* Has abort() been called?  It does not come back. */
static bool frame_aborts(const struct walk *w, const struct frame *f)
{
	uint64_t pc = frame_lookup(f);

	for (size_t i = 0; !f->guess && i < w->copy_count; i++)
		if (pc >= w->copies[i].g->abort_start &&
		    pc < w->copies[i].g->abort_end)
			return true;
	return false;
}

bool glibc_at_work(const struct target *target, const void *state)
{
	for (const struct glibc *g = state; g; g = g->next)
		for (size_t i = 0; i < target->thread_count; i++)
			if (target->thread[i].has_regs &&
			    in_text_of(g, target->thread[i].regs.r[REG_RIP_]))
				return true;
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

	n = target_read_some(w->target, t->regs.r[REG_RSP_], bytes, DEEP_BYTES);
	for (size_t i = 0; i + 4 * w->form.word <= n; i += w->form.word)
		if (saved_in_malloc(w, bytes + i))
			return true;
	return false;
}

/* Its stack as the caller has followed it, or NULL. */
static const struct malloc_stack *stack_of(const struct walk *w, size_t thread)
{
	const struct malloc_sink *s = w->sink;

	return thread < s->stacks && s->stack[thread].tid ==
					     w->target->thread[thread].tid
		       ? &s->stack[thread]
		       : NULL;
}

/* Threads in other code for good: the common case, known without a stack. */
static bool is_outside(const struct walk *w, const struct malloc_stack *s)
{
	if (!s || !s->complete)
		return false;
	for (uint32_t i = 0; i < s->count; i++)
		if (s->frame[i].guess || frame_in_text(w, &s->frame[i]))
			return false;
	return true;
}

static void name_function(const struct walk *w, uint64_t pc,
			  struct inside_malloc *out)
{
	const struct glibc *g = text_of(w, pc);

	out->pc = pc;
	out->function[0] = '\0';
	for (unsigned i = 0; g && i < g->functions; i++)
		if (pc >= g->function[i].start && pc < g->function[i].end) {
			snprintf(out->function, sizeof out->function, "%s",
				 g->function[i].name);
			return;
		}
}

static void look_at_frames(const struct walk *w, const struct malloc_stack *s,
			   struct inside *in)
{
	uint32_t from = 0, to;

	while (from < s->count && !frame_in_text(w, &s->frame[from]))
		from++;
	if (from == s->count)
		return;
	/* The outermost one is what the program called. */
	for (to = from;
	     to + 1 < s->count && frame_in_text(w, &s->frame[to + 1]);)
		to++;
	in->start = s->frame[0].sp;
	/* What it had in registers the kernel wrote below, with the signal. */
	for (uint32_t i = 0; i < from; i++) {
		in->out.aborts |= frame_aborts(w, &s->frame[i]);
		if (s->frame[i].signal) {
			in->out.handler = true;
			in->start = s->frame[i].sp;
		}
	}
	in->end = s->frame[to].cfa;
	name_function(w, frame_lookup(&s->frame[to]), &in->out);
}

/* True if this thread is inside malloc. */
static bool find_inside(const struct walk *w, size_t thread, struct inside *in)
{
	const struct thread *t = &w->target->thread[thread];
	const struct malloc_stack *s = stack_of(w, thread);
	uint64_t pc = t->regs.r[REG_RIP_], sp = t->regs.r[REG_RSP_];

	*in = (struct inside){.out = {.tid = t->tid}, .thread = thread};
	if (s)
		look_at_frames(w, s, in);
	if (in->end || !in_text(w, pc))
		return in->end;
	name_function(w, pc, &in->out);
	in->start = sp;
	in->end = sp + STACK_BYTES;
	return true;
}

/* What it has in registers and on its stack. */
static int read_words(struct walk *w, struct inside *in, struct error *err)
{
	const struct thread *t = &w->target->thread[in->thread];
	uint64_t len = in->end - in->start;
	unsigned word = w->form.word;
	AUTO_FREE uint8_t *bytes = NULL;
	size_t n;

	if (in->end < in->start || len > MOST_STACK)
		len = MOST_STACK;
	bytes = xmalloc(len + word);
	n = target_read_some(w->target, in->start, bytes, len) / word;
	in->word = xcalloc(n + REG_COUNT_, sizeof *in->word);
	for (size_t i = 0; i < n; i++)
		in->word[i] = load_word(bytes + i * word, word);
	in->words = n;
	for (size_t i = 0; !in->out.handler && i < REG_COUNT_; i++)
		in->word[in->words++] = t->regs.r[i];
	for (size_t i = 0; i < in->words; i++)
		if (u64map_put(&w->hand, in->word[i], 1, err) < 0)
			return -1;
	return 0;
}

int walk_look_for_busy(struct walk *w, struct error *err)
{
	size_t n = w->target->thread_count;

	w->outside = xcalloc(n ? n : 1, sizeof *w->outside);
	for (size_t i = 0; i < n; i++) {
		struct inside in;

		if (!w->target->thread[i].has_regs)
			continue;
		if (is_outside(w, stack_of(w, i))) {
			w->outside[i] = true;
			continue;
		}
		if (!find_inside(w, i, &in))
			continue;
		if (GROW(w->inside, w->inside_cap, w->insides + 1,
			 "threads inside malloc", err) < 0)
			return -1;
		w->inside[w->insides++] = in;
		/* What it found is damage, and nothing comes after it. */
		if (in.out.aborts)
			w->outside[i] = true;
		else
			w->in_malloc_tid = in.out.tid;
		if (read_words(w, &w->inside[w->insides - 1], err) < 0)
			return -1;
	}
	return 0;
}

bool walk_is_busy(struct walk *w)
{
	if (w->in_malloc_tid || w->looked_deep)
		return w->in_malloc_tid;
	w->looked_deep = true;
	for (size_t i = 0; i < w->target->thread_count; i++) {
		const struct thread *t = &w->target->thread[i];

		if (t->has_regs && !w->outside[i] &&
		    (stack_in_malloc(w, t->regs.r[REG_RSP_]) ||
		     interrupted_malloc(w, t))) {
			w->in_malloc_tid = t->tid;
			break;
		}
	}
	return w->in_malloc_tid;
}
