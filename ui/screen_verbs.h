/* Command lines about the screen alone.  For run.c. */
#ifndef UI_SCREEN_VERBS_H
#define UI_SCREEN_VERBS_H

#include <stdbool.h>

struct ui;

/* False if the line is none of them. */
bool screen_verb_run(struct ui *ui, const char *line);

#endif
