/*
 * What must be undone if we die: traps in the target, stopped threads, the
 * terminal's modes.  A fixed table, so that a signal handler can read it.
 *
 * The functions run in the reverse order of their registration, each at most
 * once, on SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTERM, SIGHUP, and when
 * memory has run out.  They may call async-signal-safe functions only.
 */
#ifndef BASE_EMERGENCY_H
#define BASE_EMERGENCY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

typedef void emergency_fn(void *ctx);

enum { EMERGENCY_MAX = 32 };

/*
 * Register an undo; ctx stays the caller's and must live until the removal.
 * -1 when the table is full.
 */
int emergency_add(emergency_fn *fn, void *ctx, struct error *err) MUST_CHECK;
/* The last such pair; none is fine. */
void emergency_remove(emergency_fn *fn, void *ctx);

/* Undo all now; the table is empty after it. */
void emergency_run(void);
/* Forget all, undo nothing: in a child after fork(). */
void emergency_forget(void);

/*
 * Asked first at a SIGBUS: true if what made the access at addr fail is mended,
 * so that it can be done again.  One for all; async-signal-safe.
 */
typedef bool emergency_mend_fn(uintptr_t addr);
void emergency_mend(emergency_mend_fn *fn);

/*
 * Catch the signals above; after the undos we die of the same signal.  Has its
 * own stack, since a stack that ran over is one of the reasons.
 */
int emergency_install(struct error *err) MUST_CHECK;

#endif
