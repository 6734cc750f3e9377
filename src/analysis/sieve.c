#include "analysis/sieve.h"

#include <stdlib.h>

#include "analysis/words.h"
#include "base/alloc.h"
#include "base/parallel.h"

/* PART: of 64 words each, a megabyte of 8-byte words.  AHEAD: bytes; the
 * processor by itself does not look far enough ahead. */
enum { PART = 2048, AHEAD = 2048 };

static uint64_t words_of(const struct sieve *s, const struct image_run *run)
{
	uint64_t base = sieve_base(s, run);

	return run->end > base ? (run->end - base) / s->word : 0;
}

static inline __attribute__((always_inline)) uint64_t
sift(const struct sieve *s, const uint8_t *at, unsigned count, unsigned word)
{
	uint64_t bits = 0;

	for (unsigned i = 0; i < count; i += 4) {
		__m128i v = lanes_words(at + i * word, word);
		__m128i outside = lanes_outside(&s->area[0], v);

		for (unsigned a = 1; a < s->area_count; a++)
			outside = _mm_and_si128(outside,
						lanes_outside(&s->area[a], v));
		bits |= (uint64_t)lanes_clear(outside) << i;
	}
	return bits;
}

/* The last words of a run, fewer than 64. */
static uint64_t sift_rest(const struct sieve *s, const uint8_t *at,
			  unsigned count)
{
	uint8_t padded[64 * 8] = {0};

	memcpy(padded, at, count * s->word);
	return (s->word == 8 ? sift(s, padded, 64, 8)
			     : sift(s, padded, 64, 4)) &
	       ((UINT64_C(1) << count) - 1);
}

/* Bits [from, to) of a run, in units of 64. */
static void sift_run(struct sieve *s, size_t r, uint64_t from, uint64_t to)
{
	const struct image_run *run = &s->image->run[r];
	const uint8_t *at = run->bytes + (sieve_base(s, run) - run->start);
	uint64_t words = words_of(s, run);

	for (uint64_t i = from; i < to; i++) {
		const uint8_t *block = at + i * 64 * s->word;
		uint64_t *bits = &s->bits[s->first[r] + i];

		for (unsigned k = 0; k < 64 * s->word; k += 64)
			__builtin_prefetch(block + AHEAD + k);
		if (words - i * 64 < 64)
			*bits = sift_rest(s, block, (unsigned)(words - i * 64));
		else if (s->word == 8)
			*bits = sift(s, block, 64, 8);
		else
			*bits = sift(s, block, 64, 4);
	}
}

/* The run that entry i of bits is of; those of no word are passed over. */
static size_t run_of(const struct sieve *s, uint64_t i)
{
	size_t low = 0, high = s->image->run_count;

	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;

		if (s->first[mid] <= i)
			low = mid;
		else
			high = mid;
	}
	return low;
}

static int sift_part(void *ctx, uint64_t part, struct error *err)
{
	struct sieve *s = ctx;
	uint64_t i = part * PART, end = i + PART;

	(void)err;
	for (size_t r = run_of(s, i); r < s->image->run_count; r++) {
		uint64_t first = s->first[r], next = s->first[r + 1];

		if (first >= end)
			break;
		sift_run(s, r, i - first, (next < end ? next : end) - first);
		i = next;
	}
	return 0;
}

/* As many as are compared one by one; the last takes in all that are left. */
static void take_areas(struct sieve *s, const struct finder *finder)
{
	size_t count = finder->area_count;

	for (size_t i = 0; i < count && i < SIEVE_AREAS; i++) {
		size_t last = i + 1 < SIEVE_AREAS ? i : count - 1;

		s->area[s->area_count++] = lanes_of(
			finder->area[i].start, finder->area[last].end, s->word);
	}
}

int sieve_init(struct sieve *sieve, const struct snapshot *snap,
	       const struct finder *finder, struct error *err)
{
	const struct image *image = snap->contents;
	uint64_t all = 0;

	*sieve = (struct sieve){.image = image, .word = snap->word};
	sieve->first = try_calloc(image->run_count + 1, sizeof *sieve->first,
				  "map of pointers", err);
	if (!sieve->first)
		return -1;
	for (size_t r = 0; r < image->run_count; r++) {
		sieve->first[r] = all;
		all += (words_of(sieve, &image->run[r]) + 63) / 64;
	}
	sieve->first[image->run_count] = all;
	sieve->bits =
		try_calloc(all, sizeof *sieve->bits, "map of pointers", err);
	take_areas(sieve, finder);
	if (!sieve->bits ||
	    (sieve->area_count &&
	     parallel_each("looking for pointers", (all + PART - 1) / PART,
			   sift_part, sieve, err))) {
		sieve_deinit(sieve);
		return -1;
	}
	return 0;
}

void sieve_deinit(struct sieve *sieve)
{
	free(sieve->first);
	free(sieve->bits);
	*sieve = (struct sieve){0};
}
