/* Chunk headers, decoded (GLIBC.md 2); pure functions. */
#ifndef MALLOC_GLIBC_CHUNK_H
#define MALLOC_GLIBC_CHUNK_H

#include <stdbool.h>
#include <stdint.h>

#include "malloc/glibc_layout.h"

/* What all chunks of one malloc have in common, bytes. */
struct chunk_form {
	unsigned word;
	unsigned align;	 /* of user addresses and of sizes */
	unsigned header; /* user address minus chunk address; two words, and
			  * no real chunk is as small: a fencepost is */
	unsigned min;
};

static inline struct chunk_form chunk_form_of(const struct state_layout *l)
{
	return (struct chunk_form){l->word, l->align, 2 * l->word, 4 * l->word};
}

/* A size word without its flags. */
#define CHUNK_SIZE_MASK (~(uint64_t)CHUNK_FLAGS)

/* The first four words of a chunk; fd and bk mean something when it is free. */
struct chunk_head {
	uint64_t prev_size, size, fd, bk; /* size with its flags */
};

/* words: how many of them there are; the others are 0. */
struct chunk_head chunk_head_load(const struct chunk_form *form,
				  const uint8_t *bytes, unsigned words);

static inline uint64_t chunk_bytes(const struct chunk_head *h)
{
	return h->size & CHUNK_SIZE_MASK;
}

/* Can a chunk, or what a user has of one, begin here? */
static inline bool chunk_fits_at(const struct chunk_form *form, uint64_t addr)
{
	return (addr + form->header) % form->align == 0;
}

static inline bool chunk_fits_user(const struct chunk_form *form, uint64_t user)
{
	return user % form->align == 0;
}

/*
 * Can a chunk of an arena have this size word, with room bytes from its start
 * to where its region ends?
 */
bool chunk_plausible(const struct chunk_form *form, uint64_t size_word,
		     uint64_t room, bool main_arena);

/* Where the first chunk lies when memory begins at addr. */
uint64_t chunk_first(const struct chunk_form *form, uint64_t addr);

/*
 * What is left of a page behind fenceposts or a chunk that ends at addr: where
 * chunks begin in the middle of their alignment, so they end.
 */
uint64_t chunk_slack(const struct chunk_form *form, uint64_t addr);

/* The bin a free chunk of this size belongs to once sorted; 2..63, or 64 for
 * all large ones. */
unsigned chunk_bin(const struct chunk_form *form, uint64_t size);

/* Links are stored xor-ed with where they are stored (GLIBC.md 6.2). */
static inline uint64_t link_reveal(uint64_t stored, uint64_t where)
{
	return stored ^ where >> 12;
}

/*
 * An mmapped chunk whose header is at offset from the page its mapping begins
 * on: the length of the whole mapping, or 0 if it cannot be one.
 */
uint64_t mmapped_total(const struct chunk_form *form,
		       const struct chunk_head *h, uint64_t offset,
		       unsigned tail, uint64_t page);

#endif
