/*
 * What the selected row says in a column that a line of the table has no room
 * for (struct column's wrap; a name that is cut): in full, in the lower pane.
 */
#ifndef UI_ROW_TEXT_H
#define UI_ROW_TEXT_H

#include "ui/ui.h"

/* Does the view of this step have such a column? */
bool row_text_is_there(const struct step *step);
/* Is that row all that there is (print)?  Then it may have the room. */
bool row_text_is_all(const struct step *step);
/* At most height lines from y on; returns how many it took. */
int row_text_draw(const struct ui *ui, int y, int height, int width);

#endif
