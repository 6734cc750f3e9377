/* Where what several share gathers, and what is new, by the shortest ways. */
#include <stddef.h>
#include <stdlib.h>

#include "analysis/suspects_impl.h"
#include "base/alloc.h"
#include "base/sort.h"

/* Nodes with a share, and those of them that have another such below. */
struct big {
	const struct retained *alone;
	const struct suspects_tree *tree;
	const uint64_t *weight; /* bytes that count, of a node and below it */
	uint64_t least;		/* that many are a share */
	enum suspect_kind kind;
	struct bitmap above;
	struct suspects_points *out;
};

static bool is_big(const struct big *b, uint32_t node)
{
	return b->weight[node] && b->weight[node] >= b->least;
}

/* All of it is one owner's alone, and that is a suspect itself. */
static bool is_told(const struct big *b, uint32_t node)
{
	const struct retained *r = b->alone;

	while (node < r->chunks)
		node = r->holder[node];
	return node < r->nodes &&
	       suspects_is_share(r, r->bytes[node], SUSPECT_HOLDER_SHARE);
}

static bool is_lost(const struct retained *r, uint32_t node)
{
	return node < r->chunks && bitmap_test(&r->lost, node);
}

/* The nodes of a tree or a list are of one class: up to where that begins. */
static uint32_t climb(const struct big *b, uint32_t at)
{
	const struct retained *r = b->tree->r;

	if (at >= r->chunks)
		return at;
	for (;;) {
		uint32_t up = r->holder[at];

		if (up >= r->chunks || snapshot_chunk_size(r->snap, up) !=
					       snapshot_chunk_size(r->snap, at))
			return at;
		at = up;
	}
}

static void add(struct big *b, uint32_t at)
{
	const struct retained *r = b->tree->r;
	struct suspects_points *out = b->out;
	struct suspect *s = &out->at[out->count];
	uint32_t last, run = 0;

	at = climb(b, at);
	for (uint32_t i = 0; i < out->count; i++)
		if (out->at[i].from == at)
			return;
	if (at < r->chunks)
		run = suspects_run(b->tree, at, &last);
	*s = (struct suspect){
		.kind = b->kind,
		.from = at,
		.held = {r->count[at], r->bytes[at]},
		.point = at < r->chunks ? at : CHUNK_NONE,
		.point_bytes = r->bytes[at],
		.direct = b->tree->direct[at],
		.list = run >= SUSPECT_MANY ? run : 0,
		.alone = {b->alone->count[at], b->alone->bytes[at]},
	};
	for (s->root = at; s->root < r->chunks; s->root = r->holder[s->root])
		s->steps++;
	out->count++;
}

static int find(struct big *b, struct error *err)
{
	const struct retained *r = b->tree->r;
	uint32_t most = sizeof b->out->at / sizeof *b->out->at;

	b->out->count = 0;
	if (bitmap_init(&b->above, r->nodes, "map of chunks", err))
		return -1;
	for (uint32_t i = 0; i < r->chunks; i++)
		if (r->holder[i] < r->nodes && is_big(b, i))
			bitmap_set(&b->above, r->holder[i]);
	for (uint32_t i = 0; i < r->nodes && b->out->count < most; i++)
		if (is_big(b, i) && !bitmap_test(&b->above, i) &&
		    !is_lost(r, i) &&
		    (b->kind != SUSPECT_SHARED || !is_told(b, i)))
			add(b, i);
	bitmap_deinit(&b->above);
	return 0;
}

int suspects_shared(const struct retained *alone,
		    const struct suspects_tree *nearest,
		    struct suspects_points *out, struct error *err)
{
	struct big b = {
		.alone = alone,
		.tree = nearest,
		.weight = nearest->r->bytes,
		.least = alone->total.bytes / 100 * SUSPECT_HOLDER_SHARE,
		.kind = SUSPECT_SHARED,
		.out = out,
	};

	return find(&b, err);
}

struct sized {
	uint64_t bytes;
	uint32_t chunk;
};

/* A chunk has more below it than any that it is above: by that, upwards, all
 * have been added to a chunk when it is its turn. */
static int sum_fresh(const struct retained *r, const struct bitmap *fresh,
		     uint64_t *weight, struct retained_sum *all,
		     struct error *err)
{
	AUTO_FREE struct sized *row =
		try_calloc(r->chunks, sizeof *row, "suspects", err);
	uint32_t n = 0;

	if (!row)
		return -1;
	for (uint32_t i = 0; i < r->chunks; i++)
		if (r->holder[i] != RETAINED_NONE)
			row[n++] = (struct sized){r->bytes[i], i};
	if (sort_by_u64(row, n, sizeof *row, offsetof(struct sized, bytes),
			err))
		return -1;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t chunk = row[i].chunk;

		if (bitmap_test(fresh, chunk)) {
			uint64_t size = snapshot_chunk_size(r->snap, chunk);

			weight[chunk] += size;
			all->count++;
			all->bytes += size;
		}
		if (r->holder[chunk] < r->nodes)
			weight[r->holder[chunk]] += weight[chunk];
	}
	return 0;
}

int suspects_growing(const struct retained *alone,
		     const struct suspects_tree *nearest,
		     const struct bitmap *fresh, struct suspects_points *out,
		     struct error *err)
{
	AUTO_FREE uint64_t *weight =
		try_calloc(nearest->r->nodes, sizeof *weight, "suspects", err);
	struct retained_sum all = {0};
	struct big b = {
		.alone = alone,
		.tree = nearest,
		.weight = weight,
		.kind = SUSPECT_GROWING,
		.out = out,
	};

	out->count = 0;
	if (!weight || sum_fresh(nearest->r, fresh, weight, &all, err))
		return -1;
	b.least = all.bytes / 100 * SUSPECT_NEW_SHARE;
	return all.count < SUSPECT_MANY ? 0 : find(&b, err);
}
