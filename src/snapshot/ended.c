#include "snapshot/ended.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/progress.h"
#include "base/sort.h"
#include "target/image.h"

enum {
	ALIGN = 16,
	SELF = 2,	   /* word: tcbhead_t.self */
	HEAD = 0x60,	   /* bytes that tcbhead_t has at least */
	NUMBER = 0x400,	   /* within so many bytes the thread's number is */
	TOP = 8192,	   /* a descriptor lies this near to its stack's end */
	DESCRIPTOR = 4096, /* and is no longer */
	PAGE = 4096,
	FRAMES = 8192, /* bytes of a stack that are looked at */
	OFFSETS = 16,
};

struct search {
	struct snapshot *snap;
	size_t cap;
	uint8_t bytes[TOP];	  /* below the end that is looked at */
	unsigned offset[OFFSETS]; /* where all threads have their numbers */
	unsigned offsets;
};

/* What a descriptor says of its stack. */
struct stack {
	uint64_t start, end, guard, tcb;
};

static uint64_t word_at(const struct search *s, const uint8_t *at)
{
	uint64_t v = 0;

	memcpy(&v, at, s->snap->word);
	return v;
}

static uint64_t read_word(const struct snapshot *snap, uint64_t addr,
			  unsigned bytes)
{
	uint64_t v = 0;

	return image_read(snap->contents, addr, &v, bytes) == bytes ? v : 0;
}

static bool names_itself(const struct search *s, const uint8_t *at,
			 uint64_t addr)
{
	return word_at(s, at) == addr &&
	       word_at(s, at + (size_t)SELF * s->snap->word) == addr;
}

static bool pages(uint64_t v)
{
	return v && !(v % PAGE);
}

/* Block, size, guard: of a stack that ends at "end". */
static bool stack_of(const struct search *s, const uint8_t *at, size_t len,
		     uint64_t end, struct stack *out)
{
	unsigned w = s->snap->word;

	for (size_t i = HEAD; i + (size_t)3 * w <= len; i += w) {
		uint64_t start = word_at(s, at + i),
			 size = word_at(s, at + i + w),
			 guard = word_at(s, at + i + (size_t)2 * w);

		if (!pages(start) || !pages(size) || !pages(guard) ||
		    start + size != end || guard >= size)
			continue;
		*out = (struct stack){
			.start = start, .end = end, .guard = guard};
		return true;
	}
	return false;
}

/* The stack with a descriptor that ends at "end". */
static bool stack_below(struct search *s, uint64_t end, struct stack *out)
{
	uint64_t low = end - TOP;

	if (end < TOP ||
	    image_read(s->snap->contents, low, s->bytes, TOP) != TOP)
		return false;
	for (size_t at = TOP - HEAD; at; at -= ALIGN) {
		size_t len = TOP - at;

		if (!names_itself(s, s->bytes + at, low + at) ||
		    !stack_of(s, s->bytes + at,
			      len < DESCRIPTOR ? len : DESCRIPTOR, end, out))
			continue;
		out->tcb = low + at;
		return out->tcb > out->start + out->guard;
	}
	return false;
}

static bool is_tid(const struct snapshot *snap, uint32_t number)
{
	for (uint32_t i = 0; i < snap->thread_count; i++)
		if ((uint32_t)snap->thread[i].thread.tid == number)
			return true;
	return false;
}

/* Where descriptors have the number of their thread, as the living show. */
static void find_offsets(struct search *s)
{
	const struct snapshot *snap = s->snap;

	for (unsigned at = HEAD; at < NUMBER && s->offsets < OFFSETS; at += 4) {
		bool all = true, any = false;

		for (uint32_t i = 0; all && i < snap->thread_count; i++) {
			const struct thread *t = &snap->thread[i].thread;
			uint64_t tp = thread_regs_tp(&t->regs);

			if (!t->has_regs || !tp)
				continue;
			any = true;
			all = read_word(snap, tp + at, 4) == (uint32_t)t->tid;
		}
		if (all && any)
			s->offset[s->offsets++] = at;
	}
}

/* JOINED proves that it has ended; a CLEARED one may also not have begun. */
enum number { OF_A_THREAD, CLEARED, JOINED };

static enum number number_of(const struct search *s, uint64_t tcb)
{
	enum number out = OF_A_THREAD;

	for (unsigned i = 0; i < s->offsets; i++) {
		uint32_t number =
			(uint32_t)read_word(s->snap, tcb + s->offset[i], 4);

		if (number && is_tid(s->snap, number))
			return OF_A_THREAD;
		if (number == UINT32_MAX)
			out = JOINED;
		else if (!number && out == OF_A_THREAD)
			out = CLEARED;
	}
	return out;
}

/* Up to where the innermost frames are all of one module: who makes a thread
 * stands in the libc. */
static uint64_t inner_end(const struct snapshot *snap,
			  const struct snapshot_thread *t)
{
	const struct map *first = NULL;

	for (uint32_t i = 0; i < t->frame_count; i++) {
		const struct map *map = maps_find(&snap->maps, t->frame[i].pc);

		if (!i)
			first = map;
		else if (!map || !first || strcmp(map->path, first->path) != 0)
			return t->frame[i].sp;
	}
	return t->stack_end;
}

static bool knows(const struct snapshot *snap, const struct snapshot_thread *t,
		  uint64_t tcb)
{
	uint64_t end = inner_end(snap, t);

	for (unsigned r = 0; r < REG_COUNT_; r++)
		if (t->thread.regs.r[r] == tcb)
			return true;
	if (end - t->stack_start > FRAMES)
		end = t->stack_start + FRAMES;
	for (uint64_t at = t->stack_start; at < end; at += snap->word)
		if (read_word(snap, at, snap->word) == tcb)
			return true;
	return false;
}

/* As a core has a guard in the middle of a mapping. */
static bool is_zeros(const struct snapshot *snap, uint64_t page)
{
	uint8_t bytes[PAGE];
	size_t n = image_read(snap->contents, page, bytes, sizeof bytes);

	while (n && !bytes[n - 1])
		n--;
	return !n;
}

static bool is_guard(const struct snapshot *snap, const struct stack *stack)
{
	const struct map *map = maps_find(&snap->maps, stack->start);
	uint8_t byte;

	/* In a core without access to it, or in none; or, of a guard in the
	 * middle of a mapping, unreadable. */
	return !map || !(map->prot & MAP_W) ||
	       !image_read(snap->contents, stack->start, &byte, 1) ||
	       (!strcmp(snap->kind, "core") && is_zeros(snap, stack->start));
}

static bool has_ended(const struct search *s, const struct stack *stack)
{
	const struct snapshot *snap = s->snap;
	enum number number = number_of(s, stack->tcb);

	if (number == OF_A_THREAD || !is_guard(snap, stack))
		return false;
	for (uint32_t i = 0; i < snap->thread_count; i++) {
		const struct snapshot_thread *t = &snap->thread[i];
		uint64_t sp = t->thread.regs.r[REG_RSP_];

		if (!t->thread.has_regs)
			continue;
		if (thread_regs_tp(&t->thread.regs) == stack->tcb ||
		    (sp >= stack->start && sp < stack->end) ||
		    (t->under_start >= stack->start &&
		     t->under_start < stack->end) ||
		    (number == CLEARED && knows(snap, t, stack->tcb)))
			return false;
	}
	return true;
}

static int take(struct search *s, const struct stack *stack, struct error *err)
{
	struct snapshot *snap = s->snap;

	for (uint32_t i = 0; i < snap->ended_count; i++)
		if (snap->ended[i].end == stack->end)
			return 0;
	if (GROW(snap->ended, s->cap, (size_t)snap->ended_count + 1,
		 "table of stacks", err))
		return -1;
	snap->ended[snap->ended_count++] = (struct ended_stack){
		.start = stack->start + stack->guard,
		.end = stack->end,
		.tcb = stack->tcb,
	};
	return 0;
}

/* That which ends there, and those that end where it begins. */
static int follow_down(struct search *s, uint64_t end, struct error *err)
{
	struct stack stack;

	while (stack_below(s, end, &stack)) {
		if (has_ended(s, &stack) && take(s, &stack, err))
			return -1;
		end = stack.start;
	}
	return 0;
}

/* Where another may end: at a living thread's. */
static uint64_t start_of(struct search *s, const struct snapshot_thread *t)
{
	uint64_t tp = thread_regs_tp(&t->thread.regs), end;
	struct stack stack;

	if (!t->thread.has_regs || !tp)
		return 0;
	for (end = (tp & -(uint64_t)PAGE) + PAGE; end - tp <= TOP; end += PAGE)
		if (stack_below(s, end, &stack) && stack.tcb == tp)
			return stack.start;
	return 0;
}

int ended_find(struct snapshot *snap, struct error *err)
{
	struct search s = {.snap = snap};

	free(snap->ended);
	snap->ended = NULL;
	snap->ended_count = 0;
	if (!snap->contents || !snap->word)
		return 0;
	find_offsets(&s);
	if (!s.offsets)
		return 0;
	for (size_t i = 0; i < snap->maps.count; i++) {
		const struct map *map = &snap->maps.map[i];

		if (progress_tick("looking for stacks", i, snap->maps.count,
				  err))
			return -1;
		if (map->prot & MAP_W && !(map->prot & MAP_S) &&
		    map_is_anonymous(map) && follow_down(&s, map->end, err))
			return -1;
	}
	for (uint32_t i = 0; i < snap->thread_count; i++)
		if (follow_down(&s, start_of(&s, &snap->thread[i]), err))
			return -1;
	return sort_by_u64(snap->ended, snap->ended_count, sizeof *snap->ended,
			   offsetof(struct ended_stack, start), err);
}
