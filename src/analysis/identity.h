/*
 * Is the block at one address in two snapshots the same?  Malloc leaves no
 * mark: a block freed and allocated again at its old place looks like one that
 * stayed but for its bytes, and a live block changes those as well.  So this is
 * told by the evidence, and counts never depend on it: whether one block stayed
 * or was replaced by its like, as many are there.
 */
#ifndef ANALYSIS_IDENTITY_H
#define ANALYSIS_IDENTITY_H

#include "snapshot/snapshot.h"

enum identity {
	/* No byte looked at (see prints.h) changed. */
	IDENTITY_SAME,
	/* Bytes changed, as they do in a live block or in its successor. */
	IDENTITY_UNSURE,
	/* The first word led into a module (a vtable, a table of functions, a
	 * name) before or after, leads elsewhere now, neither is 0, and the
	 * bytes behind it changed as well: most likely another block. */
	IDENTITY_REUSED,
	IDENTITY_UNKNOWN /* the bytes of one of them are not kept */
};

/* Used chunks i of before and j of after: of one address and one size. */
enum identity identity_of(const struct snapshot *before, uint32_t i,
			  const struct snapshot *after, uint32_t j);

#endif
