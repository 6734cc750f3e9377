/*
 * Types and variables over all modules of a target: see dwarf_types.h and
 * dwarf_vars.h.  The first call that needs an index of a module makes it, with
 * progress (base/progress.h) and ended by ^C (ERR_INTERRUPTED); it is kept.
 */
#ifndef SYMBOLS_SYMBOLS_TYPES_H
#define SYMBOLS_SYMBOLS_TYPES_H

#include "symbols/dwarf_types.h"
#include "symbols/dwarf_vars.h"
#include "symbols/symbols.h"

/*
 * Is there debug information for that module?  False: why (owned by symbols, or
 * static) says what to do about it.
 */
bool symbols_has_types(struct symbols *symbols, const struct module *module,
		       const char **why);

/*
 * What debug information is missing and why, over all modules that were asked
 * so far ("libfoo.so: a.dwo is not there"), or "".  Borrowed until the next
 * call.
 */
const char *symbols_types_note(struct symbols *symbols);

/*
 * "struct conn", "union u", "enum e", a typedef or class "conn_t", and C's own
 * names in any order ("unsigned long").  No "*": build on it with
 * type_pointer_to().  The program's own first.  ERR_NOT_FOUND says in how many
 * modules it was sought, and which had no debug information.
 */
int symbols_type_find(struct symbols *symbols, const char *name,
		      struct type **out, struct error *err) MUST_CHECK;
/*
 * "Node" for the one type, or variable, of that name in any C++ namespace or
 * class: 1, and *out is its whole name, the caller's to free.  0: there is
 * none.  -1: there are several, which err lists with their files.
 */
int symbols_bare_type(struct symbols *symbols, const char *bare, char **out,
		      struct error *err) MUST_CHECK;
int symbols_bare_variable(struct symbols *symbols, const char *bare, char **out,
			  struct error *err) MUST_CHECK;
/* C's own: "int", "char", "long", "unsigned long", "double", "void" ... */
struct type *symbols_type_builtin(struct symbols *symbols, const char *name);

typedef int symbols_type_fn(void *ctx, struct type *type, struct error *err);
/*
 * Every type that has a name, of all modules or only of one: of those of one
 * name in a module the first that is defined.  Ends when fn returns non-zero;
 * -1 then.
 */
int symbols_type_each(struct symbols *symbols, const struct module *only,
		      symbols_type_fn *fn, void *ctx,
		      struct error *err) MUST_CHECK;

typedef int symbols_global_fn(void *ctx, const struct global *global);
/*
 * Every variable at a fixed address, and the thread-local ones, of all modules
 * with debug information, or only of one; those that are static in functions,
 * too.  Ends when fn returns non-zero and returns that; -1 and err:
 * interrupted, no memory.
 */
int symbols_global_each(struct symbols *symbols, const struct module *only,
			symbols_global_fn *fn, void *ctx,
			struct error *err) MUST_CHECK;
/* By name, the program's own first; false: there is none. */
bool symbols_global_find(struct symbols *symbols, const char *name,
			 struct global *out);
/* The same in the units of one source file, named as a whole or by the end of
 * its path ("b.c" of "src/b.c"). */
bool symbols_global_find_in(struct symbols *symbols, const char *file,
			    const char *name, struct global *out);
/* The address of a function of that source; false: there is none. */
bool symbols_function_find_in(struct symbols *symbols, const char *file,
			      const char *name, uint64_t *addr);
/* The one whose bytes hold addr. */
bool symbols_global_at(struct symbols *symbols, uint64_t addr,
		       struct global *out);
/* The source of the unit that it is described in; NULL: not known. */
const char *symbols_global_file(struct symbols *symbols,
				const struct global *global);

typedef int symbols_local_fn(void *ctx, const struct local *local);
/*
 * Parameters and locals in scope at frame->pc, innermost block first, inlined
 * functions included.  Ends when fn returns non-zero and returns that; 0 also
 * where there is no debug information for the pc.
 */
int symbols_local_each(struct symbols *symbols, const struct frame_state *frame,
		       symbols_local_fn *fn, void *ctx);

/* The type of the function with code at addr; NULL: no debug information says.
 */
struct type *symbols_function_type(struct symbols *symbols, uint64_t addr);
/* The type and value of an enumerator; NULL: there is none of that name. */
struct type *symbols_enumerator(struct symbols *symbols, const char *name,
				int64_t *value);

#endif
