/*
 * Damage in debug information that libdwarf does not survive, found before it
 * sees the file.
 */
#ifndef SYMBOLS_DWARF_CHECK_H
#define SYMBOLS_DWARF_CHECK_H

#include <stdbool.h>

#include "symbols/elf.h"

struct die;

/* NULL, or what is damaged, as static text: the file is not to be given to
 * libdwarf then. */
const char *dwarf_check(const struct elf *elf);

/*
 * In dwarf_line_check.c: is the header of the unit's line table whole?  Of
 * DWARF 5 libdwarf (2021) reads one directory more than there are, and makes
 * room for as many directories and files as the header claims.
 */
bool dwarf_check_lines(const struct die *unit);

#endif
