/*
 * Which words count as pointers to a block: those to its start, or to
 * anywhere inside, or to the start and what memcheck's heuristics take for it.
 */
#ifndef ANALYSIS_INTERIOR_H
#define ANALYSIS_INTERIOR_H

#include "snapshot/snapshot.h"

enum interior {
	INTERIOR_YES,	   /* anywhere in a block: the default */
	INTERIOR_VALGRIND, /* the start, or what its heuristics accept */
	INTERIOR_NO	   /* the start alone */
};

/*
 * value points into chunk i, not at its start.  True if it is as good as a
 * pointer to the start by one of the heuristics that the manual of Valgrind
 * 3.19 describes (memcheck, --leak-check-heuristics): the text of a reference
 * counted std::string, what stands behind a length of 64 bits, the elements of
 * a C++ array behind their number, and a base class further down in an object.
 * Memcheck compares with the size that was asked for; malloc's chunk tells that
 * only up to its rounding, so that a block here may pass which there does not.
 */
bool interior_accepts(const struct snapshot *snap, uint32_t i, uint64_t value);

#endif
