/*
 * The numbers on the stack of a DWARF expression (DWARF 5, 2.5.1): addresses,
 * that are integers without a type, and from DWARF 5 on (and GNU's operations
 * of DWARF 4) integers and floating-point numbers of base types.
 */
#ifndef SYMBOLS_DWARF_NUMBER_H
#define SYMBOLS_DWARF_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

struct die;

enum number_kind {
	NUMBER_ADDRESS, /* the generic type */
	NUMBER_SIGNED,
	NUMBER_UNSIGNED,
	NUMBER_FLOAT
};

struct number_type {
	enum number_kind kind;
	uint8_t size; /* bytes, 1 to 8, of a float 4 or 8; of addresses: 0 */
};

struct number {
	/* Of an integer extended to 64 bits as its type is; of a float its
	 * bytes, the others 0. */
	uint64_t bits;
	struct number_type type;
};

/*
 * The base type at that offset of die's unit; 0: addresses.  False if there is
 * none, or one that is not kept here (decimal, longer than 8 bytes).
 */
bool number_type_at(const struct die *die, uint64_t offset,
		    struct number_type *out);

/* The number whose first bytes are these. */
struct number number_of(struct number_type type, uint64_t bits);
/* The same value in another type; word: bytes of an address.  False if it is
 * none there. */
bool number_convert(struct number n, struct number_type type, unsigned word,
		    struct number *out);
/* The same bytes in another type of the same size. */
bool number_reinterpret(struct number n, struct number_type type, unsigned word,
			struct number *out);

/* Two operands (b was on top), or one; false: op is no such operation, or the
 * types do not allow it. */
bool number_is_binary(unsigned op);
bool number_binary(unsigned op, struct number a, struct number b,
		   struct number *out);
bool number_unary(unsigned op, struct number n, struct number *out);

#endif
