/*
 * Memory whose pages userfaultfd fills on demand.
 *
 * Whoever reads a page of it that is not there yet waits for the program that
 * fills it, which may be the one we have stopped; and would make it fill a page
 * that nobody asked for.  So such pages are never read.
 *
 * The kernel tells in smaps alone, which takes milliseconds a gigabyte: that is
 * read while the process runs, and what it registers between then and a stop is
 * not known.
 */
#ifndef TARGET_DEMAND_H
#define TARGET_DEMAND_H

#include <sys/types.h>

#include "target/maps.h"

struct demand {
	struct demand_range {
		uint64_t start, end;
	} * range; /* owned, ascending */
	size_t count, cap;
};

/* tid: any live thread.  A kernel without smaps: there is none. */
int demand_find(pid_t tid, struct demand *out, struct error *err) MUST_CHECK;
void demand_deinit(struct demand *demand);
/* Sets MAP_DEMAND where it is so. */
void demand_mark(const struct demand *demand, struct maps *maps);

#endif
