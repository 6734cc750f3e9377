#include "symbols/dwarf_ops.h"

#include <string.h>

#include <libdwarf.h>
#include <dwarf.h>

#ifndef DW_OP_GNU_variable_value
#define DW_OP_GNU_variable_value 0xfd
#endif

/* How an operand is encoded: a size in bytes, negative: signed; or these. */
enum { NONE = 0, ULEB = 16, SLEB, BLOCK, BLOCK1, WORD };

struct form {
	int8_t a, b;
};

static const struct form forms[256] = {
	[DW_OP_addr] = {WORD, NONE},
	[DW_OP_const1u] = {1, NONE},
	[DW_OP_const1s] = {-1, NONE},
	[DW_OP_const2u] = {2, NONE},
	[DW_OP_const2s] = {-2, NONE},
	[DW_OP_const4u] = {4, NONE},
	[DW_OP_const4s] = {-4, NONE},
	[DW_OP_const8u] = {8, NONE},
	[DW_OP_const8s] = {8, NONE},
	[DW_OP_constu] = {ULEB, NONE},
	[DW_OP_consts] = {SLEB, NONE},
	[DW_OP_pick] = {1, NONE},
	[DW_OP_plus_uconst] = {ULEB, NONE},
	[DW_OP_skip] = {-2, NONE},
	[DW_OP_bra] = {-2, NONE},
	[DW_OP_breg0... DW_OP_breg31] = {SLEB, NONE},
	[DW_OP_regx] = {ULEB, NONE},
	[DW_OP_fbreg] = {SLEB, NONE},
	[DW_OP_bregx] = {ULEB, SLEB},
	[DW_OP_piece] = {ULEB, NONE},
	[DW_OP_deref_size] = {1, NONE},
	[DW_OP_xderef_size] = {1, NONE},
	[DW_OP_call2] = {2, NONE},
	[DW_OP_call4] = {4, NONE},
	[DW_OP_call_ref] = {4, NONE},
	[DW_OP_bit_piece] = {ULEB, ULEB},
	[DW_OP_implicit_value] = {BLOCK, NONE},
	[DW_OP_implicit_pointer] = {4, SLEB},
	[DW_OP_addrx] = {ULEB, NONE},
	[DW_OP_constx] = {ULEB, NONE},
	[DW_OP_entry_value] = {BLOCK, NONE},
	[DW_OP_const_type] = {ULEB, BLOCK1},
	[DW_OP_regval_type] = {ULEB, ULEB},
	[DW_OP_deref_type] = {1, ULEB},
	[DW_OP_xderef_type] = {1, ULEB},
	[DW_OP_convert] = {ULEB, NONE},
	[DW_OP_reinterpret] = {ULEB, NONE},
	[DW_OP_GNU_implicit_pointer] = {4, SLEB},
	[DW_OP_GNU_entry_value] = {BLOCK, NONE},
	[DW_OP_GNU_const_type] = {ULEB, BLOCK1},
	[DW_OP_GNU_regval_type] = {ULEB, ULEB},
	[DW_OP_GNU_deref_type] = {1, ULEB},
	[DW_OP_GNU_convert] = {ULEB, NONE},
	[DW_OP_GNU_reinterpret] = {ULEB, NONE},
	[DW_OP_GNU_parameter_ref] = {4, NONE},
	[DW_OP_GNU_addr_index] = {ULEB, NONE},
	[DW_OP_GNU_const_index] = {ULEB, NONE},
	[DW_OP_GNU_variable_value] = {4, NONE},
};

struct cursor {
	const uint8_t *bytes;
	size_t len, at;
	bool failed;
};

static uint64_t take(struct cursor *c, size_t size)
{
	uint64_t value = 0;

	if (c->len - c->at < size) {
		c->failed = true;
		return 0;
	}
	memcpy(&value, c->bytes + c->at, size);
	c->at += size;
	return value;
}

static uint64_t take_leb(struct cursor *c, bool is_signed)
{
	uint64_t value = 0, byte;
	unsigned shift = 0;

	do {
		byte = take(c, 1);
		if (shift < 64)
			value |= (byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80 && !c->failed);
	if (is_signed && byte & 0x40 && shift < 64)
		value |= ~UINT64_C(0) << shift;
	return value;
}

static uint64_t extended(uint64_t value, unsigned size)
{
	unsigned bits = 64 - 8 * size;

	return (uint64_t)((int64_t)(value << bits) >> bits);
}

/* A block's length goes to *a, its place to *b. */
static void take_block(struct cursor *c, uint64_t len, uint64_t *a, uint64_t *b)
{
	*a = len;
	*b = (uintptr_t)(c->bytes + c->at);
	if (len > c->len - c->at)
		c->failed = true;
	else
		c->at += len;
}

static void take_operand(struct cursor *c, int form, unsigned word, uint64_t *a,
			 uint64_t *b)
{
	switch (form) {
	case NONE:
		break;
	case ULEB:
	case SLEB:
		*a = take_leb(c, form == SLEB);
		break;
	case BLOCK:
		take_block(c, take_leb(c, false), a, b);
		break;
	case BLOCK1:
		take_block(c, take(c, 1), a, b);
		break;
	case WORD:
		*a = take(c, word);
		break;
	default:
		*a = take(c, (size_t)(form < 0 ? -form : form));
		if (form < 0)
			*a = extended(*a, (unsigned)-form);
	}
}

bool op_decode(const uint8_t *bytes, size_t len, unsigned word, size_t *at,
	       struct op *out)
{
	struct cursor c = {.bytes = bytes, .len = len, .at = *at};

	if (*at >= len)
		return false;
	*out = (struct op){.at = *at};
	out->atom = (uint8_t)take(&c, 1);
	take_operand(&c, forms[out->atom].a, word, &out->a, &out->b);
	take_operand(&c, forms[out->atom].b, word, &out->b, &out->c);
	*at = c.at;
	return !c.failed;
}
