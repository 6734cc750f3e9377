#include "analysis/typing_nodes.h"

#include "base/sort.h"
#include "tests/lib/hs_test.h"

/* Type numbers and values of tags are small: 106 with 1 is not 107 with 0. */
TEST(small_pairs_mix_to_different_numbers)
{
	enum { SMALL = 100 };
	static uint64_t mixed[SMALL * SMALL];
	struct error err;

	for (uint64_t i = 0; i < SMALL * SMALL; i++)
		mixed[i] = node_mix(i / SMALL, i % SMALL);
	OK(sort_u64(mixed, SMALL * SMALL, &err));
	for (size_t i = 1; i < SMALL * SMALL; i++)
		ck_assert_uint_ne(mixed[i - 1], mixed[i]);
}
