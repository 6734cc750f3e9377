/*
 * Folding: equal patterns counted once each.  A pattern is any small struct,
 * compared byte by byte; a fold counts how many members (chunks of a group)
 * show it, and remembers an example.
 */
#ifndef ANALYSIS_FOLD_H
#define ANALYSIS_FOLD_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct pattern {
	uint8_t kind;	 /* the user's, as are all of these */
	uint8_t flags;	 /* no padding is left undefined: bytes are compared */
	uint16_t spread; /* 0 while folding */
	uint32_t offset;
	uint64_t a, b;
};

struct fold_row {
	struct pattern pattern;
	uint64_t count;	  /* members that show it */
	uint64_t times;	  /* how often in all */
	uint64_t example; /* of the first that showed it */
	uint32_t member;  /* the first that showed it */
	uint32_t last;	  /* member that showed it last */
};

struct fold {
	struct fold_row *row; /* owned, in order of appearance */
	size_t count, cap;
	uint32_t *slot; /* owned: hash table of row + 1 */
	size_t slots;	/* a power of two */
};

/*
 * Members must come in runs: all patterns of one before those of the next (per
 * pattern, so that a member is counted once).
 */
int fold_add(struct fold *fold, const struct pattern *pattern, uint32_t member,
	     uint64_t example, struct error *err) MUST_CHECK;
/* The row of a pattern, made (with counts of 0) if it is new. */
int fold_find(struct fold *fold, const struct pattern *pattern, size_t *row,
	      struct error *err) MUST_CHECK;
/* Commonest first; then by offset and address of the example.  The hash table
 * is given up. */
void fold_sort(struct fold *fold);
void fold_deinit(struct fold *fold);

#endif
