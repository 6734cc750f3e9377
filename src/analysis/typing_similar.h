/* Names of types that look like one that no chunk has. */
#ifndef ANALYSIS_TYPING_SIMILAR_H
#define ANALYSIS_TYPING_SIMILAR_H

#include "analysis/typing.h"

enum { TYPING_SIMILAR_MAX = 3 };

/* Is some chunk of that type? */
bool typing_has(const struct typing *typing, const char *name);

/* Of the rows of types, those that have name in their own or differ from it in
 * a few letters, the most like first.  Their number; the texts are borrowed. */
size_t typing_similar(const struct typing *typing, const char *name,
		      const char *similar[TYPING_SIMILAR_MAX]);

#endif
