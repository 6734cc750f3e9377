/* The life of the self test's child, as its parent sees it. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/interrupt.h"
#include "base/strbuf.h"
#include "command/selftest.h"
#include "target/proc.h"

enum { TICK_MS = 50, ANSWER_TICKS = 1200, WORDS_MAX = 64 };

extern char **environ;

/*
 * The words that start this program once more: usually its own name; where it
 * was started by way of an ld.so, that and its options too.  Behind
 * /proc/self/exe is then the ld.so.
 */
static int own_words(struct strbuf *line, char **argv, size_t *count,
		     struct error *err)
{
	const char *at, *end;

	if (proc_read(getpid(), "cmdline", line, err))
		return -1;
	*count = 0;
	at = strbuf_str(line);
	end = at + line->len;
	while (at < end && *count < WORDS_MAX) {
		argv[(*count)++] = (char *)at;
		if (!strcmp(at, program_invocation_name))
			return 0;
		at += strlen(at) + 1;
	}
	return error_set(err, ERR_UNSUPPORTED,
			 "cannot tell how heapscope was started: \"%s\" is not "
			 "in its command line",
			 program_invocation_name);
}

static int spawn(struct selftest_process *p, char **argv, int in, int out)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, some;
	int ret;

	sigemptyset(&none);
	sigemptyset(&some);
	sigaddset(&some, SIGPIPE);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, 0);
	posix_spawn_file_actions_adddup2(&actions, out, 1);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &some);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK |
						POSIX_SPAWN_SETSIGDEF);
	ret = posix_spawn(&p->pid, "/proc/self/exe", &actions, &attr, argv,
			  environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return ret;
}

int selftest_start(struct selftest_process *p, const char *lie,
		   struct error *err)
{
	char *argv[WORDS_MAX + 3] = {0};
	struct strbuf line = {0};
	int in[2], out[2] = {-1, -1}, ret = -1;
	size_t count;

	*p = (struct selftest_process){.to = -1, .from = -1};
	if (own_words(&line, argv, &count, err))
		goto out;
	argv[count] = (char *)SELFTEST_CHILD;
	argv[count + 1] = (char *)lie;
	if (pipe2(in, O_CLOEXEC)) {
		error_sys(err, "cannot make a pipe");
		goto out;
	}
	p->to = in[1];
	if (pipe2(out, O_CLOEXEC)) {
		error_sys(err, "cannot make a pipe");
	} else if ((ret = spawn(p, argv, in[0], out[1]))) {
		p->pid = 0;
		errno = ret;
		ret = error_sys(err, "cannot start /proc/self/exe");
	}
	p->from = out[0];
	close(in[0]);
	if (out[1] >= 0)
		close(out[1]);
out:
	strbuf_deinit(&line);
	return ret;
}

static int receive(struct selftest_process *p, void *bytes, size_t len,
		   struct error *err)
{
	char *at = bytes;

	for (unsigned ticks = 0; len;) {
		struct pollfd fd = {.fd = p->from, .events = POLLIN};
		ssize_t n;

		if (interrupt_check(err))
			return -1;
		if (interrupt_poll(&fd, 1, TICK_MS) <= 0) {
			if (++ticks < ANSWER_TICKS)
				continue;
			return error_set(err, ERR_SYSTEM,
					 "the self test's child %d does not "
					 "answer",
					 (int)p->pid);
		}
		n = read(p->from, at, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_set(
				err, ERR_GONE,
				"the self test's child %d ended before "
				"its time",
				(int)p->pid);
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

int selftest_ask(struct selftest_process *p, char what, struct ledger *ledger,
		 struct ledger_block *block, struct error *err)
{
	/* SIGPIPE is ignored; that it is gone shows when it does not answer. */
	(void)!write(p->to, &what, 1);
	if (receive(p, ledger, sizeof *ledger, err))
		return -1;
	if (ledger->magic != LEDGER_MAGIC || ledger->blocks > LEDGER_BLOCKS)
		return error_set(err, ERR_SYSTEM,
				 "the self test's child says what it cannot");
	return receive(p, block, ledger->blocks * sizeof *block, err);
}

int selftest_end(struct selftest_process *p)
{
	struct timespec nap = {.tv_nsec = 1000000};
	int status = 0;
	pid_t got = 0;

	if (p->to >= 0)
		close(p->to);
	for (unsigned ms = 0; p->pid && ms < TICK_MS * ANSWER_TICKS; ms++) {
		got = waitpid(p->pid, &status, WNOHANG);
		if (got == p->pid || (got < 0 && errno != EINTR))
			break;
		nanosleep(&nap, NULL);
	}
	if (p->pid && got != p->pid) {
		kill(p->pid, SIGKILL);
		waitpid(p->pid, NULL, 0);
		status = -1;
	}
	if (p->from >= 0)
		close(p->from);
	*p = (struct selftest_process){.to = -1, .from = -1};
	return status;
}
