/*
 * Options, then a session, then batch or the screen; exit status from the
 * error's code.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/emergency.h"
#include "base/fmt.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/strbuf.h"
#include "command/batch.h"
#include "command/selftest.h"
#include "command/command.h"
#include "command/session.h"
#include "symbols/debuginfod.h"
#include "ui/app.h"

enum option_id {
	OPT_JSON = 256,
	OPT_CSV,
	OPT_LIMIT,
	OPT_SORT,
	OPT_EXACT,
	OPT_NO_COLOR,
	OPT_FREEZE,
	OPT_MAX_PAUSE,
	OPT_SYSROOT,
	OPT_DEBUG_DIR,
	OPT_DEBUGINFOD,
	OPT_LOG,
	OPT_SCRIPT,
	OPT_EXE,
	OPT_HELP,
	OPT_VERSION
};

struct option_row {
	const char *name, *arg; /* arg NULL: takes none */
	int id;			/* a letter, or enum option_id */
	bool answer;		/* about the answer: fine after COMMAND too */
	const char *help;
};

static const struct option_row option_rows[] = {
	{NULL, "PID|NAME", 'p', false, "the process, by number or name"},
	{NULL, "FILE", 'c', false,
	 "a core file (*.zst too); several: of one process, by age"},
	{"exe", "EXE", OPT_EXE, false,
	 "the program of -c FILE, if it lies elsewhere"},
	{NULL, "COMMAND", 'e', false, "run COMMAND; several run in order"},
	{NULL, "FILE", 'x', false, "run the commands in FILE"},
	{"json", NULL, OPT_JSON, true, "answer in JSON, one object a command"},
	{"csv", NULL, OPT_CSV, true, "answer in comma separated values"},
	{"limit", "N", OPT_LIMIT, true, "at most N rows of a table; 0: all"},
	{"sort", "COLUMN", OPT_SORT, true,
	 "sort by COLUMN, named as in JSON; -COLUMN: the other way"},
	{"exact", NULL, OPT_EXACT, true, "bytes, not KiB and MiB"},
	{"no-color", NULL, OPT_NO_COLOR, true, "no colour (NO_COLOR does it)"},
	{"freeze", "HOW", OPT_FREEZE, false,
	 "how to hold the process: stop or auto"},
	{"max-pause", "MS", OPT_MAX_PAUSE, false,
	 "keep no contents if copying them would take longer"},
	{"sysroot", "DIR", OPT_SYSROOT, false,
	 "look for the files of the process below DIR"},
	{"debug-dir", "DIRS", OPT_DEBUG_DIR, false,
	 "debug files, instead of /usr/lib/debug; a:b, or given again"},
	{"debuginfod", NULL, OPT_DEBUGINFOD, false,
	 "debug files from the servers of DEBUGINFOD_URLS, too"},
	{"script", "FILE", OPT_SCRIPT, false,
	 "keys and commands for the screen"},
	{"log", "FILE", OPT_LOG, false, "write what is done to FILE"},
	{NULL, NULL, 'v', false, "say more on stderr; twice: still more"},
	{"help", NULL, OPT_HELP, false, "say this"},
	{"version", NULL, OPT_VERSION, false, "say which version this is"},
};

enum { OPTION_COUNT = sizeof(option_rows) / sizeof(*option_rows) };

struct options {
	struct session_opts session;
	const char *process, *script, *log;
	struct strbuf debug_dirs; /* owned: "a:b" */
	char **cores; /* owned, each too: -c, "diff A B", "growth A B C..." */
	size_t core_count, core_cap;
	char **line; /* owned, each too: the lines to run */
	size_t lines, cap;
	int verbose;
	bool help, version;
};

static void print_help(void)
{
	AUTO_FREE char *text = NULL;
	struct error err;

	fputs("usage: heapscope [OPTION...] -p PID|NAME [COMMAND [ARG...]]\n"
	      "       heapscope [OPTION...] -p PID|NAME -e COMMAND [-e ...]\n"
	      "       heapscope [OPTION...] -c CORE [--exe EXE] [COMMAND "
	      "[ARG...]]\n"
	      "       heapscope [OPTION...] diff CORE CORE\n"
	      "       heapscope [OPTION...] growth CORE CORE CORE...\n"
	      "       heapscope selftest\n"
	      "Look into the malloc heap of a process. Without a COMMAND: "
	      "the screen.\n\nOptions:\n",
	      stdout);
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option_row *row = &option_rows[i];
		char left[64];

		if (row->name)
			snprintf(left, sizeof(left), "--%s%s%s", row->name,
				 row->arg ? " " : "", row->arg ? row->arg : "");
		else
			snprintf(left, sizeof(left), "-%c%s%s", row->id,
				 row->arg ? " " : "", row->arg ? row->arg : "");
		printf("  %-18s %s\n", left, row->help);
	}
	if (!command_help(NULL, &text, &err))
		printf("\n%s", text);
	fputs("\nExit status: 0 done, 1 a condition asked for holds, 2 usage, "
	      "3 not permitted,\n4 the process is gone, 5 no heap we can read, "
	      "6 done but incomplete,\n70 our own fault or an answer that "
	      "could not be written, 130 interrupted.\n",
	      stdout);
}

/* Takes the line over, also when it fails. */
static int add_line(struct options *o, char *line, struct error *err)
{
	if (GROW(o->line, o->cap, o->lines + 1, "command lines", err)) {
		free(line);
		return -1;
	}
	o->line[o->lines++] = line;
	return 0;
}

static int add_core(struct options *o, const char *path, size_t len,
		    struct error *err)
{
	if (GROW(o->cores, o->core_cap, o->core_count + 1, "cores", err))
		return -1;
	o->cores[o->core_count++] = xstrndup(path, len);
	return 0;
}

static int set_freeze(const char *arg, struct error *err)
{
	if (!strcmp(arg, "stop") || !strcmp(arg, "auto"))
		return 0;
	if (!strcmp(arg, "fork"))
		return error_set(err, ERR_USAGE,
				 "--freeze=fork is not in this version: use "
				 "stop or auto");
	return error_set(err, ERR_USAGE, "--freeze takes stop or auto, not %s",
			 arg);
}

static int set_limit(const char *arg, uint32_t *out, struct error *err)
{
	uint64_t limit;

	if (parse_u64(arg, &limit, err))
		return error_wrap(err, "--limit");
	*out = limit >= UINT32_MAX ? 0 : (uint32_t)limit;
	return 0;
}

static int set_max_pause(const char *arg, unsigned *out, struct error *err)
{
	uint64_t ms;

	if (parse_msec(arg, &ms, err))
		return error_wrap(err, "--max-pause");
	*out = ms > 3600000 ? 3600000 : (unsigned)ms;
	return 0;
}

static int set_format(struct options *o, enum render_format format,
		      struct error *err)
{
	if (o->session.format != RENDER_TEXT && o->session.format != format)
		return error_set(err, ERR_USAGE,
				 "--json and --csv exclude each other");
	o->session.format = format;
	return 0;
}

static void add_debug_dir(struct options *o, const char *dir)
{
	strbuf_addf(&o->debug_dirs, "%s%s", o->debug_dirs.len ? ":" : "", dir);
	o->session.debug_dir = strbuf_str(&o->debug_dirs);
}

static int take_option(struct options *o, int id, const char *arg,
		       struct error *err)
{
	switch (id) {
	case 'p':
		o->process = arg;
		return 0;
	case 'c':
		return add_core(o, arg, strlen(arg), err);
	case 'e':
		return add_line(o, xstrdup(arg), err);
	case 'x':
		return add_line(o, xasprintf("source %s", arg), err);
	case 'v':
		o->verbose++;
		o->session.verbose = true;
		return 0;
	case OPT_JSON:
		return set_format(o, RENDER_JSON, err);
	case OPT_CSV:
		return set_format(o, RENDER_CSV, err);
	case OPT_LIMIT:
		return set_limit(arg, &o->session.limit, err);
	case OPT_SORT:
		o->session.sort = arg;
		return 0;
	case OPT_EXACT:
		o->session.exact = true;
		return 0;
	case OPT_NO_COLOR:
		o->session.color = false;
		return 0;
	case OPT_FREEZE:
		return set_freeze(arg, err);
	case OPT_MAX_PAUSE:
		return set_max_pause(arg, &o->session.max_pause_ms, err);
	case OPT_SYSROOT:
		o->session.sysroot = arg;
		return 0;
	case OPT_DEBUG_DIR:
		add_debug_dir(o, arg);
		return 0;
	case OPT_DEBUGINFOD:
		o->session.debuginfod = true;
		return debuginfod_need(err);
	case OPT_LOG:
		o->log = arg;
		return 0;
	case OPT_EXE:
		o->session.exe = arg;
		return 0;
	case OPT_SCRIPT:
		o->script = arg;
		return 0;
	case OPT_HELP:
		o->help = true;
		return 0;
	case OPT_VERSION:
		o->version = true;
		return 0;
	default:
		return 0;
	}
}

static const struct option_row *find_row(int id)
{
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (option_rows[i].id == id)
			return &option_rows[i];
	return NULL;
}

/* "--limit 3", "--limit=3", "--json" among the words of a command: those that
 * are about the answer are ours.  Returns how many words were taken. */
static int answer_option(struct options *o, char **word, struct error *err)
{
	const char *name = word[0] + 2, *arg;
	size_t len = strcspn(name, "=");

	if (strncmp(word[0], "--", 2))
		return 0;
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option_row *row = &option_rows[i];

		if (!row->answer || strlen(row->name) != len ||
		    strncmp(row->name, name, len))
			continue;
		arg = name[len] ? name + len + 1 : row->arg ? word[1] : NULL;
		if (row->arg && !arg)
			return error_set(err, ERR_USAGE, "--%s takes %s",
					 row->name, row->arg);
		if (take_option(o, row->id, arg, err))
			return -1;
		return row->arg && !name[len] ? 2 : 1;
	}
	return 0;
}

/* "leaks -c CORE": which process may be said behind the command as well. */
static int process_option(struct options *o, char **word, struct error *err)
{
	if ((strcmp(word[0], "-c") && strcmp(word[0], "-p")) || !word[1])
		return 0;
	return take_option(o, word[0][1], word[1], err) ? -1 : 2;
}

/* The words after the options are one line, joined as a remote shell does. */
static int join_words(struct options *o, char **word, struct error *err)
{
	bool raw = !strcmp(*word, "shell") || !strcmp(*word, "echo");
	struct strbuf sb = {0};

	while (*word) {
		int taken = raw ? 0 : answer_option(o, word, err);

		if (!raw && !taken)
			taken = process_option(o, word, err);
		if (taken < 0) {
			strbuf_deinit(&sb);
			return -1;
		}
		word += taken;
		if (taken)
			continue;
		strbuf_addf(&sb, "%s%s", sb.len ? " " : "", *word++);
	}
	return add_line(o, strbuf_take(&sb), err);
}

static int parse_options(struct options *o, int argc, char **argv,
			 struct error *err)
{
	struct option longs[OPTION_COUNT + 1] = {0};
	size_t n = 0;
	int id;

	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option_row *row = &option_rows[i];

		if (row->name)
			longs[n++] = (struct option){
				row->name, row->arg ? 1 : 0, NULL, row->id};
	}
	opterr = 0;
	while ((id = getopt_long(argc, argv, "+:p:c:e:x:v", longs, NULL)) !=
	       -1) {
		if (id == '?')
			return error_set(err, ERR_USAGE,
					 "unknown option %s; --help lists them",
					 argv[optind - 1]);
		if (id == ':' && !find_row(optopt))
			return error_set(err, ERR_USAGE, "-%c takes a value",
					 optopt);
		if (id == ':')
			return error_set(err, ERR_USAGE, "%s takes %s",
					 argv[optind - 1],
					 find_row(optopt)->arg);
		if (take_option(o, id, optarg, err))
			return -1;
	}
	if (!argv[optind])
		return 0;
	if (o->lines)
		return error_set(err, ERR_USAGE,
				 "either COMMAND words or -e and -x, not both: "
				 "%s",
				 argv[optind]);
	return join_words(o, argv + optind, err);
}

/* Unknown commands are told before anything is done; and no process need be
 * given if all the lines can do without. */
/* What an error is about: the line that will not run, or else the first. */
static void error_is_about(struct session *session, const char *line)
{
	snprintf(session->last_line, sizeof(session->last_line), "%s", line);
}

/* "heapscope 4711 heap" and "heapscope nginx heap": -p was forgotten. */
static int forgot_process(const char *line, struct error *err)
{
	int len = (int)strcspn(line, " ");

	return error_set(err, ERR_USAGE,
			 "%.*s is no command; to look at process %.*s: "
			 "heapscope -p %s",
			 len, line, len, line, line);
}

static int check_lines(const struct options *o, struct session *session,
		       bool *need, struct error *err)
{
	*need = false;
	for (size_t i = 0; i < o->lines; i++) {
		const struct command *command;

		if (command_of_line(o->line[i], &command, err)) {
			error_is_about(session, o->line[i]);
			return !o->process && !o->core_count &&
					       isdigit((unsigned char)*o
							       ->line[i])
				       ? forgot_process(o->line[i], err)
				       : -1;
		}
		*need |= command && command->need;
	}
	return 0;
}

static bool is_file(const char *word, size_t len)
{
	AUTO_FREE char *path = xstrndup(word, len);
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode);
}

/*
 * Of the words of rest the cores, at most max; the others are its line then.
 * Those in front of all options are meant as cores, also if there is no such
 * file; behind an option, whose value they may be, those that are files.
 */
static int take_cores(struct options *o, const char *rest, size_t max,
		      char **left, struct error *err)
{
	struct strbuf sb = {0};
	bool options = false;

	for (;;) {
		const char *word = rest + strspn(rest, " \t");
		size_t len = strcspn(word, " \t");

		rest = word + len;
		options |= *word == '-';
		if (!len)
			break;
		if (*word == '-' || o->core_count == max ||
		    (options && !is_file(word, len))) {
			strbuf_addf(&sb, " %.*s", (int)len, word);
			continue;
		}
		if (add_core(o, word, len, err)) {
			strbuf_deinit(&sb);
			return -1;
		}
	}
	*left = strbuf_take(&sb);
	return 0;
}

static void forget_cores(struct options *o)
{
	for (size_t i = 0; i < o->core_count; i++)
		free(o->cores[i]);
	free(o->cores);
	o->cores = NULL;
	o->core_count = 0;
}

/* "diff A B" and "growth A B C" without a process: of cores.  Their snapshots
 * are 1, 2 and so on, which is what diff's line then says. */
static int take_core_words(struct options *o, struct error *err)
{
	const struct command *command;
	AUTO_FREE char *rest = NULL;
	struct error ignored;
	char *line;
	bool diff;

	if (o->process || o->core_count || o->lines != 1 ||
	    command_of_line(o->line[0], &command, &ignored) || !command)
		return 0;
	diff = !strcmp(command->name, "diff");
	if (!diff && strcmp(command->name, "growth") != 0)
		return 0;
	if (take_cores(o, o->line[0] + strcspn(o->line[0], " \t"),
		       diff ? 2 : SIZE_MAX, &rest, err))
		return -1;
	if (diff && o->core_count == 1)
		return error_set(err, ERR_USAGE,
				 "diff compares two cores, and %s is one: "
				 "heapscope diff BEFORE AFTER",
				 o->cores[0]);
	if (!o->core_count)
		return 0;
	line = xasprintf("%s%s", diff ? "diff 1 2" : "growth",
			 rest ? rest : "");
	free(o->line[0]);
	o->line[0] = line;
	return 0;
}

/* "heapscope leaks core.4711": -c was forgotten. */
static int no_process(const struct options *o, struct error *err)
{
	const char *line = o->lines ? o->line[0] : "";
	size_t name = strcspn(line, " \t");
	const char *word = line + name;

	for (;;) {
		size_t len;

		word += strspn(word, " \t");
		len = strcspn(word, " \t");
		if (!len)
			break;
		if (is_file(word, len))
			return error_set(err, ERR_USAGE,
					 "which process?  if %.*s is a core: "
					 "heapscope -c %.*s %.*s",
					 (int)len, word, (int)len, word,
					 (int)name, line);
		word += len;
	}
	return error_set(err, ERR_USAGE,
			 "which process?  heapscope -p PID, -p NAME or -c "
			 "FILE; --help says more");
}

static int check_usage(const struct options *o, struct session *session,
		       struct error *err)
{
	bool need;

	if (check_lines(o, session, &need, err))
		return -1;
	if (o->core_count && o->process)
		return error_set(err, ERR_USAGE,
				 "-p and -c exclude each other: a process or a "
				 "core file");
	if (o->session.exe && !o->core_count)
		return error_set(err, ERR_USAGE, "--exe is for -c FILE");
	if (!o->process && !o->core_count && (!o->lines || need))
		return no_process(o, err);
	if (!o->lines && !o->script && !isatty(STDOUT_FILENO))
		return error_set(err, ERR_USAGE,
				 "no COMMAND, and standard output is no "
				 "terminal for the screen; try \"heapscope -%c "
				 "%s heap\"",
				 o->core_count ? 'c' : 'p',
				 o->core_count ? o->cores[0] : o->process);
	return 0;
}

static int prepare(const struct options *o, struct error *err)
{
	if (o->verbose)
		log_verbose(o->verbose);
	if (o->log && log_open(o->log, err))
		return -1;
	return emergency_install(err) || interrupt_install(err) ? -1 : 0;
}

/* Before there is a command or a screen: a large one takes its time. */
static int open_core(struct session *session, const struct options *o,
		     struct error *err)
{
	int ret;

	if (isatty(STDERR_FILENO))
		progress_set(batch_progress, NULL);
	progress_begin();
	ret = o->core_count == 1 ? session_open_core(session, o->cores[0], err)
				 : session_open_cores(session, o->cores,
						      o->core_count, err);
	progress_end();
	progress_set(NULL, NULL);
	return ret;
}

static int run(const struct options *o, struct session *session)
{
	struct error err = {0};

	if (o->lines)
		error_is_about(session, o->line[0]);
	if (check_usage(o, session, &err) || prepare(o, &err))
		return batch_error(session, &err);
	if (o->process && session_open_pid(session, o->process, &err))
		return batch_error(session, &err);
	if (o->core_count && open_core(session, o, &err))
		return batch_error(session, &err);
	if (o->lines)
		return batch_run(session, (const char *const *)o->line,
				 o->lines);
	if (ui_run(session, o->script, &err))
		return batch_error(session, &err);
	return STATUS_DONE;
}

/* A file opened later must not become fd 0, 1 or 2 because those were closed:
 * an answer would be written into it.  They stay useless, so that writing
 * fails as it would have. */
static void hold_standard_fds(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			(void)!open("/dev/null", fd ? O_RDONLY : O_WRONLY);
}

static int close_output(const struct session *session, int status)
{
	struct error err;

	if (!fflush(stdout) && !ferror(stdout))
		return status;
	if (status != STATUS_DONE && status != STATUS_INCOMPLETE)
		return status;
	error_sys(&err, "cannot write the answer");
	return batch_error(session, &err);
}

/*
 * What is as large as the heap we look at goes back to the system when it is
 * freed.  Left alone, malloc keeps all below the largest that was freed yet.
 */
static void give_back_at_once(void)
{
#ifdef M_MMAP_THRESHOLD
	enum { LARGE = 1 << 18 };

	mallopt(M_MMAP_THRESHOLD, LARGE);
#endif
}

int main(int argc, char **argv)
{
	struct options o = {.session = {.limit = UINT32_MAX}};
	struct session session = {0};
	const char *no_color = getenv("NO_COLOR");
	struct error err = {0};
	int status;

	if (argc == 3 && !strcmp(argv[1], SELFTEST_CHILD))
		return selftest_child(argv[2]);
	hold_standard_fds();
	setlocale(LC_ALL, "");
	give_back_at_once();
	signal(SIGPIPE, SIG_IGN);
	o.session.color = !no_color || !*no_color;
	status = parse_options(&o, argc, argv, &err);
	session.opts = o.session;
	if (status) {
		status = batch_error(&session, &err);
	} else if (o.help) {
		print_help();
	} else if (o.version) {
		puts(PACKAGE_STRING);
	} else {
		status = take_core_words(&o, &err) ? batch_error(&session, &err)
						   : run(&o, &session);
	}
	status = close_output(&session, status);
	session_close(&session);
	log_close();
	for (size_t i = 0; i < o.lines; i++)
		free(o.line[i]);
	free(o.line);
	strbuf_deinit(&o.debug_dirs);
	forget_cores(&o);
	return status;
}
