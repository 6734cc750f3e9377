#include "snapshot/contents.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/progress.h"
#include "target/pagemap.h"

enum { RUNS = 256 };

/*
 * What can be written; and what a program protected afterwards, chunks may lie
 * there.  Device memory cannot be read, or does things when it is.
 */
static bool wanted(const struct map *map)
{
	if (map->prot & MAP_S)
		return false;
	if (!(map->prot & MAP_W))
		return map_is_anonymous(map) && map->prot & MAP_R &&
		       !(map->prot & MAP_X);
	if (strncmp(map->path, "/dev/", 5) == 0)
		return strncmp(map->path, "/dev/zero", 9) == 0 ||
		       strncmp(map->path, "/dev/shm/", 9) == 0;
	return strcmp(map->path, "[vvar]") != 0 &&
	       strcmp(map->path, "[vsyscall]") != 0;
}

static uint64_t present_bytes(struct target *target, uint64_t start,
			      uint64_t end)
{
	uint64_t bytes = 0, at = start, walked;
	struct page_run run[RUNS];

	if (!target->ops->touched_runs)
		return end - start;
	while (at < end) {
		size_t n = target->ops->touched_runs(target, at, end, run, RUNS,
						     &walked);

		for (size_t i = 0; i < n; i++)
			bytes += run[i].end - run[i].start;
		if (walked <= at)
			return bytes + (end - at);
		at = walked;
	}
	return bytes;
}

static const struct contents_part *same_part(const struct contents_plan *plan,
					     const struct contents_part *part)
{
	size_t low = 0, high = plan->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (plan->part[mid].start < part->start)
			low = mid + 1;
		else
			high = mid;
	}
	if (low < plan->count && plan->part[low].start == part->start &&
	    plan->part[low].end == part->end)
		return &plan->part[low];
	return NULL;
}

static void measure(struct target *target, const struct contents_plan *earlier,
		    struct contents_part *part)
{
	const struct contents_part *same;

	part->present = part->end - part->start;
	if (part->kind == IMAGE_ALL)
		return;
	if (!earlier) {
		part->present = present_bytes(target, part->start, part->end);
		return;
	}
	same = same_part(earlier, part);
	if (same)
		part->present = same->present;
}

static int add(struct contents_plan *plan, const struct contents_part *part,
	       struct error *err)
{
	if (GROW(plan->part, plan->cap, plan->count + 1, "table of contents",
		 err))
		return -1;
	plan->part[plan->count++] = *part;
	plan->present += part->present;
	return 0;
}

/* The parts of map that are in "more", from *at on. */
static int add_more(struct contents_plan *plan, const struct map *map,
		    const struct contents_range *more, size_t mores, size_t *at,
		    struct error *err)
{
	while (*at < mores && more[*at].end <= map->start)
		++*at;
	for (size_t i = *at; i < mores && more[i].start < map->end; i++) {
		struct contents_part part = {
			.start = more[i].start > map->start ? more[i].start
							    : map->start,
			.end = more[i].end < map->end ? more[i].end : map->end,
			.protected = true,
		};

		part.present = part.end - part.start;
		if (part.start < part.end && add(plan, &part, err))
			return -1;
	}
	return 0;
}

static enum image_kind kind_of(const struct map *map)
{
	if (map->prot & MAP_DEMAND)
		return IMAGE_DEMAND;
	return map_is_anonymous(map) || !strncmp(map->path, "/dev/zero", 9)
		       ? IMAGE_ANONYMOUS
		       : IMAGE_ALL;
}

int contents_plan(struct target *target, const struct contents_plan *earlier,
		  const struct contents_range *more, size_t mores,
		  struct contents_plan *out, struct error *err)
{
	size_t at = 0;

	*out = (struct contents_plan){0};
	for (size_t i = 0; i < target->maps.count; i++) {
		const struct map *map = &target->maps.map[i];
		struct contents_part part = {
			.start = map->start,
			.end = map->end,
			.kind = kind_of(map),
		};

		if (progress_tick("planning", i, target->maps.count, err))
			goto fail;
		if (!wanted(map)) {
			if (map->prot & MAP_R && !(map->prot & MAP_S) &&
			    add_more(out, map, more, mores, &at, err))
				goto fail;
			continue;
		}
		measure(target, earlier, &part);
		if (add(out, &part, err))
			goto fail;
	}
	return 0;
fail:
	contents_plan_deinit(out);
	return -1;
}

void contents_plan_deinit(struct contents_plan *plan)
{
	free(plan->part);
	*plan = (struct contents_plan){0};
}

static int by_present(const void *a, const void *b)
{
	const struct contents_part *x = *(struct contents_part *const *)a;
	const struct contents_part *y = *(struct contents_part *const *)b;

	if (x->present != y->present)
		return x->present < y->present ? -1 : 1;
	return x->start < y->start ? -1 : 1;
}

void contents_budget(struct contents_plan *plan, uint64_t max_bytes)
{
	AUTO_FREE struct contents_part **order = NULL;

	if (plan->present <= max_bytes) {
		/* Pages may have been touched since they were counted. */
		for (size_t i = 0; i < plan->count; i++)
			plan->part[i].budget = UINT64_MAX;
		return;
	}
	order = xcalloc(plan->count, sizeof(*order));
	for (size_t i = 0; i < plan->count; i++)
		order[i] = &plan->part[i];
	qsort(order, plan->count, sizeof(*order), by_present);
	for (size_t i = 0; i < plan->count; i++) {
		uint64_t take = order[i]->present;

		if (take > max_bytes)
			take = max_bytes & ~UINT64_C(4095);
		order[i]->budget = take;
		max_bytes -= take;
	}
}

int contents_copy(const struct contents_plan *plan, struct target *target,
		  uint64_t max_bytes, struct image *image,
		  struct contents_result *result, struct error *err)
{
	*result = (struct contents_result){0};
	for (size_t i = 0; i < plan->count; i++) {
		const struct contents_part *part = &plan->part[i];
		uint64_t had = image_bytes(image), skipped, left;

		left = max_bytes > had ? max_bytes - had : 0;
		if (left > part->budget)
			left = part->budget;
		skipped = image->skipped_bytes;
		if (target->ops->frozen) {
			if (image_borrow(image, target, part->start, part->end,
					 err))
				return -1;
			/* What nobody wrote is not dumped. */
			if (!part->protected)
				result->unreadable_bytes +=
					image->skipped_bytes - skipped;
			continue;
		}
		if (image_copy(image, target, part->start, part->end,
			       part->kind, left, err))
			return -1;
		skipped = image->skipped_bytes - skipped;
		/* What is left of a budget that was enough is a page at least.
		 */
		if (left - (image_bytes(image) - had) < target->page_size)
			result->cut_bytes += skipped;
		else
			result->unreadable_bytes += skipped;
	}
	return 0;
}

bool contents_readable(const struct contents_plan *plan, struct target *target)
{
	char byte;

	/* Data of modules is always there; untouched memory stays so. */
	for (size_t i = 0; i < plan->count; i++)
		if (plan->part[i].kind == IMAGE_ALL &&
		    target_read_some(target, plan->part[i].start, &byte, 1))
			return true;
	for (size_t i = 0; i < plan->count; i++)
		if (plan->part[i].kind != IMAGE_ALL && plan->part[i].present &&
		    target_read_some(target, plan->part[i].start, &byte, 1))
			return true;
	return !plan->count;
}
