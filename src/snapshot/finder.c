#include "snapshot/finder.h"

#include <stdlib.h>

#include "base/alloc.h"

#define GAP    (UINT64_C(1) << 30)
#define MASK   ((UINT64_C(1) << FINDER_GRANULE) - 1)
#define MAX_AT UINT64_MAX

static bool chosen(const struct finder *finder, uint32_t i)
{
	return finder->snap->chunk[i].size &&
	       (!finder->only || bitmap_test(finder->only, i));
}

static uint64_t end_of(const struct chunk *c)
{
	return c->addr > MAX_AT - MASK - c->size ? MAX_AT & ~MASK
						 : c->addr + c->size;
}

static int make_areas(struct finder *finder, struct error *err)
{
	const struct snapshot *snap = finder->snap;
	struct finder_area *area = NULL;
	size_t cap = 0;

	for (uint32_t i = 0; i < snap->chunk_count; i++) {
		const struct chunk *c = &snap->chunk[i];

		if (!chosen(finder, i))
			continue;
		if (!area || c->addr > area->end + GAP) {
			if (GROW(finder->area, cap, finder->area_count + 1,
				 "index of chunks", err))
				return -1;
			area = &finder->area[finder->area_count++];
			*area = (struct finder_area){.start = c->addr & ~MASK};
		}
		if (end_of(c) > area->end)
			area->end = (end_of(c) + MASK) & ~MASK;
	}
	return 0;
}

static int make_tables(struct finder *finder, struct error *err)
{
	for (size_t i = 0; i < finder->area_count; i++) {
		struct finder_area *area = &finder->area[i];

		area->first =
			try_calloc((area->end - area->start) >> FINDER_GRANULE,
				   sizeof *area->first, "index of chunks", err);
		if (!area->first)
			return -1;
	}
	return 0;
}

static void fill(struct finder *finder)
{
	struct finder_area *area = finder->area;

	for (uint32_t i = 0; i < finder->snap->chunk_count; i++) {
		const struct chunk *c = &finder->snap->chunk[i];

		if (!chosen(finder, i))
			continue;
		while (c->addr >= area->end)
			area++;

		uint64_t g = (c->addr - area->start) >> FINDER_GRANULE;
		uint64_t last = (end_of(c) - 1 - area->start) >> FINDER_GRANULE;

		for (; g <= last; g++)
			if (!area->first[g])
				area->first[g] = i + 1;
	}
}

int finder_init(struct finder *finder, const struct snapshot *snap,
		const struct bitmap *only, struct error *err)
{
	*finder = (struct finder){.snap = snap, .only = only};
	if (make_areas(finder, err) || make_tables(finder, err)) {
		finder_deinit(finder);
		return -1;
	}
	fill(finder);
	if (finder->area_count) {
		finder->low = finder->area[0].start;
		finder->high = finder->area[finder->area_count - 1].end;
	}
	return 0;
}

void finder_deinit(struct finder *finder)
{
	if (!finder)
		return;
	for (size_t i = 0; i < finder->area_count; i++)
		free(finder->area[i].first);
	free(finder->area);
	*finder = (struct finder){0};
}

uint32_t finder_lookup(const struct finder *finder, uint64_t addr)
{
	const struct snapshot *snap = finder->snap;
	const struct finder_area *area = finder->area;
	uint32_t i;

	while (addr >= area->end)
		area++;
	if (addr < area->start)
		return CHUNK_NONE;
	i = area->first[(addr - area->start) >> FINDER_GRANULE];
	if (!i)
		return CHUNK_NONE;
	for (i--; i < snap->chunk_count && snap->chunk[i].addr <= addr; i++)
		if (addr - snap->chunk[i].addr < snap->chunk[i].size)
			return finder->only && !bitmap_test(finder->only, i)
				       ? CHUNK_NONE
				       : i;
	return CHUNK_NONE;
}
