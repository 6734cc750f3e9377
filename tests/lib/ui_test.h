/*
 * Screens without a terminal: curses draws for nobody, and what it drew is read
 * back as text.
 */
#ifndef TESTS_LIB_UI_TEST_H
#define TESTS_LIB_UI_TEST_H

#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "ui/theme.h"

#undef OK /* curses' 0; in tests it is what must succeed */
#include "tests/lib/hs_test.h"

static struct theme ui_theme;

/* locale: "C.UTF-8" or "C". */
static inline void ui_open(const char *locale, int rows, int columns)
{
	FILE *nowhere = fopen("/dev/null", "r+");

	ck_assert_ptr_nonnull(setlocale(LC_CTYPE, locale));
	ck_assert_ptr_nonnull(newterm("xterm-256color", nowhere, nowhere));
	resizeterm(rows, columns);
	theme_init(&ui_theme, false);
}

/* A line of the screen without trailing blanks; valid until the next call. */
static inline const char *ui_line(int y)
{
	static char text[4000];
	int len = mvinnstr(y, 0, text, sizeof(text) - 1);

	while (len > 0 && text[len - 1] == ' ')
		len--;
	text[len < 0 ? 0 : len] = '\0';
	return text;
}

#define UI_SEES(y, wanted)                                                     \
	ck_assert_msg(strstr(ui_line(y), wanted), "line %d is \"%s\"", (y),    \
		      ui_line(y))
#define UI_IS(y, wanted) ck_assert_str_eq(ui_line(y), wanted)

#endif
