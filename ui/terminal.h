/*
 * The terminal: taken over by curses, given back on every way out, also when
 * we die (base/emergency.h).  One at a time, as curses has it.
 */
#ifndef UI_TERMINAL_H
#define UI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <termios.h>

#include "base/error.h"
#include "ui/curses.h"

struct terminal {
	SCREEN *screen;
	FILE *in, *out; /* owned when headless, else stdin and stdout */
	bool headless;	/* no terminal: a script draws for itself */
	bool has_modes;
	struct termios modes; /* as they were */
	char undo[256];	      /* strings that give the screen back */
	size_t undo_len;
	int stderr_copy; /* the real one while ours goes to noise; -1 */
	int noise;	 /* what was written to stderr meanwhile; -1 */
};

/* script: no terminal is needed; then a screen of $COLUMNS x $LINES, or 80x24,
 * is drawn for nobody. */
int terminal_open(struct terminal *terminal, bool script,
		  struct error *err) MUST_CHECK;
/* Idempotent.  What was written to stderr meanwhile comes out now. */
void terminal_close(struct terminal *terminal);

/* The screen as it was before us, for a while; and back. */
void terminal_leave(struct terminal *terminal);
void terminal_return(struct terminal *terminal);

/* Takes over the size the terminal has now. */
void terminal_resize(struct terminal *terminal);

/* Clicks and the wheel come to us, or stay the terminal's own. */
void terminal_mouse(struct terminal *terminal, bool on);

#endif
