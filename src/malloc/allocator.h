/*
 * What an allocator must tell us.  One implementation (glibc_*.c); the seam is
 * here so that a second needs no change above it.
 *
 * probe() and describe() run while the target runs and do all that is slow
 * (files, disassembly); walk() runs on a stopped target or on a copy of one and
 * only reads memory.  The walk pushes what it finds into a sink and never stops
 * at damage: damage is a defect, reported and stepped over.
 *
 * All sizes are bytes, all addresses the target's.
 */
#ifndef MALLOC_ALLOCATOR_H
#define MALLOC_ALLOCATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct frame; /* unwind/stack.h */
struct symbols;
struct target;

/* FREE: in a bin or fastbin.  CACHED: in a thread's tcache.  A tcache struct
 * itself is a USED chunk. */
enum chunk_state { CHUNK_USED, CHUNK_FREE, CHUNK_CACHED, CHUNK_TOP };

/* The arena index of mmapped chunks. */
#define ARENA_MMAPPED 4095

struct chunk {
	uint64_t addr; /* what malloc returned */
	/* usable bytes (malloc_usable_size); the last word of a top chunk's is
	 * behind the end of its heap */
	uint64_t size : 48;
	uint64_t arena : 12; /* arena index, or ARENA_MMAPPED */
	uint64_t state : 4;  /* enum chunk_state */
};

struct arena {
	uint64_t addr; /* of its malloc_state */
	uint32_t index;
	uint32_t copy; /* of malloc: see struct malloc_copy */
	bool is_main, noncontiguous, initialised;
	bool busy; /* stopped inside malloc: what the defects list is unsure */
	uint32_t heaps; /* heaps, or brk plus segments */
	uint32_t attached_threads;
	uint64_t system_bytes, max_system_bytes;
	uint64_t top;	    /* chunk address of the top chunk; 0 if none */
	uint64_t top_bytes; /* its chunk size */
	uint64_t bin_count, bin_bytes;	 /* unsorted, small and large bins */
	uint64_t fast_count, fast_bytes; /* fastbins */
	uint64_t overhead_bytes; /* heap_info, malloc_state, fenceposts, gaps */
	uint64_t unknown_bytes;	 /* behind damage: what is there is not known */
};

/* One piece of address space that an arena carves chunks from. */
struct heap_region {
	uint64_t start, end; /* [start, end): first chunk header .. end */
	uint32_t arena;
};

struct tcache {
	pid_t tid;	/* 0: an orphan, of a thread that is no more */
	uint64_t addr;	/* user address of the tcache struct; 0 if none yet */
	uint32_t arena; /* index of thread_arena; ARENA_MMAPPED unknown */
	uint32_t copy;	/* of malloc: a thread may have one of each */
	uint64_t count, bytes; /* chunks cached, their chunk sizes */
};

/* The global counters (mp_), as they stand in the target. */
struct malloc_params {
	uint64_t n_mmaps, mmapped_bytes, mmap_threshold, sbrk_base;
};

/*
 * One copy of malloc: a process has several when dlmopen() or an auditing
 * library loads libc once more, when a static program calls dlopen(), or with
 * libc_malloc_debug.  Each has arenas, counters and tcaches of its own, and its
 * own mallinfo2().  Mmapped chunks do not tell which copy they are of.
 */
struct malloc_copy {
	uint32_t index;	  /* 0: the program's own */
	int ns;		  /* link-map namespace, 0 the program's; -1 unknown */
	char module[256]; /* path */
	char version[16]; /* "" if it does not tell */
	uint32_t arena;	  /* the first of its arenas: its main arena */
	uint32_t arenas;  /* how many, one after the other */
	unsigned state_bytes; /* of each arena's malloc_state; 0 unknown */
	uint64_t mp;	      /* where its counters (mp_) are; 0 unknown */
	unsigned mp_bytes;
	struct malloc_params params;
};

enum defect_kind {
	DEFECT_SIZE,	   /* a size word that cannot be */
	DEFECT_LINK,	   /* a list link that leads astray */
	DEFECT_LOOP,	   /* a list that never ends */
	DEFECT_UNREADABLE, /* memory that should be there is not */
	DEFECT_COUNT,	   /* two numbers that must agree do not */
	DEFECT_BUSY,	   /* stopped inside malloc */
	DEFECT_FLAGS,	   /* flags that this chunk cannot have */
	DEFECT_KINDS
};

enum { DEFECT_BYTES = 64 };

/* What does not add up, and the facts about it: what it means, and whose the
 * addresses in it are, is for others to say. */
struct defect {
	uint64_t addr; /* of the chunk (its header), link, field ... */
	enum defect_kind kind;
	uint32_t arena; /* ARENA_MMAPPED when of none */
	uint64_t word;	/* the word that is wrong; 0: not known to be one */
	bool has_found, has_expected;
	uint64_t found, expected; /* what the word has, and should have */
	uint64_t unknown; /* bytes from addr on: no chunk is known there */
	uint8_t bytes[DEFECT_BYTES]; /* what lies at addr */
	unsigned byte_count;	     /* of them, as many as can be read */
	char what[200];
};

/*
 * Why the numbers can be trusted: one row of `verify`.  For methods, text says
 * what was found by which evidence; for cross-checks a and b are the two
 * numbers that must agree.
 */
/* BUSY: it does not hold, and a thread inside malloc is why. */
enum check_result { CHECK_OK, CHECK_FAILED, CHECK_SKIPPED, CHECK_BUSY };

struct check {
	enum check_result result;
	bool has_numbers;
	bool caveat;   /* what all numbers mean is another thing: a warning */
	uint32_t copy; /* of malloc; 0 also for what is of all copies */
	uint64_t a, b;
	char name[48];	/* "main_arena by file image" */
	char text[160]; /* "0x7f..c60, unique"; why, when skipped */
};

/* The stack of one thread, innermost frame first. */
struct malloc_stack {
	pid_t tid;
	const struct frame *frame; /* borrowed */
	uint32_t count;
	bool complete; /* followed to its end */
};

/* A thread that was stopped inside malloc, free or one of their kin. */
struct inside_malloc {
	pid_t tid;
	char function[24]; /* "free"; "" when its name is not known */
	uint64_t pc;	   /* in that function */
	uint32_t chunks;   /* in its hands: listed as defects */
	/* A signal interrupted it, and the handler has not returned. */
	bool handler;
	bool aborts; /* malloc found damage and called abort(): it ends here */
};

/*
 * Each returns 0, or -1 to end the walk.  Any may be NULL.  Arenas come after
 * their chunks, since their totals are known last.
 */
struct malloc_sink {
	int (*copy)(void *ctx, const struct malloc_copy *, struct error *);
	int (*arena)(void *ctx, const struct arena *, struct error *);
	int (*region)(void *ctx, const struct heap_region *, struct error *);
	/* Ascending within a region; regions in any order. */
	int (*chunks)(void *ctx, const struct chunk *, size_t count,
		      struct error *);
	int (*tcache)(void *ctx, const struct tcache *, struct error *);
	int (*defect)(void *ctx, const struct defect *, struct error *);
	int (*check)(void *ctx, const struct check *, struct error *);
	int (*inside)(void *ctx, const struct inside_malloc *, struct error *);
	void *ctx;
	/* Of the target's threads, borrowed.  Without them the walk knows only
	 * from words near the top of stacks who may be inside malloc. */
	const struct malloc_stack *stack;
	size_t stacks;
	/* Filled by the walk; params is of copy 0. */
	struct malloc_params params;
	/* Bytes between a chunk's size on this glibc and its usable size:
	 * chunk_size = usable + word for arena chunks, + this for mmapped. */
	unsigned word, mmapped_overhead;
	bool checked; /* blocks are those of a malloc that checks: checked.h */
	uint64_t steps; /* headers looked at because of damage, or gaps */
};

struct allocator {
	const char *name; /* "glibc" */
	/*
	 * 1 with *state set (also when malloc was never called: the main arena
	 * is then not initialised), 0 if this allocator is not in the target,
	 * or -1.
	 */
	int (*probe)(struct target *, struct symbols *, void **state,
		     struct error *);
	/* "2.36" as the banner says (a hint only), "" if there is none. */
	const char *(*version)(const void *state);
	/* One line on layout and location, for verify and -v. */
	const char *(*summary)(const void *state);
	int (*walk)(struct target *, void *state, struct malloc_sink *,
		    struct error *);
	/* Optional: does a thread of the stopped target stand in its code?  A
	 * matter of microseconds; false proves nothing. */
	bool (*at_work)(const struct target *, const void *state);
	void (*release)(void *state);
};

extern const struct allocator *const allocators[]; /* NULL-terminated */
extern const struct allocator allocator_glibc;

__attribute__((unused)) static inline uint64_t
chunk_size(const struct chunk *c, unsigned word, unsigned mmapped_overhead)
{
	return c->size + (c->arena == ARENA_MMAPPED ? mmapped_overhead : word);
}

#endif
