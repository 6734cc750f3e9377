/* Source lines of code addresses, from DWARF line tables (libdwarf). */
#ifndef SYMBOLS_DWARF_LINES_H
#define SYMBOLS_DWARF_LINES_H

#include <stdbool.h>
#include <stdint.h>

struct dwarf;
struct dwarf_lines;

/*
 * dwarf is borrowed and must outlive it.  Reads the list of compilation units;
 * their lines when first asked for.  NULL: no memory.
 */
struct dwarf_lines *dwarf_lines_open(struct dwarf *dwarf);
void dwarf_lines_close(struct dwarf_lines *lines);

/* A row of a line table: addresses are the file's. */
struct dwarf_line {
	const char *file; /* borrowed from the lines */
	unsigned line;
	uint64_t start, end;
};
bool dwarf_lines_find(struct dwarf_lines *lines, uint64_t addr,
		      struct dwarf_line *out);
/* The name of file "number" of the unit whose DIE is at that offset, as of
 * DW_AT_call_file; NULL: it has no such file.  Borrowed from lines. */
const char *dwarf_lines_file(struct dwarf_lines *lines, uint64_t unit_die,
			     unsigned number);

#endif
