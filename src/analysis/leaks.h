/*
 * Used chunks by reachability, and what is lost by its leaders.
 *
 * A leader is lost and reached from no other lost chunk but those that it
 * reaches itself: of a ring, the chunk with the lowest address.  These are the
 * sources among the strongly connected components of the lost chunks; to find
 * one chunk of each, two passes of marking suffice (the first half of
 * Kosaraju's algorithm, as for "mother vertices"; Sharir, A strong-connectivity
 * algorithm and its applications in data flow analysis, 1981).
 */
#ifndef ANALYSIS_LEAKS_H
#define ANALYSIS_LEAKS_H

#include "analysis/reach.h"

enum leak_kind {
	LEAK_DEFINITE, /* a leader: nothing points at it */
	LEAK_INDIRECT, /* held by a leader alone */
	LEAK_POSSIBLE, /* held by what may be no pointer: see enum hold */
	LEAK_REACHABLE,
	LEAK_KINDS
};

struct leak_sum {
	uint64_t count, bytes; /* chunk sizes */
};

struct leaks {
	const struct snapshot *snap; /* borrowed */
	struct reach_opts opts;
	/* A byte a chunk: enum leak_kind + 1; 0: not used. */
	uint8_t *kind;
	uint8_t *hold;	      /* owned: enum hold of each used chunk */
	uint32_t *leader;     /* owned: of lost chunks, the leader's index */
	struct finder finder; /* owned: over all chunks of snap */
	struct leak_sum sum[LEAK_KINDS]; /* together: all used chunks */
	bool complete;
	char note[400]; /* what is missing, "" if nothing is */
};

/* Needs snap's contents: ERR_UNSUPPORTED without. */
int leaks_make(const struct snapshot *snap, const struct reach_opts *opts,
	       struct leaks **out, struct error *err) MUST_CHECK;
void leaks_destroy(struct leaks *leaks);

/* "definite", "indirect", "possible", "reachable": as options and JSON have
 * it. */
const char *leak_kind_name(enum leak_kind kind);

#endif
