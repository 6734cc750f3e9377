/*
 * By what the used chunks of a snapshot are held: pointers that the program
 * can follow from its roots, or something that only may be such a pointer.
 *
 * A mark phase as of any tracing collector (Jones, Hosking and Moss, The
 * Garbage Collection Handbook, chapter 2) for what is sure; then, only if
 * something is left over, one more look at the live memory for words in
 * disguise, and a mark phase for each kind of doubt, the strongest first.
 */
#ifndef ANALYSIS_REACH_H
#define ANALYSIS_REACH_H

#include "analysis/mark.h"

/* By what a chunk is held: the best there is.  From HOLD_INTERIOR on it is in
 * doubt; what is held by a chunk in doubt has that doubt, or a worse one. */
enum hold {
	HOLD_NOTHING,
	HOLD_POINTER,
	HOLD_INTERIOR,	 /* Valgrind's rules: into a block, not accepted */
	HOLD_PAST_END,	 /* right behind its usable bytes */
	HOLD_UNALIGNED,	 /* a word that lies across two */
	HOLD_TAGGED,	 /* its start, with bits set that no address has */
	HOLD_MANGLED,	 /* its start, as PTR_MANGLE or PROTECT_PTR has it */
	HOLD_SHARED,	 /* memory that is shared with other processes */
	HOLD_KERNEL,	 /* data of epoll's, a timer's value */
	HOLD_STALE,	 /* below the live part of a stack, a dead register */
	HOLD_FREED,	 /* memory that was freed */
	HOLD_UNUSED = 15 /* no used chunk: not asked for */
};

#define HOLD_MASK 15 /* the bits of mark[] that are an enum hold */

struct reach_opts {
	enum interior interior;
	/* Of roots, a bit each; 0: all but ROOT_SHARED, which is a doubt as
	 * long as it is not asked for. */
	unsigned classes;
};

struct reach {
	struct marker marker; /* marker.mark[]: enum hold, in HOLD_MASK */
	uint32_t lost;	      /* chunks held by nothing */
	bool complete;
	char note[400]; /* what is missing, "" if nothing is */
};

/*
 * With INTERIOR_VALGRIND no other doubts than HOLD_INTERIOR are looked for, and
 * shared memory is a root as others, as it is for memcheck.
 * malloc's and the dynamic linker's own blocks (tcache structs, vectors of
 * threads) count as held.  Needs snap's contents: ERR_UNSUPPORTED without.
 */
int reach_make(const struct snapshot *snap, const struct reach_opts *opts,
	       struct reach *out, struct error *err) MUST_CHECK;
void reach_deinit(struct reach *reach);

/* "pointer", "interior", "past end", ... */
const char *hold_name(enum hold hold);

#endif
