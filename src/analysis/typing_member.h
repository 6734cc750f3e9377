/*
 * Types by one member: blocks that have the address of a variable in their
 * first words, where debug information has structs with a pointer to such a
 * variable at that place.  If all of these begin with one struct, the block
 * does: "struct _object+ (PyList_Type)".  The block's other words must agree:
 * pointers lead somewhere, and what is no pointer is no address.
 */
#ifndef ANALYSIS_TYPING_MEMBER_H
#define ANALYSIS_TYPING_MEMBER_H

#include "analysis/typing_follow.h"

enum { MEMBER_ROOTS = 128 };

/* Structs that others begin with which have such a pointer at such a place. */
struct member_roots {
	uint32_t node[MEMBER_ROOTS];
	uint32_t count; /* above MEMBER_ROOTS: too many to tell */
};

struct members {
	struct follow f;	   /* only what fits are judged by */
	struct u64map variable;	   /* address -> its struct's node + 1 */
	struct u64map known;	   /* type and place -> index + 1 */
	struct member_roots *root; /* owned */
	size_t roots, root_cap;
};

int members_init(struct members *members, struct typing *t,
		 struct error *err) MUST_CHECK;
void members_deinit(struct members *members);
/* *number: of the name of a chunk's type, 0 if it has none by a member; symbol:
 * the name of the variable of which it has the address. */
int members_find(struct members *members, uint32_t chunk, const char *symbol,
		 uint32_t *number, struct error *err) MUST_CHECK;

#endif
