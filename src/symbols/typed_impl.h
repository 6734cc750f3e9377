/* Between typed_text.c and typed_number.c. */
#ifndef SYMBOLS_TYPED_IMPL_H
#define SYMBOLS_TYPED_IMPL_H

#include "symbols/typed_text.h"

void typed_add_float(const struct typed_value *value, struct strbuf *out);
/* size: bytes of the value, whose higher ones are not shown. */
void typed_add_integer(const struct typed_source *source, int64_t value,
		       unsigned size, bool is_char_unsigned, char format,
		       struct strbuf *out);

#endif
