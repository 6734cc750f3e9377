/*
 * Words that name a chunk though they are no plain pointers to it: right behind
 * its end, across two words, with tags, or mangled.
 */
#ifndef ANALYSIS_DISGUISE_H
#define ANALYSIS_DISGUISE_H

#include "analysis/reach.h"

struct disguise {
	const struct snapshot *snap; /* borrowed */
	const struct finder *finder; /* borrowed */
	enum interior interior;
	uint64_t low, high; /* only chunks in [low, high) are of interest */
	uint64_t guard;	    /* of PTR_MANGLE; 0: not known */
	/* Each chunk that is named, and how. */
	int (*found)(void *ctx, uint32_t chunk, enum hold, struct error *);
	void *ctx;
};

/* Reads the guard that setjmp() and atexit() mangle pointers with. */
void disguise_init(struct disguise *d, const struct snapshot *snap,
		   const struct finder *finder, enum interior interior);

/* The words at addr, len bytes; "more" bytes behind them can be read. */
int disguise_scan(const struct disguise *d, const uint8_t *bytes, uint64_t addr,
		  uint64_t len, uint64_t more, struct error *err) MUST_CHECK;

#endif
