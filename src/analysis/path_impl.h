/* Between path.c, which finds the shortest chain, and path_more.c: the rest. */
#ifndef ANALYSIS_PATH_IMPL_H
#define ANALYSIS_PATH_IMPL_H

#include "analysis/path.h"
#include "base/u64map.h"

#define NOBODY UINT32_MAX /* no chunk has this index */

struct path_search {
	const struct graph *g;
	const struct path_opts *opts;
	uint32_t target;
	/* Chunks of which some words do not count, and the edges that they
	 * still have: from << 32 | to. */
	struct bitmap cut;
	struct u64map left;
	/* Of each chunk what the pointers of its roots that count count for
	 * (graph_root_steps()), the least; 0: there are none. */
	uint8_t *steps; /* owned */
	/* Of the search in breadth: the chunk before (itself: a root leads to
	 * it; NOBODY: not reached). */
	uint32_t *before; /* owned */
	uint32_t *queue;  /* owned: in the order they were reached */
	uint32_t reached;
	uint32_t followed; /* of those, from the front */
	size_t cap;	   /* of out->path */
	struct paths *out;
};

/* The edge is there though some words do not count. */
bool path_edge(const struct path_search *s, uint32_t from, uint32_t to);
/* Roots of one chunk: g->root[*first] up to [*end]. */
void path_roots_of(const struct graph *g, uint32_t chunk, size_t *first,
		   size_t *end);
bool path_root_counts(const struct path_search *s, const struct ref *root);
/* Its place among roots that lead to chains of one length; lower is first. */
unsigned path_root_order(const struct graph *g, const struct ref *root);
/* Adds that of the search in breadth, if the target was reached. */
int path_add_shortest(struct path_search *s, struct error *err) MUST_CHECK;
/* Adds one: chunk (count of them) is taken over. */
int path_add(struct path_search *s, const struct ref *root, uint32_t *chunk,
	     uint32_t count, struct error *err) MUST_CHECK;

/* opts->max of them, by the search in breadth that was made. */
int path_more(struct path_search *s, struct error *err) MUST_CHECK;

#endif
