/*
 * The operations of a DWARF expression (DWARF 5, 7.7.1, and GNU's of DWARF 4),
 * decoded from its bytes, none of which is read past the end.
 */
#ifndef SYMBOLS_DWARF_OPS_H
#define SYMBOLS_DWARF_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct op {
	uint8_t atom; /* DW_OP_* */
	/* Operands, signed ones extended; of a block: its length, and where it
	 * is (a pointer), in a and b or, behind another one, in b and c. */
	uint64_t a, b, c;
	size_t at; /* offset in the expression */
};

/*
 * The operation at *at, which is moved behind it.  word: bytes of an address.
 * False at the end (*at == len), and of what is cut short or not known.
 */
bool op_decode(const uint8_t *bytes, size_t len, unsigned word, size_t *at,
	       struct op *out);

#endif
