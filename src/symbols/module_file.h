/* The ELF file behind a module: on disk, else out of the target's memory. */
#ifndef SYMBOLS_MODULE_FILE_H
#define SYMBOLS_MODULE_FILE_H

#include "symbols/elf.h"
#include "target/target.h"

/*
 * "map" is the file's mapping of offset 0.  NULL if there is no way to its
 * contents; *why (owned by the caller) then says the reason, and also when the
 * file could not be opened but its image could be read.  *overwritten: it is
 * the very file, but somebody wrote into it after it had been loaded.
 */
struct elf *module_file_open(struct target *target, const struct map *map,
			     const char *sysroot, bool *overwritten,
			     char **why);

#endif
