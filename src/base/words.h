/*
 * One command line as words, the way a shell would split it: blanks separate,
 * '...' is literal, "..." knows \" and \\, a backslash outside quotes takes the
 * next character as it is.  Nothing else is special, # neither.
 */
#ifndef BASE_WORDS_H
#define BASE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct words {
	char **word;  /* owned; word[count] is NULL */
	size_t *at;   /* owned: byte offset in the line where each begins */
	bool *quoted; /* owned: some of it was quoted or escaped */
	size_t count;
	size_t length; /* of the line without trailing blanks */
	char *text;    /* owned: what the words point into */
};

/*
 * ERR_USAGE for an open quote or a lone backslash at the end; then there is
 * nothing to release.  The line itself is not kept.
 */
int words_split(struct words *words, const char *line,
		struct error *err) MUST_CHECK;
void words_deinit(struct words *words);

/* Appends word to a line, in "..." so that it comes back as one, whatever it
 * has in it; false if cap, the bytes for line and its NUL, is too little. */
bool words_append(char *line, size_t cap, const char *word);

#endif
