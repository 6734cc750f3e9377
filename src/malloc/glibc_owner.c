/*
 * Whose is a piece of main arena that brk did not give (GLIBC.md 4.4 d)?  It
 * does not say.  With one copy of malloc there is no question; with several
 * what is in it tells: where the copy's memory begins, its top, or a chunk that
 * is in one of its bins.
 */
#include "malloc/walk.h"

enum { CHAIN_CHUNKS = 4096, MAX_LISTED = 1 << 20 };

void owners_deinit(struct owners *owners)
{
	u64map_deinit(&owners->free);
}

static struct heap_arena *main_of(struct walk *w, size_t copy)
{
	return &w->arena[w->copies[copy].arena];
}

/* Not all of its memory has been found. */
static bool lacks(struct walk *w, size_t copy)
{
	const struct heap_arena *a = main_of(w, copy);

	return w->copies[copy].segments &&
	       (!a->top_reached || a->covered < a->out.system_bytes);
}

/* The chunks in the bins of a main arena; damage is told by walk_bins(). */
static int list_free(struct owners *o, struct walk *w, size_t copy,
		     struct error *err)
{
	const struct heap_arena *a = main_of(w, copy);
	unsigned bins = w->copies[copy].g->state->bins, word = w->form.word;

	for (unsigned i = 0; i < GLIBC_BINS; i++) {
		unsigned bin = bins + 2 * word * i;
		uint64_t head = a->out.addr + bin - 2 * word;
		uint64_t at = load_word(a->raw + bin, word);

		while (at != head && chunk_fits_at(&w->form, at) &&
		       o->free.count < MAX_LISTED &&
		       !u64map_get(&o->free, at, NULL)) {
			if (u64map_put(&o->free, at, copy, err) < 0)
				return -1;
			if (!pages_word(&w->pages, at + 2 * word, &at))
				break;
		}
	}
	return 0;
}

/*
 * Through the chunks from at on: the copy whose top or free chunk is met, or
 * -1; *bytes is how far chunks went.
 */
static int trace(struct owners *o, struct walk *w, uint64_t at, uint64_t limit,
		 uint64_t *bytes)
{
	uint64_t addr = at, before = 0, size = 0, copy, end;

	for (;; addr += size & CHUNK_SIZE_MASK) {
		*bytes = addr - at;
		for (size_t i = 0; i < w->copy_count; i++)
			if (lacks(w, i) && main_of(w, i)->out.top == addr)
				return (int)i;
		if (addr >= limit ||
		    !pages_word(&w->pages, addr + w->form.word, &size))
			return -1;
		if (before && !(size & CHUNK_PREV_INUSE) &&
		    u64map_get(&o->free, before, &copy))
			return (int)copy;
		end = (size & CHUNK_SIZE_MASK) == w->form.header
			      ? fence_end(w, addr)
			      : 0;
		if (end)
			*bytes = end - at;
		if (end || !chunk_plausible(&w->form, size, limit - addr, true))
			return -1;
		before = addr;
	}
}

static int by_room(struct walk *w, uint64_t bytes, bool *sure)
{
	int owner = -1;

	for (size_t i = 0; i < w->copy_count; i++) {
		const struct heap_arena *a = main_of(w, i);

		if (!lacks(w, i) || a->out.system_bytes - a->covered < bytes)
			continue;
		if (owner < 0)
			owner = (int)i;
		else
			*sure = false;
	}
	return owner;
}

/* Several could be it: *copy is which, -1 if none is. */
static int decide(struct owners *o, struct walk *w, uint64_t at, uint64_t limit,
		  int *copy, bool *sure, struct error *err)
{
	uint64_t bytes;

	*copy = -1;
	for (size_t i = 0; i < w->copy_count; i++) {
		if (!o->filled && lacks(w, i) && list_free(o, w, i, err) < 0)
			return -1;
		if (lacks(w, i) &&
		    chunk_first(&w->form, w->copies[i].params.sbrk_base) == at)
			*copy = (int)i;
	}
	o->filled = true;
	if (*copy < 0)
		*copy = trace(o, w, at, limit, &bytes);
	if (*copy < 0)
		*copy = by_room(w, bytes, sure);
	return 0;
}

int owners_find(struct owners *o, struct walk *w, uint64_t at, uint64_t limit,
		int *copy, bool *sure, struct error *err)
{
	struct chain chain = {.limit = limit,
			      .enough = CHAIN_CHUNKS,
			      .first_in_use = true,
			      .bridges = true};
	unsigned could = 0;
	uint64_t size;
	bool chunk;

	*copy = -1;
	*sure = true;
	if (!pages_word(&w->pages, at + w->form.word, &size))
		return 0;
	chunk = (size & CHUNK_FLAGS) == CHUNK_PREV_INUSE &&
		chunk_plausible(&w->form, size, limit - at, true);
	for (size_t i = 0; i < w->copy_count; i++) {
		chain.arena = w->copies[i].arena;
		if (!lacks(w, i) || (at != main_of(w, i)->out.top &&
				     !(chunk && chain_holds(w, &chain, at))))
			continue;
		could++;
		*copy = (int)i;
	}
	return could > 1 ? decide(o, w, at, limit, copy, sure, err) : 0;
}
