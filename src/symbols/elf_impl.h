/*
 * What the elf*.c files share.  Nobody else includes it.
 *
 * Every offset and count in the file is somebody else's word: elf_chunk() and
 * elf_read() are the only ways to its bytes, and both check.
 */
#ifndef SYMBOLS_ELF_IMPL_H
#define SYMBOLS_ELF_IMPL_H

#include <gelf.h>

#include "base/file_map.h"
#include "symbols/elf.h"
#include "symbols/elf_unpack.h"

/* The dynamic segment, as far as we use it; addresses are the file's. */
struct elf_dynamic {
	uint64_t symtab, strtab, strsz;
	uint64_t hash, gnu_hash, versym;
	uint64_t rela, relasz, rel, relsz, relr, relrsz;
	uint64_t jmprel, pltrelsz, pltrel, pltgot;
	uint64_t soname; /* offset in strtab, plus 1; 0: none */
	bool needed;	 /* at least one DT_NEEDED */
	bool present;
};

/* Symbols and their names, as libelf keeps them until elf_end. */
struct elf_table {
	bool tried;
	Elf_Data *syms, *strs, *versions;
	size_t count;
};

/* A section's, mapped or unpacked: see elf_bytes.h. */
struct elf_bytes {
	bool loaded;
	char *why;  /* owned: it cannot be; NULL: it can, as far as we know */
	char *name; /* owned: ".debug_info" of .zdebug_info; or NULL */
	struct file_map map;
	struct elf_unpacked unpacked;
};

struct elf_lazy {
	struct elf_bytes *bytes; /* owned, by number; NULL: not asked yet */
	size_t sections;
	bool debuglink_tried;
	char *debuglink; /* owned, or NULL */
	uint32_t debuglink_crc;
	struct elf_table dynsym, symtab;
};

struct elf {
	Elf *handle; /* owned */
	int fd;	     /* owned, -1 for memory */
	char *image; /* owned, NULL for a file */
	uint64_t size;
	uint64_t base; /* memory: file address of image[0] */
	uint64_t bias; /* memory: what relocation added */
	unsigned machine, type, word;
	uint64_t entry;
	struct elf_segment *segment; /* owned */
	size_t segments;
	bool has_interp;
	struct elf_dynamic dynamic;
	char *soname;	       /* owned */
	char *build_id;	       /* owned */
	struct elf_lazy *lazy; /* owned; filled in behind a const struct elf */
};

/* File offset of len bytes at vaddr, all of them file content. */
bool elf_offset(const struct elf *elf, uint64_t vaddr, uint64_t len,
		uint64_t *out);
/* How many bytes of file content follow at vaddr in its segment. */
uint64_t elf_content(const struct elf *elf, uint64_t vaddr);
/* len bytes at vaddr, decoded as type; NULL if not in the file. */
Elf_Data *elf_chunk(const struct elf *elf, uint64_t vaddr, uint64_t len,
		    Elf_Type type);
/* The string at off in a string table, or NULL if it does not end in it. */
const char *elf_string(const Elf_Data *strs, uint64_t off);

void elf_free_bytes(struct elf_lazy *lazy);
void elf_load_dynamic(struct elf *elf);
void elf_load_notes(struct elf *elf);

/* Calls fn for each symbol of a table. */
int elf_each_in(const struct elf *elf, const struct elf_table *table,
		elf_symbol_fn *fn, void *ctx);

#endif
