#include "command/batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fmt.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "command/command.h"

int status_of_error(enum err_code code)
{
	static const int status[] = {
		[ERR_NONE] = STATUS_DONE,
		[ERR_USAGE] = STATUS_USAGE,
		[ERR_SYSTEM] = STATUS_FAULT,
		[ERR_PERMISSION] = STATUS_PERMISSION,
		[ERR_GONE] = STATUS_GONE,
		[ERR_FAULT] = STATUS_INCOMPLETE,
		[ERR_CORRUPT] = STATUS_INCOMPLETE,
		[ERR_FORMAT] = STATUS_USAGE,
		[ERR_NOT_FOUND] = STATUS_USAGE,
		[ERR_UNSUPPORTED] = STATUS_NO_HEAP,
		[ERR_NO_MEMORY] = STATUS_FAULT,
		[ERR_INTERRUPTED] = STATUS_INTERRUPTED,
	};

	return status[code];
}

static unsigned terminal_width(int fd)
{
	struct winsize size;

	if (!isatty(fd))
		return 0;
	if (ioctl(fd, TIOCGWINSZ, &size) || !size.ws_col)
		return 80;
	return size.ws_col;
}

static void fill_opts(const struct session *session, struct render_opts *opts)
{
	uint32_t limit = session->opts.limit;

	*opts = (struct render_opts){
		.format = session->opts.format,
		.limit = limit == UINT32_MAX ? 0 : limit,
		.exact = session->opts.exact,
		.color = session->opts.color && isatty(STDOUT_FILENO),
		.width = terminal_width(STDOUT_FILENO),
		.command = session->last_line,
	};
	if (session->opts.width)
		opts->width = session->opts.width;
	if (!session->target)
		return;
	opts->target_kind = session->target->ops->kind;
	opts->word = session->target->word;
	opts->pid = (int)session->target->pid;
	opts->exe = session->target->exe;
	if (session->allocator)
		opts->glibc =
			session->allocator->version(session->allocator_state);
}

int batch_error(const struct session *session, const struct error *err)
{
	struct render_opts opts;

	/* Whoever closed the pipe has read enough: no news to him. */
	if (err->code == ERR_SYSTEM && err->sys_errno == EPIPE)
		return status_of_error(err->code);
	fill_opts(session, &opts);
	fflush(stdout);
	fprintf(stderr, "heapscope: %s\n", err->msg);
	if (opts.format == RENDER_JSON && !ferror(stdout))
		render_json_error(err, &opts, stdout);
	return status_of_error(err->code);
}

/* What was said already in this run: every answer about one snapshot has the
 * snapshot's warnings, and on stderr once is enough. */
struct said {
	char **line; /* owned, each too */
	size_t count, cap;
	bool answered; /* something stands on stdout */
};

static bool say_once(struct said *said, const char *line)
{
	struct error err;

	for (size_t i = 0; i < said->count; i++)
		if (!strcmp(said->line[i], line))
			return false;
	if (!GROW(said->line, said->cap, said->count + 1, "warnings", &err))
		said->line[said->count++] = xstrdup(line);
	return true;
}

static void say_warnings(struct said *said, const struct view *view)
{
	AUTO_FREE char *copy = NULL;
	char *rest, *line, clean[1024];

	if (!view->warnings)
		return;
	fflush(stdout);
	rest = copy = xstrdup(view->warnings);
	while ((line = strsep(&rest, "\n"))) {
		view_clean(line, false, clean, sizeof(clean));
		if (!view->snap || say_once(said, clean))
			fprintf(stderr, "heapscope: warning: %s\n", clean);
	}
}

/* --sort holds for every table that has the column. */
static int sort_view(struct session *session, struct view *view,
		     struct error *err)
{
	const char *key = session->opts.sort;
	bool reverse;
	int column;

	if (!key)
		return 0;
	reverse = *key == '-';
	key += reverse;
	column = view_column(view, key);
	if (column < 0)
		return 0;
	session->sorted = true;
	return view_sort(view, key,
			 view_sorts_down(&view->ops->column[column]) != reverse,
			 err);
}

static int show_view(struct session *session, struct view *view,
		     struct error *err)
{
	struct said *said = session->show_ctx;
	struct render_opts opts;
	int ret;

	fill_opts(session, &opts);
	ret = sort_view(session, view, err);
	if (!ret) {
		session_remember(session, view);
		/* Tables stand apart from what was said before them. */
		if (opts.format == RENDER_TEXT && *view->title &&
		    said->answered)
			fputc('\n', stdout);
		said->answered |= view->shown > 0;
		ret = render(view, &opts, stdout, err);
	}
	if (!ret) {
		say_warnings(said, view);
		session->incomplete |= !view->complete;
		session->condition |= view->condition;
		session->fault |= view->fault;
	}
	view_destroy(view);
	return ret;
}

void batch_progress(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	(void)ctx;
	if (!what)
		fputs("\r\033[K", stderr);
	else if (total)
		fprintf(stderr, "\r\033[K%s: %d %%", what,
			(int)(100.0 * (double)done / (double)total));
	else
		fprintf(stderr, "\r\033[K%s", what);
	fflush(stderr);
}

/* The end of the process is told once, as soon as it is seen. */
static void watch(struct session *session)
{
	if (!session->target || session->said_gone ||
	    !target_gone(session->target))
		return;
	session->said_gone = true;
	fflush(stdout);
	fprintf(stderr, "heapscope: process %d (%s) has ended\n",
		(int)session->target->pid, session->target->comm);
}

static int run_line(struct session *session, const char *line,
		    struct error *err)
{
	struct view *view;

	if (interrupt_check(err) || command_run(session, line, &view, err))
		return -1;
	if (view && show_view(session, view, err))
		return -1;
	watch(session);
	return 0;
}

static int final_status(const struct session *session)
{
	if (session->opts.sort && !session->sorted) {
		fprintf(stderr,
			"heapscope: --sort: no table had a column \"%s\"\n",
			session->opts.sort);
		return STATUS_USAGE;
	}
	if (session->said_gone)
		return STATUS_GONE;
	if (session->fault)
		return STATUS_FAULT;
	if (session->incomplete)
		return STATUS_INCOMPLETE;
	return session->condition ? STATUS_CONDITION : STATUS_DONE;
}

int batch_run(struct session *session, const char *const *line, size_t count)
{
	struct said said = {0};
	struct error err = {0};
	int status = -1;

	session->show = show_view;
	session->show_ctx = &said;
	if (isatty(STDERR_FILENO))
		progress_set(batch_progress, NULL);
	for (size_t i = 0; i < count && status < 0 && !session->quit; i++)
		if (run_line(session, line[i], &err))
			status = batch_error(session, &err);
	progress_set(NULL, NULL);
	session->show = NULL;
	for (size_t i = 0; i < said.count; i++)
		free(said.line[i]);
	free(said.line);
	if (status < 0)
		status = final_status(session);
	return status;
}
