/*
 * main_arena and mp_ by what they look like at run time (GLIBC.md 8.3): for
 * when the file cannot be read, and as one more witness when it can.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "malloc/glibc.h"
#include "malloc/reader.h"

enum {
	MAX_DATA = 16 << 20,
	LEAST_SOUND = 100,
	MAX_RING = 4096,
	RACING = 64 /* threads that came since they were counted */
};

/*
 * Bins that are what they should be, as seen in one copy of memory: empty, or
 * with a first and a last chunk that lead back to them.  No more are looked at
 * than it takes.
 */
static unsigned sound_bins(struct target *target, const uint8_t *bins,
			   uint64_t addr, unsigned w)
{
	unsigned n = 0, two = 2 * w;
	struct error err;

	for (unsigned i = 0; i < GLIBC_BINS; i++) {
		uint64_t self = addr + two * i - two;

		n += load_word(bins + two * i, w) == self &&
		     load_word(bins + two * i + w, w) == self;
	}
	for (unsigned i = 0; i < GLIBC_BINS && n < LEAST_SOUND; i++) {
		uint64_t self = addr + two * i - two, back = 0, forth = 0;
		uint64_t fd = load_word(bins + two * i, w);
		uint64_t bk = load_word(bins + two * i + w, w);

		if (fd != self && fd % two == 0 && bk % two == 0 &&
		    !target_read_word(target, fd + 3 * w, &back, &err) &&
		    !target_read_word(target, bk + two, &forth, &err))
			n += back == self && forth == self;
	}
	return n;
}

/* All arenas but the main one begin a heap, behind its heap_info. */
static bool begins_heap(struct target *target, uint64_t addr)
{
	for (const struct heap_layout *h = heap_layouts; h->word; h++)
		if (h->word == target->word &&
		    (addr - h->size) % target->page_size == 0)
			return true;
	return false;
}

static bool ring_closes(struct target *target, uint64_t addr,
			const struct state_layout *l)
{
	uint64_t at = addr;
	struct error err;

	for (unsigned i = 0; i < MAX_RING; i++) {
		if (target_read_word(target, at + l->next, &at, &err) < 0 ||
		    (at != addr && !begins_heap(target, at)))
			return false;
		if (at == addr)
			return true;
	}
	return false;
}

/*
 * Rows may differ only in whether there is a count of attached threads before
 * system_mem.  No process has as many threads as it has bytes, and an arena in
 * use has a page at least.
 */
static bool counts_fit(const struct target *target, const uint8_t *bytes,
		       const struct state_layout *l, bool in_use)
{
	uint64_t system = load_word(bytes + l->system_mem, l->word);

	return system <= load_word(bytes + l->max_system_mem, l->word) &&
	       (in_use ? system >= target->page_size : !system) &&
	       (!l->attached || load_word(bytes + l->attached, l->word) <=
					2 * target->thread_count + RACING);
}

static bool looks_like_state(struct target *target, uint64_t addr,
			     const uint8_t *bytes, const struct state_layout *l)
{
	unsigned w = l->word;
	uint64_t top = load_word(bytes + l->top, w);
	bool in_use = top && top != addr + l->top;

	if (load32(bytes) > 2 || load32(bytes + 4) > 7 ||
	    !counts_fit(target, bytes, l, in_use) ||
	    (in_use && !maps_find(&target->maps, top)))
		return false;
	/* Most places fail here, without a look elsewhere. */
	if (load_word(bytes + l->next, w) != addr &&
	    !begins_heap(target, load_word(bytes + l->next, w)))
		return false;
	return ring_closes(target, addr, l) &&
	       sound_bins(target, bytes + l->bins, addr + l->bins, w) >=
		       LEAST_SOUND;
}

bool glibc_state_at(struct target *target, uint64_t addr,
		    const struct state_layout *layout)
{
	uint8_t bytes[2400];
	struct error err;

	if (target_read(target, addr, bytes, layout->size, &err) < 0)
		return false;
	/* Never used: nothing but the ring tells. */
	if (!load_word(bytes + layout->top, layout->word) &&
	    !load_word(bytes + layout->bins, layout->word))
		return counts_fit(target, bytes, layout, false) &&
		       ring_closes(target, addr, layout);
	return looks_like_state(target, addr, bytes, layout);
}

const struct state_layout *glibc_state_row(struct target *target, uint64_t addr,
					   unsigned *fits)
{
	const struct state_layout *row = NULL;

	*fits = 0;
	for (const struct state_layout *l = state_layouts; l->word; l++)
		if (l->word == target->word &&
		    glibc_state_at(target, addr, l) && !(*fits)++)
			row = l;
	return *fits == 1 ? row : NULL;
}

bool glibc_params_hold(struct target *target, const uint8_t *p,
		       const struct params_layout *l)
{
	unsigned w = l->word;
	uint64_t sbrk = load_word(p + l->sbrk_base, w);
	const struct map *map = maps_find(&target->maps, sbrk);

	return load32(p + l->n_mmaps) <= load32(p + l->max_n_mmaps) &&
	       load_word(p + l->mmapped_mem, w) <=
		       load_word(p + l->max_mmapped_mem, w) &&
	       load32(p + l->no_dyn_threshold) <= 1 &&
	       (map ? map_is_anonymous(map) : !sbrk) &&
	       (!l->tcache_bins ||
		(load_word(p + l->tcache_bins, w) - 1 < TCACHE_MAX_BINS &&
		 load_word(p + l->tcache_bins + 2 * w, w) <= 65535));
}

static bool params_now(struct target *target, const uint8_t *p,
		       const struct params_layout *l)
{
	uint64_t test = load_word(p + l->arena_test, l->word);

	return load32(p + l->n_mmaps_max) == 65536 &&
	       (test == 8 || test == 2) && glibc_params_hold(target, p, l);
}

bool glibc_params_at(struct target *target, uint64_t addr,
		     const struct params_layout *layout)
{
	uint8_t bytes[160];
	struct error err;

	return !target_read(target, addr, bytes, layout->size, &err) &&
	       params_now(target, bytes, layout);
}

static void find_state(struct target *target, uint64_t start,
		       const uint8_t *bytes, uint64_t len,
		       struct finding *arena)
{
	unsigned matches = 0, fits = 0;
	unsigned word = target->word, step = 2 * word;

	for (uint64_t i = -start & (step - 1); i + 64 <= len; i += step)
		for (const struct state_layout *l = state_layouts; l->word;
		     l++) {
			if (l->word != word || i + l->size > len ||
			    !load_word(bytes + i + l->bins, word) ||
			    !looks_like_state(target, start + i, bytes + i, l))
				continue;
			matches++;
			arena->addr = start + i;
			break;
		}
	if (matches == 1)
		arena->state = glibc_state_row(target, arena->addr, &fits);
	if (fits > 1)
		finding_set(arena, CHECK_SKIPPED, 0,
			    "0x%" PRIx64 " fits %u layouts, which nothing in "
			    "it tells apart",
			    arena->addr, fits);
	else if (arena->state)
		finding_set(arena, CHECK_OK, arena->addr,
			    "0x%" PRIx64 ", bins and ring of arenas fit those "
			    "of %s",
			    arena->addr, arena->state->releases);
	else
		finding_set(arena, CHECK_SKIPPED, 0,
			    matches ? "%u places look like an arena"
				    : "%u places look like an arena in use",
			    matches);
}

/* Before the first malloc: nobody has set a threshold. */
static bool untouched(const uint8_t *p, unsigned w)
{
	return load_word(p, w) == 131072 && load_word(p + w, w) == 131072 &&
	       load_word(p + 2 * w, w) == 131072;
}

/*
 * The row that fits the bytes of an mp_; rows may differ only in where
 * sbrk_base is, so one that finds an address there comes first.
 */
static const struct params_layout *params_row(struct target *target,
					      const uint8_t *p, uint64_t len)
{
	const struct params_layout *unused = NULL;

	for (const struct params_layout *l = params_layouts; l->word; l++) {
		if (l->word != target->word || l->size > len ||
		    !params_now(target, p, l))
			continue;
		if (load_word(p + l->sbrk_base, l->word))
			return l;
		if (!unused && untouched(p, l->word))
			unused = l;
	}
	return unused;
}

static void find_params(struct target *target, uint64_t start,
			const uint8_t *bytes, uint64_t len,
			struct finding *params)
{
	unsigned matches = 0;

	unsigned word = target->word;

	for (uint64_t i = -start & (word - 1); i < len; i += word) {
		const struct params_layout *l =
			params_row(target, bytes + i, len - i);

		if (!l)
			continue;
		matches++;
		params->addr = start + i;
		params->params = l;
	}
	if (matches == 1)
		finding_set(params, CHECK_OK, params->addr,
			    "0x%" PRIx64 ", counters fit those of %s",
			    params->addr, params->params->releases);
	else
		finding_set(params, CHECK_SKIPPED, 0,
			    matches ? "%u places look like mp_"
				    : "%u places look like mp_ in use",
			    matches);
}

void glibc_locate_memory(struct target *target, const struct glibc_data *data,
			 struct finding *arena, struct finding *params)
{
	uint64_t len = data->end - data->start;
	AUTO_FREE uint8_t *bytes = len <= MAX_DATA ? malloc(len) : NULL;

	if (!bytes ||
	    target_read_some(target, data->start, bytes, len) != len) {
		finding_set(arena, CHECK_SKIPPED, 0,
			    "the data of libc cannot be read");
		finding_set(params, CHECK_SKIPPED, 0, "%s", arena->text);
		return;
	}
	find_state(target, data->start, bytes, len, arena);
	find_params(target, data->start, bytes, len, params);
}
