/* Between the expr_*.c files. */
#ifndef COMMAND_EXPR_IMPL_H
#define COMMAND_EXPR_IMPL_H

#include "command/expr.h"

/* --- expr_lex.c */
enum token_kind {
	T_END,
	T_NUMBER, /* integer: number, of type */
	T_REAL,
	T_CHAR,
	T_STRING,
	T_NAME,	    /* identifier or keyword */
	T_QUOTED,   /* 'file.c'::name, 'ns::f(int)': string, perhaps member */
	T_REGISTER, /* $name */
	T_ROW,	    /* #3: number */
	T_OP	    /* op: "->", "==", one of ours or a lone character */
};

enum op {
	OP_ARROW = 256,
	OP_SHL,
	OP_SHR,
	OP_LE,
	OP_GE,
	OP_EQ,
	OP_NE,
	OP_AND,
	OP_OR,
	OP_DOTS,  /* ".." */
	OP_ASSIGN /* =, +=, ++ and so on: refused */
};

struct token {
	enum token_kind kind;
	int op;
	const char *start; /* in the text */
	size_t len;
	uint64_t number;
	long double real;
	const char *type; /* of a number or a character: "int", "wchar_t" */
	/* T_STRING and T_QUOTED, with escapes undone: string_len characters of
	 * width bytes each. */
	uint8_t string[512];
	size_t string_len;
	unsigned width;
	const char *member; /* T_QUOTED: what follows its "::", or NULL */
};

/* The token at *at, which moves on. */
int lex(const char **at, struct token *out, struct error *err) MUST_CHECK;

/* --- expr_value.c */
void *expr_alloc(struct expr *expr, size_t len);
struct type *expr_builtin(struct expr *expr, const char *name);
struct datum datum_integer(struct expr *expr, struct type *type,
			   uint64_t value);
struct datum datum_real(struct expr *expr, struct type *type,
			long double value);
struct datum datum_at(struct type *type, uint64_t addr);
/* Pointers, characters, enums are integers; arrays are where they begin. */
int datum_int(struct expr *expr, struct datum *datum, int64_t *out,
	      struct error *err) MUST_CHECK;
int datum_float(struct expr *expr, struct datum *datum, long double *out,
		struct error *err) MUST_CHECK;
/* Is it zero?  For !, &&, || and ?:. */
int datum_true(struct expr *expr, struct datum *datum, bool *out,
	       struct error *err) MUST_CHECK;
/* An array becomes a pointer to its first element, a function one to it. */
int datum_decay(struct expr *expr, struct datum *datum,
		struct error *err) MUST_CHECK;
int datum_cast(struct expr *expr, struct datum *datum, struct type *to,
	       struct error *err) MUST_CHECK;
int datum_member(struct expr *expr, struct datum *datum, const char *name,
		 struct error *err) MUST_CHECK;
int datum_deref(struct expr *expr, struct datum *datum,
		struct error *err) MUST_CHECK;
int datum_index(struct expr *expr, struct datum *datum, int64_t index,
		struct error *err) MUST_CHECK;
int datum_address(struct expr *expr, struct datum *datum,
		  struct error *err) MUST_CHECK;
/* count elements from datum on: a[0]@4. */
int datum_repeat(struct expr *expr, struct datum *datum, int64_t count,
		 struct error *err) MUST_CHECK;

/* --- expr_class.c */
/* A reference becomes what it refers to. */
int datum_refer(struct expr *expr, struct datum *datum,
		struct error *err) MUST_CHECK;
/* 1: the object has become its member of that name ("x", "Base::x"), of a base
 * perhaps, or static; 0: it has none; -1: an error. */
int datum_find_member(struct expr *expr, struct datum *datum, const char *name,
		      struct error *err) MUST_CHECK;
/* The same of a class alone: its static members. */
int datum_static(struct expr *expr, struct type *class, const char *name,
		 struct datum *out, struct error *err) MUST_CHECK;
/* A pointer to an object of one class as one to its base or its derived class:
 * *addr moves where they are related. */
int datum_cast_class(struct expr *expr, struct type *from, struct type *to,
		     int64_t *addr, struct error *err) MUST_CHECK;

/* --- expr_ops.c */
int datum_binary(struct expr *expr, int op, struct datum *a, struct datum *b,
		 struct datum *out, struct error *err) MUST_CHECK;
int datum_unary(struct expr *expr, int op, struct datum *datum,
		struct error *err) MUST_CHECK;

/* --- expr_name.c: what a name means */
int expr_name(struct expr *expr, const char *name, struct datum *out,
	      struct error *err) MUST_CHECK;
/* Is it a variable of the current frame?  No snapshot is taken for it. */
bool expr_is_local(struct expr *expr, const char *name);
/* 'file.c'::name: the one of that source. */
int expr_name_of_file(struct expr *expr, const char *file, const char *name,
		      struct datum *out, struct error *err) MUST_CHECK;
int expr_register(struct expr *expr, const char *name, struct datum *out,
		  struct error *err) MUST_CHECK;

/* --- expr_type.c */
struct parser {
	struct expr *expr;
	const char *text, *at; /* at: behind token */
	struct token token;    /* the next one */
	struct error *err;
	unsigned depth;
};

int parser_next(struct parser *p) MUST_CHECK;
/* expr_template.c: the name that is the token goes on with template arguments,
 * if there is anything of that name. */
void parser_template(struct parser *p);
bool parser_is(const struct parser *p, int op);
/* Takes op, or fails: "expected ) near ...". */
int parser_expect(struct parser *p, int op) MUST_CHECK;
int parser_fail(struct parser *p, const char *what);
/* Does a type begin here?  No token is taken. */
bool parser_at_type(struct parser *p);
/* "struct conn *", "int (*)(int)", "char [4]". */
int parser_type(struct parser *p, struct type **out) MUST_CHECK;

#endif
