/*
 * What is said to the user: the title line, the line that was run last, what
 * came of it, and how far a long one has come.
 */
#ifndef UI_STATUS_H
#define UI_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "ui/theme.h"

struct ui;

struct status {
	char echo[1024];    /* the command line of the last key */
	char message[1400]; /* "" when there is nothing to say */
	enum theme_role role;
	/* Of the current snapshot, counted once: */
	const void *counted; /* which one */
	char counted_name[32];
	uint64_t used_count, used_bytes;
};

void status_echo(struct ui *ui, const char *line);
void status_say(struct ui *ui, enum theme_role role, const char *fmt, ...)
	PRINTF(3, 4);
void status_clear(struct ui *ui);
/* Sentences about the snapshot just taken. */
void status_snapshot(struct ui *ui);

/* The first line of the screen. */
void status_draw_title(struct ui *ui, int width);
/* Lines that the message wants above the prompt when it does not fit behind
 * the echo; 0 when it does. */
int status_popup_lines(const struct ui *ui, int width);
void status_draw(struct ui *ui, int y, int width);

/* For progress_set(); ctx is the struct ui. */
void status_progress(void *ctx, const char *what, uint64_t done,
		     uint64_t total);

#endif
