/*
 * Tcache structs while the heap is walked: glibc_cache.c decodes one,
 * glibc_tcache.c has those of threads, glibc_orphans.c the others.
 */
#ifndef MALLOC_CACHE_H
#define MALLOC_CACHE_H

#include "malloc/walk.h"

enum { CACHE_BAD_ALLOWED = 4 };

/* A tcache struct, decoded. */
struct cache {
	const struct tcache_layout *layout;
	uint64_t addr;
	uint32_t count[TCACHE_MAX_BINS];
	uint64_t entry[TCACHE_MAX_BINS];
	unsigned wrong; /* bins whose count and entry contradict each other */
	unsigned filled;
	/* Bins that are damaged and left out, and what their entries are. */
	unsigned damaged, where[CACHE_BAD_ALLOWED];
	uint64_t bad[CACHE_BAD_ALLOWED];
};

/* Can a chunk of this size be one of that layout? */
bool cache_size_fits(const struct walk *w, const struct chunk *c,
		     const struct tcache_layout *l);
/* As the row whose counts and entries agree best; false if it is none. */
bool cache_decode(struct walk *w, const struct chunk *c, struct cache *out);
/* The same with at most so many bins damaged, which are left out. */
bool cache_decode_with(struct walk *w, const struct chunk *c, unsigned bad,
		       struct cache *out);
/* The chunk size of its members; 0: a range of sizes. */
uint64_t cache_bin_size(const struct walk *w, const struct cache *c,
			unsigned bin);
/* Follows its lists, and tells of it. */
int cache_take(struct walk *w, const struct cache *c, pid_t tid, uint32_t arena,
	       struct error *err) MUST_CHECK;
/* Are its links protected? */
void cache_vote(struct walk *w, const struct cache *c);

/* Those that nobody owns: heard, and taken. */
int walk_orphans_vote(struct walk *w, const struct u64map *owned,
		      struct error *err) MUST_CHECK;
int walk_orphans_take(struct walk *w, const struct u64map *owned,
		      struct error *err) MUST_CHECK;

#endif
