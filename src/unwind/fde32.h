/* Finding the table entry (FDE) for i386 code.  Inside of unwind/ only. */
#ifndef UNWIND_FDE32_H
#define UNWIND_FDE32_H

#include "unwind/dwarf_expr.h"

enum { RECORD32_MAX = 4096 }; /* bytes of one; real ones have some 100 */

struct record32 {
	uint8_t bytes[RECORD32_MAX];
	uint64_t addr; /* of bytes[0] */
	size_t len;
};

/* The FDE for a pc, and what its CIE says of it. */
struct fde32 {
	struct record32 cie_record, record;
	uint64_t code_align, ra;
	int64_t data_align;
	uint8_t encoding;
	bool signal;	      /* the kernel's trampoline */
	struct bytes initial; /* the CIE's instructions */
	struct bytes program;
	uint64_t start, end;
};

/* False if no table has the pc, or what it has cannot be understood. */
bool fde32_find(struct unwinder *u, uint64_t pc, struct fde32 *out);
/* A pointer of this encoding (DW_EH_PE_*) in the record; b->bad if not known.
 */
uint64_t fde32_pointer(struct bytes *b, const struct record32 *r,
		       uint8_t encoding);

#endif
