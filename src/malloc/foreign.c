/*
 * Allocators we cannot walk, recognised by the library that is mapped or by a
 * function that only they have.
 */
#include <stdio.h>
#include <string.h>

#include "malloc/allocator.h"
#include "symbols/elf.h"
#include "symbols/symbols.h"

static const struct {
	const char *name;
	const char *library;	 /* beginning of a module's name, or NULL */
	const char *function[4]; /* that it exports */
	bool instead;		 /* see allocator.h */
} kinds[] = {
	{"jemalloc",
	 "libjemalloc.",
	 {"mallctl", "je_mallctl", "je_malloc"},
	 false},
	{"tcmalloc",
	 "libtcmalloc",
	 {"tc_malloc", "MallocExtension_GetStats",
	  "TCMalloc_Internal_MallocExtension"},
	 false},
	{"mimalloc", "libmimalloc", {"mi_malloc"}, false},
	{"musl", "ld-musl-", {NULL}, false},
	{"snmalloc", "libsnmalloc", {"sn_malloc"}, false},
	{"rpmalloc", "librpmalloc", {"rpmalloc"}, false},
	{"Hoard", "libhoard", {"hoardmalloc"}, false},
	{"Scudo", "libscudo", {"__scudo_print_stats"}, false},
	{"AddressSanitizer", "libasan.", {"__asan_init"}, false},
	/* glibc's own checks: a malloc with arenas of its own, in use when
	 * MALLOC_CHECK_ or glibc.malloc.check asks for it. */
	{"libc_malloc_debug", "libc_malloc_debug.", {NULL}, true},
	{"the Go runtime", NULL, {"runtime.mallocgc"}, false},
};

#define KINDS (sizeof kinds / sizeof *kinds)

static int same_name(void *ctx, const struct elf_symbol *symbol)
{
	return symbol->defined && !strcmp(symbol->name, ctx);
}

/* A program that has the allocator inside need not export it. */
static const char *function_in(const struct module *module, size_t kind,
			       bool is_exe)
{
	struct elf_symbol symbol;

	for (size_t i = 0; i < 4 && kinds[kind].function[i]; i++) {
		const char *name = kinds[kind].function[i];

		if (elf_dynsym(module->elf, name, &symbol))
			return name;
		if (is_exe &&
		    elf_each_symtab(module->elf, same_name, (void *)name))
			return name;
	}
	return NULL;
}

static bool find_kind(struct target *target, struct symbols *symbols,
		      size_t kind, struct foreign_allocator *out)
{
	const char *library = kinds[kind].library;

	out->name = kinds[kind].name;
	out->instead = kinds[kind].instead;
	for (size_t i = 0; i < symbols_module_count(symbols); i++) {
		const struct module *m = symbols_module(symbols, i);
		const char *function;

		if (library && !strncmp(m->name, library, strlen(library))) {
			snprintf(out->evidence, sizeof out->evidence,
				 "%.140s is mapped", m->name);
			return true;
		}
		if (!m->elf)
			continue;
		function = function_in(m, kind, !strcmp(m->path, target->exe));
		if (function) {
			snprintf(out->evidence, sizeof out->evidence,
				 "%.100s has %s", m->name, function);
			return true;
		}
	}
	return false;
}

size_t allocator_foreign(struct target *target, struct symbols *symbols,
			 struct foreign_allocator *out, size_t cap)
{
	size_t count = 0;

	for (size_t i = 0; i < KINDS; i++) {
		struct foreign_allocator found;

		if (!find_kind(target, symbols, i, &found))
			continue;
		if (count < cap)
			out[count] = found;
		count++;
	}
	return count;
}
