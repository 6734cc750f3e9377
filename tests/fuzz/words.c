/* Any line is cut into words, or refused; any words are a set, or none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/words.h"
#include "snapshot/set.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/marks.h"

/* So that random bytes make words that mean something, too. */
static const char *const known[] = {
	"used ",    "free ",	"not ",
	"and ",	    "or ",	"(",
	") ",	    "size>=",	"size<",
	"class=",   "1k ",	"64 ",
	"0x10 ",    "arena=",	"state=",
	"cached ",  "new ",	"gone ",
	"content=", "'a b' ",	"\"x\" ",
	"\\",	    "held-by ", "points-to ",
	"mmapped ", "= ",	"18446744073709551616 ",
};

void fuzz_words(const uint8_t *data, size_t size)
{
	struct bytes b = {data, size};
	char line[4096];
	struct words words;
	struct set *set;
	struct error err;
	size_t n = 0;

	while (b.size && n < sizeof line - 64) {
		unsigned c = take8(&b);

		if (c < 128) {
			if (c)
				line[n++] = (char)c;
			continue;
		}
		n += (size_t)snprintf(
			line + n, sizeof line - n, "%s",
			known[c % (sizeof known / sizeof *known)]);
	}
	line[n] = '\0';
	if (words_split(&words, line, &err) < 0)
		return;
	for (size_t i = 0; i < words.count; i++)
		ck_assert(strlen(words.word[i]) <= n);
	if (!set_parse((const char *const *)words.word, words.count, "used",
		       &set, &err)) {
		ck_assert_ptr_nonnull(set_text(set));
		set_destroy(set);
	}
	words_deinit(&words);
}

#ifdef FUZZ_TARGET
#include "tests/fuzz/fuzz_main.h"

FUZZ_MAIN(fuzz_words)
#endif
