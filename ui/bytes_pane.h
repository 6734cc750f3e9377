/*
 * The bytes of the selected row: hexadecimal, text, and a name for every word
 * that is a pointer to something.
 */
#ifndef UI_BYTES_PANE_H
#define UI_BYTES_PANE_H

#include "ui/keys.h"

struct ui;

/* Lines it takes on a screen of so many; 0: no room, or switched off. */
int bytes_pane_height(const struct ui *ui, int rows);
void bytes_pane_draw(struct ui *ui, int y, int height, int width);
void bytes_pane_scroll(struct ui *ui, int words);
/* ACTION_UP .. ACTION_LAST, when the keys move here. */
void bytes_pane_move(struct ui *ui, enum action action);

#endif
