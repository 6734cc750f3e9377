#include "base/sort.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "tests/lib/hs_test.h"

static struct error err;

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(2685821657736338717);
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void sort_and_compare(size_t count, uint64_t mask)
{
	AUTO_FREE uint64_t *ours = xcalloc(count, sizeof *ours);
	AUTO_FREE uint64_t *theirs = xcalloc(count, sizeof *theirs);
	uint64_t seed = count + 1;

	for (size_t i = 0; i < count; i++)
		ours[i] = theirs[i] = next_random(&seed) & mask;
	qsort(theirs, count, sizeof *theirs, compare_u64);
	OK(sort_u64(ours, count, &err));
	for (size_t i = 0; i < count; i++)
		ck_assert_uint_eq(ours[i], theirs[i]);
}

TEST(it_sorts_as_qsort_does)
{
	static const size_t counts[] = {0,  1,	 2,   3,    47,	   48,
					49, 255, 256, 1000, 100000};

	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		sort_and_compare(counts[i], UINT64_MAX);
		sort_and_compare(counts[i], 0xff);
		sort_and_compare(counts[i], 0xffff000);
		sort_and_compare(counts[i], UINT64_C(1) << 63);
		sort_and_compare(counts[i], 0);
	}
}

struct item {
	char before[5];
	unsigned char key[8]; /* not aligned */
	uint32_t order;
};

/* Equal keys keep their order, in the short and in the long way. */
static void sort_items(size_t count)
{
	AUTO_FREE struct item *items = xcalloc(count, sizeof *items);
	uint64_t seed = 3, key, last = 0;

	for (size_t i = 0; i < count; i++) {
		key = next_random(&seed) % 10 * 1000003;
		memcpy(items[i].key, &key, sizeof key);
		items[i].order = (uint32_t)i;
	}
	OK(sort_by_u64(items, count, sizeof *items, offsetof(struct item, key),
		       &err));
	for (size_t i = 0; i < count; i++) {
		memcpy(&key, items[i].key, sizeof key);
		ck_assert_uint_ge(key, last);
		if (i && key == last)
			ck_assert_uint_gt(items[i].order, items[i - 1].order);
		last = key;
	}
}

TEST(it_is_stable_for_items_of_any_size)
{
	sort_items(40);
	sort_items(5000);
}

TEST(pairs_keep_their_values)
{
	enum { COUNT = 3000 };
	struct sort_pair pairs[COUNT];

	for (uint64_t i = 0; i < COUNT; i++)
		pairs[i] = (struct sort_pair){(i * 7919) % COUNT, i};
	OK(sort_pairs(pairs, COUNT, &err));
	for (uint64_t i = 0; i < COUNT; i++) {
		ck_assert_uint_eq(pairs[i].key, i);
		ck_assert_uint_eq(pairs[i].value * 7919 % COUNT, i);
	}
}

TEST(lower_is_the_first_not_below)
{
	const struct sort_pair pairs[] = {{2, 0}, {4, 1}, {4, 2}, {7, 3}};
	size_t count = sizeof pairs / sizeof *pairs;

	ck_assert_uint_eq(sort_lower(pairs, 0, 4), 0);
	for (uint64_t key = 0; key < 9; key++) {
		size_t i = 0;

		while (i < count && pairs[i].key < key)
			i++;
		ck_assert_uint_eq(sort_lower(pairs, count, key), i);
	}
}

TEST(by_bits_looks_at_the_low_bits_only)
{
	uint64_t items[100];

	for (uint64_t i = 0; i < 100; i++)
		items[i] = i << 48 | (99 - i);
	OK(sort_by_bits(items, 100, sizeof *items, 0, 48, &err));
	for (uint64_t i = 0; i < 100; i++)
		ck_assert_uint_eq(items[i], (99 - i) << 48 | i);
}

TEST(without_memory_the_items_are_untouched)
{
	for (uint64_t k = 1; k <= 2; k++) {
		uint64_t items[1000];

		for (uint64_t i = 0; i < 1000; i++)
			items[i] = 1000 - i;
		alloc_fail_checked_at(k);
		FAILS(ERR_NO_MEMORY, sort_u64(items, 1000, &err));
		for (uint64_t i = 0; i < 1000; i++)
			ck_assert_uint_eq(items[i], 1000 - i);
	}
}
