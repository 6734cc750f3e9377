/*
 * The chunks that their neighbours say are free, as a walk meets them: they
 * should be in bins.  Their links are kept beside them only where memory is not
 * at hand: to read them again would make the target stand for longer.
 */
#ifndef MALLOC_FREES_H
#define MALLOC_FREES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct free_chunk {
	uint64_t addr; /* chunk address */
	uint64_t size : 48, arena : 12, seen : 1;
};

struct free_links {
	uint64_t fd, bk; /* chunk addresses */
};

struct frees {
	struct free_chunk *chunk; /* owned */
	size_t count, cap;
	struct free_links *link; /* owned; NULL: not kept */
	size_t link_cap;
	bool keep_links;
};

void frees_deinit(struct frees *frees);
int frees_add(struct frees *frees, const struct free_chunk *chunk,
	      const struct free_links *links, struct error *err) MUST_CHECK;
/* Those of "more" behind the others; "more" is empty then. */
int frees_take(struct frees *frees, struct frees *more,
	       struct error *err) MUST_CHECK;
/* Those of this arena in [start, end) are forgotten; *bytes: of what sizes.
 * Returns how many there were. */
size_t frees_forget(struct frees *frees, uint32_t arena, uint64_t start,
		    uint64_t end, uint64_t *bytes);

#endif
