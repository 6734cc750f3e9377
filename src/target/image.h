/*
 * An image: a sparse copy of a target's memory, in ours.
 *
 * Snapshots keep their contents in one; tests build heaps in one byte by byte.
 * It is a sorted list of runs; a page of an anonymous mapping that the target
 * never touched is in no run but inside a "zero" range, and reads as zeros.
 */
#ifndef TARGET_IMAGE_H
#define TARGET_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "target/target.h"

struct image_run {
	uint64_t start, end; /* [start, end) in the target */
	/* Borrowed from one of the image's pools, or from a target that is
	 * frozen. */
	const uint8_t *bytes;
};

/* Mapped memory; further ones come when the first does not suffice. */
struct image_pool {
	uint8_t *bytes;
	uint64_t size, used;
};

struct image {
	struct image_run *run; /* owned, sorted, non-overlapping */
	size_t run_count, run_cap;
	struct {
		uint64_t start, end;
	} * zero; /* owned, sorted */
	size_t zero_count, zero_cap;
	struct image_pool *pool; /* owned; only the last one has room */
	size_t pool_count, pool_cap;
	uint64_t pool_used;	/* bytes in runs */
	uint64_t skipped_bytes; /* wanted but not copied: budget, unreadable */
	bool borrows;		/* some runs are a frozen target's */
};

struct image *image_create(void);
void image_destroy(struct image *image);

/*
 * Makes room for bytes in the pool and faults it in (huge pages if the kernel
 * likes), so that nothing faults while the target is stopped.
 */
int image_reserve(struct image *image, uint64_t bytes,
		  struct error *err) MUST_CHECK;
/* What was faulted in and not used is given back. */
void image_trim(struct image *image);

/* Copies len bytes of our memory in as [addr, addr + len).  For tests. */
int image_add(struct image *image, uint64_t addr, const void *bytes, size_t len,
	      struct error *err) MUST_CHECK;

/*
 * Takes [start, end) as a frozen target has it in our memory, which must
 * outlive the image; nothing is copied.  What it has not is counted in
 * skipped_bytes.  Ranges must come in ascending order.
 */
int image_borrow(struct image *image, struct target *from, uint64_t start,
		 uint64_t end, struct error *err) MUST_CHECK;

/* What is to be copied: all of it; anonymous memory, of which what was never
 * touched is zeros; or what is filled on demand, of which pages that are not
 * there are not read and not known. */
enum image_kind { IMAGE_ALL, IMAGE_ANONYMOUS, IMAGE_DEMAND };

/*
 * Copies [start, end) out of a (stopped) target.  At most budget bytes: what
 * did not fit is counted in skipped_bytes.  Ranges must come in ascending
 * order. Unreadable pages are skipped and counted too.
 */
int image_copy(struct image *image, struct target *from, uint64_t start,
	       uint64_t end, enum image_kind kind, uint64_t budget,
	       struct error *err) MUST_CHECK;

/* The bytes at addr, *len that follow in the run; NULL if not in a run. */
const uint8_t *image_at(const struct image *image, uint64_t addr, size_t *len);
/* Bytes read (runs and zero ranges), short at the first hole. */
size_t image_read(const struct image *image, uint64_t addr, void *buf,
		  size_t len);
/* Where the next run or zero range after addr begins; UINT64_MAX: nowhere. */
uint64_t image_next(const struct image *image, uint64_t addr);
uint64_t image_bytes(const struct image *image);

/*
 * A target that reads from image (borrowed, or owned with own = true), and
 * what the image lacks from below (borrowed, may be NULL).  With writable_below
 * false only mappings that the target cannot write are read from below: text
 * and constants, which do not change.  maps and threads are the caller's to
 * fill in (copied from below when it is given).
 */
int target_open_image(struct image *image, bool own, struct target *below,
		      bool writable_below, struct target **out,
		      struct error *err) MUST_CHECK;

#endif
