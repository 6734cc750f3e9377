#include <string.h>

#include "base/fmt.h"
#include "tests/lib/hs_test.h"

static struct error err;

typedef int parser(const char *, uint64_t *, struct error *);

struct row {
	const char *text;
	uint64_t value;
};

static void all_parse(parser *parse, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t n = ~rows[i].value;

		OK(parse(rows[i].text, &n, &err));
		ck_assert_msg(n == rows[i].value, "%s is %ju", rows[i].text,
			      (uintmax_t)n);
	}
}

/* The text is quoted in the error, and *out is left alone. */
static void none_parses(parser *parse, const char *const *texts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t n = 77;

		err = (struct error){0};
		ck_assert_msg(parse(texts[i], &n, &err) == -1, "'%s' is %ju",
			      texts[i], (uintmax_t)n);
		ck_assert_int_eq(err.code, ERR_USAGE);
		ck_assert_ptr_nonnull(strstr(err.msg, texts[i]));
		ck_assert_uint_eq(n, 77);
	}
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

TEST(numbers_are_decimal_or_hexadecimal)
{
	static const struct row rows[] = {
		{"0", 0},
		{"12", 12},
		{"010", 10},
		{"0x1f", 31},
		{"0XfF", 255},
		{"18446744073709551615", UINT64_MAX},
		{"0xffffffffffffffff", UINT64_MAX},
	};
	static const char *const bad[] = {
		"",   "x",   "-1",  "+1",  " 1", "1 ",	"1k",	"0x",
		"0x", "0x-", "1e3", "0xg", "--", "1.0", "0x 1", "00x1"};

	all_parse(parse_u64, rows, COUNT(rows));
	none_parses(parse_u64, bad, COUNT(bad));
}

TEST(a_number_past_64_bits_is_refused)
{
	static const char *const bad[] = {"18446744073709551616",
					  "0x10000000000000000"};

	none_parses(parse_u64, bad, COUNT(bad));
	none_parses(parse_size, bad, COUNT(bad));
	none_parses(parse_msec, bad, 1);
}

TEST(sizes_take_units)
{
	static const struct row rows[] = {
		{"64", 64},
		{"0x40", 64},
		{"4k", 4096},
		{"4K", 4096},
		{"4KiB", 4096},
		{"4kb", 4096},
		{"64B", 64},
		{"1M", 1 << 20},
		{"2G", UINT64_C(2) << 30},
		{"1T", UINT64_C(1) << 40},
		{"15E", UINT64_C(15) << 60},
	};
	static const char *const bad[] = {"",	 "k",	"4x", "4kk", "-4k",
					  "4 k", "1.5", "4i", "16E", "4KiBs"};

	all_parse(parse_size, rows, COUNT(rows));
	none_parses(parse_size, bad, COUNT(bad));
}

TEST(times_are_milliseconds_unless_they_say_otherwise)
{
	static const struct row rows[] = {
		{"0", 0},	   {"50", 50},	     {"50ms", 50},
		{"2s", 2000},	   {"1.5s", 1500},   {"0.25s", 250},
		{"1m", 60000},	   {"2min", 120000}, {"1h", 3600000},
		{"1.9999s", 1999}, {"1.5", 1},
	};
	static const char *const bad[] = {
		"",    "s",  "-1",  "0x10", "1.s",
		".5s", "5d", "1 s", "2ss",  "18446744073709551615s"};

	all_parse(parse_msec, rows, COUNT(rows));
	none_parses(parse_msec, bad, COUNT(bad));
}

TEST(what_fmt_writes_exactly_parse_reads)
{
	char buf[FMT_MAX];

	for (int i = 0; i < 64; i++) {
		uint64_t n = UINT64_C(1) << i, back = 0;

		OK(parse_size(fmt_bytes(buf, sizeof buf, n, true), &back,
			      &err));
		ck_assert_uint_eq(back, n);
		OK(parse_u64(fmt_addr(buf, sizeof buf, n), &back, &err));
		ck_assert_uint_eq(back, n);
	}
}
