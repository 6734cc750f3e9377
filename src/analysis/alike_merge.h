/*
 * Rows of chunks that look alike but for one pointer, which all of some lack:
 * they are one, if there is but one that they may be.
 */
#ifndef ANALYSIS_ALIKE_MERGE_H
#define ANALYSIS_ALIKE_MERGE_H

#include "analysis/typing.h"

/* Names of typing from the number first on. */
int alike_merge(struct typing *t, size_t first, struct error *err) MUST_CHECK;

#endif
