#include "analysis/pins.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/progress.h"
#include "snapshot/touched.h"

static uint64_t header(const struct snapshot *snap, uint32_t i)
{
	return snap->chunk[i].addr - 2 * snap->word;
}

static bool is_held(const struct snapshot *snap, uint32_t i)
{
	return snap->chunk[i].state == CHUNK_USED ||
	       snap->chunk[i].state == CHUNK_CACHED;
}

/* The first chunk whose header is not below addr. */
static uint32_t first_at(const struct snapshot *snap, uint64_t addr)
{
	uint32_t low = 0, high = snap->chunk_count;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (header(snap, mid) < addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Chunks [from, to) are those of the heap. */
static void look_at(const struct snapshot *snap, uint32_t from, uint32_t to,
		    bool touched, struct heap_pin *heap)
{
	uint32_t i = to;

	for (uint32_t k = from; k < to; k++) {
		uint64_t size = snapshot_chunk_size(snap, k);

		heap->has_top |= snap->chunk[k].state == CHUNK_TOP;
		if (is_held(snap, k))
			heap->used_bytes += size;
		else if (snap->chunk[k].state == CHUNK_FREE)
			heap->free_bytes += size;
	}
	while (i > from && !is_held(snap, i - 1))
		heap->behind_bytes += snapshot_chunk_size(snap, --i);
	if (touched && i < to)
		heap->behind_touched = touched_bytes(
			snap, header(snap, i),
			header(snap, to - 1) +
				snapshot_chunk_size(snap, to - 1));
	if (i == from)
		return;
	heap->pin = --i;
	heap->pinned_bytes = heap->behind_bytes + snapshot_chunk_size(snap, i);
	while (i > from && snap->chunk[i - 1].state == CHUNK_FREE)
		heap->pinned_bytes += snapshot_chunk_size(snap, --i);
}

int pins_make(const struct snapshot *snap, struct pins *out, struct error *err)
{
	*out = (struct pins){.touched_known = touched_known(snap)};
	out->heap =
		try_calloc(snap->region_count, sizeof *out->heap, "heaps", err);
	if (!out->heap)
		return -1;
	for (uint32_t r = 0; r < snap->region_count; r++) {
		const struct heap_region *region = &snap->region[r];
		struct heap_pin *heap = &out->heap[out->count++];

		*heap = (struct heap_pin){.start = region->start,
					  .end = region->end,
					  .arena = region->arena,
					  .pin = CHUNK_NONE};
		look_at(snap, first_at(snap, region->start),
			first_at(snap, region->end), out->touched_known, heap);
		if (progress_tick("looking at heaps", r, snap->region_count,
				  err)) {
			pins_deinit(out);
			return -1;
		}
	}
	return 0;
}

void pins_deinit(struct pins *pins)
{
	free(pins->heap);
	*pins = (struct pins){0};
}
