/*
 * Who points at one thing, a block or a variable: every word that could hold a
 * pointer and has a value in [low, high).  Beside them the words of which it is
 * doubtful that they hold anything: left over on a stack by calls that have
 * returned, or naming the byte behind the end.
 */
#ifndef ANALYSIS_HOLDERS_H
#define ANALYSIS_HOLDERS_H

#include "analysis/refs.h"

/* Words that prove little, counted; example: the first of them. */
struct doubtful {
	size_t count;
	struct ref example;
};

struct holders {
	struct ref *ref; /* owned, ascending by from; registers first; target
			  * is CHUNK_NONE in all of them */
	size_t count;
	struct doubtful stale;	  /* below a live stack, or a dead register */
	struct doubtful past_end; /* the value is high itself */
	bool complete;		  /* false: some may be missing */
	char note[400];		  /* what is missing, "" if nothing is */
};

/*
 * Used chunks, and roots as roots.h has them; [low, high) may be anything
 * mapped.  Words within [low, high) itself are listed too: a list's head that
 * points at itself is a pointer at it.  Needs snap's contents: ERR_UNSUPPORTED
 * without.
 */
int holders_make(const struct snapshot *snap, uint64_t low, uint64_t high,
		 struct holders *out, struct error *err) MUST_CHECK;
void holders_deinit(struct holders *holders);

#endif
