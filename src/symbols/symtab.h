/*
 * The symbols of one file, by address and by name: .dynsym, .symtab and those
 * of the files with more of them (the separate debug file, .gnu_debugdata) in
 * one sorted table.  Names are borrowed from
 * the struct elf they came from.  Addresses are the file's.
 */
#ifndef SYMBOLS_SYMTAB_H
#define SYMBOLS_SYMTAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "symbols/elf.h"

struct sym {
	uint64_t addr, size; /* size 0: unknown */
	const char *raw;     /* borrowed */
	char *name;	 /* owned; NULL: not demangled yet, or not mangled */
	uint32_t parent; /* the sized symbol around it, SYM_NONE if none */
	uint8_t rank;	 /* of those at one address the highest is shown */
	bool is_object;
	bool is_plain; /* looked at, and not mangled */
};

enum { SYM_NONE = UINT32_MAX };

struct symtab {
	struct sym *sym; /* owned, sorted by address */
	size_t count, cap;
};

/* more may be NULL.  Both must outlive the table. */
int symtab_build(struct symtab *tab, const struct elf *elf,
		 const struct elf *more, struct error *err) MUST_CHECK;
void symtab_deinit(struct symtab *tab);

/*
 * The innermost symbol that covers addr.  One of size 0 reaches up to the next
 * symbol, but not past limit (the end of its segment).
 */
struct sym *symtab_at(const struct symtab *tab, uint64_t addr, uint64_t limit);
/* By raw name, or by demangled name with or without its parameters. */
struct sym *symtab_find(const struct symtab *tab, const char *name,
			bool demangled);
/* Demangled; never NULL. */
const char *sym_name(struct sym *sym);

#endif
