/*
 * An ELF file as libdwarf sees it: through our own reading of its sections, so
 * that they are mapped or unpacked once for both of us (elf_bytes.h).  The
 * lists that dwarf_lists.h reads it does not see at all.
 */
#ifndef SYMBOLS_DWARF_OBJECT_H
#define SYMBOLS_DWARF_OBJECT_H

#include <libdwarf.h>

struct dwarf;
struct dwarf_object;
struct elf;

/* elf is borrowed; d gets notes of sections that cannot be read.  -1: it has no
 * debug information that libdwarf takes. */
int dwarf_object_open(struct dwarf *d, const struct elf *elf,
		      struct dwarf_object **out, Dwarf_Debug *dbg);
void dwarf_object_close(struct dwarf_object *object, Dwarf_Debug dbg);

#endif
