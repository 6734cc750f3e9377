/*
 * What a snapshot does not explain: bytes that arenas have from the system and
 * that are in no chunk and no overhead, and anonymous memory that is nobody's:
 * no heap, no mmapped chunk, no stack, no module's data.
 */
#ifndef ANALYSIS_LEFTOVER_H
#define ANALYSIS_LEFTOVER_H

#include "snapshot/snapshot.h"

struct leftover {
	uint64_t addr, bytes;
	uint32_t map; /* index in the snapshot's maps */
};

struct leftovers {
	uint64_t system_bytes; /* of all arenas, as they say */
	uint64_t chunk_bytes, overhead_bytes;
	uint64_t anon_bytes; /* of nobody, all of it */
	uint32_t count;
	struct leftover *item; /* owned: nobody's memory, largest first */
};

/* Of the heap: none if chunks and overheads are all that arenas have. */
static inline int64_t leftover_heap_bytes(const struct leftovers *l)
{
	return (int64_t)(l->system_bytes - l->chunk_bytes - l->overhead_bytes);
}

int leftovers_make(const struct snapshot *snap, struct leftovers *out,
		   struct error *err) MUST_CHECK;
void leftovers_deinit(struct leftovers *l);

#endif
