#include "base/fmt.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/hs_test.h"

static char buf[FMT_MAX];

TEST(bytes_step_by_1024_and_never_show_1024_of_a_unit)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} rows[] = {
		{0, "0 B"},
		{1, "1 B"},
		{1023, "1023 B"},
		{1024, "1.0 KiB"},
		{1536, "1.5 KiB"},
		{1024 * 1024 - 1, "1.0 MiB"},
		{1024 * 1024 - 51, "1.0 MiB"},
		{1024 * 1024 - 103, "1023.9 KiB"},
		{1024 * 1024, "1.0 MiB"},
		{UINT64_C(412) << 20, "412.0 MiB"},
		{UINT64_C(3) << 30, "3.0 GiB"},
		{UINT64_C(1) << 40, "1.0 TiB"},
		{UINT64_C(1) << 50, "1.0 PiB"},
		{UINT64_MAX, "16.0 EiB"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		ck_assert_str_eq(
			fmt_bytes(buf, sizeof buf, rows[i].bytes, false),
			rows[i].text);
}

TEST(exact_bytes_are_all_digits)
{
	ck_assert_str_eq(fmt_bytes(buf, sizeof buf, UINT64_MAX, true),
			 "18446744073709551615");
}

TEST(counts_have_separators)
{
	ck_assert_str_eq(fmt_count(buf, sizeof buf, 0), "0");
	ck_assert_str_eq(fmt_count(buf, sizeof buf, 999), "999");
	ck_assert_str_eq(fmt_count(buf, sizeof buf, 1000), "1,000");
	ck_assert_str_eq(fmt_count(buf, sizeof buf, 1204311), "1,204,311");
	ck_assert_str_eq(fmt_count(buf, sizeof buf, UINT64_MAX),
			 "18,446,744,073,709,551,615");
}

TEST(addresses_are_hexadecimal)
{
	ck_assert_str_eq(fmt_addr(buf, sizeof buf, UINT64_C(0x55d0c0a3f2a0)),
			 "0x55d0c0a3f2a0");
}

TEST(durations_pick_their_unit)
{
	ck_assert_str_eq(fmt_usec(buf, sizeof buf, 0), "0 us");
	ck_assert_str_eq(fmt_usec(buf, sizeof buf, 999), "999 us");
	ck_assert_str_eq(fmt_usec(buf, sizeof buf, 4180), "4.2 ms");
	ck_assert_str_eq(fmt_usec(buf, sizeof buf, 999949), "999.9 ms");
	ck_assert_str_eq(fmt_usec(buf, sizeof buf, 999950), "1.0 s");
	ck_assert_str_eq(fmt_usec(buf, sizeof buf, 12345678), "12.3 s");
	ck_assert_str_eq(fmt_usec(buf, sizeof buf, 1234567890), "1234 s");
}

TEST(deltas_carry_their_sign)
{
	ck_assert_str_eq(fmt_delta(buf, sizeof buf, 0), "0");
	ck_assert_str_eq(fmt_delta(buf, sizeof buf, 1204), "+1,204");
	ck_assert_str_eq(fmt_delta(buf, sizeof buf, -3), "-3");
	ck_assert_str_eq(fmt_delta(buf, sizeof buf, INT64_MIN),
			 "-9,223,372,036,854,775,808");
	ck_assert_str_eq(fmt_delta_bytes(buf, sizeof buf, -512, false),
			 "-512 B");
	ck_assert_str_eq(fmt_delta_bytes(buf, sizeof buf, 4096, false),
			 "+4.0 KiB");
	ck_assert_str_eq(fmt_delta_bytes(buf, sizeof buf, 4096, true), "+4096");
	ck_assert_str_eq(fmt_delta_bytes(buf, sizeof buf, 0, false), "0 B");
}

TEST(a_small_buffer_is_never_overrun)
{
	for (size_t cap = 1; cap < sizeof buf; cap++) {
		memset(buf, 'x', sizeof buf);
		fmt_count(buf, cap, UINT64_MAX);
		ck_assert_int_eq(buf[cap], 'x');
		ck_assert_uint_lt(strlen(buf), cap);
		memset(buf, 'x', sizeof buf);
		fmt_delta_bytes(buf, cap, INT64_MIN, false);
		ck_assert_int_eq(buf[cap], 'x');
	}
}
