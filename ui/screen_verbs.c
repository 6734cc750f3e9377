#include "ui/screen_verbs.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ui/help.h"
#include "ui/run.h"
#include "ui/ui.h"

void run_back(struct ui *ui)
{
	struct trail *trail = &ui->trail[ui->tab];
	struct step *step = trail_top(trail);

	if (step && step->view && *step->view->filter) {
		run_filter(ui, "");
		return;
	}
	if (trail->count > 1) {
		trail_pop(trail);
		step_enter(trail_top(trail));
	} else {
		status_say(ui, THEME_TEXT, "this is where the tab begins");
	}
	step = trail_top(trail);
	if (step && step->view)
		session_remember(ui->session, step->view);
}

void run_sort(struct ui *ui, const char *key, int descending)
{
	struct step *step = ui_step(ui);
	const struct view_ops *ops;
	struct error err;
	int column, ret;

	if (!step || !step->view)
		return;
	ops = step->view->ops;
	column = view_column(step->view, key);
	for (uint32_t i = 0; i < ops->column_count && column < 0; i++)
		if (!strcasecmp(ops->column[i].title, key))
			column = (int)i;
	if (column >= 0)
		key = ops->column[column].key;
	if (descending < 0)
		descending =
			column >= 0 && view_sorts_down(&ops->column[column]);
	run_work_begin(ui);
	ret = view_sort(step->view, key, descending, &err);
	run_work_end(ui);
	if (ret) {
		status_say(ui, THEME_ERROR, "%s", err.msg);
		return;
	}
	pane_first(&step->pane);
	pane_layout(&step->pane, step->pane.width);
	session_remember(ui->session, step->view);
}

void run_sort_next(struct ui *ui)
{
	struct step *step = ui_step(ui);
	char line[120];
	int count, column;

	if (!step || !step->view || step->pane.text) {
		status_say(ui, THEME_TEXT, "there are no columns here");
		return;
	}
	count = (int)step->view->ops->column_count;
	column = step->view->sort;
	for (int i = 0; i < count; i++) {
		column = (column + 1) % count;
		if (pane_is_drawn(&step->pane, (uint32_t)column) &&
		    column != step->view->ops->section)
			break;
	}
	snprintf(line, sizeof(line), "sort %s",
		 step->view->ops->column[column].key);
	run_line(ui, line);
}

void run_filter(struct ui *ui, const char *text)
{
	struct step *step = ui_step(ui);
	int64_t row;
	struct error err;
	int ret;

	if (!step || !step->view || !strcmp(step->view->filter, text))
		return;
	row = pane_row(&step->pane);
	run_work_begin(ui);
	ret = view_filter(step->view, text, &err);
	run_work_end(ui);
	if (ret)
		status_say(ui, THEME_ERROR, "%s", err.msg);
	/* The same row, where it is still shown. */
	step->pane.selected = 0;
	for (uint32_t i = 0; i < step->view->shown && row >= 0; i++)
		if (step->view->order[i] == row)
			step->pane.selected = i;
	step->pane.top = 0;
	pane_layout(&step->pane, step->pane.width);
	session_remember(ui->session, step->view);
}

static void verb_back(struct ui *ui, const char *rest)
{
	(void)rest;
	run_back(ui);
}

static void verb_filter(struct ui *ui, const char *rest)
{
	if (*rest)
		snprintf(ui->find, sizeof(ui->find), "%s", rest);
	run_filter(ui, rest);
}

static void verb_sort(struct ui *ui, const char *rest)
{
	size_t len = strcspn(rest, " ");
	const char *way = rest + len + strspn(rest + len, " ");
	char key[64];

	snprintf(key, sizeof(key), "%.*s", (int)len, rest);
	if (!*key)
		status_say(ui, THEME_ERROR,
			   "sort takes a column: o sorts by "
			   "the next one");
	else
		run_sort(ui, key,
			 !strcmp(way, "up")	? 0
			 : !strcmp(way, "down") ? 1
						: -1);
}

static void verb_tab(struct ui *ui, const char *rest)
{
	for (int i = 0; i < TAB_COUNT; i++)
		if (*rest &&
		    !strncasecmp(tab_kinds[i].title, rest, strlen(rest))) {
			run_tab(ui, i);
			return;
		}
	status_say(ui, THEME_ERROR, "there is no tab \"%s\"", rest);
}

static void verb_bytes(struct ui *ui, const char *rest)
{
	(void)rest;
	ui->bytes = !ui->bytes;
	if (getmaxy(stdscr) < 16 && ui->bytes)
		status_say(ui, THEME_TEXT,
			   "the bytes need a screen of 16 lines");
}

static void verb_keys(struct ui *ui, const char *rest)
{
	struct step *step = ui_step(ui);
	struct view *view;
	struct error err;

	(void)rest;
	if (step && !strcmp(step->line, "keys"))
		return;
	if (help_view(&view, &err)) {
		status_say(ui, THEME_ERROR, "%s", err.msg);
		return;
	}
	step = trail_push(&ui->trail[ui->tab], "keys", false);
	step_set_view(step, view, false);
}

static const struct {
	const char *name;
	void (*run)(struct ui *ui, const char *rest);
} verbs[] = {
	{"back", verb_back}, {"filter", verb_filter}, {"sort", verb_sort},
	{"tab", verb_tab},   {"bytes", verb_bytes},   {"keys", verb_keys},
};

/* The command that fills a tab leads to where the tab begins. */
static void to_root(struct ui *ui, int tab)
{
	struct trail *trail = &ui->trail[tab];

	if (trail->count && strcmp(trail->step->line, tab_kinds[tab].line))
		trail_clear(trail);
	while (trail->count > 1)
		trail_pop(trail);
}

bool screen_verb_run(struct ui *ui, const char *line)
{
	size_t len;

	line += strspn(line, " \t");
	len = strcspn(line, " \t");
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		const char *rest = line + len;

		if (strlen(verbs[i].name) != len ||
		    strncmp(verbs[i].name, line, len))
			continue;
		verbs[i].run(ui, rest + strspn(rest, " \t"));
		return true;
	}
	for (int i = 0; i < TAB_COUNT; i++)
		if (!strcmp(tab_kinds[i].line, line)) {
			to_root(ui, i);
			run_tab(ui, i);
			return true;
		}
	return false;
}
