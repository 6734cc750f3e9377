#include "malloc/frees.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

void frees_deinit(struct frees *frees)
{
	free(frees->chunk);
	free(frees->link);
	*frees = (struct frees){.keep_links = frees->keep_links};
}

static int make_room(struct frees *frees, size_t count, struct error *err)
{
	if (GROW(frees->chunk, frees->cap, count, "free list", err) < 0)
		return -1;
	return frees->keep_links ? GROW(frees->link, frees->link_cap, count,
					"free list", err)
				 : 0;
}

int frees_add(struct frees *frees, const struct free_chunk *chunk,
	      const struct free_links *links, struct error *err)
{
	if (make_room(frees, frees->count + 1, err) < 0)
		return -1;
	if (frees->keep_links)
		frees->link[frees->count] = *links;
	frees->chunk[frees->count++] = *chunk;
	return 0;
}

int frees_take(struct frees *frees, struct frees *more, struct error *err)
{
	size_t at = frees->count, n = more->count;

	if (n && make_room(frees, at + n, err) < 0)
		return -1;
	if (n)
		memcpy(frees->chunk + at, more->chunk, n * sizeof *more->chunk);
	if (n && frees->keep_links)
		memcpy(frees->link + at, more->link, n * sizeof *more->link);
	frees->count += n;
	frees_deinit(more);
	return 0;
}

size_t frees_forget(struct frees *frees, uint32_t arena, uint64_t start,
		    uint64_t end, uint64_t *bytes)
{
	size_t kept = 0, gone;

	*bytes = 0;
	for (size_t i = 0; i < frees->count; i++) {
		const struct free_chunk *c = &frees->chunk[i];

		if (c->arena == arena && c->addr >= start && c->addr < end) {
			*bytes += c->size;
			continue;
		}
		if (frees->keep_links)
			frees->link[kept] = frees->link[i];
		frees->chunk[kept++] = *c;
	}
	gone = frees->count - kept;
	frees->count = kept;
	return gone;
}
