/*
 * The prompt: readline without a terminal of its own.  It is fed, says what is
 * typed, and is drawn where it is wanted.  There is one, since readline has
 * one.
 */
#ifndef UI_PROMPT_H
#define UI_PROMPT_H

#include <stdbool.h>

#include "ui/theme.h"

struct session;

enum prompt_kind { PROMPT_COMMAND, PROMPT_FILTER };
enum prompt_state { PROMPT_OFF, PROMPT_TYPING, PROMPT_DONE, PROMPT_GIVEN_UP };

/*
 * Reads the history from $HEAPSCOPE_HISTORY ("none": no file), else from
 * $XDG_STATE_HOME or ~/.local/state, heapscope/history.
 */
void prompt_open(struct session *session);
/* Adds what was typed to the file. */
void prompt_close(void);

void prompt_start(enum prompt_kind kind, const char *text);
/* One byte as typed; or (prompt_read) one from the terminal. */
enum prompt_state prompt_feed(int byte);
enum prompt_state prompt_read(void);
void prompt_cancel(void);

const char *prompt_text(void);	  /* borrowed: what is typed so far */
const char *prompt_matches(void); /* "": TAB has listed nothing */
/* Into one line; leaves the cursor there. */
void prompt_draw(const struct theme *theme, int y, int width);

#endif
