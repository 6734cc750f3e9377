#include "ui/run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/growth.h"
#include "base/alloc.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "command/command.h"
#include "ui/screen.h"
#include "ui/screen_verbs.h"
#include "ui/ui.h"

struct step *ui_step(const struct ui *ui)
{
	return trail_top(&ui->trail[ui->tab]);
}

/* Commands that do something: never run again to show what they showed. */
static bool has_effect(const char *line)
{
	static const char *const doing[] = {
		"snapshot", "shell", "source", "save",	   "drop",  "use",
		"set",	    "sleep", "quit",   "continue", "stop",  "detach",
		"open",	    "echo",  "export", "run",	   "trace", "rounds",
	};
	size_t len = strcspn(line, " /");

	for (size_t i = 0; i < sizeof(doing) / sizeof(*doing); i++)
		if (strlen(doing[i]) == len && !strncmp(doing[i], line, len))
			return true;
	return *line == '!';
}

void run_work_begin(struct ui *ui)
{
	sigset_t reachable;

	interrupt_clear();
	progress_set(status_progress, ui);
	progress_begin();
	/* A new size and ^Z wait. */
	sigemptyset(&reachable);
	sigaddset(&reachable, SIGINT);
	sigprocmask(SIG_UNBLOCK, &reachable, NULL);
}

void run_work_end(struct ui *ui)
{
	sigset_t reachable;

	(void)ui;
	sigemptyset(&reachable);
	sigaddset(&reachable, SIGINT);
	sigprocmask(SIG_BLOCK, &reachable, NULL);
	progress_end();
	progress_set(NULL, NULL);
	interrupt_clear();
}

static int execute(struct ui *ui, const char *line, struct view **out,
		   struct error *err)
{
	struct session *session = ui->session;
	const struct snapshot *current = session->current;
	uint32_t generation = session->generation;
	int ret;

	*out = NULL;
	run_work_begin(ui);
	ret = command_run(session, line, out, err);
	run_work_end(ui);
	if (session->current != current || session->generation != generation)
		for (int i = 0; i < TAB_COUNT; i++)
			trail_stale(&ui->trail[i]);
	if (session->quit)
		ui->done = true;
	return ret;
}

static const char *advice(const struct error *err)
{
	switch (err->code) {
	case ERR_INTERRUPTED:
		return "; nothing was changed";
	case ERR_GONE:
		return "; the snapshots taken stay usable";
	default:
		return "";
	}
}

static void say_error(struct ui *ui, const struct error *err)
{
	status_say(ui, THEME_ERROR, "%s%s", err->msg, advice(err));
}

static void show(struct ui *ui, const char *line, struct view *view)
{
	int tab = ui->here ? -1 : tab_of_line(line);
	struct step *step;

	if (tab >= 0) {
		ui->tab = tab;
		trail_clear(&ui->trail[tab]);
	}
	step = trail_push(&ui->trail[ui->tab], line, !has_effect(line));
	step_set_view(step, view, ui->session->opts.exact);
	session_remember(ui->session, view);
}

/* A sentence needs no table. */
static bool say_short(struct ui *ui, struct view *view)
{
	const struct column *column = view->ops->column;
	struct value value = value_none();
	char text[1024];

	if (view->row_count > 1 || view->ops->column_count != 1 ||
	    *column->title || view->ops->drill)
		return false;
	text[0] = '\0';
	if (view->row_count) {
		column->cell(view, 0, &value);
		view_format(&value, false, text, sizeof(text));
	}
	if (view->warnings)
		status_say(ui, THEME_WARNING, "%s%s%s", text, *text ? "; " : "",
			   view->warnings);
	else
		status_say(ui, THEME_TEXT, "%s", text);
	view_destroy(view);
	return true;
}

static bool is_command(const char *line, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(line, name, len) && (!line[len] || line[len] == ' ');
}

/* Commands that choose what all others speak of: every view shows it, so that
 * a sentence is answer enough. */
static bool say_current(struct ui *ui, const struct snapshot *before)
{
	const struct session *session = ui->session;

	if (is_command(session->last_line, "snapshot") &&
	    session->current != before)
		status_snapshot(ui);
	else if (is_command(session->last_line, "use") && session->current)
		status_say(ui, THEME_TEXT, "all speaks of snapshot %s now",
			   session->current->name);
	else if (is_command(session->last_line, "drop"))
		status_say(ui, THEME_TEXT, "%u snapshot%s held",
			   session->snapshot_count,
			   session->snapshot_count == 1 ? " is" : "s are");
	else
		return false;
	return true;
}

/* Views of the lines of a "source" file. */
static int show_hook(struct session *session, struct view *view,
		     struct error *err)
{
	struct ui *ui = session->show_ctx;

	(void)err;
	if (!say_short(ui, view))
		show(ui, session->last_line, view);
	return 0;
}

static void run_command(struct ui *ui, const char *text)
{
	struct session *session = ui->session;
	const struct snapshot *current = session->current;
	AUTO_FREE char *line = xstrdup(text);
	struct view *view;
	struct error err;
	int ret;

	screen_draw(ui);
	session->show = show_hook;
	session->show_ctx = ui;
	ret = execute(ui, line, &view, &err);
	session->show = NULL;
	status_echo(ui, session->last_line);
	if (ret) {
		say_error(ui, &err);
		return;
	}
	if (say_current(ui, current)) {
		view_destroy(view);
		return;
	}
	if (view && !say_short(ui, view))
		show(ui, session->last_line, view);
}

void run_line(struct ui *ui, const char *line)
{
	status_clear(ui);
	status_echo(ui, line);
	if (!screen_verb_run(ui, line))
		run_command(ui, line);
	run_refresh(ui);
}

void run_row(struct ui *ui, const char *line)
{
	status_clear(ui);
	status_echo(ui, line);
	ui->here = true;
	run_command(ui, line);
	ui->here = false;
	run_refresh(ui);
}

static const char *diff_advice(const struct session *session)
{
	if (!session->snapshot_count)
		return "A diff compares two snapshots, and there is none yet."
		       "\n\nPress S for a first one, let the program do the "
		       "step that is suspected, press S again, then d.";
	return "A diff compares two snapshots, and there is one so far."
	       "\n\nLet the program do the step that is suspected, press S "
	       "for a second one, then d.";
}

static const char *growth_advice(const struct session *session)
{
	static const char *const more[] = {"and there is none yet",
					   "and there is one so far",
					   "and there are two so far"};
	static char text[300];

	snprintf(text, sizeof(text),
		 "Growth looks at three snapshots or more, %s.\n\nPress S, let "
		 "the program do the step that is suspected, press S again, "
		 "and so on, always the same step; then +.",
		 more[session->snapshot_count]);
	return text;
}

/* It stays so while the user looks at it: any line run here would start it
 * anew. */
static void give_up(const struct ui *ui, struct step *step)
{
	char key[16] = "";
	AUTO_FREE char *text = NULL;

	if (ui->trail[ui->tab].count == 1)
		snprintf(key, sizeof(key), "%d or ", tab_digit(ui->tab));
	text = xasprintf("interrupted; %s:%s starts it again", key, step->line);
	step_set_error(step, text);
	step->given_up = true;
}

static void load(struct ui *ui, struct step *step)
{
	struct session *session = ui->session;
	struct view *view;
	struct error err;

	if (!strcmp(step->line, tab_kinds[TAB_DIFF].line) &&
	    session->snapshot_count < 2 && !*session->no_heap) {
		step_set_error(step, diff_advice(session));
		return;
	}
	if (!strcmp(step->line, tab_kinds[TAB_GROWTH].line) &&
	    session->snapshot_count < GROWTH_MIN_SNAPSHOTS &&
	    !*session->no_heap) {
		step_set_error(step, growth_advice(session));
		return;
	}
	/* The first one was given up: nothing but S takes another. */
	if (!session->current && session->target) {
		step_set_error(step, "There is no snapshot yet.\n\nPress S to "
				     "take one.");
		return;
	}
	if (execute(ui, step->line, &view, &err)) {
		/* Running it may have made it stale; it is still the step. */
		if (err.code != ERR_INTERRUPTED) {
			step_set_error(ui_step(ui), err.msg);
			return;
		}
		give_up(ui, ui_step(ui));
		say_error(ui, &err);
		return;
	}
	step = ui_step(ui);
	if (!view) {
		step_set_error(step, "nothing to show");
		return;
	}
	step_set_view(step, view, session->opts.exact);
	session_remember(session, view);
}

void run_refresh(struct ui *ui)
{
	struct step *step = ui_step(ui);

	if (ui->done)
		return;
	if (!step)
		step = trail_push(&ui->trail[ui->tab], tab_kinds[ui->tab].line,
				  true);
	/* An explanation may be out of date as well. */
	if (step->stale || (!step->view && !step->error))
		load(ui, step);
}

void run_tab(struct ui *ui, int tab)
{
	status_clear(ui);
	status_echo(ui, tab_kinds[tab].line);
	if (ui->tab == tab)
		while (ui->trail[tab].count > 1)
			trail_pop(&ui->trail[tab]);
	ui->tab = tab;
	step_enter(ui_step(ui));
	run_refresh(ui);
}
