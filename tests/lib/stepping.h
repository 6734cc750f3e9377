/*
 * A live process that goes on by single instructions, of one thread at a time:
 * between any two it can be looked at, as if it had been stopped there.  What
 * a snapshot meets by chance once in many thousands is met here in turn.
 */
#ifndef TESTS_LIB_STEPPING_H
#define TESTS_LIB_STEPPING_H

#include "target/target.h"

struct stepping;

/*
 * Seizes all threads of a target that was opened live; from now on its stops
 * find the threads where they stand and its resumes let none go.  [text,
 * text_end) is the code where it is worth to look at every instruction.
 */
int stepping_begin(struct target *target, uint64_t text, uint64_t text_end,
		   uint64_t seed, struct stepping **out,
		   struct error *err) MUST_CHECK;
/*
 * To the next place worth a look, one instruction further or some, of the same
 * thread mostly.  Others stand outside of that code then, mostly.  False: no
 * thread is left.
 */
bool stepping_next(struct stepping *s);
/* Ends the process: it cannot be let go as it was found. */
void stepping_end(struct stepping *s);

#endif
