/* The sums that must come out (GLIBC.md 4.5, 7.5, 10.4). */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "malloc/walk.h"

int walk_compare(struct walk *w, const char *name, uint64_t a, uint64_t b,
		 struct error *err, const char *fmt, ...)
{
	struct check c = {.result = a == b ? CHECK_OK : CHECK_FAILED,
			  .has_numbers = true,
			  .a = a,
			  .b = b};
	va_list ap;

	snprintf(c.name, sizeof c.name, "%s", name);
	va_start(ap, fmt);
	vsnprintf(c.text, sizeof c.text, fmt, ap);
	va_end(ap);
	/* Sums of several arenas: none is to blame but the stop. */
	if (a != b && walk_is_busy(w)) {
		c.result = CHECK_BUSY;
		if (walk_defect(w, DEFECT_BUSY, 0, w->g->main_arena, err,
				"%s differ: thread %d stands inside malloc",
				name, (int)w->in_malloc_tid) < 0)
			return -1;
	}
	return walk_check(w, &c, err);
}

struct sums {
	uint64_t covered, system, bins, listed, bin_bytes, listed_bytes;
	uint64_t used, cached, overhead, free, lost;
	unsigned with_top, initialised;
	uint32_t odd; /* an arena whose heaps are not system_mem; or NONE */
};

static void sum_chunks(struct walk *w)
{
	for (size_t i = 0; i < w->stretches; i++) {
		const struct stretch *s = &w->stretch[i];
		struct heap_arena *a = &w->arena[s->arena];

		if (walk_copy_of(w, s->arena) != w->copy)
			continue;
		for (size_t j = 0; j < s->count; j++) {
			const struct chunk *c = &s->chunk[j];

			if (c->state == CHUNK_USED)
				a->used_bytes += c->size + w->form.word;
			else if (c->state == CHUNK_CACHED)
				a->cached_bytes += c->size + w->form.word;
		}
	}
}

static void sum_arenas(const struct walk *w, struct sums *s)
{
	*s = (struct sums){.odd = ARENA_NONE};
	for (size_t i = w->copy->arena; i < w->copy->end; i++) {
		const struct heap_arena *a = &w->arena[i];

		s->covered += a->covered;
		s->system += a->out.system_bytes;
		s->bins += a->out.bin_count;
		s->listed += a->listed;
		s->bin_bytes += a->out.bin_bytes;
		s->listed_bytes += a->listed_bytes;
		s->used += a->used_bytes;
		s->cached += a->cached_bytes;
		s->overhead += a->out.overhead_bytes;
		s->free +=
			a->out.bin_bytes + a->out.fast_bytes + a->out.top_bytes;
		s->lost += a->lost;
		s->with_top += a->top_reached;
		s->initialised += a->out.initialised;
		if (a->covered != a->out.system_bytes && s->odd == ARENA_NONE)
			s->odd = (uint32_t)i;
	}
}

int walk_verify(struct walk *w, struct error *err)
{
	struct sums s;

	sum_chunks(w);
	sum_arenas(w, &s);
	if (walk_compare(w, "arenas walked to their top", s.with_top,
			 s.initialised, err,
			 "arenas whose top was reached, "
			 "arenas in use") < 0)
		return -1;
	if (s.odd != ARENA_NONE) {
		if (walk_compare(w, "heap bytes and system_mem", s.covered,
				 s.system, err,
				 "arena %u at 0x%" PRIx64 ": 0x%" PRIx64
				 " walked, 0x%" PRIx64 " from the system",
				 s.odd, w->arena[s.odd].out.addr,
				 w->arena[s.odd].covered,
				 w->arena[s.odd].out.system_bytes) < 0)
			return -1;
	} else if (walk_compare(w, "heap bytes and system_mem", s.covered,
				s.system, err,
				"bytes walked, bytes from the system") < 0) {
		return -1;
	}
	if (walk_compare(w, "free chunks walked and in bins", s.bins, s.listed,
			 err, "chunks") < 0 ||
	    walk_compare(w, "free bytes walked and in bins", s.bin_bytes,
			 s.listed_bytes, err, "bytes") < 0 ||
	    walk_compare(w, "tcache counts and links", w->copy->tcache_counted,
			 w->copy->tcache_linked, err,
			 "chunks in %" PRIu64 " tcaches", w->copy->tcaches) < 0)
		return -1;
	return walk_compare(w, "uordblks and what is in it", s.system - s.free,
			    s.used + s.cached + s.overhead, err,
			    "used + cached + overhead; 0x%" PRIx64
			    " bytes lost to damage",
			    s.lost);
}

static bool has_heap(const struct walk *w, const struct map *m)
{
	for (size_t i = 0; i < w->stretches; i++)
		if (w->stretch[i].start >= m->start &&
		    w->stretch[i].start < m->end)
			return true;
	return false;
}

/* Where memory may begin whose header is lost. */
struct candidate {
	uint64_t bytes; /* that are sought */
	uint64_t exact, longer;
	unsigned exacts, longers;
};

static void try_gap(struct walk *w, struct candidate *c, uint64_t from,
		    uint64_t to)
{
	uint64_t word;

	if (to - from == c->bytes) {
		c->exact = from;
		c->exacts++;
	} else if (to > from && to - from > c->bytes &&
		   pages_word(&w->pages, from + w->form.word, &word) && word) {
		/* Adjacent to other memory: the kernel maps downwards. */
		c->longer = from;
		c->longers++;
	}
}

/* So many bytes of anonymous memory that are in nothing of malloc's: where
 * they begin, or 0 if there is no such place or more than one. */
static uint64_t mapping_of(struct walk *w, uint64_t bytes)
{
	const struct maps *maps = &w->target->maps;
	uint64_t page = w->target->page_size - 1;
	struct candidate c = {.bytes = bytes};
	size_t k = 0;

	for (size_t i = 0; i < maps->count; i++) {
		const struct map *m = &maps->map[i];
		uint64_t from = m->start;

		if (!map_is_anonymous(m) || !(m->prot & MAP_W) ||
		    has_heap(w, m))
			continue;
		while (k < w->mmappeds && w->mmapped[k].addr < m->start)
			k++;
		for (; k < w->mmappeds && w->mmapped[k].addr < m->end; k++) {
			const struct chunk *d = &w->mmapped[k];

			try_gap(w, &c, from, d->addr & ~page);
			from = (d->addr + d->size + page) & ~page;
		}
		if (from < m->end)
			try_gap(w, &c, from, m->end);
	}
	return c.exacts == 1		     ? c.exact
	       : !c.exacts && c.longers == 1 ? c.longer
					     : 0;
}

/*
 * The counters against what was found: where only one thing can be wrong, it is
 * told at its place.
 */
static int tell_mmapped(struct walk *w, uint64_t count, uint64_t want,
			struct error *err)
{
	uint64_t sum = w->mmapped_bytes, at = 0;
	const struct params_layout *p = w->g->params;
	struct defect d = {.kind = DEFECT_COUNT,
			   .arena = ARENA_MMAPPED,
			   .has_found = true,
			   .has_expected = true};

	if (w->copy_count != 1 || walk_is_busy(w))
		return 0;
	if (w->mmappeds + 1 == count && want > sum)
		at = mapping_of(w, want - sum);
	if (at) {
		d.kind = DEFECT_SIZE;
		d.addr = at;
		d.word = at + w->form.word;
		d.unknown = want - sum;
		d.has_expected = false;
		if (!pages_word(&w->pages, d.word, &d.found))
			d.has_found = false;
		return walk_damage(w, &d, err,
				   "one more mmapped chunk is counted, of as "
				   "many bytes as this memory has, but its "
				   "header is none");
	}
	if ((w->mmappeds != count) == (sum != want))
		return 0;
	d.addr = w->g->mp + (sum == want ? p->n_mmaps : p->mmapped_mem);
	d.word = d.addr;
	d.found = sum == want ? count : want;
	d.expected = sum == want ? w->mmappeds : sum;
	return walk_damage(w, &d, err,
			   "counts %" PRIu64 " %s of mmapped chunks, but there "
			   "are %" PRIu64,
			   d.found, sum == want ? "mappings" : "bytes",
			   d.expected);
}

/* Since 2.43 the counter grows by a header too much whenever mremap() resizes a
 * block (GLIBC.md 7.5): both numbers are told, and why they may differ. */
static int walk_drifted(struct walk *w, uint64_t sum, uint64_t said,
			struct error *err)
{
	struct check c = {.result = CHECK_OK,
			  .has_numbers = true,
			  .a = sum,
			  .b = said,
			  .name = "mmapped bytes and mmapped_mem"};

	/* As long as less than a page is too much, no page can be missing. */
	if (said - sum >= w->target->page_size)
		c.result = CHECK_SKIPPED;
	snprintf(c.text, sizeof c.text,
		 "bytes mapped, mp_.mmapped_mem, in which this release counts "
		 "%u too many whenever a block is resized: %" PRIu64 " times%s",
		 w->form.header, (said - sum) / w->form.header,
		 c.result == CHECK_OK ? "" : ", or pages are missing");
	return walk_check(w, &c, err);
}

/* Mmapped chunks do not tell which copy of malloc they are of. */
int walk_verify_all(struct walk *w, struct error *err)
{
	uint64_t sum = w->mmapped_bytes, want = 0, said, count = 0;
	bool drifted;

	walk_enter(w, 0);
	for (size_t i = 0; i < w->copy_count; i++) {
		count += w->copies[i].params.n_mmaps;
		want += w->copies[i].params.mmapped_bytes;
	}
	if (walk_compare(w, "sizes, links and lists", w->defects, 0, err,
			 "defects found, none expected") < 0 ||
	    walk_compare(w, "mmapped chunks and n_mmaps", w->mmappeds, count,
			 err, "chunks found, mp_.n_mmaps%s",
			 w->copy_count > 1 ? " of all copies of malloc" : "") <
		    0)
		return -1;
	drifted = w->g->state->mmapped_tail && sum < want &&
		  (want - sum) % w->form.header == 0;
	said = want;
	if (drifted)
		want = sum;
	if ((w->mmappeds != count || sum != want) &&
	    tell_mmapped(w, count, want, err) < 0)
		return -1;
	if (drifted)
		return walk_drifted(w, sum, said, err);
	return walk_compare(w, "mmapped bytes and mmapped_mem", sum, want, err,
			    "bytes mapped, mp_.mmapped_mem");
}
