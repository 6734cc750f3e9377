/* Between symbols.c, symbols_name.c and symbols_types.c: what a module has, by
 * its index. */
#ifndef SYMBOLS_SYMBOLS_NAME_H
#define SYMBOLS_SYMBOLS_NAME_H

#include "symbols/symbols.h"
#include "symbols/symtab.h"

struct dwarf;
struct strbuf;
struct u64map;
struct call_graph;
struct dwarf_lines;
struct type_set;

struct symtab *symbols_table(struct symbols *symbols, size_t i);
void symbols_fill(const struct symbols *symbols, size_t i, struct sym *sym,
		  struct symbol *out);

/* The module that is i-th in the order of search: the program, then as they
 * lie. */
size_t symbols_nth(struct symbols *symbols, size_t i);
/* Its debug information, opened now; NULL: there is none. */
struct dwarf *symbols_dwarf(struct symbols *symbols, size_t i);
/* The same of a module, and its lines; each may be NULL. */
struct dwarf *symbols_module_dwarf(struct symbols *symbols,
				   const struct module *module,
				   struct dwarf_lines **lines);
/* Its debug information, if it has any units, else NULL. */
struct dwarf *symbols_types_of(struct symbols *symbols,
			       const struct module *module);
/* For symbols_types_note(). */
struct strbuf *symbols_note(struct symbols *symbols);
/* For symbols_inlined(). */
struct u64map *symbols_inlined_map(struct symbols *symbols);
/* For symbols_calls.c: what it keeps, call_graph_destroy() it. */
struct call_graph **symbols_call_graph(struct symbols *symbols);
void call_graph_destroy(struct call_graph *graph);
/* C's own types. */
struct type_set *symbols_builtin(struct symbols *symbols);

#endif
