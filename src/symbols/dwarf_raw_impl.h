/* Inside of dwarf_raw*.c: bytes of a unit, taken one after the other. */
#ifndef SYMBOLS_DWARF_RAW_IMPL_H
#define SYMBOLS_DWARF_RAW_IMPL_H

#include <string.h>

#include "symbols/dwarf_raw.h"

struct raw_cursor {
	const struct raw_file *file;
	const struct raw_unit *unit;
	const uint8_t *at, *end;
	bool failed; /* it went past the end: what was taken is 0 */
};

static inline struct raw_cursor raw_cursor_at(const struct raw_file *file,
					      const struct raw_unit *unit,
					      uint64_t offset)
{
	return (struct raw_cursor){.file = file,
				   .unit = unit,
				   .at = file->info.data + offset,
				   .end = file->info.data + unit->end};
}

/* len: up to 8. */
static inline uint64_t raw_take(struct raw_cursor *c, uint64_t len)
{
	uint64_t value = 0;

	if (len > (uint64_t)(c->end - c->at)) {
		c->failed = true;
		return 0;
	}
	memcpy(&value, c->at, len);
	c->at += len;
	return value;
}

static inline uint64_t raw_take_uleb(struct raw_cursor *c)
{
	uint64_t value = 0;

	for (unsigned shift = 0; c->at < c->end; shift += 7) {
		uint8_t byte = *c->at++;

		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return value;
	}
	c->failed = true;
	return 0;
}

static inline bool raw_skip_bytes(struct raw_cursor *c, uint64_t len)
{
	if (c->failed || len > (uint64_t)(c->end - c->at))
		return false;
	c->at += len;
	return true;
}

static inline bool raw_skip_string(struct raw_cursor *c)
{
	const uint8_t *nul = memchr(c->at, 0, (size_t)(c->end - c->at));

	if (nul)
		c->at = nul + 1;
	return nul != NULL;
}

/* Bytes of DW_FORM_strx1 to DW_FORM_strx4. */
static inline unsigned raw_strx_size(unsigned form)
{
	return form - 0x25 + 1;
}

/* --- dwarf_raw_forms.c */
/* Bytes of a value of that form; RAW_VARIES; -1: not one that we know. */
int raw_form_size(unsigned form, const struct raw_unit *unit);
bool raw_skip_form(struct raw_cursor *cursor, const struct raw_attr *attr);

#endif
