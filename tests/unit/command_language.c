/* Lines to commands, without a target. */
#include <stdlib.h>
#include <string.h>

#include "command/batch.h"
#include "command/command.h"
#include "command/session.h"
#include "tests/lib/hs_test.h"
#include "view/render.h"
#include "view/view.h"

static struct error err;
static struct session session;

static const char *said(const char *line)
{
	static char text[4096];
	struct value value = value_none();
	struct view *view;

	OK(command_run(&session, line, &view, &err));
	text[0] = '\0';
	if (view && view->row_count) {
		view->ops->column[0].cell(view, 0, &value);
		view_format(&value, true, text, sizeof(text));
	}
	view_destroy(view);
	return text;
}

TEST(the_table_is_sorted_and_whole)
{
	for (size_t i = 0; commands[i]; i++) {
		const struct command *c = commands[i];

		if (i)
			ck_assert_str_lt(commands[i - 1]->name, c->name);
		ck_assert_ptr_nonnull(c->run);
		ck_assert_ptr_nonnull(c->args);
		ck_assert_uint_gt(strlen(c->summary), 3);
		ck_assert_uint_le(strlen(c->summary), 56);
		ck_assert_uint_gt(strlen(c->help), 40);
		/* No period at the end of a summary, lines fit the screen. */
		ck_assert_int_ne(c->summary[strlen(c->summary) - 1], '.');
		for (const char *s = c->help; *s; s += strcspn(s, "\n") + 1)
			ck_assert_uint_le(strcspn(s, "\n"), 72);
		ck_assert_int_eq(c->help[strlen(c->help) - 1], '\n');
	}
}

TEST(every_name_and_alias_finds_its_command)
{
	for (size_t i = 0; commands[i]; i++) {
		ck_assert_ptr_eq(command_find(commands[i]->name, &err),
				 commands[i]);
		for (const char *s = commands[i]->alias; s && *s;) {
			size_t len = strcspn(s, "|");
			char name[32];

			snprintf(name, sizeof(name), "%.*s", (int)len, s);
			ck_assert_ptr_eq(command_find(name, &err), commands[i]);
			s += len + (s[len] == '|');
		}
	}
}

TEST(a_prefix_must_be_unique)
{
	ck_assert_str_eq(command_find("ver", &err)->name, "verify");
	ck_assert_str_eq(command_find("chunk", &err)->name, "chunk");
	ck_assert_ptr_null(command_find("chun", &err));
	ck_assert_int_eq(err.code, ERR_USAGE);
	ck_assert(strstr(err.msg, "chunk, chunks"));
	ck_assert_ptr_null(command_find("leaking", &err));
	ck_assert(strstr(err.msg, "unknown command \"leaking\""));
	ck_assert_ptr_null(command_find("", &err));
}

TEST(comments_and_blank_lines_do_nothing)
{
	struct view *view = (struct view *)&session;

	OK(command_run(&session, "", &view, &err));
	ck_assert_ptr_null(view);
	OK(command_run(&session, "  \t", &view, &err));
	ck_assert_ptr_null(view);
	OK(command_run(&session, "  # chunks", &view, &err));
	ck_assert_ptr_null(view);
}

TEST(the_rest_of_a_raw_line_is_kept_as_it_is)
{
	ck_assert_str_eq(said("echo it's  \"so\" "), "it's  \"so\"");
	ck_assert_str_eq(session.last_line, "echo it's  \"so\"");
	ck_assert_str_eq(said("  ech   x"), "x");
	ck_assert_str_eq(session.last_line, "echo x");
}

TEST(a_format_needs_no_blank)
{
	struct view *view;

	FAILS(ERR_USAGE, command_run(&session, "x/8gx main", &view, &err));
	ck_assert_str_eq(session.last_line, "x/8gx main");
	ck_assert(strstr(err.msg, "-p PID"));
}

TEST(an_open_quote_is_a_usage_error)
{
	struct view *view;

	FAILS(ERR_USAGE, command_run(&session, "help 'heap", &view, &err));
}

TEST(what_needs_a_process_says_so)
{
	struct view *view;

	FAILS(ERR_USAGE, command_run(&session, "heap", &view, &err));
	FAILS(ERR_USAGE, command_run(&session, "snapshot", &view, &err));
	FAILS(ERR_USAGE, command_run(&session, "detach", &view, &err));
}

TEST(settings_are_set_and_shown)
{
	said("set exact on");
	ck_assert(session.opts.exact);
	said("set exact off");
	ck_assert(!session.opts.exact);
	said("set contents 64M");
	ck_assert_uint_eq(session.opts.content_budget, 64 << 20);
	said("set contents none");
	ck_assert(session.opts.no_contents);
	said("set contents auto");
	ck_assert(!session.opts.no_contents);
	ck_assert_uint_eq(session.opts.content_budget, 0);
	ck_assert_uint_gt(session_budget(&session), 0);
	said("set lim 12");
	ck_assert_uint_eq(session.opts.limit, 12);
	said("set max-pause 2s");
	ck_assert_uint_eq(session.opts.max_pause_ms, 2000);
	said("set format json");
	ck_assert_int_eq(session.opts.format, RENDER_JSON);
	ck_assert_str_eq(said("show lim"), "limit");
}

TEST(a_bad_setting_changes_nothing)
{
	struct view *view;

	said("set limit 5");
	FAILS(ERR_USAGE, command_run(&session, "set limit x", &view, &err));
	FAILS(ERR_USAGE, command_run(&session, "set co 1", &view, &err));
	ck_assert(strstr(err.msg, "ambiguous"));
	FAILS(ERR_USAGE, command_run(&session, "set contents 0", &view, &err));
	FAILS(ERR_USAGE, command_run(&session, "set limit", &view, &err));
	ck_assert_uint_eq(session.opts.limit, 5);
}

TEST(words_are_completed)
{
	char *out[64];
	size_t n = command_complete(&session, "he", 2, out, 64);

	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(out[0], "heap");
	ck_assert_str_eq(out[1], "help");
	free(out[0]);
	free(out[1]);
	n = command_complete(&session, "help chu", 8, out, 64);
	ck_assert_uint_eq(n, 2);
	free(out[0]);
	free(out[1]);
	n = command_complete(&session, "set ex", 6, out, 64);
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(out[0], "exact");
	free(out[0]);
}

TEST(help_explains_every_command_and_topic)
{
	char *text;

	for (size_t i = 0; commands[i]; i++) {
		OK(command_help(commands[i]->name, &text, &err));
		ck_assert(strstr(text, commands[i]->help));
		free(text);
	}
	OK(command_help("sets", &text, &err));
	ck_assert(strstr(text, "class=N"));
	free(text);
	FAILS(ERR_USAGE, command_help("nothing", &text, &err));
}

TEST(statuses_are_those_of_the_manual)
{
	ck_assert_int_eq(status_of_error(ERR_NONE), 0);
	ck_assert_int_eq(status_of_error(ERR_USAGE), 2);
	ck_assert_int_eq(status_of_error(ERR_NOT_FOUND), 2);
	ck_assert_int_eq(status_of_error(ERR_PERMISSION), 3);
	ck_assert_int_eq(status_of_error(ERR_GONE), 4);
	ck_assert_int_eq(status_of_error(ERR_UNSUPPORTED), 5);
	ck_assert_int_eq(status_of_error(ERR_FAULT), 6);
	ck_assert_int_eq(status_of_error(ERR_CORRUPT), 6);
	ck_assert_int_eq(status_of_error(ERR_SYSTEM), 70);
	ck_assert_int_eq(status_of_error(ERR_NO_MEMORY), 70);
	ck_assert_int_eq(status_of_error(ERR_INTERRUPTED), 130);
}
