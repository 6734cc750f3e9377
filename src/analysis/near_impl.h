/* Between near.c and its parts. */
#ifndef ANALYSIS_NEAR_IMPL_H
#define ANALYSIS_NEAR_IMPL_H

#include "analysis/content.h"
#include "analysis/fold.h"
#include "analysis/near.h"

/* Rows of one part at most; and after the first few only what at least two in
 * a hundred show.  The rest is summed up in one row. */
#define NEAR_MAX_ROWS 64
#define NEAR_FEW_ROWS 8
/* More words of one holder (or one symbol), or more offsets that show the same,
 * and they are told in one row. */
#define NEAR_MANY 8
/* An offset that stands for many. */
#define NEAR_ANY_OFFSET UINT32_MAX

struct near_build {
	const struct snapshot *snap;
	struct symbols *symbols;
	const uint32_t *chunk;
	uint32_t chunk_count;
	uint64_t class;	      /* of all of them, or 0 */
	struct bitmap group;  /* a bit a chunk of snap */
	struct finder finder; /* over all chunks */
	struct near *out;
	size_t cap;
};

int near_add(struct near_build *b, const struct near_row *row,
	     struct error *err) MUST_CHECK;
static inline bool near_is_rare(size_t row, uint64_t count, uint64_t of)
{
	return row >= NEAR_MAX_ROWS ||
	       (row >= NEAR_FEW_ROWS && count * 50 < of);
}

/* A row that says that there are more. */
int near_add_rest(struct near_build *b, enum near_part part, uint64_t patterns,
		  uint32_t of, struct error *err) MUST_CHECK;

/* Adds to the note, of which each part is a sentence of its own. */
void near_note(struct near_build *b, const char *fmt, ...) PRINTF(2, 3);

/* The contents of chunk i are kept (or known to be zeros). */
bool near_is_kept(const struct near_build *b, uint32_t i);

int near_points(struct near_build *b, struct error *err) MUST_CHECK;
int near_text(struct near_build *b, struct error *err) MUST_CHECK;
int near_held(struct near_build *b, struct error *err) MUST_CHECK;

/*
 * The first bytes of chunk i, at most cap: in place, or put together in buf;
 * *len is how many there are.
 */
const uint8_t *near_bytes(const struct near_build *b, uint32_t i, uint8_t *buf,
			  size_t cap, size_t *len);
/* Printable text at addr, in quotes: false if there is none to speak of. */
bool near_quote(const struct near_build *b, uint64_t addr, char *buf,
		size_t cap);

#endif
