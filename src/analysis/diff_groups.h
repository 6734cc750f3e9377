/*
 * A diff by what chunks are called: by their type, or by who holds them.
 */
#ifndef ANALYSIS_DIFF_GROUPS_H
#define ANALYSIS_DIFF_GROUPS_H

#include "analysis/diff_impl.h"
#include "analysis/retained.h"
#include "analysis/typing.h"

/*
 * after, of diff->after; before, of diff->before, or NULL where its bytes are
 * not held any more: gone chunks are then named by their first word alone
 * (*warning says of how many).  Rows as those of diff_classes().
 */
int diff_by_type(const struct diff *diff, const struct set *set,
		 const struct typing *after, const struct typing *before,
		 struct diff_class **out, uint32_t *count, char *warning,
		 size_t warning_cap, struct error *err) MUST_CHECK;

/*
 * r, of diff->after by the shortest ways, says whose a chunk is: a row's word
 * is the owner's address, or 0.  Gone chunks have one row.
 */
int diff_by_holder(const struct diff *diff, const struct set *set,
		   const struct retained *r, struct symbols *symbols,
		   struct diff_class **out, uint32_t *count,
		   struct error *err) MUST_CHECK;

#endif
