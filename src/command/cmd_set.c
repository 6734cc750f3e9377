/* Settings: set and show; and gdb's info. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fmt.h"
#include "command/code.h"
#include "command/commands.h"
#include "command/session.h"
#include "command/session_typing.h"
#include "symbols/debuginfod.h"
#include "target/proc.h"
#include "view/views.h"

struct setting {
	const char *name, *help;
	int (*set)(struct session *, const char *value, struct error *);
	void (*show)(const struct session *, char *buf, size_t cap);
};

static int set_bool(const char *value, bool *out, struct error *err)
{
	if (!strcmp(value, "on") || !strcmp(value, "yes") ||
	    !strcmp(value, "1")) {
		*out = true;
		return 0;
	}
	if (!strcmp(value, "off") || !strcmp(value, "no") ||
	    !strcmp(value, "0")) {
		*out = false;
		return 0;
	}
	return error_set(err, ERR_USAGE, "on or off, not %s", value);
}

static int set_number(const char *value, uint64_t most, uint64_t *out,
		      struct error *err)
{
	if (parse_u64(value, out, err))
		return -1;
	if (*out > most)
		return error_set(err, ERR_USAGE, "at most %" PRIu64, most);
	return 0;
}

static int color_set(struct session *s, const char *value, struct error *err)
{
	return set_bool(value, &s->opts.color, err);
}

static void color_show(const struct session *s, char *buf, size_t cap)
{
	snprintf(buf, cap, "%s", s->opts.color ? "on" : "off");
}

static int contents_set(struct session *s, const char *value, struct error *err)
{
	uint64_t bytes = 0;

	if (!strcmp(value, "none")) {
		s->opts.no_contents = true;
		return 0;
	}
	if (strcmp(value, "auto") && parse_size(value, &bytes, err))
		return error_wrap(err, "auto, none or a size");
	if (!bytes && strcmp(value, "auto"))
		return error_set(err, ERR_USAGE,
				 "none keeps none, auto lets "
				 "heapscope choose");
	s->opts.content_budget = bytes;
	s->opts.no_contents = false;
	return 0;
}

static void contents_show(const struct session *s, char *buf, size_t cap)
{
	char bytes[FMT_MAX];

	fmt_bytes(bytes, sizeof(bytes), session_budget(s), s->opts.exact);
	snprintf(buf, cap, "%s%s", s->opts.no_contents ? "none" : bytes,
		 s->opts.no_contents || s->opts.content_budget ? ""
							       : " (auto)");
}

static int exact_set(struct session *s, const char *value, struct error *err)
{
	return set_bool(value, &s->opts.exact, err);
}

static int debuginfod_set(struct session *s, const char *value,
			  struct error *err)
{
	bool on;

	if (set_bool(value, &on, err) || (on && debuginfod_need(err)))
		return -1;
	s->opts.debuginfod = on;
	if (s->symbols)
		symbols_use_debuginfod(s->symbols, on);
	session_drop_typing(s);
	s->generation++;
	return 0;
}

static void debuginfod_show(const struct session *s, char *buf, size_t cap)
{
	snprintf(buf, cap, "%s", s->opts.debuginfod ? "on" : "off");
}

static void exact_show(const struct session *s, char *buf, size_t cap)
{
	snprintf(buf, cap, "%s", s->opts.exact ? "on" : "off");
}

static const char *const formats[] = {
	[RENDER_TEXT] = "text",
	[RENDER_JSON] = "json",
	[RENDER_CSV] = "csv",
};

static int format_set(struct session *s, const char *value, struct error *err)
{
	for (unsigned i = 0; i < 3; i++)
		if (!strcmp(value, formats[i])) {
			s->opts.format = (enum render_format)i;
			return 0;
		}
	return error_set(err, ERR_USAGE, "text, json or csv, not %s", value);
}

static void format_show(const struct session *s, char *buf, size_t cap)
{
	snprintf(buf, cap, "%s", formats[s->opts.format]);
}

static int limit_set(struct session *s, const char *value, struct error *err)
{
	uint64_t n;

	if (set_number(value, UINT32_MAX - 1, &n, err))
		return -1;
	s->opts.limit = (uint32_t)n;
	return 0;
}

static void limit_show(const struct session *s, char *buf, size_t cap)
{
	if (!s->opts.limit || s->opts.limit == UINT32_MAX)
		snprintf(buf, cap, "0 (all)");
	else
		snprintf(buf, cap, "%u", s->opts.limit);
}

static int pause_set(struct session *s, const char *value, struct error *err)
{
	uint64_t ms = 0;

	if (strcmp(value, "0") && strcmp(value, "off") &&
	    parse_msec(value, &ms, err))
		return -1;
	s->opts.max_pause_ms = ms > 3600000 ? 3600000 : (unsigned)ms;
	return 0;
}

static void pause_show(const struct session *s, char *buf, size_t cap)
{
	if (s->opts.max_pause_ms)
		snprintf(buf, cap, "%u ms", s->opts.max_pause_ms);
	else
		snprintf(buf, cap, "off");
}

static int types_set(struct session *s, const char *value, struct error *err)
{
	bool on;

	if (set_bool(value, &on, err))
		return -1;
	session_use_types(s, on);
	return 0;
}

static void types_show(const struct session *s, char *buf, size_t cap)
{
	snprintf(buf, cap, "%s", s->opts.types ? "on" : "off");
}

static int width_set(struct session *s, const char *value, struct error *err)
{
	uint64_t n;

	if (set_number(value, 10000, &n, err))
		return -1;
	s->opts.width = (unsigned)n;
	return 0;
}

static void width_show(const struct session *s, char *buf, size_t cap)
{
	if (s->opts.width)
		snprintf(buf, cap, "%u", s->opts.width);
	else
		snprintf(buf, cap, "0 (the terminal's)");
}

static const struct setting settings[] = {
	{"color", "colour on a terminal: on or off", color_set, color_show},
	{"contents", "bytes a snapshot keeps: auto, none or a size",
	 contents_set, contents_show},
	{"debuginfod",
	 "debug files from the servers of DEBUGINFOD_URLS: on or off",
	 debuginfod_set, debuginfod_show},
	{"exact", "sizes in bytes: on or off", exact_set, exact_show},
	{"format", "of answers: text, json or csv", format_set, format_show},
	{"limit", "rows of a table; 0: all", limit_set, limit_show},
	{"max-pause", "keep no contents if copying takes longer: ms, or off",
	 pause_set, pause_show},
	{"types", "name blocks by types in every table: on or off", types_set,
	 types_show},
	{"width", "columns of a table; 0: the terminal's", width_set,
	 width_show},
};

enum { SETTING_COUNT = sizeof(settings) / sizeof(*settings) };

/* By unique prefix. */
static const struct setting *find_setting(const char *name, struct error *err)
{
	const struct setting *found = NULL;

	for (size_t i = 0; i < SETTING_COUNT; i++) {
		if (!strcmp(settings[i].name, name))
			return &settings[i];
		if (strncmp(settings[i].name, name, strlen(name)))
			continue;
		if (found) {
			error_set(err, ERR_USAGE,
				  "ambiguous setting \"%s\"; show lists them",
				  name);
			return NULL;
		}
		found = &settings[i];
	}
	if (!found)
		error_set(err, ERR_USAGE,
			  "there is no setting \"%s\"; show lists them", name);
	return found;
}

static int set_run(struct session *session, const struct words *words,
		   struct view **out, struct error *err)
{
	const struct setting *setting;

	if (words->count != 3)
		return error_set(err, ERR_USAGE,
				 "set takes a name and a value, as in "
				 "\"set exact on\"; show lists them");
	setting = find_setting(words->word[1], err);
	if (!setting)
		return -1;
	if (setting->set(session, words->word[2], err))
		return error_wrap(err, "set %s", setting->name);
	return view_text("", "", out, err);
}

static size_t setting_complete(struct session *session, const char *word,
			       const char **out, size_t cap)
{
	size_t n = 0;

	(void)session;
	for (size_t i = 0; i < SETTING_COUNT && n < cap; i++)
		if (!strncmp(settings[i].name, word, strlen(word)))
			out[n++] = settings[i].name;
	return n;
}

const struct command command_entry_set = {
	.name = "set",
	.alias = "se",
	.args = "NAME VALUE",
	.summary = "change a setting",
	.help = "show lists the settings and what they are for.\n"
		"\n"
		"set types on names blocks in every table by their types, as\n"
		"types does; else that is done only where types are asked "
		"for.\n"
		"\n"
		"  set exact on\n"
		"  set types on\n"
		"  set contents 2G\n"
		"  set limit 40\n",
	.run = set_run,
	.complete = setting_complete,
};

static int show_run(struct session *session, const struct words *words,
		    struct view **out, struct error *err)
{
	struct setting_line line[SETTING_COUNT];
	uint32_t n = 0;

	if (words->count > 2)
		return error_set(err, ERR_USAGE, "show takes one name");
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting *setting = &settings[i];

		if (words->count == 2)
			setting = find_setting(words->word[1], err);
		if (!setting)
			return -1;
		line[n] =
			(struct setting_line){setting->name, setting->help, ""};
		setting->show(session, line[n].value, sizeof(line[n].value));
		n++;
		if (words->count == 2)
			break;
	}
	return view_settings(line, n, out, err);
}

const struct command command_entry_show = {
	.name = "show",
	.args = "[NAME]",
	.summary = "the settings, or one of them",
	.help = "Each with its value and meaning; set changes it.\n"
		"\n"
		"  show\n"
		"  show contents\n",
	.run = show_run,
	.complete = setting_complete,
};

static void add_fact(struct setting_line *line, uint32_t *n, const char *name,
		     const char *help, const char *value)
{
	line[*n] = (struct setting_line){name, help, ""};
	snprintf(line[*n].value, sizeof(line[*n].value), "%s", value);
	(*n)++;
}

/* What it is called in its container's logs. */
static void add_inner_pid(const struct target *target,
			  struct setting_line *line, uint32_t *n)
{
	struct proc_status status;
	struct error ignored;
	char text[40];

	if (target->ops->frozen ||
	    proc_status(target->pid, 0, &status, &ignored) || !status.inner)
		return;
	snprintf(text, sizeof(text), "%d", (int)status.inner);
	add_fact(line, n, "inside", "its number in its own pid namespace",
		 text);
}

static int info_process(struct session *session, const struct words *words,
			struct view **out, struct error *err)
{
	const struct target *target = session->target;
	struct setting_line line[9];
	char text[128];
	uint32_t n = 0;

	(void)words;
	if (!target)
		return error_set(err, ERR_USAGE, "there is no process");
	snprintf(text, sizeof(text), "%d", (int)target->pid);
	add_fact(line, &n, "process", "its number", text);
	add_inner_pid(target, line, &n);
	add_fact(line, &n, "command", "its name (comm)", target->comm);
	add_fact(line, &n, "program", "its executable", target->exe);
	snprintf(text, sizeof(text), "%zu", target->thread_count);
	add_fact(line, &n, "threads", "as of the last look", text);
	add_fact(line, &n, "allocator", "whose heap is read",
		 session->allocator ? session->allocator->name : "none");
	if (session->allocator)
		add_fact(line, &n, "glibc", "what its banner says",
			 session->allocator->version(session->allocator_state));
	snprintf(text, sizeof(text), "%u", session->snapshot_count);
	add_fact(line, &n, "snapshots", "held", text);
	return view_settings(line, n, out, err);
}

/* What gdb calls it, and what it is here: a command, or our own. */
static const struct {
	const char *topic, *command;
	int (*run)(struct session *, const struct words *, struct view **,
		   struct error *);
} info_topics[] = {
	{"args", "args", NULL},		{"backtrace", "bt", NULL},
	{"frame", "frame", NULL},	{"heap", "heap", NULL},
	{"line", NULL, code_info_line}, {"locals", "locals", NULL},
	{"maps", "maps", NULL},		{"mappings", "maps", NULL},
	{"proc", NULL, info_process},	{"process", NULL, info_process},
	{"settings", "show", NULL},	{"snapshots", "snapshots", NULL},
	{"stack", "bt", NULL},		{"symbol", "symbol", NULL},
	{"threads", "threads", NULL},
};

static int info_run(struct session *session, const struct words *words,
		    struct view **out, struct error *err)
{
	AUTO_FREE char *line = NULL;
	const char *topic = words->word[1] ? words->word[1] : "";
	const char *rest = session->rest + strcspn(session->rest, " \t");

	if (!strcmp(topic, "proc") && words->count == 3 &&
	    !strcmp(words->word[2], "mappings"))
		return command_run(session, "maps", out, err);
	for (size_t i = 0;
	     *topic && i < sizeof(info_topics) / sizeof(*info_topics); i++) {
		if (strncmp(info_topics[i].topic, topic, strlen(topic)))
			continue;
		if (info_topics[i].run)
			return info_topics[i].run(session, words, out, err);
		line = xasprintf("%s%s", info_topics[i].command, rest);
		return command_run(session, line, out, err);
	}
	return error_set(
		err, ERR_USAGE,
		"info knows threads, stack, frame, locals, args, proc, "
		"maps, symbol ADDR, line ADDR, heap, snapshots and "
		"settings");
}

const struct command command_entry_info = {
	.name = "info",
	.args = "TOPIC",
	.summary = "as in gdb: threads, stack, locals, proc",
	.help = "info threads is threads, info stack is bt, info symbol ADDR\n"
		"is symbol; info frame, locals and args are the commands of\n"
		"those names; info proc tells which process this is, info "
		"proc\n"
		"mappings is maps; info line ADDR tells the source line of a\n"
		"function or address, and from where to where its code "
		"goes.\n"
		"\n"
		"  info threads\n"
		"  info symbol 0x7f3d1c0a2c60\n",
	.run = info_run,
};
