/* Types as C writes them: "unsigned long", "struct conn *", "int (*)(int)". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "command/expr_impl.h"

enum { DEEP = 64, PARAMETERS = 32 };

int parser_next(struct parser *p)
{
	if (lex(&p->at, &p->token, p->err))
		return -1;
	parser_template(p);
	return 0;
}

bool parser_is(const struct parser *p, int op)
{
	return p->token.kind == T_OP && p->token.op == op;
}

int parser_fail(struct parser *p, const char *what)
{
	if (p->token.kind == T_END)
		return error_set(p->err, ERR_USAGE,
				 "%s is wanted where the expression ends",
				 what);
	return error_set(p->err, ERR_USAGE, "%s is wanted before \"%.40s\"",
			 what, p->token.start);
}

int parser_expect(struct parser *p, int op)
{
	char what[] = {'"', (char)op, '"', '\0'};

	return parser_is(p, op) ? parser_next(p) : parser_fail(p, what);
}

static bool word_is(const struct parser *p, const char *word)
{
	return p->token.kind == T_NAME && p->token.len == strlen(word) &&
	       !strncmp(p->token.start, word, p->token.len);
}

static bool is_one_of(const struct parser *p, const char *const *list)
{
	for (; *list; list++)
		if (word_is(p, *list))
			return true;
	return false;
}

static const char *const tags[] = {"struct", "union", "enum", "class", NULL};
static const char *const qualifiers[] = {"const", "volatile", "restrict",
					 "_Atomic", NULL};
static const char *const basics[] = {
	"void",	 "char",   "short",    "int",  "long",	   "float", "double",
	"_Bool", "signed", "unsigned", "bool", "__int128", NULL};

/* Of a C++ name the whole may be left to us, if there is one only. */
static int find_bare(struct parser *p, const char *name, struct type **out,
		     struct error *err)
{
	struct symbols *symbols = p->expr->session->symbols;
	AUTO_FREE char *whole = NULL;
	int ret = symbols_bare_type(symbols, name, &whole, err);

	return ret > 0 && !symbols_type_find(symbols, whole, out, err) ? 1
	       : ret < 0					       ? -1
								       : 0;
}

static int find_type(struct parser *p, const char *name, struct type **out,
		     struct error *err)
{
	struct error several;
	int ret;

	if (!symbols_type_find(p->expr->session->symbols, name, out, err))
		return 0;
	ret = find_bare(p, name, out, &several);
	if (ret < 0)
		*err = several;
	return ret > 0 ? 0 : -1;
}

/* Variables come before types of the same name, and before what only may be
 * meant. */
static bool is_typedef(struct parser *p)
{
	AUTO_FREE char *name = xstrndup(p->token.start, p->token.len);
	struct symbols *symbols = p->expr->session->symbols;
	struct error ignored;
	struct global global;
	struct datum datum;
	struct type *type;
	bool is;

	if (p->token.kind != T_NAME || expr_is_local(p->expr, name) ||
	    symbols_global_find(symbols, name, &global))
		return false;
	if (!symbols_type_find(symbols, name, &type, &ignored))
		return true;
	p->expr->unread++;
	is = expr_name(p->expr, name, &datum, &ignored) &&
	     find_bare(p, name, &type, &ignored);
	p->expr->unread--;
	return is;
}

bool parser_at_type(struct parser *p)
{
	return p->token.kind == T_NAME &&
	       (is_one_of(p, tags) || is_one_of(p, qualifiers) ||
		is_one_of(p, basics) || is_typedef(p));
}

/* "const" and "volatile" so far; the rest says nothing of a value. */
struct qualified {
	bool is_const, is_volatile;
};

static void take_qualifier(const struct parser *p, struct qualified *q)
{
	q->is_const |= word_is(p, "const");
	q->is_volatile |= word_is(p, "volatile");
}

static struct type *qualify(struct type *t, struct qualified q)
{
	if (q.is_volatile)
		t = type_qualify(t, TYPE_VOLATILE);
	return q.is_const ? type_qualify(t, TYPE_CONST) : t;
}

/* "unsigned long", "struct conn", "conn_t" with const anywhere. */
static int base_type(struct parser *p, struct type **out)
{
	struct strbuf name = {0};
	struct qualified q = {0};
	bool basic = false;
	int ret = 0;

	for (;;) {
		bool is_basic = is_one_of(p, basics);

		if (is_one_of(p, qualifiers)) {
			take_qualifier(p, &q);
			if (parser_next(p))
				goto failed;
			continue;
		}
		if (p->token.kind != T_NAME || (name.len && !is_basic) ||
		    (name.len && !basic))
			break;
		basic |= is_basic;
		if (name.len)
			strbuf_addc(&name, ' ');
		strbuf_addn(&name, p->token.start, p->token.len);
		if (!is_one_of(p, tags)) {
			if (parser_next(p))
				goto failed;
			continue;
		}
		if (parser_next(p))
			goto failed;
		if (p->token.kind != T_NAME) {
			parser_fail(p, "the name of a struct, union or enum");
			goto failed;
		}
		strbuf_addc(&name, ' ');
		strbuf_addn(&name, p->token.start, p->token.len);
		if (parser_next(p))
			goto failed;
	}
	if (!name.len)
		ret = parser_fail(p, "a type");
	else
		ret = find_type(p, strbuf_str(&name), out, p->err);
	if (!ret)
		*out = qualify(*out, q);
	strbuf_deinit(&name);
	return ret;
failed:
	strbuf_deinit(&name);
	return -1;
}

static int declarator(struct parser *p, struct type *base, struct type **out);

static int parameters(struct parser *p, struct type *result, struct type **out)
{
	struct type *param[PARAMETERS];
	size_t n = 0;

	if (parser_next(p)) /* ( */
		return -1;
	while (!parser_is(p, ')')) {
		if (n == PARAMETERS)
			return parser_fail(p, "no more parameters");
		if (parser_type(p, &param[n++]))
			return -1;
		if (!parser_is(p, ','))
			break;
		if (parser_next(p))
			return -1;
	}
	if (parser_expect(p, ')'))
		return -1;
	if (n == 1 && param[0]->kind == TYPE_VOID) {
		*out = type_function_of(result, NULL, 0);
		(*out)->prototyped = true;
	} else {
		*out = type_function_of(result, param, n);
	}
	return 0;
}

/* [4][2] and (int, char *), after what stands in front of them. */
static int suffixes(struct parser *p, struct type *base, struct type **out)
{
	uint64_t count[DEEP];
	size_t n = 0;

	if (parser_is(p, '('))
		return parameters(p, base, out);
	while (parser_is(p, '[')) {
		if (parser_next(p))
			return -1;
		if (n == DEEP || p->token.kind != T_NUMBER)
			return parser_fail(p, "a number of elements");
		count[n++] = p->token.number;
		if (parser_next(p) || parser_expect(p, ']'))
			return -1;
	}
	for (*out = base; n; n--)
		*out = type_array_of(*out, count[n - 1]);
	return 0;
}

/* "(*)" of a pointer to a function or array: what follows binds first. */
static int nested(struct parser *p, struct type *base, struct type **out)
{
	struct parser inner = *p;
	struct type *outer;
	int depth = 0;

	do {
		if (parser_is(p, '('))
			depth++;
		if (parser_is(p, ')'))
			depth--;
		if (p->token.kind == T_END)
			return parser_fail(p, "\")\"");
		if (parser_next(p))
			return -1;
	} while (depth);
	if (suffixes(p, base, &outer) || parser_next(&inner) ||
	    declarator(&inner, outer, out))
		return -1;
	return parser_is(&inner, ')') ? 0 : parser_fail(&inner, "\")\"");
}

static bool is_nested(const struct parser *p)
{
	struct parser ahead = *p;
	struct error ignored;

	ahead.err = &ignored;
	return parser_is(p, '(') && !parser_next(&ahead) &&
	       (parser_is(&ahead, '*') || parser_is(&ahead, '('));
}

static int declarator(struct parser *p, struct type *base, struct type **out)
{
	if (++p->depth > DEEP)
		return parser_fail(p, "a simpler type");
	while (parser_is(p, '*') || parser_is(p, '&') ||
	       is_one_of(p, qualifiers)) {
		struct qualified q = {0};

		if (parser_is(p, '*') || parser_is(p, '&'))
			base = type_pointer_to(base);
		take_qualifier(p, &q);
		base = qualify(base, q);
		if (parser_next(p))
			return -1;
	}
	return is_nested(p) ? nested(p, base, out) : suffixes(p, base, out);
}

int parser_type(struct parser *p, struct type **out)
{
	struct type *base;

	return base_type(p, &base) || declarator(p, base, out) ? -1 : 0;
}
