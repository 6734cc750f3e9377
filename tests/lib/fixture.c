#include "tests/lib/fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/lib/marks.h"

static void child(const char *name, const char *arg1, const char *arg2, int in,
		  int out)
{
	const char *top = getenv("top_builddir");
	char path[4096];

	snprintf(path, sizeof path, "%s/tests/fixtures/%s", top ? top : ".",
		 name);
	/* Not left behind when the test fails. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(in, 0);
	dup2(out, 1);
	execl(path, name, arg1, arg2, NULL);
	perror(path);
	_exit(127);
}

void fixture_start(struct fixture *f, const char *name, const char *arg1,
		   const char *arg2)
{
	int in[2], out[2];

	*f = (struct fixture){0};
	ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	f->pid = fork();
	ck_assert_int_ge(f->pid, 0);
	if (f->pid == 0)
		child(name, arg1, arg2, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	f->in = fdopen(in[1], "w");
	f->out = fdopen(out[0], "r");
	setvbuf(f->in, NULL, _IOLBF, 0);
	for (;;) {
		ck_assert_msg(fgets(f->line, sizeof f->line, f->out) != NULL,
			      "%s ended before it was ready", name);
		if (!strncmp(f->line, "ready", 5))
			return;
		size_t n = strlen(f->said);
		snprintf(f->said + n, sizeof f->said - n, "%s", f->line);
	}
}

const char *fixture_line(const struct fixture *f, const char *word)
{
	const char *at = f->said;

	while (at && strncmp(at, word, strlen(word))) {
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	return at;
}

void fixture_tell(struct fixture *f, const char *line)
{
	ck_assert_int_ge(fprintf(f->in, "%s\n", line), 0);
}

const char *fixture_hear(struct fixture *f, const char *word)
{
	do
		ck_assert_msg(fgets(f->line, sizeof f->line, f->out) != NULL,
			      "the fixture ended instead of saying %s", word);
	while (strncmp(f->line, word, strlen(word)));
	return f->line;
}

const char *fixture_ask(struct fixture *f, const char *line, const char *word)
{
	fixture_tell(f, line);
	return fixture_hear(f, word);
}

void wait_until(int (*condition)(void *), void *ctx, const char *what)
{
	for (int i = 0; i < 30000; i++) {
		if (condition(ctx))
			return;
		nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
	}
	ck_abort_msg("waited in vain: %s", what);
}

static char *status_text(pid_t pid, pid_t tid, char *text, size_t cap)
{
	char path[64];
	size_t n;

	snprintf(path, sizeof path, "/proc/%d/task/%d/status", pid, tid);
	FILE *file = fopen(path, "r");
	if (!file)
		return NULL;
	n = fread(text, 1, cap - 1, file);
	text[n] = 0;
	fclose(file);
	return n ? text : NULL;
}

char task_state(pid_t pid, pid_t tid)
{
	char text[4096];
	const char *at = status_text(pid, tid, text, sizeof text);

	at = at ? strstr(at, "State:\t") : NULL;
	return at ? at[7] : 'X';
}

long status_number(pid_t pid, const char *field)
{
	char text[4096];
	const char *at = status_text(pid, pid, text, sizeof text);

	at = at ? strstr(at, field) : NULL;
	return at ? strtol(at + strlen(field) + 1, NULL, 10) : -1;
}

/* A page fault may show a thread in state D for a moment. */
static int is_free(void *ctx)
{
	struct fixture *f = ctx;
	char path[64], text[4096];
	struct dirent *entry;
	int free_ones = 1;

	snprintf(path, sizeof path, "/proc/%d/task", f->pid);
	DIR *dir = opendir(path);
	if (!dir)
		return 0;
	while (free_ones && (entry = readdir(dir))) {
		pid_t tid = atoi(entry->d_name);

		/* A thread may end between the two looks. */
		if (!tid || !status_text(f->pid, tid, text, sizeof text))
			continue;
		if (!strstr(text, "\nTracerPid:\t0\n") ||
		    (!strstr(text, "\nState:\tS") &&
		     !strstr(text, "\nState:\tR") &&
		     !strstr(text, "\nState:\tX") &&
		     !strstr(text, "\nState:\tZ")))
			free_ones = 0;
	}
	closedir(dir);
	return free_ones;
}

void fixture_unharmed(struct fixture *f)
{
	wait_until(is_free, f, "the target is left running and untraced");
}

static int end(struct fixture *f)
{
	int status = -1;

	fclose(f->in);
	ck_assert_int_eq(waitpid(f->pid, &status, 0), f->pid);
	fclose(f->out);
	return status;
}

void fixture_end(struct fixture *f)
{
	fixture_unharmed(f);
	int status = end(f);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
		      "the fixture ended with wait status 0x%x", status);
}

void fixture_end_by(struct fixture *f, int sig)
{
	int status = end(f);

	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == sig,
		      "the fixture ended with wait status 0x%x", status);
}
