/* Where the user stands in a pane. */
#include <string.h>

#include "base/interrupt.h"
#include "ui/pane.h"

static bool scroll_text(struct pane *pane, int64_t lines)
{
	int64_t most = (int64_t)pane->lines - pane->height;
	int64_t to = (int64_t)pane->top + lines;
	uint32_t old = pane->top;

	if (to > most)
		to = most;
	if (to < 0)
		to = 0;
	pane->top = (uint32_t)to;
	return pane->top != old;
}

bool pane_move(struct pane *pane, int64_t rows)
{
	int64_t last = (int64_t)pane->view->shown - 1;
	int64_t to = (int64_t)pane->selected + rows;
	uint32_t old = pane->selected;

	if (pane->text)
		return scroll_text(pane, rows);
	if (to > last)
		to = last;
	if (to < 0)
		to = 0;
	pane->selected = (uint32_t)to;
	/* At the top the section's heading comes into sight as well. */
	if (!to)
		pane->top = 0;
	return pane->selected != old;
}

bool pane_page(struct pane *pane, int pages)
{
	int64_t page = pane->height > 1 ? pane->height - 1 : 1;

	if (!pane->text)
		pane->top = (uint32_t)(pages < 0 && pane->top < page
					       ? 0
					       : pane->top + pages * page);
	return pane_move(pane, pages * page);
}

void pane_first(struct pane *pane)
{
	pane->selected = pane->top = 0;
}

void pane_last(struct pane *pane)
{
	pane_move(pane, (int64_t)pane->view->row_count + pane->lines);
}

void pane_select(struct pane *pane, uint32_t at)
{
	pane->selected = at < pane->view->shown ? at : 0;
}

void pane_side(struct pane *pane, int columns)
{
	const struct pane_section *section = pane->section;
	unsigned drawn = 0;

	if (columns < 0 && pane->skip)
		pane->skip--;
	if (columns <= 0)
		return;
	for (uint32_t c = 0; c < PANE_MAX_COLUMNS; c++)
		drawn += section->width[c] > 0;
	if (section->total <= pane->width)
		return;
	if (pane->text ? (int)(pane->skip + 1) * 8 < section->total
		       : pane->skip + 2 < drawn)
		pane->skip++;
}

bool pane_click(struct pane *pane, int y)
{
	const struct pane_section *section;
	uint32_t line;

	if (pane->text || y < pane->y || y >= pane->y + pane->height)
		return false;
	line = pane->top + (uint32_t)(y - pane->y);
	for (uint32_t i = pane->section_count; i-- > 0;) {
		uint32_t start;

		section = &pane->section[i];
		if (section->from == section->to)
			continue;
		start = pane_line_of(pane, section->from, &section);
		if (line < start)
			continue;
		if (line - start >= section->to - section->from)
			return false;
		pane->selected = section->from + (line - start);
		return true;
	}
	return false;
}

static bool row_has(const struct pane *pane, uint32_t row, const char *text)
{
	const struct view *view = pane->view;
	struct value value;
	char cell[1024];

	for (uint32_t c = 0; c < view->ops->column_count; c++) {
		if (!pane_is_drawn(pane, c))
			continue;
		pane_cell(pane, c, row, &value, cell, sizeof(cell));
		if (strcasestr(cell, text))
			return true;
	}
	return false;
}

bool pane_find(struct pane *pane, const char *text, bool forward)
{
	uint32_t count = pane->view->shown;
	uint32_t at = pane->text ? pane->top : pane->selected;

	for (uint32_t i = 0; i < count; i++) {
		at = forward ? (at + 1) % count : (at + count - 1) % count;
		if (i % 4096 == 4095 && interrupt_pending())
			return false;
		if (!row_has(pane, pane->view->order[at], text))
			continue;
		if (pane->text)
			pane->top = at;
		else
			pane->selected = at;
		return true;
	}
	return false;
}
