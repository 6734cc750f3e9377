/*
 * What the words of a place say of the type that a pointer gives it.  The
 * pointer may be left over from before the memory was freed and used again, or
 * be no pointer at all: a word that no object of that type has tells.
 *
 * A member that was never written has what lay there before, so one wrong word
 * denies no type that others speak for.
 */
#ifndef ANALYSIS_TYPING_EVIDENCE_H
#define ANALYSIS_TYPING_EVIDENCE_H

#include "analysis/typing_follow.h"

struct evidence {
	unsigned good; /* pointers to what is as large as it should be */
	unsigned odd;  /* words that are rarely there */
	unsigned bad;  /* words that cannot be there: text as a pointer */
};

/* Of a node at addr, or several of it up to end, some of which are looked at;
 * adds to out. */
void evidence_add(const struct follow *f, uint32_t node, uint64_t addr,
		  uint64_t end, struct evidence *out);

/* Below 0 the words deny it; of two types, the higher one is likelier. */
long evidence_balance(const struct evidence *evidence);

#endif
