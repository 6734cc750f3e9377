/*
 * Mmapped chunks (GLIBC.md 7).  An aligned one sits deeper in its mapping, and
 * the header at the base stays and looks valid.  Nobody writes between the two:
 * the deeper header is the first thing behind the base that differs from what
 * the memory was filled with (zeros, or M_PERTURB's byte).
 */
#include <inttypes.h>

#include "base/alloc.h"
#include "malloc/walk.h"
#include "target/pagemap.h"

static bool load_head(struct walk *w, uint64_t addr, struct chunk_head *h)
{
	uint8_t bytes[16];

	*h = (struct chunk_head){0};
	if (target_read_some(w->target, addr, bytes, w->form.header) <
	    w->form.header)
		return false;
	*h = chunk_head_load(&w->form, bytes, 2);
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
	unsigned word = w->form.word;

	while (at + word <= limit) {
		const uint8_t *p;
		uint64_t end;

		/* What nobody touched is zeros, perhaps terabytes of them. */
		if (!fill && at % w->target->page_size == 0)
			at = next_touched(w, at, limit);
		p = at + word <= limit ? window_at(&w->window, at, word) : NULL;
		if (!p)
			return limit;
		end = w->window.end - at % word;
		if (p == w->window.scratch || end <= at)
			end = at + word;
		if (end > limit)
			end = limit;
		for (; at + word <= end; at += word, p += word)
			if (load_word(p, word) != fill)
				return at;
	}
	return limit;
}

static bool is_fill(const struct walk *w, uint64_t fill)
{
	uint64_t all = (fill & 0xff) * UINT64_C(0x0101010101010101);

	return fill == (w->form.word == 8 ? all : (uint32_t)all);
}

/* The deeper header, or 0. */
static uint64_t deeper(struct walk *w, uint64_t base, uint64_t limit)
{
	const struct chunk_form *form = &w->form;
	unsigned tail = w->g->state->mmapped_tail;
	uint64_t user = chunk_first(form, base) + form->header, at, fill;
	struct chunk_head head;

	/* The new layout may leave no room for fill between the two. */
	if (tail && load_head(w, user, &head) &&
	    mmapped_total(form, &head, user - base, tail, w->target->page_size))
		return user;
	if (!pages_word(&w->pages, user, &fill) || !is_fill(w, fill))
		return 0;
	at = first_other(w, user, limit, fill);
	return at < limit && chunk_fits_at(form, at) &&
			       at - base >= form->header + form->min
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
		.addr = at + w->form.header,
		/* Where the layout has a tail, a word of it is kept back. */
		.size = total - (at - base) - w->form.header -
			(w->g->state->mmapped_tail ? w->form.word : 0),
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
	uint64_t first = chunk_first(&w->form, base);
	struct chunk_head head;

	*total = 0;
	if (!load_head(w, first, &head))
		return 0;
	claimed = mmapped_total(&w->form, &head, first - base, tail, page);
	if (!claimed)
		return 0;
	room = limit - base;
	at = deeper(w, base, base + (claimed < room ? claimed : room));
	if (at && load_head(w, at, &head)) {
		uint64_t real =
			mmapped_total(&w->form, &head, at - base, tail, page);

		if (real && real <= room) {
			*total = real;
			return add_mmapped(w, at, base, real, err);
		}
	}
	if (claimed <= room) {
		*total = claimed;
		return add_mmapped(w, first, base, claimed, err);
	}
	/* mremap() has cut it, and its header still has the old length. */
	if (!w->insides)
		return 0;
	*total = room;
	if (add_mmapped(w, first, base, room, err) < 0)
		return -1;
	return walk_defect(
		w, DEFECT_BUSY, ARENA_NONE, first + w->form.header, err,
		"0x%" PRIx64 " bytes mapped, its header says 0x%" PRIx64, room,
		claimed);
}
