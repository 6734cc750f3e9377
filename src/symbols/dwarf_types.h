/*
 * Types of a program, as its debug information describes them.
 *
 * A type is one DIE of one module (or made of another: pointer, array); it is
 * read when first asked for, interned, and lives until its module is unmapped
 * (symbols_refresh) or the symbols are closed.  The same struct in two units is
 * two types: type_same() compares.  All functions may read debug information,
 * so they take no const.
 */
#ifndef SYMBOLS_DWARF_TYPES_H
#define SYMBOLS_DWARF_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

enum type_kind {
	TYPE_VOID,
	TYPE_INT,
	TYPE_CHAR, /* an integer that is printed as a character, too */
	TYPE_BOOL,
	TYPE_FLOAT,
	TYPE_COMPLEX, /* two floating-point numbers */
	TYPE_ENUM,
	TYPE_POINTER,
	TYPE_REFERENCE, /* C++: a pointer that is followed by itself */
	TYPE_ARRAY,
	TYPE_STRUCT, /* a class, too */
	TYPE_UNION,
	TYPE_FUNCTION,
	TYPE_TYPEDEF, /* this and the following have nothing but a target */
	TYPE_CONST,
	TYPE_VOLATILE,
	TYPE_RESTRICT,
	TYPE_ATOMIC,
	TYPE_OTHER /* what C has not: read as bytes */
};

struct type_set; /* the owner: a module's, or the built-in ones */
struct type;

struct member {
	const char *name; /* NULL: an anonymous struct or union, a base class */
	struct type *type;
	uint64_t offset; /* bytes from the start of the struct */
	/* A bit-field has bit_size > 0; its lowest bit is bit bit_offset (0 to
	 * 7) of the byte at offset. */
	unsigned bit_offset, bit_size;
	bool is_base; /* of a C++ class */
	/* of a base: "public ", "private virtual " and so on; else NULL */
	const char *inherited;
	/* Where it is the object alone tells: offset is none.  See
	 * type_virtual_base(). */
	bool is_virtual;
	uint64_t die; /* of a virtual base */
};

/* A member of a class that all its objects share. */
struct static_member {
	const char *name;
	struct type *type;
	size_t before; /* the member of type_members() that follows it */
	bool is_constant;
	uint8_t value[16]; /* of a constant, as bytes of its type */
};

struct enumerator {
	const char *name;
	int64_t value;
};

struct type {
	enum type_kind kind;
	const char *name; /* without "struct", scope; NULL: it has none */
	char *scope;	  /* owned: "red::Outer::" of C++; NULL: it has none */
	uint64_t size;	  /* bytes; 0: none, or not known */
	bool is_signed;
	/* Declared, and defined nowhere that we know: no size, no members.
	 * type_strip() gives the definition where there is one. */
	bool is_declaration;
	bool is_class;	/* of C++: its name goes without "struct" */
	bool is_rvalue; /* of a reference: && */
	/* TYPE_OTHER: a pointer to a member or method; see type_class() */
	bool to_member;
	bool is_scoped; /* enum class: its names go with its own */
	bool has_count; /* of an array: false for a[] and variable ones */
	bool variable;	/* of an array: its length is known at run time */
	bool varargs;	/* of a function */
	bool prototyped;
	uint64_t count; /* of an array's elements */

	/* The rest is for dwarf_types.c alone: use the functions. */
	struct type_set *set;
	uint64_t die, target_die; /* see dwarf_impl.h; 0: none */
	uint64_t range_die;	  /* of a variable array */
	uint64_t class_die;	  /* of a pointer to a member */
	struct type *target, *pointer, *definition;
	/* arrays of it and qualified ones; the next one of such a list */
	struct type *derived, *next_derived;
	struct member *member; /* owned */
	size_t members;
	struct static_member *shared; /* owned: its static members */
	size_t shareds;
	struct enumerator *enumerator; /* owned */
	size_t enumerators;
	bool loading, children_loaded, definition_tried;
};

/*
 * What it points to, is an array of, returns, is an alias of; void's type where
 * debug information names none.  Never NULL (TYPE_VOID of the same set).
 */
struct type *type_target(struct type *type);

/* Whose members a pointer to a member (to_member) is to.  Never NULL. */
struct type *type_class(struct type *type);

/*
 * Without typedefs and qualifiers, and a declaration replaced by the definition
 * (in any module).  Never NULL.  What is_declaration then still is has none, or
 * several in a module that differ in size or members.
 */
struct type *type_strip(struct type *type);
/* The source of the unit that it is described in, as the compiler was told it;
 * NULL: not known.  Borrowed. */
const char *type_file(const struct type *type);
/* The line that it is declared in, of the file that has it; 0: not known. */
uint64_t type_line(const struct type *type);
/* Qualifiers alone are taken off. */
struct type *type_unqualified(struct type *type);

/* Of a struct or union (of its definition), and the parameters of a function:
 * static members are left out.  Borrowed. */
size_t type_members(struct type *type, const struct member **out);
size_t type_enumerators(struct type *type, const struct enumerator **out);
/* Static members of a class, its own, in their order.  Borrowed. */
size_t type_statics(struct type *type, const struct static_member **out);
/*
 * Where a virtual base lies in the object at addr, by the table that the object
 * points to; false: that cannot be read.
 */
bool type_virtual_base(struct type *type, const struct member *base,
		       uint64_t addr,
		       bool (*read)(void *ctx, uint64_t addr, void *buf,
				    size_t len),
		       void *ctx, uint64_t *out);
/*
 * The member of that name, those of anonymous structs and base classes
 * included: out->offset is from the start of type.  False: there is none, or a
 * virtual base has it.
 */
bool type_member(struct type *type, const char *name, struct member *out);

/* Bytes, through typedefs and declarations, arrays multiplied; 0: not known. */
uint64_t type_size(struct type *type);

/* "const int" of int: TYPE_CONST or another one that has nothing but a target.
 */
struct type *type_qualify(struct type *type, enum type_kind kind);
struct type *type_pointer_to(struct type *type);
struct type *type_array_of(struct type *type, uint64_t count);
/* A function that returns result and takes count parameters; each call makes
 * another. */
struct type *type_function_of(struct type *result, struct type *const *param,
			      size_t count);

/* The same DIE; or one kind, scope, name and size (definitions are sought); of
 * pointers and arrays, their targets. */
bool type_same(struct type *a, struct type *b);
/* Is it the builtin type of the processor's flags? */
bool type_is_eflags(const struct type *type);

/* Of a type that has a name: with its scope, owned by the caller. */
char *type_qualified(const struct type *type);
/* "c" of "a::b<x::y>::c"; points into name. */
const char *name_bare(const char *name);
/* "red::Color::", what stands before the names of a C++ enum; NULL: nothing.
 * Owned by the caller. */
char *type_enumerator_scope(const struct type *type);

/* "struct conn *", "int (*)(int)", "char [16]" as gdb's whatis prints it. */
void type_name(struct type *type, struct strbuf *out);
/* The same with a name in its place: "int (*fn)(int)", "char buf[16]". */
void type_declare(struct type *type, const char *name, struct strbuf *out);
/* The body with it: "struct node {\n    struct node *next;\n ...} *". */
void type_define(struct type *type, struct strbuf *out);

/* Between dwarf_type_name.c and dwarf_type_define.c: what stands leftmost, and
 * a declaration with another in its place. */
struct type *type_base(struct type *type);
struct type *type_strip_typedefs(struct type *type);
void type_declare_based(struct type *type, struct type *base, const char *name,
			struct strbuf *out);

#endif
