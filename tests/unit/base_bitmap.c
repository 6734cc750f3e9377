#include "base/bitmap.h"

#include "base/alloc.h"
#include "tests/lib/hs_test.h"

static struct error err;

TEST(bits_are_clear_at_first_and_each_is_its_own)
{
	struct bitmap map;

	OK(bitmap_init(&map, 200, "test", &err));
	ck_assert_uint_eq(bitmap_count(&map), 0);
	for (uint64_t i = 0; i < 200; i++) {
		bitmap_set(&map, i);
		for (uint64_t j = 0; j < 200; j++)
			ck_assert_int_eq(bitmap_test(&map, j), j == i);
		ck_assert_uint_eq(bitmap_count(&map), 1);
		bitmap_clear(&map, i);
	}
	bitmap_deinit(&map);
}

TEST(next_visits_the_set_bits_in_order)
{
	static const uint64_t set[] = {0, 1, 63, 64, 127, 300, 999};
	struct bitmap map;
	size_t n = 0;

	OK(bitmap_init(&map, 1000, "test", &err));
	for (size_t i = 0; i < 7; i++)
		bitmap_set(&map, set[i]);
	for (uint64_t i = bitmap_next(&map, 0); i < map.bits;
	     i = bitmap_next(&map, i + 1)) {
		ck_assert_uint_lt(n, 7);
		ck_assert_uint_eq(i, set[n++]);
	}
	ck_assert_uint_eq(n, 7);
	ck_assert_uint_eq(bitmap_next(&map, 1000), 1000);
	bitmap_deinit(&map);
}

TEST(fill_sets_all_and_nothing_past_the_end)
{
	static const uint64_t sizes[] = {0, 1, 63, 64, 65, 128, 1000};

	for (size_t i = 0; i < 7; i++) {
		struct bitmap map;

		OK(bitmap_init(&map, sizes[i], "test", &err));
		bitmap_fill(&map);
		ck_assert_uint_eq(bitmap_count(&map), sizes[i]);
		if (sizes[i])
			bitmap_clear(&map, sizes[i] - 1);
		ck_assert_uint_eq(
			bitmap_next(&map, sizes[i] ? sizes[i] - 1 : 0),
			sizes[i]);
		bitmap_deinit(&map);
	}
}

TEST(no_memory_for_a_bitmap_is_an_error)
{
	struct bitmap map;

	alloc_fail_checked_at(1);
	FAILS(ERR_NO_MEMORY, bitmap_init(&map, 100, "the map", &err));
	bitmap_deinit(&map);
	bitmap_deinit(NULL);
}
