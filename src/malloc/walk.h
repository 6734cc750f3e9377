/*
 * One walk over the heap of a stopped target or of a copy of one: what the
 * glibc_*.c files of the walk share (glibc_walk.c has the order).
 *
 * Chunks are kept until all lists have been followed, since a list may lie
 * anywhere and changes what a chunk is; then they are pushed.
 */
#ifndef MALLOC_WALK_H
#define MALLOC_WALK_H

#include "base/u64map.h"
#include "malloc/allocator.h"
#include "malloc/frees.h"
#include "malloc/glibc.h"
#include "malloc/glibc_chunk.h"
#include "malloc/reader.h"

enum {
	MAX_ARENAS = ARENA_MMAPPED, /* indices 0..4094 */
	MAX_DEFECTS = 1000,	    /* listed; further ones are counted */
	ARENA_NONE = ARENA_MMAPPED
};

struct heap_arena {
	struct arena out;
	uint8_t *raw;	      /* owned: its malloc_state as it is */
	uint64_t first_after; /* thread arena: where its first heap goes on */
	uint64_t covered;     /* bytes of heaps or segments, as walked */
	uint64_t lost;	      /* bytes stepped over because of damage */
	uint64_t used_bytes, cached_bytes; /* chunk sizes */
	uint64_t listed, listed_bytes;	   /* in bins, as its lists say */
	bool top_reached;
};

/* One copy of malloc, while it is walked. */
struct walk_copy {
	const struct glibc *g; /* borrowed */
	struct malloc_params params;
	uint32_t arena, end; /* its arenas; the first is its main arena */
	uint64_t heap_max;
	const struct heap_layout *heap_layout; /* NULL: no thread arena */
	bool segments;			       /* brk did not give all */

	uint32_t tcache_count; /* mp_'s limit of chunks in a bin */
	bool protected_links;  /* lists are stored xor-ed */
	unsigned votes_plain, votes_protected;
	uint64_t tcache_counted, tcache_linked; /* by counts, by links */
	uint64_t tcaches, threads_unknown;
};

/* A stretch of chunks, one after the other. */
struct stretch {
	uint64_t start, end; /* first header; end of the last chunk or post */
	struct chunk *chunk; /* owned, ascending */
	size_t count;
	uint32_t *first; /* owned: of each slice of it, and count: walk_index */
	unsigned slice_bits;
	uint32_t arena;
	bool goes_on; /* the same heap as the stretch that ends here */
};

/* Where on its stack and in its registers a thread inside malloc keeps what it
 * works on. */
struct inside {
	struct inside_malloc out;
	size_t thread;	     /* index in the target's */
	uint64_t start, end; /* stack; all of malloc's frames and below */
	uint64_t *word;	     /* owned: what is there and in registers */
	size_t words;
};

/* What a program took from brk for itself. */
struct gap {
	uint64_t start, end;
	uint32_t arena;
	bool doubtful; /* its end may be elsewhere */
};

struct walk {
	struct target *target;	  /* borrowed */
	struct malloc_sink *sink; /* borrowed */
	struct chunk_form form;	  /* of the copy at hand */
	struct walk_copy *copies; /* owned */
	size_t copy_count, copy_cap;
	struct walk_copy *copy; /* the one at hand: walk_enter() */
	const struct glibc *g;	/* copy->g */
	struct window window;
	struct pages pages;
	uint64_t run_start, run_end; /* what run_end() found last */

	struct heap_arena *arena; /* owned: of all copies, one by one */
	size_t arenas, arena_cap;

	struct stretch *stretch; /* owned, sorted once walked */
	size_t stretches, stretch_cap;
	struct frees free;
	struct chunk *mmapped; /* owned, ascending */
	size_t mmappeds, mmapped_cap;
	uint64_t mmapped_bytes; /* of their mappings */
	struct claim *claim;	/* owned */
	size_t claims, claim_cap;

	struct gap *gap; /* owned */
	size_t gaps, gap_cap;
	uint64_t *member; /* owned, ascending: in bins of the arena with brk */
	size_t members, member_cap;
	bool members_known; /* listed when there is need */

	struct inside *inside; /* owned: threads that are inside malloc */
	size_t insides, inside_cap;
	struct u64map hand; /* the words they work on */
	bool *outside; /* owned, one a thread: its stack proves it is not */
	bool looked_deep;
	/* What is looked at now changes under its arena's lock only; are locks
	 * used at all? */
	bool under_lock, locks_asked, locks_used;
	pid_t in_malloc_tid; /* one that is or may be inside; 0: none */
	/* Told when all is done; owned. */
	struct defect *defect;
	struct check *check;
	struct tcache *tcache;
	size_t defect_count, defect_cap, check_count, check_cap;
	size_t tcache_told, tcache_cap;
	/* Chunks that lists lead to and the first walk did not meet; sorted,
	 * and heeded, the second time. */
	uint64_t *hidden; /* owned */
	size_t hiddens, hidden_cap;
	bool knows_hidden;
	uint64_t defects;
	uint64_t steps; /* see struct malloc_sink */
};

/* glibc_copies.c: the copies of malloc that are in use; GLIBC.md 8.5. */
int walk_copies(struct walk *w, const struct glibc *first,
		struct error *err) MUST_CHECK;
void walk_enter(struct walk *w, size_t copy);
/* The copy that an arena is of. */
struct walk_copy *walk_copy_of(const struct walk *w, uint32_t arena);

/* Reports damage; -1 only if the sink wants no more. */
int walk_defect(struct walk *w, enum defect_kind kind, uint32_t arena,
		uint64_t addr, struct error *err, const char *fmt, ...)
	PRINTF(6, 7) MUST_CHECK;
/* The same with what is known of it in d, but for its text. */
int walk_damage(struct walk *w, const struct defect *d, struct error *err,
		const char *fmt, ...) PRINTF(4, 5) MUST_CHECK;
/* That the word at this address is wrong, and tells itself where. */
struct defect wrong_word(enum defect_kind kind, uint32_t arena, uint64_t at,
			 uint64_t found);
int walk_check(struct walk *w, const struct check *check,
	       struct error *err) MUST_CHECK;
int walk_tell_tcache(struct walk *w, const struct tcache *tcache,
		     struct error *err) MUST_CHECK;
/* A chunk begins at this address, as two lists' links say, or a list's link and
 * a size, though none was walked there. */
int walk_hide(struct walk *w, uint64_t chunk, struct error *err) MUST_CHECK;
/* Two numbers that must agree. */
int walk_compare(struct walk *w, const char *name, uint64_t a, uint64_t b,
		 struct error *err, const char *fmt, ...)
	PRINTF(6, 7) MUST_CHECK;

/* glibc_find.c: once all stretches are there, sorted; for walk_find(). */
int walk_index(struct walk *w, struct error *err) MUST_CHECK;
/* The walked chunk with this user address, mmapped ones too; or NULL. */
struct chunk *walk_find(struct walk *w, uint64_t user);
/* The last chunk of walk_hide() in [from, to), once it is known; or 0. */
uint64_t walk_hidden(const struct walk *w, uint64_t from, uint64_t to);

/* glibc_arena.c: the ring of arenas of the copy at hand; GLIBC.md 4.1. */
int walk_arenas(struct walk *w, struct error *err) MUST_CHECK;
/* glibc_heap.c: all heaps of a thread arena; 4.2. */
int walk_thread_arena(struct walk *w, uint32_t arena,
		      struct error *err) MUST_CHECK;
/* glibc_main.c: brk area of the copy's main arena; 4.3, 4.4 c. */
int walk_main_arena(struct walk *w, struct error *err) MUST_CHECK;

/*
 * glibc_gap.c: where chunks go on in [from, limit) behind what the program
 * took from brk; *out is 0 if nowhere.
 */
int walk_behind_gap(struct walk *w, uint64_t from, uint64_t limit,
		    uint64_t *out, struct error *err) MUST_CHECK;
/* The least listed free chunk of the main arena behind addr; or UINT64_MAX. */
uint64_t walk_member_after(const struct walk *w, uint64_t addr);
/* Once all lists are known: is it sure where each ended? */
int walk_gaps_verify(struct walk *w, struct error *err) MUST_CHECK;

/* How a stretch ended. */
enum stretch_end { STRETCH_TOP, STRETCH_FENCE, STRETCH_LOST };

/*
 * glibc_stretch.c: walks chunks from start on, at most to limit; adds a
 * stretch and its chunks.  *end is where it ended.
 */
int walk_stretch(struct walk *w, uint32_t arena, uint64_t start, uint64_t limit,
		 enum stretch_end *how, uint64_t *end,
		 struct error *err) MUST_CHECK;

/* glibc_ahead.c: what cursors further on have walked already. */
enum { AHEAD_PARTS = 16 };
struct ahead_part {
	uint64_t start, end;
	uint64_t prev;		/* the last chunk, not yet finished, */
	struct chunk_head head; /* and its header; if end > start */
	struct chunk *chunk;	/* owned */
	size_t count, cap;
	struct frees free;
	uint64_t free_bytes;
};
struct ahead {
	struct ahead_part part[AHEAD_PARTS];
	unsigned parts, next;
};
int ahead_walk(struct walk *w, uint32_t arena, uint64_t start, uint64_t limit,
	       struct ahead *out, struct error *err) MUST_CHECK;
void ahead_deinit(struct ahead *ahead);

/* glibc_resync.c */
struct chain {
	uint32_t arena;
	uint64_t limit;	    /* where memory ends */
	unsigned enough;    /* chunks that prove it */
	unsigned passing;   /* for chain_passing(): those before bad */
	bool first_in_use;  /* the first one has PREV_INUSE and no other flag */
	bool members;	    /* no listed free chunk lies inside of one */
	bool bridges;	    /* they may go on behind a hole at limit */
	struct u64map *bad; /* addresses from which chains failed, or NULL */
};
/* Does a chain of plausible chunks begin at addr? */
bool chain_holds(struct walk *w, const struct chain *chain, uint64_t addr);
/* Does the arena go on at addr: a strong chain, its top, or its last posts? */
bool chain_goes_on(struct walk *w, const struct chain *chain, uint64_t addr);
/* The first address from "from" on, step bytes apart, where one begins; 0. */
uint64_t chain_find(struct walk *w, const struct chain *chain, uint64_t from);
/* The first address from "from" on where a weak chain begins that ends at
 * strong or before; 0. */
uint64_t chain_weak(struct walk *w, const struct chain *chain, uint64_t from,
		    uint64_t strong);
/* The same for one that passes over bad, without touching it, and holds. */
uint64_t chain_passing(struct walk *w, const struct chain *chain, uint64_t from,
		       uint64_t bad);
/* Do both links of what seems to be a free chunk lead to chunks that lead
 * back? */
bool is_in_bin(struct walk *w, uint64_t chunk);
/* One of them, when what is on the other side was damaged, too. */
bool may_be_in_bin(struct walk *w, uint64_t chunk);
/* Such a chunk's size, as is written behind it, where its end is marked; 0 if
 * it is not found. */
uint64_t free_bytes(struct walk *w, uint64_t chunk, uint64_t limit);
/* Do fenceposts of the main arena begin at addr?  Their end, or 0. */
uint64_t fence_end(struct walk *w, uint64_t addr);
/* Do the fenceposts that end at addr end the memory up to limit? */
bool fence_ends(const struct walk *w, uint64_t addr, uint64_t limit);
/* Where the run of adjacent anonymous maps that holds addr ends; 0: none. */
uint64_t run_end(struct walk *w, uint64_t addr);

/*
 * glibc_hole.c: a hole is what the program has mapped over pages of its own
 * blocks, or pages that it has unmapped there.  Where the memory of a heap that
 * begins at start ends, holes or none: at end at most; and the first hole in
 * [from, to), or to.
 */
uint64_t walk_brk_end(struct walk *w, uint64_t start);
bool walk_is_heap_end(struct walk *w, uint64_t start, uint64_t end);
uint64_t walk_hole(struct walk *w, uint64_t from, uint64_t to);
/* "0x1000 bytes at 0x..., which are not mapped" */
void walk_hole_text(struct walk *w, uint64_t hole, char *buf, size_t cap);
/* An mmapped chunk whose header says that it goes on behind a hole. */
struct claim {
	uint64_t base, at, total; /* its mapping, header, bytes of the first */
	size_t copy;
};
/* Those that the counters of mmapped chunks prove. */
int walk_claims(struct walk *w, struct error *err) MUST_CHECK;

/* glibc_pages.c: segments of main arenas and mmapped chunks: 4.4 d, 7; of all
 * copies of malloc in one pass. */
int walk_pages(struct walk *w, bool mmapped, struct error *err) MUST_CHECK;
/* glibc_owner.c: whose main arena has the memory that begins at a page. */
struct owners {
	struct u64map free; /* chunk in a bin to its copy, filled when needed */
	bool filled;
};
void owners_deinit(struct owners *owners);
/* *copy is -1 if it is no such memory; else *sure is whether it is known. */
int owners_find(struct owners *owners, struct walk *w, uint64_t at,
		uint64_t limit, int *copy, bool *sure,
		struct error *err) MUST_CHECK;
/* glibc_mmapped.c: an mmapped chunk whose mapping begins at base and ends no
 * later than limit?  *total is its length, 0 if there is none. */
int walk_mmapped_at(struct walk *w, uint64_t base, uint64_t limit,
		    uint64_t *total, struct error *err) MUST_CHECK;
int walk_add_mmapped(struct walk *w, uint64_t at, uint64_t base, uint64_t total,
		     struct error *err) MUST_CHECK;

/* glibc_bins.c: of all arenas. */
int walk_bins(struct walk *w, struct error *err) MUST_CHECK;
/* glibc_free.c: a singly linked list of user addresses from head on. */
struct list {
	uint64_t head;		/* user address of the first chunk, 0: empty */
	uint64_t where;		/* where the head is stored */
	bool fast;		/* links are chunk addresses */
	uint64_t size;		/* chunk size of its members; 0: any */
	uint32_t arena;		/* of a fastbin; ARENA_NONE: any */
	enum chunk_state state; /* what its members are from now on */
	char name[40];
};
int walk_list(struct walk *w, const struct list *list, uint64_t *count,
	      uint64_t *bytes, struct error *err) MUST_CHECK;
void walk_vote(struct walk *w, uint64_t head, bool fast);
int walk_fastbins(struct walk *w, struct error *err) MUST_CHECK;
void walk_fastbins_vote(struct walk *w);
/* glibc_blocks.c: libc's thread-local blocks.  One that several threads have
 * is known for the one it was made for, and not for the others. */
struct tls_blocks {
	uint8_t *bytes; /* owned: one block per thread */
	bool *known;	/* owned */
	size_t knowns;
	size_t size; /* of one, a multiple of the word */
};
int tls_blocks_read(struct walk *w, struct tls_blocks *blocks,
		    struct error *err) MUST_CHECK;
/* 0 if the thread's block is not known. */
uint64_t tls_blocks_word(const struct walk *w, const struct tls_blocks *blocks,
			 size_t thread, size_t at);
void tls_blocks_deinit(struct tls_blocks *blocks);
/* Are there two threads that have descriptors of their own? */
bool tls_blocks_several(struct walk *w);

/* glibc_tcache.c */
int walk_tcaches(struct walk *w, struct error *err) MUST_CHECK;

/* glibc_busy.c: does a thread stand inside malloc?  GLIBC.md 11. */
int walk_look_for_busy(struct walk *w, struct error *err) MUST_CHECK;
/* Asked when something does not add up: looks below signal handlers, too. */
bool walk_is_busy(struct walk *w);
/* glibc_settled.c: can no call in progress have left this? */
bool walk_is_settled(struct walk *w, const struct defect *d);
/* glibc_hands.c: what the threads inside malloc are working on. */
int walk_hands(struct walk *w, struct error *err) MUST_CHECK;
/* glibc_split.c: has a thread inside malloc the address of this chunk? */
bool walk_in_hand(const struct walk *w, uint64_t chunk);
/* What is cut off the end of a chunk. */
struct split {
	uint32_t arena;
	uint64_t first, at, limit; /* the chunk; the cut; the heap's end */
	uint64_t doubt; /* out: may be its end as well, if behind it */
};
/* Where it ends, if its size word cannot be believed; else 0. */
uint64_t walk_split_end(struct walk *w, struct split *split, uint64_t size);
/* The other way round: has a thread cut off what begins at "at" and put it in
 * the unsorted bin, and first is to be shortened yet? */
bool walk_is_cut(const struct walk *w, uint32_t arena, uint64_t first,
		 uint64_t at);
/* glibc_mcheck.c: does the program have other addresses of its blocks? */
int walk_mcheck(struct walk *w, struct error *err) MUST_CHECK;
/* How many of the first used chunks, at most "most"; *used: of how many. */
typedef bool chunk_has(struct walk *w, const struct chunk *c, void *ctx);
uint64_t walk_count_used(struct walk *w, uint64_t most, chunk_has *has,
			 void *ctx, uint64_t *used);
/* glibc_checked.c: or other sizes? */
int walk_checked(struct walk *w, struct error *err) MUST_CHECK;
/* glibc_verify.c: the cross-checks; 4.5, 7.5, 10.4.  Of the copy at hand, and
 * what only all copies together can be asked. */
int walk_verify(struct walk *w, struct error *err) MUST_CHECK;
int walk_verify_all(struct walk *w, struct error *err) MUST_CHECK;

#endif
