/*
 * Who points at a given set of chunks: one pass over every word that could
 * hold a pointer: used chunks, and the roots as snapshot/roots.h has them.
 */
#ifndef ANALYSIS_REFS_H
#define ANALYSIS_REFS_H

#include "base/bitmap.h"
#include "snapshot/place.h"

struct ref {
	uint64_t from;	 /* address of the word; 0 for a register */
	uint64_t value;	 /* the pointer */
	uint32_t target; /* chunk index it points into */
	uint32_t thread; /* registers: thread index, else UINT32_MAX */
	uint32_t reg;	 /* registers: as thread_reg_name() has it */
};

struct refs {
	struct ref *ref; /* owned, ascending by target, then from */
	size_t count;
	bool complete;	/* false: some may be missing */
	char note[400]; /* why, "" if none is */
};

/*
 * targets: a bit a chunk of snap.  Free and cached chunks, heap headers and
 * stale stack below rsp hold nothing.  Needs snap's contents: ERR_UNSUPPORTED
 * without.
 */
int refs_make(const struct snapshot *snap, const struct bitmap *targets,
	      struct refs *out, struct error *err) MUST_CHECK;
void refs_deinit(struct refs *refs);

#endif
