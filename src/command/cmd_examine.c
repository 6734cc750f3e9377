/* gdb's x/FMT. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "command/code.h"
#include "command/commands.h"
#include "command/expr.h"
#include "command/session.h"
#include "view/views.h"

enum { COUNT_MAX = 1 << 20, STRING_MAX = 200, INSN_BYTES = 15 };

struct format {
	uint64_t count;
	char format; /* x d u o t c a f s i */
	char size;   /* b h w g */
};

static unsigned size_bytes(char size)
{
	return size == 'b' ? 1 : size == 'h' ? 2 : size == 'w' ? 4 : 8;
}

static int parse_format(const char *text, unsigned word, struct format *out,
			struct error *err)
{
	struct format f = *out;
	bool size_said = false, format_said = false;
	char *end = (char *)text;

	f.count = 1;
	if (isdigit((unsigned char)*text))
		f.count = strtoull(text, &end, 10);
	for (text = end; *text; text++) {
		if (strchr("bhwg", *text)) {
			f.size = *text;
			size_said = true;
		} else if (strchr("xduotcafsi", *text)) {
			f.format = *text;
			format_said = true;
		} else {
			return error_set(err, ERR_USAGE,
					 "x/%s: a format is a count, one of "
					 "x d u o t c a f s i and one of b h w "
					 "g, as in x/8gx",
					 text);
		}
	}
	if (format_said && !size_said) {
		if (f.format == 'c' || f.format == 's')
			f.size = 'b';
		if (f.format == 'a')
			f.size = word == 4 ? 'w' : 'g';
		if (f.format == 'f' && f.size != 'w')
			f.size = 'g';
	}
	if (!f.count || f.count > COUNT_MAX)
		return error_set(err, ERR_USAGE,
				 "x shows 1 to %d units at a time", COUNT_MAX);
	*out = f;
	return 0;
}

static uint64_t unit_value(const uint8_t *bytes, unsigned size)
{
	uint64_t value = 0;

	memcpy(&value, bytes, size);
	return value;
}

static int64_t sign_extend(uint64_t value, unsigned size)
{
	unsigned shift = 64 - 8 * size;

	return (int64_t)(value << shift) >> shift;
}

static void char_text(uint64_t value, char *buf, size_t cap)
{
	char quoted[8];
	unsigned char c = (unsigned char)value;

	if (isprint(c) && c < 0x80 && c != '\'' && c != '\\')
		snprintf(quoted, sizeof(quoted), "%c", c);
	else
		snprintf(quoted, sizeof(quoted), "\\%03o", c);
	snprintf(buf, cap, "%d '%s'", (signed char)c, quoted);
}

static void unit_text(struct session *session, const struct format *f,
		      const uint8_t *bytes, char *buf, size_t cap)
{
	unsigned size = size_bytes(f->size);
	uint64_t value = unit_value(bytes, size);
	char name[200];
	double real;
	float small;
	int n;

	switch (f->format) {
	case 'd':
		snprintf(buf, cap, "%" PRId64, sign_extend(value, size));
		return;
	case 'u':
		snprintf(buf, cap, "%" PRIu64, value);
		return;
	case 'o':
		snprintf(buf, cap, "0%" PRIo64, value);
		return;
	case 't':
		for (n = 0; n < (int)size * 8 && (size_t)n + 1 < cap; n++)
			buf[n] = value >> (size * 8 - 1 - (unsigned)n) & 1
					 ? '1'
					 : '0';
		buf[n] = '\0';
		return;
	case 'c':
		char_text(value, buf, cap);
		return;
	case 'f':
		memcpy(&real, bytes, size == 8 ? 8 : 0);
		memcpy(&small, bytes, size == 4 ? 4 : 0);
		if (size >= 4)
			snprintf(buf, cap, "%.9g",
				 size == 8 ? real : (double)small);
		else
			snprintf(buf, cap, "%" PRId64,
				 sign_extend(value, size));
		return;
	case 'a':
		n = snprintf(buf, cap, "0x%" PRIx64, value);
		if (session->symbols &&
		    symbols_format(session->symbols, value, name, sizeof(name)))
			snprintf(buf + n, cap - (size_t)n, " <%s>", name);
		return;
	default:
		snprintf(buf, cap, "0x%0*" PRIx64, (int)size * 2, value);
	}
}

static unsigned units_a_line(const struct format *f)
{
	static const struct {
		char size;
		unsigned units;
	} row[] = {{'b', 8}, {'h', 8}, {'w', 4}, {'g', 2}};

	if (f->format == 'a')
		return 1;
	if (f->format == 'c')
		return 8;
	if (f->format == 't')
		return f->size == 'g' ? 1 : f->size == 'w' ? 2 : 4;
	for (size_t i = 0; i < 4; i++)
		if (row[i].size == f->size)
			return row[i].units;
	return 2;
}

struct examined {
	struct code_line *line; /* owned */
	size_t count, cap;
	uint64_t next;
	bool now, cut;
};

static struct code_line *add_line(struct session *session, struct examined *e,
				  uint64_t addr, struct error *err)
{
	struct code_line *line;

	if (GROW(e->line, e->cap, e->count + 1, "lines of memory", err))
		return NULL;
	line = &e->line[e->count++];
	*line = (struct code_line){.addr = addr};
	if (session->symbols)
		symbols_format(session->symbols, addr, line->label,
			       sizeof(line->label));
	return line;
}

static void line_text(struct session *session, const struct format *f,
		      const uint8_t *bytes, unsigned units,
		      struct code_line *line)
{
	static const int width_of[] = {
		['b'] = 4, ['h'] = 6, ['w'] = 11, ['g'] = 20};
	int width = f->format == 'c' ? 10 : width_of[(int)f->size];
	size_t at = 0;
	char unit[260];

	if (strchr("xta", f->format))
		width = 0;
	for (unsigned i = 0; i < units; i++) {
		unit_text(session, f, bytes + i * size_bytes(f->size), unit,
			  sizeof(unit));
		at += (size_t)snprintf(line->text + at, sizeof(line->text) - at,
				       "%s%*s", i ? "  " : "",
				       i + 1 < units ? -width : 0, unit);
		if (at >= sizeof(line->text))
			return;
	}
}

static int examine_units(struct session *session, const struct format *f,
			 uint64_t addr, struct examined *e, struct error *err)
{
	unsigned size = size_bytes(f->size), per_line = units_a_line(f);

	for (uint64_t left = f->count; left;) {
		unsigned units = left < per_line ? (unsigned)left : per_line;
		struct code_line *line;
		uint8_t bytes[64];

		/* What can be read of the line is shown. */
		while (units &&
		       session_read(session, addr, bytes, (size_t)units * size,
				    &e->now, err))
			units--;
		if (!units)
			return -1;
		line = add_line(session, e, addr, err);
		if (!line)
			return -1;
		line_text(session, f, bytes, units, line);
		addr += (uint64_t)units * size;
		left -= units;
		e->next = addr;
	}
	return 0;
}

static int examine_strings(struct session *session, const struct format *f,
			   uint64_t addr, struct examined *e, struct error *err)
{
	for (uint64_t i = 0; i < f->count; i++) {
		char text[STRING_MAX + 1] = "";
		struct code_line *line;
		size_t n = 0;

		while (n < STRING_MAX) {
			if (session_read(session, addr + n, text + n, 1,
					 &e->now, err))
				return -1;
			if (!text[n])
				break;
			n++;
		}
		line = add_line(session, e, addr, err);
		if (!line)
			return -1;
		snprintf(line->text, sizeof(line->text), "\"%.*s\"%s", (int)n,
			 text, n == STRING_MAX ? "..." : "");
		addr += n + (n < STRING_MAX);
		e->next = addr;
	}
	return 0;
}

static int examine_code(struct session *session, const struct format *f,
			uint64_t addr, struct examined *e, struct error *err)
{
	uint32_t count;

	if (code_lines(session, addr, f->count * INSN_BYTES, 0, f->count,
		       &e->line, &count, &e->next, &e->now, err))
		return -1;
	e->count = count;
	return 0;
}

static int examine(struct session *session, const struct format *f,
		   uint64_t addr, struct examined *e, struct error *err)
{
	int ret;

	if (f->format == 's')
		ret = examine_strings(session, f, addr, e, err);
	else if (f->format == 'i')
		ret = examine_code(session, f, addr, e, err);
	else
		ret = examine_units(session, f, addr, e, err);
	/* gdb too shows what it could read before it complains. */
	if (ret && e->count && err->code == ERR_FAULT) {
		e->cut = true;
		return 0;
	}
	return ret;
}

/* The rest of the words are one expression: a pointer is followed, as gdb does
 * it; what is no expression ("name+off" of any symbol) is an address. */
static int address(struct session *session, const struct words *words,
		   size_t at, uint64_t *out, struct error *err)
{
	struct strbuf text = {0};
	struct error ignored;
	int ret;

	for (size_t i = at; i < words->count; i++)
		strbuf_addf(&text, "%s%s", i > at ? " " : "", words->word[i]);
	ret = expr_address(session, strbuf_str(&text), out, err);
	if (ret && words->count == at + 1)
		ret = session_address(
			session, words->word[at], out,
			strpbrk(words->word[at], ".>[(*") ? &ignored : err);
	session->last_addr = *out;
	strbuf_deinit(&text);
	return ret;
}

static int examine_run(struct session *session, const struct words *words,
		       struct view **out, struct error *err)
{
	struct format f = {.count = 1, .format = 'x', .size = 'w'};
	size_t at = words->count > 1 && words->word[1][0] == '/' ? 2 : 1;
	uint64_t addr = session->examine_next;
	struct examined e = {0};
	char title[120];

	if (session->examine_format) {
		f.format = session->examine_format;
		f.size = session->examine_size;
	}
	if (at == 2 &&
	    parse_format(words->word[1] + 1, session_word(session), &f, err))
		return -1;
	if (words->count > at && address(session, words, at, &addr, err))
		return -1;
	if (words->count == at && !session->examine_next)
		return error_set(err, ERR_USAGE,
				 "x takes an address, as in x/8gx $rsp");
	if (examine(session, &f, addr, &e, err)) {
		free(e.line);
		return -1;
	}
	session->examine_format = f.format;
	session->examine_size = f.size;
	session->examine_next = e.next;
	session->last_addr = addr;
	snprintf(title, sizeof(title), "memory %s%s",
		 e.now ? "as it is now" : "as it was in snapshot ",
		 e.now ? "" : session->current->name);
	if (view_lines(title, e.line, (uint32_t)e.count, out, err))
		return -1;
	if (e.cut) {
		view_warn(*out, "cannot read memory at 0x%" PRIx64, e.next);
		(*out)->complete = false;
	}
	return 0;
}

const struct command command_entry_x = {
	.name = "x",
	.alias = "examine",
	.args = "/FMT [EXPR]",
	.summary = "memory: words, text, instructions",
	.help = "FMT is a count, a format and a unit, as in gdb:\n"
		"  x hex  d signed  u unsigned  o octal  t binary  c "
		"character\n"
		"  a address with its symbol  f float  s text  i instructions\n"
		"  b 1 byte  h 2  w 4  g 8; an address (a) is 4 or 8 wide, as\n"
		"those of the program are\n"
		"EXPR is as of print: the value of a pointer or number, the "
		"place of\n"
		"an array or struct. Without it x goes on where the last x "
		"ended, in\n"
		"the same format. Bytes are those of the current snapshot; "
		"where it\n"
		"kept none they are read as they are now: the title says "
		"which.\n"
		"\n"
		"  x/8gx 0x55d0c0a3f2a0\n"
		"  x/s #1\n"
		"  x/20a $rsp\n"
		"  x/s g_server.clients->name\n"
		"  x/5i $pc\n",
	.need = NEED_TARGET,
	.run = examine_run,
};
