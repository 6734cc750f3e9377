/*
 * Chunk after chunk (GLIBC.md 2, 4.4).  Whether a chunk is in use is written
 * in the one behind it, so each is finished when the next has been read.  What
 * happens at a header that cannot be is in the head of glibc_resync.c.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/progress.h"
#include "malloc/stretch.h"

enum { TICK = 1 << 16 };

int run_add(struct run *r, uint64_t addr, uint64_t size, enum chunk_state state,
	    struct error *err)
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

int run_add_free(struct run *r, uint64_t size, struct error *err)
{
	struct walk *w = r->w;

	if (frees_add(&w->free,
		      &(struct free_chunk){r->prev, size, r->arena, 0},
		      &(struct free_links){r->head.fd, r->head.bk}, err) < 0)
		return -1;
	r->a->out.bin_count++;
	r->a->out.bin_bytes += size;
	return run_add(r, r->prev, size, CHUNK_FREE, err);
}

/* Marked free by what is behind it, and by nothing else. */
static int tell_mark(struct run *r, const struct chunk_head *next,
		     uint64_t size, struct error *err)
{
	return walk_damage(
		r->w,
		&(struct defect){.kind = DEFECT_FLAGS,
				 .arena = r->arena,
				 .addr = r->at,
				 .word = r->at + r->w->form.word,
				 .has_found = true,
				 .found = next->size,
				 .has_expected = true,
				 .expected = next->size | CHUNK_PREV_INUSE},
		err,
		"marks the chunk of 0x%" PRIx64
		" bytes before it as free, but 0x%" PRIx64
		" is written there and no bin has it: taken as used",
		size, next->prev_size);
}

static int tell_doubt(struct run *r, struct error *err)
{
	return walk_defect(r->w, DEFECT_BUSY, r->arena,
			   r->prev + r->w->form.header, err,
			   "used, or inside of what is being split off before "
			   "it");
}

/* next: the header behind the pending chunk. */
int run_finish(struct run *r, const struct chunk_head *next, struct error *err)
{
	uint64_t size = r->at - r->prev;

	if (!r->pending)
		return 0;
	r->pending = false;
	if (next->size & CHUNK_PREV_INUSE) {
		if (!r->a->out.is_main && !(r->head.size & CHUNK_NON_MAIN) &&
		    walk_damage(
			    r->w,
			    &(struct defect){.kind = DEFECT_FLAGS,
					     .arena = r->arena,
					     .addr = r->prev,
					     .word = r->prev + r->w->form.word,
					     .has_found = true,
					     .found = r->head.size,
					     .has_expected = true,
					     .expected = r->head.size |
							 CHUNK_NON_MAIN},
			    err,
			    "size word 0x%" PRIx64
			    " of a chunk in use lacks the mark of thread "
			    "arenas",
			    r->head.size) < 0)
			return -1;
		if (r->prev >= r->doubt_from && r->prev < r->doubt_to &&
		    tell_doubt(r, err) < 0)
			return -1;
		return run_add(r, r->prev, size, CHUNK_USED, err);
	}
	if (next->prev_size == size)
		return run_add_free(r, size, err);
	/* Not both the mark and the size behind it are right. */
	if (!is_in_bin(r->w, r->prev)) {
		if (tell_mark(r, next, size, err) < 0)
			return -1;
		return run_add(r, r->prev, size, CHUNK_USED, err);
	}
	if (walk_damage(r->w,
			&(struct defect){.kind = DEFECT_SIZE,
					 .arena = r->arena,
					 .addr = r->prev,
					 .word = r->at,
					 .has_found = true,
					 .found = next->prev_size,
					 .has_expected = true,
					 .expected = size},
			err,
			"free chunk of 0x%" PRIx64 " bytes, but 0x%" PRIx64
			" is written behind it",
			size, next->prev_size) < 0)
		return -1;
	return run_add_free(r, size, err);
}

bool run_load(struct run *r, struct chunk_head *h)
{
	const struct chunk_form *form = &r->w->form;
	const uint8_t *p;

	if (r->holed && !run_end(r->w, r->at))
		return false;
	p = window_at(&r->w->window, r->at, 4 * form->word);
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

/* What a thread was splitting off the chunk before it; *done if so. */
static int take_split(struct run *r, const struct chunk_head *h, bool *done,
		      struct error *err)
{
	struct split split = {
		.arena = r->arena,
		.first = r->prev,
		.at = r->at,
		.limit = r->limit,
	};
	struct chunk_head used = {.size = CHUNK_PREV_INUSE};
	uint64_t end = r->pending ? walk_split_end(r->w, &split, h->size) : 0;

	*done = end;
	if (split.doubt > r->doubt_to) {
		r->doubt_from = end ? end : r->at;
		r->doubt_to = split.doubt;
	}
	if (!end)
		return 0;
	if (run_finish(r, &used, err) < 0 ||
	    walk_defect(r->w, DEFECT_BUSY, r->arena, r->at + r->w->form.header,
			err,
			"being split off the chunk before it, size word "
			"0x%" PRIx64 ": 0x%" PRIx64 " bytes",
			h->size, end - r->at) < 0)
		return -1;
	r->prev = r->at;
	r->head = *h;
	r->pending = true;
	r->at = end;
	return 0;
}

/* The chunk at first is shorter than it says: a free one, which was cut off its
 * end, begins at "at". */
static int tell_cut(struct run *r, uint64_t first, uint64_t at, uint64_t word,
		    struct error *err)
{
	return walk_defect(r->w, DEFECT_BUSY, r->arena,
			   first + r->w->form.header, err,
			   "its end was just cut off, size word 0x%" PRIx64
			   ": 0x%" PRIx64 " bytes",
			   word, at - first);
}

/* A chunk lies inside of the one at r->prev, as the header h behind it says. */
static int take_hidden_free(struct run *r, const struct chunk_head *h,
			    struct error *err)
{
	uint64_t inside = r->at - h->prev_size;

	if (!walk_is_cut(r->w, r->arena, r->prev, inside))
		return run_astray(r, r->prev, inside, err);
	r->at = inside;
	return tell_cut(r, r->prev, inside, r->head.size, err);
}

/* A used or free chunk at r->at; what is before it is finished. */
static int take_chunk(struct run *r, struct chunk_head *h, struct error *err)
{
	uint64_t top = r->a->out.top, size, inside;
	uint64_t word = h->size;
	bool done = false;

	if (take_split(r, h, &done, err) < 0)
		return -1;
	if (done)
		return 0;
	if (run_ends_nowhere(r, h))
		return run_take_impossible(r, h, err);
	if (!chunk_plausible(&r->w->form, h->size, r->limit - r->at,
			     r->a->out.is_main)) {
		if (!run_only_flags(r, h))
			return run_take_impossible(r, h, err);
		if (run_tell_flags(r, word, h->size, err) < 0)
			return -1;
	}
	if (r->pending && run_hides_free(r, h))
		return take_hidden_free(r, h, err);
	size = chunk_bytes(h);
	inside = walk_hidden(r->w, r->at + r->w->form.min, r->at + size);
	if (inside && walk_is_cut(r->w, r->arena, r->at, inside)) {
		size = inside - r->at;
		if (tell_cut(r, r->at, inside, h->size, err) < 0)
			return -1;
	} else if (inside)
		return run_finish(r, h, err) < 0
			       ? -1
			       : run_astray(r, r->at, inside, err);
	if (r->at < top && top - r->at < size) {
		if (run_take_spanning_top(r, h, &done, err) < 0)
			return -1;
		if (done)
			return 0;
		size = top - r->at;
	}
	if (run_finish(r, h, err) < 0)
		return -1;
	r->prev = r->at;
	r->head = *h;
	r->pending = true;
	r->at += size;
	return 0;
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
	size_t frees;

	*done = false;
	while (ahead->next < ahead->parts &&
	       ahead->part[ahead->next].start < r->at)
		ahead->next++;
	p = &ahead->part[ahead->next];
	if (ahead->next == ahead->parts || p->start != r->at ||
	    p->end == p->start)
		return 0;
	frees = p->free.count;
	if (run_finish(r, h, err) < 0 ||
	    (r->at > r->begun && close_stretch(r, err) < 0) ||
	    frees_take(&w->free, &p->free, err) < 0)
		return -1;
	r->a->out.bin_count += frees;
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
		return run_take_last(r, err);
	}
	if (!run_load(r, &h)) {
		struct defect d = {.kind = DEFECT_UNREADABLE};

		return run_finish_doubtful(r, err) < 0
			       ? -1
			       : run_resync(r, &d, "cannot be read", err);
	}
	if (take_ahead(r, &h, &taken, err) < 0)
		return -1;
	if (taken)
		return 0;
	if (r->at == r->a->out.top) {
		*how = STRETCH_TOP;
		*done = true;
		return run_take_top(r, &h, err);
	}
	if (chunk_bytes(&h) < r->w->form.min) {
		if (run_take_fence(r, &h, done, err) < 0)
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

/* As if the stretch had not been walked. */
static void take_back(struct walk *w, const struct walk *before,
		      const struct heap_arena *arena)
{
	while (w->stretches > before->stretches)
		free(w->stretch[--w->stretches].chunk);
	w->free.count = before->free.count;
	w->defects = before->defects;
	w->defect_count = before->defect_count;
	w->arena[arena->out.index] = *arena;
}

static int walk_from(struct walk *w, struct run *r, bool from_several,
		     enum stretch_end *how, struct error *err)
{
	int rc = 0;

	if (from_several && !r->holed)
		rc = ahead_walk(w, r->arena, r->at, r->limit, &r->ahead, err);
	if (!rc)
		rc = walk_run(r, how, err);
	free(r->chunk);
	return rc;
}

/* The same, from one place, and in between the arena has no top. */
static int walk_topless(struct walk *w, struct run *r, enum stretch_end *how,
			bool *found, struct error *err)
{
	uint64_t top = r->a->out.top;
	const struct stretch *s;
	int rc;

	r->a->out.top = 0;
	rc = walk_from(w, r, false, how, err);
	if (rc)
		return rc;
	r->a = &w->arena[r->arena];
	r->a->out.top = top;
	s = &w->stretch[w->stretches - 1];
	*found = s->count && s->chunk[s->count - 1].state == CHUNK_TOP &&
		 s->chunk[s->count - 1].addr > top;
	return 0;
}

int walk_stretch(struct walk *w, uint32_t arena, uint64_t start, uint64_t limit,
		 enum stretch_end *how, uint64_t *end, struct error *err)
{
	struct heap_arena arena_before = w->arena[arena];
	struct walk before = *w;
	struct run fresh = {.w = w,
			    .a = &w->arena[arena],
			    .arena = arena,
			    .limit = limit,
			    .holed = walk_hole(w, start, limit) < limit,
			    .at = start,
			    .begun = start};
	struct run r = fresh;
	bool found = false;
	int rc = 0;

	if (!run_top_fits(&r)) {
		rc = walk_topless(w, &r, how, &found, err);
		if (!rc && !found) {
			take_back(w, &before, &arena_before);
			r = fresh;
		}
	}
	if (!rc && !found)
		rc = walk_from(w, &r, true, how, err);
	/* From damage the walk may go back, which it can in one part only. */
	if (!rc && r.ahead.parts > 1 && w->defects != before.defects) {
		ahead_deinit(&r.ahead);
		take_back(w, &before, &arena_before);
		r = fresh;
		rc = walk_from(w, &r, false, how, err);
	}
	ahead_deinit(&r.ahead);
	*end = r.at;
	return rc;
}
