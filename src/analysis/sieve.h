/*
 * Which words of a snapshot's memory may point at its chunks: a bit a word.
 *
 * Memory is read in its order here, which is ten times as fast as in the order
 * in which pointers lead through it; whoever follows them then touches only the
 * words that are worth it.
 */
#ifndef ANALYSIS_SIEVE_H
#define ANALYSIS_SIEVE_H

#include "analysis/lanes.h"
#include "snapshot/finder.h"

enum { SIEVE_AREAS = 4 };

struct sieve {
	const struct image *image; /* borrowed */
	unsigned word;		   /* bytes */
	/* Where chunks are; the last is as long as it must be. */
	struct lanes area[SIEVE_AREAS];
	unsigned area_count;
	/* Owned: of each run, the index in bits of its first 64 words. */
	uint64_t *first;
	uint64_t *bits; /* owned: of aligned words alone */
};

/* Looks at all of snap's contents, several threads at once. */
int sieve_init(struct sieve *sieve, const struct snapshot *snap,
	       const struct finder *finder, struct error *err) MUST_CHECK;
void sieve_deinit(struct sieve *sieve);

/* The first aligned word of the run, which its first bit is for. */
static inline uint64_t sieve_base(const struct sieve *sieve,
				  const struct image_run *run)
{
	return (run->start + sieve->word - 1) & ~(uint64_t)(sieve->word - 1);
}

#endif
