/* Below a table: its totals, and its warnings, which are never left unsaid. */
#ifndef UI_FOOT_H
#define UI_FOOT_H

#include <stdbool.h>

#include "ui/theme.h"
#include "view/view.h"

/* The lines it wants at this width. */
int foot_lines(const struct view *view, bool exact, int width);
/* Into lines lines from y: the last says how many did not fit. */
void foot_draw(const struct view *view, const struct theme *theme, bool exact,
	       int y, int lines, int width);

#endif
