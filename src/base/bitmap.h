/*
 * One bit for each of a fixed number of things (chunks, pages), all clear at
 * first.  An index must be less than bits.
 */
#ifndef BASE_BITMAP_H
#define BASE_BITMAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct bitmap {
	uint64_t *word; /* owned */
	uint64_t bits;
};

/* "what" names it when there is no memory: "map of leaked chunks" */
int bitmap_init(struct bitmap *map, uint64_t bits, const char *what,
		struct error *err) MUST_CHECK;
void bitmap_deinit(struct bitmap *map);

static inline bool bitmap_test(const struct bitmap *map, uint64_t i)
{
	return map->word[i / 64] >> (i % 64) & 1;
}

static inline void bitmap_set(struct bitmap *map, uint64_t i)
{
	map->word[i / 64] |= UINT64_C(1) << (i % 64);
}

static inline void bitmap_clear(struct bitmap *map, uint64_t i)
{
	map->word[i / 64] &= ~(UINT64_C(1) << (i % 64));
}

uint64_t bitmap_count(const struct bitmap *map); /* of set bits */

/* The first set bit at or after i; bits if there is none. */
uint64_t bitmap_next(const struct bitmap *map, uint64_t i);

void bitmap_fill(struct bitmap *map); /* set all */

#endif
