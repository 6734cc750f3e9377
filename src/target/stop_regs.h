/* Registers of a stopped thread, and the call it was stopped in.  Agent only.
 */
#ifndef TARGET_STOP_REGS_H
#define TARGET_STOP_REGS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "target/vectors.h"
#include "target/x86_64.h"

/* -1 when the thread is not stopped (any more). */
int stop_regs_get(pid_t tid, struct thread_regs *out) MUST_CHECK;

/*
 * Its vector registers, as those of thread "index".  1; 0 when the kernel does
 * not give them.
 */
int stop_vectors_get(pid_t tid, const struct thread_regs *regs,
		     const struct vector_layout *layout, uint32_t index,
		     struct vectors *out, struct error *err) MUST_CHECK;

/*
 * When our stop made a call fail with EINTR that the kernel does not restart
 * by itself: have it restarted (stop.h).  regs stay as they were.
 */
bool stop_regs_restart(pid_t tid, const struct thread_regs *regs);

/* The error for a thread that does not stop.  Returns -1. */
int stop_explain_stuck(pid_t pid, pid_t tid, uint64_t waited_us,
		       struct error *err);

#endif
