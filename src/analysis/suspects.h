/*
 * Suspects: who holds so much of the heap that it deserves a look, in sentences
 * with the numbers behind them.
 *
 * From an owner the walk goes down the tree of dominators as long as one chunk
 * has at least SUSPECT_FOLLOW percent of what is above it: where that ends,
 * with many small ones below, things gather.  A way that long through chunks of
 * one class is a list.
 *
 * Of what several owners share the tree of shortest ways tells where it
 * gathers: at nodes with a share of which no child has one.  From there up as
 * long as chunks are of one class, so that a list or a tree is told by its
 * first.  There are no more of these than shares in the whole.
 *
 * With an earlier snapshot the same is asked of what is new since then, so that
 * what grows is named long before it is large.
 *
 * Owners have ranks (retained.h, "lasting").
 */
#ifndef ANALYSIS_SUSPECTS_H
#define ANALYSIS_SUSPECTS_H

#include "analysis/diff.h"
#include "analysis/retained.h"

enum {
	SUSPECT_HOLDER_SHARE = 10, /* percent of all used bytes: an owner's, */
	SUSPECT_CLASS_SHARE = 10,  /* of one class in what several share, */
	SUSPECT_LOST_SHARE = 1,	   /* of what no root leads to */
	SUSPECT_NEW_SHARE = 25,	   /* of all bytes that are new */
	SUSPECT_FOLLOW = 80,
	SUSPECT_MANY = 64, /* chunks: directly below one, or of a list */
	SUSPECT_LIST = 16  /* of a list that holds nearly all on and on */
};

enum suspect_kind {
	SUSPECT_HOLDER,
	SUSPECT_SHARED,
	SUSPECT_GROWING,
	SUSPECT_CLASS,
	SUSPECT_LOST
};

struct suspect {
	enum suspect_kind kind;
	uint32_t from;		  /* node: an owner, a chunk, or as holders */
	struct retained_sum held; /* by it alone; shared: by shortest ways */
	struct retained_sum alone;
	uint32_t root;	/* the owner that is nearest to it; others: as from */
	uint32_t steps; /* pointers from there to it */
	uint32_t point; /* the chunk where it gathers, or CHUNK_NONE: itself */
	uint64_t point_bytes; /* what that dominates, itself included */
	uint32_t direct;      /* chunks right below the point */
	uint32_t list;	      /* chunks of a list from there on; 0: none */
	/* Of the class that has most of the bytes there. */
	uint64_t class;
	struct retained_sum of_class;
	char first_word[100]; /* of more than half of these; "" none */
	/* Of what it holds: not in the earlier snapshot; 0 without. */
	struct retained_sum fresh;
	uint64_t all_fresh; /* bytes that are new, whoever holds them */
	char name[160];
	char text[900];
};

struct suspects {
	struct suspect *row; /* owned, most bytes first */
	uint32_t count;
};

/*
 * r by symbol and lasting, and the same by shortest ways.  diff NULL, or one to
 * r's snapshot.  symbols may be NULL.  Needs the contents.
 */
int suspects_make(const struct retained *r, const struct retained *nearest,
		  const struct diff *diff, struct symbols *symbols,
		  struct suspects *out, struct error *err) MUST_CHECK;
void suspects_deinit(struct suspects *suspects);
const char *suspect_kind_name(enum suspect_kind kind);

#endif
