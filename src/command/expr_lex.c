/* The tokens of an expression. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command/expr_impl.h"

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* A decimal number is signed as long as it fits; C's rules, gdb's too. */
static const char *type_of(uint64_t value, bool decimal, unsigned longs,
			   bool is_unsigned)
{
	if (!longs && value <= INT32_MAX && !is_unsigned)
		return "int";
	if (!longs && value <= UINT32_MAX && (is_unsigned || !decimal))
		return "unsigned int";
	if (value <= INT64_MAX && !is_unsigned)
		return longs > 1 ? "long long" : "long";
	return longs > 1 ? "unsigned long long" : "unsigned long";
}

static int lex_real(const char **at, struct token *out, struct error *err)
{
	char *end;

	out->kind = T_REAL;
	out->type = "double";
	out->real = strtold(*at, &end);
	if (*end == 'f' || *end == 'F') {
		out->type = "float";
		out->real = (float)out->real;
		end++;
	} else if (*end == 'l' || *end == 'L') {
		out->type = "long double";
		end++;
	}
	if (is_name(*end))
		return error_set(err, ERR_USAGE, "no number: \"%.20s\"", *at);
	*at = end;
	return 0;
}

static int lex_number(const char **at, struct token *out, struct error *err)
{
	const char *s = *at;
	bool hex = s[0] == '0' && (s[1] == 'x' || s[1] == 'X');
	size_t digits = strspn(s, "0123456789");
	unsigned longs = 0;
	bool is_unsigned = false;
	char *end;

	/* "1..3" is a range, "1.5" and "1e3" are no integers */
	if (!hex && ((s[digits] == '.' && s[digits + 1] != '.') ||
		     s[digits] == 'e' || s[digits] == 'E'))
		return lex_real(at, out, err);
	errno = 0;
	out->number = strtoull(s, &end, 0);
	if (errno)
		return error_set(err, ERR_USAGE,
				 "\"%.20s\" is too large a number", s);
	for (; *end && strchr("uUlL", *end); end++) {
		if (*end == 'u' || *end == 'U')
			is_unsigned = true;
		else
			longs++;
	}
	if (is_name(*end))
		return error_set(err, ERR_USAGE, "no number: \"%.20s\"", s);
	out->kind = T_NUMBER;
	out->type = type_of(out->number,
			    isdigit((unsigned char)s[0]) && s[0] != '0', longs,
			    is_unsigned);
	*at = end;
	return 0;
}

/* The character at *at, an escape perhaps. */
static uint32_t unescape(const char **at)
{
	static const char letters[] = "abefnrtv";
	static const char meant[] = "\a\b\033\f\n\r\t\v";
	const char *s = *at, *letter;
	uint32_t c = 0;

	if (*s != '\\') {
		*at = s + 1;
		return (unsigned char)*s;
	}
	s++;
	if (*s >= '0' && *s <= '7') {
		for (int i = 0; i < 3 && *s >= '0' && *s <= '7'; i++)
			c = c * 8 + (uint32_t)(*s++ - '0');
		*at = s;
		return c;
	}
	if (*s == 'x' && isxdigit((unsigned char)s[1])) {
		c = (uint32_t)strtoul(s + 1, (char **)at, 16);
		return c;
	}
	letter = *s ? strchr(letters, *s) : NULL;
	*at = s + (*s != '\0');
	return letter ? (unsigned char)meant[letter - letters]
		      : (unsigned char)*s;
}

/* The characters up to the quote that ends them, behind what *out has. */
static int lex_chars(const char **at, struct token *out, struct error *err)
{
	char quote = **at;
	const char *s = *at + 1;

	while (*s && *s != quote) {
		uint32_t c;

		if ((out->string_len + 2) * out->width > sizeof out->string)
			return error_set(
				err, ERR_USAGE,
				"a string is of at most %zu characters",
				sizeof out->string / out->width - 1);
		if (out->width > 1 && *s & 0x80)
			return error_set(err, ERR_USAGE,
					 "write it as \\x and its number: "
					 "\"%.20s\"",
					 s);
		c = unescape(&s);
		memcpy(out->string + out->string_len++ * out->width, &c,
		       out->width);
	}
	if (*s != quote)
		return error_set(err, ERR_USAGE, "unmatched %c", quote);
	*at = s + 1;
	return 0;
}

/* 'file.c'::name */
static void lex_member(const char **at, struct token *out)
{
	if ((*at)[0] != ':' || (*at)[1] != ':' || !is_name((*at)[2]))
		return;
	out->member = *at + 2;
	for (*at += 2;
	     is_name(**at) || (!strncmp(*at, "::", 2) && is_name((*at)[2]));)
		*at += **at == ':' ? 2 : 1;
}

/* 'x', "text", with L, u or U before it; "a" "b" are one string. */
static int lex_quoted(const char **at, struct token *out, struct error *err)
{
	static const struct {
		char prefix;
		const char *type;
		unsigned width;
	} kinds[] = {{'L', "wchar_t", 4},
		     {'u', "char16_t", 2},
		     {'U', "char32_t", 4}};
	const char *next;

	out->type = "char";
	out->width = 1;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (**at != kinds[i].prefix)
			continue;
		out->type = kinds[i].type;
		out->width = kinds[i].width;
		++*at;
		break;
	}
	out->kind = **at == '"' ? T_STRING : T_CHAR;
	if (lex_chars(at, out, err))
		return -1;
	for (next = *at + strspn(*at, " ");
	     out->kind == T_STRING && *next == '"';
	     next = *at + strspn(*at, " ")) {
		*at = next;
		if (lex_chars(at, out, err))
			return -1;
	}
	if (out->kind == T_STRING)
		return 0;
	if (out->string_len != 1 || out->width == 1)
		lex_member(at, out);
	if (out->width == 1 && (out->member || out->string_len > 1)) {
		out->kind = T_QUOTED;
		return 0;
	}
	if (out->string_len != 1)
		return error_set(err, ERR_USAGE,
				 "'' holds one character, not %zu",
				 out->string_len);
	memcpy(&out->number, out->string, out->width);
	if (out->width == 1)
		out->number = (uint64_t)(int64_t)(int8_t)out->number;
	return 0;
}

/* A quote, or what may stand before one. */
static bool is_quote(const char *s)
{
	return *s == '"' || *s == '\'' ||
	       ((*s == 'L' || *s == 'u' || *s == 'U') &&
		(s[1] == '"' || s[1] == '\''));
}

static int lex_op(const char **at, struct token *out, struct error *err)
{
	static const struct {
		const char *text;
		int op;
	} ops[] = {{"<<=", OP_ASSIGN}, {">>=", OP_ASSIGN}, {"->", OP_ARROW},
		   {"<<", OP_SHL},     {">>", OP_SHR},	   {"<=", OP_LE},
		   {">=", OP_GE},      {"==", OP_EQ},	   {"!=", OP_NE},
		   {"&&", OP_AND},     {"||", OP_OR},	   {"..", OP_DOTS},
		   {"++", OP_ASSIGN},  {"--", OP_ASSIGN},  {"+=", OP_ASSIGN},
		   {"-=", OP_ASSIGN},  {"*=", OP_ASSIGN},  {"/=", OP_ASSIGN},
		   {"%=", OP_ASSIGN},  {"&=", OP_ASSIGN},  {"|=", OP_ASSIGN},
		   {"^=", OP_ASSIGN},  {"=", OP_ASSIGN}};

	out->kind = T_OP;
	for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
		size_t len = strlen(ops[i].text);

		if (!strncmp(*at, ops[i].text, len)) {
			out->op = ops[i].op;
			*at += len;
			return 0;
		}
	}
	if (!strchr("+-*/%&|^~!<>?:.,()[]{}@", **at))
		return error_set(err, ERR_USAGE,
				 "\"%.20s\" is no part of an expression", *at);
	out->op = *(*at)++;
	return 0;
}

int lex(const char **at, struct token *out, struct error *err)
{
	const char *s = *at;
	int ret = 0;

	while (isspace((unsigned char)*s))
		s++;
	*out = (struct token){.start = s};
	if (!*s) {
		out->kind = T_END;
	} else if (isdigit((unsigned char)*s)) {
		ret = lex_number(&s, out, err);
	} else if (*s == '.' && isdigit((unsigned char)s[1])) {
		ret = lex_real(&s, out, err);
	} else if (*s == '$' || *s == '#') {
		out->kind = *s == '$' ? T_REGISTER : T_ROW;
		for (s++; is_name(*s);)
			s++;
	} else if (is_quote(s)) {
		ret = lex_quoted(&s, out, err);
	} else if (is_name(*s) || (!strncmp(s, "::", 2) && is_name(s[2]))) {
		out->kind = T_NAME;
		while (is_name(*s) ||
		       (s[0] == ':' && s[1] == ':' && is_name(s[2])))
			s += *s == ':' ? 2 : 1;
	} else {
		ret = lex_op(&s, out, err);
	}
	out->len = (size_t)(s - out->start);
	*at = s;
	return ret;
}
