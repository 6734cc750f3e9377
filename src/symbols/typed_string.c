/* Characters and strings as gdb quotes them. */
#include <inttypes.h>
#include <string.h>

#include "symbols/typed_text.h"

enum { SHOWN = 200, REPEATS = 10 };

/* One character; escaped: the one before was in octal, so that a digit would
 * be taken for one of its own. */
static bool add_char(uint64_t c, char quote, unsigned width, bool escaped,
		     struct strbuf *out)
{
	static const char plain[] = "\a\b\f\n\r\t\v";
	static const char letter[] = "abfnrtv";
	const char *at = c && c < 0x80 ? strchr(plain, (int)c) : NULL;

	if (at) {
		strbuf_addf(out, "\\%c", letter[at - plain]);
		return false;
	}
	if (c >= 0x20 && c < 0x7f && !(escaped && c >= '0' && c <= '9')) {
		if (c == (uint64_t)quote || c == '\\')
			strbuf_addc(out, '\\');
		strbuf_addc(out, (char)c);
		return false;
	}
	for (unsigned i = 0; i < width; i++)
		strbuf_addf(out, "\\%03o", (unsigned)(c >> 8 * i & 0xff));
	return true;
}

void typed_char(uint64_t c, unsigned width, struct strbuf *out)
{
	if (width > 1)
		strbuf_addc(out, width == 2 ? 'u' : 'U');
	strbuf_addc(out, '\'');
	add_char(c, '\'', width, false, out);
	strbuf_addc(out, '\'');
}

static uint64_t char_at(const uint8_t *chars, size_t i, unsigned width)
{
	uint64_t c = 0;

	memcpy(&c, chars + i * width, width);
	return c;
}

/* How many from i on are alike. */
static size_t run_at(const uint8_t *chars, size_t i, size_t len, unsigned width)
{
	size_t n = 1;

	while (i + n < len &&
	       char_at(chars, i + n, width) == char_at(chars, i, width))
		n++;
	return n;
}

/* A piece in quotes is open, one of the other kind came before, ... */
struct quoting {
	bool open, any, escaped;
};

static void quote_end(struct quoting *q, struct strbuf *out)
{
	if (q->open)
		strbuf_addc(out, '"');
	q->open = q->escaped = false;
}

void typed_string(const uint8_t *chars, size_t len, unsigned width, bool more,
		  struct strbuf *out)
{
	static const char *const prefix[] = {"", "", "u", "", "U"};
	const char *mark = width <= 4 ? prefix[width] : "";
	struct quoting q = {0};
	size_t shown = 0, i = 0;

	if (!len) {
		strbuf_addf(out, "%s\"\"%s", mark, more ? "..." : "");
		return;
	}
	while (i < len && shown < SHOWN) {
		size_t n = run_at(chars, i, len, width);

		if (n > REPEATS) {
			quote_end(&q, out);
			strbuf_add(out, q.any ? ", " : "");
			typed_char(char_at(chars, i, width), width, out);
			strbuf_addf(out, " <repeats %zu times>", n);
			shown += REPEATS;
			i += n;
		} else {
			if (!q.open) {
				strbuf_add(out, q.any ? ", " : "");
				strbuf_addf(out, "%s\"", mark);
			}
			q.open = true;
			q.escaped = add_char(char_at(chars, i, width), '"',
					     width, q.escaped, out);
			shown++;
			i++;
		}
		q.any = true;
	}
	quote_end(&q, out);
	if (i < len || more)
		strbuf_add(out, "...");
}

void typed_string_at(const struct typed_source *source, uint64_t addr,
		     unsigned width, struct strbuf *out)
{
	uint8_t chars[SHOWN * 4];
	size_t n = 0;

	/* A character at a time: what lies behind the end is not ours. */
	for (; n < SHOWN; n++) {
		if (!source->read ||
		    !source->read(source->ctx, addr + n * width,
				  chars + n * width, width)) {
			if (n)
				typed_string(chars, n, width, false, out);
			strbuf_addf(out,
				    "<error: Cannot access memory at address "
				    "0x%" PRIx64 ">",
				    addr + n * width);
			return;
		}
		if (!char_at(chars, n, width)) {
			typed_string(chars, n, width, false, out);
			return;
		}
	}
	typed_string(chars, n, width, true, out);
}
