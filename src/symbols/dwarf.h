/*
 * The debug information (DWARF 2 to 5) of one module, through libdwarf. Opening
 * reads no unit: the list of units, the index of names and the types are made
 * when they are first asked for, and kept until dwarf_close().
 *
 * Split units (.dwo, .dwp) and the file that dwz shares among programs
 * (.gnu_debugaltlink) are opened when a unit asks for them; what was not found
 * is said by dwarf_note().
 */
#ifndef SYMBOLS_DWARF_H
#define SYMBOLS_DWARF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "symbols/elf.h"

struct dwarf;

struct dwarf_from {
	const struct elf *elf; /* borrowed: must stay open */
	const char *path;   /* of the file; .dwo and .dwp files lie beside it */
	const char *module; /* path of the module's, as the target sees it */
	/* Of the module: for the directories of its split units. */
	const char *const *roots; /* "" or "/proc/7/root"; NULL-terminated */
	const char *debug_dir;
	unsigned word; /* bytes of an address */
};

/* NULL if the file has no DWARF (a symbol table is none).  No section is read
 * by this: that it cannot be dwarf_note() says later. */
struct dwarf *dwarf_open(const struct dwarf_from *from);
void dwarf_close(struct dwarf *dwarf);

/* What is missing of it and why ("/src/a.dwo is not there"), or "". */
const char *dwarf_note(struct dwarf *dwarf);

#endif
