/*
 * Which memory a snapshot copies, how much that is, and the copying itself,
 * which is all that happens while the target stands.
 */
#ifndef SNAPSHOT_CONTENTS_H
#define SNAPSHOT_CONTENTS_H

#include "target/image.h"
#include "target/target.h"

struct contents_part {
	uint64_t start, end;
	uint64_t present; /* bytes that a copy takes; 0: none were touched */
	uint64_t budget;  /* bytes of it that may be copied */
	enum image_kind kind;
	bool protected; /* one of those that maps do not show: see below */
};

struct contents_range {
	uint64_t start, end;
};

struct contents_plan {
	struct contents_part *part; /* owned, ascending */
	size_t count, cap;
	uint64_t present;
};

/*
 * Lists what target's maps say is private and writable and no device; and of
 * what is read-only the "more" ranges (ascending), which were written before
 * they were protected.
 * earlier NULL: asks which pages are there, which takes time; else the numbers
 * of parts that are the same are taken from it, and sizes stand for the rest.
 */
int contents_plan(struct target *target, const struct contents_plan *earlier,
		  const struct contents_range *more, size_t mores,
		  struct contents_plan *out, struct error *err) MUST_CHECK;
void contents_plan_deinit(struct contents_plan *plan);

/*
 * Spreads max_bytes over the parts: all of each if that is enough, else the
 * smallest first (stacks and data of modules are small), the last in part.
 */
void contents_budget(struct contents_plan *plan, uint64_t max_bytes);

struct contents_result {
	uint64_t cut_bytes;	   /* not copied: over the budget */
	uint64_t unreadable_bytes; /* not copied: the kernel refused */
};

/* Copies the plan's parts, at most max_bytes in all; target is stopped. */
int contents_copy(const struct contents_plan *plan, struct target *target,
		  uint64_t max_bytes, struct image *image,
		  struct contents_result *result, struct error *err) MUST_CHECK;

/*
 * False when nothing of the plan can be read any more: the process is ending,
 * even if nobody was told yet.  (Its memory goes first, which takes long.)
 */
bool contents_readable(const struct contents_plan *plan, struct target *target);

#endif
