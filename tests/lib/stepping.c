#include "tests/lib/stepping.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "target/live.h"
#include "target/proc.h"
#include "target/stop_regs.h"

enum {
	MOST_THREADS = 64,
	SOME = 60,	 /* steps, now and then */
	STAY = 300,	 /* of so many turns one is another thread's */
	FAR = 20000,	 /* steps outside of what is worth a look */
	PATIENCE = 4000, /* microseconds from look to look whether it waits */
	SELDOM = 25,	 /* of so many places outside of malloc one */
};

struct stepper {
	pid_t tid;
	bool waits; /* in a call that did not return; it was interrupted */
	int signal; /* to be delivered with its next step */
	uint64_t pc;
};

struct stepping {
	struct target *target; /* borrowed */
	struct target_ops ops;
	const struct target_ops *real;
	struct stepper thread[MOST_THREADS];
	size_t count, current;
	uint64_t seed, text, text_end;
};

/* The ops have no room for whose they are; there is one. */
static struct stepping *the_one;

static uint64_t any(struct stepping *s, uint64_t below)
{
	s->seed ^= s->seed << 13;
	s->seed ^= s->seed >> 7;
	s->seed ^= s->seed << 17;
	return s->seed % below;
}

static int by_tid(const void *a, const void *b)
{
	const struct stepper *x = a, *y = b;

	return (x->tid > y->tid) - (x->tid < y->tid);
}

static int step_stop(struct target *t, struct error *err)
{
	struct stepping *s = the_one;
	struct stepper sorted[MOST_THREADS];
	struct maps maps;

	memcpy(sorted, s->thread, sizeof sorted);
	qsort(sorted, s->count, sizeof *sorted, by_tid);
	free(t->thread);
	t->thread = xcalloc(s->count + 1, sizeof *t->thread);
	t->thread_count = s->count;
	for (size_t i = 0; i < s->count; i++) {
		struct thread *to = &t->thread[i];

		to->tid = sorted[i].tid;
		proc_thread_state(t->pid, to->tid, to->name, &to->state);
		to->state = 'R';
		to->has_regs = !stop_regs_get(to->tid, &to->regs);
	}
	vectors_deinit(&t->vectors);
	t->vectors = (struct vectors){0};
	pagemap_forget(&((struct live *)t->impl)->pagemap);
	t->state = TARGET_STOPPED;
	if (proc_maps(t->pid, &maps, err) < 0)
		return -1;
	maps_deinit(&t->maps);
	t->maps = maps;
	return 0;
}

static int step_resume(struct target *t, struct error *err)
{
	(void)err;
	pagemap_forget(&((struct live *)t->impl)->pagemap);
	t->state = TARGET_RUNNING;
	t->stopped_us = 0;
	return 0;
}

static void forget(struct stepping *s, size_t i)
{
	s->thread[i] = s->thread[--s->count];
}

static void add(struct stepping *s, pid_t tid)
{
	int status;

	/* It reports itself with the first stop, which has no signal in it. */
	if (s->count == MOST_THREADS || waitpid(tid, &status, __WALL) != tid ||
	    !WIFSTOPPED(status))
		return;
	s->thread[s->count++] = (struct stepper){.tid = tid};
}

/* After a stop. */
static void heed(struct stepping *s, size_t i, int status)
{
	struct stepper *t = &s->thread[i];
	unsigned long child;
	struct thread_regs regs;

	if (!WIFSTOPPED(status)) {
		forget(s, i);
		return;
	}
	if (status >> 16 == PTRACE_EVENT_CLONE &&
	    !ptrace(PTRACE_GETEVENTMSG, t->tid, NULL, &child))
		add(s, (pid_t)child);
	t->signal = status >> 16 || WSTOPSIG(status) == SIGTRAP
			    ? 0
			    : WSTOPSIG(status);
	if (!stop_regs_get(t->tid, &regs))
		t->pc = regs.r[REG_RIP_];
}

/* One instruction of thread i. */
static void step(struct stepping *s, size_t i)
{
	struct stepper *t = &s->thread[i];
	char name[16], state;
	int status;
	pid_t got = 0;

	if (ptrace(PTRACE_SINGLESTEP, t->tid, NULL,
		   (void *)(uintptr_t)t->signal) < 0) {
		forget(s, i);
		return;
	}
	t->waits = false;
	while (got <= 0) {
		got = waitpid(t->tid, &status, __WALL);
		if (got > 0 || errno != EINTR)
			break;
		proc_thread_state(s->target->pid, t->tid, name, &state);
		if (state != 'S' && state != 'D')
			continue;
		t->waits = true;
		ptrace(PTRACE_INTERRUPT, t->tid, NULL, NULL);
		got = waitpid(t->tid, &status, __WALL);
	}
	if (got < 0)
		forget(s, i);
	else
		heed(s, i, status);
}

static bool in_program(const struct stepping *s, uint64_t pc)
{
	const struct map *m = maps_find(&s->target->maps, pc);

	return m && !strcmp(m->path, s->target->exe);
}

/* Until the thread is in the program's own code, or waits. */
static void park(struct stepping *s, size_t i)
{
	pid_t tid = s->thread[i].tid;

	for (size_t n = 0; n < FAR; n++) {
		if (i >= s->count || s->thread[i].tid != tid ||
		    s->thread[i].waits || in_program(s, s->thread[i].pc))
			return;
		step(s, i);
	}
}

/* A thread that can go on, or that may again. */
static bool choose(struct stepping *s)
{
	if (s->current < s->count && !s->thread[s->current].waits &&
	    any(s, STAY))
		return true;
	if (s->current < s->count && any(s, 8))
		park(s, s->current);
	for (unsigned tries = 0; s->count && tries < 1000; tries++) {
		s->current = any(s, s->count);
		if (!s->thread[s->current].waits || !any(s, 20))
			return true;
	}
	return s->count;
}

/* In the program itself, or still at the instruction it was at. */
static bool is_dull(const struct stepping *s, uint64_t pc, uint64_t before)
{
	return pc == before || in_program(s, pc);
}

static bool go_on(struct stepping *s)
{
	uint64_t before = 0;
	size_t steps;

	if (!choose(s))
		return false;
	steps = any(s, 4) ? 1 : 1 + any(s, SOME);
	for (size_t n = 0; n < FAR; n++) {
		struct stepper *t;
		pid_t tid;

		if (s->current >= s->count && !choose(s))
			return false;
		t = &s->thread[s->current];
		tid = t->tid;
		before = t->pc;
		step(s, s->current);
		t = &s->thread[s->current];
		if (s->current >= s->count || t->tid != tid || t->waits)
			return s->count;
		if (n + 1 >= steps && !is_dull(s, t->pc, before) &&
		    ((t->pc >= s->text && t->pc < s->text_end) ||
		     !any(s, SELDOM)))
			return true;
	}
	return true;
}

static void wake(int sig)
{
	(void)sig;
}

bool stepping_next(struct stepping *s)
{
	struct itimerval often = {{0, PATIENCE}, {0, PATIENCE}}, never = {0};
	bool more;

	setitimer(ITIMER_REAL, &often, NULL);
	more = go_on(s);
	setitimer(ITIMER_REAL, &never, NULL);
	return more;
}

/* True if it was not ours yet; it may end, or make another, meanwhile. */
static bool seize(struct stepping *s, pid_t tid)
{
	int status;

	for (size_t i = 0; i < s->count; i++)
		if (s->thread[i].tid == tid)
			return false;
	if (ptrace(PTRACE_SEIZE, tid, NULL, (void *)PTRACE_O_TRACECLONE) ||
	    ptrace(PTRACE_INTERRUPT, tid, NULL, NULL))
		return false;
	if (waitpid(tid, &status, __WALL) != tid)
		return false;
	s->thread[s->count++] = (struct stepper){.tid = tid};
	heed(s, s->count - 1, status);
	return true;
}

int stepping_begin(struct target *target, uint64_t text, uint64_t text_end,
		   uint64_t seed, struct stepping **out, struct error *err)
{
	struct itimerval often = {{0, PATIENCE}, {0, PATIENCE}}, never = {0};
	struct sigaction sa = {.sa_handler = wake};
	struct stepping *s = xcalloc(1, sizeof *s);
	bool any_new;
	pid_t *tid;
	size_t count;

	*s = (struct stepping){.target = target,
			       .ops = *target->ops,
			       .real = target->ops,
			       .text = text,
			       .text_end = text_end,
			       .seed = seed * 0x9e3779b97f4a7c15 + 1};
	the_one = s;
	do {
		if (proc_tids(target->pid, &tid, &count, err) < 0)
			return -1;
		any_new = false;
		for (size_t i = 0; i < count; i++)
			any_new |= seize(s, tid[i]);
		free(tid);
	} while (any_new);
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (size_t i = 0; i < s->count; i++)
		park(s, i);
	setitimer(ITIMER_REAL, &never, NULL);
	s->ops.stop = step_stop;
	s->ops.resume = step_resume;
	target->ops = &s->ops;
	*out = s;
	return 0;
}

void stepping_end(struct stepping *s)
{
	if (!s)
		return;
	kill(s->target->pid, SIGKILL);
	s->target->ops = s->real;
	free(s);
}
