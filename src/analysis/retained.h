/*
 * What would be freed with a chunk, or with the variable, thread or module that
 * holds it: itself and all that is reached through it alone, by dominators.h.
 *
 * Owners (owners.h) stand between the roots and the chunks.  What several of
 * them reach, each without the others, is nobody's own: its topmost chunks have
 * the holder RETAINED_SEVERAL.  What no root reaches has the topmost holder
 * RETAINED_NOBODY, and below that dominators of its own.  So each used chunk is
 * counted once: owners, several and nobody add up to all used bytes.
 *
 * A function that works on a table has it on its stack, and then the table is
 * no longer its variable's alone.  "lasting" sets this aside.  Owners then come
 * in ranks (owner_rank()): each has only what none of an earlier rank leads to.
 * Shared memory always has only what nothing else does.
 *
 * RETAINED_NEAREST puts each chunk below the one it is met from first instead
 * (nearest.h): then several own nothing, and an owner has at least what it has
 * by dominators, for what dominates a chunk is on its shortest way as well.
 *
 * Memory: 16 bytes a chunk stay; see dominators.h for what is needed meanwhile.
 */
#ifndef ANALYSIS_RETAINED_H
#define ANALYSIS_RETAINED_H

#include "analysis/owners.h"

/* Holders that are no chunk and no owner. */
#define RETAINED_SEVERAL UINT32_MAX
#define RETAINED_NOBODY	 (UINT32_MAX - 1)
#define RETAINED_NONE	 (UINT32_MAX - 2) /* the chunk is not used */

struct retained_sum {
	uint64_t count;
	uint64_t bytes; /* chunk sizes, headers included */
};

enum retained_tree { RETAINED_DOMINATORS, RETAINED_NEAREST, RETAINED_TREES };

struct retained_opts {
	enum owner_by by;
	bool lasting;
	enum retained_tree tree;
};

struct retained {
	const struct snapshot *snap; /* borrowed */
	struct retained_opts opts;
	struct root_owners owners;
	/* Nodes: the chunks of snap; from "chunks" on the owners. */
	uint32_t chunks, nodes;
	uint32_t *holder; /* owned: what is right above a node in the tree */
	/* Owned: with all that is below it.  A chunk that is not used: 0. */
	uint64_t *bytes;
	uint32_t *count;
	struct bitmap lost; /* chunks that no root reaches */
	struct retained_sum several, nobody, total;
	/* Of these, what no other chunk dominates. */
	struct retained_sum several_top, nobody_top;
	bool complete;
	char note[400]; /* what is missing, "" if nothing is */
};

/* graph must be of all used chunks; symbols may be NULL. */
int retained_make(const struct graph *graph, struct symbols *symbols,
		  const struct retained_opts *opts, struct retained *out,
		  struct error *err) MUST_CHECK;
void retained_deinit(struct retained *retained);

/* What an owner's words themselves point at: chunks and their bytes. */
struct retained_sum retained_direct(const struct retained *retained,
				    uint32_t owner);

#endif
