#include "symbols/disasm.h"

#include <capstone.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

struct disasm {
	csh handle;
	cs_insn *insn; /* owned: decoded into again and again */
	unsigned word;
	uint64_t got; /* 0: none, or nobody told */
	/* Which general registers hold it now. */
	bool has_got[X86_REG_ENDING];
	/* Where the last calls return to: of one, the add that follows makes
	 * the address of the GOT. */
	uint64_t back[4];
	unsigned calls;
};

int disasm_open(unsigned word, struct disasm **out, struct error *err)
{
	cs_mode mode = word == 4 ? CS_MODE_32 : CS_MODE_64;
	struct disasm *d = xcalloc(1, sizeof *d);
	cs_err e = cs_open(CS_ARCH_X86, mode, &d->handle);

	if (!e)
		e = cs_option(d->handle, CS_OPT_DETAIL, CS_OPT_ON);
	if (!e)
		d->insn = cs_malloc(d->handle);
	if (!d->insn) {
		disasm_close(d);
		return error_set(err, ERR_UNSUPPORTED,
				 "no x86 disassembler: %s",
				 cs_strerror(e ? e : CS_ERR_MEM));
	}
	d->word = word;
	*out = d;
	return 0;
}

void disasm_close(struct disasm *d)
{
	if (!d)
		return;
	if (d->insn)
		cs_free(d->insn, 1);
	if (d->handle)
		cs_close(&d->handle);
	free(d);
}

void disasm_set_got(struct disasm *d, uint64_t got)
{
	d->got = d->word == 4 ? got : 0;
}

static enum insn_kind kind_of(const cs_detail *detail)
{
	for (unsigned i = 0; i < detail->groups_count; i++) {
		switch (detail->groups[i]) {
		case CS_GRP_CALL:
			return INSN_CALL;
		case CS_GRP_JUMP:
			return INSN_JUMP;
		case CS_GRP_RET:
		case CS_GRP_IRET:
			return INSN_RET;
		}
	}
	return INSN_OTHER;
}

static uint64_t in_word(const struct disasm *d, uint64_t addr)
{
	return d->word == 4 ? (uint32_t)addr : addr;
}

static void take_mem(const struct disasm *d, const x86_op_mem *m,
		     struct insn *out)
{
	uint64_t disp = (uint64_t)m->disp;

	if (m->segment == X86_REG_FS || m->segment == X86_REG_GS) {
		/* i386 keeps its threads in %gs; x86-64 in %fs */
		out->is_fs = (m->segment == X86_REG_FS) == (d->word == 8);
		return;
	}
	if (m->index != X86_REG_INVALID)
		return;
	if (m->base == X86_REG_RIP)
		out->mem = out->addr + out->size + disp;
	else if (m->base != X86_REG_INVALID && d->has_got[m->base])
		out->mem = in_word(d, d->got + disp);
	else if (m->base == X86_REG_INVALID)
		out->mem = in_word(d, disp);
	else
		return;
	out->has_mem = true;
}

static void describe(const struct disasm *d, struct insn *out)
{
	const cs_insn *in = d->insn;
	const cs_x86 *x86 = &in->detail->x86;

	*out = (struct insn){.addr = in->address, .size = in->size};
	out->kind = kind_of(in->detail);
	for (unsigned i = 0; i < x86->op_count; i++) {
		const cs_x86_op *op = &x86->operands[i];

		if (op->type == X86_OP_MEM) {
			take_mem(d, &op->mem, out);
		} else if (op->type == X86_OP_IMM &&
			   (out->kind == INSN_CALL || out->kind == INSN_JUMP)) {
			out->has_target = true;
			out->target = in_word(d, (uint64_t)op->imm);
		}
	}
	/* a "nop" with an operand touches no memory */
	if (in->id == X86_INS_NOP)
		out->has_mem = out->is_fs = false;
	out->is_lea = out->has_mem && in->id == X86_INS_LEA;
	snprintf(out->text, sizeof out->text, "%s%s%s", in->mnemonic,
		 *in->op_str ? " " : "", in->op_str);
}

/* "call" with "add reg, GOT - where it returns to" somewhat later. */
static bool makes_got(const struct disasm *d)
{
	const cs_x86 *x86 = &d->insn->detail->x86;

	if (d->insn->id != X86_INS_ADD || x86->op_count != 2 ||
	    x86->operands[0].type != X86_OP_REG ||
	    x86->operands[1].type != X86_OP_IMM)
		return false;
	for (unsigned i = 0; i < 4; i++)
		if (d->back[i] &&
		    in_word(d, d->back[i] + (uint64_t)x86->operands[1].imm) ==
			    d->got)
			return true;
	return false;
}

/* What the instruction does to the registers that hold the GOT's address. */
static void follow_got(struct disasm *d, const struct insn *insn)
{
	const cs_x86 *x86 = &d->insn->detail->x86;
	const cs_x86_op *to = &x86->operands[0], *from = &x86->operands[1];
	bool copied;

	if (insn->kind == INSN_CALL) {
		d->back[d->calls++ % 4] = insn->addr + insn->size;
		/* The others are the caller's: ebx, esi, edi and ebp stay. */
		d->has_got[X86_REG_EAX] = d->has_got[X86_REG_ECX] =
			d->has_got[X86_REG_EDX] = false;
		return;
	}
	if (!x86->op_count || to->type != X86_OP_REG ||
	    !(to->access & CS_AC_WRITE))
		return;
	copied = d->insn->id == X86_INS_MOV && from->type == X86_OP_REG &&
		 d->has_got[from->reg];
	d->has_got[to->reg] = copied || makes_got(d);
}

int disasm_each(struct disasm *d, const uint8_t *code, size_t len,
		uint64_t addr, int (*fn)(void *ctx, const struct insn *insn),
		void *ctx)
{
	int ret = 0;

	memset(d->has_got, 0, sizeof d->has_got);
	d->calls = 0;
	memset(d->back, 0, sizeof d->back);
	while (!ret && cs_disasm_iter(d->handle, &code, &len, &addr, d->insn)) {
		struct insn insn;

		describe(d, &insn);
		if (d->got)
			follow_got(d, &insn);
		ret = fn(ctx, &insn);
	}
	return ret;
}
