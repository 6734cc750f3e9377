/*
 * Chunk sets: "new and class=64", parsed once, asked for every chunk.
 *
 * expr  = term {"or" term};  term = factor {"and" factor}
 * factor = "not" factor | "(" expr ")" | atom
 * atoms: used free cached top mmapped all new gone, size=N size>=N size<=N
 * size>N size<N (usable bytes), class=N class>=N ... (chunk size), arena=N,
 * state=used|free|cached|top, content="TEXT", leaked, leak=definite|indirect|
 * possible|reachable, type=NAME.  Sizes take k, M, G.
 * Words that follow each other without and/or are joined by "and".
 */
#ifndef SNAPSHOT_SET_H
#define SNAPSHOT_SET_H

#include "base/bitmap.h"
#include "snapshot/snapshot.h"

struct set;

/* words: of the command line; count 0 means fallback ("used"). */
int set_parse(const char *const *words, size_t count, const char *fallback,
	      struct set **out, struct error *err) MUST_CHECK;
void set_destroy(struct set *set);
/* The set asks about "new" (or "gone"): a diff is needed. */
bool set_needs_diff(const struct set *set);
bool set_wants_gone(const struct set *set);
bool set_needs_contents(const struct set *set);
/* It asks about leaks: they are to be told before it is asked for a chunk. */
bool set_needs_leaks(const struct set *set);
/* kind: a byte a chunk of the snapshot that the set is asked about: 1 definite,
 * 2 indirect, 3 possible, 4 reachable, 0 not used.  Borrowed. */
void set_tell_leaks(struct set *set, const uint8_t *kind);
/* The same of what chunks are. */
bool set_needs_types(const struct set *set);
/* The at'th name behind type=, borrowed; NULL: there are no more. */
const char *set_type_name(const struct set *set, size_t at);
typedef bool set_type_fn(const void *ctx, uint32_t chunk, const char *name);
/* is: is that chunk of the snapshot of this type?  ctx is borrowed. */
void set_tell_types(struct set *set, set_type_fn *is, const void *ctx);
/* fresh: a bit a chunk of snap that is new (or gone); NULL without a diff. */
bool set_has(const struct set *set, const struct snapshot *snap,
	     const struct bitmap *fresh, uint32_t chunk);
/* All indices in the set, ascending; *out owned by the caller. */
int set_select(const struct set *set, const struct snapshot *snap,
	       const struct bitmap *fresh, uint32_t **out, uint32_t *count,
	       struct error *err) MUST_CHECK;
/* The expression, normalised, for titles. */
const char *set_text(const struct set *set);

#endif
