/* Types as C writes them, in gdb's spelling. */
#include <stdlib.h>
#include <string.h>

#include "symbols/dwarf_types.h"

enum { DEEP = 64, PARAMETERS_MAX = 256 };

static const char *keyword(const struct type *t)
{
	switch (t->kind) {
	case TYPE_STRUCT:
		return "struct ";
	case TYPE_UNION:
		return "union ";
	case TYPE_ENUM:
		return "enum ";
	default:
		return "";
	}
}

static const char *qualifier(enum type_kind kind)
{
	switch (kind) {
	case TYPE_CONST:
		return "const";
	case TYPE_VOLATILE:
		return "volatile";
	case TYPE_RESTRICT:
		return "restrict";
	case TYPE_ATOMIC:
		return "_Atomic";
	default:
		return NULL;
	}
}

/* What stands leftmost: the type at the end of all pointers and arrays. */
static void base_name(struct type *t, struct strbuf *out)
{
	/* const and volatile of what has a name go in front */
	while (qualifier(t->kind)) {
		strbuf_addf(out, "%s ", qualifier(t->kind));
		t = type_target(t);
	}
	if (t->kind == TYPE_VOID)
		strbuf_add(out, t->name ? t->name : "void");
	else if (t->kind == TYPE_STRUCT || t->kind == TYPE_UNION ||
		 t->kind == TYPE_ENUM)
		strbuf_addf(out, "%s%s%s", t->is_class ? "" : keyword(t),
			    t->scope ? t->scope : "",
			    t->name ? t->name : "{...}");
	else
		strbuf_addf(out, "%s%s", t->scope ? t->scope : "",
			    t->name ? t->name : "<unknown type>");
}

static bool is_to_member(const struct type *t)
{
	return t->kind == TYPE_OTHER && t->to_member;
}

/* Without pointers, arrays and functions; a qualifier of a pointer is in the
 * declarator. */
struct type *type_base(struct type *t)
{
	for (int i = 0; i < DEEP; i++) {
		struct type *inner = t;

		while (qualifier(inner->kind))
			inner = type_target(inner);
		switch (inner->kind) {
		case TYPE_OTHER:
			if (!inner->to_member)
				return t;
			t = type_target(inner);
			break;
		case TYPE_POINTER:
		case TYPE_REFERENCE:
		case TYPE_ARRAY:
		case TYPE_FUNCTION:
			if (inner->is_declaration) /* of no debug info */
				return t;
			t = type_target(inner);
			break;
		default:
			return t;
		}
	}
	return t;
}

static void declare(struct type *t, struct type *base, const char *name,
		    struct strbuf *out, unsigned *left);

/* *left: how many more may be told; a function that takes itself has no end. */
static void parameters(struct type *t, struct strbuf *out, unsigned *left)
{
	const struct member *param;
	size_t n = type_members(t, &param);

	strbuf_addc(out, '(');
	for (size_t i = 0; i < n; i++) {
		if (i)
			strbuf_add(out, ", ");
		if (!*left) {
			strbuf_add(out, "<and so on>");
			break;
		}
		--*left;
		declare(param[i].type, type_base(param[i].type), NULL, out,
			left);
	}
	if (t->varargs)
		strbuf_add(out, n ? ", ..." : "...");
	else if (!n && t->prototyped)
		strbuf_add(out, "void");
	strbuf_addc(out, ')');
}

static bool is_suffix(const struct type *t)
{
	return t->kind == TYPE_ARRAY ||
	       (t->kind == TYPE_FUNCTION && !t->is_declaration);
}

static struct type *unqualify(struct type *t)
{
	while (qualifier(t->kind))
		t = type_target(t);
	return t;
}

/* "*", "&", "A::*" */
static void add_star(struct type *at, struct strbuf *out)
{
	if (is_to_member(at)) {
		base_name(type_class(at), out);
		strbuf_add(out, "::");
	}
	strbuf_add(out, at->kind != TYPE_REFERENCE ? "*"
			: at->is_rvalue		   ? "&&"
						   : "&");
}

/*
 * text is the declarator so far, from the name outwards; the base type comes
 * before it in the end.
 */
static void declarator(struct type *t, struct strbuf *text, int depth,
		       unsigned *left)
{
	struct strbuf whole = {0};
	struct type *at = unqualify(t);

	if (depth > DEEP)
		return;
	if (at->kind == TYPE_POINTER || at->kind == TYPE_REFERENCE ||
	    is_to_member(at)) {
		struct type *target = type_target(at);
		bool paren = is_suffix(unqualify(target));

		strbuf_add(&whole, paren ? "(" : "");
		add_star(at, &whole);
		for (; qualifier(t->kind); t = type_target(t))
			strbuf_addf(&whole, " %s", qualifier(t->kind));
		if (whole.s[whole.len - 1] != '*' &&
		    whole.s[whole.len - 1] != '&' && text->len &&
		    text->s[0] != '[')
			strbuf_addc(&whole, ' ');
		strbuf_addf(&whole, "%s%s", strbuf_str(text), paren ? ")" : "");
		t = target;
	} else if (at->kind == TYPE_ARRAY) {
		strbuf_add(&whole, strbuf_str(text));
		if (at->variable)
			strbuf_add(&whole, "[variable length]");
		else if (at->has_count)
			strbuf_addf(&whole, "[%llu]",
				    (unsigned long long)at->count);
		else
			strbuf_add(&whole, "[]");
		t = type_target(at);
	} else if (at->kind == TYPE_FUNCTION && !at->is_declaration) {
		strbuf_add(&whole, strbuf_str(text));
		parameters(at, &whole, left);
		t = type_target(at);
	} else {
		return;
	}
	strbuf_reset(text);
	strbuf_add(text, strbuf_str(&whole));
	strbuf_deinit(&whole);
	declarator(t, text, depth + 1, left);
}

/* gdb puts a blank before "*", "[" and "(" of a type without a name; with one
 * it is the name's. */
static void declare(struct type *t, struct type *base, const char *name,
		    struct strbuf *out, unsigned *left)
{
	struct strbuf text = {0};

	strbuf_add(&text, name ? name : "");
	declarator(t, &text, 0, left);
	base_name(base, out);
	if (text.len)
		strbuf_addf(out, " %s", strbuf_str(&text));
	strbuf_deinit(&text);
}

void type_declare_based(struct type *t, struct type *base, const char *name,
			struct strbuf *out)
{
	unsigned left = PARAMETERS_MAX;

	declare(t, base, name, out, &left);
}

void type_declare(struct type *t, const char *name, struct strbuf *out)
{
	type_declare_based(t, type_base(t), name, out);
}

/* The chain of typedefs is followed, const and volatile stay. */
struct type *type_strip_typedefs(struct type *t)
{
	for (int i = 0; i < DEEP && t->kind == TYPE_TYPEDEF; i++)
		t = type_target(t);
	return t;
}

void type_name(struct type *t, struct strbuf *out)
{
	type_declare(t, NULL, out);
}
