/* What is in the process beside glibc's heap: allocators, and memory. */
#ifndef SNAPSHOT_OTHERS_H
#define SNAPSHOT_OTHERS_H

#include "snapshot/snapshot.h"

/*
 * Sums snap->other from the spans, and adds a check for each foreign allocator:
 * how it was recognised.  Contents are still there.
 */
int others_note(struct snapshot *snap, struct error *err) MUST_CHECK;

#endif
