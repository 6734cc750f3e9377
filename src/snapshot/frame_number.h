/*
 * The numbers of a stack's functions, as debuggers count them: a function that
 * the compiler inlined has a number of its own, and shares its frame (the part
 * of the stack) with the one that it was inlined into, which comes next.
 * Without debug information nobody knows of inlined ones: the numbers are the
 * frames'.
 */
#ifndef SNAPSHOT_FRAME_NUMBER_H
#define SNAPSHOT_FRAME_NUMBER_H

#include "snapshot/snapshot.h"
#include "symbols/symbols.h"

struct numbered_frame {
	uint32_t frame; /* index of the thread's frames */
	unsigned level; /* of inlining: 0 is the frame's own function */
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

#endif
