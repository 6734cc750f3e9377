/*
 * How glibc's structures lie in memory, one row for each family of releases
 * that agree.  Offsets are bytes.  Which row fits is decided by evidence in the
 * file or in memory, never by the version.
 */
#ifndef MALLOC_GLIBC_LAYOUT_H
#define MALLOC_GLIBC_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	GLIBC_BINS = 127, /* 1 is unsorted, 2..63 small, 64..127 large */
	CHUNK_PREV_INUSE = 1,
	CHUNK_IS_MMAPPED = 2,
	CHUNK_NON_MAIN = 4,
	CHUNK_FLAGS = 7,
	TCACHE_SMALL_BINS = 64,
	TCACHE_MAX_BINS = 76,
	TCACHE_MAX_SIZE = 0x400 /* no tcache struct is larger */
};

/* malloc_state: one per arena. */
struct state_layout {
	const char *releases;
	unsigned word;
	unsigned fastbins, fastbin_count; /* count 0: there are none */
	unsigned top, bins;
	unsigned next;	   /* K: initially holds the struct's own address */
	unsigned attached; /* 0: there is no such field */
	unsigned system_mem, max_system_mem, size;
	unsigned align; /* of user addresses */
	/* mmapped chunks: size counts to the end less this; see 7.2. */
	unsigned mmapped_tail;
};

/* malloc_par: mp_, the global counters. */
struct params_layout {
	const char *releases;
	unsigned word;
	unsigned mmap_threshold, arena_test, hp_pagesize; /* 0: none */
	unsigned n_mmaps, n_mmaps_max, max_n_mmaps, no_dyn_threshold; /* ints */
	unsigned mmapped_mem, max_mmapped_mem, sbrk_base;
	unsigned tcache_bins; /* then tcache_max_bytes, tcache_count; 0: none */
	unsigned size;
};

/* heap_info: arena, previous heap, size, mprotect_size, [pagesize]. */
struct heap_layout {
	const char *releases;
	unsigned word, size;
};

/* tcache_perthread_struct: counts, then entries. */
struct tcache_layout {
	const char *releases;
	unsigned word, bins, count_bytes;
	bool slots_left; /* what is counted is what still fits */
	unsigned chunk;	 /* least size of the chunk that holds it */
};

/* Each table ends with a row whose word is 0. */
extern const struct state_layout state_layouts[];
extern const struct params_layout params_layouts[];
extern const struct heap_layout heap_layouts[];
extern const struct tcache_layout tcache_layouts[];

/* Can a chunk of that size hold such a tcache struct? */
bool tcache_layout_fits(const struct tcache_layout *layout, unsigned align,
			uint64_t chunk_size);

#endif
