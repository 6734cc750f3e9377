/*
 * Names for addresses and addresses for names, over all modules (mapped ELF
 * files) of a target.  Everything is loaded when first asked for: .dynsym,
 * .symtab, separate debug files (build-id, debuglink), DWARF lines, vtables.
 */
#ifndef SYMBOLS_SYMBOLS_H
#define SYMBOLS_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "symbols/elf.h"
#include "target/target.h"

struct symbols;

struct symbols_opts {
	const char *debug_dir; /* instead of /usr/lib/debug; NULL: default */
	const char *sysroot;   /* prefix for module and debug paths, or NULL */
	bool debuginfod;       /* see symbols_use_debuginfod() */
};

struct module {
	const char *path;    /* as the target's maps say */
	const char *name;    /* last part of the path */
	uint64_t start, end; /* lowest and highest mapped address */
	uint64_t bias;	     /* runtime address minus file address */
	/* Owned by symbols; NULL: see why.  Of a file that could not be opened
	 * it is an image of the target's memory (elf_is_memory). */
	struct elf *elf;
	const char *why;	/* why the file could not be read, or "" */
	const char *debug_path; /* separate debug file in use, or "" */
	const char
		*debug_note; /* "debug file ... is of another build", or "" */
	bool deleted;
	/* Link-map namespace, 0 the program's, and the place in its order of
	 * search; -1 where the dynamic linker does not list it (or not yet). */
	int ns, order;
	/* Somebody wrote into the file after it had been loaded: the process
	 * goes on in other code than it came from. */
	bool overwritten;
};

struct symbol {
	const char *name;    /* demangled; borrowed from symbols */
	const char *raw;     /* as in the table */
	uint64_t addr, size; /* runtime address; 0 size when unknown */
	uint64_t offset;     /* of the address asked for, in bytes */
	const struct module *module;
	bool is_object; /* data (STT_OBJECT), else code or a mark */
	bool is_code;	/* the address asked for can be executed */
};

struct line {
	const char *file; /* borrowed from symbols */
	unsigned line;
	uint64_t start, end; /* of the code, [start, end) */
};

/* target is borrowed and must outlive the struct or the next rebind. */
int symbols_open(struct target *target, const struct symbols_opts *opts,
		 struct symbols **out, struct error *err) MUST_CHECK;
void symbols_close(struct symbols *symbols);
/* The target's maps changed (dlopen, dlclose): modules are listed anew; those
 * that stayed keep what was loaded. */
int symbols_refresh(struct symbols *symbols, struct error *err) MUST_CHECK;

size_t symbols_module_count(const struct symbols *symbols);
const struct module *symbols_module(const struct symbols *symbols, size_t i);
const struct module *symbols_module_at(const struct symbols *symbols,
				       uint64_t addr);
/* The program itself rather than a library; NULL if it is not mapped. */
const struct module *symbols_exe(const struct symbols *symbols);
/* Looks for the debug file now, so that debug_path and debug_note are final. */
void symbols_load(struct symbols *symbols, const struct module *module);
/* The same for all modules, and cheaper: no table is read. */
void symbols_find_debug_files(struct symbols *symbols);
/*
 * From now on debug information that is not here is sought on the servers of
 * DEBUGINFOD_URLS, module by module, when one's lines, variables, types or
 * the name of an address of it are asked for; what they have not is said by
 * debug_note.
 */
void symbols_use_debuginfod(struct symbols *symbols, bool on);

/* What of the i-th module's debug information was sought until now and not
 * found: "/src/a.dwo is not there"; or "". */
const char *symbols_missing(const struct symbols *symbols, size_t i);

/*
 * The symbol that covers addr (size 0: up to the next one, in its section).
 * False if no module or no symbol covers it; then out->module may still be set
 * and out->offset is the offset from the module's start.
 */
bool symbols_at(struct symbols *symbols, uint64_t addr, struct symbol *out);
/* ".bss", ".data": see elf_section_name(); NULL if that is not known. */
const char *symbols_section(struct symbols *symbols, uint64_t addr);
/*
 * "name", "name+0x10", "module:name"; a C++ name with or without parameters.
 * Several: the exe's first.  What was meant is out->addr + out->offset.
 */
int symbols_find(struct symbols *symbols, const char *name, struct symbol *out,
		 struct error *err) MUST_CHECK;
/* Symbols whose name starts with prefix, for completion: at most cap. */
size_t symbols_complete(struct symbols *symbols, const char *prefix,
			const char **out, size_t cap);
/* Source line of a code address, from DWARF. */
bool symbols_line(struct symbols *symbols, uint64_t addr, struct line *out);

/*
 * "name+0x10" of a code or data address, "libfoo.so+0x1234" when only the
 * module is known; false when neither is.  vtable symbols read "vtable for
 * Foo".
 */
bool symbols_format(struct symbols *symbols, uint64_t addr, char *buf,
		    size_t cap);
/* The same by what the mapped file alone says: debug files change nothing. */
bool symbols_format_own(struct symbols *symbols, uint64_t addr, char *buf,
			size_t cap);

#endif
