#include "ui/actions.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ui/bytes_pane.h"
#include "ui/keys.h"
#include "ui/prompt.h"
#include "ui/run.h"
#include "ui/screen.h"
#include "ui/ui.h"

/* Filters are applied at every letter to views of at most so many rows. */
enum { AT_ONCE = 20000, WHEEL = 3 };

static void open_row(struct ui *ui)
{
	struct step *step = ui_step(ui);
	char line[1024];
	int64_t row;

	if (!step || !step->view)
		return;
	row = pane_row(&step->pane);
	if (row < 0 || !step->view->ops->drill ||
	    !step->view->ops->drill(step->view, (uint32_t)row, line,
				    sizeof(line))) {
		if (!step->pane.text)
			status_say(ui, THEME_TEXT,
				   "nothing lies behind this "
				   "row");
		return;
	}
	run_row(ui, line);
}

/* The class or the chunk of the selected row, as "near" takes it. */
static bool near_what(const struct step *step, char *buf, size_t cap)
{
	static const char *const classes[] = {"size", "class"};
	const struct view *view = step->view;
	int64_t row = pane_row(&step->pane);
	struct value value = value_none();
	int column;

	if (row < 0)
		return false;
	column = view_column(view, "addr");
	if (column >= 0) {
		view->ops->column[column].cell(view, (uint32_t)row, &value);
		if (value.kind == V_ADDR && value.u) {
			snprintf(buf, cap, "0x%" PRIx64, value.u);
			return true;
		}
	}
	for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++) {
		value = value_none();
		column = view_column(view, classes[i]);
		if (column >= 0)
			view->ops->column[column].cell(view, (uint32_t)row,
						       &value);
		if (value.kind == V_NONE || value.kind == V_TEXT || !value.u)
			continue;
		snprintf(buf, cap, "%" PRIu64, value.u);
		return true;
	}
	return false;
}

static void near_row(struct ui *ui)
{
	const struct step *step = ui_step(ui);
	char what[64], line[80];

	if (!step || !step->view || !near_what(step, what, sizeof(what))) {
		status_say(ui, THEME_TEXT,
			   "near asks about a size class (in Diff, Sizes) or a "
			   "chunk: select one");
		return;
	}
	snprintf(line, sizeof(line), "near %s", what);
	run_line(ui, line);
}

/* The chunk that the row is about, or an address that leads to one. */
static uint64_t row_address(const struct step *step)
{
	static const char *const keys[] = {"addr", "leader", "from", "member",
					   "example"};
	const struct view *view = step->view;
	int64_t row = pane_row(&step->pane);

	for (size_t i = 0; row >= 0 && i < sizeof(keys) / sizeof(*keys); i++) {
		struct value value = value_none();
		int column = view_column(view, keys[i]);

		if (column < 0)
			continue;
		view->ops->column[column].cell(view, (uint32_t)row, &value);
		if (value.kind == V_ADDR && value.u)
			return value.u;
	}
	return 0;
}

static void address_row(struct ui *ui, const char *command)
{
	const struct step *step = ui_step(ui);
	uint64_t addr = step && step->view ? row_address(step) : 0;
	char line[80];

	if (!addr) {
		status_say(
			ui, THEME_TEXT,
			"%s asks about a chunk: select one (Enter on a class "
			"lists its chunks)",
			command);
		return;
	}
	snprintf(line, sizeof(line), "%s 0x%" PRIx64, command, addr);
	run_line(ui, line);
}

static void start_filter(struct ui *ui)
{
	struct step *step = ui_step(ui);

	if (!step || !step->view)
		return;
	snprintf(ui->kept_filter, sizeof(ui->kept_filter), "%s",
		 step->view->filter);
	ui->mode = UI_FILTER;
	status_clear(ui);
	terminal_mouse(&ui->terminal, false);
	prompt_start(PROMPT_FILTER, step->pane.text ? "" : ui->kept_filter);
}

static void start_prompt(struct ui *ui)
{
	ui->mode = UI_COMMAND;
	status_clear(ui);
	terminal_mouse(&ui->terminal, false);
	prompt_start(PROMPT_COMMAND, "");
}

static void find(struct ui *ui, bool forward)
{
	struct step *step = ui_step(ui);
	bool found;

	if (!step || !step->view)
		return;
	if (!*ui->find) {
		status_say(ui, THEME_TEXT,
			   "nothing was looked for yet: / asks for a text");
		return;
	}
	run_work_begin(ui);
	found = pane_find(&step->pane, ui->find, forward);
	run_work_end(ui);
	if (!found)
		status_say(ui, THEME_TEXT, "\"%s\" is not here", ui->find);
}

static void escape(struct ui *ui)
{
	struct step *step = ui_step(ui);

	if (*ui->status.message)
		status_clear(ui);
	else if (step && step->view && *step->view->filter)
		run_line(ui, "filter");
}

static void reverse_sort(struct ui *ui)
{
	struct step *step = ui_step(ui);
	char line[120];

	if (!step || !step->view || step->view->sort < 0) {
		run_sort_next(ui);
		return;
	}
	snprintf(line, sizeof(line), "sort %s %s",
		 step->view->ops->column[step->view->sort].key,
		 step->view->descending ? "up" : "down");
	run_line(ui, line);
}

/* Moves within the view; false for other actions. */
static bool moved(struct ui *ui, enum action action)
{
	struct step *step = ui_step(ui);
	struct pane *pane = step && step->view ? &step->pane : NULL;

	if (action < ACTION_UP || action > ACTION_RIGHT)
		return false;
	if (ui->in_bytes && ui->bytes_y >= 0 && action != ACTION_LEFT &&
	    action != ACTION_RIGHT) {
		bytes_pane_move(ui, action);
		return true;
	}
	if (!pane)
		return true;
	switch (action) {
	case ACTION_UP:
		pane_move(pane, -1);
		break;
	case ACTION_DOWN:
		pane_move(pane, 1);
		break;
	case ACTION_PAGE_UP:
		pane_page(pane, -1);
		break;
	case ACTION_PAGE_DOWN:
		pane_page(pane, 1);
		break;
	case ACTION_FIRST:
		pane_first(pane);
		break;
	case ACTION_LAST:
		pane_last(pane);
		break;
	default:
		pane_side(pane, action == ACTION_LEFT ? -1 : 1);
		break;
	}
	return true;
}

static void other_pane(struct ui *ui)
{
	if (ui->bytes_y < 0)
		status_say(ui, THEME_TEXT,
			   "the table is the only pane: x shows the bytes, "
			   "where a row has some");
	else
		ui->in_bytes = !ui->in_bytes;
}

static void act(struct ui *ui, const struct key *key)
{
	if (key->action != ACTION_PANE && key->action != ACTION_BYTES_UP &&
	    key->action != ACTION_BYTES_DOWN && key->action != ACTION_REDRAW)
		ui->in_bytes = false;
	switch (key->action) {
	case ACTION_LINE:
		run_line(ui, key->line);
		break;
	case ACTION_TAB:
		run_tab(ui, tab_of_line(key->line));
		break;
	case ACTION_OPEN:
		open_row(ui);
		break;
	case ACTION_NEAR:
		near_row(ui);
		break;
	case ACTION_ADDRESS:
		address_row(ui, key->line);
		break;
	case ACTION_PANE:
		other_pane(ui);
		break;
	case ACTION_TAB_NEXT:
		run_tab(ui, (ui->tab + 1) % TAB_COUNT);
		break;
	case ACTION_TAB_PREVIOUS:
		run_tab(ui, (ui->tab + TAB_COUNT - 1) % TAB_COUNT);
		break;
	case ACTION_FILTER:
		start_filter(ui);
		break;
	case ACTION_NEXT:
	case ACTION_PREVIOUS:
		find(ui, key->action == ACTION_NEXT);
		break;
	case ACTION_SORT:
		run_sort_next(ui);
		break;
	case ACTION_REVERSE:
		reverse_sort(ui);
		break;
	case ACTION_BYTES_UP:
	case ACTION_BYTES_DOWN:
		bytes_pane_scroll(ui, key->action == ACTION_BYTES_UP ? -1 : 1);
		break;
	case ACTION_PROMPT:
		start_prompt(ui);
		break;
	case ACTION_ESCAPE:
		escape(ui);
		break;
	default:
		clearok(curscr, TRUE);
		break;
	}
}

static void mouse(struct ui *ui)
{
	struct step *step = ui_step(ui);
	MEVENT event;
	uint32_t old;
	int tab;

	if (getmouse(&event) != OK)
		return;
	if (event.bstate & (BUTTON4_PRESSED | BUTTON5_PRESSED)) {
		bool up = event.bstate & BUTTON4_PRESSED;

		if (ui->bytes_y >= 0 && event.y >= ui->bytes_y)
			bytes_pane_scroll(ui, up ? -1 : 1);
		else if (step && step->view)
			pane_move(&step->pane, up ? -WHEEL : WHEEL);
		return;
	}
	tab = screen_tab_at(ui, event.y, event.x);
	if (tab >= 0) {
		run_tab(ui, tab);
		return;
	}
	if (!step || !step->view)
		return;
	/* A click on the row that is selected goes into it. */
	old = step->pane.selected;
	if (pane_click(&step->pane, event.y) &&
	    (step->pane.selected == old ||
	     event.bstate & BUTTON1_DOUBLE_CLICKED))
		open_row(ui);
}

void action_key(struct ui *ui, int code)
{
	const struct key *key;

	if (code == KEY_MOUSE) {
		mouse(ui);
		return;
	}
	if (code == KEY_RESIZE)
		return;
	key = key_find(code);
	if (!key) {
		status_say(ui, THEME_TEXT,
			   "this key does nothing: ? lists "
			   "those that do");
		return;
	}
	if (key->action != ACTION_ESCAPE && key->action != ACTION_REDRAW)
		status_clear(ui);
	if (!moved(ui, key->action))
		act(ui, key);
}

static void leave_prompt(struct ui *ui)
{
	ui->mode = UI_TABLE;
	terminal_mouse(&ui->terminal, true);
}

static void filter_typed(struct ui *ui, enum prompt_state state)
{
	struct step *step = ui_step(ui);
	bool search = step && step->pane.text;
	char text[sizeof(ui->find)], line[160];

	snprintf(text, sizeof(text), "%s", prompt_text());
	if (state == PROMPT_TYPING) {
		if (!search && step && step->view &&
		    step->view->row_count <= AT_ONCE)
			run_filter(ui, text);
		return;
	}
	leave_prompt(ui);
	if (state != PROMPT_DONE) {
		if (!search)
			run_filter(ui, ui->kept_filter);
		return;
	}
	if (*text)
		snprintf(ui->find, sizeof(ui->find), "%s", text);
	if (search) {
		find(ui, true);
		return;
	}
	snprintf(line, sizeof(line), "filter %s", text);
	run_line(ui, line);
}

static void command_typed(struct ui *ui, enum prompt_state state)
{
	char line[sizeof(ui->repeat)];

	if (state == PROMPT_TYPING)
		return;
	leave_prompt(ui);
	if (state != PROMPT_DONE)
		return;
	snprintf(line, sizeof(line), "%s", prompt_text());
	if (line[strspn(line, " \t")])
		snprintf(ui->repeat, sizeof(ui->repeat), "%s", line);
	if (*ui->repeat)
		run_line(ui, ui->repeat);
}

void action_typed(struct ui *ui, int byte)
{
	enum prompt_state state = byte < 0 ? prompt_read() : prompt_feed(byte);

	if (ui->mode == UI_FILTER)
		filter_typed(ui, state);
	else
		command_typed(ui, state);
}

void action_interrupt(struct ui *ui)
{
	if (ui->mode != UI_TABLE) {
		bool filter = ui->mode == UI_FILTER;

		prompt_cancel();
		if (filter)
			filter_typed(ui, PROMPT_GIVEN_UP);
		leave_prompt(ui);
		return;
	}
	status_say(ui, THEME_TEXT, "nothing is going on; q leaves");
}
