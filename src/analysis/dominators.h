/*
 * Dominators of a flow graph: node d dominates node v if every path from the
 * roots to v leads through d; the nearest such d is v's immediate dominator,
 * and these make a tree.  Take d away and just what is below it in the tree
 * cannot be reached any more.
 *
 * T. Lengauer, R. E. Tarjan: A Fast Algorithm for Finding Dominators in a
 * Flowgraph, ACM TOPLAS 1 (1979), the version with simple linking: time
 * O(m log n) for n reached nodes and m edges between them, however deep the
 * graph is.  No recursion.  Memory: 20 bytes a node of the graph, 28 a reached
 * node and 4 such an edge; 4 a node and 4 a reached node stay.
 */
#ifndef ANALYSIS_DOMINATORS_H
#define ANALYSIS_DOMINATORS_H

#include "analysis/rows.h"
#include "base/bitmap.h"

#define DOMINATOR_ROOT UINT32_MAX	/* dominated by no node alone */
#define DOMINATOR_NONE (UINT32_MAX - 1) /* not reached */

struct flow {
	const struct rows *rows; /* borrowed */
	/* Borrowed, NULL: none.  More nodes, numbered from rows->nodes on, that
	 * nodes of rows have no edges to; their successors are any. */
	const struct rows *above;
	/* Borrowed, NULL: none.  Of above: from where on in a node's row are
	 * edges that say less.  Dominators make no difference. */
	const uint64_t *weak;
	/* Where the flow begins, all at once; twice the same is fine. */
	const uint32_t *entry;
	uint32_t entries;
	/* Borrowed, NULL: none.  Nodes that are taken for not there. */
	const struct bitmap *without;
};

struct dominators {
	uint32_t nodes; /* of rows and above */
	uint32_t *idom; /* owned: a node, DOMINATOR_ROOT or DOMINATOR_NONE */
	/* Owned: the reached nodes, each behind its immediate dominator: sums
	 * over the tree are one loop backwards. */
	uint32_t *order;
	uint32_t reached;
};

/* ERR_NO_MEMORY, ERR_INTERRUPTED. */
int dominators_make(const struct flow *flow, struct dominators *out,
		    struct error *err) MUST_CHECK;
void dominators_deinit(struct dominators *dominators);

#endif
