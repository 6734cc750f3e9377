/*
 * Mmapped chunks (GLIBC.md 7).  An aligned one sits deeper in its mapping, and
 * the header at the base stays and looks valid.  Malloc writes nothing between
 * the two: the deeper header is the first thing behind the base that differs
 * from what the memory was filled with (zeros, or M_PERTURB's byte).
 *
 * A program may have written there all the same.  What begins no chunk is then
 * stepped over to where one can begin: its user address is a power of two from
 * the base, or at a page.  A block without a deeper header has its user's bytes
 * there, so this is given up after some pages.
 */
#include <inttypes.h>

#include "base/alloc.h"
#include "malloc/walk.h"
#include "target/pagemap.h"

/* Touched pages that are looked at for a deeper header: of a block that begins
 * with its user's bytes, and of one that begins with fill. */
enum { STRAY_PAGES = 2, STRAY_PAGES_MOST = 16 };

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

/* Can a block whose mapping begins at base be aligned so? */
static bool is_aligned_in(const struct walk *w, uint64_t base, uint64_t user)
{
	uint64_t page = w->target->page_size, offset = user - base;

	return user % page == 0 || (offset < page && !(offset & (offset - 1)) &&
				    offset >= 2 * w->form.header + w->form.min);
}

static uint64_t total_at(struct walk *w, uint64_t base, uint64_t at)
{
	struct chunk_head head;

	return load_head(w, at, &head)
		       ? mmapped_total(&w->form, &head, at - base,
				       w->g->state->mmapped_tail,
				       w->target->page_size)
		       : 0;
}

/* What is deeper in a mapping than the header at its base. */
struct deep {
	uint64_t at, total; /* header; bytes from the base; 0: none */
	uint64_t word;	    /* that is damaged, and what it should have */
	uint64_t expected;
};

/* Is a whole header there?  limit is how far the mapping may go. */
static bool is_deep(struct walk *w, uint64_t base, uint64_t limit, uint64_t at,
		    struct deep *out)
{
	uint64_t total;

	if (!chunk_fits_at(&w->form, at) ||
	    at - base < w->form.header + w->form.min)
		return false;
	total = total_at(w, base, at);
	if (!total || total > limit - base)
		return false;
	*out = (struct deep){.at = at, .total = total};
	return true;
}

/*
 * Behind nothing but fill comes half a header: one of its words is what it has
 * to be in a block of that length, and the other was written over.
 */
static bool is_half(struct walk *w, uint64_t base, uint64_t total, uint64_t at,
		    struct deep *out)
{
	unsigned word = w->form.word, tail = w->g->state->mmapped_tail;
	uint64_t size = (total - (at - base) - tail) | CHUNK_IS_MMAPPED;
	struct chunk_head head;
	uint64_t prev;

	if (!is_aligned_in(w, base, at + w->form.header) ||
	    !load_head(w, at, &head))
		return false;
	/* One of its bits tells explicit huge pages. */
	prev = tail ? head.prev_size & ~UINT64_C(1) : head.prev_size;
	if ((prev == at - base) == (head.size == size))
		return false;
	*out = (struct deep){.at = at, .total = total};
	out->word = prev == at - base ? at + word : at;
	out->expected = prev == at - base ? size : at - base;
	return true;
}

/*
 * The same where a program wrote before it, or where there is no room for fill:
 * then only the size can prove it, a small number might be anything.
 */
static bool is_sized(struct walk *w, uint64_t base, uint64_t total, uint64_t at,
		     struct deep *out)
{
	uint64_t size = (total - (at - base) - w->g->state->mmapped_tail) |
			CHUNK_IS_MMAPPED;
	struct chunk_head head;

	if (!load_head(w, at, &head) || head.size != size)
		return false;
	*out = (struct deep){at, total, at, at - base};
	return true;
}

/* The first place behind at, in the same page, where a header can be and is;
 * or, with the length that the base claims, most of one. */
static bool behind_stray(struct walk *w, uint64_t base, uint64_t limit,
			 uint64_t claimed, uint64_t at, struct deep *out)
{
	unsigned header = w->form.header;
	uint64_t page = w->target->page_size;
	uint64_t end = (at & ~(page - 1)) + page;

	for (uint64_t k = w->form.min; at < base + page && k < page; k *= 2)
		if (base + k - header > at &&
		    (is_deep(w, base, limit, base + k - header, out) ||
		     (claimed &&
		      is_sized(w, base, claimed, base + k - header, out))))
			return true;
	return end < limit && end - header > at &&
	       (is_deep(w, base, limit, end - header, out) ||
		(claimed && is_sized(w, base, claimed, end - header, out)));
}

/*
 * The deeper header, if there is one: claimed is how long the one at the base
 * says the mapping is, limit where other memory begins.
 */
static bool deeper(struct walk *w, uint64_t base, uint64_t claimed,
		   uint64_t limit, struct deep *out)
{
	const struct chunk_form *form = &w->form;
	uint64_t page = w->target->page_size, fill;
	uint64_t user = chunk_first(form, base) + form->header, at = user;
	uint64_t upto = claimed < limit - base ? base + claimed : limit;
	unsigned word = form->word, strays = 0, most = STRAY_PAGES_MOST;

	*out = (struct deep){0};
	/* The new layout may leave no room for fill between the two. */
	if (w->g->state->mmapped_tail && total_at(w, base, user)) {
		*out = (struct deep){user, total_at(w, base, user), 0, 0};
		return out->total <= limit - base;
	}
	if (upto != base + claimed)
		claimed = 0;
	if (w->g->state->mmapped_tail && claimed &&
	    is_sized(w, base, claimed, user, out))
		return true;
	if (!pages_word(&w->pages, user, &fill) || !is_fill(w, fill)) {
		fill = 0;
		most = STRAY_PAGES;
	}
	while (strays++ < most) {
		at = first_other(w, at, upto, fill);
		if (at >= upto)
			return false;
		if (is_deep(w, base, limit, at, out) ||
		    (strays == 1 && claimed &&
		     (is_half(w, base, claimed, at, out) ||
		      is_half(w, base, claimed, at - word, out))) ||
		    behind_stray(w, base, limit, claimed, at, out))
			return true;
		at = (at & ~(page - 1)) + page;
	}
	return false;
}

int walk_add_mmapped(struct walk *w, uint64_t at, uint64_t base, uint64_t total,
		     struct error *err)
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

static int tell_half(struct walk *w, const struct deep *deep, struct error *err)
{
	struct defect d = wrong_word(DEFECT_SIZE, ARENA_MMAPPED, deep->word, 0);

	d.addr = deep->at;
	d.has_expected = true;
	d.expected = deep->expected;
	if (!pages_word(&w->pages, d.word, &d.found))
		d.has_found = false;
	return walk_damage(w, &d, err,
			   "half the header of an aligned mmapped chunk: the "
			   "other word is what it has to be in a mapping of "
			   "0x%" PRIx64 " bytes",
			   deep->total);
}

/* It does not end where its memory does: see walk_claims(). */
static int claim(struct walk *w, uint64_t at, uint64_t base, uint64_t claimed,
		 struct error *err)
{
	struct claim claim = {base, at, claimed, (size_t)(w->copy - w->copies)};
	struct deep deep;

	if (claimed > UINT64_MAX - base)
		return 0;
	if (deeper(w, base, claimed, base + claimed, &deep)) {
		if (deep.word)
			return 0;
		claim.at = deep.at;
		claim.total = deep.total;
	}
	if (GROW(w->claim, w->claim_cap, w->claims + 1,
		 "table of mmapped chunks", err) < 0)
		return -1;
	w->claim[w->claims++] = claim;
	return 0;
}

int walk_mmapped_at(struct walk *w, uint64_t base, uint64_t limit,
		    uint64_t *total, struct error *err)
{
	unsigned tail = w->g->state->mmapped_tail;
	uint64_t page = w->target->page_size, room, claimed;
	uint64_t first = chunk_first(&w->form, base);
	struct chunk_head head;
	struct deep deep;

	*total = 0;
	if (!load_head(w, first, &head))
		return 0;
	claimed = mmapped_total(&w->form, &head, first - base, tail, page);
	if (!claimed)
		return 0;
	room = limit - base;
	if (deeper(w, base, claimed, limit, &deep)) {
		*total = deep.total;
		return deep.word && tell_half(w, &deep, err) < 0
			       ? -1
			       : walk_add_mmapped(w, deep.at, base, deep.total,
						  err);
	}
	if (claimed <= room) {
		*total = claimed;
		return walk_add_mmapped(w, first, base, claimed, err);
	}
	if (!w->insides)
		return claim(w, first, base, claimed, err);
	/* mremap() has cut it, and its header still has the old length. */
	*total = room;
	if (walk_add_mmapped(w, first, base, room, err) < 0)
		return -1;
	return walk_defect(
		w, DEFECT_BUSY, ARENA_NONE, first + w->form.header, err,
		"0x%" PRIx64 " bytes mapped, its header says 0x%" PRIx64, room,
		claimed);
}
