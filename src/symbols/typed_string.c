/* Characters and strings as gdb quotes them. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "symbols/typed_text.h"

enum { SHOWN = 200, REPEATS = 10 };

const char *typed_quotes(struct type *type)
{
	static const struct {
		const char *name, *quotes;
	} wide[] = {{"wchar_t", "L"}, {"char16_t", "u"}, {"char32_t", "U"}};

	/* Base types in C++, in C typedefs of integers. */
	for (;;) {
		for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
			if (type->name && !strcmp(type->name, wide[i].name))
				return wide[i].quotes;
		if (type->kind < TYPE_TYPEDEF || type->kind == TYPE_OTHER)
			break;
		type = type_target(type);
	}
	return type->kind != TYPE_CHAR ? NULL
	       : type->size == 2       ? "u"
	       : type->size == 4       ? "U"
				       : "";
}

/* One character; escaped: the one before was in hexadecimal, so that a digit
 * would be taken for one of its own (of octal ones there are three). */
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
	if (c >= 0x20 && c < 0x7f && !(escaped && isxdigit((int)c))) {
		if (c == (uint64_t)quote || c == '\\')
			strbuf_addc(out, '\\');
		strbuf_addc(out, (char)c);
		return false;
	}
	if (width < 8)
		c &= (UINT64_C(1) << 8 * width) - 1;
	if (c > 0777) {
		strbuf_addf(out, "\\x%" PRIx64, c);
		return true;
	}
	strbuf_addf(out, "\\%03" PRIo64, c);
	return false;
}

void typed_char(uint64_t c, unsigned width, const char *quotes,
		struct strbuf *out)
{
	strbuf_addf(out, "%s'", quotes);
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

void typed_string(const uint8_t *chars, size_t len, unsigned width,
		  const char *mark, bool more, struct strbuf *out)
{
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
			typed_char(char_at(chars, i, width), width, mark, out);
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
		     unsigned width, const char *quotes, struct strbuf *out)
{
	uint8_t chars[SHOWN * 4];
	size_t n = 0;

	/* A character at a time: what lies behind the end is not ours. */
	for (; n < SHOWN; n++) {
		if (!source->read ||
		    !source->read(source->ctx, addr + n * width,
				  chars + n * width, width)) {
			if (n)
				typed_string(chars, n, width, quotes, false,
					     out);
			strbuf_addf(out,
				    "<error: Cannot access memory at address "
				    "0x%" PRIx64 ">",
				    addr + n * width);
			return;
		}
		if (!char_at(chars, n, width)) {
			typed_string(chars, n, width, quotes, false, out);
			return;
		}
	}
	typed_string(chars, n, width, quotes, true, out);
}
