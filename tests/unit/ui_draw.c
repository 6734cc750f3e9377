#include "tests/lib/ui_test.h"
#include "ui/draw.h"

TEST(text_is_cut_at_its_width_and_says_so)
{
	ui_open("C.UTF-8", 5, 20);
	ck_assert_int_eq(draw_text(&ui_theme, 0, 0, 6, "abcdef"), 6);
	UI_IS(0, "abcdef");
	ck_assert_int_eq(draw_text(&ui_theme, 1, 0, 6, "abcdefg"), 6);
	UI_IS(1, "abcde…");
	ck_assert_int_eq(draw_text(&ui_theme, 2, 0, 1, "abc"), 1);
	UI_IS(2, "…");
	ck_assert_int_eq(draw_text(&ui_theme, 3, 0, 0, "abc"), 0);
	UI_IS(3, "");
}

TEST(wide_and_combining_characters_are_measured_in_columns)
{
	ui_open("C.UTF-8", 5, 20);
	ck_assert_int_eq(draw_width("日本"), 4);
	ck_assert_int_eq(draw_width("e\u0301"), 1);
	/* Half of a wide character is never drawn. */
	ck_assert_int_eq(draw_text(&ui_theme, 0, 0, 4, "日本語"), 3);
	UI_IS(0, "日…");
}

TEST(without_utf8_there_are_no_letters_but_ascii)
{
	ui_open("C", 5, 20);
	draw_text(&ui_theme, 0, 0, 10, "a日b");
	UI_IS(0, "a?b");
	draw_text(&ui_theme, 1, 0, 3, "abcd");
	UI_IS(1, "ab~");
	draw_fill(2, 0, 3, ui_theme.rule);
	UI_IS(2, "---");
}

TEST(numbers_stand_at_the_right)
{
	ui_open("C.UTF-8", 5, 20);
	draw_right(&ui_theme, 0, 2, 6, "1,234");
	UI_IS(0, "   1,234");
	draw_right(&ui_theme, 1, 2, 4, "1,234");
	UI_IS(1, "  1,2…");
}

TEST(lines_break_at_blanks_newlines_and_within_long_words)
{
	size_t next;

	ck_assert_uint_eq(draw_wrap("one two three", 8, &next), 7);
	ck_assert_uint_eq(next, 8);
	ck_assert_uint_eq(draw_wrap("one two", 7, &next), 7);
	ck_assert_uint_eq(next, 7);
	ck_assert_uint_eq(draw_wrap("one\ntwo", 20, &next), 3);
	ck_assert_uint_eq(next, 4);
	ck_assert_uint_eq(draw_wrap("abcdefgh", 3, &next), 3);
	ck_assert_uint_eq(next, 3);
	ck_assert_uint_eq(draw_wrap("\nx", 3, &next), 0);
	ck_assert_uint_eq(next, 1);
	/* However narrow, it goes on. */
	ck_assert_uint_gt(draw_wrap("日本", 1, &next), 0);
	ck_assert_uint_gt(next, 0);
}

TEST(nothing_is_drawn_off_the_screen)
{
	ui_open("C.UTF-8", 3, 10);
	ck_assert_int_eq(draw_text(&ui_theme, 9, 0, 5, "abc"), 0);
	ck_assert_int_eq(draw_text(&ui_theme, 0, 30, 5, "abc"), 0);
	draw_fill(7, 0, 5, "x");
	UI_IS(0, "");
}
