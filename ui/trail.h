/*
 * The way the user came: each step is a command line, the view it gave, and
 * where in that view the user stands.  A view that speaks of a snapshot or a
 * diff which is no more is let go, and made anew by its line when the user
 * comes back to it.
 */
#ifndef UI_TRAIL_H
#define UI_TRAIL_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/pane.h"

struct step {
	char *line;	   /* owned */
	struct view *view; /* owned; NULL: not made, or in vain */
	struct pane pane;
	char *error;	 /* owned: why there is no view; NULL */
	bool stale;	 /* line is to be run again */
	bool given_up;	 /* ^C ended it: run again when the user comes back */
	bool repeatable; /* running line again does nothing but show */
	uint32_t row;	 /* the selected one while there is no view */
};

struct trail {
	struct step *step; /* owned */
	size_t count;
};

/* The last step, NULL if there is none. */
struct step *trail_top(const struct trail *trail);
/* A new last step without a view yet.  Takes nothing over. */
struct step *trail_push(struct trail *trail, const char *line, bool repeatable);
void trail_pop(struct trail *trail);
void trail_clear(struct trail *trail);
/* Forgets the views; those that cannot be made anew and may point into what is
 * gone lose their step. */
void trail_stale(struct trail *trail);

/* Takes over view, or error; what was there before is let go. */
void step_set_view(struct step *step, struct view *view, bool exact);
void step_set_error(struct step *step, const char *error);
/* The user comes to this step: what ^C ended is stale.  NULL is none. */
void step_enter(struct step *step);

/* "diff > chunks new class=64 > " and the title of what is seen; cut from the
 * left to width. */
void trail_crumbs(const struct trail *trail, const struct theme *theme,
		  int width, char *buf, size_t cap);

#endif
