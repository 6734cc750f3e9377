/*
 * Four words at once: which of them may name an address in a range?  Bits 16 to
 * 47 are compared (of 4-byte words all), so the answer is "no" or "maybe", and
 * the two highest bytes do not matter.  SSE2, which every x86-64 has.
 */
#ifndef ANALYSIS_LANES_H
#define ANALYSIS_LANES_H

#include <emmintrin.h>
#include <stdint.h>

/* A range as its lanes are compared: SSE2 has signed comparison alone, so zero
 * is moved to the lowest number. */
struct lanes {
	__m128i base, most;
};

/* [low, high), not empty.  One that goes beyond what is compared is all. */
static inline struct lanes lanes_of(uint64_t low, uint64_t high, unsigned word)
{
	unsigned shift = word == 8 ? 16 : 0;
	uint64_t from = low >> shift, most = ((high - 1) >> shift) - from;

	if ((high - 1) >> shift > UINT32_MAX) {
		from = 0;
		most = UINT32_MAX;
	}
	return (struct lanes){
		.base = _mm_set1_epi32((int)((uint32_t)from ^ 0x80000000u)),
		.most = _mm_set1_epi32((int)((uint32_t)most ^ 0x80000000u)),
	};
}

/* All ones where a lane is outside of the range. */
static inline __m128i lanes_outside(const struct lanes *lanes, __m128i v)
{
	return _mm_cmpgt_epi32(_mm_sub_epi32(v, lanes->base), lanes->most);
}

/* A bit for each lane that has none of its own set. */
static inline unsigned lanes_clear(__m128i v)
{
	return ~(unsigned)_mm_movemask_ps(_mm_castsi128_ps(v)) & 15;
}

static inline __m128i lanes_load(const uint8_t *at)
{
	return _mm_loadu_si128((const __m128i *)at);
}

/* The lower halves of the four 8-byte words in a and b. */
static inline __m128i lanes_lower(__m128i a, __m128i b)
{
	return _mm_castps_si128(
		_mm_shuffle_ps(_mm_castsi128_ps(a), _mm_castsi128_ps(b), 0x88));
}

/* What is compared of the four words at "at". */
static inline __m128i lanes_words(const uint8_t *at, unsigned word)
{
	if (word == 4)
		return lanes_load(at);
	return lanes_lower(_mm_srli_epi64(lanes_load(at), 16),
			   _mm_srli_epi64(lanes_load(at + 16), 16));
}

#endif
