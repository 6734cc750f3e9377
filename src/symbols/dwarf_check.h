/*
 * Damage in debug information that libdwarf does not survive, found before it
 * sees the file.
 */
#ifndef SYMBOLS_DWARF_CHECK_H
#define SYMBOLS_DWARF_CHECK_H

#include "symbols/elf.h"

/* NULL, or what is damaged, as static text: the file is not to be given to
 * libdwarf then. */
const char *dwarf_check(const struct elf *elf);

#endif
