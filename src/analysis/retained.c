#include "analysis/retained.h"

#include <stdio.h>
#include <stdlib.h>

#include "analysis/dominators.h"
#include "analysis/leaders.h"
#include "analysis/nearest.h"
#include "base/alloc.h"
#include "base/progress.h"

/* Nodes between two looks at ^C. */
enum { STEP = 1 << 14 };

struct build {
	const struct graph *graph;
	struct retained *out;
	struct bitmap reached; /* nodes: an earlier round has been there */
};

static void add_to(struct retained_sum *sum, uint64_t count, uint64_t bytes)
{
	sum->count += count;
	sum->bytes += bytes;
}

/* Each node behind what dominates it: from the last to the first is upwards. */
static int sum_up(struct build *b, const struct dominators *d,
		  uint32_t top_holder, struct retained_sum *sum,
		  struct retained_sum *top, struct error *err)
{
	const struct snapshot *snap = b->graph->snap;
	struct retained *out = b->out;

	for (uint32_t i = d->reached; i-- > 0;) {
		uint32_t v = d->order[i], above = d->idom[v];

		if (i % STEP == 0 && progress_tick("summing up", d->reached - i,
						   d->reached, err))
			return -1;
		if (v < out->chunks) {
			uint64_t size = snapshot_chunk_size(snap, v);

			out->bytes[v] += size;
			out->count[v]++;
			add_to(&out->total, 1, size);
		}
		out->holder[v] = above == DOMINATOR_ROOT ? top_holder : above;
		if (above != DOMINATOR_ROOT) {
			out->bytes[above] += out->bytes[v];
			out->count[above] += out->count[v];
		} else if (v < out->chunks) {
			add_to(sum, out->count[v], out->bytes[v]);
			add_to(top, 1, snapshot_chunk_size(snap, v));
		}
	}
	return 0;
}

/* One round: all that the entries reach and no round before it did. */
static int reach_from(struct build *b, const uint32_t *entry, uint32_t entries,
		      uint32_t top_holder, struct retained_sum *sum,
		      struct retained_sum *top, struct error *err)
{
	struct flow flow = {.rows = &b->graph->out,
			    .above = &b->out->owners.rows,
			    .weak = b->out->owners.inside,
			    .entry = entry,
			    .entries = entries,
			    .without = &b->reached};
	struct dominators d;
	int ret = b->out->opts.tree == RETAINED_NEAREST
			  ? nearest_make(&flow, &d, err)
			  : dominators_make(&flow, &d, err);

	if (ret)
		return -1;
	ret = sum_up(b, &d, top_holder, sum, top, err);
	for (uint32_t i = 0; i < d.reached; i++)
		bitmap_set(&b->reached, d.order[i]);
	dominators_deinit(&d);
	return ret;
}

/* What may be no pointer of this process comes last in any case. */
static unsigned rank_of(const struct retained *r, const struct owner *owner)
{
	return r->opts.lasting ? owner_rank(owner)
			       : owner->class == ROOT_SHARED;
}

/* All owners at once; or rank by rank. */
static int find_held(struct build *b, struct error *err)
{
	struct retained *out = b->out;
	unsigned ranks = out->opts.lasting ? OWNER_RANKS : 2;
	AUTO_FREE uint32_t *entry = NULL;

	entry = try_calloc(out->owners.count, sizeof *entry, "owners", err);
	if (!entry)
		return -1;
	for (unsigned rank = 0; rank < ranks; rank++) {
		uint32_t n = 0;

		for (uint32_t i = 0; i < out->owners.count; i++)
			if (rank_of(out, &out->owners.owner[i]) == rank)
				entry[n++] = out->chunks + i;
		if (reach_from(b, entry, n, RETAINED_SEVERAL, &out->several,
			       &out->several_top, err))
			return -1;
	}
	return 0;
}

/* The same among what no root reaches, from its leaders. */
static int find_lost(struct build *b, struct error *err)
{
	struct retained *out = b->out;
	AUTO_FREE uint32_t *leader = NULL;
	uint32_t leaders;

	for (uint32_t i = 0; i < out->chunks; i++)
		if (out->snap->chunk[i].state == CHUNK_USED &&
		    !bitmap_test(&b->reached, i))
			bitmap_set(&out->lost, i);
	if (leaders_find(&b->graph->out, &out->lost, &leader, &leaders, err))
		return -1;
	return leaders ? reach_from(b, leader, leaders, RETAINED_NOBODY,
				    &out->nobody, &out->nobody_top, err)
		       : 0;
}

static int make_room(struct build *b, struct error *err)
{
	struct retained *out = b->out;

	out->nodes = out->chunks + out->owners.count;
	out->holder =
		try_calloc(out->nodes, sizeof *out->holder, "holders", err);
	out->bytes = try_calloc(out->nodes, sizeof *out->bytes,
				"retained sizes", err);
	out->count = try_calloc(out->nodes, sizeof *out->count,
				"retained counts", err);
	if (!out->holder || !out->bytes || !out->count ||
	    bitmap_init(&out->lost, out->chunks, "map of chunks", err) ||
	    bitmap_init(&b->reached, out->nodes, "map of chunks", err))
		return -1;
	for (uint32_t v = 0; v < out->nodes; v++)
		out->holder[v] = RETAINED_NONE;
	return 0;
}

int retained_make(const struct graph *graph, struct symbols *symbols,
		  const struct retained_opts *opts, struct retained *out,
		  struct error *err)
{
	struct build b = {.graph = graph, .out = out};
	int ret = -1;

	*out = (struct retained){.snap = graph->snap,
				 .opts = *opts,
				 .chunks = graph->out.nodes,
				 .complete = graph->complete};
	snprintf(out->note, sizeof out->note, "%s", graph->note);
	if (root_owners_make(graph, symbols, opts->by, &out->owners, err))
		return -1;
	if (!make_room(&b, err) && !find_held(&b, err) && !find_lost(&b, err))
		ret = 0;
	bitmap_deinit(&b.reached);
	if (ret)
		retained_deinit(out);
	return ret;
}

void retained_deinit(struct retained *retained)
{
	if (!retained)
		return;
	root_owners_deinit(&retained->owners);
	free(retained->holder);
	free(retained->bytes);
	free(retained->count);
	bitmap_deinit(&retained->lost);
	*retained = (struct retained){0};
}

struct retained_sum retained_direct(const struct retained *retained,
				    uint32_t owner)
{
	const struct rows *rows = &retained->owners.rows;
	struct retained_sum sum = {0};

	for (uint64_t e = rows->first[owner]; e < rows->first[owner + 1]; e++)
		add_to(&sum, 1,
		       snapshot_chunk_size(retained->snap, rows->to[e]));
	return sum;
}
