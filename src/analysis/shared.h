/*
 * Words in memory that is shared with other processes, and written.
 *
 * No snapshot has it: it may be larger than all the rest, and others write it
 * while the target stands.  So it is read when it is asked for, from the target
 * as that is then: the pages that it has touched, SHARED_MOST bytes at most.  A
 * word there may be another process' and mean nothing in this one.
 */
#ifndef ANALYSIS_SHARED_H
#define ANALYSIS_SHARED_H

#include "snapshot/snapshot.h"

#define SHARED_MOST (UINT64_C(256) << 20)

struct shared_scan {
	const struct snapshot *snap; /* borrowed: whose mappings and ->now */
	/* Each word that is not 0, and where it is. */
	int (*word)(void *ctx, uint64_t addr, uint64_t value,
		    struct error *err);
	void *ctx;
};

/* What may have been touched and was not read is said in note, behind what that
 * has, and *complete is false then. */
int shared_scan(const struct shared_scan *scan, bool *complete, char *note,
		size_t cap, struct error *err) MUST_CHECK;

/* What only the kernel keeps (target/kernel_words.h), as it is now; the note as
 * above.  A core has none of it. */
int kernel_scan(const struct snapshot *snap,
		int (*word)(void *ctx, uint64_t value, struct error *err),
		void *ctx, bool *complete, char *note, size_t cap,
		struct error *err) MUST_CHECK;

#endif
