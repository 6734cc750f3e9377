/* The values that expressions are made of. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "command/expr_impl.h"

/* More than that is not read for one value: gdb's own limit is 64 KiB. */
enum { VALUE_MAX = 1 << 20 };

void *expr_alloc(struct expr *x, size_t len)
{
	void *p = xcalloc(1, len ? len : 1);

	x->owned = xrealloc(x->owned, (x->owned_count + 1) * sizeof *x->owned);
	x->owned[x->owned_count++] = p;
	return p;
}

struct type *expr_builtin(struct expr *x, const char *name)
{
	return symbols_type_builtin(x->session->symbols, name);
}

struct datum datum_integer(struct expr *x, struct type *type, uint64_t value)
{
	uint64_t size = type_size(type);
	uint8_t *bytes = expr_alloc(x, size < 16 ? 16 : size);

	memcpy(bytes, &value, size < 8 ? size : 8);
	if (size > 8 && (int64_t)value < 0 && type_strip(type)->is_signed)
		memset(bytes + 8, 0xff, size - 8);
	return (struct datum){.type = type, .bytes = bytes, .len = size};
}

struct datum datum_real(struct expr *x, struct type *type, long double value)
{
	uint64_t size = type_size(type);
	uint8_t *bytes = expr_alloc(x, 16);
	float f = (float)value;
	double d = (double)value;

	if (size == 4)
		memcpy(bytes, &f, 4);
	else if (size == 8)
		memcpy(bytes, &d, 8);
	else
		memcpy(bytes, &value, 10);
	return (struct datum){.type = type, .bytes = bytes, .len = size};
}

struct datum datum_at(struct type *type, uint64_t addr)
{
	return (struct datum){.type = type, .in_memory = true, .addr = addr};
}

static int refuse_type(const struct datum *d, struct error *err)
{
	struct strbuf name = {0};

	if (!d->is_type)
		return 0;
	type_name(d->type, &name);
	error_set(err, ERR_USAGE,
		  "%s is a type, not a value: cast an address to a pointer to "
		  "it",
		  strbuf_str(&name));
	strbuf_deinit(&name);
	return -1;
}

static int incomplete(struct type *type, struct error *err)
{
	struct strbuf name = {0};

	type_name(type, &name);
	error_set(
		err, ERR_NOT_FOUND,
		"%s is declared, and no debug information here defines it, or "
		"files define it that differ",
		strbuf_str(&name));
	strbuf_deinit(&name);
	return -1;
}

int datum_read(struct expr *x, struct datum *d, struct typed_value *out,
	       struct error *err)
{
	struct type *t = type_strip(d->type);
	uint64_t len = d->bit_size ? (d->bit_offset + d->bit_size + 7) / 8
				   : type_size(t);

	if (refuse_type(d, err))
		return -1;
	*out = (struct typed_value){.type = d->type,
				    .addr = d->in_memory ? d->addr : 0,
				    .bit_offset = d->bit_offset,
				    .bit_size = d->bit_size};
	if (t->is_declaration &&
	    (t->kind == TYPE_STRUCT || t->kind == TYPE_UNION))
		return incomplete(t, err);
	if (!d->bytes && len > VALUE_MAX)
		return error_set(err, ERR_USAGE,
				 "the value is of %" PRIu64 " bytes, more than "
				 "is shown at once: ask for some elements, as "
				 "in a[0]@100",
				 len);
	if (!d->bytes) {
		uint8_t *bytes = expr_alloc(x, len);
		bool now = false;

		if (len && !x->unread) {
			if (session_read(x->session, d->addr, bytes, len, &now,
					 err))
				return -1;
			x->now |= now;
			x->read = true;
		}
		d->bytes = bytes;
		d->len = len;
	}
	out->bytes = d->bytes;
	out->len = d->len;
	return 0;
}

int datum_int(struct expr *x, struct datum *d, int64_t *out, struct error *err)
{
	struct typed_value v;
	long double f;

	if (datum_decay(x, d, err) || datum_read(x, d, &v, err))
		return -1;
	if (typed_integer(&v, out))
		return 0;
	if (typed_float(&v, &f)) {
		*out = f >= 0x1p63L   ? INT64_MAX
		       : f > -0x1p63L ? (int64_t)f
				      : INT64_MIN;
		return 0;
	}
	if (type_strip(d->type)->kind == TYPE_INT)
		return error_set(err, ERR_UNSUPPORTED,
				 "integers of more than 8 bytes are only "
				 "printed, not computed with");
	return error_set(err, ERR_USAGE,
			 "a number or a pointer is wanted, not a struct or "
			 "union");
}

int datum_float(struct expr *x, struct datum *d, long double *out,
		struct error *err)
{
	struct typed_value v;
	int64_t i;

	if (datum_refer(x, d, err) || datum_read(x, d, &v, err))
		return -1;
	if (typed_float(&v, out))
		return 0;
	if (datum_int(x, d, &i, err))
		return -1;
	*out = type_strip(d->type)->is_signed ? (long double)i
					      : (long double)(uint64_t)i;
	return 0;
}

int datum_true(struct expr *x, struct datum *d, bool *out, struct error *err)
{
	int64_t i;
	long double f;

	if (datum_refer(x, d, err))
		return -1;
	if (type_strip(d->type)->kind == TYPE_FLOAT) {
		if (datum_float(x, d, &f, err))
			return -1;
		*out = f != 0;
		return 0;
	}
	if (datum_int(x, d, &i, err))
		return -1;
	*out = i != 0;
	return 0;
}

int datum_decay(struct expr *x, struct datum *d, struct error *err)
{
	struct type *t, *to;

	if (refuse_type(d, err) || datum_refer(x, d, err))
		return -1;
	t = type_strip(d->type);
	if (t->kind == TYPE_ARRAY)
		to = type_pointer_to(type_target(t));
	else if (t->kind == TYPE_FUNCTION)
		to = type_pointer_to(d->type);
	else
		return 0;
	if (!d->in_memory)
		return error_set(err, ERR_USAGE,
				 "this array is in no memory of the process");
	*d = datum_integer(x, to, d->addr);
	return 0;
}

int datum_address(struct expr *x, struct datum *d, struct error *err)
{
	if (refuse_type(d, err) || datum_refer(x, d, err))
		return -1;
	if (d->bit_size)
		return error_set(err, ERR_USAGE,
				 "a bit-field has no address of its own");
	if (!d->in_memory)
		return error_set(err, ERR_USAGE,
				 d->is_register
					 ? "a register has no address"
					 : "a value that is in no memory has "
					   "no address");
	*d = datum_integer(x, type_pointer_to(d->type), d->addr);
	return 0;
}

int datum_deref(struct expr *x, struct datum *d, struct error *err)
{
	struct type *t;
	int64_t addr;

	if (datum_decay(x, d, err))
		return -1;
	t = type_strip(d->type);
	if (t->kind == TYPE_INT) { /* gdb reads a long there */
		if (datum_int(x, d, &addr, err))
			return -1;
		*d = datum_at(expr_builtin(x, "long"), (uint64_t)addr);
		return 0;
	}
	if (t->kind != TYPE_POINTER)
		return error_set(err, ERR_USAGE,
				 "only a pointer can be followed with *");
	if (type_strip(type_target(t))->kind == TYPE_VOID)
		return error_set(err, ERR_USAGE,
				 "what a void * points to has no type: cast "
				 "it, as in *(struct conn *) p");
	if (datum_int(x, d, &addr, err))
		return -1;
	*d = datum_at(type_target(t), (uint64_t)addr);
	return 0;
}

int datum_index(struct expr *x, struct datum *d, int64_t index,
		struct error *err)
{
	struct type *t, *one;
	uint64_t size, offset;
	int64_t base;

	if (datum_refer(x, d, err))
		return -1;
	t = type_strip(d->type);
	one = type_target(t);
	size = type_size(one);
	offset = (uint64_t)index * size;

	if (t->kind == TYPE_ARRAY && !d->in_memory) {
		if (offset > d->len || d->len - offset < size)
			return error_set(err, ERR_USAGE,
					 "no such element of a value that is "
					 "in no memory");
		d->bytes += offset;
		d->len = size;
		d->type = one;
		return 0;
	}
	if (t->kind != TYPE_ARRAY && t->kind != TYPE_POINTER)
		return error_set(err, ERR_USAGE,
				 "only an array or a pointer has elements");
	if (!size)
		return type_strip(one)->is_declaration
			       ? incomplete(type_strip(one), err)
			       : error_set(err, ERR_USAGE,
					   "elements of void have no size: "
					   "cast the pointer");
	if (datum_int(x, d, &base, err))
		return -1;
	*d = datum_at(one, (uint64_t)base + offset);
	return 0;
}

int datum_member(struct expr *x, struct datum *d, const char *name,
		 struct error *err)
{
	struct strbuf text = {0};
	struct type *t;
	int found;

	if (datum_refer(x, d, err))
		return -1;
	t = type_strip(d->type);
	/* gdb takes "." for "->" as well */
	if (t->kind == TYPE_POINTER) {
		if (datum_deref(x, d, err) || datum_refer(x, d, err))
			return -1;
		t = type_strip(d->type);
	}
	if (t->kind != TYPE_STRUCT && t->kind != TYPE_UNION)
		return error_set(err, ERR_USAGE,
				 "only a struct or a union has members");
	if (t->is_declaration)
		return incomplete(t, err);
	if (refuse_type(d, err))
		return -1;
	found = datum_find_member(x, d, name, err);
	if (!found) {
		type_name(t, &text);
		error_set(err, ERR_NOT_FOUND, "%s has no member %s",
			  strbuf_str(&text), name);
		strbuf_deinit(&text);
	}
	return found > 0 ? 0 : -1;
}

int datum_repeat(struct expr *x, struct datum *d, int64_t count,
		 struct error *err)
{
	if (refuse_type(d, err) || datum_refer(x, d, err))
		return -1;
	if (count < 1)
		return error_set(err, ERR_USAGE,
				 "@ takes a count of one or more");
	if (!d->in_memory)
		return error_set(err, ERR_USAGE,
				 "only values in memory can be repeated with "
				 "@");
	*d = datum_at(type_array_of(d->type, (uint64_t)count), d->addr);
	return 0;
}

int datum_cast(struct expr *x, struct datum *d, struct type *to,
	       struct error *err)
{
	struct type *t = type_strip(to), *from;
	long double f;
	int64_t i;

	if (datum_refer(x, d, err))
		return -1;
	from = type_strip(d->type);
	switch (t->kind) {
	case TYPE_VOID:
		*d = (struct datum){.type = to, .bytes = expr_alloc(x, 0)};
		return 0;
	case TYPE_FLOAT:
		if (datum_float(x, d, &f, err))
			return -1;
		*d = datum_real(x, to, f);
		return 0;
	case TYPE_INT:
	case TYPE_CHAR:
	case TYPE_BOOL:
	case TYPE_ENUM:
	case TYPE_POINTER:
		if (datum_int(x, d, &i, err) ||
		    (t->kind == TYPE_POINTER && from->kind == TYPE_POINTER &&
		     datum_cast_class(x, type_target(from), type_target(t), &i,
				      err)))
			return -1;
		if (t->kind == TYPE_BOOL)
			i = i != 0;
		*d = datum_integer(x, to, (uint64_t)i);
		return 0;
	default:
		/* the same bytes seen as another array or struct */
		if (d->in_memory && (from->kind == t->kind ||
				     type_size(from) == type_size(t))) {
			*d = datum_at(to, d->addr);
			return 0;
		}
		return error_set(err, ERR_USAGE,
				 "that cast is not possible: cast to a pointer "
				 "and follow it, as in *(struct conn *) p");
	}
}
