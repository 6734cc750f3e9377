#include "ui/keys.h"

#include <string.h>

#include "tests/lib/ui_test.h"
#include "ui/help.h"
#include "ui/tabs.h"

static struct error err;

TEST(no_code_stands_for_two_keys)
{
	for (size_t i = 0; i < key_count; i++)
		for (size_t k = 0; k < KEY_CODES && keys[i].code[k]; k++)
			ck_assert_msg(key_find(keys[i].code[k]) == &keys[i],
				      "%s", keys[i].name);
	ck_assert_ptr_null(key_find(0));
	ck_assert_ptr_null(key_find('%'));
}

TEST(every_key_has_a_name_of_its_own_and_a_sentence)
{
	for (size_t i = 0; i < key_count; i++) {
		ck_assert_int_eq(key_code(keys[i].name), keys[i].code[0]);
		ck_assert_ptr_nonnull(keys[i].help);
		ck_assert_uint_gt(strlen(keys[i].help), 5);
		ck_assert_int_le(keys[i].rank, KEY_RANK_LAST);
	}
	ck_assert_int_eq(key_code("a"), 'a');
	ck_assert_int_eq(key_code("enter"), '\r');
	ck_assert_int_eq(key_code("backspace"), KEY_BACKSPACE);
	ck_assert_int_eq(key_code("Nonsense"), 0);
}

TEST(digits_lead_to_tabs)
{
	for (size_t i = 0; i < key_count; i++)
		if (keys[i].action == ACTION_TAB)
			ck_assert_int_eq(tab_digit(tab_of_line(keys[i].line)),
					 keys[i].code[0] - '0');
	ck_assert_int_eq(tab_of_line("diff 1 2"), TAB_DIFF);
	ck_assert_int_eq(tab_of_line("growth --until 4G"), TAB_GROWTH);
	ck_assert_int_eq(tab_of_line("chunks new"), -1);
	ck_assert_int_eq(tab_of_line("types"), TAB_TYPES);
	ck_assert_int_eq(tab_of_line("types new"), -1);
	ck_assert_int_eq(tab_of_line("heaps"), -1);
}

TEST(the_help_has_every_key)
{
	struct view *view;
	char want[100], line[1024];

	OK(help_view(&view, &err));
	for (size_t i = 0; i < key_count; i++) {
		bool found = false;

		snprintf(want, sizeof(want), "  %-11s ", keys[i].name);
		for (uint32_t row = 0; row < view->row_count; row++) {
			struct value value;

			view->ops->column[0].cell(view, row, &value);
			snprintf(line, sizeof(line), "%s", value.text);
			found |= !strncmp(line, want, strlen(want));
		}
		ck_assert_msg(found, "%s", keys[i].name);
	}
	view_destroy(view);
}

TEST(the_key_line_keeps_what_matters_where_it_is_narrow)
{
	ui_open("C.UTF-8", 3, 200);
	help_draw_keys(&ui_theme, 0, 200);
	for (size_t i = 0; i < key_count; i++)
		if (keys[i].label)
			UI_SEES(0, keys[i].label);
	erase();
	help_draw_keys(&ui_theme, 1, 80);
	UI_SEES(1, "S snapshot  d diff  Enter open");
	UI_SEES(1, "? help  q quit");
	ck_assert_int_le((int)strlen(ui_line(1)), 80);
	erase();
	help_draw_keys(&ui_theme, 2, 20);
	UI_IS(2, "S snapshot  d diff");
}
