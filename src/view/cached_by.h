/* Whose tcache has a cached chunk. */
#ifndef VIEW_CACHED_BY_H
#define VIEW_CACHED_BY_H

#include "snapshot/snapshot.h"

/*
 * The thread (an index) in whose tcache chunk i is, by the lists as they are in
 * the snapshot's contents, which must be there; UINT32_MAX if no list of a
 * thread leads to it: another copy of malloc has it, or a thread that is no
 * more.  Reads what the threads have cached, at most twice.
 */
uint32_t cached_by(const struct snapshot *snap, uint32_t i);

#endif
