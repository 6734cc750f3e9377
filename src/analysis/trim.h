/*
 * What malloc_trim(0) would give back to the kernel, without calling it, and
 * what stands in its way.
 *
 * As mtrim() and systrim() of glibc's malloc/malloc.c do it (2.8 to 2.44): in
 * every arena fastbin chunks are first joined with free neighbours, then of
 * each free chunk the whole pages go that lie behind its header (six words) and
 * before its end; of the main arena's top, as long as it is the end of brk, all
 * pages but a smallest chunk and a byte.  The tops of other arenas stay, and so
 * does what the threads' tcaches hold, since for malloc that is in use.
 *
 * Under glibc.malloc.hugetlb=1 the top is lowered by huge pages: then less of
 * it goes than is said here.
 */
#ifndef ANALYSIS_TRIM_H
#define ANALYSIS_TRIM_H

#include "snapshot/snapshot.h"

struct trim_arena {
	uint64_t bytes;	     /* whole pages that would go; of these ... */
	uint64_t top_bytes;  /* ... by lowering brk */
	uint64_t touched;    /* ... in memory or swapped: what is won */
	uint64_t free_bytes; /* chunk sizes of its free chunks */
	/* The last chunk before the top that is used or cached, its index, or
	 * CHUNK_NONE; and what would join the top if it were freed: it, and the
	 * free chunks on both sides of it. */
	uint32_t pin;
	uint64_t pinned_bytes;
	bool foreign_brk; /* brk was moved by others: the top stays */
};

struct trim {
	struct trim_arena *arena; /* owned; one an arena of the snapshot */
	struct trim_arena total;  /* of the program's own malloc (copy 0) */
	bool touched_known;	  /* else "touched" means nothing */
};

int trim_make(const struct snapshot *snap, struct trim *out,
	      struct error *err) MUST_CHECK;
void trim_deinit(struct trim *trim);

/*
 * Memory that a process keeps though its blocks are free: from one snapshot to
 * a later one its resident memory grew by 1 MiB or more, at least half as much
 * is more free chunks on touched pages, and used bytes grew by no more than a
 * tenth of it.
 */
struct retention {
	bool known; /* both snapshots tell: not of cores, nor of cut ones */
	bool holds;
	int64_t rss, used, kept; /* changes, bytes; kept: free and touched */
};

struct retention retention_of(const struct snapshot *from,
			      const struct snapshot *to);

#endif
