/* Between typed_text.c and typed_number.c. */
#ifndef SYMBOLS_TYPED_IMPL_H
#define SYMBOLS_TYPED_IMPL_H

#include "symbols/typed_text.h"

void typed_add_float(const struct typed_value *value, struct strbuf *out);
void typed_add_complex(const struct typed_value *value, struct strbuf *out);
/* type: what value's is without typedefs and qualifiers, to_member. */
void typed_add_member(const struct typed_source *source, struct type *type,
		      const struct typed_value *value, struct strbuf *out);
/* As typed_integer(), of up to 128 bits. */
bool typed_bits(const struct typed_value *value, __int128 *out);
/* size: bytes of the value (at most 16), whose higher ones are not shown. */
void typed_add_integer(const struct typed_source *source, __int128 value,
		       unsigned size, bool is_char_unsigned, char format,
		       struct strbuf *out);

#endif
