/*
 * What a stretch does about headers that cannot be: the head of glibc_resync.c
 * has the rules.
 */
#include <inttypes.h>
#include <stdio.h>

#include "malloc/stretch.h"

enum {
	RESYNC_CHUNKS = 16,
	PASSING_CHUNKS = 2,
	LOOK_BACK = 8 /* sizes that may have led astray */
};

/* The size word of the chunk at addr is wrong. */
static struct defect wrong_size(const struct run *r, enum defect_kind kind,
				uint64_t addr, uint64_t found)
{
	return (struct defect){.kind = kind,
			       .arena = r->arena,
			       .addr = addr,
			       .word = addr + r->w->form.word,
			       .has_found = true,
			       .found = found};
}
/* The same, and it is known what it should have. */
static struct defect wrong_size_for(const struct run *r, enum defect_kind kind,
				    uint64_t addr, uint64_t found,
				    uint64_t expected)
{
	struct defect d = wrong_size(r, kind, addr, found);

	d.has_expected = true;
	d.expected = expected;
	return d;
}

/*
 * The first chunk behind what is lost says that the one before it is free: one
 * whose own size word is lost, but neither its size, which is written behind
 * it, too, nor the links that lead to it.
 */
static int recover_free(struct run *r, uint64_t from, uint64_t *lost_end,
			struct error *err)
{
	struct chunk_head next, head;
	const uint8_t *p;
	uint64_t at;

	*lost_end = r->at;
	if (!run_load(r, &next) || next.size & CHUNK_PREV_INUSE ||
	    next.prev_size < r->w->form.min ||
	    next.prev_size % r->w->form.align || next.prev_size > r->at - from)
		return 0;
	at = r->at - next.prev_size;
	p = window_at(&r->w->window, at, 4 * r->w->form.word);
	if (!p || !is_in_bin(r->w, at))
		return 0;
	head = chunk_head_load(&r->w->form, p, 4);
	*lost_end = at;
	r->prev = at;
	r->head = head;
	return run_add_free(r, next.prev_size, err);
}

/* Where chunks go on behind "from": the limit, if nowhere. */
static uint64_t go_on(struct run *r, uint64_t from)
{
	struct chain chain = {
		.arena = r->arena, .limit = r->limit, .enough = RESYNC_CHUNKS};
	uint64_t weak;

	if (r->strong < from || r->strong > r->limit) {
		r->strong = chain_find(r->w, &chain, from);
		if (!r->strong)
			r->strong = r->limit;
	}
	weak = chain_weak(r->w, &chain, from, r->strong);
	return weak ? weak : r->strong;
}

/*
 * What is at r->at cannot be relied on: on where chunks begin again.  d says
 * what is wrong, but for what is lost.
 */
int run_resync(struct run *r, struct defect *d, const char *what,
	       struct error *err)
{
	uint64_t from = r->at, lost;

	r->pending = false;
	r->at = go_on(r, from + r->w->form.min);
	r->resumed = r->at;
	if (recover_free(r, from, &lost, err) < 0)
		return -1;
	lost -= from;
	r->a->lost += lost;
	d->arena = r->arena;
	d->addr = from;
	d->unknown = lost;
	return walk_damage(r->w, d, err, "%s; 0x%" PRIx64 " bytes stepped over",
			   what, lost);
}

/* The first of the chunks whose sizes may have led to r->at astray. */
static uint64_t look_back(const struct run *r)
{
	size_t i = r->count > LOOK_BACK ? r->count - LOOK_BACK : 0;
	uint64_t from = r->count     ? r->chunk[i].addr - r->w->form.header
			: r->pending ? r->prev
				     : r->at;

	return from < r->resumed ? r->resumed : from;
}

/* The walked chunk that spans addr, which is none of their beginnings. */
static uint64_t spanning(const struct run *r, uint64_t addr)
{
	size_t i = r->count;

	if (r->pending && r->prev < addr)
		return r->prev;
	while (i && r->chunk[i - 1].addr - r->w->form.header > addr)
		i--;
	return i ? r->chunk[i - 1].addr - r->w->form.header : r->begun;
}

/* Forgets the chunks from addr on, which is where the walk is again. */
static void go_back(struct run *r, uint64_t addr)
{
	struct walk *w = r->w;

	while (r->count && r->chunk[r->count - 1].addr > addr)
		r->count--;
	for (; w->free.count; w->free.count--) {
		const struct free_chunk *c = &w->free.chunk[w->free.count - 1];

		if (c->arena != r->arena || c->addr < addr || c->addr >= r->at)
			break;
		r->a->out.bin_count--;
		r->a->out.bin_bytes -= c->size;
	}
	r->pending = false;
	r->at = addr;
	if (r->strong != r->limit)
		r->strong = 0;
}

/* The chunk at addr has a size that cannot be right: another one is inside. */
int run_astray(struct run *r, uint64_t addr, uint64_t inside, struct error *err)
{
	struct defect d = {.kind = DEFECT_SIZE, .has_found = true};
	char what[120];

	go_back(r, addr);
	d.word = r->at + r->w->form.word;
	if (!pages_word(&r->w->pages, d.word, &d.found))
		d.has_found = false;
	snprintf(what, sizeof what,
		 "size word 0x%" PRIx64
		 " leads astray: chunks go on at 0x%" PRIx64,
		 d.found, inside);
	return run_resync(r, &d, what, err);
}

/*
 * The pending chunk is free, its bin leads to it, but its size is not written
 * where it ends: is it elsewhere?  Then that is its end.
 */
static int mend_free(struct run *r, bool *done, struct error *err)
{
	uint64_t size = free_bytes(r->w, r->prev, r->limit);
	struct defect d =
		wrong_size_for(r, DEFECT_SIZE, r->prev, r->head.size,
			       size | (r->head.size & CHUNK_PREV_INUSE));

	*done = size && size != r->at - r->prev;
	if (!*done)
		return 0;
	r->at = r->prev + size;
	r->pending = false;
	if (walk_damage(r->w, &d, err,
			"size word 0x%" PRIx64
			" of a free chunk whose size is 0x%" PRIx64
			", as is written where it ends",
			r->head.size, size) < 0)
		return -1;
	return run_add_free(r, size, err);
}

/* Where, behind the chunk at "from", a chain begins that passes over r->at. */
static uint64_t passing(struct run *r, uint64_t from, unsigned chunks)
{
	struct chain chain = {.arena = r->arena,
			      .limit = r->limit,
			      .enough = RESYNC_CHUNKS,
			      .passing = chunks};

	from += r->w->form.align;
	return from < r->at ? chain_passing(r->w, &chain, from, r->at) : 0;
}

/*
 * Did a wrong size lead to r->at?  Then the walk goes back to the chunk that
 * has it and on from there: *done.
 */
static int run_resync_back(struct run *r, bool *done, struct error *err)
{
	uint64_t inside, behind;

	*done = false;
	if (r->pending && is_in_bin(r->w, r->prev)) {
		/* The size that its bin and its end agree on is right. */
		if (pages_word(&r->w->pages, r->at, &behind) &&
		    behind == r->at - r->prev)
			return 0;
		if (mend_free(r, done, err) < 0)
			return -1;
		if (*done)
			return 0;
	}
	inside = passing(r, look_back(r), PASSING_CHUNKS);
	*done = inside;
	return inside ? run_astray(r, spanning(r, inside), inside, err) : 0;
}

/*
 * Chunks go on so soon behind r->at that there is none at r->at: the pending
 * chunk is shorter than it says, and another is inside of it; or longer, if
 * its last byte was cleared, as by the end of a text.
 */
static int resync_pending(struct run *r, bool *done, struct error *err)
{
	uint64_t to = go_on(r, r->at + r->w->form.align), inside;
	struct defect d =
		wrong_size_for(r, DEFECT_SIZE, r->prev, r->head.size,
			       (to - r->prev) | (r->head.size & CHUNK_FLAGS));

	*done = false;
	if (!r->pending || to - r->at >= r->w->form.min || to == r->limit)
		return 0;
	inside = passing(r, r->prev, 1);
	*done = inside || !(r->head.size & 0xff);
	if (!*done)
		return 0;
	if (inside)
		return run_astray(r, r->prev, inside, err);
	r->at = to;
	return walk_damage(r->w, &d, err,
			   "size word 0x%" PRIx64
			   " ends shortly before the next chunk at 0x%" PRIx64,
			   d.found, to);
}

/*
 * What is behind the pending chunk cannot be believed.  A free chunk is known
 * by its neighbours in the bin, which lead back to it.
 */
int run_finish_doubtful(struct run *r, struct error *err)
{
	struct chunk_head next = {.prev_size = r->at - r->prev,
				  .size = CHUNK_PREV_INUSE};

	if (r->pending && may_be_in_bin(r->w, r->prev))
		next.size = 0;
	return run_finish(r, &next, err);
}

/* A size that is right, with a flag that no chunk of this arena has? */
bool run_only_flags(struct run *r, struct chunk_head *h)
{
	struct chain chain = {
		.arena = r->arena, .limit = r->limit, .enough = RESYNC_CHUNKS};
	struct chunk_head mended = *h;
	uint64_t wrong = r->a->out.is_main ? CHUNK_IS_MMAPPED | CHUNK_NON_MAIN
					   : CHUNK_IS_MMAPPED;

	mended.size &= ~wrong;
	if (mended.size == h->size ||
	    !chunk_plausible(&r->w->form, mended.size, r->limit - r->at,
			     r->a->out.is_main) ||
	    (r->at + chunk_bytes(h) != r->a->out.top &&
	     !chain_holds(r->w, &chain, r->at + chunk_bytes(h))))
		return false;
	*h = mended;
	return true;
}

int run_tell_flags(struct run *r, uint64_t found, uint64_t mended,
		   struct error *err)
{
	struct defect d = wrong_size_for(r, DEFECT_FLAGS, r->at, found, mended);

	return walk_damage(r->w, &d, err,
			   "size word 0x%" PRIx64
			   " has flags that no chunk of this arena has",
			   found);
}

/* The header at r->at cannot be. */
int run_take_impossible(struct run *r, const struct chunk_head *h,
			struct error *err)
{
	struct defect d = wrong_size(r, DEFECT_SIZE, r->at, h->size);
	uint64_t end = r->at + chunk_bytes(h), hole = end;
	char what[160], over[96];
	bool done;

	if (r->holed && end > r->at && end <= r->limit)
		hole = walk_hole(r->w, r->at, end);
	if (run_resync_back(r, &done, err) < 0)
		return -1;
	if (!done && resync_pending(r, &done, err) < 0)
		return -1;
	if (done)
		return 0;
	if (run_finish_doubtful(r, err) < 0)
		return -1;
	snprintf(what, sizeof what, "size word 0x%" PRIx64 " cannot be",
		 h->size);
	if (hole < end) {
		walk_hole_text(r->w, hole, over, sizeof over);
		snprintf(what, sizeof what,
			 "size word 0x%" PRIx64
			 " leads over %s, to where no chunk begins",
			 h->size, over);
	}
	return run_resync(r, &d, what, err);
}

/*
 * The chunk at r->at goes on into the top chunk.  It was split off already and
 * its size not yet written (4.4 e), unless there are chunks inside of it.
 */
int run_take_spanning_top(struct run *r, const struct chunk_head *h, bool *done,
			  struct error *err)
{
	struct chain chain = {
		.arena = r->arena, .limit = r->limit, .enough = RESYNC_CHUNKS};
	struct defect d = wrong_size(r, DEFECT_SIZE, r->at, h->size);
	char what[120];

	if (chain_find(r->w, &chain, r->at + r->w->form.align) <
	    r->a->out.top) {
		*done = true;
		if (run_finish(r, h, err) < 0)
			return -1;
		snprintf(what, sizeof what,
			 "size word 0x%" PRIx64
			 " leads past chunks into the top chunk",
			 h->size);
		return run_resync(r, &d, what, err);
	}
	if (run_resync_back(r, done, err) < 0)
		return -1;
	if (*done)
		return 0;
	d = wrong_size_for(r, DEFECT_SIZE, r->at, h->size,
			   (r->a->out.top - r->at) | (h->size & CHUNK_FLAGS));
	return walk_damage(r->w, &d, err,
			   "chunk of 0x%" PRIx64
			   " bytes reaches into the top chunk",
			   chunk_bytes(h));
}

/* Does the header at r->at tell of a free chunk before it that lies inside of
 * the pending one? */
bool run_hides_free(struct run *r, const struct chunk_head *h)
{
	return !(h->size & CHUNK_PREV_INUSE) &&
	       h->prev_size >= r->w->form.min &&
	       h->prev_size % r->w->form.align == 0 &&
	       h->prev_size < r->at - r->prev &&
	       is_in_bin(r->w, r->at - h->prev_size);
}
