/* Sentences on a defect, for the list of them and for one alone. */
#ifndef VIEW_DEFECT_TEXT_H
#define VIEW_DEFECT_TEXT_H

#include "analysis/damage.h"
#include "view/view.h"

struct symbols;

enum { DEFECT_TEXT = 400 };

/* "the text \"AAAA\"", "a pointer to free+0x10"; "" if nothing is known.
 * symbols may be NULL. */
void defect_wrote_text(const struct damage *damage, const struct snapshot *snap,
		       struct symbols *symbols, char *buf, size_t cap);

/* As view_of_snapshot(), but that what the rows say is not said again. */
void defects_of_snapshot(struct view *view, const struct snapshot *snap);

#endif
