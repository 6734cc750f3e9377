/*
 * One ELF file (or the memory image of one), read through libelf: segments,
 * the initial bytes of its memory, relocations and dynamic symbols.  Needs no
 * section headers: a stripped file serves as well.
 *
 * Addresses here are the file's own (p_vaddr); a module adds its bias.
 */
#ifndef SYMBOLS_ELF_H
#define SYMBOLS_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct elf;

struct elf_segment {
	uint32_t type, flags;			      /* PT_*, PF_* */
	uint64_t vaddr, offset, filesz, memsz, align; /* bytes */
};

/* How a relocation matters to us, whatever the machine. */
enum elf_reloc_kind {
	ELF_RELOC_RELATIVE, /* the word becomes bias + addend */
	ELF_RELOC_TPOFF,    /* the word becomes a thread-pointer offset */
	ELF_RELOC_OTHER
};

struct elf_reloc {
	enum elf_reloc_kind kind;
	uint64_t offset; /* where, file address */
	int64_t addend;	 /* in-place addends already fetched */
	/* TPOFF: the offset is downwards, and so is the addend (i386). */
	bool down;
	/* In memory that was relocated, this addend is what it became. */
	bool relocated;
	uint32_t symbol; /* dynamic symbol index, 0 for none */
};

struct elf_symbol {
	const char *name; /* borrowed from the struct elf, mangled */
	uint64_t value, size;
	unsigned char type, bind; /* STT_*, STB_* */
	bool defined;
	bool absolute; /* SHN_ABS: a number, not an address */
	bool hidden;   /* a version that is not the default one */
};

/* Takes over fd (closed by elf_close, also when elf_open fails). */
int elf_open(int fd, struct elf **out, struct error *err) MUST_CHECK;
/*
 * The memory of a loaded file: image[0] is what lies at file address vaddr +
 * bias in the process.  Takes over image (malloc), also when it fails.  Its
 * bytes are those of now: relocated, and with data as the program left it.
 */
int elf_open_memory(void *image, size_t size, uint64_t vaddr, uint64_t bias,
		    struct elf **out, struct error *err) MUST_CHECK;
void elf_close(struct elf *elf);

/* Opened by elf_open_memory: initial data is not to be had from it. */
bool elf_is_memory(const struct elf *elf);
/* Borrowed: for another library to read the same file; -1 for memory. */
int elf_fd(const struct elf *elf);

unsigned elf_machine(const struct elf *elf); /* EM_* */
unsigned elf_word(const struct elf *elf);    /* 8 or 4 */
bool elf_is_pic(const struct elf *elf);	     /* ET_DYN */
bool elf_is_static(const struct elf *elf);   /* no PT_INTERP, no DT_NEEDED */
uint64_t elf_entry(const struct elf *elf);   /* file address */
uint64_t elf_got(const struct elf *elf);     /* DT_PLTGOT, file address; or 0 */
const char *elf_soname(const struct elf *elf); /* "" if none */
/* Lower-case hex; "" if the file has none. */
const char *elf_build_id(const struct elf *elf);
const char *elf_debuglink(const struct elf *elf, uint32_t *crc); /* or NULL */

/* .gnu_debugaltlink: the file that dwz made, and its build-id in lower-case
 * hex; both the caller's, NULL if there is none. */
void elf_alt_link(const struct elf *elf, char **path, char **id);

size_t elf_segments(const struct elf *elf, const struct elf_segment **out);
/*
 * ".bss", ".data": the section that a file address lies in, by the section
 * headers; without them ".bss" past the file's content; else NULL.
 */
const char *elf_section_name(const struct elf *elf, uint64_t vaddr);
/*
 * The bytes of the first section of that name, unpacked, borrowed from elf (see
 * elf_bytes.h).  False: there is none, it is empty or cannot be unpacked, or
 * elf is an image of memory, where the section headers are not.
 */
bool elf_section(const struct elf *elf, const char *name, const void **data,
		 size_t *size);
/* Initial bytes of memory at vaddr: file content, zeros past filesz. */
int elf_read(const struct elf *elf, uint64_t vaddr, void *buf, size_t len,
	     struct error *err) MUST_CHECK;

typedef int elf_reloc_fn(void *ctx, const struct elf_reloc *reloc);
/* DT_RELA, DT_REL, DT_RELR and DT_JMPREL; stops when fn returns non-zero and
 * returns that. */
int elf_each_reloc(const struct elf *elf, elf_reloc_fn *fn, void *ctx);

typedef int elf_symbol_fn(void *ctx, const struct elf_symbol *symbol);
/* .dynsym by way of the dynamic segment. */
int elf_each_dynsym(const struct elf *elf, elf_symbol_fn *fn, void *ctx);
/* .symtab, if the file has one. */
int elf_each_symtab(const struct elf *elf, elf_symbol_fn *fn, void *ctx);
/* A defined dynamic symbol (default version first). */
bool elf_dynsym(const struct elf *elf, const char *name,
		struct elf_symbol *out);

#endif
