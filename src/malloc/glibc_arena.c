/* The ring of arenas (GLIBC.md 4.1) and what each malloc_state says. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "malloc/walk.h"

/* Of HEAP_MAX_SIZE: four of the smallest huge pages. */
enum { LEAST_HEAP = 1 << 20 };

static uint64_t word_at(const struct walk *w, const struct heap_arena *a,
			unsigned offset)
{
	return load_word(a->raw + offset, w->form.word);
}

static void decode(const struct walk *w, struct heap_arena *a)
{
	const struct state_layout *l = w->g->state;
	struct arena *o = &a->out;

	o->noncontiguous = load32(a->raw + 4) & 2;
	o->attached_threads =
		l->attached ? (uint32_t)word_at(w, a, l->attached) : 0;
	o->system_bytes = word_at(w, a, l->system_mem);
	o->max_system_bytes = word_at(w, a, l->max_system_mem);
	o->top = word_at(w, a, l->top);
	o->initialised = o->top && o->top != o->addr + l->top;
	if (!o->initialised)
		o->top = 0;
}

/* A heap begins with the address of its arena, which follows if it is the
 * first one: that tells how long heap_info is. */
static const struct heap_layout *first_heap(struct walk *w, uint64_t arena)
{
	uint64_t word;

	for (const struct heap_layout *h = heap_layouts; h->word; h++)
		if (h->word == w->form.word &&
		    (arena - h->size) % w->target->page_size == 0 &&
		    pages_word(&w->pages, arena - h->size, &word) &&
		    word == arena)
			return h;
	return NULL;
}

/* All heaps of a copy of malloc are of one layout. */
static bool is_thread_arena(struct walk *w, uint64_t addr)
{
	const struct heap_layout *h, *known = w->copy->heap_layout;

	if (addr % w->form.header || !maps_find(&w->target->maps, addr))
		return false;
	h = first_heap(w, addr);
	return h && (!known || h == known);
}

/* Does this arena fit heaps of so many bytes? */
static bool fits_heap_max(struct walk *w, const struct arena *a, uint64_t max)
{
	uint64_t base = a->top & ~(max - 1), word, size;

	if ((a->addr & ~(max - 1)) != a->addr - w->copy->heap_layout->size)
		return false;
	return !a->top ||
	       (pages_word(&w->pages, base, &word) && word == a->addr &&
		pages_word(&w->pages, base + 2 * w->form.word, &size) &&
		a->top - base < size && size <= max);
}

/*
 * What HEAP_MAX_SIZE may be (GLIBC.md 3.9), the likeliest first; how many.  A
 * lone arena often fits more than one, for its address is a multiple of both.
 */
static size_t heap_sizes(struct walk *w, uint64_t sizes[static 3])
{
	uint64_t huge = 0;
	size_t n = 0;

	/* Huge pages that malloc was told to ask for. */
	if (w->g->params->hp_pagesize &&
	    pages_word(&w->pages, w->g->mp + w->g->params->hp_pagesize,
		       &huge) &&
	    huge < UINT64_C(1) << 40 && 4 * huge >= LEAST_HEAP &&
	    !(huge & (huge - 1)))
		sizes[n++] = 4 * huge;
	sizes[n++] = UINT64_C(1) << (w->form.word == 8 ? 26 : 20);
	sizes[n++] = UINT64_C(8) << 20;
	return n;
}

/* HEAP_MAX_SIZE: what most arenas fit. */
static void choose_heap_max(struct walk *w)
{
	uint64_t sizes[3];
	size_t most = 0, n = heap_sizes(w, sizes);

	w->copy->heap_max = sizes[0];
	for (size_t i = 0; w->copy->heap_layout && i < n; i++) {
		size_t fit = 0;

		for (size_t j = w->copy->arena + 1; j < w->copy->end; j++)
			fit += fits_heap_max(w, &w->arena[j].out, sizes[i]);
		if (fit > most) {
			most = fit;
			w->copy->heap_max = sizes[i];
		}
	}
}

enum { MOST_ATTACHED = 4 << 20 /* the kernel has no more threads */ };

static int check_attached(struct walk *w, const struct heap_arena *a,
			  struct error *err)
{
	unsigned attached = w->g->state->attached;
	struct defect d;

	if (!attached)
		return 0;
	d = wrong_word(DEFECT_COUNT, a->out.index, a->out.addr + attached,
		       word_at(w, a, attached));
	return d.found <= MOST_ATTACHED
		       ? 0
		       : walk_damage(w, &d, err,
				     "0x%" PRIx64
				     " threads cannot be attached to the arena",
				     d.found);
}

static int add_arena(struct walk *w, uint64_t addr, struct error *err)
{
	const struct state_layout *l = w->g->state;
	struct heap_arena *a;
	struct defect d;

	if (GROW(w->arena, w->arena_cap, w->arenas + 1, "arena table", err) < 0)
		return -1;
	a = &w->arena[w->arenas];
	*a = (struct heap_arena){
		.out = {.addr = addr,
			.index = (uint32_t)w->arenas,
			.copy = (uint32_t)(w->copy - w->copies),
			.is_main = addr == w->g->main_arena},
		.first_after = addr + l->size,
		.raw = xcalloc(1, l->size),
	};
	w->arenas++;
	w->copy->end = (uint32_t)w->arenas;
	if (!a->out.is_main && !w->copy->heap_layout)
		w->copy->heap_layout = first_heap(w, addr);
	if (!pages_read(&w->pages, addr, a->raw, l->size)) {
		if (a->out.is_main)
			return error_at(
				err, ERR_FAULT, addr,
				"main_arena cannot be read at 0x%" PRIx64,
				addr);
		return walk_defect(w, DEFECT_UNREADABLE, a->out.index, addr,
				   err, "arena cannot be read");
	}
	decode(w, a);
	if (check_attached(w, a, err) < 0)
		return -1;
	a = &w->arena[w->arenas - 1];
	if (!a->out.top || chunk_fits_at(&w->form, a->out.top))
		return 0;
	d = wrong_word(DEFECT_LINK, a->out.index, a->out.addr + l->top,
		       a->out.top);
	a->out.top = 0;
	return walk_damage(w, &d, err, "top 0x%" PRIx64 " is no chunk address",
			   d.found);
}

static bool known(const struct walk *w, uint64_t addr)
{
	for (size_t i = 0; i < w->arenas; i++)
		if (w->arena[i].out.addr == addr)
			return true;
	return false;
}

/* What a malloc_state at addr says of itself, without the ring. */
static bool state_fits(struct walk *w, uint64_t addr)
{
	const struct state_layout *l = w->g->state;
	unsigned word = l->word, wrong = 0;
	AUTO_FREE uint8_t *raw = xcalloc(1, l->size);
	uint64_t top;

	if (!pages_read(&w->pages, addr, raw, l->size))
		return false;
	for (unsigned i = 0; i < 2 * GLIBC_BINS; i++) {
		uint64_t link = load_word(raw + l->bins + word * i, word);
		uint64_t head = addr + l->bins + 2 * word * (i / 2) - 2 * word;

		wrong += link != head && (!chunk_fits_at(&w->form, link) ||
					  !maps_find(&w->target->maps, link));
	}
	top = load_word(raw + l->top, word);
	return wrong <= 2 && chunk_fits_at(&w->form, top) &&
	       maps_find(&w->target->maps, top) &&
	       load_word(raw + l->system_mem, word) % w->target->page_size == 0;
}

/*
 * The ring leads to an arena, as its bins and top say, whose first heap does
 * not begin with its address: that was overwritten.
 */
static int adopt_arena(struct walk *w, uint64_t addr, bool *is_one,
		       struct error *err)
{
	const struct heap_layout *h = heap_layouts;
	struct defect d = {.kind = DEFECT_LINK,
			   .arena = (uint32_t)w->arenas,
			   .has_found = true,
			   .has_expected = true,
			   .expected = addr};

	while (h->word &&
	       (h->word != w->form.word || (addr - h->size) % LEAST_HEAP ||
		(w->copy->heap_layout && h != w->copy->heap_layout)))
		h++;
	*is_one = h->word && addr % w->form.word == 0 && state_fits(w, addr);
	if (!*is_one)
		return 0;
	w->copy->heap_layout = h;
	d.addr = d.word = addr - h->size;
	if (!pages_word(&w->pages, d.addr, &d.found))
		d.has_found = false;
	return walk_damage(w, &d, err,
			   "the heap begins with 0x%" PRIx64
			   ", not with the address of its arena",
			   d.found);
}

/* Does its own way round the ring lead to an arena of this copy of malloc? */
static bool leads_home(struct walk *w, uint64_t addr)
{
	unsigned next = w->g->state->next;

	for (unsigned i = 0; i < MAX_ARENAS; i++) {
		if (!pages_word(&w->pages, addr + next, &addr))
			return false;
		for (uint32_t j = w->copy->arena; j < w->copy->end; j++)
			if (w->arena[j].out.addr == addr)
				return true;
		if (!is_thread_arena(w, addr))
			return false;
	}
	return false;
}

/*
 * A thread arena begins its first heap, and heaps are aligned, so all can be
 * found without the ring.  A broken ring shows in itself; one that closes
 * before it has led to all of them (main_arena's link to itself is the
 * shortest) shows only here.
 */
static int search_arenas(struct walk *w, bool broken, struct error *err)
{
	uint64_t sizes[3], step = UINT64_MAX;
	const struct maps *maps = &w->target->maps;

	/* Where no arena is known, nothing tells how far heaps are apart. */
	for (size_t i = heap_sizes(w, sizes); i--;)
		if (sizes[i] < step)
			step = sizes[i];
	for (size_t i = 0; i < maps->count; i++) {
		const struct map *m = &maps->map[i];
		uint64_t base = (m->start + step - 1) & ~(step - 1), addr;

		if (!map_is_anonymous(m) || !(m->prot & MAP_W))
			continue;
		for (; base < m->end; base += step)
			if (pages_word(&w->pages, base, &addr) && addr > base &&
			    addr - base < 64 && is_thread_arena(w, addr) &&
			    !known(w, addr) && w->arenas < MAX_ARENAS &&
			    state_fits(w, addr) &&
			    (broken || leads_home(w, addr)) &&
			    add_arena(w, addr, err) < 0)
				return -1;
	}
	return 0;
}

/* The ring closed behind the arena `last`, and yet there are more. */
static int tell_closed(struct walk *w, uint32_t last, struct error *err)
{
	struct defect d = wrong_word(
		DEFECT_LINK, last, w->arena[last].out.addr + w->g->state->next,
		w->g->main_arena);

	return walk_damage(w, &d, err,
			   "ring of arenas ends here, and leads to %u of the "
			   "%u that heaps tell of",
			   last + 1 - w->copy->arena,
			   w->copy->end - w->copy->arena);
}

static int tell_ring(struct walk *w, uint64_t where, uint64_t to,
		     struct error *err)
{
	struct defect d = wrong_word(
		DEFECT_LINK, w->arena[w->arenas - 1].out.index, where, to);

	return walk_damage(
		w, &d, err,
		"ring of arenas leads to 0x%" PRIx64 ", which is no arena", to);
}

int walk_arenas(struct walk *w, struct error *err)
{
	unsigned next = w->g->state->next;
	uint64_t at = w->g->main_arena;
	struct u64map seen = {0};
	bool broken = false, is_one;
	uint32_t last;
	int rc;

	if (w->arenas == MAX_ARENAS)
		return error_set(err, ERR_UNSUPPORTED,
				 "more than %d arenas of all copies of malloc",
				 MAX_ARENAS);
	w->copy->arena = (uint32_t)w->arenas;
	rc = add_arena(w, at, err);

	while (!rc) {
		uint64_t from = at;

		rc = u64map_put(&seen, at, 1, err);
		if (rc)
			break;
		at = word_at(w, &w->arena[w->arenas - 1], next);
		if (at == w->g->main_arena)
			break;
		is_one = !u64map_get(&seen, at, NULL) && w->arenas < MAX_ARENAS;
		if (is_one && !is_thread_arena(w, at))
			rc = adopt_arena(w, at, &is_one, err);
		if (!rc && !is_one) {
			rc = tell_ring(w, from + next, at, err);
			broken = true;
		}
		if (rc || broken)
			break;
		rc = add_arena(w, at, err);
	}
	u64map_deinit(&seen);
	choose_heap_max(w);
	last = w->copy->end - 1;
	if (!rc)
		rc = search_arenas(w, broken, err);
	if (w->copy->end - 1 == last)
		return rc;
	choose_heap_max(w);
	return rc || broken ? rc : tell_closed(w, last, err);
}
