#include "base/bitmap.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static uint64_t word_count(uint64_t bits)
{
	return bits / 64 + (bits % 64 != 0);
}

int bitmap_init(struct bitmap *map, uint64_t bits, const char *what,
		struct error *err)
{
	*map = (struct bitmap){0};
	map->word = try_calloc(word_count(bits), sizeof *map->word, what, err);
	if (!map->word)
		return -1;
	map->bits = bits;
	return 0;
}

void bitmap_deinit(struct bitmap *map)
{
	if (!map)
		return;
	free(map->word);
	*map = (struct bitmap){0};
}

uint64_t bitmap_count(const struct bitmap *map)
{
	uint64_t n = 0;

	for (uint64_t w = 0; w < word_count(map->bits); w++)
		n += (uint64_t)__builtin_popcountll(map->word[w]);
	return n;
}

uint64_t bitmap_next(const struct bitmap *map, uint64_t i)
{
	uint64_t words = word_count(map->bits);

	if (i >= map->bits)
		return map->bits;

	uint64_t w = i / 64;
	uint64_t bits = map->word[w] & (~UINT64_C(0) << (i % 64));

	while (!bits) {
		if (++w == words)
			return map->bits;
		bits = map->word[w];
	}
	return w * 64 + (uint64_t)__builtin_ctzll(bits);
}

void bitmap_fill(struct bitmap *map)
{
	uint64_t words = word_count(map->bits);

	if (!words)
		return;
	memset(map->word, 0xff, words * sizeof *map->word);
	/* The bits past the end stay clear: count and next rely on it. */
	if (map->bits % 64)
		map->word[words - 1] = (UINT64_C(1) << (map->bits % 64)) - 1;
}
