#include "symbols/dwarf_number.h"

#include <math.h>
#include <string.h>

#include "symbols/dwarf_impl.h"

static bool same(struct number_type a, struct number_type b)
{
	return a.kind == b.kind && a.size == b.size;
}

/* Bytes 0: of addresses, which are as long as what we calculate with. */
static uint64_t extended(uint64_t bits, unsigned size, bool is_signed)
{
	unsigned shift = size ? 64 - 8 * size : 0;

	return is_signed ? (uint64_t)((int64_t)(bits << shift) >> shift)
			 : bits << shift >> shift;
}

struct number number_of(struct number_type type, uint64_t bits)
{
	bits = extended(bits, type.size, type.kind == NUMBER_SIGNED);
	return (struct number){.bits = bits, .type = type};
}

bool number_type_at(const struct die *die, uint64_t offset,
		    struct number_type *out)
{
	uint64_t key, encoding = 0, size = 0;
	struct die base;
	bool is;

	*out = (struct number_type){.kind = NUMBER_ADDRESS};
	if (!offset)
		return true;
	key = die_sibling_key(die, offset);
	if (!key || !die_open(die->dwarf, key, &base))
		return false;
	is = die_tag(&base) == DW_TAG_base_type &&
	     die_unsigned(&base, DW_AT_encoding, &encoding) &&
	     die_unsigned(&base, DW_AT_byte_size, &size) && size <= 8;
	die_close(&base);
	if (encoding == DW_ATE_signed || encoding == DW_ATE_signed_char)
		out->kind = NUMBER_SIGNED;
	else if (encoding == DW_ATE_float)
		out->kind = NUMBER_FLOAT;
	else if (encoding == DW_ATE_unsigned ||
		 encoding == DW_ATE_unsigned_char ||
		 encoding == DW_ATE_boolean || encoding == DW_ATE_UTF ||
		 encoding == DW_ATE_address)
		out->kind = NUMBER_UNSIGNED;
	else
		return false;
	if (!is || !size || (out->kind == NUMBER_FLOAT && size % 4)) {
		out->kind = NUMBER_ADDRESS;
		return false;
	}
	out->size = (uint8_t)size;
	return true;
}

static double float_value(struct number n)
{
	double value = 0;
	float small;

	if (n.type.size == sizeof value) {
		memcpy(&value, &n.bits, sizeof value);
		return value;
	}
	memcpy(&small, &n.bits, sizeof small);
	return (double)small;
}

static struct number float_number(double value, unsigned size)
{
	struct number n = {.type = {NUMBER_FLOAT, (uint8_t)size}};
	float small = (float)value;

	if (size == sizeof value)
		memcpy(&n.bits, &value, sizeof value);
	else
		memcpy(&n.bits, &small, sizeof small);
	return n;
}

/* 2 to the power of that, or the same below zero: what is no integer. */
static bool fits(double value, struct number_type type)
{
	int bits = (type.size ? type.size : 8) * 8;

	if (type.kind == NUMBER_UNSIGNED)
		return value > -1 && value < ldexp(1, bits);
	return value >= -ldexp(1, bits - 1) && value < ldexp(1, bits - 1);
}

bool number_convert(struct number n, struct number_type type, unsigned word,
		    struct number *out)
{
	double value;

	if (n.type.kind == NUMBER_ADDRESS && type.kind != NUMBER_ADDRESS)
		n.bits = extended(n.bits, word, true);
	if (type.kind == NUMBER_FLOAT) {
		if (n.type.kind == NUMBER_FLOAT)
			value = float_value(n);
		else if (n.type.kind == NUMBER_UNSIGNED)
			value = (double)n.bits;
		else
			value = (double)(int64_t)n.bits;
		*out = float_number(value, type.size);
		/* Not by way of another: it would be rounded twice. */
		if (type.size == sizeof(float) && n.type.kind != NUMBER_FLOAT) {
			float small = n.type.kind == NUMBER_UNSIGNED
					      ? (float)n.bits
					      : (float)(int64_t)n.bits;

			*out = float_number((double)small, type.size);
		}
		return true;
	}
	if (n.type.kind == NUMBER_FLOAT) {
		value = float_value(n);
		if (!fits(value, type)) /* nor is what is not a number */
			return false;
		n.bits = type.kind == NUMBER_UNSIGNED
				 ? (uint64_t)value
				 : (uint64_t)(int64_t)value;
	}
	*out = number_of(type, n.bits);
	return true;
}

bool number_reinterpret(struct number n, struct number_type type, unsigned word,
			struct number *out)
{
	unsigned from = n.type.size ? n.type.size : word;
	unsigned to = type.size ? type.size : word;

	*out = number_of(type, n.bits);
	return from == to;
}

static bool arithmetic(unsigned op, uint64_t a, uint64_t b,
		       struct number_type type, uint64_t *out)
{
	bool is_signed = type.kind != NUMBER_UNSIGNED;
	uint64_t unsigned_a = extended(a, type.size, false);
	int64_t sa = (int64_t)a, sb = (int64_t)b;

	switch (op) {
	case DW_OP_and:
		*out = a & b;
		return true;
	case DW_OP_div:
		if (is_signed)
			*out = !sb ? 0 : sb == -1 ? -a : (uint64_t)(sa / sb);
		else
			*out = b ? a / b : 0;
		return true;
	case DW_OP_minus:
		*out = a - b;
		return true;
	case DW_OP_mod:
		if (type.kind == NUMBER_SIGNED)
			*out = !sb || sb == -1 ? 0 : (uint64_t)(sa % sb);
		else
			*out = b ? a % b : 0;
		return true;
	case DW_OP_mul:
		*out = a * b;
		return true;
	case DW_OP_or:
		*out = a | b;
		return true;
	case DW_OP_plus:
		*out = a + b;
		return true;
	case DW_OP_shl:
		*out = b < 64 ? a << b : 0;
		return true;
	case DW_OP_shr:
		*out = b < 64 ? unsigned_a >> b : 0;
		return true;
	case DW_OP_shra:
		sa = (int64_t)extended(a, type.size, true);
		*out = (uint64_t)(sa >> (b < 64 ? b : 63));
		return true;
	case DW_OP_xor:
		*out = a ^ b;
		return true;
	}
	return false;
}

static bool float_arithmetic(unsigned op, double a, double b, double *out)
{
	switch (op) {
	case DW_OP_plus:
		*out = a + b;
		return true;
	case DW_OP_minus:
		*out = a - b;
		return true;
	case DW_OP_mul:
		*out = a * b;
		return true;
	case DW_OP_div:
		*out = a / b;
		return true;
	}
	return false;
}

/* order: of the two, below, at or above 0; unordered: one is not a number. */
static bool compare(unsigned op, int order, bool unordered, uint64_t *out)
{
	switch (op) {
	case DW_OP_eq:
		*out = !unordered && !order;
		return true;
	case DW_OP_ge:
		*out = !unordered && order >= 0;
		return true;
	case DW_OP_gt:
		*out = !unordered && order > 0;
		return true;
	case DW_OP_le:
		*out = !unordered && order <= 0;
		return true;
	case DW_OP_lt:
		*out = !unordered && order < 0;
		return true;
	case DW_OP_ne:
		*out = unordered || order;
		return true;
	}
	return false;
}

static bool floats(unsigned op, struct number a, struct number b,
		   struct number *out)
{
	double x = float_value(a), y = float_value(b), result = 0;

	*out = (struct number){0};
	if (compare(op, (x > y) - (x < y), isnan(x) || isnan(y), &out->bits))
		return true;
	if (!float_arithmetic(op, x, y, &result))
		return false;
	*out = float_number(result, a.type.size);
	return true;
}

static bool is_shift(unsigned op)
{
	return op == DW_OP_shl || op == DW_OP_shr || op == DW_OP_shra;
}

bool number_is_binary(unsigned op)
{
	const struct number_type address = {.kind = NUMBER_ADDRESS};
	uint64_t out;

	return arithmetic(op, 0, 0, address, &out) ||
	       compare(op, 0, false, &out);
}

bool number_binary(unsigned op, struct number a, struct number b,
		   struct number *out)
{
	int64_t sa = (int64_t)a.bits, sb = (int64_t)b.bits;
	int order = (sa > sb) - (sa < sb);
	uint64_t bits;

	if (!same(a.type, b.type) &&
	    (!is_shift(op) || b.type.kind == NUMBER_FLOAT))
		return false;
	if (a.type.kind == NUMBER_FLOAT)
		return floats(op, a, b, out);
	if (a.type.kind == NUMBER_UNSIGNED)
		order = (a.bits > b.bits) - (a.bits < b.bits);
	*out = (struct number){0};
	if (compare(op, order, false, &out->bits))
		return true;
	if (!arithmetic(op, a.bits, b.bits, a.type, &bits))
		return false;
	*out = number_of(a.type, bits);
	return true;
}

bool number_unary(unsigned op, struct number n, struct number *out)
{
	bool below = n.type.kind != NUMBER_UNSIGNED && (int64_t)n.bits < 0;

	if (n.type.kind == NUMBER_FLOAT) {
		double value = float_value(n);

		*out = float_number(op == DW_OP_abs ? fabs(value) : -value,
				    n.type.size);
		return op == DW_OP_neg || op == DW_OP_abs;
	}
	switch (op) {
	case DW_OP_neg:
		*out = number_of(n.type, -n.bits);
		return true;
	case DW_OP_not:
		*out = number_of(n.type, ~n.bits);
		return true;
	case DW_OP_abs:
		*out = number_of(n.type, below ? -n.bits : n.bits);
		return true;
	}
	return false;
}
