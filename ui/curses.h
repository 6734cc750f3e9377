/*
 * The one way to curses.  Its macros would rewrite every member named clear or
 * move, so they are off: the functions of the same names do.
 */
#ifndef UI_CURSES_H
#define UI_CURSES_H

#define NCURSES_NOMACROS 1
#ifndef NCURSES_WIDECHAR
#define NCURSES_WIDECHAR 1
#endif

#include <wchar.h>

#include <curses.h>

#endif
