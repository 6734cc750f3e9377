/*
 * Many chunks in a fake heap: what is left of its tops is carved into chunks
 * of all sizes that hold what programs hold (text, small numbers, pointers,
 * old headers), some of them free and in the unsorted bin.
 */
#ifndef TESTS_LIB_FAKE_FILL_H
#define TESTS_LIB_FAKE_FILL_H

#include "tests/lib/fake_heap.h"

enum { FILL_MAX = 2000 };

struct fill_chunk {
	uint64_t user, size; /* its chunk size */
	uint32_t arena;
	bool is_free;
};

struct fill {
	struct fill_chunk chunk[FILL_MAX]; /* ascending within an arena */
	size_t count;
	size_t first[3]; /* of arena 0, 1; the end */
};

/*
 * Until less than "leave" bytes of each top are left.  largest: no chunk is
 * larger.  Deterministic in *seed, which it changes.
 */
void fake_fill(struct fake_heap *f, struct fill *fill, unsigned *seed,
	       uint64_t largest, uint64_t leave);

#endif
