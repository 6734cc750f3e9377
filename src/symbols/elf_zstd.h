/*
 * Debug sections compressed by zstd (ELFCOMPRESS_ZSTD, gABI of 2022), which
 * many a libdwarf and libelf cannot read; and those by zlib that become so much
 * smaller that libdwarf takes that for damage.
 */
#ifndef SYMBOLS_ELF_ZSTD_H
#define SYMBOLS_ELF_ZSTD_H

#include "symbols/elf.h"

/*
 * *fd: a copy of the file, without a name, in which those sections are
 * uncompressed, the caller's to close; -1 if there is nothing to do.
 * ERR_FORMAT, ERR_NO_MEMORY: they cannot be uncompressed.
 */
int elf_unpack_zstd(const struct elf *elf, int *fd,
		    struct error *err) MUST_CHECK;

#endif
