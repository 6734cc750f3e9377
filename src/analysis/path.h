/*
 * Why a block is still there: shortest chains of pointers from a root to it.
 *
 * A chain is a root (a word outside of the heap, or a register) and the chunks
 * from the one it points into to the target, no chunk twice; its length is how
 * many chunks these are, and one more if the root points into the middle of the
 * first (graph_root_steps(), as in retained.h).  Two chains are distinct if
 * they differ in the root or in a chunk; of several words of one chunk that
 * point at the next one the first is told.  Shortest first; of those of one
 * length the ones from pointers to a start before those into a middle, and then
 * from variables, thread-local storage, stacks, registers, other memory: what a
 * person can find in the source before what is gone in a moment.
 *
 * The shortest one is found by a search in breadth from all roots at once;
 * further ones as the K shortest loopless paths by deviations from the target,
 * with the distances of that search as lower bounds: Yen, "Finding the K
 * shortest loopless paths in a network", Management Science 17 (1971), in the
 * lazy form of Chang et al., "Efficiently computing top-K shortest path join",
 * EDBT 2015.
 */
#ifndef ANALYSIS_PATH_H
#define ANALYSIS_PATH_H

#include "analysis/graph.h"

/* [low, high) in the target's memory. */
struct path_range {
	uint64_t low, high;
};

struct path_opts {
	uint32_t max; /* chains wanted; 0: 1 */
	/* Bits (1 << enum root_class) of roots that count; 0: all. */
	unsigned classes;
	/* Words that count as if they held nothing: borrowed. */
	const struct path_range *without;
	size_t without_count;
};

struct path {
	struct ref root;
	uint32_t *chunk; /* owned: first the root's, last the target */
	uint64_t *word;	 /* owned: address of the word of chunk[i] that points
			  * into chunk[i + 1]; of the last: 0 */
	uint32_t count;
};

struct paths {
	struct path *path; /* owned, shortest first */
	size_t count;	   /* less than max: there are no more */
};

/*
 * target: a chunk index of g->snap, whose contents must be there.  g is made
 * with INTERIOR_YES.  Takes 9 bytes a chunk for one chain; for more 25, and as
 * much as g itself.
 */
int paths_find(const struct graph *g, uint32_t target,
	       const struct path_opts *opts, struct paths *out,
	       struct error *err) MUST_CHECK;
void paths_deinit(struct paths *paths);

/* How far from the front roots of this kind come: 0 first. */
unsigned path_root_rank(enum place_kind kind);

/*
 * A chain like those, but from a word that calls which have returned left on a
 * stack (or a dead register), where paths_find() has none.  out->count 0: there
 * is none either.
 */
int path_of_stale(const struct graph *g, uint32_t target,
		  const struct path_opts *opts, struct paths *out,
		  struct error *err) MUST_CHECK;

#endif
