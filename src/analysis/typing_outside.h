/*
 * Objects outside of the heap: in memory that the program maps itself, which
 * pools and allocators of its own cut up.  Inside of typing.
 *
 * Such memory is an area, numbered behind the chunks as if it were one that has
 * no type as a whole: claims are in it as in the middle of a chunk.  Nothing
 * tells where a block of it begins or ends, so less is believed: all pointers
 * of an object must lead somewhere, and of two that overlap, and are not one in
 * the other, the one that was met first stays.  A local, which may not be set
 * yet, leads to none.
 *
 * An object costs about 100 bytes here; beyond OUTSIDE_MAX they are not
 * followed, and paths->cut says so.
 */
#ifndef ANALYSIS_TYPING_OUTSIDE_H
#define ANALYSIS_TYPING_OUTSIDE_H

#include "analysis/typing_follow.h"

enum { OUTSIDE_MAX = 1 << 22 };

/* Fills in paths->area: private memory that is no heap, stack or data of a
 * file, as roots have it, in pieces of 2 GiB at most. */
int outside_find(struct follow *f, struct error *err) MUST_CHECK;
void outside_deinit(struct outside *outside);

/* The number of the area that addr is in; CHUNK_NONE: it is in none. */
uint32_t paths_area(const struct paths *p, uint64_t addr);

/* value, which is in that area, is said to point at node, by f->link. */
int follow_outside(struct follow *f, uint32_t area, uint64_t value,
		   uint32_t node, struct error *err) MUST_CHECK;
/* Where an object of a node that may be longer ends for sure. */
uint64_t outside_size(const struct node *node);
/* follow_loose() is to look at these words. */
int outside_look_at(struct outside *outside, uint64_t start, uint64_t end,
		    struct error *err) MUST_CHECK;
/* Does what is known already leave room for a node there? */
bool outside_free(const struct follow *f, uint32_t area, uint32_t node,
		  uint64_t at);
/* The claim is of an object in an area, and nothing speaks against it. */
int outside_note(struct follow *f, uint32_t claim,
		 struct error *err) MUST_CHECK;

/* --- typing_loose.c: objects by words without a type; sets f->found */
int follow_loose(struct follow *f, struct error *err) MUST_CHECK;

#endif
