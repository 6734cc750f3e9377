/* The grammar of expressions: C's, with gdb's "@" and ranges of elements. */
#include "command/expr.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "command/expr_impl.h"

enum { DEEP = 100 };

void expr_begin(struct expr *x, struct session *session)
{
	*x = (struct expr){.session = session};
}

void expr_end(struct expr *x)
{
	for (size_t i = 0; i < x->owned_count; i++)
		free(x->owned[i]);
	free(x->owned);
	*x = (struct expr){0};
}

static bool read_source(void *ctx, uint64_t addr, void *buf, size_t len)
{
	struct expr *x = ctx;
	struct error err;
	bool now;

	if (session_read(x->session, addr, buf, len, &now, &err))
		return false;
	x->now |= now;
	x->read = true;
	return true;
}

struct typed_source expr_source(struct expr *x)
{
	return (struct typed_source){.symbols = x->session->symbols,
				     .read = read_source,
				     .ctx = x,
				     .word = session_word(x->session)};
}

static int parse_comma(struct parser *p, struct datum *out);
static int parse_unary(struct parser *p, struct datum *out);

static char *token_text(struct parser *p)
{
	char *text = expr_alloc(p->expr, p->token.len + 1);

	memcpy(text, p->token.start, p->token.len);
	return text;
}

static int parse_string(struct parser *p, struct datum *out)
{
	size_t len = p->token.string_len + 1, size = len * p->token.width;
	uint8_t *bytes = expr_alloc(p->expr, size);

	memcpy(bytes, p->token.string, size - p->token.width);
	*out = (struct datum){
		.type = type_array_of(expr_builtin(p->expr, p->token.type),
				      len),
		.bytes = bytes,
		.len = size};
	return parser_next(p);
}

static int parse_number(struct parser *p, struct datum *out)
{
	struct type *type = expr_builtin(p->expr, p->token.type);

	if (p->token.kind == T_REAL)
		*out = datum_real(p->expr, type, p->token.real);
	else
		*out = datum_integer(p->expr, type, p->token.number);
	return parser_next(p);
}

/* 'file.c'::name, or a name that is quoted for what is in it. */
static int parse_quoted(struct parser *p, struct datum *out)
{
	char *quoted = expr_alloc(p->expr, p->token.string_len + 1);
	const char *member = p->token.member, *end = p->at;
	char *name = NULL;

	memcpy(quoted, p->token.string, p->token.string_len);
	if (member) {
		name = expr_alloc(p->expr, (size_t)(end - member) + 1);
		memcpy(name, member, (size_t)(end - member));
	}
	if (name ? expr_name_of_file(p->expr, quoted, name, out, p->err)
		 : expr_name(p->expr, quoted, out, p->err))
		return -1;
	return parser_next(p);
}

/* {int} 0x...: what is there, as that type. */
static int parse_at(struct parser *p, struct datum *out)
{
	struct type *type;
	int64_t addr;

	if (parser_next(p) || parser_type(p, &type) || parser_expect(p, '}') ||
	    parse_unary(p, out) || datum_int(p->expr, out, &addr, p->err))
		return -1;
	*out = datum_at(type, (uint64_t)addr);
	return 0;
}

static int parse_row(struct parser *p, struct datum *out)
{
	char *text = token_text(p);
	uint64_t addr;

	if (session_row(p->expr->session, strtoull(text + 1, NULL, 10), &addr,
			p->err))
		return -1;
	*out = datum_integer(
		p->expr, type_pointer_to(expr_builtin(p->expr, "void")), addr);
	return parser_next(p);
}

/* static_cast<T>(x) and its kin: here they are all the same. */
static bool is_named_cast(const struct parser *p)
{
	static const char *const names[] = {"static_cast", "reinterpret_cast",
					    "const_cast"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (p->token.kind == T_NAME &&
		    p->token.len == strlen(names[i]) &&
		    !strncmp(p->token.start, names[i], p->token.len))
			return true;
	return false;
}

static int parse_named_cast(struct parser *p, struct datum *out)
{
	bool raw = p->token.start[0] == 'r';
	struct type *type;
	int64_t addr;

	if (parser_next(p) || parser_expect(p, '<') || parser_type(p, &type) ||
	    parser_expect(p, '>') || parser_expect(p, '(') ||
	    parse_comma(p, out) || parser_expect(p, ')'))
		return -1;
	/* reinterpret_cast moves no pointer */
	if (raw && type_strip(type)->kind == TYPE_POINTER) {
		if (datum_int(p->expr, out, &addr, p->err))
			return -1;
		*out = datum_integer(p->expr, type, (uint64_t)addr);
		return 0;
	}
	return datum_cast(p->expr, out, type, p->err);
}

static int parse_primary(struct parser *p, struct datum *out)
{
	const char *text;

	switch (p->token.kind) {
	case T_NUMBER:
	case T_REAL:
	case T_CHAR:
		return parse_number(p, out);
	case T_STRING:
		return parse_string(p, out);
	case T_QUOTED:
		return parse_quoted(p, out);
	case T_REGISTER:
		text = token_text(p);
		if (expr_register(p->expr, text + 1, out, p->err))
			return -1;
		return parser_next(p);
	case T_ROW:
		return parse_row(p, out);
	case T_NAME:
		if (is_named_cast(p))
			return parse_named_cast(p, out);
		if (parser_at_type(p)) {
			*out = (struct datum){.is_type = true};
			return parser_type(p, &out->type);
		}
		text = token_text(p);
		if (expr_name(p->expr, text, out, p->err))
			return -1;
		return parser_next(p);
	default:
		break;
	}
	if (parser_is(p, '(')) {
		if (parser_next(p) || parse_comma(p, out))
			return -1;
		return parser_expect(p, ')');
	}
	return parser_fail(p, "a value");
}

/* [3], and [2..5]: those elements as an array. */
static int parse_index(struct parser *p, struct datum *out)
{
	struct datum from, to;
	int64_t first, last;
	bool range;

	if (parser_next(p) || parse_comma(p, &from))
		return -1;
	range = parser_is(p, OP_DOTS);
	if (range && (parser_next(p) || parse_comma(p, &to)))
		return -1;
	if (parser_expect(p, ']') ||
	    datum_int(p->expr, &from, &first, p->err) ||
	    datum_index(p->expr, out, first, p->err))
		return -1;
	if (!range)
		return 0;
	if (datum_int(p->expr, &to, &last, p->err))
		return -1;
	return datum_repeat(p->expr, out, last - first + 1, p->err);
}

static int parse_postfix(struct parser *p, struct datum *out)
{
	if (parse_primary(p, out))
		return -1;
	for (;;) {
		if (parser_is(p, '[')) {
			if (parse_index(p, out))
				return -1;
		} else if (parser_is(p, '.') || parser_is(p, OP_ARROW)) {
			const char *name;

			if (parser_next(p))
				return -1;
			if (p->token.kind != T_NAME)
				return parser_fail(p, "the name of a member");
			name = token_text(p);
			if (datum_member(p->expr, out, name, p->err) ||
			    parser_next(p))
				return -1;
		} else if (parser_is(p, '(')) {
			return error_set(p->err, ERR_USAGE,
					 "no function is called: no code ever "
					 "runs in the process");
		} else {
			return 0;
		}
	}
}

/* "(type) value", or a value in parentheses: the latter is not taken. */
static bool is_cast(const struct parser *p)
{
	struct parser ahead = *p;
	struct error ignored;

	ahead.err = &ignored;
	return parser_is(p, '(') && !parser_next(&ahead) &&
	       parser_at_type(&ahead);
}

static int parse_cast(struct parser *p, struct datum *out)
{
	struct type *type;

	if (parser_next(p) || parser_type(p, &type) || parser_expect(p, ')'))
		return -1;
	/* "(struct conn)" alone: a type in parentheses */
	if (p->token.kind == T_END || parser_is(p, ')')) {
		*out = (struct datum){.is_type = true, .type = type};
		return 0;
	}
	if (parse_unary(p, out))
		return -1;
	return datum_cast(p->expr, out, type, p->err);
}

/* What sizeof is asked of.  A type in parentheses is all of it: no cast of
 * what follows, "sizeof(int) * 2" is a product. */
static int parse_sized(struct parser *p, struct datum *out)
{
	int ret;

	if (is_cast(p)) {
		*out = (struct datum){.is_type = true};
		return parser_next(p) || parser_type(p, &out->type) ||
		       parser_expect(p, ')');
	}
	p->expr->unread++;
	ret = parse_unary(p, out);
	p->expr->unread--;
	return ret;
}

static int parse_sizeof(struct parser *p, struct datum *out)
{
	struct datum of;
	uint64_t size;

	if (parser_next(p) || parse_sized(p, &of))
		return -1;
	size = type_size(of.type);
	if (type_strip(of.type)->is_declaration)
		return error_set(p->err, ERR_NOT_FOUND,
				 "its size is not known: the type is declared "
				 "and not defined here");
	if (type_strip(of.type)->variable)
		return error_set(p->err, ERR_NOT_FOUND,
				 "its length is known at run time alone");
	/* gdb's: void counts one */
	*out = datum_integer(p->expr, expr_builtin(p->expr, "unsigned long"),
			     size ? size : 1);
	return 0;
}

static int parse_unary(struct parser *p, struct datum *out)
{
	int op = p->token.kind == T_OP ? p->token.op : 0;
	int ret;

	if (++p->depth > DEEP)
		return parser_fail(p, "a simpler expression");
	if (p->token.kind == T_NAME && p->token.len == 6 &&
	    !strncmp(p->token.start, "sizeof", 6)) {
		ret = parse_sizeof(p, out);
	} else if (op == '*' || op == '&' || op == '-' || op == '+' ||
		   op == '!' || op == '~') {
		ret = parser_next(p) || parse_unary(p, out);
		if (!ret && op == '*')
			ret = datum_deref(p->expr, out, p->err);
		else if (!ret && op == '&')
			ret = datum_address(p->expr, out, p->err);
		else if (!ret)
			ret = datum_unary(p->expr, op, out, p->err);
	} else if (op == '{') {
		ret = parse_at(p, out);
	} else if (is_cast(p)) {
		ret = parse_cast(p, out);
	} else {
		ret = parse_postfix(p, out);
	}
	p->depth--;
	return ret ? -1 : 0;
}

/* How tightly an operator of two binds; 0: it is none. */
static int precedence(const struct parser *p)
{
	static const struct {
		int op, level;
	} table[] = {{OP_OR, 1}, {OP_AND, 2}, {'|', 3},	   {'^', 4}, {'&', 5},
		     {OP_EQ, 6}, {OP_NE, 6},  {'<', 7},	   {'>', 7}, {OP_LE, 7},
		     {OP_GE, 7}, {OP_SHL, 8}, {OP_SHR, 8}, {'@', 9}, {'+', 10},
		     {'-', 10},	 {'*', 11},   {'/', 11},   {'%', 11}};

	for (size_t i = 0;
	     p->token.kind == T_OP && i < sizeof table / sizeof *table; i++)
		if (table[i].op == p->token.op)
			return table[i].level;
	return 0;
}

static int parse_binary(struct parser *p, int level, struct datum *out);

/* && and ||: the right side may be unread. */
static int parse_logical(struct parser *p, int op, int level, struct datum *out)
{
	struct datum right;
	bool a, b;
	int ret;

	if (datum_true(p->expr, out, &a, p->err))
		return -1;
	if (a == (op == OP_OR))
		p->expr->unread++;
	ret = parse_binary(p, level + 1, &right) ||
	      datum_true(p->expr, &right, &b, p->err);
	if (a == (op == OP_OR))
		p->expr->unread--;
	if (ret)
		return -1;
	*out = datum_integer(p->expr, expr_builtin(p->expr, "int"),
			     op == OP_OR ? a || b : a && b);
	return 0;
}

static int parse_binary(struct parser *p, int level, struct datum *out)
{
	int its;

	if (parse_unary(p, out))
		return -1;
	while ((its = precedence(p)) && its >= level) {
		int op = p->token.op;
		struct datum left = *out, right;
		int64_t count;

		if (parser_next(p))
			return -1;
		if (op == OP_AND || op == OP_OR) {
			if (parse_logical(p, op, its, out))
				return -1;
			continue;
		}
		if (parse_binary(p, its + 1, &right))
			return -1;
		if (op == '@') {
			if (datum_int(p->expr, &right, &count, p->err) ||
			    datum_repeat(p->expr, out, count, p->err))
				return -1;
		} else if (datum_binary(p->expr, op, &left, &right, out,
					p->err)) {
			return -1;
		}
	}
	return 0;
}

static int parse_conditional(struct parser *p, struct datum *out)
{
	struct datum yes, no;
	bool is;
	int ret;

	if (parse_binary(p, 1, out))
		return -1;
	if (!parser_is(p, '?'))
		return 0;
	if (datum_true(p->expr, out, &is, p->err) || parser_next(p))
		return -1;
	p->expr->unread += !is;
	ret = parse_comma(p, &yes) || parser_expect(p, ':');
	p->expr->unread -= !is;
	if (ret)
		return -1;
	p->expr->unread += is;
	ret = parse_conditional(p, &no);
	p->expr->unread -= is;
	*out = is ? yes : no;
	return ret;
}

static int parse_comma(struct parser *p, struct datum *out)
{
	if (++p->depth > DEEP)
		return parser_fail(p, "a simpler expression");
	if (parse_conditional(p, out))
		return -1;
	while (parser_is(p, ',')) {
		if (parser_next(p) || parse_conditional(p, out))
			return -1;
	}
	p->depth--;
	if (parser_is(p, OP_ASSIGN))
		return error_set(
			p->err, ERR_USAGE,
			"nothing is written to the process: %.*s would",
			(int)p->token.len, p->token.start);
	return 0;
}

int expr_eval(struct expr *x, const char *text, struct datum *out,
	      struct error *err)
{
	struct parser p = {.expr = x, .text = text, .at = text, .err = err};

	if (!x->session->symbols)
		return error_set(err, ERR_USAGE, "there is no process");
	if (parser_next(&p) || parse_comma(&p, out))
		return -1;
	if (p.token.kind != T_END)
		return parser_fail(&p, "the end of the expression");
	return 0;
}

int expr_address(struct session *session, const char *text, uint64_t *out,
		 struct error *err)
{
	struct expr x;
	struct datum d;
	enum type_kind kind;
	int64_t value;
	int ret;

	expr_begin(&x, session);
	ret = expr_eval(&x, text, &d, err);
	kind = ret ? TYPE_VOID : type_strip(d.type)->kind;
	if (!ret && d.in_memory &&
	    (kind == TYPE_ARRAY || kind == TYPE_STRUCT || kind == TYPE_UNION ||
	     kind == TYPE_FUNCTION || kind == TYPE_OTHER)) {
		*out = d.addr;
	} else if (!ret) {
		ret = datum_int(&x, &d, &value, err);
		*out = (uint64_t)value;
	}
	expr_end(&x);
	return ret;
}
