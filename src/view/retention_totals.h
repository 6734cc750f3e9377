/* Does the process keep memory that it freed?  The verdict, in totals. */
#ifndef VIEW_RETENTION_TOTALS_H
#define VIEW_RETENTION_TOTALS_H

#include "snapshot/snapshot.h"
#include "view/view.h"

/* What the totals borrow: to be kept with the view. */
struct retention_words {
	char verdict[300], since[60];
};

/* Since from, which may be NULL or the view's own snapshot: no totals.
 * if_holds: none either unless memory is kept. */
void retention_totals(struct view *view, const struct snapshot *from,
		      bool if_holds, struct retention_words *words);

#endif
