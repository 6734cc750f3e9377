/*
 * Which memory is a thread's own: its stack from the stack pointer up, a second
 * one that a signal handler on an alternate stack has interrupted, and its
 * thread-local storage around the thread pointer.
 */
#ifndef SNAPSHOT_STACKS_H
#define SNAPSHOT_STACKS_H

#include "snapshot/snapshot.h"

/* Sets stack_end, under_*, and tls_* of all threads; needs chunks and frames.
 */
void stacks_find(struct snapshot *snap);

/* How far down the memory below stack_start is that stack's, too: left over
 * from calls that have returned. */
uint64_t stacks_stale_start(const struct snapshot *snap,
			    const struct snapshot_thread *t);

/* The chunk that a thread's stack pointer is in, or CHUNK_NONE: coroutines and
 * alternate signal stacks in memory that malloc gave. */
uint32_t stacks_chunk(const struct snapshot *snap,
		      const struct snapshot_thread *t);

#endif
