/*
 * A stretch while it is walked: glibc_stretch.c, glibc_end.c for how it ends,
 * and glibc_mend.c for what is damaged.
 */
#ifndef MALLOC_STRETCH_H
#define MALLOC_STRETCH_H

#include "malloc/walk.h"

struct run {
	struct walk *w;
	struct heap_arena *a;
	uint32_t arena;
	uint64_t limit;
	bool holed;  /* there are holes before limit */
	uint64_t at; /* the chunk now looked at */
	/* The one before it, not yet finished. */
	bool pending;
	uint64_t prev;
	struct chunk_head head;
	/* What seems used here may be old, and inside of what a thread was
	 * cutting off. */
	uint64_t doubt_from, doubt_to;
	/* The stretch that is being filled. */
	uint64_t begun;
	struct chunk *chunk; /* owned */
	size_t count, cap;
	bool goes_on;
	struct ahead ahead;
	/* After damage: chunks were walked from here on; where the next strong
	 * chain begins, as far as it is known. */
	uint64_t resumed, strong;
};

/* The header at r->at; false if it cannot be read. */
bool run_load(struct run *r, struct chunk_head *h);
/* The pending chunk; next: the header behind it. */
int run_finish(struct run *r, const struct chunk_head *next,
	       struct error *err) MUST_CHECK;
/* The same, but that nothing behind it can be believed. */
int run_finish_doubtful(struct run *r, struct error *err) MUST_CHECK;
int run_add(struct run *r, uint64_t addr, uint64_t size, enum chunk_state state,
	    struct error *err) MUST_CHECK;
/* A free chunk at r->prev, its header in r->head. */
int run_add_free(struct run *r, uint64_t size, struct error *err) MUST_CHECK;

/* glibc_end.c: the top chunk at r->at. */
int run_take_top(struct run *r, const struct chunk_head *h,
		 struct error *err) MUST_CHECK;
/* The end of the memory before top's: true, and at is behind the posts. */
int run_take_fence(struct run *r, const struct chunk_head *h, bool *is_end,
		   struct error *err) MUST_CHECK;
/* Memory ends behind a chunk: only a top can lie so, told of or not. */
int run_take_last(struct run *r, struct error *err) MUST_CHECK;
/* Does what the arena has for its top end where memory does? */
bool run_top_fits(struct run *r);

/* A size that is right, with a flag that no chunk of this arena has?  Then *h
 * is without it. */
bool run_only_flags(struct run *r, struct chunk_head *h);
int run_tell_flags(struct run *r, uint64_t found, uint64_t mended,
		   struct error *err) MUST_CHECK;
/*
 * What is at r->at cannot be relied on: on where chunks begin again.  d says
 * what is wrong, but for what is lost.
 */
int run_resync(struct run *r, struct defect *d, const char *what,
	       struct error *err) MUST_CHECK;
/* The chunk at addr has a size that cannot be right: another one is inside. */
int run_astray(struct run *r, uint64_t addr, uint64_t inside,
	       struct error *err) MUST_CHECK;
/* The header at r->at cannot be. */
int run_take_impossible(struct run *r, const struct chunk_head *h,
			struct error *err) MUST_CHECK;
/* The chunk at r->at goes on into the top chunk; *done: and is none. */
int run_take_spanning_top(struct run *r, const struct chunk_head *h, bool *done,
			  struct error *err) MUST_CHECK;
/* Does a chunk of size bytes at r->at go on behind a hole, and no chunk begins
 * where it ends?  Where memory goes on so, r->limit is there from now on. */
bool run_ends_nowhere(struct run *r, const struct chunk_head *h);
/* Does the header at r->at tell of a free chunk before it that lies inside of
 * the pending one? */
bool run_hides_free(struct run *r, const struct chunk_head *h);

#endif
