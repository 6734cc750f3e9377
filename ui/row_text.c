#include "ui/row_text.h"

#include <stdio.h>

#include "base/alloc.h"
#include "ui/draw.h"

enum { TEXT_MAX = 64 << 10, ROOM_MAX = 1024, MARGIN = 2 };

/* A sentence; or, where no bytes want that room, what is cut. */
static int column_of(const struct step *step)
{
	const struct view_ops *ops = step->view->ops;

	for (uint32_t c = 0; c < ops->column_count; c++)
		if (ops->column[c].wrap)
			return (int)c;
	return ops->bytes || ops->section >= 0 ? -1 : step->pane.cut;
}

bool row_text_is_there(const struct step *step)
{
	return step && step->view && column_of(step) >= 0;
}

bool row_text_is_all(const struct step *step)
{
	return row_text_is_there(step) && step->pane.text &&
	       step->view->shown == 1;
}

int row_text_draw(const struct ui *ui, int y, int height, int width)
{
	const struct step *step = ui_step(ui);
	AUTO_FREE char *text = NULL;
	char line[ROOM_MAX];
	struct value value = value_none();
	int lines = 0, room = width - 2 * MARGIN;
	size_t next;
	int64_t row;

	if (!row_text_is_there(step) || room < 1)
		return 0;
	row = pane_row(&step->pane);
	if (row < 0)
		return 0;
	text = xmalloc(TEXT_MAX);
	step->view->ops->column[column_of(step)].cell(step->view, (uint32_t)row,
						      &value);
	view_format(&value, false, text, TEXT_MAX);
	for (const char *s = text; *s && lines < height; s += next, lines++) {
		size_t len = draw_wrap(s, room, &next);
		bool last = lines + 1 == height && s[next];

		snprintf(line, sizeof(line), "%.*s%s", (int)len, s,
			 last ? ui->theme.ellipsis : "");
		draw_in(&ui->theme, THEME_TEXT, y + lines, MARGIN, room, line);
	}
	return lines;
}
