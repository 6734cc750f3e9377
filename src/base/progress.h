/*
 * How far long work has come.  The work calls progress_tick() often (it is
 * cheap: a look at the clock); whoever shows it sets a function
 * with progress_set().  Work is silent for its first 100 ms; then the function
 * is called at most every 50 ms.
 */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include <stdint.h>

#include "base/error.h"

/* what: "reading memory"; done of total in any unit; total 0 is unknown. */
typedef void progress_fn(void *ctx, const char *what, uint64_t done,
			 uint64_t total);

/* fn NULL: nobody looks.  Returns nothing to undo: set NULL again. */
void progress_set(progress_fn *fn, void *ctx);

/* Around one command: the 100 ms count from progress_begin(). */
void progress_begin(void);
/*
 * After it.  If fn was called since, it is called once more with what NULL:
 * take the line away.
 */
void progress_end(void);

/* -1 with ERR_INTERRUPTED after ^C; else 0. */
int progress_tick(const char *what, uint64_t done, uint64_t total,
		  struct error *err) MUST_CHECK;

/* For tests: a clock of their own, in ns; NULL is CLOCK_MONOTONIC again. */
void progress_clock(uint64_t (*now_ns)(void));

#endif
