/*
 * Sorting of large tables by a 64-bit key: least significant digit radix sort,
 * stable, linear, with a second array of the same size for its time.  Digits
 * that are equal in all keys (the high bytes of addresses) cost nothing.
 */
#ifndef BASE_SORT_H
#define BASE_SORT_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct sort_pair {
	uint64_t key;
	uint64_t value;
};

int sort_u64(uint64_t *items, size_t count, struct error *err) MUST_CHECK;
int sort_pairs(struct sort_pair *items, size_t count,
	       struct error *err) MUST_CHECK;

/* Of sorted items, the first whose key is not below that; count: all are. */
size_t sort_lower(const struct sort_pair *items, size_t count, uint64_t key);

/*
 * Items of any size by the uint64_t at key_offset in each; items are bytes to
 * us, so the offset needs no alignment.
 */
int sort_by_u64(void *items, size_t count, size_t item_size, size_t key_offset,
		struct error *err) MUST_CHECK;

/*
 * The same by the "key_bits" bits at key_offset (little endian, 1..64): for a
 * key that shares its word with something else, as a bit-field does.
 */
int sort_by_bits(void *items, size_t count, size_t item_size, size_t key_offset,
		 unsigned key_bits, struct error *err) MUST_CHECK;

#endif
