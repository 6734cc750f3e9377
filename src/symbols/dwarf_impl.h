/* Inside of dwarf_*.c: libdwarf's handles, and a DIE's attributes. */
#ifndef SYMBOLS_DWARF_IMPL_H
#define SYMBOLS_DWARF_IMPL_H

#include <stddef.h>

#include <libdwarf.h>
#include <dwarf.h>

#include "base/sort.h"
#include "base/strbuf.h"
#include "base/u64map.h"
#include "symbols/dwarf.h"
#include "symbols/dwarf_module.h"

/*
 * A DIE by one number: which file (0 is the module's own), whether it is in
 * .debug_types, and its offset there plus one (0 is none).
 */
enum { KEY_FILE_SHIFT = 45, KEY_TYPES_SHIFT = 44, KEY_CLASS_SHIFT = 60 };

enum dwarf_file_kind { FILE_MAIN, FILE_ALT, FILE_SPLIT, FILE_PACKAGE };

struct dwarf_file {
	Dwarf_Debug dbg;
	struct dwarf_object *object; /* owned: what dbg reads through */
	enum dwarf_file_kind kind;
	char *path; /* owned; NULL of the module's own */
	const struct elf *elf;
	struct elf *own; /* owned: the same, or NULL */
	/* The sections of lists, by enum list_kind: see dwarf_check.h. */
	bool lists_checked[2], lists_damaged[2];
};

/* Which unit or function has which code: ranges, sorted. */
struct code_range {
	uint64_t low, high;
	uint64_t what; /* the index of a unit, the DIE of a function */
};

struct code_map {
	struct code_range *range; /* owned */
	size_t count, cap;
};

struct dwarf_unit {
	uint64_t die;	    /* of the unit itself: a skeleton, perhaps */
	uint64_t whole;	    /* the DIE to read: of the split unit; 0: missing */
	uint64_t id;	    /* of a split unit: in both halves; 0: none */
	uint64_t low, high; /* of its code; 0, 0 if not one range */
	size_t names_end; /* of dwarf->name, as scanned: the index after its */
	bool partial, whole_tried;
	bool cplus;		   /* once names are scanned */
	struct code_map functions; /* see dwarf_functions.c */
	bool functions_listed, nested_listed;
};

/* What a name in the index is of. */
enum name_class {
	NAME_TYPE = 1,
	NAME_VARIABLE,
	NAME_FUNCTION,
	NAME_ENUMERATOR,
	NAME_NESTED /* a type in a class: sought as NAME_TYPE is */
};

/* While names are scanned: the hash is known when all scopes are. */
enum { HASH_LATER = 0 };

struct type_set {
	struct u64map by_die; /* -> struct type * */
	struct type **type;   /* owned, each too: all of them */
	size_t count, cap;
	struct type *void_type;
	unsigned word;
	struct dwarf *dwarf; /* NULL: the built-in ones */
};

struct dwarf_scope { /* a variable, and the function it is static in or 0 */
	uint64_t var, function;
};

struct dwarf {
	struct dwarf_file *file; /* owned */
	size_t files, file_cap;
	char *path, *module, *debug_dir; /* owned */
	char *root[3];			 /* owned */
	unsigned word;
	struct strbuf note;
	char *alt_link, *alt_id; /* owned: of .gnu_debugaltlink; NULL: none */
	bool alt_tried, package_tried;
	size_t alt, package; /* indices of file; 0: none */

	struct dwarf_unit *unit; /* owned, by die */
	size_t units, unit_cap;
	bool units_listed;
	bool unreadable;      /* there are none that can be read */
	struct code_map code; /* of units */
	bool code_listed;

	/* Names: hash of the name -> class << 60 | DIE; sorted by hash. */
	struct sort_pair *name;
	size_t names, name_cap;
	bool named;
	size_t odd_units; /* whose names only libdwarf could read */
	/* DIE of a type or namespace -> of the namespace or class that it is
	 * in; sorted by DIE (see dwarf_scope.c). */
	struct sort_pair *inside; /* owned */
	size_t insides, inside_cap;
	/* Variables at fixed addresses, those of functions included. */
	struct dwarf_scope *var; /* owned */
	size_t vars, var_cap;
	bool deep;

	struct type_set types;
	/* Set by symbols: a definition sought in all modules. */
	dwarf_elsewhere_fn *elsewhere;
	void *elsewhere_ctx;
};

/* --- dwarf_open.c */
/* The DIE of a key; dwarf_dealloc(die) by die_free(). */
bool dwarf_die(struct dwarf *dwarf, uint64_t key, Dwarf_Die *out);
Dwarf_Debug dwarf_handle(const struct dwarf *dwarf, uint64_t key);
size_t dwarf_alt_file(struct dwarf *dwarf);
/* The index of a file opened now; 0 if it cannot be.  id: the build-id that it
 * must have, or NULL. */
size_t dwarf_add_file(struct dwarf *dwarf, const char *path,
		      enum dwarf_file_kind kind, const char *id);
/* elf_section_load(), and a note of what cannot be read. */
int dwarf_load_section(struct dwarf *dwarf, const struct elf *elf, size_t index,
		       const void **data, size_t *size,
		       struct error *err) MUST_CHECK;
/* What all reading of DIEs needs, if it was not yet loaded; fails only at ^C:
 * what cannot be read is noted, and reads as missing. */
int dwarf_load(struct dwarf *dwarf, struct error *err) MUST_CHECK;
/* --- dwarf_split.c */
/* Adds "WHAT WHY" to the note, once. */
void dwarf_note_file(struct dwarf *dwarf, const char *what, const char *why);
/* The DIE that holds a unit's contents; 0 if its split file is missing. */
uint64_t dwarf_unit_whole(struct dwarf *dwarf, struct dwarf_unit *unit);

uint64_t key_make(size_t file, bool types, uint64_t offset);
size_t key_file(uint64_t key);
bool key_types(uint64_t key);
uint64_t key_offset(uint64_t key);

/* --- dwarf_die.c: DIEs; what is damaged reads as missing */
struct die {
	struct dwarf *dwarf;
	Dwarf_Debug dbg;
	Dwarf_Die die;
	size_t file;
	bool types;
	/* What is in the same list ends before that key; 0: not known. */
	uint64_t limit;
};

bool die_open(struct dwarf *dwarf, uint64_t key, struct die *out);
void die_close(struct die *die);
uint64_t die_key(const struct die *die);
/* Of the DIE at that offset in its unit; 0: there is none. */
uint64_t die_sibling_key(const struct die *die, uint64_t offset);
unsigned die_tag(const struct die *die); /* 0: none */
const char *die_name(const struct die *die);
/* What it is a copy or the completion of (inlined, C++). */
bool die_origin(const struct die *die, struct die *out);
/* Its own, or of its origin. */
const char *die_any_name(const struct die *die);
uint64_t die_any_type(const struct die *die);
bool die_has(const struct die *die, unsigned attr);
bool die_flag(const struct die *die, unsigned attr);
const char *die_text(const struct die *die, unsigned attr); /* or NULL */
/* A constant; false if it is none (an expression, a reference). */
bool die_unsigned(const struct die *die, unsigned attr, uint64_t *out);
bool die_signed(const struct die *die, unsigned attr, int64_t *out);
bool die_address(const struct die *die, unsigned attr, uint64_t *out);
/* The key of the DIE that an attribute refers to, in any file; 0: none. */
uint64_t die_ref(const struct die *die, unsigned attr);
/* The attribute; NULL: none.  attr_free() it. */
Dwarf_Attribute die_attr(const struct die *die, unsigned attr);
void attr_free(const struct die *die, Dwarf_Attribute attr);
bool attr_is_expression(Dwarf_Attribute attr);
/*
 * Over children: for (ok = die_child(d, &c); ok; ok = die_next(&c)).  They lie
 * before what a DIE says is its next one; others are damage and left out, so
 * that a walk over all comes to no DIE twice.
 */
bool die_child(const struct die *parent, struct die *out);
bool die_next(struct die *die); /* closes it; false after the last */
void dwarf_forget(Dwarf_Debug dbg, Dwarf_Error e);

/* --- dwarf_ranges.c */
/* DW_AT_low_pc and DW_AT_high_pc; false if it has not both. */
bool die_extent(const struct die *die, uint64_t *low, uint64_t *high);
/* The code of a function, block or unit, until fn returns false. */
typedef bool range_fn(void *ctx, uint64_t low, uint64_t high);
void die_each_range(const struct die *die, range_fn *fn, void *ctx);
/* Where a function begins; 0: it has no code. */
uint64_t die_entry(const struct die *die);
/* Does it cover pc (of the file)? */
bool die_covers(const struct die *die, uint64_t pc);
/* --- dwarf_split_addr.c */
/* Address "index" of the unit's part of .debug_addr. */
bool die_indexed_address(const struct die *die, uint64_t index, uint64_t *out);
/* The DIE of a split unit's skeleton, in the program's own file. */
bool dwarf_other_half(const struct die *die, struct die *out);
/* An offset in a section; false if it has not that attribute. */
bool die_section_offset(const struct die *die, unsigned attr, uint64_t *out);
/* --- dwarf_units.c */
struct dwarf_header {
	uint64_t id; /* of a split unit, DWARF 5; else 0 */
	bool is_type_unit;
};
/* The unit after the last one; its DIE in die->die, to be closed.  Go on until
 * it is false: libdwarf keeps the place. */
bool dwarf_next_unit(struct die *die, struct dwarf_header *out);
int dwarf_list_units(struct dwarf *dwarf, struct error *err) MUST_CHECK;
/*
 * fn for each unit in the order of dwarf->unit, until it fails, with progress
 * ("what").  libdwarf seeks the unit of a DIE from the place of its own walk
 * over unit headers on, one unit after the other: this keeps that place at
 * the unit that fn is called for, so that what fn opens there is found at
 * once, be the units ten or ten thousand.
 */
typedef int dwarf_unit_fn(void *ctx, struct dwarf_unit *unit,
			  struct error *err);
int dwarf_each_unit(struct dwarf *dwarf, const char *what, dwarf_unit_fn *fn,
		    void *ctx, struct error *err) MUST_CHECK;
bool dwarf_unit_cplus(struct dwarf *dwarf, uint64_t die_key);

/* --- dwarf_functions.c */
/* Whose contents cover pc; NULL. */
struct dwarf_unit *dwarf_unit_at(struct dwarf *dwarf, uint64_t pc);
/* The function of that unit that covers pc, to be closed. */
bool dwarf_function_at(struct dwarf *dwarf, struct dwarf_unit *unit,
		       uint64_t pc, struct die *out);
void code_map_deinit(struct code_map *map);

/* --- dwarf_inline.c: mangled, its own or of what it is a copy of; or NULL */
const char *die_linkage_name(const struct die *die);

/* --- dwarf_loc.c: where something is */
struct location;
struct frame_state;
struct dwarf_where {
	struct dwarf *dwarf;
	uint64_t bias;
	const struct frame_state *frame; /* NULL: fixed addresses alone */
	const struct die *function;	 /* for its frame base; or NULL */
	bool tls; /* out: addr is an offset in thread-local storage */
	/* What the expression finds on its stack: the object that a member's
	 * place is sought in; 0: nothing. */
	uint64_t object;
};
/* What the attribute says at the frame's pc. */
void die_locate(const struct die *die, unsigned attr, struct dwarf_where *where,
		struct location *out);
/* A location of one register or place in the caller's frame, at that pc (of the
 * file): where an argument is when the function is entered. */
struct entry_place;
bool die_entry_place(const struct die *die, unsigned attr, uint64_t pc,
		     struct entry_place *out);
/* A location that is the same for all time: an address, thread-local. */
bool die_is_fixed(const struct die *die, unsigned attr);
/* By the first operation of its expression. */
bool is_fixed_operation(unsigned operation);

/* --- dwarf_variable.c */
/* A variable array, or a pointer to one, with the length that it has in the
 * frame; another type, or one of unknown length, as it is. */
struct type *dwarf_type_resolve(struct type *type, struct dwarf_where *where);

/* --- dwarf_index.c */
int dwarf_index_names(struct dwarf *dwarf, struct error *err) MUST_CHECK;
int dwarf_index_vars(struct dwarf *dwarf, struct error *err) MUST_CHECK;
typedef bool dwarf_name_fn(void *ctx, uint64_t die);
/* Each DIE of that class and name until fn returns true; true then. */
bool dwarf_each_named(struct dwarf *dwarf, enum name_class class,
		      const char *name, dwarf_name_fn *fn, void *ctx);

/* The same by the last part alone of a name in a namespace or class; of a
 * module without any there is none. */
void dwarf_each_bare(struct dwarf *dwarf, enum name_class class,
		     const char *bare, dwarf_name_fn *fn, void *ctx);

/* --- dwarf_scope.c */
#define ANONYMOUS_NAMESPACE "(anonymous namespace)"
/* While names are scanned: die is in parent, a namespace or class. */
int dwarf_scope_add(struct dwarf *dwarf, const struct die *die,
		    const struct die *parent, struct error *err) MUST_CHECK;
/* "red::Outer::", what a type of C++ is in: owned; NULL: nothing that we know,
 * or a function.  By the index of names. */
char *dwarf_scope_of(struct dwarf *dwarf, const struct die *die);

/* --- dwarf_types.c */
struct type *dwarf_type(struct dwarf *dwarf, uint64_t die);
void type_set_init(struct type_set *set, unsigned word, struct dwarf *dwarf);
void type_set_deinit(struct type_set *set);
struct type *type_make(struct type_set *set, enum type_kind kind);
/* --- dwarf_builtin.c */
/* The short form of a C type's name, or the name itself. */
const char *builtin_name(const char *name);

#endif
