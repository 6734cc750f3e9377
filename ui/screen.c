#include "ui/screen.h"

#include <stdio.h>
#include <string.h>

#include "ui/bytes_pane.h"
#include "ui/draw.h"
#include "ui/foot.h"
#include "ui/help.h"
#include "ui/prompt.h"
#include "ui/ui.h"

/* The least height at which each part is there. */
enum {
	LEAST_ROWS = 3,
	LEAST_COLUMNS = 16,
	ROWS_FOR_CRUMBS = 6,
	ROWS_FOR_TABS = 8,
	ROWS_FOR_KEYS = 7,
	ROWS_FOR_FOOT = 12,
	ROWS_FOR_BANNER = 14
};

/* How much room the tabs have: all of them with blanks around, with none, then
 * without what the diff is of, with none behind the digit either, or only the
 * current one with its title. */
enum tab_room { TABS_WIDE, TABS_CLOSE, TABS_BARE, TABS_TIGHT, TABS_SHORT };

static void tab_title(const struct ui *ui, int tab, enum tab_room room,
		      char *buf, size_t cap)
{
	const struct diff *diff = ui->session->diff;

	if (tab == TAB_DIFF && diff && room <= TABS_CLOSE)
		snprintf(buf, cap, "%s %.12s %s %.12s", tab_kinds[tab].title,
			 diff->before->name, ui->theme.arrow,
			 diff->after->name);
	else
		snprintf(buf, cap, "%s", tab_kinds[tab].title);
}

static int titles_width(const struct ui *ui, enum tab_room room)
{
	char title[64];
	int width = 0;

	for (int tab = 0; tab < TAB_COUNT; tab++) {
		tab_title(ui, tab, room, title, sizeof(title));
		width += draw_width(title);
	}
	return width;
}

static enum tab_room tab_room(const struct ui *ui)
{
	int titles = titles_width(ui, TABS_WIDE), width = getmaxx(stdscr);

	if (titles + 5 * TAB_COUNT - 1 <= width)
		return TABS_WIDE;
	if (titles + 3 * TAB_COUNT + 1 <= width)
		return TABS_CLOSE;
	titles = titles_width(ui, TABS_BARE);
	if (titles + 3 * TAB_COUNT + 1 <= width)
		return TABS_BARE;
	return titles + 2 * TAB_COUNT + 1 <= width ? TABS_TIGHT : TABS_SHORT;
}

/* The current one stands in brackets; where there is room all have numbers. */
static int tab_text(const struct ui *ui, int tab, char *buf, size_t cap)
{
	enum tab_room room = tab_room(ui);
	const char *gap = room < TABS_TIGHT ? " " : "";
	bool here = tab == ui->tab;
	char title[64];

	tab_title(ui, tab, room, title, sizeof(title));
	if (room != TABS_SHORT && here)
		snprintf(buf, cap, "[%d%s%s]", tab_digit(tab), gap, title);
	else if (room != TABS_SHORT)
		snprintf(buf, cap, room == TABS_WIDE ? " %d%s%s " : "%d%s%s",
			 tab_digit(tab), gap, title);
	else if (here)
		snprintf(buf, cap, "[%s]", title);
	else
		snprintf(buf, cap, " %d ", tab_digit(tab));
	return draw_width(buf);
}

static void draw_tabs(const struct ui *ui, int y, int width)
{
	char text[80];
	int x = 0;

	for (int tab = 0; tab < TAB_COUNT; tab++) {
		tab_text(ui, tab, text, sizeof(text));
		x += draw_in(&ui->theme,
			     tab == ui->tab ? THEME_TAB_HERE : THEME_TAB, y, x,
			     width - x, text) +
		     1;
	}
}

int screen_tab_at(const struct ui *ui, int y, int x)
{
	char text[80];
	int from = 0;

	if (y != 1 || getmaxy(stdscr) < ROWS_FOR_TABS)
		return -1;
	for (int tab = 0; tab < TAB_COUNT; tab++) {
		int to = from + tab_text(ui, tab, text, sizeof(text));

		if (x >= from && x < to)
			return tab;
		from = to + 1;
	}
	return -1;
}

/* Where we are, on the left; what of it is seen, on the right. */
static void draw_crumbs(const struct ui *ui, int y, int width)
{
	const struct step *step = ui_step(ui);
	char position[100] = "", crumbs[600], right[260] = "";
	int used;

	if (!step)
		return;
	if (step->view) {
		pane_position(&step->pane, position, sizeof(position));
		if (*step->view->filter)
			snprintf(right, sizeof(right), "/%s  %s",
				 step->view->filter, position);
		else
			snprintf(right, sizeof(right), "%s", position);
	}
	used = draw_width(right);
	used = used > width / 2 ? width / 2 : used;
	trail_crumbs(&ui->trail[ui->tab], &ui->theme, width - used - 3, crumbs,
		     sizeof(crumbs));
	draw_in(&ui->theme, THEME_CRUMB, y, 1, width - used - 3, crumbs);
	draw_right(&ui->theme, y, width - used - 1, used, right);
}

/* Wrapped text; returns the lines used. */
static int draw_paragraph(const struct ui *ui, enum theme_role role, int y,
			  int lines, int width, const char *text)
{
	int used = 0;
	char line[1024];
	size_t next;

	for (; *text && used < lines; text += next, used++) {
		size_t len = draw_wrap(text, width - 4, &next);

		snprintf(line, sizeof(line), "%.*s", (int)len, text);
		draw_in(&ui->theme, role, y + used, 2, width - 4, line);
	}
	return used;
}

static int draw_banner(const struct ui *ui, int y, int width)
{
	const struct step *step = ui_step(ui);

	/* A tab that needs a heap says it in its own place. */
	if (!*ui->session->no_heap || !step || !step->view)
		return y;
	y += draw_paragraph(ui, THEME_WARNING, y, 4, width,
			    ui->session->no_heap);
	return y + 1;
}

static void draw_table(struct ui *ui, int y, int height, int rows, int width)
{
	struct step *step = ui_step(ui);
	int foot = 0, titles, lines;

	if (!step || height < 1)
		return;
	if (!step->view) {
		draw_paragraph(ui, THEME_TEXT, y + (height > 4), height, width,
			       step->error ? step->error : "");
		return;
	}
	titles = step->pane.titles;
	if (rows >= ROWS_FOR_FOOT)
		foot = foot_lines(step->view, step->pane.exact, width);
	if (foot) {
		int spare = height - titles - (int)step->pane.lines - 1;
		int most = height / 3 > spare ? height / 3 : spare;

		if (step->pane.lines > (uint32_t)height)
			most = height / 3;
		foot = foot > most ? most : foot;
		foot = foot < 1 ? 1 : foot;
	}
	pane_draw(&step->pane, &ui->theme, y, height - foot - (foot > 0),
		  width);
	if (!foot)
		return;
	/* Right below a short table, at the bottom of a long one. */
	lines = titles + (int)step->pane.lines + !step->pane.lines;
	if (lines < height - foot - 1)
		y += lines + 1;
	else
		y += height - foot;
	foot_draw(step->view, &ui->theme, step->pane.exact, y, foot, width);
}

static void draw_bottom(struct ui *ui, int rows, int width)
{
	int y = rows - 1;
	bool keys = rows >= ROWS_FOR_KEYS;

	if (keys)
		y--;
	if (ui->mode == UI_TABLE) {
		status_draw(ui, y, width);
		if (keys)
			help_draw_keys(&ui->theme, rows - 1, width);
		curs_set(0);
		return;
	}
	if (keys)
		help_draw_typing(&ui->theme, rows - 1, width,
				 *prompt_matches()	  ? prompt_matches()
				 : ui->mode == UI_COMMAND ? "Enter runs it  "
							    "Tab completes  "
							    "Esc leaves"
							  : "Enter keeps the "
							    "filter  Esc "
							    "leaves it");
	prompt_draw(&ui->theme, y, width);
	curs_set(1);
}

void screen_draw(struct ui *ui)
{
	int rows = getmaxy(stdscr), width = getmaxx(stdscr);
	int y = 1, bottom = rows - 1 - (rows >= ROWS_FOR_KEYS), bytes;
	struct step *step = ui_step(ui);
	int crumbs = 0;

	erase();
	if (rows < LEAST_ROWS || width < LEAST_COLUMNS) {
		draw_text(&ui->theme, 0, 0, width, "too small");
		refresh();
		return;
	}
	status_draw_title(ui, width);
	if (rows >= ROWS_FOR_TABS)
		draw_tabs(ui, y++, width);
	if (rows >= ROWS_FOR_CRUMBS)
		crumbs = y++;
	if (rows >= ROWS_FOR_BANNER)
		y = draw_banner(ui, y, width);
	/* Whether there is a lower pane depends on what is cut. */
	if (step && step->view && width != step->pane.width)
		pane_layout(&step->pane, width);
	bytes = bytes_pane_height(ui, rows);
	ui->bytes_y = -1;
	draw_table(ui, y, bottom - bytes - y, rows, width);
	if (crumbs)
		draw_crumbs(ui, crumbs, width);
	if (bytes)
		bytes_pane_draw(ui, bottom - bytes, bytes, width);
	draw_bottom(ui, rows, width);
	refresh();
}
