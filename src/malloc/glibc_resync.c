/*
 * Where do chunks begin again?  After damage, and behind memory that a program
 * took from brk for itself (GLIBC.md 4.4 c).
 *
 * What can be believed.  A single word proves little: any data may look like a
 * size.  A chain does: from one header to where it says that the next one is,
 * and so on, each of them a size that fits what is left of the memory, with
 * flags that an arena's chunk can have, a free one with its size written
 * behind it too.  A chain is strong if it is RESYNC_CHUNKS long, or reaches
 * the arena's top or the end of its heap; and weak if it is shorter, at least
 * WEAK_CHUNKS, all of whose flags are exactly those of a chunk in an arena.
 *
 * At a header that cannot be, one of two words was overwritten: this one, or
 * the size that led here.
 *
 * 1. If nothing but a flag is wrong, and chunks go on where the size says, the
 *    chunk stays, and the flag is told.
 * 2. Did one of the last few sizes lead astray?  Then the chunks that it spans
 *    are still inside of it: a chain of at least PASSING_CHUNKS, flags exactly
 *    right, passes over the header without touching it, and is strong behind
 *    it (or STRICT_CHUNKS long there, flags exactly right).  All chunks that
 *    were walked lead to the bad header: none of them can be taken for that.
 *    The walk goes back to the chunk with that size.  (One chunk that passes
 *    is not enough, unless a bin leads to it, or the next chunk begins less
 *    than a chunk behind the bad header, which is none then: one number in a
 *    block of numbers passes too easily.)
 * 3. From there on (or from the bad header, if no chain passes it) every
 *    address that may be a chunk's is tried, upwards.  The first strong chain
 *    is where the heap surely goes on.  Before it, in the gap, a weak chain is
 *    taken: one that does not reach across the beginning of the strong one.
 * 4. If the chunk that the strong chain begins with says that the one before
 *    it is free, its size is written there, and the lists of its bin lead to
 *    it, it stays though its own size word is gone.
 *
 * What lies between is not guessed at: it is told as unknown, with its bytes.
 *
 * What led astray and landed on a header all the same shows only in the lists:
 * one leads to a chunk that was passed over.  Then everything is walked once
 * more with these chunks known, and no chain may reach across them.
 *
 * Cost: step 3 looks at each address once for strong and once for weak chains
 * (where the next strong one begins is kept), step 2 once more for each of the
 * LOOK_BACK chunks that it may be called for, with a map of what has failed;
 * and a chain is at most RESYNC_CHUNKS reads.  So damage costs reads in
 * proportion to the memory that is damaged, however often it is hit, and no
 * more than a fixed number for each 16 bytes of the heap.
 */
#include "base/bitmap.h"
#include "base/progress.h"
#include "malloc/walk.h"

enum {
	TICK = 1 << 16,
	WEAK_CHUNKS = 2,
	STRICT_CHUNKS = 4,
	PASSING_CHUNKS = 2,
	FOOTER_BYTES = 256 << 10
};

static bool size_word(struct walk *w, uint64_t addr, uint64_t *prev_size,
		      uint64_t *size)
{
	unsigned word = w->form.word;
	uint8_t head[16];

	w->steps++;
	if (!pages_read(&w->pages, addr, head, w->form.header))
		return false;
	*prev_size = load_word(head, word);
	*size = load_word(head + word, word);
	return true;
}

uint64_t fence_end(struct walk *w, uint64_t addr)
{
	uint64_t prev, size, end;

	for (unsigned i = 0; i < 3; i++, addr += w->form.header) {
		if (!size_word(w, addr, &prev, &size) ||
		    (size & ~UINT64_C(1)) != w->form.header ||
		    (i && !(size & CHUNK_PREV_INUSE)))
			return 0;
		end = addr + w->form.header;
		end += chunk_slack(&w->form, end);
		if (i && end % w->target->page_size == 0)
			return end;
	}
	return 0;
}

/* Memory ends at limit; what ends at addr may leave a few bytes of it. */
bool fence_ends(const struct walk *w, uint64_t addr, uint64_t limit)
{
	return addr + chunk_slack(&w->form, addr) == limit;
}

/* The end of a heap that is not the last: a header of size 0, in use. */
static bool heap_ends(const struct walk *w, uint64_t addr, uint64_t size,
		      const struct chain *c, bool is_main)
{
	return !is_main && size == CHUNK_PREV_INUSE &&
	       fence_ends(w, addr + w->form.header, c->limit);
}

/* Do fenceposts begin at addr, which end what can be walked? */
static bool fence_at(struct walk *w, const struct chain *c, uint64_t addr)
{
	return w->arena[c->arena].out.is_main
		       ? fence_end(w, addr)
		       : fence_ends(w, addr + 2 * w->form.header, c->limit);
}

/* Would such a chunk reach across the top, or another that is known of? */
static bool spans_known(const struct walk *w, const struct arena *a,
			uint64_t addr, uint64_t size)
{
	uint64_t end = addr + (size & CHUNK_SIZE_MASK);

	return (addr < a->top && a->top < end) ||
	       walk_hidden(w, addr + w->form.min, end);
}

/* Where what goes on behind a hole would end. */
static uint64_t bridged(struct walk *w, uint64_t addr, uint64_t size,
			uint64_t limit)
{
	uint64_t end = addr + (size & CHUNK_SIZE_MASK);

	return end > limit && run_end(w, end) ? run_end(w, end) : limit;
}

bool chain_holds(struct walk *w, const struct chain *chain, uint64_t addr)
{
	const struct arena *a = &w->arena[chain->arena].out;
	struct chain wider = *chain, *c = &wider;
	uint64_t before = 0, prev, size, flags = 0;

	for (unsigned n = 0;; n++) {
		if (n && addr == a->top)
			return true;
		if (addr >= c->limit || !size_word(w, addr, &prev, &size))
			return false;
		if (n == 0 && c->first_in_use &&
		    (size & CHUNK_FLAGS) != CHUNK_PREV_INUSE)
			return false;
		/* A free chunk's size is written behind it, too. */
		if (n && !(size & CHUNK_PREV_INUSE) && prev != before)
			return false;
		if (n &&
		    (n >= c->enough || heap_ends(w, addr, size, c, a->is_main)))
			return true;
		/* What is in use says if it is a thread arena's. */
		if (n && size & CHUNK_PREV_INUSE && !a->is_main &&
		    !(flags & CHUNK_NON_MAIN))
			return false;
		if (n && (size & CHUNK_SIZE_MASK) == w->form.header)
			return fence_at(w, c, addr);
		if (c->bridges)
			c->limit = bridged(w, addr, size, c->limit);
		if (!chunk_plausible(&w->form, size, c->limit - addr,
				     a->is_main))
			return false;
		if (spans_known(w, a, addr, size))
			return false;
		if (c->bad) {
			struct error err;

			if (u64map_get(c->bad, addr, NULL))
				return false;
			/* Without memory for it we are slower, no more. */
			if (u64map_put(c->bad, addr, 1, &err) < 0)
				return false;
		}
		flags = size & CHUNK_FLAGS;
		before = size & CHUNK_SIZE_MASK;
		if (c->members && walk_member_after(w, addr) < addr + before)
			return false;
		addr += before;
	}
}

bool chain_goes_on(struct walk *w, const struct chain *c, uint64_t addr)
{
	uint64_t prev, size;

	if (addr == w->arena[c->arena].out.top)
		return true;
	if (!size_word(w, addr, &prev, &size))
		return false;
	if ((size & CHUNK_SIZE_MASK) == w->form.header && fence_at(w, c, addr))
		return true;
	return heap_ends(w, addr, size, c, w->arena[c->arena].out.is_main) ||
	       chain_holds(w, c, addr);
}

/* The heads of bins are no chunks: i386's lie closer than those may. */
static bool may_be_linked(const struct walk *w, uint64_t addr)
{
	return addr % w->form.header == 0;
}

static unsigned links_back(struct walk *w, uint64_t chunk)
{
	struct pages *pages = &w->pages;
	unsigned word = w->form.word, n = 0;
	uint64_t fd, bk, back;

	if (!pages_word(pages, chunk + 2 * word, &fd) ||
	    !may_be_linked(w, fd) ||
	    !pages_word(pages, chunk + 3 * word, &bk) || !may_be_linked(w, bk))
		return 0;
	n += pages_word(pages, fd + 3 * word, &back) && back == chunk;
	n += pages_word(pages, bk + 2 * word, &back) && back == chunk;
	return n;
}

bool is_in_bin(struct walk *w, uint64_t chunk)
{
	return links_back(w, chunk) == 2;
}

bool may_be_in_bin(struct walk *w, uint64_t chunk)
{
	return links_back(w, chunk);
}

/* A header, and what the one before it in a chain says. */
struct link {
	uint64_t addr, prev, size;
	unsigned n;		/* how many came before it */
	uint64_t before, flags; /* size and flags of the last of them */
};

/* Are the flags all that they must be? */
static bool strictly(struct walk *w, const struct link *l, bool is_main)
{
	if (l->size & CHUNK_PREV_INUSE)
		/* In use: marked as one of a thread arena. */
		return !l->n || is_main || l->flags & CHUNK_NON_MAIN;
	if (l->n)
		return l->prev == l->before;
	return l->prev >= w->form.min && l->prev < l->addr &&
	       l->prev % w->form.align == 0 && is_in_bin(w, l->addr - l->prev);
}

static void link_follow(struct link *l)
{
	l->before = l->size & CHUNK_SIZE_MASK;
	l->flags = l->size & CHUNK_FLAGS;
	l->addr += l->before;
	l->n++;
}

/* Is a weak chain at addr, of chunks that end where a strong one begins, or
 * before? */
static bool weak_at(struct walk *w, const struct chain *c, uint64_t addr,
		    uint64_t strong)
{
	bool is_main = w->arena[c->arena].out.is_main;
	struct link l = {.addr = addr};

	while (l.n < WEAK_CHUNKS) {
		if (l.addr >= strong ||
		    !size_word(w, l.addr, &l.prev, &l.size) ||
		    !chunk_plausible(&w->form, l.size, strong - l.addr,
				     is_main) ||
		    walk_hidden(w, l.addr + w->form.min,
				l.addr + (l.size & CHUNK_SIZE_MASK)) ||
		    !strictly(w, &l, is_main))
			return false;
		link_follow(&l);
	}
	return true;
}

/* Does the header at addr look like a chunk's? */
static bool looks_right(struct walk *w, const struct chain *c, uint64_t addr,
			const uint8_t *header)
{
	w->steps++;
	return chunk_plausible(&w->form,
			       load_word(header + w->form.word, w->form.word),
			       c->limit - addr, w->arena[c->arena].out.is_main);
}

/* A header that is no hole's. */
static const uint8_t *header_at(struct walk *w, uint64_t at)
{
	return run_end(w, at) ? window_at(&w->window, at, w->form.header)
			      : NULL;
}

/* A hole, or what cannot be read: on at the next page of anonymous memory, less
 * one step. */
static uint64_t behind_hole(struct walk *w, uint64_t at)
{
	const struct maps *maps = &w->target->maps;
	size_t low = 0, high = maps->count;

	at = (at | (w->target->page_size - 1)) + 1;
	if (run_end(w, at))
		return chunk_first(&w->form, at) - w->form.align;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (maps->map[mid].start <= at)
			low = mid + 1;
		else
			high = mid;
	}
	while (low < maps->count && !map_is_anonymous(&maps->map[low]))
		low++;
	if (low < maps->count)
		at = maps->map[low].start;
	return chunk_first(&w->form, at) - w->form.align;
}

uint64_t chain_find(struct walk *w, const struct chain *c, uint64_t from)
{
	struct error err;
	unsigned n = 0;

	from = chunk_first(&w->form, from);
	for (uint64_t at = from; at + w->form.min <= c->limit;
	     at += w->form.align) {
		const uint8_t *p = header_at(w, at);

		if (at == w->arena[c->arena].out.top)
			return at;
		if (!p) {
			at = behind_hole(w, at);
			continue;
		}
		if (++n % TICK == 0 &&
		    progress_tick("looking for chunks", at - from,
				  c->limit - from, &err) < 0)
			return 0;
		if (looks_right(w, c, at, p) && chain_holds(w, c, at))
			return at;
	}
	return 0;
}

uint64_t chain_weak(struct walk *w, const struct chain *c, uint64_t from,
		    uint64_t strong)
{
	from = chunk_first(&w->form, from);
	for (uint64_t at = from; at + w->form.min <= strong;
	     at += w->form.align) {
		const uint8_t *p = header_at(w, at);

		if (!p)
			at = behind_hole(w, at);
		else if (looks_right(w, c, at, p) && weak_at(w, c, at, strong))
			return at;
	}
	return 0;
}

/* A chain has come to l, past what is bad: is it strong from there, or long
 * and strict enough in all? */
static bool behind_holds(struct walk *w, const struct chain *c, struct link *l)
{
	const struct arena *a = &w->arena[c->arena].out;

	if (l->addr == a->top)
		return true;
	if (l->addr >= c->limit || !size_word(w, l->addr, &l->prev, &l->size) ||
	    (!(l->size & CHUNK_PREV_INUSE) && l->prev != l->before))
		return false;
	if (chain_holds(w, c, l->addr))
		return true;
	for (unsigned n = 0; n < STRICT_CHUNKS; n++, link_follow(l))
		if (l->addr >= c->limit ||
		    !size_word(w, l->addr, &l->prev, &l->size) ||
		    !chunk_plausible(&w->form, l->size, c->limit - l->addr,
				     a->is_main) ||
		    spans_known(w, a, l->addr, l->size) ||
		    !strictly(w, l, a->is_main))
			return false;
	return true;
}

/*
 * Does a chain from addr, below bad, pass over bad and hold behind it?  seen:
 * a bit for each address from "from" on, set where one was that does not.
 */
static bool passes(struct walk *w, const struct chain *c, uint64_t addr,
		   uint64_t from, uint64_t bad, struct bitmap *seen)
{
	const struct arena *a = &w->arena[c->arena].out;
	struct link l = {.addr = addr};

	while (l.addr < bad) {
		uint64_t bit = (l.addr - from) / w->form.align;

		if (bitmap_test(seen, bit) ||
		    !size_word(w, l.addr, &l.prev, &l.size) ||
		    !strictly(w, &l, a->is_main) ||
		    !chunk_plausible(&w->form, l.size, c->limit - l.addr,
				     a->is_main) ||
		    spans_known(w, a, l.addr, l.size))
			return false;
		bitmap_set(seen, bit);
		link_follow(&l);
	}
	if (l.addr == bad || (l.n < c->passing && !is_in_bin(w, addr)))
		return false;
	return behind_holds(w, c, &l);
}

uint64_t chain_passing(struct walk *w, const struct chain *c, uint64_t from,
		       uint64_t bad)
{
	struct bitmap seen = {0};
	struct error err;
	uint64_t found = 0;

	from = chunk_first(&w->form, from);
	if (from >= bad)
		return 0;
	/* Without memory for it: nothing is known of a chain that passes. */
	if (bitmap_init(&seen, (bad - from) / w->form.align + 1,
			"map of addresses", &err) < 0)
		return 0;
	for (uint64_t at = from; !found && at + w->form.min <= bad;
	     at += w->form.align) {
		const uint8_t *p = header_at(w, at);

		if (!p)
			at = behind_hole(w, at);
		else if (looks_right(w, c, at, p) &&
			 passes(w, c, at, from, bad, &seen))
			found = at;
	}
	bitmap_deinit(&seen);
	return found;
}

uint64_t free_bytes(struct walk *w, uint64_t chunk, uint64_t limit)
{
	const struct chunk_form *form = &w->form;
	uint64_t end = chunk + form->min;

	if (limit - chunk > FOOTER_BYTES)
		limit = chunk + FOOTER_BYTES;
	for (; end + form->header <= limit; end += form->align) {
		const uint8_t *p = window_at(&w->window, end, form->header);
		uint64_t size;

		w->steps++;
		if (!p)
			return 0;
		size = load_word(p + form->word, form->word);
		if (load_word(p, form->word) == end - chunk &&
		    size >= form->min &&
		    (size & (form->align - 1) & ~(uint64_t)CHUNK_NON_MAIN) == 0)
			return end - chunk;
	}
	return 0;
}

uint64_t run_end(struct walk *w, uint64_t addr)
{
	const struct maps *maps = &w->target->maps;
	const struct map *m, *last = maps->map + maps->count;

	/* Asked for page after page: a run may be of thousands of maps. */
	if (addr >= w->run_start && addr < w->run_end)
		return w->run_end;
	m = maps_find(maps, addr);
	if (!m || !map_is_anonymous(m))
		return 0;
	w->run_start = m->start;
	w->run_end = m->end;
	while (++m < last && m->start == w->run_end && map_is_anonymous(m))
		w->run_end = m->end;
	return w->run_end;
}
