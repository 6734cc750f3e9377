#include "ui/bytes_pane.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/fmt.h"
#include "snapshot/place.h"
#include "ui/draw.h"
#include "ui/row_text.h"
#include "ui/ui.h"

/* UNIT: what a line shows, and the pane moves by; from these widths on: bytes
 * set apart, two units a line. */
enum { UNIT = 8, APART = 100, WIDE = 140 };

/* The address and length the selected row stands for. */
static bool selected_bytes(const struct ui *ui, uint64_t *addr, uint64_t *len)
{
	const struct step *step = ui_step(ui);
	int64_t row;

	if (!step || !step->view || !step->view->ops->bytes)
		return false;
	row = pane_row(&step->pane);
	return row >= 0 &&
	       step->view->ops->bytes(step->view, (uint32_t)row, addr, len);
}

int bytes_pane_height(const struct ui *ui, int rows)
{
	const struct step *step = ui_step(ui);
	int height = rows / 4;

	if (!ui->bytes || !step || !step->view || !step->view->shown ||
	    (!step->view->ops->bytes && !row_text_is_there(step)) || rows < 16)
		return 0;
	if (row_text_is_all(step))
		return rows - rows / 4;
	/* A view with sections tells of one thing and wants the room. */
	if (rows < 30 && step->view->ops->section >= 0)
		height = 4;
	return height > 12 ? 12 : height < 4 ? 4 : height;
}

void bytes_pane_scroll(struct ui *ui, int words)
{
	if (words < 0 && ui->bytes_skip < (uint64_t)-words)
		ui->bytes_skip = 0;
	else
		ui->bytes_skip += (uint64_t)words;
}

void bytes_pane_move(struct ui *ui, enum action action)
{
	/* The end of the row's bytes: drawing goes back to it. */
	const int64_t end = INT64_C(1) << 56;

	if (action == ACTION_FIRST)
		ui->bytes_skip = 0;
	else if (action == ACTION_LAST)
		ui->bytes_skip = (uint64_t)end;
	else if (action == ACTION_UP || action == ACTION_DOWN)
		bytes_pane_scroll(ui, action == ACTION_UP ? -1 : 1);
	else
		bytes_pane_scroll(ui, action == ACTION_PAGE_UP
					      ? -ui->bytes_lines
					      : ui->bytes_lines);
}

static void draw_rule(struct ui *ui, int y, int width, const char *text)
{
	const struct theme *theme = &ui->theme;
	int used;

	attrset((int)theme->attr[THEME_DIM]);
	draw_fill(y, 0, width, theme->rule);
	attrset(A_NORMAL);
	if (!*text)
		return;
	draw_fill(y, 2, 1, " ");
	used = draw_in(theme, ui->in_bytes ? THEME_TAB_HERE : THEME_CRUMB, y, 3,
		       width - 5, text);
	draw_fill(y, 3 + used, 1, " ");
}

/* The word at w, if it is an address of something. */
static bool name_word(const struct ui *ui, const uint8_t *w, unsigned word,
		      char *buf, size_t cap)
{
	const struct snapshot *snap = ui->session->current;
	struct place place;
	uint64_t value = 0;

	memcpy(&value, w, word);
	if (!snap || !value)
		return false;
	place = place_of(snap, value);
	if (place.kind == PLACE_NONE)
		return false;
	place_format(&place, snap, ui->session->symbols, buf, cap);
	return true;
}

/* One line: offset, bytes, text, what the words point at. */
static void draw_line(const struct ui *ui, int y, int width, uint64_t offset,
		      const uint8_t *bytes, size_t have, size_t per_line)
{
	const struct theme *theme = &ui->theme;
	unsigned word = session_word(ui->session);
	char hex[80], text[20], name[300], offset_text[24];
	size_t n = 0;
	int x = 1;

	for (size_t i = 0; i < per_line; i++) {
		if (i && (width >= APART || i % 4 == 0))
			hex[n++] = ' ';
		if (i == UNIT)
			hex[n++] = ' ';
		n += (size_t)snprintf(hex + n, sizeof(hex) - n,
				      i < have ? "%02x" : "  ",
				      i < have ? bytes[i] : 0u);
		text[i] = i >= have ? ' '
			  : isascii(bytes[i]) && isprint(bytes[i])
				  ? (char)bytes[i]
				  : '.';
	}
	text[per_line] = '\0';
	snprintf(offset_text, sizeof(offset_text), "+%" PRIu64, offset);
	attrset((int)theme->attr[THEME_DIM]);
	draw_right(theme, y, x, 6, offset_text);
	attrset(A_NORMAL);
	x += 8;
	x += draw_text(theme, y, x, width - x, hex) + 2;
	x += draw_in(theme, THEME_DIM, y, x, width - x, text) + 2;
	for (size_t i = 0; i + word <= have; i += word) {
		char out[320], at[16] = "";

		if (!name_word(ui, bytes + i, word, name, sizeof(name)))
			continue;
		if (i)
			snprintf(at, sizeof(at), "  +%zu ", i);
		snprintf(out, sizeof(out), "%s%s %s", at, theme->arrow, name);
		x += draw_in(theme, THEME_ADDR, y, x, width - x, out);
	}
}

static void draw_bytes(struct ui *ui, int y, int height, int width,
		       uint64_t addr, uint64_t len)
{
	size_t per_line = width >= WIDE ? 16 : 8;
	uint8_t buf[16 * 16];
	uint64_t skip = ui->bytes_skip * UNIT, most;
	size_t want = per_line * (size_t)(height - 1);
	char title[200], at[FMT_MAX], size[FMT_MAX];
	struct error err;
	bool now = false;

	most = len > want ? (len - want + UNIT - 1) / UNIT : 0;
	if (skip > most * UNIT) {
		ui->bytes_skip = most;
		skip = most * UNIT;
	}
	if (want > len - skip)
		want = (size_t)(len - skip);
	want = want > sizeof(buf) ? sizeof(buf) : want;
	fmt_addr(at, sizeof(at), addr);
	fmt_bytes(size, sizeof(size), len, false);
	if (session_read(ui->session, addr + skip, buf, want, &now, &err)) {
		snprintf(title, sizeof(title), "bytes of %s, %s", at, size);
		draw_rule(ui, y, width, title);
		draw_in(&ui->theme, THEME_WARNING, y + 1, 2, width - 2,
			err.msg);
		return;
	}
	if (now || !ui->session->current)
		snprintf(title, sizeof(title),
			 "bytes of %s, %s, as they are now (the snapshot does "
			 "not have them)",
			 at, size);
	else
		snprintf(title, sizeof(title),
			 "bytes of %s, %s, as in snapshot %s", at, size,
			 ui->session->current->name);
	if (ui->in_bytes)
		snprintf(title + strlen(title), sizeof(title) - strlen(title),
			 " (Tab: the table)");
	draw_rule(ui, y, width, title);
	for (size_t i = 0; i < want; i += per_line)
		draw_line(ui, ++y, width, skip + i, buf + i,
			  want - i < per_line ? want - i : per_line, per_line);
}

void bytes_pane_draw(struct ui *ui, int y, int height, int width)
{
	const struct step *step = ui_step(ui);
	uint64_t addr, len;
	int64_t row = step && step->view ? pane_row(&step->pane) : -1;

	ui->bytes_y = y;
	ui->bytes_lines = height - 1;
	if (row != ui->bytes_row)
		ui->bytes_skip = 0;
	ui->bytes_row = row;
	if (row_text_is_there(step)) {
		int used = 1;

		draw_rule(ui, y, width, "this row in full");
		used += row_text_draw(ui, y + 1, height - 1, width);
		y += used;
		height -= used;
		/* A rule and two lines, or nothing. */
		if (height < 3 || !step->view->ops->bytes)
			return;
		ui->bytes_y = y;
		ui->bytes_lines = height - 1;
	}
	if (selected_bytes(ui, &addr, &len) && len) {
		draw_bytes(ui, y, height, width, addr, len);
		return;
	}
	draw_rule(ui, y, width, "bytes");
	draw_in(&ui->theme, THEME_DIM, y + 1, 2, width - 2,
		"this row stands for no bytes");
}
