/* Commands for scripts: echo, sleep, source, quit. */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "command/commands.h"
#include "command/session.h"
#include "view/views.h"

static int echo_run(struct session *session, const struct words *words,
		    struct view **out, struct error *err)
{
	(void)words;
	/* An empty line is said too. */
	return view_text("", *session->rest ? session->rest : "\n", out, err);
}

const struct command command_entry_echo = {
	.name = "echo",
	.args = "TEXT",
	.summary = "say TEXT",
	.help = "Writes the rest of the line as it stands: a heading between\n"
		"the answers of a script.\n"
		"\n"
		"  echo == after 1000 requests\n",
	.raw = true,
	.run = echo_run,
};

static double now_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int sleep_run(struct session *session, const struct words *words,
		     struct view **out, struct error *err)
{
	char *end = NULL;
	double seconds = words->count == 2 ? strtod(words->word[1], &end) : -1;
	double until = now_seconds() + seconds, left;

	if (words->count != 2 || *end || !isfinite(seconds) || seconds < 0)
		return error_set(err, ERR_USAGE,
				 "sleep takes a number of seconds, as in "
				 "\"sleep 0.5\"");
	while ((left = until - now_seconds()) > 0) {
		struct pollfd fd = {.fd = -1, .events = POLLIN};

		/* Also one that ended before: who waits for it waits long. */
		if (session->target && !session->target->ops->frozen &&
		    session_need_live(session, err))
			return -1;
		if (session->target)
			fd.fd = target_pidfd(session->target);
		/* Somebody may watch how far we are. */
		if (interrupt_poll(&fd, 1,
				   left > 0.1 ? 100 : (int)(left * 1e3) + 1) <
			    0 &&
		    errno != EINTR)
			return error_sys(err, "cannot wait");
		if (progress_tick("waiting", (uint64_t)((seconds - left) * 1e3),
				  (uint64_t)(seconds * 1e3), err))
			return -1;
	}
	return view_text("", "", out, err);
}

const struct command command_entry_sleep = {
	.name = "sleep",
	.args = "SECONDS",
	.summary = "wait, while the process runs on",
	.help = "Fractions are fine. ^C ends the wait, and so does the end of\n"
		"the process.\n"
		"\n"
		"  sleep 2.5\n",
	.run = sleep_run,
};

enum { SOURCE_DEPTH = 20 };

static int source_line(struct session *session, const char *line,
		       struct error *err)
{
	struct view *view;

	if (interrupt_check(err) || command_run(session, line, &view, err))
		return -1;
	if (!view)
		return 0;
	if (session->show)
		return session->show(session, view, err);
	view_destroy(view);
	return 0;
}

static int source_file(struct session *session, FILE *file, const char *name,
		       struct error *err)
{
	AUTO_FREE char *line = NULL;
	unsigned number = 0;
	size_t cap = 0;

	while (!session->quit && getline(&line, &cap, file) >= 0) {
		number++;
		if (source_line(session, line, err))
			return error_wrap(err, "%s:%u", name, number);
	}
	if (ferror(file))
		return error_sys(err, "cannot read %s", name);
	return 0;
}

static int source_run(struct session *session, const struct words *words,
		      struct view **out, struct error *err)
{
	AUTO_FREE char *name = xstrdup(session->rest);
	FILE *file;
	int ret;

	(void)words;
	*out = NULL;
	if (!*name)
		return error_set(err, ERR_USAGE, "source takes a file");
	if (session->depth == SOURCE_DEPTH)
		return error_set(err, ERR_USAGE,
				 "%s: files source each other %d deep", name,
				 SOURCE_DEPTH);
	file = fopen(name, "re");
	if (!file)
		return error_set(err, ERR_USAGE, "cannot read %s: %s", name,
				 strerror(errno));
	session->depth++;
	ret = source_file(session, file, name, err);
	session->depth--;
	fclose(file);
	return ret;
}

const struct command command_entry_source = {
	.name = "source",
	.args = "FILE",
	.summary = "run the command lines of a file",
	.help = "One command a line; lines that start with # and empty ones\n"
		"are skipped. The first failure ends it and names the line.\n"
		"-x FILE on the command line does the same.\n"
		"\n"
		"  source leak-hunt.hs\n",
	.raw = true,
	.run = source_run,
};

static int quit_run(struct session *session, const struct words *words,
		    struct view **out, struct error *err)
{
	(void)words;
	session->quit = true;
	return view_text("", "", out, err);
}

const struct command command_entry_quit = {
	.name = "quit",
	.alias = "q|exit",
	.args = "",
	.summary = "leave; the process goes on as it was",
	.help = "Everything is undone in the process; what was learnt is\n"
		"forgotten. In a script: the lines after it are not run.\n",
	.run = quit_run,
};
