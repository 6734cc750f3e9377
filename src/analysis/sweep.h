/*
 * The words of many chunks at once, by several threads, each with a marker of
 * its own: nothing is entered or followed, only told.
 */
#ifndef ANALYSIS_SWEEP_H
#define ANALYSIS_SWEEP_H

#include "analysis/mark.h"

/*
 * Goes through all chunks that wanted() says, as m is set up: m->found is told
 * each chunk that they point at (unless m->only_look), m->look is shown their
 * pieces.  Both are called by any thread, in no order.
 */
int sweep_chunks(const struct marker *m, bool (*wanted)(void *ctx, uint32_t i),
		 void *ctx, struct error *err) MUST_CHECK;

#endif
