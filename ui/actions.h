/* What a key, a typed byte or the mouse does. */
#ifndef UI_ACTIONS_H
#define UI_ACTIONS_H

struct ui;

/* A code of curses while no line is typed. */
void action_key(struct ui *ui, int code);
/* A byte while one is; -1: reads it from the terminal. */
void action_typed(struct ui *ui, int byte);
/* ^C while nothing runs. */
void action_interrupt(struct ui *ui);

#endif
