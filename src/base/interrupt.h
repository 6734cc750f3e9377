/*
 * ^C asks the command that runs to end, no more: the handler sets a flag, long
 * work looks at it (progress_tick does) and ends with ERR_INTERRUPTED, having
 * put the target back.  A second ^C is the same wish again.
 */
#ifndef BASE_INTERRUPT_H
#define BASE_INTERRUPT_H

#include <poll.h>
#include <stdbool.h>

#include "base/error.h"

/*
 * Takes SIGINT over, without SA_RESTART: a poll() or read() in the front ends
 * with EINTR.
 */
int interrupt_install(struct error *err) MUST_CHECK;
bool interrupt_pending(void);
void interrupt_clear(void); /* before each command */
void interrupt_raise(void); /* as if ^C had come: tests, and the TUI's key */

/* -1 with ERR_INTERRUPTED if ^C came, 0 if not. */
int interrupt_check(struct error *err) MUST_CHECK;

/*
 * poll() that also ends, with -1 and EINTR, when ^C comes or has come already:
 * one between a look at the flag and the wait is not missed.
 */
int interrupt_poll(struct pollfd *fd, nfds_t count, int timeout_ms);

#endif
