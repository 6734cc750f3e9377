/*
 * Stopping every thread of a process with ptrace, and letting go of it again
 * so that nothing shows.  Used inside the agent only: a ptrace attachment
 * belongs to the thread that made it.
 *
 * What the kernel offers and what it takes (all of it tested):
 * - PTRACE_SEIZE + PTRACE_INTERRUPT instead of ATTACH: no SIGSTOP is sent, and
 *   group-stops can be told from ours.
 * - Stops are looked at with WNOWAIT: the exit code of a signal-delivery-stop
 *   stays where it is, so the kernel delivers the signal even when we are
 *   killed between the stop and PTRACE_DETACH.
 * - Calls that return EINTR after any stop are told to start again: their
 *   result becomes -ERESTARTNOHAND, which the kernel turns into a restart when
 *   no handler runs, and into EINTR when one does, in one step with the
 *   delivery; also after our death.  A timeout starts anew.
 * - /proc/PID/task may leave out threads where another ends under the listing:
 *   all are stopped when as many are as the kernel counts.
 */
#ifndef TARGET_STOP_H
#define TARGET_STOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "target/x86_64.h"

enum tracee_state {
	TRACEE_PENDING, /* asked to stop */
	TRACEE_STOPPED,
	TRACEE_HELD, /* cannot stop any more (a zombie leader) but is ours */
	TRACEE_GONE,
};

struct tracee {
	pid_t tid;
	enum tracee_state state;
	int signal;		 /* to be delivered when we let go; 0: none */
	bool asked;		 /* to stop, by PTRACE_INTERRUPT */
	bool group_stopped;	 /* by SIGSTOP or job control, not by us */
	pid_t child;		 /* it was just making this one; 0: none */
	bool seen;		 /* in the scan that is under way */
	bool restarted;		 /* its call was told to start again */
	struct thread_regs regs; /* as they were before that */
};

struct stop {
	pid_t pid;
	struct tracee *tracee; /* owned, sorted by tid */
	size_t count, cap;
	int wake_fd;   /* borrowed: a signalfd for SIGCHLD, which is blocked */
	int cancel_fd; /* borrowed: readable or closed means: undo */
	bool stranger; /* a process we did not want could not be let go */
	unsigned refusals; /* so far, without a reason that lasts */
	uint64_t first_us; /* CLOCK_MONOTONIC of the first interrupt; 0: none */
};

/*
 * Stops all threads or none: on failure everything that can be undone is, and
 * stop_release() must still be called, to learn whether that was all.
 * ERR_PERMISSION: refused, or a thread did not stop in deadline_ms (named), or
 * one that is counted never shows;
 * ERR_GONE; ERR_INTERRUPTED: cancel_fd.
 */
int stop_all(struct stop *stop, pid_t pid, unsigned deadline_ms,
	     struct error *err) MUST_CHECK;

/*
 * Detaches from all; every signal that came is delivered, group-stops go on.
 * False when a thread is left that only our exit lets go of.  Idempotent.
 */
bool stop_release(struct stop *stop, uint64_t *stopped_us) MUST_CHECK;

/* After SIGCHLD while stopped: threads that were killed must not linger. */
void stop_reap(struct stop *stop);

#endif
