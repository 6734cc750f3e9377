#include "base/u64map.h"

#include "base/alloc.h"
#include "tests/lib/hs_test.h"

static struct error err;

/* xorshift64*: the same numbers each time. */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(2685821657736338717);
}

TEST(an_empty_map_has_nothing)
{
	struct u64map map = {0};
	uint64_t value = 5, key;
	size_t it = 0;

	ck_assert(!u64map_get(&map, 0, &value));
	ck_assert(!u64map_get(&map, 7, &value));
	ck_assert_uint_eq(value, 5);
	ck_assert(!u64map_remove(&map, 0));
	ck_assert(!u64map_remove(&map, 7));
	ck_assert(!u64map_next(&map, &it, &key, &value));
	u64map_deinit(&map);
	u64map_deinit(NULL);
}

TEST(zero_and_all_ones_are_keys_like_others)
{
	struct u64map map = {0};
	uint64_t value;

	OK(u64map_put(&map, 0, 10, &err));
	OK(u64map_put(&map, UINT64_MAX, 20, &err));
	OK(u64map_put(&map, 0, 11, &err));
	ck_assert_uint_eq(map.count, 2);
	ck_assert(u64map_get(&map, 0, &value));
	ck_assert_uint_eq(value, 11);
	ck_assert(u64map_get(&map, UINT64_MAX, &value));
	ck_assert_uint_eq(value, 20);
	ck_assert(u64map_get(&map, 0, NULL));
	ck_assert(u64map_remove(&map, 0));
	ck_assert(!u64map_get(&map, 0, NULL));
	ck_assert_uint_eq(map.count, 1);
	u64map_deinit(&map);
}

TEST(at_makes_a_zero_and_then_the_same_place_counts)
{
	struct u64map map = {0};
	uint64_t value;

	for (int i = 0; i < 10; i++) {
		for (uint64_t key = 0; key < 3; key++) {
			uint64_t *n = u64map_at(&map, key, &err);

			ck_assert_ptr_nonnull(n);
			ck_assert_uint_eq(*n, (uint64_t)i);
			++*n;
		}
	}
	ck_assert_uint_eq(map.count, 3);
	ck_assert(u64map_get(&map, 0, &value));
	ck_assert_uint_eq(value, 10);
	u64map_deinit(&map);
}

enum { KEYS = 4096, STEPS = 200000 };

/* Against a plain array, through growth, replacement and removal. */
TEST(it_agrees_with_an_array_under_random_use)
{
	static uint64_t model[KEYS]; /* 0: absent, else value */
	struct u64map map = {0};
	uint64_t seed = 42, key, value;
	size_t present = 0, it = 0, seen = 0;

	for (int i = 0; i < STEPS; i++) {
		uint64_t r = next_random(&seed);
		size_t k = r % KEYS;

		key = (uint64_t)k * 16; /* as addresses are; 0 among them */
		if (r >> 32 & 1) {
			present += !model[k];
			model[k] = (r >> 40) + 1;
			OK(u64map_put(&map, key, model[k], &err));
		} else {
			ck_assert_int_eq(u64map_remove(&map, key), !!model[k]);
			present -= !!model[k];
			model[k] = 0;
		}
		ck_assert_uint_eq(map.count, present);
		k = (size_t)(r >> 20) % KEYS;
		value = 0;
		ck_assert_int_eq(u64map_get(&map, (uint64_t)k * 16, &value),
				 !!model[k]);
		ck_assert_uint_eq(value, model[k]);
	}
	while (u64map_next(&map, &it, &key, &value)) {
		ck_assert_uint_eq(value, model[key / 16]);
		seen++;
	}
	ck_assert_uint_eq(seen, present);
	ck_assert_uint_gt(seen, 0);
	u64map_deinit(&map);
}

TEST(after_reserve_nothing_grows)
{
	struct u64map map = {0};

	OK(u64map_reserve(&map, 1000, &err));
	alloc_fail_checked_at(1);
	for (uint64_t key = 1; key <= 1000; key++)
		OK(u64map_put(&map, key, key, &err));
	alloc_fail_checked_at(0);
	u64map_deinit(&map);
}

TEST(a_growth_that_fails_keeps_what_was_there)
{
	for (uint64_t k = 1; k <= 5; k++) {
		struct u64map map = {0};
		uint64_t key, value;

		alloc_fail_checked_at(k);
		for (key = 1; !u64map_put(&map, key, key * 2, &err); key++)
			ck_assert_uint_lt(key, 100000);
		ck_assert_int_eq(err.code, ERR_NO_MEMORY);
		ck_assert_uint_eq(map.count, key - 1);
		for (uint64_t i = 1; i < key; i++) {
			ck_assert(u64map_get(&map, i, &value));
			ck_assert_uint_eq(value, i * 2);
		}
		ck_assert(!u64map_get(&map, key, NULL));
		u64map_deinit(&map);
	}
}
