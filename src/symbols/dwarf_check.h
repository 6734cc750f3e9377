/* Damage in debug information, found before it is believed. */
#ifndef SYMBOLS_DWARF_CHECK_H
#define SYMBOLS_DWARF_CHECK_H

#include <stdbool.h>
#include <stddef.h>

struct die;

/* Do the tables of .debug_rnglists or .debug_loclists follow one another to the
 * end of the section? */
bool dwarf_check_lists(const void *data, size_t size);

/*
 * In dwarf_line_check.c: is the header of the unit's line table whole?  Of
 * DWARF 5 libdwarf (2021) reads one directory more than there are, and makes
 * room for as many directories and files as the header claims.
 */
bool dwarf_check_lines(const struct die *unit);

#endif
