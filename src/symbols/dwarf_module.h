/* Between dwarf_vars.c and symbols_types.c: the variables of one module. */
#ifndef SYMBOLS_DWARF_MODULE_H
#define SYMBOLS_DWARF_MODULE_H

#include "symbols/dwarf.h"
#include "symbols/symbols_types.h"

/* function: that it is static in, or 0.  False: it has no fixed address. */
bool dwarf_global(struct dwarf *dwarf, uint64_t die, uint64_t function,
		  const struct module *module, struct global *out);
int dwarf_global_each(struct dwarf *dwarf, const struct module *module,
		      symbols_global_fn *fn, void *ctx,
		      struct error *err) MUST_CHECK;
/* file: the source of the unit to look in; NULL: any. */
bool dwarf_global_find(struct dwarf *dwarf, const char *file, const char *name,
		       const struct module *module, struct global *out);
bool dwarf_function_find(struct dwarf *dwarf, const char *file,
			 const char *name, uint64_t *pc);
/* Of the function that has that code (of the file); NULL: none is known. */
struct type *dwarf_function_type(struct dwarf *dwarf, uint64_t pc);
struct type *dwarf_enumerator(struct dwarf *dwarf, const char *name,
			      int64_t *value);
int dwarf_local_each(struct dwarf *dwarf, const struct module *module,
		     const struct frame_state *frame, symbols_local_fn *fn,
		     void *ctx);

/* In dwarf_inline.c. */
struct inlined {
	const char *name;	  /* NULL: it has none */
	const char *linkage_name; /* mangled; NULL: there is none */
	uint64_t die;
	unsigned call_file, call_line; /* in the function before it; 0 */
};
/*
 * The function that covers pc (of the file), then what was inlined into it
 * there, the innermost last; at most cap, 0 if no function covers it.
 * *unit_die: the offset of its unit's DIE.
 */
size_t dwarf_inlined_at(struct dwarf *dwarf, uint64_t pc, struct inlined *out,
			size_t cap, uint64_t *unit_die);

/* "app::" of a function in a namespace, owned by the caller; or NULL. */
char *dwarf_function_scope(struct dwarf *dwarf, uint64_t die);

/* In dwarf_calls.c. */
struct call {
	const struct frame_state *caller;
	uint64_t ret;			 /* where it returns to */
	uint64_t callee;		 /* the function's first instruction */
	const char *name, *linkage_name; /* the function's; or NULL */
};
/* A call as its caller's debug information describes it; addresses are of the
 * process, 0: not known. */
struct call_site {
	uint64_t ret; /* behind the call, or behind the jump of a tail call */
	uint64_t target; /* where the function begins that it calls */
	/* Instead of the target: of a function that is elsewhere, the linkage
	 * name (borrowed); NULL: there is no telling what it calls. */
	const char *name;
};
/* The call that returns to from->ret: from->callee is its target where by its
 * name, or by what from->caller has, it is that function; caller may be NULL.
 */
bool dwarf_call_site(struct dwarf *dwarf, const struct module *module,
		     const struct call *from, struct call_site *out);
/* What the callee found there when it was called; d and module are
 * the caller's.  Who asks knows that the call is of that callee. */
bool dwarf_call_value(struct dwarf *d, const struct module *module,
		      const struct call *from, const struct entry_place *at,
		      uint64_t *out);
/* Each tail call of the function that begins at entry (of the process), until
 * fn returns false.  False: no function is known to begin there. */
typedef bool call_site_fn(void *ctx, const struct call_site *site);
bool dwarf_each_tail_call(struct dwarf *dwarf, const struct module *module,
			  uint64_t entry, call_site_fn *fn, void *ctx);
/* Where the function begins that has that code (both of the file); 0. */
uint64_t dwarf_function_entry(struct dwarf *dwarf, uint64_t pc);

/* In dwarf_units.c: is there any unit (a symbol table alone has none)? */
bool dwarf_has_units(struct dwarf *dwarf);
/* In dwarf_index.c, with progress. */
int dwarf_prepare(struct dwarf *dwarf, struct error *err) MUST_CHECK;
/* In dwarf_each.c. */
int dwarf_each_type(struct dwarf *dwarf, symbols_type_fn *fn, void *ctx,
		    struct error *err) MUST_CHECK;
/* In dwarf_types.c: a definition; what is declared and not defined. */
struct type *dwarf_type_named(struct dwarf *dwarf, enum type_kind kind,
			      const char *name);
struct type *dwarf_type_declared(struct dwarf *dwarf, enum type_kind kind,
				 const char *name);
/* Modules came or went: what is defined elsewhere is sought anew. */
void dwarf_forget_definitions(struct dwarf *dwarf);
typedef struct type *dwarf_elsewhere_fn(void *ctx, enum type_kind kind,
					const char *name);
void dwarf_set_elsewhere(struct dwarf *dwarf, dwarf_elsewhere_fn *fn,
			 void *ctx);

/* Types of nobody's debug information: C's own. */
struct type_set *type_set_create(unsigned word);
void type_set_destroy(struct type_set *set);
struct type *type_set_builtin(struct type_set *set, const char *name);

/* The source of the DIE's unit, or NULL; borrowed. */
const char *dwarf_unit_name(struct dwarf *dwarf, uint64_t die);

#endif
