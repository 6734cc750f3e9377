/* A live process, from the front's side: it reads, the agent stops. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/emergency.h"
#include "target/agent.h"
#include "target/live.h"
#include "target/proc.h"

enum {
	ENDING_MS = 1000 /* at most, from a process' memory's end to its own */
};

static struct live *live_of(const struct target *target)
{
	return target->impl;
}

static void let_go(void *ctx)
{
	struct live *live = ctx;

	/* The agent sees the end of file: async-signal-safe and enough. */
	if (live->agent.fd >= 0)
		close(live->agent.fd);
}

/*
 * A process that was killed loses its memory before it has ended, one thread
 * after the other.  Of those that we hold none can end in another way.
 */
static bool lost_memory(struct target *target)
{
	pid_t tid = target->state == TARGET_STOPPED
			    ? live_of(target)->tid
			    : proc_live_tid(target->pid);
	char path[64], byte;

	snprintf(path, sizeof path, "/proc/%d/maps", tid);
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? errno == ENOENT || errno == ESRCH
		      : read(fd, &byte, 1) <= 0;
}

static bool live_gone(struct target *target)
{
	int pidfd = live_of(target)->pidfd;
	struct pollfd fd = {.fd = pidfd, .events = POLLIN};

	if (pidfd < 0)
		return proc_ended(target->pid);
	if (poll(&fd, 1, 0) == 0 && lost_memory(target))
		poll(&fd, 1, ENDING_MS);
	return proc_pidfd_ended(pidfd);
}

static int ended(struct target *target, struct error *err)
{
	target->state = TARGET_GONE;
	return error_set(err, ERR_GONE, "process %d ended", target->pid);
}

static int read_threads(struct target *target, struct error *err)
{
	struct thread *thread;
	pid_t *tid;
	size_t count;

	if (proc_tids(target->pid, &tid, &count, err) < 0)
		return -1;
	thread = try_calloc(count, sizeof *thread, "list of threads", err);
	for (size_t i = 0; thread && i < count; i++) {
		thread[i].tid = tid[i];
		proc_thread_state(target->pid, tid[i], thread[i].name,
				  &thread[i].state);
	}
	free(tid);
	if (!thread)
		return -1;
	free(target->thread);
	target->thread = thread;
	target->thread_count = count;
	return 0;
}

static int read_maps(struct target *target, struct error *err)
{
	struct maps maps;

	if (proc_maps(target->pid, &maps, err) < 0)
		return -1;
	maps_deinit(&target->maps);
	target->maps = maps;
	demand_mark(&live_of(target)->demand, &target->maps);
	return 0;
}

/* exe, comm, and whether it is a 32-bit program. */
static int identify(struct target *target, struct error *err)
{
	pid_t tid = live_of(target)->tid;
	char path[64], state;
	ssize_t n;

	snprintf(path, sizeof path, "/proc/%d/exe", tid);
	n = readlink(path, target->exe, sizeof target->exe - 1);
	target->exe[n > 0 ? n : 0] = 0;
	proc_thread_state(target->pid, target->pid, target->comm, &state);
	return proc_word(target->pid, &target->word, err);
}

static int find_demand(struct target *target, struct error *err)
{
	struct live *live = live_of(target);

	demand_deinit(&live->demand);
	return demand_find(proc_live_tid(target->pid), &live->demand, err);
}

static int live_refresh(struct target *target, struct error *err)
{
	if (target_gone(target))
		return ended(target, err);
	if (read_threads(target, err) < 0)
		return -1;
	/* Under a stop nothing of this can have changed. */
	if (target->state == TARGET_STOPPED)
		return 0;
	/* It may have called exec(). */
	if (identify(target, err) < 0 || find_demand(target, err) < 0)
		return -1;
	return read_maps(target, err);
}

/*
 * The files of /proc hold on to the memory they were opened on: a program that
 * called exec() since has another one.
 */
static int reopen_memory(struct target *target, struct error *err)
{
	struct live *live = live_of(target);
	pid_t tid = proc_live_tid(target->pid);
	char path[64];
	int fd;

	if (!tid)
		return ended(target, err);
	snprintf(path, sizeof path, "/proc/%d/mem", tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && (errno == EACCES || errno == EPERM))
		return proc_explain_refusal(target->pid, err);
	/* ESRCH: on its way out, which its pidfd will tell in a moment. */
	if (fd < 0)
		return errno == ESRCH || target_gone(target)
			       ? ended(target, err)
			       : error_sys(err, "cannot open %s", path);
	if (live->mem_fd >= 0)
		close(live->mem_fd);
	live->mem_fd = fd;
	live->tid = tid;
	pagemap_close(&live->pagemap);
	pagemap_open(&live->pagemap, tid, live->opts.no_scan);
	return 0;
}

/* The threads that stopped, with the names and states from before. */
static int merge_threads(struct target *target, struct agent_threads *stopped,
			 struct error *err)
{
	struct thread *thread, *old = target->thread;
	struct agent_thread *list = stopped->thread;
	size_t o = 0, n = 0, v = 0, count = stopped->count;
	struct vectors *vectors = &stopped->vectors;
	bool group = false;

	thread = try_calloc(count + target->thread_count, sizeof *thread,
			    "list of threads", err);
	if (!thread)
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct thread *t;

		for (; o < target->thread_count && old[o].tid < list[i].tid;
		     o++)
			if (old[o].state == 'Z')
				thread[n++] = old[o];
		t = &thread[n++];
		if (o < target->thread_count && old[o].tid == list[i].tid)
			*t = old[o++];
		else
			proc_thread_state(target->pid, list[i].tid, t->name,
					  &t->state);
		/* Came while we stopped the others, or ran into our stop. */
		if (t->state == 't')
			t->state = 'R';
		t->tid = list[i].tid;
		t->has_regs = true;
		t->has_vectors = list[i].has_vectors;
		t->regs = list[i].regs;
		t->regs.foreign = t->regs.is32 != (target->word == 4);
		for (; v < vectors->count && vectors->word[v].thread == i; v++)
			vectors->word[v].thread = (uint32_t)(n - 1);
		group |= list[i].group_stopped;
	}
	free(old);
	target->thread = thread;
	target->thread_count = n;
	vectors_deinit(&target->vectors);
	target->vectors = *vectors;
	*vectors = (struct vectors){0};
	free(target->notes);
	target->notes = xstrdup(
		group ? "the process was already stopped (SIGSTOP or job "
			"control) and stays so"
		      : "");
	return 0;
}

static int live_resume(struct target *target, struct error *err)
{
	struct live *live = live_of(target);
	int rc;

	target->state = TARGET_RUNNING;
	target->stopped_us = 0;
	pagemap_forget(&live->pagemap);
	if (live->agent.fd < 0)
		return 0;
	rc = agent_resume(&live->agent, &target->stopped_us, err);
	/* That it ended is no fault of the stop; state says so. */
	target_gone(target);
	return rc;
}

static int live_stop(struct target *target, struct error *err)
{
	struct live *live = live_of(target);
	struct agent_threads stopped;
	struct error ignored;
	int rc;

	if (target_gone(target))
		return ended(target, err);
	if (proc_check(target->pid, err) < 0 || read_threads(target, err) < 0 ||
	    agent_start(&live->agent, err) < 0)
		return -1;
	if (agent_stop(&live->agent, target->pid, live->opts.stop_deadline_ms,
		       &stopped, err) < 0) {
		target_gone(target);
		return error_wrap(err, "cannot stop process %d", target->pid);
	}
	target->state = TARGET_STOPPED;
	rc = merge_threads(target, &stopped, err);
	agent_threads_deinit(&stopped);
	if (rc == 0)
		rc = reopen_memory(target, err);
	if (rc == 0)
		rc = read_maps(target, err);
	if (rc < 0 && live_resume(target, &ignored) < 0)
		return -1;
	return rc;
}

static int live_open_map(struct target *target, const struct map *map,
			 struct error *err)
{
	return proc_open_map(target->pid, map, err);
}

static int live_pidfd(const struct target *target)
{
	return live_of(target)->pidfd;
}

static void live_close(struct target *target)
{
	struct live *live = live_of(target);

	agent_end(&live->agent);
	emergency_remove(let_go, live);
	pagemap_close(&live->pagemap);
	demand_deinit(&live->demand);
	if (live->mem_fd >= 0)
		close(live->mem_fd);
	if (live->pidfd >= 0)
		close(live->pidfd);
	free(live);
}

static const struct target_ops live_ops = {
	.kind = "live",
	.read = live_read,
	.touched_runs = live_touched_runs,
	.read_touched = live_read_touched,
	.guard_page = live_guard_page,
	.stop = live_stop,
	.resume = live_resume,
	.open_map = live_open_map,
	.close = live_close,
	.refresh = live_refresh,
	.pidfd = live_pidfd,
	.gone = live_gone,
};

int target_open_live(pid_t pid, const struct live_opts *opts,
		     struct target **out, struct error *err)
{
	struct target *target;
	struct live *live;

	if (proc_check(pid, err) < 0)
		return -1;
	target = xcalloc(1, sizeof *target);
	live = xcalloc(1, sizeof *live);
	*live = (struct live){.agent = {.fd = -1}, .mem_fd = -1};
	if (opts)
		live->opts = *opts;
	if (!live->opts.stop_deadline_ms)
		live->opts.stop_deadline_ms = 1000;
	live->pagemap.fd = -1;
	live->pidfd = pidfd_open(pid, 0);
	target->ops = &live_ops;
	target->impl = live;
	target->pid = pid;
	target->page_size = (uint32_t)sysconf(_SC_PAGESIZE);
	target->notes = xstrdup("");
	if (emergency_add(let_go, live, err) < 0 ||
	    reopen_memory(target, err) < 0 ||
	    agent_start(&live->agent, err) < 0 ||
	    live_refresh(target, err) < 0) {
		target_close(target);
		return -1;
	}
	*out = target;
	return 0;
}
