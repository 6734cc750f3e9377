/* What has no type otherwise, by what it looks like: see alike.h. */
#ifndef ANALYSIS_TYPING_ALIKE_H
#define ANALYSIS_TYPING_ALIKE_H

#include "analysis/typing.h"

/*
 * Names used chunks that have no type and, where owners are known already, no
 * owner with a name, if there are many like them.  *named: how many.
 */
int typing_alike(struct typing *t, size_t *named, struct error *err) MUST_CHECK;

#endif
