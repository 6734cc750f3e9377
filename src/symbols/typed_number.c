/* Numbers out of bytes, and in the formats of print/F. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "symbols/typed_impl.h"

static bool is_integer(const struct type *t)
{
	switch (t->kind) {
	case TYPE_INT:
	case TYPE_CHAR:
	case TYPE_BOOL:
	case TYPE_ENUM:
	case TYPE_POINTER:
	case TYPE_REFERENCE:
		return true;
	default:
		return false;
	}
}

static bool is_signed(struct type *t)
{
	const struct enumerator *e;
	size_t n;

	if (t->kind != TYPE_ENUM)
		return t->is_signed;
	n = type_enumerators(t, &e);
	for (size_t i = 0; i < n; i++)
		if (e[i].value < 0)
			return true;
	return false;
}

bool typed_bits(const struct typed_value *v, __int128 *out)
{
	struct type *t = type_strip(v->type);
	unsigned __int128 all = 0;
	unsigned bits;

	if (!is_integer(t))
		return false;
	if (v->bit_size) {
		size_t bytes = (v->bit_offset + v->bit_size + 7) / 8;

		if (bytes > v->len || bytes > sizeof all)
			return false;
		memcpy(&all, v->bytes, bytes);
		all >>= v->bit_offset;
		bits = v->bit_size;
	} else {
		if (v->len < t->size || t->size > sizeof all || !t->size)
			return false;
		memcpy(&all, v->bytes, t->size);
		bits = (unsigned)t->size * 8;
	}
	all <<= 128 - bits;
	*out = is_signed(t) ? (__int128)all >> (128 - bits)
			    : (__int128)(all >> (128 - bits));
	return true;
}

bool typed_integer(const struct typed_value *v, int64_t *out)
{
	__int128 all;

	if ((!v->bit_size && type_strip(v->type)->size > 8) ||
	    !typed_bits(v, &all))
		return false;
	*out = (int64_t)all;
	return true;
}

static bool real_of(const void *bytes, uint64_t size, long double *out)
{
	float f;
	double d;
	long double l = 0;

	switch (size) {
	case 4:
		memcpy(&f, bytes, 4);
		*out = f;
		return true;
	case 8:
		memcpy(&d, bytes, 8);
		*out = d;
		return true;
	case 12:
	case 16:
		memcpy(&l, bytes, 10); /* x87's: the rest is padding */
		*out = l;
		return true;
	default:
		return false;
	}
}

bool typed_float(const struct typed_value *v, long double *out)
{
	struct type *t = type_strip(v->type);

	return t->kind == TYPE_FLOAT && v->len >= t->size &&
	       real_of(v->bytes, t->size, out);
}

static void add_nan(const void *bytes, unsigned size, bool negative,
		    struct strbuf *out)
{
	uint64_t bits = 0;

	memcpy(&bits, bytes, size < 8 ? size : 8);
	if (size == 4)
		bits &= 0x7fffff;
	else if (size == 8)
		bits &= UINT64_C(0xfffffffffffff);
	strbuf_addf(out, "%snan(0x%" PRIx64 ")", negative ? "-" : "", bits);
}

/* As many digits as tell it from its neighbours: gdb's. */
static void add_real(const void *bytes, unsigned size, struct strbuf *out)
{
	int digits = size == 4 ? 9 : size == 8 ? 17 : 21;
	char text[60];
	long double value;

	if (!real_of(bytes, size, &value)) {
		strbuf_add(out, "<invalid float value>");
	} else if (__builtin_isnan(value)) {
		add_nan(bytes, size, __builtin_signbit(value), out);
	} else {
		snprintf(text, sizeof text, "%.*Lg", digits, value);
		strbuf_add(out, text);
	}
}

void typed_add_float(const struct typed_value *v, struct strbuf *out)
{
	struct type *t = type_strip(v->type);

	if (v->len < t->size)
		strbuf_add(out, "<invalid float value>");
	else
		add_real(v->bytes, (unsigned)t->size, out);
}

void typed_add_complex(const struct typed_value *v, struct strbuf *out)
{
	struct type *t = type_strip(v->type);
	unsigned half = (unsigned)t->size / 2;

	if (v->len < t->size) {
		strbuf_add(out, "<invalid float value>");
		return;
	}
	add_real(v->bytes, half, out);
	strbuf_add(out, " + ");
	add_real((const uint8_t *)v->bytes + half, half, out);
	strbuf_addc(out, 'i');
}

/* In base 2, 8 or 10: printf knows nothing wider than 64 bits. */
static void add_digits(unsigned __int128 value, unsigned base,
		       struct strbuf *out)
{
	char text[129];
	size_t at = sizeof text;

	do {
		text[--at] = (char)('0' + (unsigned)(value % base));
		value /= base;
	} while (value);
	strbuf_addn(out, text + at, sizeof text - at);
}

static void add_hex(unsigned __int128 value, unsigned width, struct strbuf *out)
{
	uint64_t high = (uint64_t)(value >> 64), low = (uint64_t)value;

	strbuf_add(out, "0x");
	if (high || width > 16)
		strbuf_addf(out, "%0*" PRIx64 "%016" PRIx64,
			    width > 16 ? (int)width - 16 : 1, high, low);
	else
		strbuf_addf(out, "%0*" PRIx64, (int)width, low);
}

static void add_signed(__int128 value, struct strbuf *out)
{
	if (value < 0)
		strbuf_addc(out, '-');
	add_digits(value < 0 ? -(unsigned __int128)value
			     : (unsigned __int128)value,
		   10, out);
}

void typed_add_integer(const struct typed_source *source, __int128 value,
		       unsigned size, bool is_char_unsigned, char format,
		       struct strbuf *out)
{
	unsigned shift = 128 - 8 * size;
	unsigned __int128 u = (unsigned __int128)value << shift >> shift;

	switch (format) {
	case 'x':
		add_hex(u, 1, out);
		break;
	case 'z':
		add_hex(u, size * 2, out);
		break;
	case 'o':
		strbuf_add(out, u ? "0" : "");
		add_digits(u, 8, out);
		break;
	case 't':
		add_digits(u, 2, out);
		break;
	case 'u':
		add_digits(u, 10, out);
		break;
	case 'a': /* an address: a negative one is extended */
		strbuf_addf(out, "0x%" PRIx64, (uint64_t)value);
		typed_symbol(source, (uint64_t)value, out);
		break;
	case 'c': /* gdb reads it as a character of that size's lowest byte */
		if (is_char_unsigned)
			strbuf_addf(out, "%u ", (unsigned)(uint8_t)u);
		else
			strbuf_addf(out, "%d ", (int)(int8_t)u);
		typed_char((uint8_t)u, 1, "", out);
		break;
	case 'f': /* the bits as a floating-point number of that size */
		if (size == 4 || size == 8 || size == 16) {
			add_real(&u, size, out);
			break;
		}
		/* fall through */
	default: /* d, s of what is no string; u is negative as of its size */
		add_signed(format == 'f' && is_char_unsigned
				   ? (__int128)u
				   : (__int128)(u << shift) >> shift,
			   out);
	}
}
