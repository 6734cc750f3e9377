#include "view/chunk_cells.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analysis/describe.h"
#include "symbols/symbols.h"

struct value chunk_arena_value(const struct chunk *chunk)
{
	if (chunk->arena == ARENA_MMAPPED)
		return value_text("mmapped");
	return value_u(V_COUNT, chunk->arena);
}

struct value chunk_type_value(const struct snapshot *snap,
			      struct symbols *symbols, uint32_t index,
			      char *buf, size_t cap)
{
	if (index == CHUNK_NONE ||
	    !describe_type(snap, symbols, index, buf, cap))
		return value_none();
	return value_text(buf);
}

/* Bytes of text at the beginning: ended by a NUL or by the chunk's end. */
static size_t text_length(const uint8_t *bytes, size_t len)
{
	size_t n = 0;

	while (n < len && (isprint(bytes[n]) || bytes[n] == '\t' ||
			   bytes[n] == '\n' || bytes[n] == '\r'))
		n++;
	return n;
}

static void quote(const uint8_t *bytes, size_t len, bool open, char *buf,
		  size_t cap)
{
	int n = snprintf(buf, cap, "\"");

	for (size_t i = 0; i < len && (size_t)n + 5 < cap; i++)
		n += isprint(bytes[i])
			     ? snprintf(buf + n, cap - n, "%c", bytes[i])
			     : snprintf(buf + n, cap - n, "\\%c",
					bytes[i] == '\n'   ? 'n'
					: bytes[i] == '\t' ? 't'
							   : 'r');
	snprintf(buf + n, cap - n, open ? "" : "\"");
}

void chunk_preview(const struct snapshot *snap, struct symbols *symbols,
		   uint32_t index, bool own, char *buf, size_t cap)
{
	const struct chunk *chunk = &snap->chunk[index];
	uint8_t bytes[PREVIEW_MAX];
	size_t want = chunk->size < sizeof(bytes) ? chunk->size : sizeof(bytes);
	uint64_t word = 0;
	size_t got, text;
	int n;

	buf[0] = '\0';
	if (!snap->contents)
		return;
	got = image_read(snap->contents, chunk->addr, bytes, want);
	if (got >= snap->word)
		memcpy(&word, bytes, snap->word);
	if (word && describe_object(snap, index, word, buf, cap))
		return;
	text = text_length(bytes, got);
	if (text >= 4 && (text == got || !bytes[text]) &&
	    !describe_is_address(snap, word, text)) {
		quote(bytes, text, text == got, buf, cap);
		return;
	}
	if (got < snap->word)
		return;
	if (word && symbols &&
	    (own ? symbols_format_own : symbols_format)(symbols, word, buf,
							cap))
		return;
	n = snprintf(buf, cap, "0x%" PRIx64, word);
	if (got >= 2 * snap->word) {
		word = 0;
		memcpy(&word, bytes + snap->word,
		       snap->word < 8 ? snap->word : 8);
		snprintf(buf + n, cap - n, " 0x%" PRIx64, word);
	}
}
