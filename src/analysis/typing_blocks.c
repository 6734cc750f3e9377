#include "analysis/typing_blocks.h"

#include <inttypes.h>

#include "analysis/typing_holder_impl.h"
#include "analysis/typing_impl.h"
#include "analysis/typing_owner.h"
#include "analysis/words.h"
#include "base/alloc.h"
#include "snapshot/finder.h"
#include "snapshot/roots.h"
#include "symbols/symbols.h"

/* "held by *(server+336)": by the word that leads to it. */
static int add_block(struct typing *t, uint32_t chunk, uint64_t word,
		     struct error *err)
{
	uint64_t place = PLACE_OUTSIDE |
			 (uint64_t)PLACE_OF_BLOCK << PLACE_KIND_BIT |
			 t->snap->chunk[chunk].addr;
	char name[300];
	AUTO_FREE char *text = NULL;
	uint32_t number;

	if (!t->symbols ||
	    !symbols_format(t->symbols, word, name, sizeof(name)))
		return 0;
	text = xasprintf("held by *(%s)", name);
	number = typing_number_at(t, text, place, err);
	return number ? u64map_put(&t->blocks, chunk, number, err) : -1;
}

static int look(struct typing *t, const struct finder *finder, uint64_t word,
		uint64_t value, struct error *err)
{
	uint32_t to = finder_find(finder, value);

	if (to == CHUNK_NONE || value != t->snap->chunk[to].addr ||
	    t->by[to] != TYPED_NOT || t->owner[to] != OWNER_SEVERAL ||
	    u64map_get(&t->blocks, to, NULL))
		return 0;
	return add_block(t, to, word, err);
}

static int over_range(struct typing *t, const struct finder *finder,
		      const struct root_range *range, struct pieces *p,
		      struct error *err)
{
	unsigned word = t->snap->word;
	const uint8_t *bytes;
	uint64_t addr, len;

	pieces_begin(p, t->snap->contents, range->start, range->end);
	while ((bytes = pieces_next(p, PIECES_STEP, &addr, &len))) {
		for (uint64_t i = -addr & (word - 1); i + word <= len;
		     i += word)
			if (look(t, finder, addr + i,
				 load_word(bytes + i, word), err))
				return -1;
		if (pieces_tick(p, len, "looking for variables", err))
			return -1;
	}
	return 0;
}

int blocks_find(struct typing *t, struct error *err)
{
	struct finder finder;
	struct pieces p = {0};
	struct roots roots;
	int ret = 0;

	if (roots_make(t->snap, 1u << ROOT_GLOBAL, &roots, err))
		return -1;
	if (finder_init(&finder, t->snap, NULL, err)) {
		roots_deinit(&roots);
		return -1;
	}
	for (size_t i = 0; i < roots.count && !ret; i++)
		if (!roots.range[i].stale)
			ret = over_range(t, &finder, &roots.range[i], &p, err);
	finder_deinit(&finder);
	roots_deinit(&roots);
	return ret;
}

uint32_t blocks_owner(const struct typing *t, uint32_t chunk)
{
	uint64_t number;

	if (t->blocks.count && u64map_get(&t->blocks, chunk, &number))
		return (uint32_t)number;
	return t->owner[chunk];
}
