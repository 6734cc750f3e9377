/*
 * A fixture program (tests/fixtures/) from a unit test: started, talked to
 * over pipes, and asked at the end whether it is unharmed.  Every function
 * fails the test when the fixture does not behave.
 */
#ifndef TESTS_LIB_FIXTURE_H
#define TESTS_LIB_FIXTURE_H

#include <stdio.h>
#include <sys/types.h>

struct fixture {
	pid_t pid;
	FILE *in, *out;	 /* its stdin and stdout */
	char said[4096]; /* all lines before "ready" */
	char line[1024]; /* the last answer */
};

/* tests/fixtures/NAME with the arguments (NULL for none); waits for "ready". */
void fixture_start(struct fixture *f, const char *name, const char *arg1,
		   const char *arg2);
/* The line of f->said that begins with word, or NULL. */
const char *fixture_line(const struct fixture *f, const char *word);
void fixture_tell(struct fixture *f, const char *line);
/* Waits for a line that begins with word; it is f->line then. */
const char *fixture_hear(struct fixture *f, const char *word);
const char *fixture_ask(struct fixture *f, const char *line, const char *word);

/* No thread is traced or stopped; polls for ten seconds. */
void fixture_unharmed(struct fixture *f);
/* The same, then end of file: it must exit with status 0. */
void fixture_end(struct fixture *f);
/* It is to end by this signal. */
void fixture_end_by(struct fixture *f, int sig);

/* Polls condition(ctx) for ten seconds. */
void wait_until(int (*condition)(void *ctx), void *ctx, const char *what);

/* The state of a thread in /proc, 'X' if there is none. */
char task_state(pid_t pid, pid_t tid);
/* A number of /proc/PID/status: VmPTE, TracerPid ... */
long status_number(pid_t pid, const char *field);

#endif
