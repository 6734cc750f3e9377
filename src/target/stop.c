#include "target/stop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "target/proc.h"
#include "target/stop_regs.h"

enum {
	TICK_MS = 50,
	/* Threads that only wait for a CPU get this many deadlines. */
	PATIENCE = 10,
	REFUSALS_MAX = 50,
	/* For threads that are about to stop when all is called off. */
	RELEASE_US = 2000000
};

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static int by_tid(const void *a, const void *b)
{
	pid_t x = ((const struct tracee *)a)->tid;
	pid_t y = ((const struct tracee *)b)->tid;

	return (x > y) - (x < y);
}

static struct tracee *find(struct stop *stop, size_t sorted, pid_t tid)
{
	struct tracee key = {.tid = tid};

	if (!sorted)
		return NULL;
	return bsearch(&key, stop->tracee, sorted, sizeof key, by_tid);
}

static int add(struct stop *stop, pid_t tid, struct error *err)
{
	if (GROW(stop->tracee, stop->cap, stop->count + 1, "list of threads",
		 err) < 0)
		return -1;
	stop->tracee[stop->count++] = (struct tracee){.tid = tid, .seen = true};
	return 0;
}

/* -1: cancelled. */
static int doze(struct stop *stop, int timeout_ms)
{
	struct pollfd fd[] = {{.fd = stop->wake_fd, .events = POLLIN},
			      {.fd = stop->cancel_fd, .events = POLLIN}};
	struct signalfd_siginfo info;

	if (poll(fd, 2, timeout_ms) < 0)
		return 0;
	if (fd[1].revents)
		return -1;
	if (fd[0].revents && read(stop->wake_fd, &info, sizeof info) < 0)
		return 0;
	return 0;
}

/* 1: ours from now on, 0: there is nothing to stop, -1: refused. */
static int seize(struct stop *stop, pid_t tid, struct error *err)
{
	struct proc_status status;
	struct error ignored;

	/* Never EXITKILL: our death must let go, not kill. */
	if (ptrace(PTRACE_SEIZE, tid, NULL, PTRACE_O_TRACECLONE) == 0)
		return 1;
	if (errno == ESRCH)
		return 0;
	if (errno == ENOSYS)
		return proc_explain_filter(stop->pid, err);
	if (errno != EPERM)
		return error_sys(err, "cannot attach to thread %d", tid);
	if (proc_status(stop->pid, tid, &status, &ignored) < 0 ||
	    status.state == 'Z' || status.state == 'X')
		return 0;
	/* Came into being by a clone() of a thread that we had already. */
	if (status.tracer == getpid())
		return 1;
	if (status.tracer)
		return proc_explain_refusal(stop->pid, err);
	/*
	 * It ended when we asked, and by now another has its number, as the
	 * leader's in an exec().  Ask again; a rule of the kernel's persists.
	 */
	if (stop->refusals++ > REFUSALS_MAX)
		return proc_explain_refusal(stop->pid, err);
	doze(stop, 1);
	return 0;
}

/* Seizes what is new in /proc/PID/task; *added: how many. */
static int scan(struct stop *stop, size_t *added, struct error *err)
{
	size_t sorted = stop->count, count, i;
	pid_t *tid;
	int rc = 0;

	if (proc_tids(stop->pid, &tid, &count, err) < 0)
		return -1;
	for (i = 0; i < stop->count; i++)
		stop->tracee[i].seen = false;
	for (i = 0; i < count && rc >= 0; i++) {
		struct tracee *old = find(stop, sorted, tid[i]);

		if (old) {
			old->seen = true;
			if (old->state != TRACEE_GONE)
				continue;
			/* The number again: exec by another thread. */
			rc = seize(stop, tid[i], err);
			if (rc > 0)
				*old = (struct tracee){.tid = tid[i],
						       .seen = true};
			*added += rc > 0;
			continue;
		}
		rc = seize(stop, tid[i], err);
		if (rc > 0) {
			rc = add(stop, tid[i], err);
			++*added;
		}
	}
	free(tid);
	if (stop->count)
		qsort(stop->tracee, stop->count, sizeof *stop->tracee, by_tid);
	return rc < 0 ? -1 : 0;
}

static void interrupt_pending_ones(struct stop *stop)
{
	for (size_t i = 0; i < stop->count; i++) {
		if (stop->tracee[i].state != TRACEE_PENDING)
			continue;
		if (!stop->first_us)
			stop->first_us = now_us();
		stop->tracee[i].asked = true;
		/* ESRCH: stopped already, or gone; the wait will tell. */
		ptrace(PTRACE_INTERRUPT, stop->tracee[i].tid, NULL, NULL);
	}
}

/*
 * The news of one thread, if any.  Stops are only looked at; an end is taken,
 * the kernel keeps the thread for us until then.  A waitid() without WNOWAIT
 * would take stops too, whatever its options say.
 */
static bool news(struct tracee *t, siginfo_t *info)
{
	*info = (siginfo_t){0};
	if (waitid(P_PID, (id_t)t->tid, info,
		   WSTOPPED | WEXITED | WNOHANG | WNOWAIT | __WALL) < 0) {
		if (errno == ECHILD)
			t->state = TRACEE_GONE;
		return false;
	}
	if (!info->si_pid)
		return false;
	if (info->si_code == CLD_TRAPPED || info->si_code == CLD_STOPPED)
		return true;
	waitid(P_PID, (id_t)t->tid, info, WEXITED | WNOHANG | __WALL);
	t->state = TRACEE_GONE;
	return false;
}

static void classify(struct tracee *t, int code)
{
	int event = code >> 8, sig = code & 0x7f;
	unsigned long child;
	bool job;

	if (event == PTRACE_EVENT_STOP)
		t->group_stopped = sig != SIGTRAP;
	else if (event == 0)
		t->signal = sig;
	else if (event == PTRACE_EVENT_CLONE &&
		 ptrace(PTRACE_GETEVENTMSG, t->tid, NULL, &child) == 0)
		t->child = (pid_t)child;
	if (stop_regs_get(t->tid, &t->regs) < 0)
		return; /* killed or exec'd meanwhile: the wait will tell */
	t->state = TRACEE_STOPPED;
	/* SIGSTOP alone makes these calls return EINTR: not our doing. */
	job = t->signal == SIGSTOP || t->signal == SIGTSTP ||
	      t->signal == SIGTTIN || t->signal == SIGTTOU;
	if (!t->group_stopped && !job && stop_regs_restart(t->tid, &t->regs))
		t->restarted = true;
}

/* Looks at one thread without waiting. */
static void look(struct tracee *t)
{
	siginfo_t info;

	if (news(t, &info))
		classify(t, info.si_status);
}

/* 'D', 'R' ... ; a leader that ended before its threads stops no more. */
static char state_of(struct stop *stop, struct tracee *t)
{
	char name[16], state;

	proc_thread_state(stop->pid, t->tid, name, &state);
	if (state == 'Z' || state == 'X') {
		look(t);
		if (t->state == TRACEE_PENDING)
			t->state = TRACEE_HELD;
	}
	return state;
}

/*
 * Waits for one thread.  Past the deadline one that merely has had no CPU gets
 * more time, one in uninterruptible sleep does not.
 */
static int wait_for(struct stop *stop, struct tracee *t, uint64_t start,
		    uint64_t deadline_us, struct error *err)
{
	look(t);
	while (t->state == TRACEE_PENDING) {
		uint64_t waited = now_us() - start;
		bool late = waited > deadline_us;

		if (doze(stop, TICK_MS) < 0)
			return error_set(err, ERR_INTERRUPTED, "interrupted");
		look(t);
		if (t->state != TRACEE_PENDING || waited < TICK_MS * 1000)
			continue;
		if ((state_of(stop, t) == 'D' && late) ||
		    waited > PATIENCE * deadline_us)
			return stop_explain_stuck(stop->pid, t->tid, waited,
						  err);
	}
	return 0;
}

/* An exec by another thread takes the leader's number: look again. */
static bool leader_is_stopped(struct stop *stop)
{
	struct tracee *t = find(stop, stop->count, stop->pid);
	struct thread_regs regs;

	if (!t || t->state != TRACEE_STOPPED ||
	    stop_regs_get(t->tid, &regs) == 0)
		return true;
	*t = (struct tracee){.tid = t->tid, .seen = true};
	return false;
}

static void detach(struct tracee *t)
{
	siginfo_t info;

	if (t->state != TRACEE_STOPPED)
		return;
	/* ESRCH: killed, or on its way to it. */
	if (ptrace(PTRACE_DETACH, t->tid, NULL, (void *)(uintptr_t)t->signal) ==
	    0)
		t->state = TRACEE_GONE;
	else if (!news(t, &info) && t->state != TRACEE_GONE)
		t->state = TRACEE_HELD;
}

/*
 * TRACECLONE also gives us processes made by clone() with an odd exit signal.
 * They are none of our business; threads are left to the next scan.
 */
static int let_strangers_go(struct stop *stop, uint64_t start,
			    uint64_t deadline_us, struct error *err)
{
	for (size_t i = 0; i < stop->count; i++) {
		struct tracee child = {.tid = stop->tracee[i].child};
		char name[16], state;

		stop->tracee[i].child = 0;
		if (!child.tid || find(stop, stop->count, child.tid))
			continue;
		proc_thread_state(stop->pid, child.tid, name, &state);
		if (state != 'X')
			continue;
		if (wait_for(stop, &child, start, deadline_us, err) < 0) {
			stop->stranger = true;
			return -1;
		}
		detach(&child);
	}
	return 0;
}

/* Waits for all that are asked to stop; *gone: how many ended instead. */
static int settle(struct stop *stop, uint64_t start, uint64_t deadline_us,
		  size_t *gone, struct error *err)
{
	for (size_t i = 0; i < stop->count; i++) {
		struct tracee *t = &stop->tracee[i];
		struct thread_regs regs;

		/* Not listed: killed, or the listing missed one. */
		if (!t->seen && t->state == TRACEE_STOPPED &&
		    stop_regs_get(t->tid, &regs) < 0)
			t->state = TRACEE_PENDING;
		if (t->state != TRACEE_PENDING)
			continue;
		if (wait_for(stop, t, start, deadline_us, err) < 0)
			return -1;
		*gone += t->state == TRACEE_GONE;
	}
	return 0;
}

static size_t count_held(const struct stop *stop, bool dead_too)
{
	size_t n = 0;

	for (size_t i = 0; i < stop->count; i++)
		n += stop->tracee[i].state == TRACEE_STOPPED ||
		     (dead_too && stop->tracee[i].state == TRACEE_HELD);
	return n;
}

/*
 * A listing of /proc ends early where a thread ends under it, and does not say
 * so: threads behind it would run on while we read.  The kernel's own count
 * has them.  A leader that ended before its threads counts, too.
 */
static bool all_are_held(struct stop *stop)
{
	const struct tracee *leader = find(stop, stop->count, stop->pid);
	size_t held = count_held(stop, true);
	struct proc_status status;
	struct error gone;

	if (proc_status(stop->pid, 0, &status, &gone) < 0)
		return true;
	if (status.state == 'Z' && (!leader || leader->state == TRACEE_GONE))
		held++;
	return status.threads <= held;
}

/* Some thread is neither listed nor ours, or ends and is not gone yet. */
static int await_unlisted(struct stop *stop, uint64_t start,
			  uint64_t deadline_us, struct error *err)
{
	if (now_us() - start > PATIENCE * deadline_us)
		return error_set(err, ERR_PERMISSION,
				 "process %d has a thread that is not listed "
				 "and cannot be stopped",
				 stop->pid);
	return doze(stop, 1) < 0
		       ? error_set(err, ERR_INTERRUPTED, "interrupted")
		       : 0;
}

/* Until a pass changes nothing. */
static int stop_loop(struct stop *stop, unsigned deadline_ms, struct error *err)
{
	uint64_t start = now_us(), deadline_us = deadline_ms * 1000ull;

	for (;;) {
		unsigned refusals = stop->refusals;
		size_t added = 0, gone = 0;

		if (doze(stop, 0) < 0)
			return error_set(err, ERR_INTERRUPTED, "interrupted");
		if (scan(stop, &added, err) < 0)
			return -1;
		interrupt_pending_ones(stop);
		if (settle(stop, start, deadline_us, &gone, err) < 0 ||
		    let_strangers_go(stop, start, deadline_us, err) < 0)
			return -1;
		if (!leader_is_stopped(stop) || added || gone ||
		    stop->refusals > refusals)
			continue;
		if (count_held(stop, false)) {
			if (all_are_held(stop))
				return 0;
			if (await_unlisted(stop, start, deadline_us, err) < 0)
				return -1;
			continue;
		}
		if (proc_ended(stop->pid))
			return error_set(err, ERR_GONE, "process %d ended",
					 stop->pid);
		/* Or it is in an exec(), and the scan saw neither heir. */
		if (stop->refusals++ > REFUSALS_MAX)
			return error_set(err, ERR_GONE,
					 "process %d: no thread can be stopped",
					 stop->pid);
		doze(stop, 1);
	}
}

int stop_all(struct stop *stop, pid_t pid, unsigned deadline_ms,
	     struct error *err)
{
	stop->pid = pid;
	stop->count = 0;
	stop->first_us = 0;
	stop->refusals = 0;
	return stop_loop(stop, deadline_ms, err);
}

/*
 * A thread that was asked to stop will, and its call ends with EINTR: to be
 * told to start again it must have stopped first.  Those that sleep in the
 * kernel for good are not waited for.
 */
static void await_asked(struct stop *stop, struct tracee *t, uint64_t until)
{
	char name[16], state;

	while (t->state == TRACEE_PENDING && t->asked && now_us() < until) {
		struct pollfd fd = {.fd = stop->wake_fd, .events = POLLIN};
		struct signalfd_siginfo info;

		proc_thread_state(stop->pid, t->tid, name, &state);
		if (state == 'D')
			return;
		if (poll(&fd, 1, 1) > 0 &&
		    read(stop->wake_fd, &info, sizeof info) < 0)
			return;
		look(t);
	}
}

bool stop_release(struct stop *stop, uint64_t *stopped_us)
{
	uint64_t until = now_us() + RELEASE_US;
	bool all = !stop->stranger;

	for (size_t i = 0; i < stop->count; i++) {
		struct tracee *t = &stop->tracee[i];

		if (t->state == TRACEE_PENDING)
			look(t);
		await_asked(stop, t, until);
		detach(t);
		if (t->state != TRACEE_GONE)
			all = false;
	}
	*stopped_us = stop->first_us ? now_us() - stop->first_us : 0;
	stop->count = 0;
	stop->first_us = 0;
	stop->stranger = false;
	return all;
}

void stop_reap(struct stop *stop)
{
	siginfo_t info;

	for (size_t i = 0; i < stop->count; i++)
		if (stop->tracee[i].state != TRACEE_GONE)
			news(&stop->tracee[i], &info);
}
