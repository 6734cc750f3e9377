#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "base/strbuf.h"
#include "command/commands.h"
#include "command/session.h"
#include "view/views.h"

enum { CAPTURE_MAX = 1 << 20, POLL_MS = 50 };

extern char **environ;

/*
 * On a screen the output is caught (into fd) and shown as a view, and the
 * command gets no terminal.  In batch it shares our standard streams; with
 * JSON or CSV its output goes to stderr, since stdout is for answers.
 */
static int start(const struct session *session, const char *line, int fd,
		 pid_t *pid)
{
	char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, (char *)line, NULL};
	short flags = POSIX_SPAWN_SETSIGDEF;
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t set;
	int ret;

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	sigaddset(&set, SIGINT);
	posix_spawnattr_setsigdefault(&attr, &set);
	if (fd >= 0) {
		posix_spawn_file_actions_addopen(&actions, 0, "/dev/null",
						 O_RDONLY, 0);
		posix_spawn_file_actions_adddup2(&actions, fd, 1);
		posix_spawn_file_actions_adddup2(&actions, fd, 2);
		flags |= POSIX_SPAWN_SETPGROUP;
	} else if (session->opts.format != RENDER_TEXT) {
		posix_spawn_file_actions_adddup2(&actions, 2, 1);
	}
	posix_spawnattr_setflags(&attr, flags);
	ret = posix_spawn(pid, "/bin/sh", &actions, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return ret;
}

/* Reads what the command says until it ends or closes its streams.  A process
 * that it leaves behind with our pipe open does not keep us. */
static void collect(pid_t pid, int fd, struct strbuf *sb)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	char buf[4096];
	struct error err; /* ^C: it is asked to end, and we wait for it */
	siginfo_t info;

	for (;;) {
		bool ended = !waitid(P_PID, (id_t)pid, &info,
				     WEXITED | WNOHANG | WNOWAIT) &&
			     info.si_pid == pid;
		int ready = poll(&poll_fd, 1, ended ? 0 : 50);
		ssize_t got;

		if (progress_tick("shell: running", 0, 0, &err))
			kill(-pid, SIGINT);
		if (ready <= 0 && ended)
			return;
		if (ready <= 0)
			continue;
		got = read(fd, buf, sizeof(buf));
		if (got <= 0)
			return;
		if (sb->len < CAPTURE_MAX)
			strbuf_addn(sb, buf, (size_t)got);
		info.si_pid = 0;
	}
}

/*
 * Until it ends.  A terminal's ^C reaches the command as well as us; one that
 * was sent to us alone is passed on, and a command that does not heed it is
 * ended: we promised to end soon.
 */
static int wait_for(pid_t pid)
{
	static const int persuasion[] = {SIGINT, SIGTERM, SIGKILL};
	struct pollfd ended = {.fd = pidfd_open(pid, 0), .events = POLLIN};
	unsigned polls = 0, sent = 0;
	int status = 0;

	for (;;) {
		pid_t got = waitpid(pid, &status, WNOHANG);

		if (got == pid || (got < 0 && errno != EINTR))
			break;
		poll(&ended, 1, POLL_MS);
		/* A second between them. */
		if (interrupt_pending() && sent < 3 &&
		    polls++ % (1000 / POLL_MS) == 0)
			kill(pid, persuasion[sent++]);
	}
	if (ended.fd >= 0)
		close(ended.fd);
	return status;
}

static int answer(const char *said, int status, struct view **out,
		  struct error *err)
{
	if (view_text("", said, out, err))
		return -1;
	if (WIFSIGNALED(status))
		view_warn(*out, "shell: ended by signal %d (%s)",
			  WTERMSIG(status), strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status))
		view_warn(*out, "shell: exit status %d", WEXITSTATUS(status));
	view_total(*out, NULL, "status", NULL,
		   value_u(V_COUNT, WIFSIGNALED(status)
					    ? 128u + (unsigned)WTERMSIG(status)
					    : (unsigned)WEXITSTATUS(status)));
	return 0;
}

static int shell_run(struct session *session, const struct words *words,
		     struct view **out, struct error *err)
{
	struct strbuf sb = {0};
	int pipe_fd[2] = {-1, -1}, status, ret;
	pid_t pid;

	(void)words;
	if (!*session->rest)
		return error_set(err, ERR_USAGE,
				 "shell takes a command, as in \"shell ls\"");
	fflush(stdout);
	if (session->interactive && pipe2(pipe_fd, O_CLOEXEC))
		return error_sys(err, "cannot make a pipe");
	errno = start(session, session->rest, pipe_fd[1], &pid);
	if (pipe_fd[1] >= 0)
		close(pipe_fd[1]);
	if (errno) {
		if (pipe_fd[0] >= 0)
			close(pipe_fd[0]);
		return error_sys(err, "cannot run /bin/sh");
	}
	if (pipe_fd[0] >= 0) {
		collect(pid, pipe_fd[0], &sb);
		close(pipe_fd[0]);
	}
	status = wait_for(pid);
	ret = interrupt_check(err);
	if (!ret)
		ret = answer(strbuf_str(&sb), status, out, err);
	strbuf_deinit(&sb);
	return ret;
}

const struct command command_entry_shell = {
	.name = "shell",
	.alias = "!",
	.args = "COMMAND",
	.summary = "run a shell command: the step between two snapshots",
	.help = "The rest of the line goes to /bin/sh as it stands. Nothing "
		"is\n"
		"said when it succeeds; another exit status is shown and does\n"
		"not end a script. With --json or --csv what it prints goes "
		"to\n"
		"standard error. Waits until it ends.\n"
		"\n"
		"  shell curl -s http://localhost:8080/ >/dev/null\n"
		"  !for i in 1 2 3; do ./step; done\n",
	.raw = true,
	.run = shell_run,
};
