/*
 * Marking: from words to the chunks they name, from their words on to others,
 * until nothing new is found.  A byte a chunk says who was there; the stack is
 * our own, so that no list is too long.
 */
#ifndef ANALYSIS_MARK_H
#define ANALYSIS_MARK_H

#include "analysis/interior.h"
#include "analysis/sieve.h"
#include "analysis/words.h"

enum { MARK_WAITING = 32, MARK_NEXT = 8 }; /* powers of two */

struct marker {
	const struct snapshot *snap;
	struct finder finder; /* over all chunks */
	struct sieve sieve;   /* of all words */
	enum interior interior;
	uint8_t *mark; /* owned: a byte a chunk of snap; the user's bits */
	/* A chunk with one of these bits is not entered; one that is gets
	 * "sets", and the number "owner" if there is an array of owners. */
	uint8_t closed, sets;
	uint32_t *owners, owner; /* owners: borrowed, or NULL */
	/* The owner itself is not entered. */
	bool but_owner;
	/* With INTERIOR_VALGRIND: what the heuristics do not accept is not
	 * entered but gets "weak".  Else any word into a chunk counts. */
	bool strict;
	uint8_t weak;
	/* Optional: is told what would be entered, which then is not. */
	int (*found)(void *ctx, uint32_t chunk, struct error *);
	/* Optional: is shown each piece of what is entered. */
	int (*look)(void *ctx, const struct words_piece *, struct error *);
	void *ctx;	/* of both */
	bool only_look; /* nothing is entered */
	bool quiet;	/* no progress_tick(): this is not its thread */
	/* private */
	/* Words in the range of the chunks wait here for memory to come. */
	uint64_t waiting[MARK_WAITING];
	unsigned first_waiting, last_waiting; /* modulo MARK_WAITING */
	uint32_t *stack; /* owned: entered, words not followed yet */
	/* Taken from the stack, their words wait for memory to come. */
	uint32_t next[MARK_NEXT];
	unsigned first_next, last_next; /* modulo MARK_NEXT */
	size_t depth, cap;
	struct pieces pieces;
};

/* Needs snap's contents. */
int marker_init(struct marker *m, const struct snapshot *snap,
		enum interior interior, struct error *err) MUST_CHECK;
void marker_deinit(struct marker *m);
/*
 * Another like this, for another thread: marks are theirs together, so that
 * neither may enter anything while both are used.  Not to be deinitialised.
 */
void marker_again(struct marker *m, const struct marker *like);

/* Enters chunk i unless it is closed. */
int mark_chunk(struct marker *m, uint32_t i, struct error *err) MUST_CHECK;
/* What the words at [start, end) name is entered: some of it only when
 * mark_follow() is called. */
int mark_range(struct marker *m, uint64_t start, uint64_t end,
	       struct error *err) MUST_CHECK;
/* The same of a chunk's bytes [start, end), and what begins there and ends
 * behind it in the chunk. */
int mark_part(struct marker *m, const struct chunk *c, uint64_t start,
	      uint64_t end, struct error *err) MUST_CHECK;
int mark_word(struct marker *m, uint64_t value, struct error *err) MUST_CHECK;
/* Follows the words of what was entered, to the end. */
int mark_follow(struct marker *m, struct error *err) MUST_CHECK;
/* The stack's memory is given back. */
void mark_rest(struct marker *m);

#endif
