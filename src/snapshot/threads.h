/* The threads of a snapshot: stacks, frames, tcaches. */
#ifndef SNAPSHOT_THREADS_H
#define SNAPSHOT_THREADS_H

#include "snapshot/snapshot.h"

/* Fills snap->thread from target, which is stopped or a copy; frames wait. */
int threads_take(struct snapshot *snap, const struct target *target,
		 struct error *err) MUST_CHECK;
/* Each thread's tcaches, by tid: one of each copy of malloc, those of the
 * program's own first. */
void threads_tcaches(struct snapshot *snap, const struct tcache *tcache,
		     size_t count);
/* Frames of all threads, read from memory: the copy, or the stopped target. */
int threads_unwind(struct snapshot *snap, struct target *memory,
		   struct error *err) MUST_CHECK;

#endif
