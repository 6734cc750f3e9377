/*
 * Reading a target the way a heap is read: forward in long runs with jumps in
 * between, or a few words here and there.
 *
 * Two kinds.  A window follows a walk: it grows while the walk goes on
 * sequentially, and begins small again after a jump, so that a big chunk costs
 * one page and not its length.  Pages are a small cache for lists whose members
 * lie anywhere.  On an image both hand out pointers in place.  Valid only while
 * the target stands still.
 */
#ifndef MALLOC_READER_H
#define MALLOC_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target/target.h"

enum {
	READER_WINDOW = 256 << 10, /* bytes */
	READER_FIRST = 4 << 10,
	READER_PAGES = 64,
	READER_PAGE = 4096
};

struct window {
	struct target *target; /* borrowed */
	const uint8_t *bytes;  /* of start */
	uint64_t start, end;   /* what is in it */
	size_t step;	       /* how much the next refill asks for */
	uint8_t *buf;	       /* owned, READER_WINDOW */
	uint8_t scratch[64];   /* what straddles two runs */
};

void window_init(struct window *window, struct target *target);
void window_deinit(struct window *window);

/* Refills; what window_at() does when its fast path fails. */
const uint8_t *window_refill(struct window *window, uint64_t addr, size_t need);

/*
 * need bytes (at most 64) at addr; NULL if they are not all readable.  Borrowed
 * until the next call.
 */
static inline const uint8_t *window_at(struct window *window, uint64_t addr,
				       size_t need)
{
	if (addr >= window->start && addr < window->end &&
	    window->end - addr >= need)
		return window->bytes + (addr - window->start);
	return window_refill(window, addr, need);
}

struct pages {
	struct target *target; /* borrowed */
	struct {
		uint64_t addr; /* of the page; 1: empty */
		size_t len;
	} slot[READER_PAGES];
	uint8_t *buf; /* owned, READER_PAGES * READER_PAGE */
};

void pages_init(struct pages *pages, struct target *target);
void pages_deinit(struct pages *pages);
/* false if not all of it is readable; len at most READER_PAGE. */
bool pages_read(struct pages *pages, uint64_t addr, void *buf, size_t len);
/* One word of the target, zero-extended; false if unreadable. */
bool pages_word(struct pages *pages, uint64_t addr, uint64_t *out);

/* What is at addr will be read soon: it comes from memory meanwhile, if the
 * target hands it out in place. */
void pages_want(const struct pages *pages, uint64_t addr);

static inline uint64_t load64(const uint8_t *p)
{
	uint64_t v;

	__builtin_memcpy(&v, p, sizeof v);
	return v;
}

static inline uint32_t load32(const uint8_t *p)
{
	uint32_t v;

	__builtin_memcpy(&v, p, sizeof v);
	return v;
}

/* word: 8 or 4 bytes. */
static inline uint64_t load_word(const uint8_t *p, unsigned word)
{
	return word == 8 ? load64(p) : load32(p);
}

#endif
