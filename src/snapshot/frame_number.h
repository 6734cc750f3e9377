/*
 * The numbers of a stack's functions, as debuggers count them: a function that
 * the compiler inlined has a number of its own, and shares its frame (the part
 * of the stack) with the one that it was inlined into, which comes next.  So
 * has one that ended in a tail call, and left nothing on the stack: it comes
 * after the frame that it led to, and what was inlined there stands for it.
 * Without debug information nobody knows of these: the numbers are the frames'.
 */
#ifndef SNAPSHOT_FRAME_NUMBER_H
#define SNAPSHOT_FRAME_NUMBER_H

#include "snapshot/snapshot.h"
#include "symbols/symbols.h"

struct numbered_frame {
	uint32_t frame; /* index of the thread's frames */
	unsigned level; /* of inlining: 0 is the frame's own function */
	/* 0: the frame itself; 1: the function whose tail call led to it, and
	 * so on outwards. */
	unsigned tail;
	uint64_t pc; /* of a tail call: what is behind it; else the frame's */
};

/* Of frame "frame" of t at that level; symbols may be NULL. */
uint32_t frame_number(const struct snapshot_thread *t, struct symbols *symbols,
		      uint32_t frame, unsigned level);
/* How many numbers the stack has. */
uint32_t frame_numbers(const struct snapshot_thread *t,
		       struct symbols *symbols);
/* What has that number; false: nothing has. */
bool frame_numbered(const struct snapshot_thread *t, struct symbols *symbols,
		    uint32_t number, struct numbered_frame *out);

/* How many functions ended in tail calls between that frame and the next. */
unsigned frame_tails(const struct snapshot_thread *t, struct symbols *symbols,
		     uint32_t frame);
/* That one of them (at->tail, or 0); sets at->pc, and at->level to that of the
 * function that has the number, of 0 the frame's own.  False: there is none. */
bool frame_tail(const struct snapshot_thread *t, struct symbols *symbols,
		struct numbered_frame *at);
/* The address to look its function and line up by. */
uint64_t numbered_lookup(const struct snapshot_thread *t,
			 const struct numbered_frame *at);

#endif
