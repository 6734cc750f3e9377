#include "tests/lib/ui_test.h"
#include "ui/foot.h"
#include "ui/pane.h"

#include <stdlib.h>

#include "base/fmt.h"
#include "view/views.h"

static struct error err;
static uint32_t cells; /* asked for */

static void cell_addr(const struct view *view, uint32_t row, struct value *out)
{
	(void)view;
	cells++;
	*out = value_u(V_ADDR, 0x1000 + row * 16);
}

static void cell_bytes(const struct view *view, uint32_t row, struct value *out)
{
	(void)view;
	*out = value_u(V_BYTES, row * 100);
}

static void cell_delta(const struct view *view, uint32_t row, struct value *out)
{
	(void)view;
	*out = (struct value){.kind = V_DELTA, .i = 50 - (int64_t)row};
}

static void cell_name(const struct view *view, uint32_t row, struct value *out)
{
	static char text[100];

	(void)view;
	snprintf(text, sizeof(text), "the name of row number %u, in full", row);
	*out = value_text(text);
}

static void cell_part(const struct view *view, uint32_t row, struct value *out)
{
	(void)view;
	*out = value_text(row < 3 ? "first part" : "second part");
}

/* Only the second part has something to say here. */
static void cell_some(const struct view *view, uint32_t row, struct value *out)
{
	(void)view;
	*out = row < 3 ? value_none() : value_u(V_COUNT, row);
}

static bool drill(const struct view *view, uint32_t row, char *line, size_t cap)
{
	(void)view;
	snprintf(line, cap, "chunk %u", row);
	return true;
}

static const struct column table_columns[] = {
	{"addr", "ADDRESS", "", V_ADDR, .cell = cell_addr},
	{"bytes", "BYTES", "", V_BYTES, .cell = cell_bytes},
	{"delta", "DELTA", "", V_DELTA, .cell = cell_delta},
	{"hidden", "HIDDEN", "", V_COUNT, .cell = cell_bytes,
	 .json_only = true},
	{"name", "NAME", "", V_TEXT, .cell = cell_name, .stretch = true},
};

static const struct view_ops table_ops = {
	.name = "table",
	.column = table_columns,
	.column_count = 5,
	.default_sort = 0,
	.section = -1,
	.drill = drill,
};

static const struct column part_columns[] = {
	{"part", "", "", V_TEXT, .cell = cell_part},
	{"addr", "ADDRESS", "", V_ADDR, .cell = cell_addr},
	{"some", "SOME", "", V_COUNT, .cell = cell_some},
};

static const struct view_ops part_ops = {
	.name = "parts",
	.column = part_columns,
	.column_count = 3,
	.default_sort = -1,
	.section = 0,
};

static struct pane pane;
static struct view *view;

static void open_view(const struct view_ops *ops, uint32_t rows)
{
	OK(view_create(ops, rows, NULL, &view, &err));
	pane_init(&pane, view, false);
}

static void draw(int height)
{
	erase();
	pane_draw(&pane, &ui_theme, 0, height, getmaxx(stdscr));
}

TEST(numbers_are_right_aligned_and_the_last_column_gives_way)
{
	ui_open("C.UTF-8", 10, 60);
	open_view(&table_ops, 5);
	draw(10);
	UI_IS(0, "  ADDRESS▲ BYTES  DELTA  NAME");
	UI_IS(1, "▸ 0x1000     0 B  +50 B  the name of row number 0, in full");
	UI_IS(5, "  0x1040   400 B  +46 B  the name of row number 4, in full");
	UI_IS(6, "");
	resizeterm(10, 45);
	draw(10);
	UI_IS(1, "▸ 0x1000     0 B  +50 B  the name of row num…");
	resizeterm(10, 30);
	draw(10);
	UI_SEES(1, "▸ 0x1000     0 B  +50 B  the …");
	UI_SEES(0, "›");
	ck_assert_ptr_null(strstr(ui_line(0), "HIDDEN"));
}

TEST(columns_scroll_sideways_and_the_first_stays)
{
	ui_open("C.UTF-8", 10, 30);
	open_view(&table_ops, 5);
	draw(10);
	pane_side(&pane, 1);
	pane_side(&pane, 1);
	draw(10);
	UI_SEES(1, "▸ 0x1000   the name of ");
	for (int i = 0; i < 9; i++)
		pane_side(&pane, 1);
	draw(10);
	UI_SEES(1, "0x1000   the name of ");
	for (int i = 0; i < 9; i++)
		pane_side(&pane, -1);
	draw(10);
	UI_SEES(1, "0 B  +50 B");
}

TEST(ascii_is_enough)
{
	ui_open("C", 10, 60);
	open_view(&table_ops, 5);
	draw(10);
	UI_IS(0, "  ADDRESS^ BYTES  DELTA  NAME");
	UI_SEES(1, "> 0x1000");
}

TEST(a_million_rows_cost_what_is_seen)
{
	char position[100];

	ui_open("C.UTF-8", 24, 80);
	open_view(&table_ops, 1000000);
	cells = 0;
	draw(20);
	pane_position(&pane, position, sizeof(position));
	ck_assert_str_eq(position, "1-19 of 1,000,000");
	pane_last(&pane);
	draw(20);
	pane_position(&pane, position, sizeof(position));
	ck_assert_str_eq(position, "999,982-1,000,000 of 1,000,000");
	ck_assert_uint_lt(cells, 1000);
	ck_assert_int_eq(pane_row(&pane), 999999);
	UI_SEES(19, "▸ 0x");
	pane_page(&pane, -1);
	draw(20);
	ck_assert_int_eq(pane_row(&pane), 999981);
	pane_first(&pane);
	draw(20);
	ck_assert_int_eq(pane_row(&pane), 0);
}

TEST(moves_stop_at_the_ends)
{
	ui_open("C.UTF-8", 24, 80);
	open_view(&table_ops, 3);
	draw(20);
	ck_assert(!pane_move(&pane, -1));
	ck_assert(pane_move(&pane, 1));
	ck_assert(pane_move(&pane, 100));
	ck_assert_int_eq(pane_row(&pane), 2);
	ck_assert(!pane_move(&pane, 1));
	ck_assert(pane_page(&pane, -1));
	ck_assert_int_eq(pane_row(&pane), 0);
}

TEST(sections_have_headings_and_only_columns_that_say_something)
{
	ui_open("C.UTF-8", 24, 40);
	open_view(&part_ops, 5);
	draw(20);
	UI_SEES(0, "first part ────");
	UI_IS(1, "  ADDRESS");
	UI_IS(2, "▸ 0x1000");
	UI_IS(5, "");
	UI_SEES(6, "second part ────");
	UI_IS(7, "  ADDRESS  SOME");
	UI_IS(8, "  0x1030      3");
	/* Headings are no rows. */
	pane_move(&pane, 3);
	draw(20);
	UI_IS(8, "▸ 0x1030      3");
	/* Few lines: what is selected is seen. */
	pane_last(&pane);
	draw(4);
	UI_IS(3, "▸ 0x1040      4");
	pane_move(&pane, -1);
	draw(4);
	UI_SEES(0, "second part");
	pane_first(&pane);
	draw(4);
	UI_SEES(0, "first part");
}

TEST(sections_with_the_same_columns_have_titles_once)
{
	static struct view_ops ops;

	ui_open("C.UTF-8", 24, 40);
	ops = part_ops;
	ops.column_count = 2;
	open_view(&ops, 5);
	draw(20);
	UI_IS(0, "  ADDRESS");
	UI_SEES(1, "first part ────");
	UI_IS(2, "▸ 0x1000");
	UI_SEES(6, "second part ────");
	UI_IS(7, "  0x1030");
	ck_assert(pane_click(&pane, 8));
	ck_assert_int_eq(pane_row(&pane), 4);
	/* They do not scroll. */
	draw(4);
	UI_IS(0, "  ADDRESS");
	UI_IS(3, "▸ 0x1040");
}

TEST(a_click_selects_the_row_under_it)
{
	ui_open("C.UTF-8", 24, 40);
	open_view(&part_ops, 5);
	draw(20);
	ck_assert(pane_click(&pane, 9));
	ck_assert_int_eq(pane_row(&pane), 4);
	ck_assert(!pane_click(&pane, 5));
	ck_assert(!pane_click(&pane, 6));
	ck_assert(!pane_click(&pane, 7));
	ck_assert(!pane_click(&pane, 12));
	ck_assert_int_eq(pane_row(&pane), 4);
	ck_assert(pane_click(&pane, 3));
	ck_assert_int_eq(pane_row(&pane), 1);
}

TEST(sort_and_filter_change_what_is_drawn)
{
	ui_open("C.UTF-8", 24, 80);
	open_view(&table_ops, 50);
	OK(view_sort(view, "bytes", true, &err));
	pane_layout(&pane, 80);
	draw(20);
	UI_SEES(0, "BYTES▼");
	UI_SEES(1, "0x1310");
	OK(view_filter(view, "number 7,", &err));
	pane_layout(&pane, 80);
	draw(20);
	UI_SEES(1, "row number 7,");
	UI_IS(2, "");
	OK(view_filter(view, "nowhere to be seen", &err));
	pane_layout(&pane, 80);
	draw(20);
	UI_SEES(1, "no row has that text");
	ck_assert_int_eq(pane_row(&pane), -1);
}

TEST(text_is_looked_for_forwards_and_backwards)
{
	ui_open("C.UTF-8", 24, 80);
	open_view(&table_ops, 50);
	draw(20);
	ck_assert(pane_find(&pane, "NUMBER 17,", true));
	ck_assert_int_eq(pane_row(&pane), 17);
	ck_assert(pane_find(&pane, "number 1", true));
	ck_assert_int_eq(pane_row(&pane), 18);
	ck_assert(pane_find(&pane, "number 1", false));
	ck_assert_int_eq(pane_row(&pane), 17);
	ck_assert(!pane_find(&pane, "nobody", true));
	ck_assert_int_eq(pane_row(&pane), 17);
}

TEST(text_scrolls_and_has_no_selected_row)
{
	char position[100];

	OK(view_text("", "one\ntwo\nthree\nfour\nfive\nsix", &view, &err));
	ui_open("C.UTF-8", 24, 80);
	pane_init(&pane, view, false);
	draw(3);
	UI_IS(0, " one");
	UI_IS(2, " three");
	ck_assert_int_eq(pane_row(&pane), -1);
	pane_move(&pane, 1);
	draw(3);
	UI_IS(0, " two");
	pane_position(&pane, position, sizeof(position));
	ck_assert_str_eq(position, "2-4 of 6");
	pane_last(&pane);
	draw(3);
	UI_IS(2, " six");
	ck_assert(pane_find(&pane, "four", true));
	draw(3);
	UI_IS(0, " four");
}

TEST(tiny_panes_do_no_harm)
{
	ui_open("C.UTF-8", 24, 80);
	open_view(&part_ops, 5);
	for (int height = -2; height < 4; height++)
		for (int width = 1; width < 20; width++) {
			erase();
			pane_draw(&pane, &ui_theme, 0, height, width);
			pane_last(&pane);
			pane_draw(&pane, &ui_theme, 0, height, width);
			pane_first(&pane);
		}
	pane_deinit(&pane);
	view_destroy(view);
	open_view(&table_ops, 0);
	draw(3);
	UI_SEES(1, "none");
	pane_move(&pane, 1);
	pane_last(&pane);
	pane_page(&pane, 1);
	draw(3);
	ck_assert_int_eq(pane_row(&pane), -1);
}

/* What the numbers are worth is read before them, where not all has room. */
TEST(warnings_come_first_below_a_table_that_leaves_little_room)
{
	struct view *few;

	OK(view_create(&table_ops, 3, NULL, &few, &err));
	view_total(few, NULL, "a", "of one thing", value_u(V_COUNT, 1));
	view_total(few, "other", "b", "of another", value_u(V_COUNT, 2));
	view_warn(few, "nothing of this is sure");
	ui_open("C.UTF-8", 10, 60);
	ck_assert_int_eq(foot_lines(few, true, 60), 3);
	foot_draw(few, &ui_theme, true, 0, 3, 60);
	UI_SEES(0, "total: 1 of one thing");
	UI_SEES(2, "! nothing of this is sure");
	erase();
	foot_draw(few, &ui_theme, true, 0, 2, 60);
	UI_SEES(0, "! nothing of this is sure");
	UI_SEES(1, "! 2 more lines: make the screen higher");
	endwin();
	view_destroy(few);
}

TEST(a_total_that_is_a_sentence_is_broken_rather_than_cut)
{
	struct view *few;

	OK(view_create(&table_ops, 3, NULL, &few, &err));
	view_total(few, "verdict", "a", "since the first",
		   value_text("one two three four five six seven eight nine "
			      "ten eleven twelve thirteen"));
	ui_open("C.UTF-8", 10, 60);
	foot_draw(few, &ui_theme, true, 0, 3, 60);
	UI_SEES(0, "verdict: one two");
	UI_SEES(1, "thirteen since the first");
	endwin();
	view_destroy(few);
}
