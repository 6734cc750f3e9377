/* What the parts of typing share. */
#ifndef ANALYSIS_TYPING_IMPL_H
#define ANALYSIS_TYPING_IMPL_H

#include "analysis/typing.h"

/* The number of a name: the same text has one.  0 with err set. */
uint32_t typing_number(struct typing *t, const char *text, struct error *err);

/* Of all used chunks without a better name: by their first words. */
int typing_vtables(struct typing *t, struct error *err) MUST_CHECK;
int typing_beginnings(struct typing *t, struct error *err) MUST_CHECK;
/* Nodes of containers, where those are whole. */
int typing_shapes(struct typing *t, struct error *err) MUST_CHECK;

#endif
