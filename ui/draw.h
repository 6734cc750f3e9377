/*
 * Text on the standard screen, measured in columns: nothing here writes beyond
 * the width it is given, splits a character, or sends a control character.
 */
#ifndef UI_DRAW_H
#define UI_DRAW_H

#include <stddef.h>

#include "ui/theme.h"

/* Columns that UTF-8 text takes. */
int draw_width(const char *text);

/* At most width columns from (y, x); longer text ends in the ellipsis.
 * Returns the columns used. */
int draw_text(const struct theme *theme, int y, int x, int width,
	      const char *text);
/* The same in a role's attributes. */
int draw_in(const struct theme *theme, enum theme_role role, int y, int x,
	    int width, const char *text);
/* At the right end of the width columns. */
void draw_right(const struct theme *theme, int y, int x, int width,
		const char *text);
/* width times the glyph. */
void draw_fill(int y, int x, int width, const char *glyph);

/*
 * Where the next line ends when text is broken at blanks into lines of width
 * columns: the bytes to show, *next the bytes to skip to what follows.  A
 * newline ends a line; a word that is too long is broken.
 */
size_t draw_wrap(const char *text, int width, size_t *next);

#endif
