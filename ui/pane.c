#include "ui/pane.h"

#include <stdio.h>
#include <string.h>

#include "base/fmt.h"
#include "ui/draw.h"

enum { GAP = 2, MARGIN = 2, CELL_MAX = 1024 };

static bool is_left(const struct column *column)
{
	return column->kind == V_TEXT || column->kind == V_ADDR;
}

static enum theme_role role_of(const struct value *value)
{
	switch (value->kind) {
	case V_NONE:
		return THEME_DIM;
	case V_ADDR:
		return THEME_ADDR;
	case V_DELTA:
	case V_CHANGE:
		return value->i > 0   ? THEME_MORE
		       : value->i < 0 ? THEME_LESS
				      : THEME_DIM;
	case V_BYTES:
	case V_COUNT:
	case V_USEC:
		return value->u ? THEME_TEXT : THEME_DIM;
	default:
		return THEME_TEXT;
	}
}

/* The first column stays when others are scrolled off. */
static bool is_skipped(const struct pane *pane,
		       const struct pane_section *section, uint32_t column)
{
	unsigned nth = 0;

	for (uint32_t c = 0; c < column; c++)
		nth += section->width[c] > 0;
	return nth > 0 && nth <= pane->skip;
}

/* What column c gets at x: the last one, if it is text, all that is left. */
static int room_for(const struct pane *pane, const struct pane_section *section,
		    uint32_t c, int x)
{
	int width = section->width[c], left = pane->width - x;
	bool last = is_left(&pane->view->ops->column[c]);

	for (uint32_t next = c + 1; next < PANE_MAX_COLUMNS; next++)
		last &= !section->width[next];
	return last || width > left ? left : width;
}

static void draw_titles(const struct pane *pane, const struct theme *theme,
			const struct pane_section *section, int y)
{
	const struct view *view = pane->view;
	int x = MARGIN;

	for (uint32_t c = 0; c < view->ops->column_count; c++) {
		const struct column *column = &view->ops->column[c];
		int width, used;

		if (c >= PANE_MAX_COLUMNS || !section->width[c] ||
		    is_skipped(pane, section, c))
			continue;
		if (x >= pane->width)
			break;
		width = room_for(pane, section, c, x);
		attrset((int)theme->attr[THEME_HEADING]);
		used = draw_width(column->title);
		if (is_left(column))
			draw_text(theme, y, x, width, column->title);
		else
			draw_right(theme, y, x, width, column->title);
		attrset(A_NORMAL);
		if ((int)c == view->sort && x + width < pane->width)
			draw_text(theme, y,
				  is_left(column) && used < width ? x + used
								  : x + width,
				  1,
				  view->descending ? theme->down : theme->up);
		x += width + GAP;
	}
	if (section->total > pane->width)
		draw_in(theme, THEME_DIM, y, pane->width - 1, 1, theme->more);
}

/* A share as a bar, where there is room for one behind the last column. */
static void draw_bar(const struct pane *pane, const struct theme *theme, int y,
		     int x, double percent)
{
	int room = pane->width - x - GAP, length;

	room = room > 40 ? 40 : room;
	if (room < 10 || percent <= 0)
		return;
	length = (int)(percent / 100 * room + 0.5);
	draw_fill(y, x, length, theme->bar);
}

static void draw_row(const struct pane *pane, const struct theme *theme,
		     const struct pane_section *section, int y, uint32_t at)
{
	const struct view *view = pane->view;
	bool selected = at == pane->selected;
	char text[CELL_MAX];
	double percent = -1;
	int x = MARGIN;

	attrset((int)theme->attr[selected ? THEME_SELECTED : THEME_TEXT]);
	draw_fill(y, 0, pane->width, " ");
	if (selected)
		draw_text(theme, y, 0, 1, theme->mark);
	for (uint32_t c = 0; c < view->ops->column_count; c++) {
		struct value value;
		int width;

		if (c >= PANE_MAX_COLUMNS || !section->width[c] ||
		    is_skipped(pane, section, c))
			continue;
		if (x >= pane->width)
			break;
		width = room_for(pane, section, c, x);
		pane_cell(pane, c, view->order[at], &value, text, sizeof(text));
		if (value.kind == V_PERCENT && percent < 0)
			percent = value.f;
		if (!selected)
			attrset((int)theme->attr[role_of(&value)]);
		if (is_left(&view->ops->column[c]))
			draw_text(theme, y, x, width, text);
		else
			draw_right(theme, y, x, width, text);
		x += width + GAP;
	}
	if (percent >= 0 && !*section->name) {
		if (!selected)
			attrset((int)theme->attr[THEME_BAR]);
		draw_bar(pane, theme, y, x, percent);
	}
	attrset(A_NORMAL);
}

static void draw_section_name(const struct pane *pane,
			      const struct theme *theme,
			      const struct pane_section *section, int y)
{
	int used =
		draw_in(theme, THEME_SECTION, y, 0, pane->width, section->name);

	attrset((int)theme->attr[THEME_DIM]);
	draw_fill(y, used + 1, pane->width - used - 1, theme->rule);
	attrset(A_NORMAL);
}

static void draw_text_line(const struct pane *pane, const struct theme *theme,
			   int y, uint32_t at)
{
	const struct view *view = pane->view;
	unsigned off = pane->skip * 8;
	char text[CELL_MAX], *s = text;
	struct value value;

	for (uint32_t c = 0; c < view->ops->column_count; c++)
		if (pane_is_drawn(pane, c)) {
			pane_cell(pane, c, view->order[at], &value, text,
				  sizeof(text));
			break;
		}
	while (off && *s) {
		s++;
		while ((*s & 0xc0) == 0x80)
			s++;
		off--;
	}
	draw_text(theme, y, 1, pane->width - 1, s);
}

/* One line of a view; beyond the end it stays empty. */
static void draw_line(const struct pane *pane, const struct theme *theme, int y,
		      uint32_t line)
{
	const struct pane_section *section = pane->section;
	uint32_t in;

	if (line >= pane->lines)
		return;
	for (uint32_t i = 1; i < pane->section_count; i++)
		if (pane->section[i].line <= line)
			section = &pane->section[i];
	in = line - section->line;
	if (!*section->name) {
		if (pane->text)
			draw_text_line(pane, theme, y, line);
		else
			draw_row(pane, theme, section, y, line);
		return;
	}
	if (section != pane->section && !in--)
		return;
	if (!in--)
		draw_section_name(pane, theme, section, y);
	else if (section->titles && !in--)
		draw_titles(pane, theme, section, y);
	else
		draw_row(pane, theme, section, y, section->from + in);
}

/* The selected row is seen, with its section's heading if it is the first. */
static void follow(struct pane *pane)
{
	const struct pane_section *section;
	uint32_t height = pane->height > 0 ? (uint32_t)pane->height : 1;
	uint32_t line, first;

	if (!pane->text && pane->view->shown) {
		line = pane_line_of(pane, pane->selected, &section);
		first = line;
		if (pane->selected == section->from)
			first = section->line + (section != pane->section);
		if (first < pane->top)
			pane->top = first;
		if (line >= pane->top + height)
			pane->top = line - height + 1;
	}
	if (pane->top + height > pane->lines)
		pane->top = pane->lines > height ? pane->lines - height : 0;
}

void pane_draw(struct pane *pane, const struct theme *theme, int y, int height,
	       int width)
{
	if (width != pane->width)
		pane_layout(pane, width);
	if (pane->titles && height > 1) {
		draw_titles(pane, theme, pane->section, y);
		y++;
		height--;
	}
	pane->y = y;
	pane->height = height;
	follow(pane);
	for (int i = 0; i < height; i++)
		draw_line(pane, theme, y + i, pane->top + (uint32_t)i);
	if (!pane->view->shown && !pane->text && height > 0)
		draw_in(theme, THEME_DIM, y, MARGIN, width - MARGIN,
			*pane->view->filter ? "no row has that text" : "none");
}

int64_t pane_row(const struct pane *pane)
{
	/* text has none to select, but where there is one only */
	if (pane->text && pane->view->shown != 1)
		return -1;
	if (pane->selected >= pane->view->shown)
		return -1;
	return pane->view->order[pane->selected];
}

void pane_position(const struct pane *pane, char *buf, size_t cap)
{
	char from[FMT_MAX], to[FMT_MAX], all[FMT_MAX];
	const struct pane_section *section;
	uint32_t first = 0, last = pane->view->shown;

	if (pane->text) {
		first = pane->top;
		last = pane->top + (uint32_t)pane->height;
	} else {
		while (first < last &&
		       pane_line_of(pane, first, &section) < pane->top)
			first = *pane->section->name ? first + 1 : pane->top;
		last = first;
		while (last < pane->view->shown &&
		       pane_line_of(pane, last, &section) <
			       pane->top + (uint32_t)pane->height)
			last++;
	}
	last = last > pane->view->shown ? pane->view->shown : last;
	fmt_count(from, sizeof(from), first + 1);
	fmt_count(to, sizeof(to), last);
	fmt_count(all, sizeof(all), pane->view->shown);
	if (!first && last == pane->view->shown)
		snprintf(buf, cap, "%s", pane->text ? "" : all);
	else
		snprintf(buf, cap, "%s-%s of %s", from, to, all);
}
