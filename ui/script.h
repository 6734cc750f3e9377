/*
 * Keys and command lines from a file (--script), as a person would press and
 * type them; made for tests.  A line is one of
 *
 *   key NAME ...            keys as the help names them: S, Enter, PgDn, ^L
 *   type TEXT               letters, as they are
 *   command LINE            runs a command line
 *   save-screen FILE        the screen as text, without trailing blanks
 *   resize COLUMNSxROWS     where no terminal says how large the screen is
 *   wait-end                until the target has ended
 *   # ...                   nothing
 */
#ifndef UI_SCRIPT_H
#define UI_SCRIPT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"

struct ui;

int script_open(const char *path, FILE **out, struct error *err) MUST_CHECK;
/* One line; *more is false at the end of the file. */
int script_step(struct ui *ui, FILE *file, bool *more,
		struct error *err) MUST_CHECK;

#endif
