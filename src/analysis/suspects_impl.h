/* Between suspects.c, which finds, and suspects_text.c, which tells. */
#ifndef ANALYSIS_SUSPECTS_IMPL_H
#define ANALYSIS_SUSPECTS_IMPL_H

#include "analysis/suspects.h"

/* s->name and s->text from the rest.  before: the earlier snapshot's name, or
 * NULL. */
void suspect_tell(struct suspect *s, const struct retained *r,
		  const char *before, struct symbols *symbols);

#endif
