/* Names with template arguments: "Box<int>", in the spelling that debug
 * information has them in. */
#include <ctype.h>
#include <string.h>

#include "base/alloc.h"
#include "command/expr_impl.h"

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Where the "<" at s ends: behind its ">"; NULL: it does not. */
static const char *arguments_end(const char *s)
{
	int depth = 0, parens = 0;

	for (; *s; s++) {
		if (*s == '(')
			parens++;
		else if (*s == ')' && --parens < 0)
			return NULL;
		else if (*s == '<' && !parens)
			depth++;
		else if (*s == '>' && !parens && !--depth)
			return s + 1;
	}
	return NULL;
}

/* Blanks stay between two words alone. */
static void squeeze(const char *s, size_t len, struct strbuf *out)
{
	for (size_t i = 0; i < len; i++) {
		if (!isspace((unsigned char)s[i])) {
			strbuf_addc(out, s[i]);
			continue;
		}
		while (i + 1 < len && isspace((unsigned char)s[i + 1]))
			i++;
		if (out->len && is_word(out->s[out->len - 1]) && i + 1 < len &&
		    is_word(s[i + 1]))
			strbuf_addc(out, ' ');
	}
}

enum spelling {
	GCC,	   /* "Map<int, char const*, Box<char> >" */
	CLANG,	   /* "Map<int, const char *, Box<char>>" */
	CLANG_OLD, /* "Map<int, const char *, Box<char> >" */
	SPELLINGS
};

/* "const char" is "char const" to GCC; s is squeezed.  How much was taken. */
static size_t take_const(const char *s, struct strbuf *out)
{
	static const char word[] = "const ";
	size_t n;

	if (strncmp(s, word, sizeof word - 1))
		return 0;
	n = sizeof word - 1;
	while (is_word(s[n]) || s[n] == ' ' || s[n] == ':')
		n++;
	strbuf_addn(out, s + sizeof word - 1, n - (sizeof word - 1));
	strbuf_add(out, " const");
	return n;
}

static void spell(const char *s, enum spelling how, struct strbuf *out)
{
	for (char before = 0; *s; before = *s, s++) {
		if (how == GCC && (before == '<' || before == ',')) {
			size_t n = take_const(s, out);

			s += n;
		}
		if (how != CLANG && before == '>' && *s == '>')
			strbuf_addc(out, ' ');
		if (how != GCC && (*s == '*' || *s == '&') &&
		    (is_word(before) || before == '>'))
			strbuf_addc(out, ' ');
		strbuf_addc(out, *s);
		if (*s == ',')
			strbuf_addc(out, ' ');
		if (!*s)
			break;
	}
}

static bool is_known(struct parser *p, const char *name)
{
	struct symbols *symbols = p->expr->session->symbols;
	struct error ignored;
	struct global g;
	struct type *type;
	int64_t value;
	const char *bare = name_bare(name);
	AUTO_FREE char *scope = NULL;

	if (!symbols_type_find(symbols, name, &type, &ignored) ||
	    symbols_global_find(symbols, name, &g) ||
	    symbols_enumerator(symbols, name, &value))
		return true;
	if (bare == name)
		return false;
	/* a member of a class that is known */
	scope = xstrndup(name, (size_t)(bare - 2 - name));
	return !symbols_type_find(symbols, scope, &type, &ignored);
}

/* The text from the token on that may be one name: "Box<int>::Inner". */
static const char *whole_end(struct parser *p)
{
	const char *end = p->at;

	while (end && *end == '<') {
		end = arguments_end(end);
		while (end && end[0] == ':' && end[1] == ':' && is_word(end[2]))
			for (end += 2; is_word(*end);)
				end++;
	}
	return end;
}

void parser_template(struct parser *p)
{
	const char *end;
	struct strbuf plain = {0};

	if (p->token.kind != T_NAME || *p->at != '<' || p->at[1] == '<' ||
	    p->at[1] == '=')
		return;
	end = whole_end(p);
	if (!end)
		return;
	squeeze(p->token.start, (size_t)(end - p->token.start), &plain);
	for (int how = GCC; how < SPELLINGS; how++) {
		struct strbuf name = {0};

		spell(strbuf_str(&plain), (enum spelling)how, &name);
		if (is_known(p, strbuf_str(&name))) {
			char *kept = expr_alloc(p->expr, name.len + 1);

			memcpy(kept, name.s, name.len);
			p->token.start = kept;
			p->token.len = name.len;
			p->at = end;
			strbuf_deinit(&name);
			break;
		}
		strbuf_deinit(&name);
	}
	strbuf_deinit(&plain);
}
