/*
 * What the chunks of a type retain, each by itself: a chunk below two of one
 * type counts once for it, but for each type that is above it: rows overlap.
 * What two chunks of a type share, none of them alone, is not counted: freeing
 * all of them would free as much or more.
 */
#ifndef ANALYSIS_RETAINED_TYPES_H
#define ANALYSIS_RETAINED_TYPES_H

#include "analysis/retained.h"
#include "analysis/typing.h"

struct retained_type {
	uint32_t type;		   /* number in typing->name; 0: of none */
	struct retained_sum own;   /* the chunks themselves */
	struct retained_sum below; /* with all below them */
};

/*
 * r and typing of one snapshot.  Most bytes below first; *out is the caller's.
 * O(chunks) in time, 12 bytes a chunk meanwhile.
 */
int retained_types(const struct retained *r, const struct typing *typing,
		   struct retained_type **out, uint32_t *count,
		   struct error *err) MUST_CHECK;

#endif
