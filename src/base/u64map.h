/*
 * A map from uint64_t to uint64_t (address -> index, size -> count).  Open
 * addressing with linear probing; any key is allowed, 0 too.  Start from {0}.
 */
#ifndef BASE_U64MAP_H
#define BASE_U64MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct u64map_slot {
	uint64_t key; /* 0: empty; the key 0 lives in zero_value */
	uint64_t value;
};

struct u64map {
	struct u64map_slot *slot; /* owned */
	size_t cap;		  /* a power of two, or 0 */
	size_t count;		  /* of keys, the key 0 among them */
	bool has_zero;
	uint64_t zero_value;
};

void u64map_deinit(struct u64map *map);

/* Room for so many keys at once: no growth while filling. */
int u64map_reserve(struct u64map *map, size_t keys,
		   struct error *err) MUST_CHECK;

/* Sets or replaces. */
int u64map_put(struct u64map *map, uint64_t key, uint64_t value,
	       struct error *err) MUST_CHECK;

/*
 * The value's place, made with value 0 if the key is new; NULL with
 * ERR_NO_MEMORY.  Borrowed until the next put, at or remove.
 */
uint64_t *u64map_at(struct u64map *map, uint64_t key,
		    struct error *err) MUST_CHECK;

/* False, and *value untouched, if it is not there; value may be NULL. */
bool u64map_get(const struct u64map *map, uint64_t key, uint64_t *value);

bool u64map_remove(struct u64map *map, uint64_t key);

/*
 * All pairs in no order: size_t it = 0; while (u64map_next(map, &it, &k, &v)).
 * The map must not change meanwhile.
 */
bool u64map_next(const struct u64map *map, size_t *it, uint64_t *key,
		 uint64_t *value);

#endif
