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
	uint64_t pc;  /* as the register says: a return address but for #0 */
	uint64_t cfa; /* canonical frame address: the frame lies below it */
	bool guess;   /* found by scanning, not by unwind tables */
};

/* target is borrowed: stopped, or an image with registers. */
int unwinder_open(struct target *target, struct unwinder **out,
		  struct error *err) MUST_CHECK;
void unwinder_close(struct unwinder *unwinder);
/* Maps changed: forget cached tables. */
void unwinder_flush(struct unwinder *unwinder);

/* At most cap frames, innermost first.  *count >= 1 on success; a stack that
 * could not be followed to its end is not an error: *complete is false. */
int unwinder_stack(struct unwinder *unwinder, const struct thread_regs *regs,
		   struct frame *out, size_t cap, size_t *count, bool *complete,
		   struct error *err) MUST_CHECK;

#endif
