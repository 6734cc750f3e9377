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

bool typed_integer(const struct typed_value *v, int64_t *out)
{
	struct type *t = type_strip(v->type);
	unsigned __int128 all = 0;
	uint64_t value;
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
		bits = t->size >= 8 ? 64 : (unsigned)t->size * 8;
	}
	value = (uint64_t)all << (64 - bits);
	*out = is_signed(t) ? (int64_t)value >> (64 - bits)
			    : (int64_t)(value >> (64 - bits));
	return true;
}

bool typed_float(const struct typed_value *v, long double *out)
{
	struct type *t = type_strip(v->type);
	float f;
	double d;
	long double l = 0;

	if (t->kind != TYPE_FLOAT || v->len < t->size)
		return false;
	switch (t->size) {
	case 4:
		memcpy(&f, v->bytes, 4);
		*out = f;
		return true;
	case 8:
		memcpy(&d, v->bytes, 8);
		*out = d;
		return true;
	case 12:
	case 16:
		memcpy(&l, v->bytes, 10); /* x87's: the rest is padding */
		*out = l;
		return true;
	default:
		return false;
	}
}

void typed_add_float(const struct typed_value *v, struct strbuf *out)
{
	struct type *t = type_strip(v->type);
	char text[60];
	long double value;
	int digits = t->size == 4 ? 9 : t->size == 8 ? 17 : 18;

	if (!typed_float(v, &value)) {
		strbuf_add(out, "<invalid float value>");
		return;
	}
	if (__builtin_isnan(value)) {
		uint64_t bits = 0;

		memcpy(&bits, v->bytes, t->size < 8 ? t->size : 8);
		bits &= t->size == 4 ? 0x7fffff : UINT64_C(0xfffffffffffff);
		strbuf_addf(out, "%snan(0x%" PRIx64 ")",
			    __builtin_signbit(value) ? "-" : "", bits);
		return;
	}
	snprintf(text, sizeof text, "%.*Lg", digits, value);
	strbuf_add(out, text);
}

static void add_binary(uint64_t value, struct strbuf *out)
{
	bool any = false;

	for (int i = 63; i >= 0; i--) {
		any |= value >> i & 1;
		if (any || !i)
			strbuf_addc(out, value >> i & 1 ? '1' : '0');
	}
}

void typed_add_integer(const struct typed_source *source, int64_t value,
		       unsigned size, bool is_char_unsigned, char format,
		       struct strbuf *out)
{
	uint64_t u = (uint64_t)value;

	if (size < 8)
		u &= (UINT64_C(1) << 8 * size) - 1;
	switch (format) {
	case 'x':
		strbuf_addf(out, "0x%" PRIx64, u);
		break;
	case 'z':
		strbuf_addf(out, "0x%0*" PRIx64, (int)size * 2, u);
		break;
	case 'o':
		strbuf_addf(out, u ? "0%" PRIo64 : "%" PRIo64, u);
		break;
	case 't':
		add_binary(u, out);
		break;
	case 'u':
		strbuf_addf(out, "%" PRIu64, u);
		break;
	case 'a':
		strbuf_addf(out, "0x%" PRIx64, u);
		typed_symbol(source, u, out);
		break;
	case 'c': /* gdb reads it as a character of that size's lowest byte */
		if (is_char_unsigned)
			strbuf_addf(out, "%u ", (unsigned)(uint8_t)u);
		else
			strbuf_addf(out, "%d ", (int)(int8_t)u);
		typed_char((uint8_t)u, 1, out);
		break;
	default: { /* d, f, s of what is no float, no string */
		unsigned shift = size < 8 ? 64 - 8 * size : 0;

		strbuf_addf(out, "%" PRId64, (int64_t)(u << shift) >> shift);
	}
	}
}
