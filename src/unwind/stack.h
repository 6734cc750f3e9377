/*
 * Call stacks by libunwind, whose memory accessor is target_read: a running,
 * a stopped and a copied process are one path.  Tables are found through the
 * program headers in the target's own memory (PT_GNU_EH_FRAME), never through
 * a path.
 */
#ifndef UNWIND_STACK_H
#define UNWIND_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "target/target.h"

struct unwinder;

struct frame {
	uint64_t pc;  /* as the register says, or the saved one */
	uint64_t sp;  /* the frame lies in [sp, cfa) */
	uint64_t cfa; /* canonical frame address; of a stack's last: its end */
	/* pc is the very instruction, not where a call returns to: of frame 0,
	 * of a signal trampoline and of what the signal interrupted. */
	bool exact;
	bool signal; /* the kernel's trampoline out of a signal handler */
	bool guess;  /* found without unwind tables, or beyond such a frame */
	/*
	 * The registers as this frame has them, by number of target/x86_64.h; a
	 * bit of has_reg for each that is known.  Those that a call may change
	 * are so in the innermost frame, and in what a signal interrupted.
	 */
	uint64_t reg[REG_COUNT_];
	uint32_t has_reg;
};

/* The address to look a frame's function and line up by. */
uint64_t frame_lookup(const struct frame *frame);

/* target is borrowed: stopped, or an image with registers. */
int unwinder_open(struct target *target, struct unwinder **out,
		  struct error *err) MUST_CHECK;
void unwinder_close(struct unwinder *unwinder);
/* Maps changed: forget cached tables. */
void unwinder_flush(struct unwinder *unwinder);

/*
 * At most cap (>= 1) frames, innermost first.  *count >= 1 on success; a stack
 * that could not be followed to its end is not an error: *complete is false.
 * Code without tables is crossed by frame pointer, else by the next word on the
 * stack that is preceded by a call.
 */
int unwinder_stack(struct unwinder *unwinder, const struct thread_regs *regs,
		   struct frame *out, size_t cap, size_t *count, bool *complete,
		   struct error *err) MUST_CHECK;

#endif
