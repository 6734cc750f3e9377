/*
 * What holds the end of each heap in place: the last chunk of it that is used
 * or cached.
 *
 * The heaps of an arena that is not the main one are chained (heap_info.prev).
 * Malloc gives a heap back as a whole, the youngest first, once nothing is left
 * in it (heap_trim() of glibc's malloc/arena.c): so one block far up in each of
 * them is enough to keep them all.
 */
#ifndef ANALYSIS_PINS_H
#define ANALYSIS_PINS_H

#include "snapshot/snapshot.h"

struct heap_pin {
	uint64_t start, end; /* of the heap: first chunk header .. end */
	uint32_t arena;
	bool has_top;	     /* the arena's top is in it */
	uint32_t pin;	     /* index, or CHUNK_NONE: all of it is free */
	uint64_t used_bytes; /* chunk sizes, cached ones included */
	uint64_t free_bytes; /* without the top */
	/* Free and top behind the pin, and of that what is in memory or
	 * swapped. */
	uint64_t behind_bytes, behind_touched;
	/* What would be free at the end if the pin were: it, and the free
	 * chunks on both sides of it. */
	uint64_t pinned_bytes;
};

struct pins {
	struct heap_pin *heap; /* owned, by address */
	uint32_t count;
	bool touched_known; /* else behind_touched means nothing */
};

int pins_make(const struct snapshot *snap, struct pins *out,
	      struct error *err) MUST_CHECK;
void pins_deinit(struct pins *pins);

#endif
