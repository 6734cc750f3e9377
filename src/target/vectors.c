#include "target/vectors.h"

#include <cpuid.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "target/x86_64.h"

enum {
	/* Of the old area. */
	MM = 32,
	XMM = 160,
	/* Of the header behind it: which parts are not as they begin. */
	PRESENT = 512,
	HAS_X87 = 1 << 0,
	HAS_SSE = 1 << 1,
	HAS_AVX = 1 << 2,
	HAS_HIGH = 1 << 6,
	HAS_MORE = 1 << 7,
	/* Upper halves of ymm0..15: everywhere the same. */
	YMM = 576,
	LEAF = 0xd, /* of CPUID: where each part lies */
	/* What is below no program can map. */
	LOWEST = 4096,
	ADDRESS_BITS = 56,
};

/* A row of registers: part of each, step bytes from one to the next. */
struct row {
	uint32_t at, step, bytes;
	unsigned reg, count;
};

struct vector_layout vector_layout_here(void)
{
	struct vector_layout layout = {0};
	unsigned size, at, c, d;

	if (__get_cpuid_count(LEAF, 6, &size, &at, &c, &d) && size)
		layout.high = at;
	if (__get_cpuid_count(LEAF, 7, &size, &at, &c, &d) && size)
		layout.more = at;
	return layout;
}

/*
 * Intel's have room for MPX before AVX-512, also where there is none; AMD's
 * have not, and end where Intel's only begin their last part.
 */
struct vector_layout vector_layout_by_size(size_t size)
{
	static const struct vector_layout intel = {1152, 1664},
					  amd = {896, 1408};
	enum { ENDS = 16 * 64 };

	if (size >= intel.more + ENDS)
		return intel;
	if (size >= amd.more + ENDS)
		return amd;
	return (struct vector_layout){0};
}

static bool may_point(uint64_t value)
{
	return value >= LOWEST && !(value >> ADDRESS_BITS);
}

static int add_row(struct vectors *v, const uint8_t *area, size_t size,
		   const struct row *row, uint32_t thread, bool is32,
		   struct error *err)
{
	unsigned word = is32 ? 4 : 8;

	for (unsigned i = 0; i < row->count; i++)
		for (uint32_t j = 0; j < row->bytes; j += word) {
			size_t at = row->at + (size_t)i * row->step + j;
			uint64_t value = 0;

			if (at + word > size)
				return 0;
			memcpy(&value, area + at, word);
			if (!may_point(value))
				continue;
			if (GROW(v->word, v->cap, v->count + 1,
				 "table of vector registers", err))
				return -1;
			v->word[v->count++] = (struct vector_word){
				.value = value,
				.thread = thread,
				.reg = row->reg + i,
			};
		}
	return 0;
}

int vectors_add(struct vectors *vectors, const uint8_t *area, size_t size,
		const struct vector_layout *layout, uint32_t thread, bool is32,
		struct error *err)
{
	unsigned n = is32 ? 8 : 16;
	uint64_t present = HAS_X87 | HAS_SSE;
	const struct {
		uint64_t needs;
		struct row row;
	} part[] = {
		{HAS_X87, {MM, 16, 8, REG_MM_, 8}},
		{HAS_SSE, {XMM, 16, 16, REG_XMM_, n}},
		{HAS_AVX, {YMM, 16, 16, REG_YMM_, n}},
		{HAS_HIGH, {layout->high, 32, 32, REG_ZMM_, n}},
		{HAS_MORE, {layout->more, 64, 16, REG_XMM_ + 16, 16}},
		{HAS_MORE, {layout->more + 16, 64, 16, REG_YMM_ + 16, 16}},
		{HAS_MORE, {layout->more + 32, 64, 32, REG_ZMM_ + 16, 16}},
	};

	if (size < VECTORS_FXSAVE)
		return 0;
	if (size >= PRESENT + sizeof present)
		memcpy(&present, area + PRESENT, sizeof present);
	if (!layout->high)
		present &= ~(uint64_t)HAS_HIGH;
	if (!layout->more || is32)
		present &= ~(uint64_t)HAS_MORE;
	for (size_t i = 0; i < sizeof part / sizeof *part; i++)
		if (present & part[i].needs &&
		    add_row(vectors, area, size, &part[i].row, thread, is32,
			    err))
			return -1;
	return 0;
}

void vectors_deinit(struct vectors *vectors)
{
	free(vectors->word);
	*vectors = (struct vectors){0};
}
