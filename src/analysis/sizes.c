#include "analysis/sizes.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/u64map.h"

static int by_bytes(const void *a, const void *b)
{
	const struct size_class *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	return x->size < y->size ? -1 : x->size > y->size;
}

/* Small classes are counted in an array, the few large ones in a map. */
enum { SMALL = 1 << 16, STEP = 8 };

static int count_all(const struct snapshot *snap, const uint32_t *chunk,
		     uint32_t chunk_count, uint32_t *small,
		     struct u64map *large, struct error *err)
{
	for (uint32_t i = 0; i < chunk_count; i++) {
		uint64_t size = snapshot_chunk_size(snap, chunk[i]);
		uint64_t *n;

		if (size < SMALL && size % STEP == 0) {
			small[size / STEP]++;
			continue;
		}
		n = u64map_at(large, size, err);
		if (!n)
			return -1;
		++*n;
	}
	return 0;
}

static void emit(struct size_class *class, uint32_t *n, uint64_t size,
		 uint64_t count)
{
	class[(*n)++] = (struct size_class){
		.size = size, .count = count, .bytes = size * count};
}

int sizes_make(const struct snapshot *snap, const uint32_t *chunk,
	       uint32_t chunk_count, struct size_class **out, uint32_t *count,
	       struct error *err)
{
	struct u64map large = {0};
	AUTO_FREE uint32_t *small = NULL;
	struct size_class *class = NULL;
	uint64_t size, many;
	size_t it = 0, cap = 0;
	uint32_t n = 0;
	int ret = -1;

	small = try_calloc(SMALL / STEP, sizeof *small, "size classes", err);
	if (!small || count_all(snap, chunk, chunk_count, small, &large, err))
		goto out;
	for (size_t i = 0; i < SMALL / STEP; i++)
		n += small[i] != 0;
	if (GROW(class, cap, n + large.count + 1, "size classes", err))
		goto out;
	n = 0;
	for (size_t i = 0; i < SMALL / STEP; i++)
		if (small[i])
			emit(class, &n, i * STEP, small[i]);
	while (u64map_next(&large, &it, &size, &many))
		emit(class, &n, size, many);
	qsort(class, n, sizeof *class, by_bytes);
	*out = class;
	*count = n;
	ret = 0;
out:
	u64map_deinit(&large);
	return ret;
}
