/*
 * The memory map of a target: sorted, non-overlapping [start, end), in bytes of
 * the target's address space.
 */
#ifndef TARGET_MAPS_H
#define TARGET_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* DEMAND: userfaultfd fills its pages, see target/demand.h. */
enum map_prot { MAP_R = 1, MAP_W = 2, MAP_X = 4, MAP_S = 8, MAP_DEMAND = 16 };

struct map {
	uint64_t start, end;
	uint64_t offset; /* in the file, bytes */
	uint64_t inode;
	uint32_t dev_major, dev_minor;
	unsigned prot;	  /* enum map_prot bits */
	const char *path; /* borrowed from the struct maps; "" if anonymous */
};

struct maps {
	struct map *map; /* owned */
	size_t count;
	char *text; /* owned: what the paths point into */
};

/* text: the contents of /proc/PID/maps; the caller keeps it. */
int maps_parse(const char *text, size_t len, struct maps *out,
	       struct error *err) MUST_CHECK;
int maps_copy(const struct maps *from, struct maps *out,
	      struct error *err) MUST_CHECK;
void maps_deinit(struct maps *maps);

/* The mapping that holds addr, or NULL. */
const struct map *maps_find(const struct maps *maps, uint64_t addr);

/*
 * Private memory without a file behind it: [heap], [stack], anonymous maps,
 * "[anon:...]" names and "/anon_hugepage (deleted)" (GLIBC.md 7.4).  Any
 * protection.
 */
bool map_is_anonymous(const struct map *map);

#endif
