#include "analysis/graph.h"

#include <stdio.h>
#include <stdlib.h>

#include "analysis/shared.h"
#include "analysis/words.h"
#include "base/alloc.h"
#include "base/sort.h"
#include "snapshot/finder.h"

struct build {
	const struct snapshot *snap;
	struct graph *out;
	struct finder finder;
	struct bitmap only; /* used chunks that count */
	enum interior interior;
	uint32_t *last; /* owned: a node's last predecessor + 1 */
	size_t edge_cap, root_cap;
	uint64_t edges;
	struct pieces pieces;
};

/* The chunk that a word is taken to point at, or CHUNK_NONE. */
static uint32_t pointed(const struct build *b, uint64_t value)
{
	uint32_t to = finder_find(&b->finder, value);

	if (to == CHUNK_NONE || b->interior == INTERIOR_YES ||
	    b->snap->chunk[to].addr == value ||
	    (b->interior == INTERIOR_VALGRIND &&
	     interior_accepts(b->snap, to, value)))
		return to;
	return CHUNK_NONE;
}

static int add_edge(struct build *b, uint32_t from, uint32_t to,
		    struct error *err)
{
	if (to == from || b->last[to] == from + 1)
		return 0;
	b->last[to] = from + 1;
	if (b->edges == b->edge_cap &&
	    GROW(b->out->out.to, b->edge_cap, b->edges + 1, "graph", err))
		return -1;
	b->out->out.to[b->edges++] = to;
	return 0;
}

static int add_root(struct build *b, const struct ref *ref, struct error *err)
{
	if (GROW(b->out->root, b->root_cap, b->out->roots + 1, "list of roots",
		 err))
		return -1;
	b->out->root[b->out->roots++] = *ref;
	return 0;
}

/* Words of [start, end): of chunk "from", or of a root with CHUNK_NONE. */
static int scan(struct build *b, uint64_t start, uint64_t end, uint32_t from,
		struct error *err)
{
	unsigned word = b->snap->word;
	const uint8_t *bytes;
	uint64_t addr, len;

	pieces_begin(&b->pieces, b->snap->contents, start, end);
	while ((bytes = pieces_next(&b->pieces, PIECES_STEP, &addr, &len))) {
		for (uint64_t i = -addr & (word - 1); i + word <= len;
		     i += word) {
			struct ref ref = {
				.from = addr + i,
				.value = load_word(bytes + i, word),
				.thread = UINT32_MAX,
			};

			ref.target = pointed(b, ref.value);
			if (ref.target == CHUNK_NONE)
				continue;
			if (from != CHUNK_NONE
				    ? add_edge(b, from, ref.target, err)
				    : add_root(b, &ref, err))
				return -1;
		}
		if (pieces_tick(&b->pieces, len, "following pointers", err))
			return -1;
	}
	return 0;
}

static int scan_chunks(struct build *b, struct error *err)
{
	for (uint32_t i = 0; i < b->snap->chunk_count; i++) {
		const struct chunk *c = &b->snap->chunk[i];

		b->out->out.first[i] = b->edges;
		if (bitmap_test(&b->only, i) &&
		    scan(b, c->addr, c->addr + c->size, i, err))
			return -1;
	}
	b->out->out.first[b->snap->chunk_count] = b->edges;
	return 0;
}

static int scan_roots(struct build *b, const struct roots *roots,
		      struct error *err)
{
	for (size_t i = 0; i < roots->count; i++)
		if (!roots->range[i].stale &&
		    scan(b, roots->range[i].start, roots->range[i].end,
			 CHUNK_NONE, err))
			return -1;
	for (size_t i = 0; i < roots->words; i++) {
		const struct root_word *w = &roots->word[i];
		struct ref ref = {.value = w->value,
				  .target = pointed(b, w->value),
				  .thread = w->thread,
				  .reg = w->reg};

		if (!w->stale && ref.target != CHUNK_NONE &&
		    add_root(b, &ref, err))
			return -1;
	}
	return 0;
}

static int add_shared(void *ctx, uint64_t addr, uint64_t value,
		      struct error *err)
{
	struct build *b = ctx;
	struct ref ref = {.from = addr,
			  .value = value,
			  .target = pointed(b, value),
			  .thread = UINT32_MAX};

	return ref.target == CHUNK_NONE ? 0 : add_root(b, &ref, err);
}

static int scan_shared(struct build *b, unsigned classes, struct error *err)
{
	struct shared_scan scan = {
		.snap = b->snap, .word = add_shared, .ctx = b};

	return classes & 1u << ROOT_SHARED
		       ? shared_scan(&scan, &b->out->complete, b->out->note,
				     sizeof b->out->note, err)
		       : 0;
}

/* The sort is stable: within a target, by from; registers (0) come first. */
static int order_roots(struct graph *g, struct error *err)
{
	if (sort_by_u64(g->root, g->roots, sizeof *g->root,
			offsetof(struct ref, from), err))
		return -1;
	return sort_by_bits(g->root, g->roots, sizeof *g->root,
			    offsetof(struct ref, target), 32, err);
}

static int choose(struct build *b, const struct bitmap *only, struct error *err)
{
	const struct snapshot *snap = b->snap;

	if (bitmap_init(&b->only, snap->chunk_count, "map of chunks", err))
		return -1;
	for (uint32_t i = 0; i < snap->chunk_count; i++)
		if (snap->chunk[i].state == CHUNK_USED &&
		    (!only || bitmap_test(only, i)))
			bitmap_set(&b->only, i);
	return finder_init(&b->finder, snap, &b->only, err);
}

int graph_build(const struct snapshot *snap, const struct graph_opts *opts,
		struct graph *out, struct error *err)
{
	struct build b = {.snap = snap, .out = out, .interior = opts->interior};
	unsigned classes = opts->classes ? opts->classes : ROOTS_ALL;
	struct roots roots;
	int ret = -1;

	*out = (struct graph){.snap = snap};
	if (roots_make(snap, classes, &roots, err))
		return -1;
	out->complete = roots.complete;
	snprintf(out->note, sizeof out->note, "%s", roots.note);
	out->out.nodes = snap->chunk_count;
	out->out.first = try_calloc((uint64_t)snap->chunk_count + 1,
				    sizeof *out->out.first, "graph", err);
	b.last = try_calloc(snap->chunk_count, sizeof *b.last, "graph", err);
	if (!out->out.first || !b.last || choose(&b, opts->only, err) ||
	    scan_chunks(&b, err) || scan_roots(&b, &roots, err) ||
	    scan_shared(&b, classes, err) || order_roots(out, err))
		goto out;
	ret = 0;
out:
	roots_deinit(&roots);
	finder_deinit(&b.finder);
	bitmap_deinit(&b.only);
	free(b.last);
	if (ret)
		graph_deinit(out);
	return ret;
}

unsigned graph_root_steps(const struct graph *graph, const struct ref *root)
{
	return root->value == graph->snap->chunk[root->target].addr ? 1 : 2;
}

void graph_deinit(struct graph *graph)
{
	if (!graph)
		return;
	rows_deinit(&graph->out);
	free(graph->root);
	*graph = (struct graph){0};
}
