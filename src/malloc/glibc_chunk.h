/* Chunk headers, decoded (GLIBC.md 2); pure functions, LP64. */
#ifndef MALLOC_GLIBC_CHUNK_H
#define MALLOC_GLIBC_CHUNK_H

#include <stdbool.h>
#include <stdint.h>

#include "malloc/glibc_layout.h"

enum {
	CHUNK_WORD = 8,
	CHUNK_HEADER = 16, /* user address minus chunk address */
	CHUNK_ALIGN = 16,
	CHUNK_MIN = 32,
	CHUNK_FENCE = 16 /* size of a fencepost; no real chunk has it */
};

/* A size word without its flags. */
#define CHUNK_SIZE_MASK (~(uint64_t)CHUNK_FLAGS)

/* The first four words of a chunk; fd and bk mean something when it is free. */
struct chunk_head {
	uint64_t prev_size, size, fd, bk; /* size with its flags */
};

struct chunk_head chunk_head_load(const uint8_t *bytes); /* 32 of them */

static inline uint64_t chunk_bytes(const struct chunk_head *h)
{
	return h->size & CHUNK_SIZE_MASK;
}

/*
 * Can a chunk of an arena have this size word, with room bytes from its start
 * to where its region ends?
 */
bool chunk_plausible(uint64_t size_word, uint64_t room, bool main_arena);

/* Where the first chunk lies when memory begins at addr. */
uint64_t chunk_first(uint64_t addr);

/* The bin a free chunk of this size belongs to once sorted; 2..63, or 64 for
 * all large ones. */
unsigned chunk_bin(uint64_t size);

/* Links are stored xor-ed with where they are stored (GLIBC.md 6.2). */
static inline uint64_t link_reveal(uint64_t stored, uint64_t where)
{
	return stored ^ where >> 12;
}

/*
 * An mmapped chunk whose header is at offset from the page its mapping begins
 * on: the length of the whole mapping, or 0 if it cannot be one.
 */
uint64_t mmapped_total(const struct chunk_head *h, uint64_t offset,
		       unsigned tail, uint64_t page);

#endif
