/*
 * A long heap walked from several places at once.  Chunk after chunk, each
 * header is a cache miss that must be awaited before the next is known; with
 * sixteen cursors taking turns, sixteen are under way.
 *
 * A cursor begins where chunks seem to begin, which may be wrong: its part
 * counts only if the walk from before arrives exactly there.  It goes no
 * further than what is plain, and leaves whatever is odd to that walk.  Only
 * for targets that hand out memory in place.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/progress.h"
#include "malloc/walk.h"

/* TICK: rounds between two looks at ^C. */
enum { SEARCH_BYTES = 64 << 10, ANCHOR_CHUNKS = 64, TICK = 1 << 10 };

struct cursor {
	struct ahead_part *part;
	const uint8_t *bytes; /* of from; in place */
	uint64_t from, to;
	uint64_t at, stop, top, limit;
	uint32_t arena;
	bool is_main, pending;
};

static bool look(struct walk *w, struct cursor *c)
{
	uint64_t need = 4 * w->form.word;
	size_t len;

	if (c->at >= c->from && c->at + need <= c->to)
		return true;
	c->bytes = w->target->ops->peek(w->target, c->at, &len);
	c->from = c->at;
	c->to = c->bytes ? c->at + len : c->at;
	return c->at + need <= c->to;
}

static bool keep_chunk(const struct chunk_form *form, struct ahead_part *p,
		       uint64_t size, bool used, uint32_t arena)
{
	struct error err;

	if (p->count == p->cap &&
	    GROW(p->chunk, p->cap, p->count + 1, "chunk table", &err) < 0)
		return false;
	if (!used &&
	    frees_add(&p->free, &(struct free_chunk){p->prev, size, arena, 0},
		      &(struct free_links){p->head.fd, p->head.bk}, &err) < 0)
		return false;
	p->chunk[p->count++] = (struct chunk){
		.addr = p->prev + form->header,
		.size = size - form->word,
		.arena = arena,
		.state = used ? CHUNK_USED : CHUNK_FREE,
	};
	if (!used)
		p->free_bytes += size;
	return true;
}

/* The header at c->at finishes the chunk before; false if it is not plain. */
static bool finish(const struct walk *w, struct cursor *c,
		   const struct chunk_head *h)
{
	struct ahead_part *p = c->part;
	bool used = h->size & CHUNK_PREV_INUSE;

	if (used ? !c->is_main && !(p->head.size & CHUNK_NON_MAIN)
		 : h->prev_size != c->at - p->prev)
		return false;
	return keep_chunk(&w->form, p, c->at - p->prev, used, c->arena);
}

/* One chunk further; false when this cursor has come as far as it can. */
static bool step(struct walk *w, struct cursor *c)
{
	struct chunk_head h;

	if (c->at >= c->stop || c->at == c->top || !look(w, c))
		return false;
	h = chunk_head_load(&w->form, c->bytes + (c->at - c->from), 4);
	if (!chunk_plausible(&w->form, h.size, c->limit - c->at, c->is_main) ||
	    (c->at < c->top && c->top - c->at < chunk_bytes(&h)) ||
	    walk_in_hand(w, c->at))
		return false;
	if (c->pending && !finish(w, c, &h))
		return false;
	c->pending = true;
	c->part->prev = c->at;
	c->part->head = h;
	c->at += chunk_bytes(&h);
	c->part->end = c->at;
	if (c->at < c->to)
		__builtin_prefetch(c->bytes + (c->at - c->from));
	return true;
}

/* Where chunks seem to begin, not far from addr; 0 if nowhere. */
static uint64_t anchor(struct walk *w, uint32_t arena, uint64_t addr,
		       uint64_t limit)
{
	const struct chunk_form *form = &w->form;
	struct chain chain = {
		.arena = arena, .limit = limit, .enough = ANCHOR_CHUNKS};
	bool is_main = w->arena[arena].out.is_main;
	uint64_t end =
		addr + SEARCH_BYTES < limit ? addr + SEARCH_BYTES : limit;

	for (; addr + form->min <= end; addr += form->align) {
		const uint8_t *p = window_at(&w->window, addr, form->header);

		if (!p)
			return 0;
		if (chunk_plausible(form, load_word(p + form->word, form->word),
				    limit - addr, is_main) &&
		    chain_holds(w, &chain, addr))
			return addr;
	}
	return 0;
}

static int walk_on(struct walk *w, struct cursor *cursor, unsigned count,
		   struct error *err)
{
	uint64_t start = cursor[0].at, all = cursor[0].stop - start;
	unsigned running = count;

	for (unsigned n = 1; running; n++) {
		if (n % TICK == 0 &&
		    progress_tick("walking the heap", cursor[0].at - start, all,
				  err) < 0)
			return -1;
		running = 0;
		for (unsigned i = 0; i < count; i++)
			running += step(w, &cursor[i]);
	}
	return 0;
}

int ahead_walk(struct walk *w, uint32_t arena, uint64_t start, uint64_t limit,
	       struct ahead *out, struct error *err)
{
	const struct arena *a = &w->arena[arena].out;
	uint64_t end = a->top > start && a->top < limit ? a->top : limit;
	struct cursor cursor[AHEAD_PARTS] = {{0}};

	*out = (struct ahead){0};
	if (!w->target->ops->peek || end - start < w->g->ahead_bytes)
		return 0;
	for (unsigned i = 0; i < AHEAD_PARTS; i++) {
		uint64_t at = start + (end - start) / AHEAD_PARTS * i;

		at = i ? anchor(w, arena, chunk_first(&w->form, at), end)
		       : start;
		if (!at ||
		    (i && out->parts && at <= out->part[out->parts - 1].start))
			continue;
		out->part[out->parts] = (struct ahead_part){
			.start = at,
			.end = at,
			.free.keep_links = w->free.keep_links};
		cursor[out->parts] = (struct cursor){
			.part = &out->part[out->parts],
			.at = at,
			.stop = end,
			.top = a->top,
			.limit = limit,
			.arena = arena,
			.is_main = a->is_main,
		};
		if (out->parts)
			cursor[out->parts - 1].stop = at;
		out->parts++;
	}
	return walk_on(w, cursor, out->parts, err);
}

void ahead_deinit(struct ahead *ahead)
{
	for (unsigned i = 0; i < ahead->parts; i++) {
		free(ahead->part[i].chunk);
		frees_deinit(&ahead->part[i].free);
	}
	ahead->parts = 0;
}
