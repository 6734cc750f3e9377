/*
 * Command lines: run, and what they answer brought to the screen.  Lines that
 * are about the screen alone (filter, sort, tab, back, bytes, keys) are known
 * here, all others are the command language's.
 */
#ifndef UI_RUN_H
#define UI_RUN_H

struct ui;

/* Echoes the line and does what it says; failures are said on the screen. */
void run_line(struct ui *ui, const char *line);
/* The same for what lies behind a row: it stays in the tab that is looked at,
 * though the line may fill another. */
void run_row(struct ui *ui, const char *line);
/* The current tab's last step gets its view, if it has none. */
void run_refresh(struct ui *ui);
void run_tab(struct ui *ui, int tab);

/* Around work that may be long: ^C reaches it, progress is shown. */
void run_work_begin(struct ui *ui);
void run_work_end(struct ui *ui);

/* What keys and screen lines have in common. */
void run_back(struct ui *ui);
void run_sort(struct ui *ui, const char *key, int descending); /* -1: as fits */
void run_sort_next(struct ui *ui);
void run_filter(struct ui *ui, const char *text);

#endif
