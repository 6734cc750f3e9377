/*
 * Call frames of i386 code by its unwind tables (DWARF 5, 6.4; LSB,
 * ".eh_frame"): libunwind here knows x86-64 alone.
 */
#include <string.h>

#include "unwind/fde32.h"

enum { REMEMBERED = 16 };

enum rule_kind { SAME, UNDEFINED, AT_CFA, CFA_PLUS, REGISTER, AT_EXPR, EXPR };

struct rule {
	enum rule_kind kind;
	int64_t value;	   /* offset from the CFA, or a register */
	struct bytes expr; /* AT_EXPR, EXPR */
};

struct row {
	struct rule reg[REGS32];
	struct rule cfa; /* REGISTER with offset, or EXPR */
	int64_t cfa_offset;
};

/* DW_CFA_* but for the three that have their operand in the low bits. */
enum {
	CFA_NOP,
	CFA_SET_LOC,
	CFA_ADVANCE1,
	CFA_ADVANCE2,
	CFA_ADVANCE4,
	CFA_OFFSET_EXTENDED,
	CFA_RESTORE_EXTENDED,
	CFA_UNDEFINED,
	CFA_SAME_VALUE,
	CFA_REGISTER,
	CFA_REMEMBER,
	CFA_RESTORE_STATE,
	CFA_DEF_CFA,
	CFA_DEF_CFA_REGISTER,
	CFA_DEF_CFA_OFFSET,
	CFA_DEF_CFA_EXPRESSION,
	CFA_EXPRESSION,
	CFA_OFFSET_EXTENDED_SF,
	CFA_DEF_CFA_SF,
	CFA_DEF_CFA_OFFSET_SF,
	CFA_VAL_OFFSET,
	CFA_VAL_OFFSET_SF,
	CFA_VAL_EXPRESSION,
	CFA_GNU_ARGS_SIZE = 0x2e
};

struct run {
	const struct fde32 *f;
	struct bytes b;
	struct row row, initial, saved[REMEMBERED];
	unsigned remembered;
	uint64_t loc;
	bool bad;
};

static struct bytes take_block(struct bytes *b)
{
	uint64_t len = bytes_uleb(b);
	struct bytes block = {.at = b->at, .end = b->at};

	if (b->bad || len > (uint64_t)(b->end - b->at)) {
		b->bad = true;
		return block;
	}
	b->at += len;
	block.end = b->at;
	return block;
}

/* Registers that are not i386's general ones are of no interest. */
static void set(struct run *r, uint64_t reg, struct rule rule)
{
	if (reg < REGS32)
		r->row.reg[reg] = rule;
}

static void set_offset(struct run *r, uint64_t reg, enum rule_kind kind,
		       int64_t factored)
{
	set(r, reg,
	    (struct rule){.kind = kind, .value = factored * r->f->data_align});
}

static void restore(struct run *r, uint64_t reg)
{
	if (reg < REGS32)
		r->row.reg[reg] = r->initial.reg[reg];
}

static void define_cfa(struct run *r, uint64_t reg, int64_t offset)
{
	r->bad |= reg >= REGS32;
	r->row.cfa = (struct rule){.kind = REGISTER, .value = (int64_t)reg};
	r->row.cfa_offset = offset;
}

static void state(struct run *r, uint8_t op)
{
	if (op == CFA_REMEMBER && r->remembered < REMEMBERED)
		r->saved[r->remembered++] = r->row;
	else if (op == CFA_RESTORE_STATE && r->remembered)
		r->row = r->saved[--r->remembered];
	else
		r->bad = true;
}

static void cfa_instruction(struct run *r, uint8_t op)
{
	struct bytes *b = &r->b;
	uint64_t reg;

	switch (op) {
	case CFA_DEF_CFA:
		reg = bytes_uleb(b);
		define_cfa(r, reg, (int64_t)bytes_uleb(b));
		return;
	case CFA_DEF_CFA_SF:
		reg = bytes_uleb(b);
		define_cfa(r, reg, bytes_sleb(b) * r->f->data_align);
		return;
	case CFA_DEF_CFA_REGISTER:
		define_cfa(r, bytes_uleb(b), r->row.cfa_offset);
		return;
	case CFA_DEF_CFA_OFFSET:
		r->row.cfa_offset = (int64_t)bytes_uleb(b);
		return;
	case CFA_DEF_CFA_OFFSET_SF:
		r->row.cfa_offset = bytes_sleb(b) * r->f->data_align;
		return;
	case CFA_DEF_CFA_EXPRESSION:
		r->row.cfa = (struct rule){EXPR, 0, take_block(b)};
		return;
	case CFA_REMEMBER:
	case CFA_RESTORE_STATE:
		state(r, op);
		return;
	case CFA_GNU_ARGS_SIZE:
		bytes_uleb(b);
		return;
	case CFA_NOP:
		return;
	}
	r->bad = true;
}

static void register_instruction(struct run *r, uint8_t op)
{
	struct bytes *b = &r->b;
	uint64_t reg = bytes_uleb(b);

	switch (op) {
	case CFA_OFFSET_EXTENDED:
		set_offset(r, reg, AT_CFA, (int64_t)bytes_uleb(b));
		return;
	case CFA_OFFSET_EXTENDED_SF:
		set_offset(r, reg, AT_CFA, bytes_sleb(b));
		return;
	case CFA_VAL_OFFSET:
		set_offset(r, reg, CFA_PLUS, (int64_t)bytes_uleb(b));
		return;
	case CFA_VAL_OFFSET_SF:
		set_offset(r, reg, CFA_PLUS, bytes_sleb(b));
		return;
	case CFA_RESTORE_EXTENDED:
		restore(r, reg);
		return;
	case CFA_UNDEFINED:
		set(r, reg, (struct rule){.kind = UNDEFINED});
		return;
	case CFA_SAME_VALUE:
		set(r, reg, (struct rule){.kind = SAME});
		return;
	case CFA_REGISTER:
		set(r, reg,
		    (struct rule){.kind = REGISTER,
				  .value = (int64_t)bytes_uleb(b)});
		return;
	case CFA_EXPRESSION:
	case CFA_VAL_EXPRESSION:
		set(r, reg,
		    (struct rule){op == CFA_EXPRESSION ? AT_EXPR : EXPR, 0,
				  take_block(b)});
		return;
	}
	r->bad = true;
}

static bool is_of_register(uint8_t op)
{
	return (op >= CFA_OFFSET_EXTENDED && op <= CFA_REGISTER) ||
	       op == CFA_EXPRESSION || op == CFA_OFFSET_EXTENDED_SF ||
	       (op >= CFA_VAL_OFFSET && op <= CFA_VAL_EXPRESSION);
}

static void advance(struct run *r, uint64_t by)
{
	r->loc += by * r->f->code_align;
}

/* One instruction; the row is the one for r->loc. */
static void instruction(struct run *r)
{
	uint8_t op = (uint8_t)bytes_take(&r->b, 1), low = op & 0x3f;

	if (op >> 6 == 1)
		advance(r, low);
	else if (op >> 6 == 2)
		set_offset(r, low, AT_CFA, (int64_t)bytes_uleb(&r->b));
	else if (op >> 6 == 3)
		restore(r, low);
	else if (op == CFA_SET_LOC)
		r->loc = fde32_pointer(&r->b, &r->f->record, r->f->encoding);
	else if (op >= CFA_ADVANCE1 && op <= CFA_ADVANCE4)
		advance(r, bytes_take(&r->b, 1u << (op - CFA_ADVANCE1)));
	else if (is_of_register(op))
		register_instruction(r, op);
	else
		cfa_instruction(r, op);
}

/* The row for a pc. */
static bool find_row(const struct fde32 *f, uint64_t pc, struct row *out)
{
	struct run r = {.f = f, .b = f->initial, .loc = f->start};

	while (r.b.at < r.b.end && !r.bad && !r.b.bad)
		instruction(&r);
	r.initial = r.row;
	if (r.bad || r.b.bad)
		return false;
	r.b = f->program;
	while (r.b.at < r.b.end && !r.bad && !r.b.bad) {
		struct row before = r.row;

		instruction(&r);
		if (r.loc > pc) {
			*out = before;
			return true;
		}
	}
	*out = r.row;
	return !r.bad && !r.b.bad;
}

static bool value_of(struct unwinder *u, const struct rule *rule,
		     const uint32_t reg[REGS32], uint32_t cfa, uint32_t *out)
{
	uint32_t at = cfa + (uint32_t)rule->value;

	switch (rule->kind) {
	case SAME:
	case UNDEFINED:
		return true;
	case AT_CFA:
		return cache_read(u, at, out, sizeof *out);
	case CFA_PLUS:
		*out = at;
		return true;
	case REGISTER:
		if (rule->value < 0 || rule->value >= REGS32)
			return false;
		*out = reg[rule->value];
		return true;
	case AT_EXPR:
		return dwarf_expr32(u, rule->expr, reg, &cfa, &at) &&
		       cache_read(u, at, out, sizeof *out);
	case EXPR:
		return dwarf_expr32(u, rule->expr, reg, &cfa, out);
	}
	return false;
}

/* i386 numbers of the registers of thread_regs, which has x86-64's. */
static const uint8_t number64[REGS32] = {
	REG_RAX_, REG_RCX_, REG_RDX_, REG_RBX_, REG_RSP_,
	REG_RBP_, REG_RSI_, REG_RDI_, REG_RIP_,
};

static bool find_cfa(struct unwinder *u, const struct row *row,
		     const uint32_t reg[REGS32], uint32_t *cfa)
{
	if (row->cfa.kind == EXPR)
		return dwarf_expr32(u, row->cfa.expr, reg, NULL, cfa);
	if (row->cfa.kind != REGISTER)
		return false;
	*cfa = reg[row->cfa.value] + (uint32_t)row->cfa_offset;
	return true;
}

enum cfi32 cfi32_step(struct unwinder *u, uint64_t lookup,
		      struct thread_regs *regs)
{
	uint32_t reg[REGS32], next[REGS32], cfa;
	struct row row;
	struct fde32 f;

	for (unsigned i = 0; i < REGS32; i++)
		reg[i] = (uint32_t)regs->r[number64[i]];
	if (!fde32_find(u, lookup, &f) || !find_row(&f, lookup, &row))
		return CFI32_NONE;
	if (row.reg[f.ra].kind == UNDEFINED)
		return CFI32_END;
	if (!find_cfa(u, &row, reg, &cfa))
		return CFI32_NONE;
	memcpy(next, reg, sizeof next);
	next[ESP32] = cfa;
	for (unsigned i = 0; i < REGS32; i++)
		if (!value_of(u, &row.reg[i], reg, cfa, &next[i]))
			return CFI32_NONE;
	/* A frame that keeps its return address where it is has no caller. */
	if (row.reg[f.ra].kind == SAME)
		return CFI32_NONE;
	next[EIP32] = next[f.ra];
	for (unsigned i = 0; i < REGS32; i++)
		regs->r[number64[i]] = next[i];
	return CFI32_FRAME;
}

bool cfi32_is_signal(struct unwinder *u, uint64_t lookup)
{
	struct fde32 f;

	return fde32_find(u, lookup, &f) && f.signal;
}
