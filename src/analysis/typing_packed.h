/*
 * Pointers that do not lie at a multiple of their size: in packed structs,
 * where a type tells that they are.  All other looks at words pass them by.
 */
#ifndef ANALYSIS_TYPING_PACKED_H
#define ANALYSIS_TYPING_PACKED_H

#include "analysis/typing.h"
#include "snapshot/finder.h"

/* ref->target is a used chunk.  chunk: what has the word; CHUNK_NONE: a
 * variable. */
struct ref;
typedef int packed_fn(void *ctx, uint32_t chunk, const struct ref *ref,
		      struct error *err);

/* Of all objects whose types are known; ends when fn returns non-zero, -1 then.
 */
int packed_each(const struct typing *typing, const struct finder *finder,
		packed_fn *fn, void *ctx, struct error *err) MUST_CHECK;

/* Has any type that the program has, whether objects of it are known or not, a
 * pointer that lies so? */
bool packed_any(const struct typing *typing);

#endif
