/* The used chunks of a snapshot counted by what they are. */
#ifndef ANALYSIS_TYPING_ROWS_H
#define ANALYSIS_TYPING_ROWS_H

#include "analysis/typing.h"

struct typing_row {
	uint32_t name; /* number in typing->name; 0: of no type */
	enum typed_by by;
	uint64_t count, bytes; /* chunk sizes */
};

/*
 * index: count chunks of the snapshot, of any state; those not used are of no
 * type.  Most bytes first; *out is the caller's.
 */
int typing_rows(const struct typing *typing, const uint32_t *index,
		uint32_t count, struct typing_row **out, uint32_t *rows,
		struct error *err) MUST_CHECK;

#endif
