/* What lies in blocks of malloc's and is not malloc's memory. */
#ifndef SNAPSHOT_HOLES_H
#define SNAPSHOT_HOLES_H

#include "snapshot/snapshot.h"

/*
 * A program may map a file or shared memory over pages of its own blocks, or
 * unmap them: adds a check with a caveat for each such place (so many at most;
 * a last one counts the others).  Needs the chunks, the maps and the contents.
 */
int holes_note(struct snapshot *snap, struct error *err) MUST_CHECK;

#endif
