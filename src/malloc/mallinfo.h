/*
 * What mallinfo2() would say, from outside (GLIBC.md 10.3): a pure function of
 * the arenas of one libc copy and its counters.
 */
#ifndef MALLOC_MALLINFO_H
#define MALLOC_MALLINFO_H

#include <stddef.h>
#include <stdint.h>

#include "malloc/allocator.h"

/* Names and meaning as in <malloc.h>; bytes but for ordblks, smblks, hblks. */
struct mallinfo2_totals {
	uint64_t arena, ordblks, smblks, hblks, hblkhd;
	uint64_t usmblks, fsmblks, uordblks, fordblks, keepcost;
};

void mallinfo2_sum(const struct arena *arena, size_t count,
		   const struct malloc_params *params,
		   struct mallinfo2_totals *out);

#endif
