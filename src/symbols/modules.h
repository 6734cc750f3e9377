/*
 * The mapped ELF files of a target, found in its memory maps: a mapping of
 * offset 0 that starts with an ELF header, whose segments then lie where the
 * program headers say.
 */
#ifndef SYMBOLS_MODULES_H
#define SYMBOLS_MODULES_H

#include "symbols/dwarf.h"
#include "symbols/dwarf_lines.h"
#include "symbols/symbols.h"
#include "symbols/symtab.h"

/* A module and what was loaded of it; its address is stable. */
struct entry {
	struct module m; /* first: a module is an entry */
	uint64_t header; /* where its first mapping starts */
	uint64_t inode;
	uint32_t dev_major, dev_minor;
	struct elf *debug; /* owned, or NULL */
	struct elf *mini;  /* owned: .gnu_debugdata; or NULL */
	bool mini_tried;
	bool debug_tried;
	bool fetch_tried;  /* from debuginfod's servers */
	struct symtab tab; /* owned */
	bool tab_tried;
	struct symtab before; /* owned: tab as it was before a fetch */
	struct symtab own; /* owned: without the debug file, if there is one */
	bool own_tried;
	struct dwarf *dwarf; /* owned, or NULL */
	bool dwarf_tried;
	struct dwarf_lines *lines; /* owned, or NULL */
	bool lines_tried;
};

struct modules {
	struct entry **entry; /* owned, each too; sorted by start */
	size_t count, cap;
};

/*
 * Lists the modules anew.  Entries of "modules" that are still mapped are
 * kept, the others freed.
 */
int modules_scan(struct modules *modules, struct target *target,
		 const char *sysroot, struct error *err) MUST_CHECK;
/* link_maps.c: sets ns and order of all modules, and adds those that only the
 * linker knows of. */
int link_maps_note(struct modules *modules, struct target *target,
		   struct error *err) MUST_CHECK;
/*
 * The linker has loaded what lies at addr, but no module is known there: if
 * that is a file which begins with no ELF header, it was written into, and is
 * listed so.
 */
int modules_add_listed(struct modules *modules, struct target *target,
		       uint64_t addr, struct error *err) MUST_CHECK;
void modules_deinit(struct modules *modules);
/* NULL if addr is in none. */
struct entry *modules_at(const struct modules *modules, uint64_t addr);

#endif
