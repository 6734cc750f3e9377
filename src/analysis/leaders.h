/*
 * Leaders of what nothing leads to: the fewest nodes from which all of a part
 * of a graph is reached.  A node nobody points at is one; of a ring nobody
 * points at, one of its nodes is (that with the lowest number).
 *
 * They are what is first in the reverse order of leaving, depth first: the
 * first half of the algorithm by S. R. Kosaraju and M. Sharir (Computers and
 * Mathematics with Applications 7, 1981).  No recursion.  Memory: 8 bytes a
 * node of the graph, and 16 a node of the longest way.
 */
#ifndef ANALYSIS_LEADERS_H
#define ANALYSIS_LEADERS_H

#include "analysis/rows.h"
#include "base/bitmap.h"

/* part: a bit a node; edges that leave it count for nothing.  *out is the
 * caller's, in no order. */
int leaders_find(const struct rows *rows, const struct bitmap *part,
		 uint32_t **out, uint32_t *count, struct error *err) MUST_CHECK;

#endif
