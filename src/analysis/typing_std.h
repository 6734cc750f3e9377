/*
 * libstdc++'s containers as debug information has them: they point at bases of
 * their nodes, and keep values in buffers of bytes.  What their nodes and
 * values really are is in the arguments of their templates, so only that is
 * read from names; a type of that name must then be there.
 */
#ifndef ANALYSIS_TYPING_STD_H
#define ANALYSIS_TYPING_STD_H

#include "analysis/typing_nodes.h"

struct std_nodes {
	uint32_t base; /* node of a base class that pointers name; 0: none */
	uint32_t real; /* what they really lead to */
};

/* For pointers inside of type; out is left alone by other types. */
int std_nodes_of(struct nodes *nodes, struct type *type, struct std_nodes *out,
		 struct error *err) MUST_CHECK;
/* What a buffer of bytes holds, or NULL: type is none. */
struct type *std_buffer_of(struct nodes *nodes, struct type *type);

#endif
