#include "unwind/dwarf_expr.h"

#include <string.h>

enum { STACK = 32, STEPS = 1000 };

/* DW_OP_*: DWARF 5, 7.7.1. */
enum {
	OP_ADDR = 0x03,
	OP_DEREF = 0x06,
	OP_CONST1U = 0x08,
	OP_CONST8S = 0x0f,
	OP_CONSTU = 0x10,
	OP_CONSTS,
	OP_DUP,
	OP_DROP,
	OP_OVER,
	OP_SWAP = 0x16,
	OP_AND = 0x1a,
	OP_MINUS = 0x1c,
	OP_MUL = 0x1e,
	OP_NEG,
	OP_NOT,
	OP_OR,
	OP_PLUS,
	OP_PLUS_UCONST,
	OP_SHL,
	OP_SHR,
	OP_SHRA,
	OP_XOR,
	OP_BRA,
	OP_EQ,
	OP_GE,
	OP_GT,
	OP_LE,
	OP_LT,
	OP_NE,
	OP_SKIP,
	OP_LIT0 = 0x30,
	OP_LIT31 = 0x4f,
	OP_BREG0 = 0x70,
	OP_BREG31 = 0x8f,
	OP_NOP = 0x96,
};

uint64_t bytes_take(struct bytes *b, unsigned size)
{
	uint64_t value = 0;

	if (b->bad || (size_t)(b->end - b->at) < size) {
		b->bad = true;
		return 0;
	}
	memcpy(&value, b->at, size);
	b->at += size;
	return value;
}

int64_t bytes_take_signed(struct bytes *b, unsigned size)
{
	unsigned shift = 64 - 8 * size;

	return (int64_t)(bytes_take(b, size) << shift) >> shift;
}

/* Returns how many bits there were; the last byte's bit 6 is in *sign. */
static unsigned leb(struct bytes *b, uint64_t *out, bool *sign)
{
	unsigned shift = 0;
	uint8_t byte;

	*out = 0;
	do {
		byte = (uint8_t)bytes_take(b, 1);
		if (shift < 64)
			*out |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	*sign = byte & 0x40;
	return shift;
}

uint64_t bytes_uleb(struct bytes *b)
{
	uint64_t value;
	bool sign;

	leb(b, &value, &sign);
	return value;
}

int64_t bytes_sleb(struct bytes *b)
{
	uint64_t value;
	bool sign;
	unsigned bits = leb(b, &value, &sign);

	if (sign && bits < 64)
		value |= UINT64_MAX << bits;
	return (int64_t)value;
}

struct machine {
	struct unwinder *u;
	struct bytes code;
	const uint8_t *start;
	const uint32_t *reg;
	uint32_t stack[STACK];
	unsigned depth;
	bool bad;
};

static void push(struct machine *m, uint32_t value)
{
	if (m->depth == STACK)
		m->bad = true;
	else
		m->stack[m->depth++] = value;
}

static uint32_t pop(struct machine *m)
{
	if (!m->depth) {
		m->bad = true;
		return 0;
	}
	return m->stack[--m->depth];
}

static void jump(struct machine *m, bool taken)
{
	int64_t by = bytes_take_signed(&m->code, 2);
	int64_t to = m->code.at - m->start + by;

	if (to < 0 || to > m->code.end - m->start)
		m->bad = true;
	else if (taken)
		m->code.at = m->start + to;
}

/* Operands are signed; false if op is no comparison. */
static bool compare(uint8_t op, int32_t a, int32_t b, uint32_t *out)
{
	switch (op) {
	case OP_EQ:
		*out = a == b;
		return true;
	case OP_GE:
		*out = a >= b;
		return true;
	case OP_GT:
		*out = a > b;
		return true;
	case OP_LE:
		*out = a <= b;
		return true;
	case OP_LT:
		*out = a < b;
		return true;
	case OP_NE:
		*out = a != b;
		return true;
	}
	return false;
}

/* Two operands, b was on top; false if op has not two. */
static bool binary(uint8_t op, uint32_t a, uint32_t b, uint32_t *out)
{
	switch (op) {
	case OP_AND:
		*out = a & b;
		return true;
	case OP_OR:
		*out = a | b;
		return true;
	case OP_XOR:
		*out = a ^ b;
		return true;
	case OP_PLUS:
		*out = a + b;
		return true;
	case OP_MINUS:
		*out = a - b;
		return true;
	case OP_MUL:
		*out = a * b;
		return true;
	case OP_SHL:
		*out = b < 32 ? a << b : 0;
		return true;
	case OP_SHR:
		*out = b < 32 ? a >> b : 0;
		return true;
	case OP_SHRA:
		*out = (uint32_t)((int32_t)a >> (b < 32 ? b : 31));
		return true;
	}
	return compare(op, (int32_t)a, (int32_t)b, out);
}

static void shuffle(struct machine *m, uint8_t op)
{
	uint32_t a = pop(m), b;

	switch (op) {
	case OP_DUP:
		push(m, a);
		push(m, a);
		return;
	case OP_DROP:
		return;
	case OP_OVER:
	case OP_SWAP:
		b = pop(m);
		push(m, op == OP_OVER ? b : a);
		push(m, op == OP_OVER ? a : b);
		if (op == OP_OVER)
			push(m, b);
		return;
	case OP_NEG:
		push(m, -a);
		return;
	case OP_NOT:
		push(m, ~a);
		return;
	case OP_PLUS_UCONST:
		push(m, a + (uint32_t)bytes_uleb(&m->code));
		return;
	case OP_BRA:
		jump(m, a != 0);
		return;
	case OP_DEREF:
		b = 0;
		m->bad |= !cache_read(m->u, a, &b, sizeof b);
		push(m, b);
		return;
	}
	m->bad = true;
}

static void step(struct machine *m)
{
	uint8_t op = (uint8_t)bytes_take(&m->code, 1);
	uint32_t a, b, out;

	if (op >= OP_LIT0 && op <= OP_LIT31) {
		push(m, op - OP_LIT0);
	} else if (op >= OP_BREG0 && op <= OP_BREG31) {
		uint32_t off = (uint32_t)bytes_sleb(&m->code);

		m->bad |= op - OP_BREG0 >= REGS32;
		push(m, m->bad ? 0 : m->reg[op - OP_BREG0] + off);
	} else if (op >= OP_CONST1U && op <= OP_CONST8S) {
		unsigned size = 1u << (op - OP_CONST1U) / 2;

		push(m, op % 2 ? (uint32_t)bytes_take_signed(&m->code, size)
			       : (uint32_t)bytes_take(&m->code, size));
	} else if (op == OP_CONSTU) {
		push(m, (uint32_t)bytes_uleb(&m->code));
	} else if (op == OP_CONSTS) {
		push(m, (uint32_t)bytes_sleb(&m->code));
	} else if (op == OP_ADDR) {
		push(m, (uint32_t)bytes_take(&m->code, 4));
	} else if (op == OP_SKIP) {
		jump(m, true);
	} else if (op != OP_NOP && binary(op, 0, 0, &out)) {
		b = pop(m);
		a = pop(m);
		binary(op, a, b, &out);
		push(m, out);
	} else if (op != OP_NOP) {
		shuffle(m, op);
	}
}

bool dwarf_expr32(struct unwinder *u, struct bytes expr,
		  const uint32_t reg[REGS32], const uint32_t *initial,
		  uint32_t *out)
{
	struct machine m = {.u = u, .code = expr, .start = expr.at, .reg = reg};

	if (initial)
		push(&m, *initial);
	for (unsigned n = 0; m.code.at < m.code.end; n++) {
		if (n == STEPS)
			return false;
		step(&m);
		if (m.bad || m.code.bad)
			return false;
	}
	*out = pop(&m);
	return !m.bad;
}
