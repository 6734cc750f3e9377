#include "ui/trail.h"

#include "tests/lib/ui_test.h"
#include "view/views.h"

static struct error err;
static struct trail trail;

static struct step *push(const char *line, bool repeatable, bool of_heap)
{
	struct step *step = trail_push(&trail, line, repeatable);
	struct view *view;

	OK(view_text(line, "one\ntwo\nthree", &view, &err));
	/* As if it spoke of something that may go. */
	view->source = of_heap ? &trail : NULL;
	step_set_view(step, view, false);
	return step;
}

TEST(the_crumbs_are_cut_from_the_left)
{
	char crumbs[200];

	ui_open("C.UTF-8", 5, 40);
	push("diff", true, true);
	push("chunks new class=64", true, true);
	push("chunk 0x1230", true, true);
	trail_crumbs(&trail, &ui_theme, 80, crumbs, sizeof(crumbs));
	ck_assert_str_eq(crumbs, "diff › chunks new class=64 › chunk 0x1230");
	trail_crumbs(&trail, &ui_theme, 40, crumbs, sizeof(crumbs));
	ck_assert_str_eq(crumbs, "… › chunks new class=64 › chunk 0x1230");
	trail_crumbs(&trail, &ui_theme, 20, crumbs, sizeof(crumbs));
	ck_assert_str_eq(crumbs, "… › chunk 0x1230");
	trail_pop(&trail);
	trail_crumbs(&trail, &ui_theme, 80, crumbs, sizeof(crumbs));
	ck_assert_str_eq(crumbs, "diff › chunks new class=64");
	trail_clear(&trail);
	ck_assert_ptr_null(trail_top(&trail));
	trail_clear(&trail);
}

TEST(stale_views_go_and_keep_their_place)
{
	struct step *step;
	struct view *view;

	push("diff", true, true);
	trail.step[0].pane.text = false;
	trail.step[0].pane.selected = 2;
	push("shell ls", false, false);
	push("source file", false, true);
	trail_stale(&trail);
	/* What cannot be had again and spoke of what went is gone. */
	ck_assert_uint_eq(trail.count, 2);
	ck_assert_ptr_null(trail.step[0].view);
	ck_assert(trail.step[0].stale);
	/* A sentence stays. */
	ck_assert_ptr_nonnull(trail.step[1].view);
	ck_assert(!trail.step[1].stale);
	trail_pop(&trail);
	step = trail_top(&trail);
	OK(view_text("", "one\ntwo\nthree", &view, &err));
	step_set_view(step, view, false);
	ck_assert_uint_eq(step->pane.selected, 2);
	ck_assert(!step->stale);
	trail_clear(&trail);
}

TEST(an_error_takes_the_place_of_a_view)
{
	struct step *step = push("chunk 1", true, true);

	step_set_error(step, "there is no chunk");
	ck_assert_ptr_null(step->view);
	ck_assert_str_eq(step->error, "there is no chunk");
	trail_stale(&trail);
	ck_assert_ptr_null(trail.step[0].error);
	trail_clear(&trail);
}
