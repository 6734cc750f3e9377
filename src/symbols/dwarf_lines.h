/* Source lines of code addresses, from DWARF line tables (libdwarf). */
#ifndef SYMBOLS_DWARF_LINES_H
#define SYMBOLS_DWARF_LINES_H

#include <stdbool.h>
#include <stdint.h>

struct dwarf_lines;

/*
 * fd is borrowed and must stay open.  NULL if the file has no DWARF.  Reads the
 * list of compilation units; their lines when first asked for.
 */
struct dwarf_lines *dwarf_lines_open(int fd);
void dwarf_lines_close(struct dwarf_lines *lines);

/* addr is the file's.  *file is borrowed from lines. */
bool dwarf_lines_find(struct dwarf_lines *lines, uint64_t addr,
		      const char **file, unsigned *line);

#endif
