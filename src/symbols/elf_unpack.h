/* A compressed section's bytes, unpacked: see elf_bytes.h. */
#ifndef SYMBOLS_ELF_UNPACK_H
#define SYMBOLS_ELF_UNPACK_H

#include "base/file_map.h"

enum elf_packing { ELF_PLAIN, ELF_ZLIB, ELF_ZSTD, ELF_UNKNOWN_PACKING };

/* All zero is nothing. */
struct elf_unpacked {
	const void *data;
	size_t size;
	/* Inside: one of both. */
	void *memory;
	struct file_map map;
};

/*
 * name: of the section, for the progress.  size: what its header says; another
 * is damage (ERR_FORMAT).  out must stay where it is.
 */
int elf_unpack(enum elf_packing packing, const char *name, const void *packed,
	       size_t packed_size, uint64_t size, struct elf_unpacked *out,
	       struct error *err) MUST_CHECK;
void elf_unpacked_free(struct elf_unpacked *unpacked);

#endif
