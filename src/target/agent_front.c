/* The front's side of the agent's socket. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/interrupt.h"
#include "target/agent.h"
#include "target/proc.h"

enum {
	TICK_MS = 50,
	GRACE_MS = 5000, /* beyond what the agent itself may take */
	/* stop.c gives threads that only lack a CPU ten deadlines. */
	STOP_FACTOR = 10
};

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

int agent_start(struct agent *agent, struct error *err)
{
	int pair[2];
	pid_t pid;

	if (agent->fd >= 0)
		return 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return error_sys(err, "cannot make a socket pair");
	pid = fork();
	if (pid < 0) {
		error_sys(err, "cannot start heapscope's agent process");
		close(pair[0]);
		close(pair[1]);
		return -1;
	}
	if (pid == 0)
		agent_main(pair[1]);
	close(pair[1]);
	agent->fd = pair[0];
	agent->pid = pid;
	return 0;
}

/* Its exit, within a moment; what cannot exit is killed and left to init.
 * Returns the signal that ended it before, or 0. */
static int await_exit(pid_t pid)
{
	uint64_t until = now_ms() + GRACE_MS;
	bool killed = false;
	struct timespec nap = {.tv_nsec = 1000000};

	for (;;) {
		int status = 0;
		pid_t got = waitpid(pid, &status, WNOHANG);

		if (got == pid || (got < 0 && errno != EINTR))
			return WIFSIGNALED(status) && !killed ? WTERMSIG(status)
							      : 0;
		if (now_ms() > until) {
			if (killed)
				return 0;
			kill(pid, SIGKILL);
			killed = true;
			until = now_ms() + GRACE_MS;
		}
		nanosleep(&nap, NULL);
	}
}

static int end(struct agent *agent)
{
	int sig = 0;

	if (agent->fd < 0)
		return 0;
	close(agent->fd);
	agent->fd = -1;
	sig = await_exit(agent->pid);
	agent->pid = 0;
	return sig;
}

void agent_end(struct agent *agent)
{
	end(agent);
}

static int agent_died(struct agent *agent, struct error *err)
{
	pid_t target = agent->target;

	/* Filters may kill who makes a call that they forbid. */
	if (end(agent) == SIGSYS)
		return proc_explain_filter(target, err);
	return error_set(err, ERR_SYSTEM,
			 "heapscope's agent process ended unexpectedly; the "
			 "target runs on");
}

/* ^C counts only while obey is set: letting go must not be cut short. */
static int receive(struct agent *agent, void *bytes, size_t len, bool obey,
		   uint64_t deadline, struct error *err)
{
	char *at = bytes;

	while (len) {
		struct pollfd fd = {.fd = agent->fd, .events = POLLIN};
		int ready = poll(&fd, 1, TICK_MS);

		if (ready > 0) {
			ssize_t n = recv(agent->fd, at, len, MSG_DONTWAIT);

			if (n == 0 ||
			    (n < 0 && errno != EINTR && errno != EAGAIN))
				return agent_died(agent, err);
			if (n > 0) {
				at += n;
				len -= (size_t)n;
			}
			continue;
		}
		if (obey && interrupt_check(err) < 0) {
			agent_end(agent);
			return -1;
		}
		if (now_ms() > deadline) {
			kill(agent->pid, SIGKILL);
			agent_end(agent);
			return error_set(err, ERR_SYSTEM,
					 "heapscope's agent process did not "
					 "answer and was ended; the target "
					 "runs on");
		}
	}
	return 0;
}

static int ask(struct agent *agent, const struct agent_request *request,
	       struct agent_reply *reply, bool obey, uint64_t deadline,
	       struct error *err)
{
	if (send(agent->fd, request, sizeof *request, MSG_NOSIGNAL) !=
	    sizeof *request)
		return agent_died(agent, err);
	if (receive(agent, reply, sizeof *reply, obey, deadline, err) < 0)
		return -1;
	if (reply->ends)
		agent_end(agent);
	if (reply->rc < 0)
		*err = reply->error;
	return reply->rc;
}

void agent_threads_deinit(struct agent_threads *threads)
{
	free(threads->thread);
	vectors_deinit(&threads->vectors);
	*threads = (struct agent_threads){0};
}

int agent_stop(struct agent *agent, pid_t pid, unsigned deadline_ms,
	       struct agent_threads *threads, struct error *err)
{
	struct agent_request request = {AGENT_STOP, pid, deadline_ms};
	uint64_t deadline = now_ms() + GRACE_MS + STOP_FACTOR * deadline_ms;
	struct agent_reply reply;

	*threads = (struct agent_threads){0};
	agent->target = pid;
	if (ask(agent, &request, &reply, true, deadline, err) < 0)
		return -1;
	threads->thread =
		try_calloc(reply.thread_count, sizeof *threads->thread,
			   "list of threads", err);
	threads->vectors.word =
		try_calloc(reply.vector_count, sizeof *threads->vectors.word,
			   "table of vector registers", err);
	if (!threads->thread || !threads->vectors.word) {
		agent_end(agent);
		goto fail;
	}
	if (receive(agent, threads->thread,
		    reply.thread_count * sizeof *threads->thread, true,
		    deadline, err) < 0 ||
	    receive(agent, threads->vectors.word,
		    reply.vector_count * sizeof *threads->vectors.word, true,
		    deadline, err) < 0)
		goto fail;
	threads->count = reply.thread_count;
	threads->vectors.count = threads->vectors.cap = reply.vector_count;
	return 0;
fail:
	agent_threads_deinit(threads);
	return -1;
}

int agent_resume(struct agent *agent, uint64_t *stopped_us, struct error *err)
{
	struct agent_request request = {.command = AGENT_RESUME};
	struct agent_reply reply;

	if (ask(agent, &request, &reply, false, now_ms() + GRACE_MS, err) < 0)
		return -1;
	*stopped_us = reply.stopped_us;
	if (reply.lost)
		return error_set(err, ERR_INTERRUPTED,
				 "heapscope was suspended; the target was let "
				 "go meanwhile, what was read is not of one "
				 "moment");
	return 0;
}
