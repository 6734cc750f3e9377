#include "snapshot/frame_number.h"

#include "symbols/symbols_calls.h"
#include "symbols/symbols_functions.h"

static uint32_t levels(const struct snapshot_thread *t, struct symbols *symbols,
		       const struct numbered_frame *at)
{
	return symbols ? symbols_inlined(symbols, numbered_lookup(t, at)) : 0;
}

static size_t tail_calls(const struct snapshot_thread *t,
			 struct symbols *symbols, uint32_t frame, uint64_t *pc)
{
	const struct frame *f = &t->frame[frame];

	if (!symbols || frame + 1 >= t->frame_count || f->signal || f->guess ||
	    f[1].exact || f[1].guess)
		return 0;
	return symbols_tail_calls(symbols, f[1].pc, frame_lookup(f), pc);
}

unsigned frame_tails(const struct snapshot_thread *t, struct symbols *symbols,
		     uint32_t frame)
{
	uint64_t pc[TAIL_CALLS_MAX];

	return (unsigned)tail_calls(t, symbols, frame, pc);
}

bool frame_tail(const struct snapshot_thread *t, struct symbols *symbols,
		struct numbered_frame *at)
{
	uint64_t pc[TAIL_CALLS_MAX];

	if (at->tail > tail_calls(t, symbols, at->frame, pc))
		return false;
	at->pc = at->tail ? pc[at->tail - 1] : t->frame[at->frame].pc;
	at->level = at->tail ? levels(t, symbols, at) : 0;
	return true;
}

uint64_t numbered_lookup(const struct snapshot_thread *t,
			 const struct numbered_frame *at)
{
	return at->tail ? at->pc - 1 : frame_lookup(&t->frame[at->frame]);
}

/* How many numbers a frame has with what is inlined into it, and with the tail
 * calls that led to it. */
static uint32_t numbers(const struct snapshot_thread *t,
			struct symbols *symbols, uint32_t frame)
{
	struct numbered_frame at = {.frame = frame};

	return levels(t, symbols, &at) + 1 + frame_tails(t, symbols, frame);
}

uint32_t frame_number(const struct snapshot_thread *t, struct symbols *symbols,
		      uint32_t frame, unsigned level)
{
	struct numbered_frame at = {.frame = frame};
	uint32_t number = 0;

	for (uint32_t i = 0; i < frame; i++)
		number += numbers(t, symbols, i);
	return number + levels(t, symbols, &at) - level;
}

uint32_t frame_numbers(const struct snapshot_thread *t, struct symbols *symbols)
{
	return t->frame_count
		       ? frame_number(t, symbols, t->frame_count - 1, 0) + 1
		       : 0;
}

bool frame_numbered(const struct snapshot_thread *t, struct symbols *symbols,
		    uint32_t number, struct numbered_frame *out)
{
	for (uint32_t i = 0; i < t->frame_count; i++) {
		uint32_t inlined, all = numbers(t, symbols, i);

		*out = (struct numbered_frame){.frame = i};
		if (number >= all) {
			number -= all;
			continue;
		}
		inlined = levels(t, symbols, out);
		if (number > inlined)
			out->tail = number - inlined;
		frame_tail(t, symbols, out);
		if (!out->tail)
			out->level = inlined - number;
		return true;
	}
	return false;
}
