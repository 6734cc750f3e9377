/*
 * What the new chunks of a class are: a first word often says less (a count of
 * references, a link) than what describe.h makes of the words behind it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "analysis/describe.h"
#include "analysis/growth_impl.h"
#include "base/alloc.h"
#include "base/progress.h"

/* Chunks between two looks at ^C. */
enum { STEP = 1 << 16 };

struct votes {
	uint64_t all, most; /* new chunks; of the commonest type */
	char name[96];	    /* that */
};

struct naming {
	const struct snapshot *first, *last;
	struct symbols *symbols;
	struct u64map row_of; /* class -> row + 1 */
	struct u64map count;  /* of a row's types, by a hash of both */
	struct votes *votes;  /* owned, one a row */
};

static uint64_t hash_of(uint64_t row, const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ row;

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
	return hash;
}

static int vote(struct naming *n, uint64_t row, uint32_t chunk,
		struct error *err)
{
	struct votes *v = &n->votes[row];
	char name[sizeof v->name];
	uint64_t *count;

	v->all++;
	/* Texts are told by how they begin. */
	switch (describe_type(n->last, n->symbols, chunk, name, sizeof name)) {
	case DESCRIBED_NOT:
	case DESCRIBED_TEXT:
		return 0;
	default:
		break;
	}
	count = u64map_at(&n->count, hash_of(row, name), err);
	if (!count)
		return -1;
	if (++*count <= v->most)
		return 0;
	v->most = *count;
	snprintf(v->name, sizeof v->name, "%s", name);
	return 0;
}

/* Both tables are sorted by address. */
static int vote_all(struct naming *n, struct error *err)
{
	const struct snapshot *a = n->first, *b = n->last;
	uint32_t i = 0;

	for (uint32_t j = 0; j < b->chunk_count; j++) {
		const struct chunk *c = &b->chunk[j];
		uint64_t row;

		if (j % STEP == 0 &&
		    progress_tick("naming what is new", j, b->chunk_count, err))
			return -1;
		if (c->state != CHUNK_USED ||
		    !u64map_get(&n->row_of, snapshot_chunk_size(b, j), &row))
			continue;
		while (i < a->chunk_count && a->chunk[i].addr < c->addr)
			i++;
		if (i < a->chunk_count && a->chunk[i].addr == c->addr &&
		    a->chunk[i].size == c->size &&
		    a->chunk[i].state == CHUNK_USED)
			continue;
		if (vote(n, row - 1, j, err))
			return -1;
	}
	return 0;
}

static int name_rows(struct naming *n, struct growth *growth, struct error *err)
{
	for (uint32_t i = 0; i < growth->count; i++)
		if (!growth->row[i].by_content &&
		    u64map_put(&n->row_of, growth->row[i].size, i + 1, err))
			return -1;
	if (vote_all(n, err))
		return -1;
	for (uint32_t i = 0; i < growth->count; i++) {
		const struct votes *v = &n->votes[i];

		if (v->most &&
		    growth_is_nearly_all((int64_t)v->most, (int64_t)v->all))
			snprintf(growth->row[i].name,
				 sizeof growth->row[i].name, "%s", v->name);
	}
	return 0;
}

int growth_name_types(struct growth *growth, const struct snapshot *first,
		      const struct snapshot *last, struct symbols *symbols,
		      struct error *err)
{
	struct naming n = {.first = first, .last = last, .symbols = symbols};
	int ret = -1;

	if (!last->contents)
		return 0;
	n.votes = try_calloc(growth->count, sizeof *n.votes, "types", err);
	if (n.votes)
		ret = name_rows(&n, growth, err);
	u64map_deinit(&n.row_of);
	u64map_deinit(&n.count);
	free(n.votes);
	return ret;
}
