/* Sorting, filtering and formatting, on a table made up here. */
#include <stdio.h>
#include <string.h>

#include "base/interrupt.h"
#include "tests/lib/hs_test.h"
#include "view/view.h"

static const struct {
	const char *part, *name;
	uint64_t bytes;
	int64_t delta;
	bool has_bytes;
} rows[] = {
	{"first", "delta", 4096, -5, true},
	{"first", "alpha", 64, 7, true},
	{"first", "", 0, 0, false},
	{"second", "charlie", 64, 0, true},
	{"second", "Bravo", 1 << 20, 9, true},
};

static void part_cell(const struct view *view, uint32_t row, struct value *out)
{
	(void)view;
	*out = value_text(rows[row].part);
}

static void name_cell(const struct view *view, uint32_t row, struct value *out)
{
	(void)view;
	*out = value_text(rows[row].name);
}

static void bytes_cell(const struct view *view, uint32_t row, struct value *out)
{
	(void)view;
	if (rows[row].has_bytes)
		*out = value_u(V_BYTES, rows[row].bytes);
}

static void delta_cell(const struct view *view, uint32_t row, struct value *out)
{
	(void)view;
	*out = (struct value){.kind = V_DELTA, .i = rows[row].delta};
}

static const struct column columns[] = {
	{"part", "PART", "", V_TEXT, .cell = part_cell, .json_only = true},
	{"name", "NAME", "", V_TEXT, .cell = name_cell},
	{"bytes", "BYTES", "", V_BYTES, .cell = bytes_cell},
	{"delta", "DELTA", "", V_DELTA, .cell = delta_cell},
};

static unsigned released;

static void count_release(struct view *view)
{
	(void)view;
	released++;
}

static struct view_ops plain = {
	.name = "plain",
	.column = columns,
	.column_count = 4,
	.default_sort = -1,
	.section = -1,
	.release = count_release,
};

static struct error err;

static struct view *make(int section)
{
	struct view *view;

	plain.section = section;
	OK(view_create(&plain, 5, NULL, &view, &err));
	return view;
}

static void order_is(const struct view *view, const char *want)
{
	char got[20] = "";

	for (uint32_t i = 0; i < view->shown; i++)
		sprintf(got + strlen(got), "%u", view->order[i]);
	ck_assert_str_eq(got, want);
}

TEST(rows_come_as_they_are_and_state_is_released_once)
{
	struct view *view = make(-1);

	order_is(view, "01234");
	view_destroy(view);
	ck_assert_uint_eq(released, 1);
	view_destroy(NULL);
}

TEST(numbers_sort_both_ways_stably_with_no_value_last)
{
	struct view *view = make(-1);

	OK(view_sort(view, "bytes", false, &err));
	order_is(view, "13042");
	OK(view_sort(view, "bytes", true, &err));
	/* Equal ones keep the order they had. */
	order_is(view, "40132");
	view_destroy(view);
}

TEST(signed_numbers_sort_by_value)
{
	struct view *view = make(-1);

	OK(view_sort(view, "delta", false, &err));
	order_is(view, "02314");
	view_destroy(view);
}

TEST(texts_sort_with_empty_ones_last_both_ways)
{
	struct view *view = make(-1);

	OK(view_sort(view, "name", false, &err));
	order_is(view, "41302");
	OK(view_sort(view, "name", true, &err));
	order_is(view, "03142");
	view_destroy(view);
}

TEST(sections_stay_together_when_sorted)
{
	struct view *view = make(0);

	OK(view_sort(view, "bytes", true, &err));
	order_is(view, "01243");
	view_destroy(view);
}

TEST(an_unknown_column_is_an_error_that_lists_them)
{
	struct view *view = make(-1);

	FAILS(ERR_USAGE, view_sort(view, "size", true, &err));
	ck_assert(strstr(err.msg, "part, name, bytes, delta"));
	order_is(view, "01234");
	view_destroy(view);
}

TEST(a_filter_ignores_case_and_the_sort_stays)
{
	struct view *view = make(-1);

	OK(view_sort(view, "bytes", true, &err));
	OK(view_filter(view, "A", &err));
	order_is(view, "4013");
	OK(view_filter(view, "brav", &err));
	order_is(view, "4");
	/* A column that is not drawn is not searched. */
	OK(view_filter(view, "second", &err));
	order_is(view, "");
	OK(view_filter(view, "", &err));
	order_is(view, "40132");
	view_destroy(view);
}

TEST(a_size_is_found_as_shown_and_as_digits)
{
	struct view *view = make(-1);

	OK(view_filter(view, "4.0 KiB", &err));
	order_is(view, "0");
	OK(view_filter(view, "4096", &err));
	order_is(view, "0");
	view_destroy(view);
}

TEST(an_interrupted_filter_shows_all_rows)
{
	struct view *view = make(-1);

	interrupt_raise();
	FAILS(ERR_INTERRUPTED, view_filter(view, "bravo", &err));
	order_is(view, "01234");
	view_destroy(view);
}

static const char *formatted(struct value value, bool exact)
{
	static char text[64];
	size_t len = view_format(&value, exact, text, sizeof(text));

	ck_assert_uint_eq(len, strlen(text));
	return text;
}

TEST(every_kind_is_formatted)
{
	ck_assert_str_eq(formatted(value_none(), false), "-");
	ck_assert_str_eq(formatted(value_u(V_BYTES, 2048), false), "2.0 KiB");
	ck_assert_str_eq(formatted(value_u(V_BYTES, 2048), true), "2048");
	ck_assert_str_eq(formatted(value_u(V_COUNT, 12345), false), "12,345");
	ck_assert_str_eq(formatted(value_u(V_NUMBER, 12345), false), "12345");
	ck_assert_str_eq(formatted(value_u(V_ADDR, 0x1f), false), "0x1f");
	ck_assert_str_eq(formatted(value_u(V_HEX, 0), false), "0x0");
	ck_assert_str_eq(formatted(value_u(V_USEC, 4200), false), "4.2 ms");
	ck_assert_str_eq(formatted(value_u(V_BOOL, 1), false), "yes");
	ck_assert_str_eq(formatted(value_text("x"), false), "x");
	ck_assert_str_eq(
		formatted((struct value){V_PERCENT, {.f = 12.34}}, false),
		"12.3%");
	ck_assert_str_eq(
		formatted((struct value){V_DELTA, {.i = -2048}}, false),
		"-2.0 KiB");
	ck_assert_str_eq(formatted((struct value){V_DELTA, {.i = 5}}, true),
			 "+5");
}

static const char *cleaned(const char *text, bool keep, size_t cap)
{
	static char buf[64];

	view_clean(text, keep, buf, cap);
	return buf;
}

TEST(hostile_bytes_cannot_reach_the_terminal)
{
	ck_assert_str_eq(cleaned("plain", false, 64), "plain");
	ck_assert_str_eq(cleaned("\303\251t\303\251", false, 64),
			 "\303\251t\303\251");
	ck_assert_str_eq(cleaned("\033[2J", false, 64), "\\x1b[2J");
	ck_assert_str_eq(cleaned("a\nb", false, 64), "a\\x0ab");
	ck_assert_str_eq(cleaned("a\nb", true, 64), "a\nb");
	ck_assert_str_eq(cleaned("\377\376", true, 64), "\\xff\\xfe");
	/* Overlong, surrogate, beyond Unicode, cut short, C1 control. */
	ck_assert_str_eq(cleaned("\300\200", true, 64), "\\xc0\\x80");
	ck_assert_str_eq(cleaned("\355\240\200", true, 64), "\\xed\\xa0\\x80");
	ck_assert_str_eq(cleaned("\364\220\200\200", true, 64),
			 "\\xf4\\x90\\x80\\x80");
	ck_assert_str_eq(cleaned("\342\202", true, 64), "\\xe2\\x82");
	ck_assert_str_eq(cleaned("\302\233", false, 64), "\\xc2\\x9b");
}

TEST(clean_text_is_cut_at_a_character)
{
	ck_assert_str_eq(cleaned("ab\303\251", false, 4), "ab");
	ck_assert_str_eq(cleaned("ab\377", false, 6), "ab");
	ck_assert_uint_eq(view_width("\303\251t\303\251"), 3);
}
