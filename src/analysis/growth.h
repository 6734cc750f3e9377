/*
 * Growth: what grows steadily over three or more snapshots, by size class and,
 * within a class, by what the chunks begin with.  Reachable or not is no
 * question here: what is kept for ever hurts as much as what was lost.
 *
 * A round is what lies between two snapshots; a delta is by how much the number
 * of used chunks changed in it.
 *
 *   per round    the median of the deltas (of an even number the lower one of
 *                the middle two): a start-up or a burst does not move it
 *   tolerance    a quarter of the median, but 1 at least: malloc now and then
 *                gives a chunk of the next class, when what were left over of a
 *                larger one would be too small for a chunk
 *   steadiness   (rounds whose delta is above 0 and within the tolerance of the
 *                median / rounds)
 *                * (sum of the deltas / sum of their absolute values);
 *                0 if the median or the sum is not above 0
 *
 * The first factor is 1 when every round adds the same; the second falls where
 * a class shrinks again, so that a cache which is filled and emptied is not
 * steady though most rounds fill it alike.
 *
 * Counts are exact whatever happened between the snapshots: a block freed and
 * allocated again counts once.  Whether a block at one address is the same as
 * before cannot be counted, only judged: reused and unsure (identity.h).
 */
#ifndef ANALYSIS_GROWTH_H
#define ANALYSIS_GROWTH_H

#include "analysis/fold.h"
#include "snapshot/snapshot.h"

struct symbols;
struct typing;

enum { GROWTH_MIN_SNAPSHOTS = 3 };

/* From this steadiness on a row is called steady. */
#define GROWTH_STEADY 0.8

/* What becomes of one class, or group, over the rounds.  Pure arithmetic. */
struct growth_trend {
	uint32_t rounds;
	uint32_t exact;	       /* rounds whose delta is the median */
	uint32_t within;       /* ... is within the tolerance */
	uint32_t grew, shrank; /* rounds with a delta above, below 0 */
	int64_t median;	       /* chunks a round */
	int64_t least, most;   /* of the deltas within the tolerance */
	int64_t total;	       /* sum of the deltas */
	double steadiness;     /* 0..1 */
};

struct growth_row {
	uint64_t size;	  /* chunk size of the class */
	bool by_content;  /* a group of the class, not all of it ... */
	bool by_type;	  /* ... those of one type */
	bool in_steady;	  /* ... which is steady itself */
	char name[96];	  /* of the group; of a class: what nearly all that is
			   * new in it begins with, or "" */
	uint64_t example; /* of a group: one of its chunks in the last snapshot
			   */
	uint64_t count;	  /* used chunks in the last snapshot */
	struct growth_trend trend;
	/* Sums over the rounds, of chunks at one address in both snapshots;
	 * of a group: not told. */
	uint64_t reused, unsure, unknown;
	int64_t delta[63]; /* by round; trend.rounds of them */
};

enum growth_by {
	GROWTH_BY_ALL, /* the classes, and the groups that grow steadily unless
			* their class says the same */
	GROWTH_BY_SIZE,
	GROWTH_BY_CONTENT, /* every group that grows */
	GROWTH_BY_TYPE	   /* groups are those of a type: growth_make_types() */
};

struct growth {
	struct growth_row *row; /* owned: the steady ones first, then by bytes
				 * a round; then by bytes in all */
	uint32_t count;
	size_t cap;
	uint32_t steady; /* of them, rows that are */
	uint32_t flat;	 /* classes (groups) that did not grow, not listed */
	/* What the steady rows add, nothing twice; chunk sizes. */
	uint64_t bytes_a_round;
	/* Groups are not told: so many chunks of this snapshot had no bytes
	 * kept; NULL: they are. */
	const struct snapshot *without_content;
	uint64_t without_count;
};

/* count numbers of used chunks, one a snapshot; at least two. */
struct growth_trend growth_trend_of(const uint32_t *used, uint32_t count);

/*
 * snap: in the order they were taken, GROWTH_MIN_SNAPSHOTS to 64 of them, of
 * one process.  symbols may be NULL.  Release with growth_deinit.
 */
int growth_make(const struct snapshot *const *snap, uint32_t count,
		enum growth_by by, struct symbols *symbols, struct growth *out,
		struct error *err) MUST_CHECK;
/* By type, which type has those of each snapshot. */
int growth_make_types(const struct snapshot *const *snap, uint32_t count,
		      const struct typing *const *type, struct growth *out,
		      struct error *err) MUST_CHECK;
void growth_deinit(struct growth *growth);

/*
 * The used chunks of last that first has not, of the class of this one and
 * beginning as it does, as groups are told apart: *out, ascending, is the
 * caller's.  ERR_UNSUPPORTED if that chunk's bytes were not kept.
 */
int growth_like(const struct snapshot *first, const struct snapshot *last,
		uint32_t chunk, uint32_t **out, uint32_t *count,
		struct error *err) MUST_CHECK;

static inline bool growth_is_steady(const struct growth_row *row)
{
	return row->trend.steadiness >= GROWTH_STEADY;
}

/* It grew in every round, though not by the same. */
static inline bool growth_never_stopped(const struct growth_row *row)
{
	return row->trend.grew == row->trend.rounds;
}

/*
 * How long until a limit, if the steady rows go on as they do and nothing else
 * changes.  What is resident now is the base, or, of a core, what malloc has
 * from the kernel.
 */
struct growth_forecast {
	uint64_t limit, base;
	bool of_resident; /* base is */
	bool reached;	  /* now */
	bool never;	  /* nothing grows steadily */
	uint64_t rounds;  /* until it is reached; the last one counts whole */
	bool has_time;	  /* the snapshots' times tell how long a round is */
	uint64_t round_ms, seconds;
};
struct growth_forecast growth_forecast_of(const struct growth *growth,
					  const struct snapshot *const *snap,
					  uint32_t count, uint64_t limit);

/* "exactly 3 x 48 B in 10 of 10 rounds": what row's numbers say. */
void growth_sentence(const struct growth_row *row, char *buf, size_t cap);

#endif
