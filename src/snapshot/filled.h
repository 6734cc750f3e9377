/* Memory that userfaultfd fills on demand: target/demand.h. */
#ifndef SNAPSHOT_FILLED_H
#define SNAPSHOT_FILLED_H

#include "snapshot/snapshot.h"

/*
 * Adds a check with a caveat for each such mapping (so many at most; a last one
 * counts the others): how much of it was there, and that the rest was not read.
 * Needs the maps and the contents.
 */
int filled_note(struct snapshot *snap, struct error *err) MUST_CHECK;

#endif
