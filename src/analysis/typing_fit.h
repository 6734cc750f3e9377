/*
 * Can a chunk be what a pointer to its start says?  Malloc rounds sizes up, and
 * a pointer to a struct may be one to the beginning of a larger one.
 */
#ifndef ANALYSIS_TYPING_FIT_H
#define ANALYSIS_TYPING_FIT_H

#include "analysis/typing_follow.h"

enum { FIT_ROUNDING = 16 }; /* bytes: what malloc may add is less */

enum fit {
	FIT_NOT,    /* larger than the chunk */
	FIT_BEGINS, /* the chunk begins with one, and is more */
	FIT_ONE,    /* that, or as many as the smallest chunk has room for */
	FIT_ARRAY   /* several */
};

/* -1 with err: no memory.  node is laid afterwards. */
int fit_of(struct follow *f, uint32_t chunk, uint32_t node, enum fit *out,
	   struct error *err) MUST_CHECK;

/* The same of what is behind the first skip bytes of the chunk. */
int fit_behind(struct follow *f, uint32_t chunk, uint64_t skip, uint32_t node,
	       enum fit *out, struct error *err) MUST_CHECK;

/* Is a chunk of so many usable bytes what malloc gives for size? */
bool fit_exact(const struct follow *f, uint32_t chunk, uint64_t size);

/*
 * Do the pointers of a node at addr look like such: null, or to what is there,
 * and to chunks that are large enough?  end: of the memory that it may take.
 */
bool fit_plausible(struct follow *f, uint32_t node, uint64_t addr,
		   uint64_t end);

#endif
