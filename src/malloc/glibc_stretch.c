/*
 * Chunk after chunk (GLIBC.md 2, 4.4).  Whether a chunk is in use is written
 * in the one behind it, so each is finished when the next has been read.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/progress.h"
#include "malloc/walk.h"

enum { TICK = 1 << 16, RESYNC_CHUNKS = 16 };

/* The state of one such walk. */
struct run {
	struct walk *w;
	struct heap_arena *a;
	uint32_t arena;
	uint64_t limit;
	uint64_t at; /* the chunk now looked at */
	/* The one before it, not yet finished. */
	bool pending;
	uint64_t prev;
	struct chunk_head head;
	/* The stretch that is being filled. */
	uint64_t begun;
	struct chunk *chunk; /* owned */
	size_t count, cap;
	bool goes_on;
	struct ahead ahead;
};

static int add_chunk(struct run *r, uint64_t addr, uint64_t size,
		     enum chunk_state state, struct error *err)
{
	if (r->count == r->cap &&
	    GROW(r->chunk, r->cap, r->count + 1, "chunk table", err) < 0)
		return -1;
	r->chunk[r->count++] = (struct chunk){
		.addr = addr + r->w->form.header,
		.size = size - r->w->form.word,
		.arena = r->arena,
		.state = state,
	};
	return 0;
}

static int add_free(struct run *r, uint64_t size, struct error *err)
{
	struct walk *w = r->w;

	if (w->frees == w->free_cap &&
	    GROW(w->free, w->free_cap, w->frees + 1, "free list", err) < 0)
		return -1;
	w->free[w->frees++] = (struct free_chunk){
		.addr = r->prev,
		.fd = r->head.fd,
		.bk = r->head.bk,
		.size = size,
		.arena = r->arena,
	};
	r->a->out.bin_count++;
	r->a->out.bin_bytes += size;
	return add_chunk(r, r->prev, size, CHUNK_FREE, err);
}

/* next: the header behind the pending chunk. */
static int finish(struct run *r, const struct chunk_head *next,
		  struct error *err)
{
	uint64_t size = r->at - r->prev;

	if (!r->pending)
		return 0;
	r->pending = false;
	if (next->size & CHUNK_PREV_INUSE) {
		if (!r->a->out.is_main && !(r->head.size & CHUNK_NON_MAIN) &&
		    walk_defect(r->w, DEFECT_SIZE, r->arena, r->prev, err,
				"size word 0x%" PRIx64
				" of a chunk in use lacks the mark of thread "
				"arenas",
				r->head.size) < 0)
			return -1;
		return add_chunk(r, r->prev, size, CHUNK_USED, err);
	}
	if (next->prev_size != size &&
	    walk_defect(r->w, DEFECT_SIZE, r->arena, r->prev, err,
			"free chunk of 0x%" PRIx64 " bytes, but 0x%" PRIx64
			" is written behind it",
			size, next->prev_size) < 0)
		return -1;
	return add_free(r, size, err);
}

static bool load(struct run *r, struct chunk_head *h)
{
	const struct chunk_form *form = &r->w->form;
	const uint8_t *p = window_at(&r->w->window, r->at, 4 * form->word);

	if (p) {
		*h = chunk_head_load(form, p, 4);
		return true;
	}
	/* A fencepost may be the last of what is readable. */
	p = window_at(&r->w->window, r->at, form->header);
	if (p)
		*h = chunk_head_load(form, p, 2);
	return p;
}

static int take_top(struct run *r, const struct chunk_head *h,
		    struct error *err)
{
	uint64_t size = chunk_bytes(h), room = r->limit - r->at;

	if (finish(r, h, err) < 0)
		return -1;
	if (size < r->w->form.header || size % r->w->form.header ||
	    size > room) {
		if (walk_defect(r->w, DEFECT_SIZE, r->arena, r->at, err,
				"size word 0x%" PRIx64
				" of the top chunk cannot be",
				h->size) < 0)
			return -1;
		r->a->lost += room;
		r->at = r->limit;
		return 0;
	}
	r->a->top_reached = true;
	r->a->out.top_bytes = size;
	if (add_chunk(r, r->at, size, CHUNK_TOP, err) < 0)
		return -1;
	r->at += size;
	return 0;
}

/* The end of the memory before top's: true, and at is behind the posts. */
static int take_fence(struct run *r, const struct chunk_head *h, bool *is_end,
		      struct error *err)
{
	uint64_t size = chunk_bytes(h), end = 0, post = r->w->form.header;

	*is_end = false;
	if (r->a->out.is_main) {
		if (size == post)
			end = fence_end(r->w, r->at);
	} else if (size == post &&
		   fence_ends(r->w, r->at + 2 * post, r->limit)) {
		end = r->limit;
	} else if (h->size == CHUNK_PREV_INUSE &&
		   fence_ends(r->w, r->at + post, r->limit)) {
		end = r->limit;
		/* The old top was too small to free: not a chunk. */
		if (r->pending && r->at - r->prev == 2 * post &&
		    !(r->head.size & CHUNK_NON_MAIN)) {
			r->pending = false;
			r->a->out.overhead_bytes += r->at - r->prev;
		}
	}
	if (!end)
		return 0;
	if (finish(r, h, err) < 0)
		return -1;
	r->a->out.overhead_bytes += end - r->at;
	r->at = end;
	*is_end = true;
	return 0;
}

/* Something is wrong at r->at: go on where chunks begin again. */
static int resync(struct run *r, enum defect_kind kind, uint64_t word,
		  struct error *err)
{
	struct chain chain = {
		.arena = r->arena, .limit = r->limit, .enough = RESYNC_CHUNKS};
	uint64_t to = chain_find(r->w, &chain, r->at + r->w->form.align);
	uint64_t lost = (to ? to : r->limit) - r->at;
	int rc;

	if (kind == DEFECT_UNREADABLE)
		rc = walk_defect(r->w, kind, r->arena, r->at, err,
				 "cannot be read; 0x%" PRIx64
				 " bytes stepped over",
				 lost);
	else
		rc = walk_defect(r->w, kind, r->arena, r->at, err,
				 "size word 0x%" PRIx64 " cannot be; 0x%" PRIx64
				 " bytes stepped over",
				 word, lost);
	r->a->lost += lost;
	r->at += lost;
	r->pending = false;
	return rc;
}

/*
 * What is behind the pending chunk cannot be believed.  A free chunk is known
 * by its neighbours in the bin, which lead back to it.
 */
static int finish_doubtful(struct run *r, struct error *err)
{
	const struct chunk_form *form = &r->w->form;
	struct pages *pages = &r->w->pages;
	struct chunk_head next = {.prev_size = r->at - r->prev,
				  .size = CHUNK_PREV_INUSE};
	uint64_t back, forth;

	if (r->pending && chunk_fits_at(form, r->head.fd) &&
	    chunk_fits_at(form, r->head.bk) &&
	    pages_word(pages, r->head.fd + 3 * form->word, &back) &&
	    pages_word(pages, r->head.bk + 2 * form->word, &forth) &&
	    back == r->prev && forth == r->prev)
		next.size = 0;
	return finish(r, &next, err);
}

/* A used or free chunk at r->at; what is before it is finished. */
static int take_chunk(struct run *r, const struct chunk_head *h,
		      struct error *err)
{
	uint64_t size = chunk_bytes(h), top = r->a->out.top;

	if (!chunk_plausible(&r->w->form, h->size, r->limit - r->at,
			     r->a->out.is_main))
		return finish_doubtful(r, err) < 0
			       ? -1
			       : resync(r, DEFECT_SIZE, h->size, err);
	if (finish(r, h, err) < 0)
		return -1;
	if (r->at < top && top - r->at < size) {
		/* Split off already, its size not yet written (4.4 e). */
		if (walk_defect(r->w, DEFECT_SIZE, r->arena, r->at, err,
				"chunk of 0x%" PRIx64
				" bytes reaches into the top chunk",
				size) < 0)
			return -1;
		size = top - r->at;
	}
	r->prev = r->at;
	r->head = *h;
	r->pending = true;
	r->at += size;
	return 0;
}

/* Memory ends behind a chunk: only a top can lie so, told of or not. */
static int take_last(struct run *r, struct error *err)
{
	if (!r->pending)
		return 0;
	r->pending = false;
	if (walk_defect(r->w, DEFECT_SIZE, r->arena, r->prev, err,
			"the heap ends behind it, but the arena has its top "
			"at 0x%" PRIx64,
			r->a->out.top) < 0)
		return -1;
	return add_chunk(r, r->prev, r->at - r->prev, CHUNK_TOP, err);
}

/* The stretch so far is whole; what follows is another. */
static int close_stretch(struct run *r, struct error *err)
{
	struct walk *w = r->w;

	if (GROW(w->stretch, w->stretch_cap, w->stretches + 1, "heap table",
		 err) < 0)
		return -1;
	w->stretch[w->stretches++] = (struct stretch){
		.start = r->begun,
		.end = r->at,
		.chunk = r->chunk,
		.count = r->count,
		.arena = r->arena,
		.goes_on = r->goes_on,
	};
	r->chunk = NULL;
	r->count = r->cap = 0;
	r->begun = r->at;
	r->goes_on = true;
	return 0;
}

/*
 * h: the header at r->at.  If a cursor began exactly here, what it walked is
 * taken over: *done.
 */
static int take_ahead(struct run *r, const struct chunk_head *h, bool *done,
		      struct error *err)
{
	struct ahead *ahead = &r->ahead;
	struct ahead_part *p;
	struct walk *w = r->w;

	*done = false;
	while (ahead->next < ahead->parts &&
	       ahead->part[ahead->next].start < r->at)
		ahead->next++;
	p = &ahead->part[ahead->next];
	if (ahead->next == ahead->parts || p->start != r->at ||
	    p->end == p->start)
		return 0;
	if (finish(r, h, err) < 0 ||
	    (r->at > r->begun && close_stretch(r, err) < 0) ||
	    GROW(w->free, w->free_cap, w->frees + p->frees, "free list", err) <
		    0)
		return -1;
	if (p->frees)
		memcpy(w->free + w->frees, p->free, p->frees * sizeof *p->free);
	w->frees += p->frees;
	r->a->out.bin_count += p->frees;
	r->a->out.bin_bytes += p->free_bytes;
	free(r->chunk);
	r->chunk = p->chunk;
	r->count = p->count;
	r->cap = p->cap;
	p->chunk = NULL;
	r->pending = true;
	r->prev = p->prev;
	r->head = p->head;
	r->at = p->end;
	*done = true;
	return 0;
}

static int step(struct run *r, enum stretch_end *how, bool *done,
		struct error *err)
{
	struct chunk_head h;
	bool taken;

	if (r->at >= r->limit) {
		*done = true;
		return take_last(r, err);
	}
	if (!load(r, &h))
		return finish_doubtful(r, err) < 0
			       ? -1
			       : resync(r, DEFECT_UNREADABLE, 0, err);
	if (take_ahead(r, &h, &taken, err) < 0)
		return -1;
	if (taken)
		return 0;
	if (r->at == r->a->out.top) {
		*how = STRETCH_TOP;
		*done = true;
		return take_top(r, &h, err);
	}
	if (chunk_bytes(&h) < r->w->form.min) {
		if (take_fence(r, &h, done, err) < 0)
			return -1;
		if (*done) {
			*how = STRETCH_FENCE;
			return 0;
		}
	}
	return take_chunk(r, &h, err);
}

static int walk_run(struct run *r, enum stretch_end *how, struct error *err)
{
	uint64_t start = r->at;
	bool done = false;

	*how = STRETCH_LOST;
	for (unsigned n = 1; !done; n++) {
		if (n % TICK == 0 &&
		    progress_tick("walking the heap", r->at - start,
				  r->limit - start, err) < 0)
			return -1;
		if (step(r, how, &done, err) < 0)
			return -1;
	}
	return close_stretch(r, err);
}

int walk_stretch(struct walk *w, uint32_t arena, uint64_t start, uint64_t limit,
		 enum stretch_end *how, uint64_t *end, struct error *err)
{
	struct run r = {.w = w,
			.a = &w->arena[arena],
			.arena = arena,
			.limit = limit,
			.at = start,
			.begun = start};
	int rc;

	ahead_walk(w, arena, start, limit, &r.ahead);
	rc = walk_run(&r, how, err);
	ahead_deinit(&r.ahead);
	free(r.chunk);
	*end = r.at;
	return rc;
}
