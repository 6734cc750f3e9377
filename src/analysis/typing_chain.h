/* Proof of a type: the way from a variable to the chunk, as C would write it.
 */
#ifndef ANALYSIS_TYPING_CHAIN_H
#define ANALYSIS_TYPING_CHAIN_H

#include "analysis/typing.h"
#include "base/strbuf.h"

/*
 * "g_server.clients->head->next[3]" of a chunk that was reached on a path;
 * nothing is added for others.  Steps that repeat are folded: "->next (x12)".
 */
void typing_chain(const struct typing *typing, uint32_t chunk,
		  struct strbuf *out);

/* Does that way begin with an object to which only a word of no known type
 * leads?  *word: the address of that. */
bool typing_led(const struct typing *typing, uint32_t chunk, uint64_t *word);

enum said {
	SAID_AGREES,
	SAID_AGAINST, /* it cannot be so as well */
	SAID_DENIED,  /* its size, or the words there, are not of that type */
	SAID_ALONE /* by one pointer into the middle; no word speaks for it */
};

typedef void typing_said_fn(void *ctx, enum said how, const char *text);
/* What else is said of the chunk and agrees or not: calls fn for each, with a
 * text like "struct b at +0, by g_x->y". */
void typing_said(const struct typing *typing, uint32_t chunk,
		 typing_said_fn *fn, void *ctx);
/* Structs and unions of just this size, at most max: "struct a, union b". */
size_t typing_of_size(const struct typing *typing, uint32_t chunk, size_t max,
		      struct strbuf *out);

#endif
