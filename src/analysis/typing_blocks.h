/*
 * Blocks without a type that several hold, and that a word of static data leads
 * to, in a program of which no types are known: with debug information the type
 * of that variable would be theirs, and what they hold would be held by its
 * members.  So they pass on themselves, "*(prog+0x4050)", instead of that
 * nobody owns them alone.
 */
#ifndef ANALYSIS_TYPING_BLOCKS_H
#define ANALYSIS_TYPING_BLOCKS_H

#include "analysis/typing.h"

/* Fills in t->blocks, of owners as typing_owners() has found them: it is to be
 * called once more if there are any. */
int blocks_find(struct typing *t, struct error *err) MUST_CHECK;
/* The owner that an untyped block passes on to what it holds. */
uint32_t blocks_owner(const struct typing *t, uint32_t chunk);

#endif
