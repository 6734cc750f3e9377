/*
 * How things look: an attribute for each role, and the glyphs for lines and
 * marks, in UTF-8 or ASCII.  Colour only adds to what a glyph, a word or
 * reverse video says already.
 */
#ifndef UI_THEME_H
#define UI_THEME_H

#include <stdbool.h>

#include "ui/curses.h"

enum theme_role {
	THEME_TEXT,
	THEME_TITLE,	/* the first line */
	THEME_RUNNING,	/* in it: the target runs */
	THEME_ENDED,	/* in it: the target has ended */
	THEME_TAB,	/* a tab's name */
	THEME_TAB_HERE, /* the current one's */
	THEME_CRUMB,
	THEME_HEADING, /* column titles */
	THEME_SECTION,
	THEME_SELECTED,
	THEME_DIM, /* zeros, rules, notes */
	THEME_ADDR,
	THEME_MORE, /* growth */
	THEME_LESS,
	THEME_ERROR,
	THEME_WARNING,
	THEME_KEY, /* in the key line */
	THEME_BAR,
	THEME_PROMPT,
	THEME_COUNT
};

struct theme {
	attr_t attr[THEME_COUNT];
	bool color, utf8;
	const char *rule, *ellipsis, *up, *down, *crumb, *arrow, *bar, *mark,
		*more, *dot, *separator;
};

/* After newterm() and setlocale(). */
void theme_init(struct theme *theme, bool color);

#endif
