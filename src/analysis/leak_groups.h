/*
 * Leaks as people read them: equal ones folded into one row.
 */
#ifndef ANALYSIS_LEAK_GROUPS_H
#define ANALYSIS_LEAK_GROUPS_H

#include "analysis/content.h"
#include "analysis/leaks.h"
#include "analysis/typing.h"

/*
 * Blocks of one kind, hold, size and first word (reachable ones: of one size);
 * by type: of one kind and type.
 */
struct leak_group {
	enum leak_kind kind;
	enum hold hold;
	uint64_t size;	      /* chunk size; by type: 0 */
	struct pattern first; /* the first word: see content.h; not by type */
	uint32_t chunk;	      /* the one with the lowest address */
	uint32_t leader;      /* of that; itself unless it is indirect */
	uint64_t count, bytes;
	/* Definite: what they lead. */
	uint64_t indirect_count, indirect_bytes;
	/* Of count and bytes: what is new, and a bit for each of the snapshots
	 * behind the first, in which some of it was met first. */
	uint64_t new_count, new_bytes, met;
};

/* Earlier snapshots of the same process, by age; at most 64. */
struct leak_past {
	const struct snapshot *const *snap; /* borrowed */
	uint32_t count;			    /* 0: nothing is called new */
};

struct leak_groups {
	struct leak_group *group; /* owned; by kind, then the most bytes */
	uint32_t count;
};

/*
 * kinds: a bit (1 << enum leak_kind) each.  New is what past->snap[0] has not:
 * no used chunk of that address and size.  It was met first in the earliest
 * snapshot from which on all have it.
 */
/* types: of the same snapshot, or NULL: not by type. */
int leak_groups_make(const struct leaks *leaks, unsigned kinds,
		     const struct leak_past *past, const struct typing *types,
		     struct leak_groups *out, struct error *err) MUST_CHECK;
void leak_groups_deinit(struct leak_groups *groups);

/*
 * The blocks of the group that chunk i is in, and what definite ones lead:
 * *out owned by the caller, ascending.
 */
int leak_group_of(const struct leaks *leaks, uint32_t i, uint32_t **out,
		  uint32_t *count, struct error *err) MUST_CHECK;

#endif
