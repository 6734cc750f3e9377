/*
 * Objects that pointers with known types name in the middle of chunks: behind
 * the header that a program's allocator puts before what it hands out, in
 * pools, in blocks that have several things in them.
 */
#ifndef ANALYSIS_TYPING_PLACES_H
#define ANALYSIS_TYPING_PLACES_H

#include "analysis/typing_follow.h"

/* Those of one chunk: [*first, return value) in paths->place. */
size_t places_of(const struct paths *paths, uint32_t chunk, size_t *first);
/* The outermost of them that has that byte of the chunk, or NULL. */
const struct typed_claim *places_find(const struct paths *paths, uint32_t chunk,
				      uint64_t at);

/*
 * Chunks without a type into which pointers lead no deeper than an allocator's
 * header reaches, to an object that fills the rest: they are that, "struct
 * client at +8".  Not where a type has such an object there itself.
 */
int follow_headers(struct follow *f, struct error *err) MUST_CHECK;
/* What has still no type, by what is in it: "has struct page, struct node". */
int places_name(struct follow *f, struct error *err) MUST_CHECK;

#endif
