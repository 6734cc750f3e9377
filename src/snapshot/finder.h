/*
 * The fast way from millions of words to the chunks they point into: an index
 * over a snapshot's chunks, or some of them, by granules of 1 KB.  A word that
 * is no such pointer costs two or three comparisons.
 */
#ifndef SNAPSHOT_FINDER_H
#define SNAPSHOT_FINDER_H

#include "base/bitmap.h"
#include "snapshot/snapshot.h"

#define FINDER_GRANULE 10 /* bits */

/* Chunks no further apart than a gigabyte share one table. */
struct finder_area {
	uint64_t start, end; /* [start, end), granule-aligned */
	uint32_t *first; /* owned: per granule, index + 1 of the lowest chunk
			  * that reaches into it; 0 none */
};

struct finder {
	const struct snapshot *snap; /* borrowed */
	const struct bitmap *only;   /* borrowed; NULL: all chunks */
	uint64_t low, high;	     /* all areas lie in [low, high) */
	struct finder_area *area;    /* owned, sorted */
	size_t area_count;
};

/* only: a bit a chunk of snap, or NULL. */
int finder_init(struct finder *finder, const struct snapshot *snap,
		const struct bitmap *only, struct error *err) MUST_CHECK;
void finder_deinit(struct finder *finder);

uint32_t finder_lookup(const struct finder *finder, uint64_t addr);

/* The chunk whose usable bytes hold addr, or CHUNK_NONE. */
static inline uint32_t finder_find(const struct finder *finder, uint64_t addr)
{
	if (addr - finder->low >= finder->high - finder->low)
		return CHUNK_NONE;
	return finder_lookup(finder, addr);
}

#endif
