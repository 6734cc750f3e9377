/* What is said of a snapshot that was taken while threads were in malloc. */
#ifndef SNAPSHOT_BUSY_H
#define SNAPSHOT_BUSY_H

#include "snapshot/snapshot.h"

/* Adds a sentence to the notes; symbols may be NULL. */
void busy_note(struct snapshot *snap, struct symbols *symbols);

#endif
