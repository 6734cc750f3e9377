/*
 * Stacks of threads that have ended.  glibc keeps them for later ones, with the
 * descriptor and all thread-local storage in them (nptl/allocatestack.c): what
 * lies there nobody reads again.
 *
 * Its list of them has no symbol in most libcs, so each is known by evidence: a
 * descriptor (tcbhead_t) that names itself twice; in it the stack's block, size
 * and guard, one after the other as struct pthread has them since 2.1, which
 * end where the mapping or another such stack does; a guard that nobody can
 * touch (a core may have it as zeros); no thread whose thread pointer or stack
 * pointer is there; the number of the thread, which the kernel clears at its
 * end, and pthread_join() makes -1.  If it is 0 a thread may be about to be
 * made there: then somebody's registers, or the libc's frames on its stack,
 * have the descriptor's address. What fails one of these is memory like other.
 */
#ifndef SNAPSHOT_ENDED_H
#define SNAPSHOT_ENDED_H

#include "snapshot/snapshot.h"

/* Fills snap->ended from its contents (none without), ascending. */
int ended_find(struct snapshot *snap, struct error *err) MUST_CHECK;

#endif
