/*
 * All the views, one file each.  Every constructor gives a view that the caller
 * destroys; what is said to be borrowed must outlive it.
 */
#ifndef VIEW_VIEWS_H
#define VIEW_VIEWS_H

#include "view/view.h"

/* Sentences: one row a line of text (copied); "" has no row. */
int view_text(const char *title, const char *text, struct view **out,
	      struct error *err) MUST_CHECK;

#endif
