/* Chunks of a set by size class. */
#ifndef ANALYSIS_SIZES_H
#define ANALYSIS_SIZES_H

#include "snapshot/snapshot.h"

struct size_class {
	uint64_t size; /* chunk size, header included */
	uint64_t count;
	uint64_t bytes; /* count * size */
};

/* Classes of the chosen chunks, most bytes first; *out owned by the caller. */
int sizes_make(const struct snapshot *snap, const uint32_t *chunk,
	       uint32_t chunk_count, struct size_class **out, uint32_t *count,
	       struct error *err) MUST_CHECK;

#endif
