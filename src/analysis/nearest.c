#include "analysis/nearest.h"

#include "base/alloc.h"
#include "base/progress.h"

/* Nodes between two looks at ^C. */
enum { STEP = 1 << 14 };

static void meet(const struct flow *flow, struct dominators *out, uint32_t node,
		 uint32_t from)
{
	if (out->idom[node] != DOMINATOR_NONE ||
	    (flow->without && bitmap_test(flow->without, node)))
		return;
	out->idom[node] = from;
	out->order[out->reached++] = node;
}

enum edges { STRONG, WEAK };

/* Only nodes above have weak edges. */
static void follow(const struct flow *flow, struct dominators *out,
		   uint32_t node, enum edges edges)
{
	bool above = node >= flow->rows->nodes;
	const struct rows *rows = above ? flow->above : flow->rows;
	uint32_t row = above ? node - flow->rows->nodes : node;
	uint64_t begin = rows->first[row], end = rows->first[row + 1];
	uint64_t cut = above && flow->weak ? flow->weak[row] : end;

	if (edges == STRONG)
		end = cut;
	else
		begin = cut;
	for (uint64_t e = begin; e < end; e++)
		meet(flow, out, rows->to[e], node);
}

/* Of the nodes met, from number "from" on up to "to" or, if these become more
 * meanwhile, all. */
static int follow_met(const struct flow *flow, struct dominators *out,
		      uint32_t from, uint32_t to, enum edges edges,
		      struct error *err)
{
	for (uint32_t i = from; i < to && i < out->reached; i++) {
		follow(flow, out, out->order[i], edges);
		if (i % STEP == 0 && progress_tick("finding the shortest ways",
						   i, out->nodes, err))
			return -1;
	}
	return 0;
}

/* Weak edges come when the nodes that are one edge away have been followed. */
static int search(const struct flow *flow, struct dominators *out,
		  struct error *err)
{
	uint32_t entries, near;

	for (uint32_t i = 0; i < flow->entries; i++)
		meet(flow, out, flow->entry[i], DOMINATOR_ROOT);
	entries = out->reached;
	if (follow_met(flow, out, 0, entries, STRONG, err))
		return -1;
	near = out->reached;
	if (follow_met(flow, out, entries, near, STRONG, err) ||
	    follow_met(flow, out, 0, entries, WEAK, err))
		return -1;
	return follow_met(flow, out, near, UINT32_MAX, STRONG, err);
}

int nearest_make(const struct flow *flow, struct dominators *out,
		 struct error *err)
{
	*out = (struct dominators){.nodes = flow->rows->nodes};
	if (flow->above)
		out->nodes += flow->above->nodes;
	out->idom =
		try_calloc(out->nodes, sizeof *out->idom, "shortest ways", err);
	out->order = try_calloc(out->nodes, sizeof *out->order, "shortest ways",
				err);
	if (!out->idom || !out->order) {
		dominators_deinit(out);
		return -1;
	}
	for (uint32_t i = 0; i < out->nodes; i++)
		out->idom[i] = DOMINATOR_NONE;
	if (search(flow, out, err)) {
		dominators_deinit(out);
		return -1;
	}
	return 0;
}
