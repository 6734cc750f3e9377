/*
 * A pane: a view on the screen, and where in it the user stands.  It draws any
 * view alike and formats only the rows that are seen, so that ten million cost
 * what forty do.
 *
 * Lines are what can be scrolled: rows, and for a view with sections their
 * headings and column titles too.  A view with untitled columns is text: it
 * has no selected row, the lines scroll.
 */
#ifndef UI_PANE_H
#define UI_PANE_H

#include <stdbool.h>
#include <stdint.h>

#include "ui/theme.h"
#include "view/view.h"

#define PANE_MAX_COLUMNS 32

struct pane_section {
	uint32_t from, to;	     /* [from, to) of view->order */
	uint32_t line;		     /* its first line */
	char name[160];		     /* "": the view has no sections */
	bool titles;		     /* some column has one */
	int width[PANE_MAX_COLUMNS]; /* in screen columns; 0: not drawn */
	int total;		     /* all of them, with gaps */
};

struct pane {
	struct view *view; /* borrowed */
	uint32_t selected; /* index in view->order */
	uint32_t top;	   /* first line shown */
	uint32_t lines;	   /* in all */
	unsigned skip;	   /* columns of the view scrolled off */
	bool text;	   /* see above */
	bool titles;	   /* stand above all lines and do not scroll */
	bool exact;	   /* bytes, not KiB */
	int cut;	   /* a column with more than it has room for, or -1 */
	int width, height; /* of the rows' area when last drawn */
	int y;		   /* of its first row, for clicks */
	uint32_t section_count;
	struct pane_section *section; /* owned */
};

void pane_init(struct pane *pane, struct view *view, bool exact);
void pane_deinit(struct pane *pane);
/* The rows or their order changed, or the width. */
void pane_layout(struct pane *pane, int width);

/* Titles and rows in height lines from y. */
void pane_draw(struct pane *pane, const struct theme *theme, int y, int height,
	       int width);

/* By so many rows; text scrolls.  False if there is nowhere to go. */
bool pane_move(struct pane *pane, int64_t rows);
bool pane_page(struct pane *pane, int pages);
void pane_first(struct pane *pane);
void pane_last(struct pane *pane);
void pane_select(struct pane *pane, uint32_t at);
void pane_side(struct pane *pane, int columns);
/* Selects what is at screen line y; false if that is no row. */
bool pane_click(struct pane *pane, int y);

/* The selected row's number in the view, or -1; of text the only row's. */
int64_t pane_row(const struct pane *pane);
/* "12-40 of 1,204,311", "" when all is seen. */
void pane_position(const struct pane *pane, char *buf, size_t cap);

/* The next row, from the selected one in that direction, with the text in a
 * drawn cell.  False if there is none; ^C ends the search. */
bool pane_find(struct pane *pane, const char *text, bool forward);

/* For pane_*.c.  The line of a row, and the section it is in. */
uint32_t pane_line_of(const struct pane *pane, uint32_t at,
		      const struct pane_section **section);
bool pane_is_drawn(const struct pane *pane, uint32_t column);
size_t pane_cell(const struct pane *pane, uint32_t column, uint32_t row,
		 struct value *value, char *buf, size_t cap);

#endif
