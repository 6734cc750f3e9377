/* The heaps of a thread arena (GLIBC.md 3.8, 4.2). */
#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "malloc/walk.h"

enum { MAX_HEAPS = 1 << 20 };

struct heaps {
	uint64_t *base; /* owned */
	size_t count, cap;
};

static int add_heap(struct heaps *h, uint64_t base, struct error *err)
{
	if (GROW(h->base, h->cap, h->count + 1, "heap list", err) < 0)
		return -1;
	h->base[h->count++] = base;
	return 0;
}

static bool is_heap_of(struct walk *w, uint64_t base, uint64_t arena)
{
	uint64_t word;

	/* The one that the arena lies in, whatever it begins with. */
	return (pages_word(&w->pages, base, &word) && word == arena) ||
	       base == (arena & ~(w->copy->heap_max - 1));
}

/* Nothing but the address of its arena is wrong. */
static bool may_be_heap(struct walk *w, uint64_t base)
{
	uint64_t prev, size, room = w->copy->heap_max - 1;
	unsigned word = w->form.word;

	return pages_word(&w->pages, base + word, &prev) && !(prev & room) &&
	       pages_word(&w->pages, base + 2 * word, &size) && size &&
	       size % w->target->page_size == 0 && size <= room + 1;
}

static int tell_heap(struct walk *w, const struct heap_arena *a, uint64_t base,
		     struct error *err)
{
	struct defect d = {.kind = DEFECT_LINK,
			   .arena = a->out.index,
			   .addr = base,
			   .word = base,
			   .has_found = true,
			   .has_expected = true,
			   .expected = a->out.addr};

	if (!pages_word(&w->pages, base, &d.found))
		d.has_found = false;
	return walk_damage(w, &d, err,
			   "the heap begins with 0x%" PRIx64
			   ", not with the address of its arena",
			   d.found);
}

/* From the heap that holds top back to the first; false if led astray. */
static int follow_heaps(struct walk *w, struct heap_arena *a, struct heaps *h,
			bool *whole, struct error *err)
{
	uint64_t first = a->out.addr & ~(w->copy->heap_max - 1);
	uint64_t at = a->out.top & ~(w->copy->heap_max - 1);
	struct u64map seen = {0};
	int rc = 0;

	*whole = false;
	while (!rc && h->count < MAX_HEAPS && !u64map_get(&seen, at, NULL)) {
		if (!is_heap_of(w, at, a->out.addr)) {
			if (!may_be_heap(w, at))
				break;
			rc = tell_heap(w, a, at, err);
			if (rc)
				break;
		}
		rc = add_heap(h, at, err);
		if (!rc)
			rc = u64map_put(&seen, at, 1, err);
		if (at == first) {
			*whole = true;
			break;
		}
		if (!pages_word(&w->pages, at + w->form.word, &at) ||
		    at % w->copy->heap_max)
			break;
	}
	u64map_deinit(&seen);
	return rc;
}

/* Heaps are aligned and begin with their arena's address. */
static int search_heaps(struct walk *w, struct heap_arena *a, struct heaps *h,
			struct error *err)
{
	const struct maps *maps = &w->target->maps;
	uint64_t step = w->copy->heap_max;

	h->count = 0;
	for (size_t i = 0; i < maps->count; i++) {
		const struct map *m = &maps->map[i];
		uint64_t base = (m->start + step - 1) & ~(step - 1);

		if (!map_is_anonymous(m) || !(m->prot & MAP_W))
			continue;
		for (; base < m->end; base += step)
			if (is_heap_of(w, base, a->out.addr) &&
			    add_heap(h, base, err) < 0)
				return -1;
	}
	return 0;
}

/* heap_info's size, or how far the mapping goes if that cannot be. */
static int heap_bytes(struct walk *w, struct heap_arena *a, uint64_t base,
		      uint64_t *size, struct error *err)
{
	const struct map *m;

	if (pages_word(&w->pages, base + 2 * w->form.word, size) &&
	    *size % w->target->page_size == 0 && *size <= w->copy->heap_max &&
	    *size >= w->target->page_size &&
	    walk_is_heap_end(w, base, base + *size))
		return 0;
	if (walk_defect(w, DEFECT_SIZE, a->out.index, base, err,
			"size 0x%" PRIx64 " of the heap cannot be", *size) < 0)
		return -1;
	m = maps_find(&w->target->maps, base);
	*size = m ? m->end - base : 0;
	if (*size > w->copy->heap_max)
		*size = w->copy->heap_max;
	return 0;
}

static int walk_heap(struct walk *w, uint32_t index, uint64_t base,
		     struct error *err)
{
	struct heap_arena *a = &w->arena[index];
	const struct walk_copy *c = w->copy;
	bool is_first = base == (a->out.addr & ~(c->heap_max - 1));
	uint64_t start =
		chunk_first(&w->form, is_first ? a->first_after
					       : base + c->heap_layout->size);
	enum stretch_end how;
	uint64_t size, end;

	if (heap_bytes(w, a, base, &size, err) < 0)
		return -1;
	a->out.heaps++;
	a->covered += size;
	if (size < start - base)
		return 0;
	a->out.overhead_bytes += start - base;
	if (walk_stretch(w, index, start, base + size, &how, &end, err) < 0)
		return -1;
	if (how == STRETCH_LOST || end == base + size)
		return 0;
	return walk_defect(w, DEFECT_SIZE, index, end, err,
			   "0x%" PRIx64 " bytes behind the end of the heap",
			   base + size - end);
}

int walk_thread_arena(struct walk *w, uint32_t index, struct error *err)
{
	struct heap_arena *a = &w->arena[index];
	struct heaps heaps = {0};
	bool whole;
	int rc = follow_heaps(w, a, &heaps, &whole, err);

	if (!rc && !whole) {
		rc = walk_defect(w, DEFECT_LINK, index, a->out.addr, err,
				 "heaps do not lead from top 0x%" PRIx64
				 " to the first one",
				 a->out.top);
		if (!rc)
			rc = search_heaps(w, a, &heaps, err);
	}
	for (size_t i = 0; !rc && i < heaps.count; i++)
		rc = walk_heap(w, index, heaps.base[i], err);
	free(heaps.base);
	return rc;
}
