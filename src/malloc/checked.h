/*
 * Blocks of the malloc that checks: MALLOC_CHECK_, the tunable
 * glibc.malloc.check, libc_malloc_debug.  It takes a byte more than it is asked
 * for and puts a mark there, made from the chunk's address; what is left behind
 * it up to the chunk's end leads back to it in steps.  malloc_usable_size() is
 * what was asked for.  Source: malloc/hooks.c of glibc 2.31, malloc-check.c of
 * 2.36.
 */
#ifndef MALLOC_CHECKED_H
#define MALLOC_CHECKED_H

#include "malloc/allocator.h"
#include "malloc/reader.h"

/*
 * *asked is what a used chunk was asked for, bytes, if it ends with such a
 * mark.  A block of no checking malloc may end like that by chance: about one
 * of 256 does.  A mark more than 4 MiB before the end is not looked for.
 * word: bytes of one of the target's.
 */
bool checked_size(struct pages *pages, const struct chunk *c, unsigned word,
		  uint64_t *asked);

#endif
