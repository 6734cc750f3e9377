/* Operators, with C's conversions. */
#include "command/expr_impl.h"

enum { UNORDERED = 2 };

static bool is_number(const struct type *t)
{
	return t->kind == TYPE_INT || t->kind == TYPE_CHAR ||
	       t->kind == TYPE_BOOL || t->kind == TYPE_ENUM ||
	       t->kind == TYPE_FLOAT;
}

/* What an integer becomes in an expression. */
static struct type *promoted(struct expr *x, struct type *type)
{
	struct type *t = type_strip(type);

	if (t->size < 4 || t->kind == TYPE_BOOL || t->kind == TYPE_CHAR)
		return expr_builtin(x, "int");
	if (type_is_eflags(t))
		return expr_builtin(x, "unsigned int");
	if (t->kind == TYPE_ENUM) {
		const struct enumerator *e;
		size_t n = type_enumerators(t, &e);

		for (size_t i = 0; i < n; i++)
			if (e[i].value < 0)
				return expr_builtin(x, "int");
		return expr_builtin(x, "unsigned int");
	}
	return t;
}

static struct type *common(struct expr *x, struct datum *a, struct datum *b)
{
	struct type *ta = promoted(x, a->type), *tb = promoted(x, b->type);

	/* a bit-field that fits in an int is one */
	if (a->bit_size && a->bit_size < 32)
		ta = expr_builtin(x, "int");
	if (b->bit_size && b->bit_size < 32)
		tb = expr_builtin(x, "int");
	if (ta->size != tb->size)
		return ta->size > tb->size ? ta : tb;
	return ta->is_signed ? tb : ta;
}

static int float_op(struct expr *x, int op, struct datum *a, struct datum *b,
		    struct datum *out, struct error *err)
{
	struct type *ta = type_strip(a->type), *tb = type_strip(b->type), *type;
	long double l, r, result;

	if (datum_float(x, a, &l, err) || datum_float(x, b, &r, err))
		return -1;
	switch (op) {
	case '+':
		result = l + r;
		break;
	case '-':
		result = l - r;
		break;
	case '*':
		result = l * r;
		break;
	case '/':
		result = l / r;
		break;
	default:
		return error_set(err, ERR_USAGE,
				 "that operator takes integers, not a "
				 "floating-point number");
	}
	type = ta->kind != TYPE_FLOAT				? tb
	       : tb->kind != TYPE_FLOAT || ta->size >= tb->size ? ta
								: tb;
	*out = datum_real(x, type, result);
	return 0;
}

static int compare(struct expr *x, int op, struct datum *a, struct datum *b,
		   struct datum *out, struct error *err)
{
	struct type *ta = type_strip(a->type), *tb = type_strip(b->type);
	int64_t i = 0, j = 0;
	long double f = 0, g = 0;
	int order;

	if (ta->kind == TYPE_FLOAT || tb->kind == TYPE_FLOAT) {
		if (datum_float(x, a, &f, err) || datum_float(x, b, &g, err))
			return -1;
		/* of nan and any other: neither less, nor equal, nor more */
		order = f < g ? -1 : f > g ? 1 : f == g ? 0 : UNORDERED;
	} else {
		if (datum_int(x, a, &i, err) || datum_int(x, b, &j, err))
			return -1;
		if (is_number(ta) && is_number(tb) &&
		    common(x, a, b)->is_signed)
			order = i < j ? -1 : i > j;
		else
			order = (uint64_t)i < (uint64_t)j
					? -1
					: (uint64_t)i > (uint64_t)j;
	}
	*out = datum_integer(x, expr_builtin(x, "int"),
			     order == UNORDERED ? op == OP_NE
			     : op == '<'	? order < 0
			     : op == '>'	? order > 0
			     : op == OP_LE	? order <= 0
			     : op == OP_GE	? order >= 0
			     : op == OP_EQ	? order == 0
						: order != 0);
	return 0;
}

/* p + 1, 1 + p, p - 1, p - q. */
static int pointer_op(struct expr *x, int op, struct datum *a, struct datum *b,
		      struct datum *out, struct error *err)
{
	bool a_is = type_strip(a->type)->kind == TYPE_POINTER;
	bool b_is = type_strip(b->type)->kind == TYPE_POINTER;
	struct type *type = a_is ? a->type : b->type;
	uint64_t size = type_size(type_target(type_strip(type)));
	int64_t i, j;

	size = size ? size : 1; /* void *: bytes, as gdb has it */
	if (datum_int(x, a, &i, err) || datum_int(x, b, &j, err))
		return -1;
	if (a_is && b_is && op == '-') {
		*out = datum_integer(x, expr_builtin(x, "long"),
				     (uint64_t)((i - j) / (int64_t)size));
		return 0;
	}
	if ((a_is && b_is) || (op != '+' && !(op == '-' && a_is)))
		return error_set(err, ERR_USAGE,
				 "pointers can be moved with + and -, and "
				 "compared, no more");
	if (a_is)
		j *= (int64_t)size;
	else
		i *= (int64_t)size;
	*out = datum_integer(x, type, (uint64_t)(op == '+' ? i + j : i - j));
	return 0;
}

static int divide(int op, struct type *type, int64_t i, int64_t j,
		  uint64_t *out, struct error *err)
{
	uint64_t a = (uint64_t)i, b = (uint64_t)j;

	if (!j)
		return error_set(err, ERR_USAGE, "division by zero");
	if (!type->is_signed)
		*out = op == '/' ? a / b : a % b;
	else if (j == -1)
		*out = op == '/' ? -a : 0;
	else
		*out = (uint64_t)(op == '/' ? i / j : i % j);
	return 0;
}

static int integer_op(struct expr *x, int op, struct datum *a, struct datum *b,
		      struct datum *out, struct error *err)
{
	struct type *type = op == OP_SHL || op == OP_SHR ? promoted(x, a->type)
							 : common(x, a, b);
	int64_t i, j;
	uint64_t r = 0, u;

	if (datum_int(x, a, &i, err) || datum_int(x, b, &j, err))
		return -1;
	u = (uint64_t)i;
	if (!type->is_signed && type->size == 4)
		u = (uint32_t)u, j = (int64_t)(uint32_t)j;
	switch (op) {
	case '+':
		r = u + (uint64_t)j;
		break;
	case '-':
		r = u - (uint64_t)j;
		break;
	case '*':
		r = u * (uint64_t)j;
		break;
	case '/':
	case '%':
		if (divide(op, type, (int64_t)u, j, &r, err))
			return -1;
		break;
	case '&':
		r = u & (uint64_t)j;
		break;
	case '|':
		r = u | (uint64_t)j;
		break;
	case '^':
		r = u ^ (uint64_t)j;
		break;
	case OP_SHL:
		r = (uint64_t)j < 64 ? u << j : 0;
		break;
	case OP_SHR:
		if (type->is_signed)
			r = (uint64_t)(i >> ((uint64_t)j < 64 ? j : 63));
		else
			r = (uint64_t)j < 64 ? u >> j : 0;
		break;
	}
	*out = datum_integer(x, type, r);
	return 0;
}

int datum_binary(struct expr *x, int op, struct datum *a, struct datum *b,
		 struct datum *out, struct error *err)
{
	struct type *ta, *tb;

	if (datum_decay(x, a, err) || datum_decay(x, b, err))
		return -1;
	ta = type_strip(a->type);
	tb = type_strip(b->type);
	if (op == '<' || op == '>' || (op >= OP_LE && op <= OP_NE))
		return compare(x, op, a, b, out, err);
	if (ta->kind == TYPE_POINTER || tb->kind == TYPE_POINTER)
		return pointer_op(x, op, a, b, out, err);
	if (!is_number(ta) || !is_number(tb))
		return error_set(err, ERR_USAGE,
				 "operators take numbers and pointers, not a "
				 "struct or union");
	if (ta->kind == TYPE_FLOAT || tb->kind == TYPE_FLOAT)
		return float_op(x, op, a, b, out, err);
	return integer_op(x, op, a, b, out, err);
}

int datum_unary(struct expr *x, int op, struct datum *d, struct error *err)
{
	struct type *t;
	long double f;
	int64_t i;
	bool is;

	if (op == '!') {
		if (datum_true(x, d, &is, err))
			return -1;
		*d = datum_integer(x, expr_builtin(x, "int"), !is);
		return 0;
	}
	if (datum_decay(x, d, err))
		return -1;
	t = type_strip(d->type);
	if (!is_number(t))
		return error_set(err, ERR_USAGE, "%c takes a number", op);
	if (t->kind == TYPE_FLOAT && op != '~') {
		if (datum_float(x, d, &f, err))
			return -1;
		*d = datum_real(x, t, op == '-' ? -f : f);
		return 0;
	}
	if (datum_int(x, d, &i, err))
		return -1;
	*d = datum_integer(x, promoted(x, d->type),
			   op == '-'   ? -(uint64_t)i
			   : op == '~' ? ~(uint64_t)i
				       : (uint64_t)i);
	return 0;
}
