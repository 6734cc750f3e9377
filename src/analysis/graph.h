/*
 * Who points at whom: the used chunks of a snapshot as a graph, and where its
 * roots lead in.  Built from the copy, never under a stop.
 */
#ifndef ANALYSIS_GRAPH_H
#define ANALYSIS_GRAPH_H

#include "analysis/interior.h"
#include "analysis/refs.h"
#include "analysis/rows.h"
#include "base/bitmap.h"
#include "snapshot/roots.h"

struct graph_opts {
	enum interior interior;
	unsigned classes;	   /* of roots; 0: all */
	const struct bitmap *only; /* borrowed: chunks that count; NULL: all */
};

struct graph {
	const struct snapshot *snap; /* borrowed */
	/* Nodes are chunk indices; chunks that are not used have no edges.
	 * A successor is in a row once, in the order of the words that name it;
	 * a chunk's pointer to itself is no edge. */
	struct rows out;
	/* Words outside of the heap that point at a chunk, as in refs.h. */
	struct ref *root; /* owned, ascending by target, then from */
	size_t roots;
	bool complete;
	char note[400]; /* what is missing, "" if nothing is */
};

/* Needs snap's contents: ERR_UNSUPPORTED without. */
int graph_build(const struct snapshot *snap, const struct graph_opts *opts,
		struct graph *out, struct error *err) MUST_CHECK;
void graph_deinit(struct graph *graph);

/* What the pointer of a root counts for where ways are compared: 1, or, into
 * the middle of a block, 2, since it is more often a left-over one. */
unsigned graph_root_steps(const struct graph *graph, const struct ref *root);

#endif
