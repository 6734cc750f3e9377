/* What was typed at the prompt, kept from session to session.  For prompt.c. */
#ifndef UI_PROMPT_HISTORY_H
#define UI_PROMPT_HISTORY_H

#include <stdbool.h>

void prompt_history_open(void);
void prompt_history_close(void);
void prompt_history_add(const char *line);
/* While something else than a command is typed there is no history. */
void prompt_history_hide(bool hide);

#endif
