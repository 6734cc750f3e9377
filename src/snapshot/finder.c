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

		area->granule = try_calloc(
			(area->end - area->start) >> FINDER_GRANULE,
			sizeof *area->granule, "index of chunks", err);
		if (!area->granule)
			return -1;
	}
	return 0;
}

/* Chunks that were not chosen are there too: so indices can be counted. */
static uint32_t fill_area(struct finder_area *area, const struct snapshot *snap,
			  uint32_t i)
{
	uint64_t granules = (area->end - area->start) >> FINDER_GRANULE;

	while (i < snap->chunk_count && snap->chunk[i].addr < area->start)
		i++;
	for (uint64_t g = 0; g < granules; g++) {
		struct finder_granule *granule = &area->granule[g];
		uint64_t end = area->start + ((g + 1) << FINDER_GRANULE);

		granule->first = i;
		for (; i < snap->chunk_count && snap->chunk[i].addr < end;
		     i++) {
			uint64_t bit =
				UINT64_C(1)
				<< (snap->chunk[i].addr >> FINDER_UNIT & 63);

			if (granule->starts & bit)
				granule->crowded = 1;
			granule->starts |= bit;
		}
	}
	return i;
}

static void fill(struct finder *finder)
{
	uint32_t i = 0;

	for (size_t a = 0; a < finder->area_count; a++)
		i = fill_area(&finder->area[a], finder->snap, i);
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
		free(finder->area[i].granule);
	free(finder->area);
	*finder = (struct finder){0};
}

/* The last of a granule that begins at or below addr, one by one. */
static uint32_t crowded(const struct finder *finder,
			const struct finder_granule *granule, uint64_t addr)
{
	const struct snapshot *snap = finder->snap;
	uint32_t i = granule->first;

	while (i < snap->chunk_count && snap->chunk[i].addr <= addr)
		i++;
	return i - 1;
}

uint32_t finder_lookup(const struct finder *finder, uint64_t addr)
{
	const struct finder_granule *granule = finder_granule(finder, addr);
	const struct chunk *c;
	uint32_t i;

	if (!granule)
		return CHUNK_NONE;
	i = granule->crowded ? crowded(finder, granule, addr)
			     : finder_guess(granule, addr);
	if (i == CHUNK_NONE)
		return CHUNK_NONE;
	c = &finder->snap->chunk[i];
	/* It may begin behind addr, in the same unit. */
	if (c->addr > addr) {
		if (!i--)
			return CHUNK_NONE;
		c--;
	}
	if (addr - c->addr >= c->size ||
	    (finder->only && !bitmap_test(finder->only, i)))
		return CHUNK_NONE;
	return i;
}
