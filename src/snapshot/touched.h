/*
 * Which pages of a process are there at all: in memory, or swapped out.  Pages
 * that were never touched, or were given back, take nothing.
 */
#ifndef SNAPSHOT_TOUCHED_H
#define SNAPSHOT_TOUCHED_H

#include "snapshot/snapshot.h"

/* Not of a core, nor of a snapshot whose contents are cut or gone. */
bool touched_known(const struct snapshot *snap);
/* Of [start, end), anonymous memory of snap; only where it is known. */
uint64_t touched_bytes(const struct snapshot *snap, uint64_t start,
		       uint64_t end);
/* Fills snap's free_touched, which stays when its contents go. */
void touched_count(struct snapshot *snap);

#endif
