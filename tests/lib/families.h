/*
 * Every family of glibc releases as offsets, written down from the releases'
 * own sources and not from the layouts that are tested.
 */
#ifndef TESTS_LIB_FAMILIES_H
#define TESTS_LIB_FAMILIES_H

#include "tests/lib/fake_heap.h"

/* Ends with a row whose releases is NULL; x86-64 first, then i386. */
extern const struct fake_family families[];

/*
 * Locates malloc in f by what is in memory alone (no file, no name) and sets
 * f->g's layouts; the test fails if that is not what was made.
 */
void family_locate(struct fake_heap *f);
/* The walk finds what was made, no more and no less, and no check fails. */
void family_walk(struct fake_heap *f, struct fake_walk *w);

#endif
