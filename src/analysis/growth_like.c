/* What is new of a group: the chunks behind a row of growth's table. */
#include <stdlib.h>
#include <string.h>

#include "analysis/content.h"
#include "analysis/growth_impl.h"
#include "base/alloc.h"
#include "base/progress.h"

/* Chunks between two looks at ^C. */
enum { STEP = 1 << 16 };

struct likes {
	const struct snapshot *first, *last;
	struct finder finder;
	struct pattern wanted;
	uint64_t class;
	uint32_t *index; /* owned */
	size_t count, cap;
};

static bool is_used(const struct snapshot *snap, uint32_t i,
		    const struct chunk *as)
{
	return i < snap->chunk_count && snap->chunk[i].addr == as->addr &&
	       snap->chunk[i].size == as->size &&
	       snap->chunk[i].state == CHUNK_USED;
}

/* Both tables are sorted by address. */
static int collect(struct likes *l, struct error *err)
{
	const struct snapshot *a = l->first, *b = l->last;
	uint32_t i = 0;

	for (uint32_t j = 0; j < b->chunk_count; j++) {
		const struct chunk *c = &b->chunk[j];
		struct pattern p;

		if (j % STEP == 0 && progress_tick("looking for what begins so",
						   j, b->chunk_count, err))
			return -1;
		while (i < a->chunk_count && a->chunk[i].addr < c->addr)
			i++;
		if (c->state != CHUNK_USED || is_used(a, i, c) ||
		    snapshot_chunk_size(b, j) != l->class)
			continue;
		p = growth_pattern(b, &l->finder, j);
		if (memcmp(&p, &l->wanted, sizeof p) != 0)
			continue;
		if (GROW(l->index, l->cap, l->count + 1, "chunks", err))
			return -1;
		l->index[l->count++] = j;
	}
	return 0;
}

int growth_like(const struct snapshot *first, const struct snapshot *last,
		uint32_t chunk, uint32_t **out, uint32_t *count,
		struct error *err)
{
	struct likes l = {.first = first, .last = last};
	int ret = -1;

	if (finder_init(&l.finder, last, NULL, err))
		return -1;
	l.wanted = growth_pattern(last, &l.finder, chunk);
	l.class = snapshot_chunk_size(last, chunk);
	if (l.wanted.kind == CONTENT_UNKNOWN)
		error_set(err, ERR_UNSUPPORTED,
			  "the bytes of snapshot %s are not kept (any more): "
			  "what begins alike is not known",
			  last->name);
	else
		ret = collect(&l, err);
	finder_deinit(&l.finder);
	if (ret) {
		free(l.index);
		return -1;
	}
	*out = l.index;
	*count = (uint32_t)l.count;
	return 0;
}
