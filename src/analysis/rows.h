/*
 * A directed graph as compressed rows: the successors of node n are
 * to[first[n]] up to to[first[n + 1]].  Nodes are numbers; what they stand for
 * is the user's.
 */
#ifndef ANALYSIS_ROWS_H
#define ANALYSIS_ROWS_H

#include <stdint.h>

#include "base/error.h"

struct rows {
	uint64_t *first; /* owned: nodes + 1 */
	uint32_t *to;	 /* owned: first[nodes] */
	uint32_t nodes;
};

/* The same edges the other way round; within a row ascending. */
int rows_reverse(const struct rows *rows, struct rows *out,
		 struct error *err) MUST_CHECK;
void rows_deinit(struct rows *rows);

#endif
