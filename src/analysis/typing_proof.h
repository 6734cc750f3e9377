/* Proof of an owner: who points at a chunk, by place and number of words. */
#ifndef ANALYSIS_TYPING_PROOF_H
#define ANALYSIS_TYPING_PROOF_H

#include "analysis/typing_why.h"

/*
 * Lines of "held by", a place each with the first of its words, most words
 * first; of a register the name, no address.  Where they disagree, that is
 * said.  One pass over all that could hold a pointer.
 */
void typing_proof(const struct typing *typing, uint32_t chunk, struct why *why);

#endif
