/*
 * A heap built byte by byte: a main arena, one thread arena, a thread with a
 * tcache, an mmapped and an aligned mmapped chunk.  Sound as fake_init() makes
 * it, like glibc 2.36; a test then damages a word and walks.  fake_init_as()
 * makes the same heap as another family of releases lays it out; all sizes of
 * chunks are then the same multiples of its alignment.
 */
#ifndef TESTS_LIB_FAKE_HEAP_H
#define TESTS_LIB_FAKE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "malloc/allocator.h"
#include "malloc/glibc.h"
#include "target/image.h"
#include "target/target.h"

/* As a 64-bit process has them; fake_at() tells those of f's word. */
#define FAKE_DATA   UINT64_C(0x7f00f7100000) /* libc's writable data */
#define FAKE_MAIN   (FAKE_DATA + 0x100)	     /* main_arena */
#define FAKE_MP	    (FAKE_DATA + 0x1000)
#define FAKE_BRK    UINT64_C(0x555556000000) /* [heap] */
#define FAKE_OTHER  UINT64_C(0x7e00e0000000) /* where a heap could be; zeros */
#define FAKE_HEAP   UINT64_C(0x7e00e4000000) /* of the thread arena */
#define FAKE_ARENA  (FAKE_HEAP + 48)
#define FAKE_MAPPED UINT64_C(0x7f00f7200000) /* mmapped chunks */
#define FAKE_BLOCK  UINT64_C(0x7f00f7400000) /* the thread's TLS and stack */
#define FAKE_TP	    (FAKE_BLOCK + 0x1000)
#define FAKE_TEXT   UINT64_C(0x7f00f7000000) /* malloc's code: not mapped */

enum {
	FAKE_REGIONS = 6,
	FAKE_REGION_SIZE = 0x10000,
	FAKE_THREADS = 3,
	FAKE_USED = 20, /* in each arena */
	FAKE_MAX = 4096,
	FAKE_DEFECTS = 1024
};

/* Offsets are bytes, all of them written down here and not in the layouts that
 * are tested. */
struct fake_family {
	const char *releases;
	unsigned word, align;
	unsigned fastbins; /* 0: none */
	unsigned top, bins, next, attached, system_mem, state_size;
	unsigned n_mmaps, mmapped_mem, sbrk_base; /* of mp_ */
	unsigned tcache_bins;			  /* of mp_; 0: no tcache */
	unsigned tcache_chunk, counts, entries;	  /* bytes a count; offset */
	unsigned depth;				  /* mp_'s tcache_count */
	bool slots_left, safe, mapped_tail;
	unsigned heap_info;
	enum { FAKE_NO_KEY, FAKE_KEY_STRUCT, FAKE_KEY_RANDOM } key;
};

struct fake_heap {
	const struct fake_family *family;
	unsigned word;
	uint64_t arena;		      /* of the thread arena */
	uint8_t *bytes[FAKE_REGIONS]; /* owned, FAKE_REGION_SIZE each */
	struct glibc g;
	struct thread thread;
	struct thread more[FAKE_THREADS]; /* behind it; tid 0: no more */
	struct malloc_stack stack; /* of the thread; count 0: not known */

	/* What was made: user addresses. */
	uint64_t used[2][FAKE_USED];
	uint64_t freed[2][4]; /* in the unsorted bin, in its order */
	uint64_t fast[3];     /* of the main arena, in the list's order */
	uint64_t cached[3];   /* of the thread's tcache, in its order */
	uint64_t cache;	      /* the tcache struct */
	uint64_t mapped, aligned;
	uint64_t top[2]; /* chunk addresses */
};

void fake_init(struct fake_heap *f);
/* Laid out like that; what f->g has of layouts is left to be found. */
void fake_init_as(struct fake_heap *f, const struct fake_family *family);
void fake_deinit(struct fake_heap *f);
/* Where region i begins in a 64-bit process. */
uint64_t fake_region(unsigned i);
/* One of the addresses above, as f has it. */
uint64_t fake_at(const struct fake_heap *f, uint64_t addr);
void fake_poke(struct fake_heap *f, uint64_t addr, uint64_t word);
uint64_t fake_peek(struct fake_heap *f, uint64_t addr);
/* The place of a byte; the test fails if it is in no region. */
uint8_t *fake_bytes(struct fake_heap *f, uint64_t addr);
/* The place of a 64-bit word; the test fails if it is in no region. */
uint64_t *fake_word(struct fake_heap *f, uint64_t addr);
/* The size word of the chunk with this user address. */
uint64_t *fake_size(struct fake_heap *f, uint64_t user);

/* What a walk pushed. */
struct fake_walk {
	unsigned word;
	struct chunk chunk[FAKE_MAX];
	size_t chunks;
	struct arena arena[16];
	size_t arenas;
	struct defect defect[FAKE_DEFECTS];
	size_t defects;
	struct check check[64];
	size_t checks;
	struct tcache tcache[16];
	size_t tcaches;
	struct inside_malloc inside; /* the last one */
	size_t insides;
	uint64_t steps;
	uint64_t pushes, stop_after; /* the push that ends it; 0: none */
	uint64_t without;	     /* a page that cannot be read; 0: none */
};

/* A copy as it is now, to be closed. */
struct target *fake_target(struct fake_heap *f, uint64_t without);
/* Walks a copy as it is now; 0, or -1 with *err. */
int fake_walk(struct fake_heap *f, struct fake_walk *w, struct error *err);
const struct chunk *fake_chunk(const struct fake_walk *w, uint64_t user);
const struct defect *fake_defect(const struct fake_walk *w, uint64_t addr);
size_t fake_failed(const struct fake_walk *w); /* checks that failed */
/*
 * Fails the test unless what was pushed holds together whatever the damage:
 * chunks inside their regions, ascending, none overlapping another.
 */
void fake_invariants(const struct fake_walk *w);

#endif
