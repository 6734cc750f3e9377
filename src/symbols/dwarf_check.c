#include "symbols/dwarf_check.h"

#include <stdint.h>
#include <string.h>

/*
 * .debug_rnglists and .debug_loclists: tables one after the other, each with a
 * length, a version, the sizes of an address and of a segment, and how many
 * offsets follow (DWARF 5, 7.28 and 7.29).
 */
bool dwarf_check_lists(const void *data, size_t size)
{
	const uint8_t *at, *end;

	at = data;
	end = at + size;
	while (end - at >= 12) {
		uint32_t narrow, count;
		uint64_t length, head = 4, offset = 4;
		uint16_t version;

		memcpy(&narrow, at, 4);
		length = narrow;
		if (narrow == UINT32_MAX) {
			if (end - at < 20)
				return false;
			memcpy(&length, at + 4, 8);
			head = 12;
			offset = 8;
		}
		if (length < 8 || length > (uint64_t)(end - at) - head)
			return false;
		memcpy(&version, at + head, 2);
		memcpy(&count, at + head + 4, 4);
		if (version != 5 || (at[head + 2] != 8 && at[head + 2] != 4) ||
		    at[head + 3] || count > (length - 8) / offset)
			return false;
		at += head + length;
	}
	return at == end;
}
