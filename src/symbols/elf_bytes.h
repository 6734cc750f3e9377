/*
 * The bytes of a file's sections: mapped as they are, so that they take no
 * memory of our own; those that are compressed (by zlib in either of its two
 * forms, or by zstd) are unpacked when they are first asked for.  Of these
 * ELF_UNPACKED_IN_MEMORY bytes are kept in memory, over all files; the rest
 * goes to temporary files without a name (base/file_map.h), so that the kernel
 * need not keep it in memory, either.
 */
#ifndef SYMBOLS_ELF_BYTES_H
#define SYMBOLS_ELF_BYTES_H

#include "symbols/elf.h"

enum { ELF_UNPACKED_IN_MEMORY = 64 << 20 };

struct elf_section {
	const char *name; /* borrowed; ".debug_info" also of .zdebug_info */
	uint64_t size;	  /* bytes, unpacked; 0 of what has none in the file */
	uint64_t addr, offset, flags, align, entry;
	unsigned type, link, info; /* SHT_* */
};

/* With the empty one at 0; an image of memory has none. */
size_t elf_section_count(const struct elf *elf);
bool elf_section_at(const struct elf *elf, size_t index,
		    struct elf_section *out);
/*
 * Its bytes, borrowed from elf.  ERR_FORMAT: they are damaged; ERR_SYSTEM,
 * ERR_NO_MEMORY: there is no room to unpack them; ERR_INTERRUPTED, and the next
 * call begins again.
 */
int elf_section_load(const struct elf *elf, size_t index, const void **data,
		     size_t *size, struct error *err) MUST_CHECK;
/* The number of the first one of that name; 0: there is none. */
size_t elf_section_find(const struct elf *elf, const char *name);
/* The file was cut short since its sections were mapped. */
bool elf_was_cut(const struct elf *elf);

#endif
