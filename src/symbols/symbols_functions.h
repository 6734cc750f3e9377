/*
 * The functions at a code address, as debug information has them: the one that
 * the code is in, and those that the compiler inlined into it there.
 */
#ifndef SYMBOLS_SYMBOLS_FUNCTIONS_H
#define SYMBOLS_SYMBOLS_FUNCTIONS_H

#include "symbols/symbols.h"

struct function {
	char name[200]; /* demangled; cut if it is longer */
	/* Where it is at: of all but the innermost, where it calls. Borrowed
	 * from symbols; NULL: not known. */
	const char *file;
	unsigned line;
	bool inlined; /* into the next one */
};

/*
 * Innermost first, at most cap; the last one is no inlined one unless cap cut
 * it.  0: no debug information covers addr.
 */
size_t symbols_functions(struct symbols *symbols, uint64_t addr,
			 struct function *out, size_t cap);

/* How many of them are inlined; kept for the next who asks. */
uint32_t symbols_inlined(struct symbols *symbols, uint64_t addr);

#endif
