#include "base/u64map.h"

#include <stdlib.h>

#include "base/alloc.h"

void u64map_deinit(struct u64map *map)
{
	if (!map)
		return;
	free(map->slot);
	*map = (struct u64map){0};
}

/*
 * Addresses differ in their middle bits only, so the bits are mixed first:
 * the finalizer of MurmurHash3 (Austin Appleby, public domain).
 */
static size_t home(const struct u64map *map, uint64_t key)
{
	key ^= key >> 33;
	key *= UINT64_C(0xff51afd7ed558ccd);
	key ^= key >> 33;
	key *= UINT64_C(0xc4ceb9fe1a85ec53);
	key ^= key >> 33;
	return key & (map->cap - 1);
}

/* The slot that holds the key, or the empty one where it would go. */
static struct u64map_slot *probe(const struct u64map *map, uint64_t key)
{
	size_t i = home(map, key);

	while (map->slot[i].key && map->slot[i].key != key)
		i = (i + 1) & (map->cap - 1);
	return &map->slot[i];
}

int u64map_reserve(struct u64map *map, size_t keys, struct error *err)
{
	struct u64map bigger = *map;

	if (keys <= map->cap / 4 * 3 && map->cap)
		return 0;
	if (!bigger.cap)
		bigger.cap = 16;
	while (bigger.cap / 4 * 3 < keys && bigger.cap <= SIZE_MAX / 4)
		bigger.cap *= 2;
	bigger.slot =
		try_calloc(bigger.cap, sizeof *bigger.slot, "a hash map", err);
	if (!bigger.slot)
		return -1;
	for (size_t i = 0; i < map->cap; i++)
		if (map->slot[i].key)
			*probe(&bigger, map->slot[i].key) = map->slot[i];
	free(map->slot);
	*map = bigger;
	return 0;
}

uint64_t *u64map_at(struct u64map *map, uint64_t key, struct error *err)
{
	if (!key) {
		if (!map->has_zero) {
			map->has_zero = true;
			map->zero_value = 0;
			map->count++;
		}
		return &map->zero_value;
	}
	if (map->cap) {
		struct u64map_slot *slot = probe(map, key);

		if (slot->key)
			return &slot->value;
	}
	if (u64map_reserve(map, map->count + 1, err))
		return NULL;

	struct u64map_slot *slot = probe(map, key);

	slot->key = key;
	slot->value = 0;
	map->count++;
	return &slot->value;
}

int u64map_put(struct u64map *map, uint64_t key, uint64_t value,
	       struct error *err)
{
	uint64_t *place = u64map_at(map, key, err);

	if (!place)
		return -1;
	*place = value;
	return 0;
}

bool u64map_get(const struct u64map *map, uint64_t key, uint64_t *value)
{
	const uint64_t *found = NULL;

	if (!key) {
		if (map->has_zero)
			found = &map->zero_value;
	} else if (map->cap) {
		const struct u64map_slot *slot = probe(map, key);

		if (slot->key)
			found = &slot->value;
	}
	if (found && value)
		*value = *found;
	return found;
}

/*
 * Closes the hole, so that no tombstone is needed: each later slot of the run
 * moves back unless its home lies after the hole (Knuth, TAOCP 3, 6.4,
 * algorithm R).
 */
static void close_hole(struct u64map *map, size_t hole)
{
	size_t mask = map->cap - 1;

	for (size_t i = (hole + 1) & mask; map->slot[i].key;
	     i = (i + 1) & mask) {
		size_t at_home = home(map, map->slot[i].key);

		if (((i - at_home) & mask) < ((i - hole) & mask))
			continue;
		map->slot[hole] = map->slot[i];
		hole = i;
	}
	map->slot[hole] = (struct u64map_slot){0};
}

bool u64map_remove(struct u64map *map, uint64_t key)
{
	if (!key) {
		if (!map->has_zero)
			return false;
		map->has_zero = false;
	} else {
		struct u64map_slot *slot = map->cap ? probe(map, key) : NULL;

		if (!slot || !slot->key)
			return false;
		close_hole(map, (size_t)(slot - map->slot));
	}
	map->count--;
	return true;
}

bool u64map_next(const struct u64map *map, size_t *it, uint64_t *key,
		 uint64_t *value)
{
	for (; *it < map->cap; ++*it) {
		const struct u64map_slot *slot = &map->slot[*it];

		if (!slot->key)
			continue;
		*key = slot->key;
		*value = slot->value;
		++*it;
		return true;
	}
	if (*it > map->cap || !map->has_zero)
		return false;
	*key = 0;
	*value = map->zero_value;
	++*it;
	return true;
}
