#include "base/strbuf.h"

#include <stdlib.h>
#include <string.h>

#include "tests/lib/hs_test.h"

TEST(an_empty_buffer_is_an_empty_string)
{
	struct strbuf sb = {0};

	ck_assert_str_eq(strbuf_str(&sb), "");
	strbuf_reset(&sb);
	ck_assert_str_eq(strbuf_str(&sb), "");
	strbuf_deinit(&sb);
	strbuf_deinit(&sb);
}

TEST(additions_follow_each_other)
{
	struct strbuf sb = {0};

	strbuf_add(&sb, "one");
	strbuf_addc(&sb, ' ');
	strbuf_addf(&sb, "%d-%s", 2, "x");
	strbuf_addn(&sb, "a\0b", 3);
	ck_assert_uint_eq(sb.len, 10);
	ck_assert_mem_eq(sb.s, "one 2-xa\0b", 11);
	strbuf_reset(&sb);
	ck_assert_str_eq(strbuf_str(&sb), "");
	strbuf_add(&sb, "again");
	ck_assert_str_eq(strbuf_str(&sb), "again");
	strbuf_deinit(&sb);
}

TEST(it_grows_at_every_length)
{
	struct strbuf sb = {0};

	for (size_t i = 0; i < 5000; i++) {
		ck_assert_uint_eq(sb.len, i);
		strbuf_addf(&sb, "%c", 'a' + (int)(i % 26));
		ck_assert_uint_eq(strlen(sb.s), i + 1);
		ck_assert_uint_gt(sb.cap, sb.len);
	}
	for (size_t i = 0; i < 5000; i++)
		ck_assert_int_eq(sb.s[i], 'a' + (int)(i % 26));
	strbuf_deinit(&sb);
}

TEST(a_long_format_fits)
{
	struct strbuf sb = {0};

	strbuf_add(&sb, ">");
	strbuf_addf(&sb, "%*s", 10000, "end");
	ck_assert_uint_eq(sb.len, 10001);
	ck_assert_str_eq(sb.s + 9998, "end");
	strbuf_deinit(&sb);
}

TEST(pad_fills_up_and_never_cuts)
{
	struct strbuf sb = {0};

	strbuf_add(&sb, "ab");
	strbuf_pad(&sb, 5, '.');
	ck_assert_str_eq(sb.s, "ab...");
	strbuf_pad(&sb, 3, '.');
	ck_assert_str_eq(sb.s, "ab...");
	strbuf_deinit(&sb);
}

TEST(take_gives_the_string_away)
{
	struct strbuf sb = {0};
	char *empty = strbuf_take(&sb);

	ck_assert_str_eq(empty, "");
	free(empty);
	strbuf_add(&sb, "mine");

	char *s = strbuf_take(&sb);

	ck_assert_str_eq(s, "mine");
	ck_assert_uint_eq(sb.len, 0);
	ck_assert_ptr_null(sb.s);
	free(s);
}
