/*
 * The screen as a whole: title, tabs, crumbs, table, bytes, prompt, keys.  On a
 * small one the parts that matter least are left out.
 */
#ifndef UI_SCREEN_H
#define UI_SCREEN_H

struct ui;

/* Draws everything and brings it to the terminal. */
void screen_draw(struct ui *ui);

/* The tab at column x of line y, or -1. */
int screen_tab_at(const struct ui *ui, int y, int x);

#endif
