#include "base/words.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Copies a quoted stretch without its quotes; NULL if it does not end. */
static const char *copy_quoted(const char *p, char **out)
{
	char quote = *p++;

	for (; *p != quote; p++) {
		if (!*p)
			return NULL;
		if (quote == '"' && *p == '\\' && (p[1] == '"' || p[1] == '\\'))
			p++;
		*(*out)++ = *p;
	}
	return p + 1;
}

/* Copies one word; NULL, with *why, if the line ends inside of it. */
static const char *copy_word(const char *p, char **out, bool *quoted,
			     const char **why)
{
	*quoted = false;
	while (*p && !is_blank(*p)) {
		if (*p == '\'' || *p == '"') {
			*quoted = true;
			*why = *p == '"' ? "a \" is not closed"
					 : "a ' is not closed";
			p = copy_quoted(p, out);
			if (!p)
				return NULL;
			continue;
		}
		if (*p == '\\') {
			*quoted = true;
			*why = "nothing follows the last \\";
			if (!*++p)
				return NULL;
		}
		*(*out)++ = *p++;
	}
	*(*out)++ = '\0';
	return p;
}

int words_split(struct words *words, const char *line, struct error *err)
{
	size_t len = strlen(line);
	size_t most = len / 2 + 1; /* words in so many bytes */
	const char *p = line, *why = NULL;

	while (len && is_blank(line[len - 1]))
		len--;
	*words = (struct words){.length = len};
	/* Each word takes its bytes and one more, which its blank had. */
	words->text = xmalloc(strlen(line) + 2);
	words->word = xcalloc(most + 1, sizeof *words->word);
	words->at = xcalloc(most + 1, sizeof *words->at);
	words->quoted = xcalloc(most + 1, sizeof *words->quoted);

	char *out = words->text;

	for (;;) {
		while (is_blank(*p))
			p++;
		if (!*p)
			return 0;
		words->at[words->count] = (size_t)(p - line);
		words->word[words->count] = out;
		p = copy_word(p, &out, &words->quoted[words->count], &why);
		if (!p) {
			words_deinit(words);
			return error_set(err, ERR_USAGE, "%s in: %s", why,
					 line);
		}
		words->count++;
	}
}

void words_deinit(struct words *words)
{
	if (!words)
		return;
	free(words->word);
	free(words->at);
	free(words->quoted);
	free(words->text);
	*words = (struct words){0};
}

bool words_append(char *line, size_t cap, const char *word)
{
	size_t n = strlen(line);

	/* For each byte two, the quotes, the NUL. */
	if (n + 2 * strlen(word) + 3 > cap)
		return false;
	line[n++] = '"';
	for (; *word; word++) {
		if (*word == '"' || *word == '\\')
			line[n++] = '\\';
		line[n++] = *word;
	}
	line[n++] = '"';
	line[n] = '\0';
	return true;
}
