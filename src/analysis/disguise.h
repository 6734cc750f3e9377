/*
 * Words that name a chunk though they are no plain pointers to it: right behind
 * its end, across two words, with tags, or mangled.
 */
#ifndef ANALYSIS_DISGUISE_H
#define ANALYSIS_DISGUISE_H

#include "analysis/lanes.h"
#include "analysis/reach.h"
#include "analysis/words.h"

struct disguise {
	const struct snapshot *snap; /* borrowed */
	const struct finder *finder; /* borrowed */
	enum interior interior;
	uint64_t low, high; /* see disguise_aim() */
	uint64_t guard;	    /* of PTR_MANGLE; 0: not known */
	/* What many words are compared with at once, if they can be. */
	struct disguise_sieve {
		bool used;
		struct lanes range;
		__m128i guard;
		/* The highest byte of [low, high) that is not zero in all of
		 * it, counted from the lowest: [least, least + span]. */
		unsigned top;
		__m128i least, span;
	} sieve;
	/* Each chunk that is named, and how. */
	int (*found)(void *ctx, uint32_t chunk, enum hold, struct error *);
	void *ctx;
};

/* Reads the guard that setjmp() and atexit() mangle pointers with. */
void disguise_init(struct disguise *d, const struct snapshot *snap,
		   const struct finder *finder, enum interior interior);

/* Only chunks in [low, high) are of interest from now on. */
void disguise_aim(struct disguise *d, uint64_t low, uint64_t high);

/* The words of the piece.  Any thread may call it, if found() bears that. */
int disguise_scan(const struct disguise *d, const struct words_piece *piece,
		  struct error *err) MUST_CHECK;

#endif
