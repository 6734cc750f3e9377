/* The modules of a snapshot: where ELF files lie, and their parts. */
#ifndef SNAPSHOT_MODULES_H
#define SNAPSHOT_MODULES_H

#include "snapshot/snapshot.h"

struct module;

/* Fills snap->module and tls_size from symbols; none without (NULL). */
int modules_take(struct snapshot *snap, struct symbols *symbols,
		 struct error *err) MUST_CHECK;

/* The module that addr is in, borrowed; NULL: none. */
const struct snapshot_module *modules_find(const struct snapshot *snap,
					   uint64_t addr);

/*
 * The pages that the dynamic linker protects when it has relocated the module
 * (glibc's elf/dl-reloc.c, _dl_protect_relro: whole pages only); 0, 0: none.
 */
void modules_relro(const struct module *module, uint64_t *start, uint64_t *end);

#endif
