/*
 * Where do chunks begin again?  After damage, and behind memory that a program
 * took from brk for itself (GLIBC.md 4.4 c).
 */
#include "base/progress.h"
#include "malloc/walk.h"

enum { TICK = 1 << 16 };

static bool size_word(struct walk *w, uint64_t addr, uint64_t *prev_size,
		      uint64_t *size)
{
	unsigned word = w->form.word;
	uint8_t head[16];

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

bool chain_holds(struct walk *w, const struct chain *c, uint64_t addr)
{
	const struct arena *a = &w->arena[c->arena].out;
	uint64_t before = 0, prev, size;

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
		if (n && (size & CHUNK_SIZE_MASK) == w->form.header)
			return a->is_main
				       ? fence_end(w, addr)
				       : fence_ends(w,
						    addr + 2 * w->form.header,
						    c->limit);
		if (!chunk_plausible(&w->form, size, c->limit - addr,
				     a->is_main))
			return false;
		if (addr < a->top && a->top - addr < (size & CHUNK_SIZE_MASK))
			return false;
		if (c->bad) {
			struct error err;

			if (u64map_get(c->bad, addr, NULL))
				return false;
			/* Without memory for it we are slower, no more. */
			if (u64map_put(c->bad, addr, 1, &err) < 0)
				return false;
		}
		before = size & CHUNK_SIZE_MASK;
		if (c->members && walk_member_after(w, addr) < addr + before)
			return false;
		addr += before;
	}
}

uint64_t chain_find(struct walk *w, const struct chain *c, uint64_t from)
{
	struct error err;
	unsigned n = 0;

	from = chunk_first(&w->form, from);
	for (uint64_t at = from; at + w->form.min <= c->limit;
	     at += w->form.align) {
		const uint8_t *p = window_at(&w->window, at, w->form.header);

		if (at == w->arena[c->arena].out.top)
			return at;
		if (!p) {
			/* A hole: on at the next page. */
			at |= w->target->page_size - 1;
			at = chunk_first(&w->form, at + 1) - w->form.align;
			continue;
		}
		if (++n % TICK == 0 &&
		    progress_tick("looking for chunks", at - from,
				  c->limit - from, &err) < 0)
			return 0;
		if (chunk_plausible(
			    &w->form, load_word(p + w->form.word, w->form.word),
			    c->limit - at, w->arena[c->arena].out.is_main) &&
		    chain_holds(w, c, at))
			return at;
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
