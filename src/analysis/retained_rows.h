/* The rows of the tables of what is retained: largest first. */
#ifndef ANALYSIS_RETAINED_ROWS_H
#define ANALYSIS_RETAINED_ROWS_H

#include "analysis/retained.h"

struct retained_chunk {
	uint64_t bytes; /* with all that it dominates */
	uint32_t chunk, count;
	uint32_t holder; /* as in struct retained */
	bool lost;
};

struct retained_owner {
	uint32_t owner; /* its number, RETAINED_SEVERAL or RETAINED_NOBODY */
	/* Direct: what its words point at; of several and nobody: what no other
	 * chunk dominates. */
	struct retained_sum direct, all;
	struct retained_sum nearest; /* all, by the shortest ways */
};

/* Which chunks: ALL used ones, those that no chunk dominates (TOP), or those
 * right below a holder (OF). */
enum retained_which { RETAINED_ALL, RETAINED_TOP, RETAINED_OF };

/* *out is the caller's; holder is for RETAINED_OF alone. */
int retained_chunks(const struct retained *retained, enum retained_which which,
		    uint32_t holder, struct retained_chunk **out,
		    uint32_t *count, struct error *err) MUST_CHECK;
/* Every owner, several and nobody: they add up to retained->total, by the
 * shortest ways as well.  Both are of one graph and its owners. */
int retained_owners(const struct retained *retained,
		    const struct retained *nearest, struct retained_owner **out,
		    uint32_t *count, struct error *err) MUST_CHECK;
/* The owner of the variable, word, module or mapping at addr, or
 * RETAINED_NONE. */
uint32_t retained_owner_at(const struct retained *retained,
			   struct symbols *symbols, uint64_t addr);

#endif
