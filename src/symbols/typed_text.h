/* The text of a typed value, as gdb's print has it. */
#ifndef SYMBOLS_TYPED_TEXT_H
#define SYMBOLS_TYPED_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "symbols/dwarf_types.h"

struct symbols;

/* Where more is read from (strings) and what addresses are called. */
struct typed_source {
	struct symbols *symbols; /* NULL: addresses get no names */
	bool (*read)(void *ctx, uint64_t addr, void *buf, size_t len);
	void *ctx;
	unsigned word; /* bytes of an address */
};

struct typed_value {
	struct type *type;
	const void *bytes; /* len of them */
	size_t len;
	uint64_t addr;		       /* where they are; 0: nowhere */
	unsigned bit_offset, bit_size; /* of a bit-field; bit_size 0: none */
};

/*
 * format: 0, or one of x d u o t c a f s z as in print/x.  Pointers at the top
 * are preceded by their type.  At most 200 elements of an array; ten alike are
 * one with "<repeats N times>".
 */
void typed_text(const struct typed_source *source,
		const struct typed_value *value, char format,
		struct strbuf *out);
/* The same for what is inside of something: "0x55..." without its type. */
void typed_text_inner(const struct typed_source *source,
		      const struct typed_value *value, char format,
		      struct strbuf *out);

/* The integer, enum, pointer, character or bit-field as it would be in an
 * int64_t; false: it is none, it is of 128 bits, or it has not all its bytes.
 */
bool typed_integer(const struct typed_value *value, int64_t *out);
bool typed_float(const struct typed_value *value, long double *out);

/* " <name+8>" or "" when no symbol covers it. */
void typed_symbol(const struct typed_source *source, uint64_t addr,
		  struct strbuf *out);

/*
 * typed_string.c: what quotes of a character's type begin with: "", "L" of
 * wchar_t, "u", "U"; NULL: it is no type of characters.
 */
const char *typed_quotes(struct type *type);
/* len characters of width bytes, quoted, runs shortened. */
void typed_string(const uint8_t *chars, size_t len, unsigned width,
		  const char *quotes, bool more, struct strbuf *out);
/* The string at addr: "text", "text"..., <error: Cannot access memory ...>. */
void typed_string_at(const struct typed_source *source, uint64_t addr,
		     unsigned width, const char *quotes, struct strbuf *out);
/* 65 'A' has 'A' from here. */
void typed_char(uint64_t c, unsigned width, const char *quotes,
		struct strbuf *out);

#endif
