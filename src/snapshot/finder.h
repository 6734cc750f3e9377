/*
 * The fast way from millions of words to the chunks they point into: an index
 * over a snapshot's chunks, or some of them, of a bit for every 16 bytes.  A
 * word that is no such pointer costs two or three comparisons, one that is a
 * line of the index and the chunk itself.
 */
#ifndef SNAPSHOT_FINDER_H
#define SNAPSHOT_FINDER_H

#include "base/bitmap.h"
#include "snapshot/snapshot.h"

/* Bits of addresses: no two chunks begin in one unit (the smallest has two
 * words), 64 units are a granule. */
#define FINDER_UNIT    4
#define FINDER_GRANULE (FINDER_UNIT + 6)

struct finder_granule {
	uint64_t starts; /* units in which a chunk begins, lowest bit first */
	uint32_t first; /* index of the first chunk that begins here or later */
	uint32_t crowded; /* two begin in one unit: a damaged heap, or a test */
};

/* Chunks no further apart than a gigabyte share one table. */
struct finder_area {
	uint64_t start, end;		/* [start, end), granule-aligned */
	struct finder_granule *granule; /* owned */
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

/* The same as finder_find(), of an addr in [low, high). */
uint32_t finder_lookup(const struct finder *finder, uint64_t addr);

/* What a lookup of addr will need first, or NULL: for __builtin_prefetch(). */
static inline const struct finder_granule *
finder_granule(const struct finder *finder, uint64_t addr)
{
	const struct finder_area *area = finder->area;

	if (addr - finder->low >= finder->high - finder->low)
		return NULL;
	while (addr >= area->end)
		area++;
	if (addr < area->start)
		return NULL;
	return &area->granule[(addr - area->start) >> FINDER_GRANULE];
}

/* The chunk that addr, of that granule, would be in: the last that begins at
 * or below it.  CHUNK_NONE: none does. */
static inline uint32_t finder_guess(const struct finder_granule *granule,
				    uint64_t addr)
{
	unsigned unit = addr >> FINDER_UNIT & 63;
	uint64_t upto = granule->starts & (UINT64_MAX >> (63 - unit));

	return granule->first + (uint32_t)__builtin_popcountll(upto) - 1;
}

/* The chunk whose usable bytes hold addr, or CHUNK_NONE. */
static inline uint32_t finder_find(const struct finder *finder, uint64_t addr)
{
	if (addr - finder->low >= finder->high - finder->low)
		return CHUNK_NONE;
	return finder_lookup(finder, addr);
}

#endif
