/* Between symbols.c and symbols_name.c: a module's table by its index. */
#ifndef SYMBOLS_SYMBOLS_NAME_H
#define SYMBOLS_SYMBOLS_NAME_H

#include "symbols/symbols.h"
#include "symbols/symtab.h"

struct symtab *symbols_table(struct symbols *symbols, size_t i);
void symbols_fill(const struct symbols *symbols, size_t i, struct sym *sym,
		  struct symbol *out);

#endif
