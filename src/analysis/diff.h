/*
 * Two snapshots compared: a used chunk is the same if address and size are.
 * (A block freed and allocated again at the same place with the same size
 * between the two is counted as kept; what can be known of that, diff_judge()
 * tells.)
 * Cached chunks are not used; the tcache struct of a thread is.
 *
 * Borrows both snapshots, owns the rest.
 */
#ifndef ANALYSIS_DIFF_H
#define ANALYSIS_DIFF_H

#include "analysis/identity.h"
#include "base/bitmap.h"
#include "snapshot/set.h"
#include "snapshot/snapshot.h"

struct symbols;

struct diff {
	const struct snapshot *before, *after;
	uint32_t *added; /* owned: indices in after, ascending */
	uint32_t added_count;
	uint32_t *removed; /* owned: indices in before, ascending */
	uint32_t removed_count;
	uint32_t kept_count;
	struct bitmap fresh; /* a bit a chunk of after: it is new */
	struct bitmap lost;  /* a bit a chunk of before: it is gone */
	uint8_t *identity;   /* owned: see diff_judge(); NULL: not judged */
};

/* One row of the table: a class, a first word (by content), a type, a holder.
 */
struct diff_class {
	uint64_t size; /* chunk size of the class, else 0 */
	uint64_t word; /* by content: the first word; by holder: its address */
	char name[96]; /* but by size: "http::Session", "text", "0x1f" */
	uint64_t new_count, new_bytes, gone_count, gone_bytes, kept_count;
	/* Of the kept ones, by diff_judge(). */
	uint64_t reused_count, unsure_count, unknown_count;
	int64_t delta_bytes;
};

enum diff_by {
	DIFF_BY_SIZE,
	DIFF_BY_CONTENT,
	DIFF_BY_TYPE,	/* see diff_groups.h */
	DIFF_BY_HOLDER, /* the same */
	DIFF_WAYS
};

int diff_make(const struct snapshot *before, const struct snapshot *after,
	      struct diff **out, struct error *err) MUST_CHECK;
void diff_destroy(struct diff *diff);

/*
 * Of every kept chunk whether it is the same block: diff->identity then has,
 * for each chunk of after, enum identity + 1, and 0 for what is not kept.  Once
 * made it stays.
 */
int diff_judge(struct diff *diff, struct error *err) MUST_CHECK;
/* False if chunk i of after is not kept, or was not judged. */
bool diff_is(const struct diff *diff, uint32_t i, enum identity identity);

/*
 * By size or by content.  Rows, largest growth in bytes first; *out owned by
 * the caller.  set (may be NULL) restricts the chunks.  By content needs the
 * contents of after (gone chunks are then only counted where before's contents,
 * or prints of them, are held: *warning).
 */
int diff_classes(const struct diff *diff, enum diff_by by,
		 const struct set *set, struct symbols *symbols,
		 struct diff_class **out, uint32_t *count, char *warning,
		 size_t warning_cap, struct error *err) MUST_CHECK;

#endif
