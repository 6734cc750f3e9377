/*
 * What surrounds a group of chunks: what they point at, who points at them,
 * who lies beside them in memory; equal patterns folded into one row each.
 */
#ifndef ANALYSIS_NEAR_H
#define ANALYSIS_NEAR_H

#include "analysis/refs.h"

struct symbols;

enum near_part {
	NEAR_HEADER, /* the group itself: count, bytes, text preview */
	NEAR_POINTS, /* a pointer inside them, at one offset */
	NEAR_TEXT,   /* text inside them, at one offset */
	NEAR_HELD,   /* who points at them */
	NEAR_BEFORE, /* the neighbour at lower addresses */
	NEAR_AFTER   /* ... at higher ones */
};

struct near_row {
	enum near_part part;
	uint32_t count;	      /* chunks of the group that fit the pattern */
	uint32_t of;	      /* chunks of the group looked at: fewer than
			       * all when they are very many (said in the
			       * note), or not kept */
	uint64_t offset;      /* of the pointer in the chunk (POINTS), or of the
			       * holding word in its holder (HELD) */
	enum place_kind kind; /* of the other side */
	uint64_t size;	      /* class of the other side if a chunk, else 0 */
	uint64_t example;     /* an address: other side's chunk or word */
	uint64_t member;      /* a chunk of the group that shows it */
	bool interior;	      /* the pointers are not to the start */
	/* "chunks of class 64 at +16", "at +0: Foo" */
	char what[160];
};

struct near {
	struct near_row *row; /* owned: parts in order, commonest first */
	uint32_t count;
	uint32_t unheld; /* chunks of the group nobody was seen to point at */
	bool complete;	 /* false: memory that matters was not kept */
	char note[400];	 /* why not, or what was not looked at; "" nothing */
};

/*
 * chunk: indices in snap, ascending.  symbols may be NULL.  Without snap's
 * contents only the neighbours are told, and the note says so.
 */
int near_make(const struct snapshot *snap, struct symbols *symbols,
	      const uint32_t *chunk, uint32_t chunk_count, struct near *out,
	      struct error *err) MUST_CHECK;
void near_deinit(struct near *near);

#endif
