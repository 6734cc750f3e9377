#include "target/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/emergency.h"
#include "target/proc.h"
#include "target/stop.h"
#include "target/stop_regs.h"

enum {
	WATCH_MS = 250, /* how often to look at the front while stopped */
	SEND_SECONDS = 5
};

struct host {
	int fd;	      /* to the front */
	int child_fd; /* signalfd: SIGCHLD */
	pid_t front;
	bool stopped, lost;
	uint64_t stopped_us; /* of a stop that ended early */
	struct stop stop;
};

/* Whatever the terminal or a careless "kill" sends must not end a stop badly;
 * a deadly signal may, the kernel lets go of the target then. */
static void set_signals(struct host *host)
{
	static const int ignored[] = {SIGINT,  SIGQUIT, SIGHUP,	  SIGPIPE,
				      SIGTSTP, SIGTTIN, SIGTTOU,  SIGALRM,
				      SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT};
	sigset_t set;

	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
		signal(ignored[i], SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_SETMASK, &set, NULL);
	host->child_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

/*
 * Keeps nothing of the front's: not its terminal, not the pipe it writes to
 * (whose reader waits for its end), not the sockets of other agents.
 */
static int keep_only(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	/* Away from 0..3 first: fd or null may be one of them. */
	fd = fcntl(fd, F_DUPFD_CLOEXEC, 4);
	for (int i = 0; i < 3; i++)
		if (null >= 0)
			dup2(null, i);
	dup2(fd, 3);
	fcntl(3, F_SETFD, FD_CLOEXEC);
	if (close_range(4, ~0u, 0) < 0)
		for (int i = 4; i < 4096; i++)
			close(i);
	return 3;
}

static void set_up(struct host *host, int fd)
{
	int oom;

	emergency_forget();
	setsid();
	prctl(PR_SET_NAME, "heapscope-agent");
	host->fd = keep_only(fd);
	set_signals(host);
	if (chdir("/") < 0)
		return; /* a file system stays busy a little longer */
	oom = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (oom >= 0) {
		/* Only root may; without it we are as killable as others. */
		if (write(oom, "-1000", 5) < 0)
			errno = 0;
		close(oom);
	}
}

static void release(struct host *host, struct agent_reply *reply)
{
	reply->ends = !stop_release(&host->stop, &reply->stopped_us);
	host->stopped = false;
}

static void finish(struct host *host) __attribute__((noreturn));
static void finish(struct host *host)
{
	struct agent_reply ignored = {0};

	release(host, &ignored);
	_exit(0);
}

static void send_all(struct host *host, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len) {
		ssize_t n = send(host->fd, at, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			finish(host);
		at += n;
		len -= (size_t)n;
	}
}

/*
 * -1 when there is no memory: then the stop has failed, not only what it found.
 */
static int list_threads(const struct stop *stop, struct agent_thread *thread,
			struct vectors *vectors, struct agent_reply *reply)
{
	struct vector_layout layout = vector_layout_here();

	for (size_t i = 0; i < stop->count; i++) {
		const struct tracee *t = &stop->tracee[i];
		uint32_t index = (uint32_t)reply->thread_count;
		int has;

		if (t->state != TRACEE_STOPPED)
			continue;
		has = stop_vectors_get(t->tid, &t->regs, &layout, index,
				       vectors, &reply->error);
		if (has < 0)
			return -1;
		thread[reply->thread_count++] = (struct agent_thread){
			.tid = t->tid,
			.group_stopped = t->group_stopped,
			.has_vectors = has,
			.regs = t->regs,
		};
	}
	reply->vector_count = vectors->count;
	return 0;
}

/* In one piece: a send for each thread would cost more than its stop. */
static void answer(struct host *host, struct agent_reply *reply)
{
	const struct stop *stop = &host->stop;
	size_t count = host->stopped ? stop->count : 0;
	struct agent_thread *thread = xcalloc(count + 1, sizeof *thread);
	struct vectors vectors = {0};

	if (host->stopped && list_threads(stop, thread, &vectors, reply)) {
		reply->rc = -1;
		reply->thread_count = 0;
		release(host, reply);
	}
	send_all(host, reply, sizeof *reply);
	send_all(host, thread, reply->thread_count * sizeof *thread);
	send_all(host, vectors.word,
		 reply->vector_count * sizeof *vectors.word);
	free(thread);
	vectors_deinit(&vectors);
	if (reply->ends)
		finish(host);
}

static void on_stop(struct host *host, const struct agent_request *request,
		    struct agent_reply *reply)
{
	host->lost = false;
	reply->rc = stop_all(&host->stop, request->pid, request->deadline_ms,
			     &reply->error);
	if (reply->rc < 0)
		release(host, reply);
	else
		host->stopped = true;
}

static void on_resume(struct host *host, struct agent_reply *reply)
{
	reply->lost = host->lost;
	reply->stopped_us = host->stopped_us;
	if (host->stopped)
		release(host, reply);
	host->lost = false;
	host->stopped_us = 0;
}

static void on_request(struct host *host)
{
	struct agent_request request;
	struct agent_reply reply = {0};
	ssize_t n = recv(host->fd, &request, sizeof request, MSG_WAITALL);

	if (n < 0 && errno == EINTR)
		return;
	if (n != sizeof request)
		finish(host);
	if (request.command == AGENT_STOP)
		on_stop(host, &request, &reply);
	else if (request.command == AGENT_RESUME)
		on_resume(host, &reply);
	else
		finish(host);
	answer(host, &reply);
}

/*
 * ^Z to heapscope must not stop the target for as long as the user likes: let
 * go, and tell the front when it comes back.
 */
static void watch_front(struct host *host)
{
	struct agent_reply end = {0};
	char name[16], state;

	proc_thread_state(host->front, host->front, name, &state);
	if (state != 'T')
		return;
	release(host, &end);
	host->lost = true;
	host->stopped_us = end.stopped_us;
	if (end.ends)
		_exit(0);
}

void agent_main(int fd)
{
	struct host host = {.front = getppid()};
	struct pollfd polled[2];
	struct signalfd_siginfo info;

	set_up(&host, fd);
	host.stop.wake_fd = host.child_fd;
	host.stop.cancel_fd = host.fd;
	for (;;) {
		polled[0] = (struct pollfd){host.fd, POLLIN, 0};
		polled[1] = (struct pollfd){host.child_fd, POLLIN, 0};
		int n = poll(polled, 2, host.stopped ? WATCH_MS : -1);

		if (n == 0 && host.stopped)
			watch_front(&host);
		if (n <= 0)
			continue;
		if (polled[1].revents) {
			if (read(host.child_fd, &info, sizeof info) > 0)
				stop_reap(&host.stop);
		}
		if (polled[0].revents)
			on_request(&host);
	}
}
