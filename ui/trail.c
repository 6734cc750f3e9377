#include "ui/trail.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "ui/draw.h"

struct step *trail_top(const struct trail *trail)
{
	return trail->count ? &trail->step[trail->count - 1] : NULL;
}

static void forget_view(struct step *step)
{
	if (step->view)
		step->row = step->pane.selected;
	pane_deinit(&step->pane);
	view_destroy(step->view);
	step->view = NULL;
	free(step->error);
	step->error = NULL;
	step->given_up = false;
}

struct step *trail_push(struct trail *trail, const char *line, bool repeatable)
{
	struct step *step;

	trail->step = xrealloc(trail->step,
			       (trail->count + 1) * sizeof(*trail->step));
	step = &trail->step[trail->count++];
	*step = (struct step){
		.line = xstrdup(line), .stale = true, .repeatable = repeatable};
	return step;
}

void trail_pop(struct trail *trail)
{
	struct step *step = trail_top(trail);

	if (!step)
		return;
	forget_view(step);
	free(step->line);
	trail->count--;
}

void trail_clear(struct trail *trail)
{
	while (trail->count)
		trail_pop(trail);
	free(trail->step);
	trail->step = NULL;
}

/* Sentences about nothing in particular stay as they were said. */
static bool speaks_of_heap(const struct view *view)
{
	return view->snap || view->source || view->ops->drill ||
	       view->ops->bytes;
}

void trail_stale(struct trail *trail)
{
	size_t kept = 0;

	for (size_t i = 0; i < trail->count; i++) {
		struct step *step = &trail->step[i];

		if (step->view && !step->repeatable &&
		    !speaks_of_heap(step->view)) {
			trail->step[kept++] = *step;
			continue;
		}
		forget_view(step);
		step->stale = true;
		if (step->repeatable)
			trail->step[kept++] = *step;
		else
			free(step->line);
	}
	trail->count = kept;
}

void step_set_view(struct step *step, struct view *view, bool exact)
{
	forget_view(step);
	step->view = view;
	step->stale = false;
	pane_init(&step->pane, view, exact);
	pane_select(&step->pane, step->row);
}

void step_set_error(struct step *step, const char *error)
{
	forget_view(step);
	step->error = xstrdup(error);
	step->stale = false;
}

void step_enter(struct step *step)
{
	if (step && step->given_up)
		step->stale = true;
}

void trail_crumbs(const struct trail *trail, const struct theme *theme,
		  int width, char *buf, size_t cap)
{
	size_t from = 0;
	struct strbuf sb = {0};

	do {
		strbuf_reset(&sb);
		if (from)
			strbuf_addf(&sb, "%s%s", theme->ellipsis, theme->crumb);
		for (size_t i = from; i < trail->count; i++) {
			const struct step *step = &trail->step[i];
			bool last = i + 1 == trail->count;

			if (last && step->view && *step->view->title)
				strbuf_add(&sb, step->view->title);
			else
				strbuf_add(&sb, step->line);
			if (!last)
				strbuf_add(&sb, theme->crumb);
		}
	} while (draw_width(strbuf_str(&sb)) > width && ++from < trail->count);
	view_clean(strbuf_str(&sb), false, buf, cap);
	strbuf_deinit(&sb);
}
