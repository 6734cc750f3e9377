/*
 * Reading the words of a snapshot's memory in place: the pieces of a range
 * that its contents hold.  A cursor, because neighbours are read in order.
 */
#ifndef ANALYSIS_WORDS_H
#define ANALYSIS_WORDS_H

#include <stdbool.h>
#include <string.h>

#include "base/progress.h"
#include "snapshot/snapshot.h"

/* Bytes between two looks at ^C, and of a piece at most. */
#define PIECES_STEP (1 << 20)

struct pieces {
	const struct image *image; /* borrowed */
	uint64_t at, end;	   /* what is left to tell */
	size_t run;		   /* the run to look at next */
	uint64_t done, ticked;	   /* bytes of all ranges, for progress */
};

/* Words to look at one by one, which lie at addr. */
struct words_piece {
	const uint8_t *bytes; /* borrowed */
	uint64_t addr, len;
	/* Behind len: as many bytes belong to the same thing; as many again are
	 * in memory, though they mean nothing. */
	uint64_t more, rest;
};

/* [start, end); p keeps its place if start is not below the last range. */
static inline void pieces_begin(struct pieces *p, const struct image *image,
				uint64_t start, uint64_t end)
{
	size_t low = 0, high = image->run_count;

	if (p->image == image && p->run < high &&
	    image->run[p->run].start <= start && image->run[p->run].end > start)
		low = high = p->run;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (image->run[mid].end <= start)
			low = mid + 1;
		else
			high = mid;
	}
	p->image = image;
	p->at = start;
	p->end = end;
	p->run = low;
}

/* len bytes of a piece have been looked at; what: "looking for pointers". */
static inline int pieces_tick(struct pieces *p, uint64_t len, const char *what,
			      struct error *err)
{
	p->done += len;
	if (p->done - p->ticked < PIECES_STEP)
		return 0;
	p->ticked = p->done;
	return progress_tick(what, p->done, image_bytes(p->image), err);
}

/* The next piece that is held, at most max bytes; NULL: no more. */
static inline const uint8_t *pieces_next(struct pieces *p, uint64_t max,
					 uint64_t *addr, uint64_t *len)
{
	while (p->at < p->end && p->run < p->image->run_count) {
		const struct image_run *run = &p->image->run[p->run];

		if (run->start >= p->end)
			break;
		if (run->start > p->at)
			p->at = run->start;
		if (run->end <= p->at) {
			p->run++;
			continue;
		}
		*addr = p->at;
		*len = (run->end < p->end ? run->end : p->end) - p->at;
		if (*len > max)
			*len = max;
		p->at += *len;
		return run->bytes + (*addr - run->start);
	}
	return NULL;
}

/* The same with what follows it. */
static inline bool pieces_piece(struct pieces *p, uint64_t max,
				struct words_piece *out)
{
	const struct image_run *run;
	uint64_t limit;

	out->bytes = pieces_next(p, max, &out->addr, &out->len);
	if (!out->bytes)
		return false;
	run = &p->image->run[p->run];
	limit = run->end < p->end ? run->end : p->end;
	out->more = limit - out->addr - out->len;
	out->rest = run->end - limit;
	return true;
}

static inline uint64_t load_word(const uint8_t *at, unsigned word)
{
	uint64_t value = 0;

	if (word == 8)
		memcpy(&value, at, 8);
	else
		memcpy(&value, at, 4);
	return value;
}

#endif
