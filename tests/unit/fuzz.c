/*
 * The fuzz targets on bytes from a seeded generator: the same in every run, so
 * that a failure can be had again.  FUZZ_FROM=N runs others, FUZZ_CASE=N one
 * alone, and FUZZ_SHOW tells which one runs.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/fuzz/fuzz.h"
#include "tests/lib/hs_test.h"

enum { MOST_BYTES = 96 };

static void run_case(void (*target)(const uint8_t *, size_t), unsigned n)
{
	uint8_t data[MOST_BYTES];
	uint64_t state = n * UINT64_C(0x9e3779b97f4a7c15) + 1;
	size_t len;

	for (size_t i = 0; i < sizeof data; i++) {
		state = state * UINT64_C(6364136223846793005) + 1;
		data[i] = (uint8_t)(state >> 33 ^ state >> 56);
	}
	/* From a change or two to many. */
	len = 4 + (state >> 40) % (n % 4 ? 20 : MOST_BYTES - 4);
	target(data, len);
}

static void run(const char *name, void (*target)(const uint8_t *, size_t),
		unsigned cases)
{
	const char *only = getenv("FUZZ_CASE");
	const char *from = getenv("FUZZ_FROM");
	unsigned ran = 0, first = from ? (unsigned)atoi(from) : 0;

	for (unsigned i = first; i < first + cases; i++) {
		if (only && (unsigned)atoi(only) != i)
			continue;
		if (getenv("FUZZ_SHOW"))
			fprintf(stderr, "# %s case %u\n", name, i);
		run_case(target, i);
		ran++;
	}
	fprintf(stderr, "# %s: %u cases\n", name, ran);
	ck_assert_uint_eq(ran, only ? 1 : cases);
}

TEST(ten_thousand_damaged_heaps)
{
	run("heap", fuzz_heap, 10000);
}

TEST(damaged_data_of_libc)
{
	run("locate", fuzz_locate, 1000);
}

TEST(any_words)
{
	run("words", fuzz_words, 5000);
}

TEST(any_maps)
{
	run("maps", fuzz_maps, 5000);
}

TEST(damaged_elf_files)
{
	run("elf", fuzz_elf, 2000);
}

TEST(damaged_debug_information)
{
	run("dwarf", fuzz_dwarf, 1000);
}
