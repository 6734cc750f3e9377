#include "ui/prompt.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/session.h"
#include "tests/lib/ui_test.h"

static struct session session;
static char history[300];

static enum prompt_state feed(const char *text)
{
	enum prompt_state state = PROMPT_TYPING;

	for (; *text; text++)
		state = prompt_feed((unsigned char)*text);
	return state;
}

static void open_prompt(void)
{
	ui_open("C.UTF-8", 5, 40);
	snprintf(history, sizeof(history), "%s/%d/a/history", hs_test_folder(),
		 (int)getpid());
	setenv("HEAPSCOPE_HISTORY", history, 1);
	setenv("INPUTRC", "/dev/null", 1);
	prompt_open(&session);
}

static void draw(void)
{
	erase();
	prompt_draw(&ui_theme, 0, 40);
}

TEST(a_line_is_typed_edited_and_taken)
{
	int y, x;

	open_prompt();
	prompt_start(PROMPT_COMMAND, "");
	draw();
	UI_IS(0, "(heapscope)");
	ck_assert_int_eq(feed("hexp\x02\x02\x7f"), PROMPT_TYPING); /* ^B ^B */
	ck_assert_int_eq(feed("e"), PROMPT_TYPING);
	draw();
	getyx(stdscr, y, x);
	UI_IS(0, "(heapscope) hexp");
	ck_assert_int_eq(y, 0);
	ck_assert_int_eq(x, 14);
	ck_assert_int_eq(feed("\r"), PROMPT_DONE);
	ck_assert_str_eq(prompt_text(), "hexp");
	ck_assert_int_eq(prompt_feed('x'), PROMPT_OFF);
	prompt_close();
}

TEST(a_long_line_scrolls_with_the_cursor)
{
	open_prompt();
	prompt_start(PROMPT_COMMAND, "");
	feed("abcdefghijklmnopqrstuvwxyz0123456789");
	draw();
	UI_SEES(0, "(heapscope) ");
	UI_SEES(0, "0123456789");
	feed("\x01"); /* ^A */
	draw();
	UI_SEES(0, "(heapscope) abcdef");
	prompt_close();
}

TEST(TAB_completes_and_lists)
{
	open_prompt();
	prompt_start(PROMPT_COMMAND, "");
	feed("snaps\t");
	draw();
	UI_IS(0, "(heapscope) snapshot");
	feed("\t\t");
	ck_assert_str_eq(prompt_matches(), "snapshot  snapshots");
	feed("s");
	ck_assert_str_eq(prompt_matches(), "");
	prompt_cancel();
	prompt_start(PROMPT_COMMAND, "");
	feed("heap\t");
	ck_assert_str_eq(prompt_text(), "heap ");
	prompt_close();
}

TEST(rubbing_out_nothing_and_ctrl_d_leave)
{
	open_prompt();
	prompt_start(PROMPT_COMMAND, "");
	ck_assert_int_eq(feed("a\x7f"), PROMPT_TYPING);
	ck_assert_int_eq(feed("\x7f"), PROMPT_GIVEN_UP);
	prompt_start(PROMPT_COMMAND, "");
	ck_assert_int_eq(feed("\x04"), PROMPT_GIVEN_UP);
	prompt_close();
}

TEST(history_outlives_the_session_but_filters_do_not_enter_it)
{
	struct stat st;

	open_prompt();
	prompt_start(PROMPT_COMMAND, "");
	feed("first\r");
	prompt_start(PROMPT_COMMAND, "");
	feed("second\r");
	prompt_start(PROMPT_FILTER, "");
	feed("\x10"); /* ^P: nothing to go back to */
	ck_assert_str_eq(prompt_text(), "");
	feed("some text\r");
	ck_assert_str_eq(prompt_text(), "some text");
	prompt_start(PROMPT_COMMAND, "");
	feed("\x10");
	ck_assert_str_eq(prompt_text(), "second");
	prompt_close();

	ck_assert_int_eq(stat(history, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	open_prompt();
	prompt_start(PROMPT_COMMAND, "");
	feed("\x10\x10");
	ck_assert_str_eq(prompt_text(), "first");
	prompt_close();
}

TEST(none_means_no_history_file)
{
	open_prompt();
	prompt_close();
	setenv("HEAPSCOPE_HISTORY", "none", 1);
	prompt_open(&session);
	prompt_start(PROMPT_COMMAND, "");
	feed("first\r");
	prompt_close();
	ck_assert_int_ne(access("none", F_OK), 0);
}
