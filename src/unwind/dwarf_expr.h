/*
 * Bytes of call frame information, and the expressions in them (DWARF 5, 2.5):
 * as much as unwind tables of i386 code use.  Inside of unwind/ only.
 */
#ifndef UNWIND_DWARF_EXPR_H
#define UNWIND_DWARF_EXPR_H

#include "unwind/unwind_impl.h"

enum { REGS32 = 9, EIP32 = 8, ESP32 = 4 }; /* i386 numbers of the psABI */

struct bytes {
	const uint8_t *at, *end;
	bool bad; /* read beyond the end: everything since is 0 */
};

/* size 1, 2, 4 or 8. */
uint64_t bytes_take(struct bytes *b, unsigned size);
int64_t bytes_take_signed(struct bytes *b, unsigned size);
uint64_t bytes_uleb(struct bytes *b);
int64_t bytes_sleb(struct bytes *b);

/*
 * The value of an expression of 32-bit code; reg are a frame's registers.
 * False if it cannot be known: unreadable memory, an operation that is not
 * known, or no end.
 */
bool dwarf_expr32(struct unwinder *u, struct bytes expr,
		  const uint32_t reg[REGS32], const uint32_t *initial,
		  uint32_t *out);

#endif
