/* What the parts of typing share. */
#ifndef ANALYSIS_TYPING_IMPL_H
#define ANALYSIS_TYPING_IMPL_H

#include "analysis/typing.h"

/* The number of a name: the same text has one.  0 with err set. */
uint32_t typing_number(struct typing *t, const char *text, struct error *err);
/* Of what is called so in one place; two places are two. */
uint32_t typing_number_at(struct typing *t, const char *text, uint64_t place,
			  struct error *err);
/* The same, of what has one; else 0. */
uint32_t typing_number_known(const struct typing *t, const char *text,
			     uint64_t place);

/* Of all used chunks without a better name: by their first words. */
int typing_vtables(struct typing *t, struct error *err) MUST_CHECK;
int typing_beginnings(struct typing *t, struct error *err) MUST_CHECK;

/* A chunk that begins with an object, and is more than one. */
struct doubt {
	uint32_t chunk;
	uint32_t class_name, number; /* "Shape"; "Shape+" or "Shape[]" */
};

struct objects {
	struct doubt *doubt; /* owned */
	size_t count, cap;
};

/*
 * Of those that typing_vtables() named, sets apart what is more than one
 * object.  What no way leads to afterwards that tells more is named by settle,
 * which frees objects: call it whether the rest went well or not.
 */
int typing_objects(struct typing *t, struct objects *out,
		   struct error *err) MUST_CHECK;
void typing_objects_settle(struct typing *t, struct objects *objects);
/* Nodes of containers, where those are whole. */
int typing_shapes(struct typing *t, struct error *err) MUST_CHECK;

#endif
