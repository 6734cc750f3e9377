/*
 * Mmapped chunks (GLIBC.md 7).  An aligned one sits deeper in its mapping, and
 * the header at the base stays and looks valid.  Nobody writes between the two:
 * the deeper header is the first thing behind the base that differs from what
 * the memory was filled with (zeros, or M_PERTURB's byte).
 */
#include "base/alloc.h"
#include "malloc/walk.h"
#include "target/pagemap.h"

enum { LEAST_OFFSET = 48 };

static bool load_head(struct walk *w, uint64_t addr, struct chunk_head *h)
{
	uint64_t word[2];

	*h = (struct chunk_head){0};
	if (target_read_some(w->target, addr, word, sizeof word) < sizeof word)
		return false;
	h->prev_size = word[0];
	h->size = word[1];
	return true;
}

/* The first address from at on that was ever touched; limit if none was. */
static uint64_t next_touched(struct walk *w, uint64_t at, uint64_t limit)
{
	struct target *t = w->target;
	uint64_t page = t->page_size, from = at & ~(page - 1);
	uint64_t end = (limit + page - 1) & ~(page - 1), walked;
	struct page_run run;

	for (; t->ops->touched_runs && from < end; from = walked) {
		if (t->ops->touched_runs(t, from, end, &run, 1, &walked))
			return run.start > at ? run.start : at;
		if (walked <= from)
			return at;
	}
	return t->ops->touched_runs ? limit : at;
}

/* The first word in [at, limit) that is not fill; limit if there is none. */
static uint64_t first_other(struct walk *w, uint64_t at, uint64_t limit,
			    uint64_t fill)
{
	while (at + 8 <= limit) {
		const uint8_t *p;
		uint64_t end;

		/* What nobody touched is zeros, perhaps terabytes of them. */
		if (!fill && at % w->target->page_size == 0)
			at = next_touched(w, at, limit);
		p = at + 8 <= limit ? window_at(&w->window, at, 8) : NULL;
		if (!p)
			return limit;
		end = w->window.end - at % 8;
		if (p == w->window.scratch || end <= at)
			end = at + 8;
		if (end > limit)
			end = limit;
		for (; at + 8 <= end; at += 8, p += 8)
			if (load64(p) != fill)
				return at;
	}
	return limit;
}

/* The deeper header, or 0. */
static uint64_t deeper(struct walk *w, uint64_t base, uint64_t limit)
{
	unsigned tail = w->g->state->mmapped_tail;
	struct chunk_head head;
	uint64_t fill, at;
	unsigned byte;

	/* The new layout may leave no room for fill between the two. */
	at = base + CHUNK_HEADER;
	if (tail && load_head(w, at, &head) &&
	    mmapped_total(&head, CHUNK_HEADER, tail, w->target->page_size))
		return at;
	if (!pages_word(&w->pages, at, &fill))
		return 0;
	byte = fill & 0xff;
	if (fill != byte * UINT64_C(0x0101010101010101))
		return 0;
	at = first_other(w, base + CHUNK_HEADER, limit, fill);
	return at < limit && at % CHUNK_ALIGN == 0 && at - base >= LEAST_OFFSET
		       ? at
		       : 0;
}

static int add_mmapped(struct walk *w, uint64_t at, uint64_t base,
		       uint64_t total, struct error *err)
{
	if (GROW(w->mmapped, w->mmapped_cap, w->mmappeds + 1,
		 "table of mmapped chunks", err) < 0)
		return -1;
	w->mmapped[w->mmappeds++] = (struct chunk){
		.addr = at + CHUNK_HEADER,
		/* The tail is given to the user where the layout has it. */
		.size = total - (at - base) - CHUNK_HEADER,
		.arena = ARENA_MMAPPED,
		.state = CHUNK_USED,
	};
	w->mmapped_bytes += total;
	return 0;
}

int walk_mmapped_at(struct walk *w, uint64_t base, uint64_t limit,
		    uint64_t *total, struct error *err)
{
	unsigned tail = w->g->state->mmapped_tail;
	uint64_t page = w->target->page_size, room, claimed, at;
	struct chunk_head head;

	*total = 0;
	if (!load_head(w, base, &head))
		return 0;
	claimed = mmapped_total(&head, 0, tail, page);
	if (!claimed)
		return 0;
	room = limit - base;
	at = deeper(w, base, base + (claimed < room ? claimed : room));
	if (at && load_head(w, at, &head)) {
		uint64_t real = mmapped_total(&head, at - base, tail, page);

		if (real && real <= room) {
			*total = real;
			return add_mmapped(w, at, base, real, err);
		}
	}
	if (claimed > room)
		return 0;
	*total = claimed;
	return add_mmapped(w, base, base, claimed, err);
}
