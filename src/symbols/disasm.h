/* Machine code as instructions (capstone), x86-64 and i386. */
#ifndef SYMBOLS_DISASM_H
#define SYMBOLS_DISASM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum insn_kind { INSN_OTHER, INSN_CALL, INSN_JUMP, INSN_RET };

struct insn {
	uint64_t addr;
	unsigned size;
	enum insn_kind kind;
	bool has_target; /* of a direct call or jump */
	uint64_t target;
	/* an operand at a fixed address: rip-relative, or i386: from the
	 * GOT that disasm_set_got() told of */
	bool has_mem;
	bool is_lea; /* ... whose address is taken, not its content */
	uint64_t mem;
	bool is_fs;	/* operand in the thread's segment: %fs, i386 %gs */
	char text[112]; /* "mov rax, qword ptr [rip + 0x10]" */
};

struct disasm;

/* word: 8 for x86-64, 4 for i386. */
int disasm_open(unsigned word, struct disasm **out,
		struct error *err) MUST_CHECK;
void disasm_close(struct disasm *disasm);
/*
 * i386 code that may lie anywhere reaches data by way of its global offset
 * table (DT_PLTGOT), whose address, at run time as that of the code, it has in
 * a register: got.  Followed anew in each disasm_each().
 */
void disasm_set_got(struct disasm *disasm, uint64_t got);
/*
 * Decodes from code[0] as if at addr; calls fn for each until it returns
 * non-zero (returned) or the bytes end (0).  Undecodable bytes end it too.
 */
int disasm_each(struct disasm *disasm, const uint8_t *code, size_t len,
		uint64_t addr, int (*fn)(void *ctx, const struct insn *insn),
		void *ctx);

#endif
