/*
 * The shortest ways: every node is put below the one that it is met from first
 * when the graph is searched breadth first from all entries at once.  So each
 * belongs to one entry, one with the fewest edges to it, where an entry's weak
 * edge (struct flow) counts for two; of equally near ones to that which comes
 * first, and without a weak edge.
 *
 * Where nearly everything leads to everything, as in a heap with lists that run
 * both ways, dominators (dominators.h) say little; this tree still tells where
 * things are.  It is what PerfView and the memory tool of Visual Studio show of
 * a heap, and LeakCanary compares.  What dominates a node is on all ways to it,
 * so also above it here: an entry has at least what it dominates.
 *
 * Time O(n + m), 4 bytes a node and 4 a node of the graph.  No recursion.
 */
#ifndef ANALYSIS_NEAREST_H
#define ANALYSIS_NEAREST_H

#include "analysis/dominators.h"

/* As dominators_make(); idom is what leads to a node, order by distance. */
int nearest_make(const struct flow *flow, struct dominators *out,
		 struct error *err) MUST_CHECK;

#endif
