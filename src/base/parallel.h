/*
 * One piece of work in numbered parts, done by several threads at once.
 *
 * The answer must not depend on how many there are: each part writes to a place
 * of its own, or what it writes is the same in any order.  A part takes memory
 * by grow() alone, calls no progress_tick() (the calling thread does, between
 * two parts of its own) and is so small that ^C need not be heard within it:
 * some milliseconds.
 */
#ifndef BASE_PARALLEL_H
#define BASE_PARALLEL_H

#include <stdint.h>

#include "base/error.h"

typedef int parallel_fn(void *ctx, uint64_t part, struct error *err);

/*
 * Calls fn for each part in [0, parts), in any order, and returns when all have
 * ended; after the first that fails, and after ^C, no further one is begun.
 * what: "reading memory", for progress_tick(), in parts.
 * As many threads work as there are processors to run on, at most
 * PARALLEL_MOST; where none can be started the caller does it all.
 */
int parallel_each(const char *what, uint64_t parts, parallel_fn *fn, void *ctx,
		  struct error *err) MUST_CHECK;

enum { PARALLEL_MOST = 4 };

/* For tests: so many threads, whatever the machine has; 0 takes it back. */
void parallel_threads(unsigned count);

#endif
