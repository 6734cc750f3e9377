#include "target/vectors.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "target/x86_64.h"
#include "tests/lib/hs_test.h"

static struct error err;

/* Where the parts lie in an area of Intel's with AVX-512, and of AMD's. */
static const struct {
	size_t size;
	unsigned high, more;
} kinds[] = {{2696, 1152, 1664}, {2440, 896, 1408}};

enum { HEADER = 512, PAGE = 4096 };

static void put(uint8_t *area, size_t at, uint64_t value)
{
	memcpy(area + at, &value, sizeof value);
}

static bool has(const struct vectors *v, unsigned reg, uint64_t value)
{
	for (size_t i = 0; i < v->count; i++)
		if (v->word[i].reg == reg && v->word[i].value == value)
			return true;
	return false;
}

TEST(each_width_lies_where_the_size_says)
{
	for (size_t k = 0; k < 2; k++) {
		uint8_t *area = xcalloc(1, kinds[k].size);
		struct vector_layout layout =
			vector_layout_by_size(kinds[k].size);
		struct vectors v = {0};

		put(area, HEADER, 0xe7);
		put(area, 32 + 16, 0x10001);
		put(area, 160 + 3 * 16 + 8, 0x10002);
		put(area, 576 + 15 * 16, 0x10003);
		put(area, kinds[k].high + 5 * 32 + 24, 0x10004);
		put(area, kinds[k].more + 8, 0x10005);
		put(area, kinds[k].more + 64 + 16, 0x10006);
		put(area, kinds[k].more + 15 * 64 + 56, 0x10007);
		OK(vectors_add(&v, area, kinds[k].size, &layout, 4, false,
			       &err));
		ck_assert_uint_eq(v.count, 7);
		ck_assert(has(&v, REG_MM_ + 1, 0x10001));
		ck_assert(has(&v, REG_XMM_ + 3, 0x10002));
		ck_assert(has(&v, REG_YMM_ + 15, 0x10003));
		ck_assert(has(&v, REG_ZMM_ + 5, 0x10004));
		ck_assert(has(&v, REG_XMM_ + 16, 0x10005));
		ck_assert(has(&v, REG_YMM_ + 17, 0x10006));
		ck_assert(has(&v, REG_ZMM_ + 31, 0x10007));
		ck_assert_uint_eq(v.word[0].thread, 4);
		vectors_deinit(&v);
		free(area);
	}
}

TEST(parts_that_are_as_they_begin_have_nothing)
{
	uint8_t area[PAGE];
	struct vector_layout layout = vector_layout_by_size(sizeof area);
	struct vectors v = {0};

	memset(area, 0x11, sizeof area);
	put(area, HEADER, 0);
	OK(vectors_add(&v, area, sizeof area, &layout, 0, false, &err));
	ck_assert_uint_eq(v.count, 0);
	vectors_deinit(&v);
}

TEST(what_no_address_can_be_is_left_out)
{
	uint8_t area[VECTORS_FXSAVE] = {0};
	struct vector_layout layout = {0};
	struct vectors v = {0};

	put(area, 160, PAGE - 1);
	put(area, 168, UINT64_C(1) << 56);
	put(area, 176, PAGE);
	put(area, 184, UINT64_MAX);
	OK(vectors_add(&v, area, sizeof area, &layout, 0, false, &err));
	ck_assert_uint_eq(v.count, 1);
	ck_assert(has(&v, REG_XMM_ + 1, PAGE));
	vectors_deinit(&v);
}

TEST(an_i386_thread_has_words_of_four_bytes_and_eight_registers)
{
	uint8_t area[VECTORS_FXSAVE] = {0};
	struct vector_layout layout = {0};
	struct vectors v = {0};

	put(area, 160 + 7 * 16, UINT64_C(0x2000200010001));
	put(area, 160 + 8 * 16, 0x30003);
	OK(vectors_add(&v, area, sizeof area, &layout, 0, true, &err));
	ck_assert_uint_eq(v.count, 2);
	ck_assert(has(&v, REG_XMM_ + 7, 0x10001));
	ck_assert(has(&v, REG_XMM_ + 7, 0x20002));
	vectors_deinit(&v);
}

TEST(an_area_cut_anywhere_is_read_within_its_bounds)
{
	for (size_t size = 0; size < PAGE; size += 8) {
		uint8_t *area = malloc(size ? size : 1);
		struct vector_layout layout = vector_layout_by_size(size);
		struct vectors v = {0};

		ck_assert_ptr_nonnull(area);
		memset(area, 0x7f, size);
		if (size >= HEADER + 8)
			put(area, HEADER, 0xe7);
		OK(vectors_add(&v, area, size, &layout, 0, false, &err));
		vectors_deinit(&v);
		free(area);
	}
}

TEST(all_have_names)
{
	ck_assert_str_eq(thread_reg_name(REG_XMM_, false), "xmm0");
	ck_assert_str_eq(thread_reg_name(REG_YMM_ + 9, false), "ymm9");
	ck_assert_str_eq(thread_reg_name(REG_ZMM_ + 31, false), "zmm31");
	ck_assert_str_eq(thread_reg_name(REG_XMM_ + 10, false), "xmm10");
	ck_assert_str_eq(thread_reg_name(REG_YMM_ + 29, false), "ymm29");
	ck_assert_str_eq(thread_reg_name(REG_MM_ + 7, true), "mm7");
	ck_assert_str_eq(thread_reg_name(REG_VECTORS_END_, false), "?");
}
