/* What happens without a key.  For app.c and script.c. */
#ifndef UI_APP_EVENTS_H
#define UI_APP_EVENTS_H

struct ui;

/* The target's end is said, once. */
void app_notice_end(struct ui *ui);

#endif
