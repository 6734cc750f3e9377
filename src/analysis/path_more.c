/* The K shortest loopless chains: see path.h. */
#include <stdlib.h>

#include "analysis/path_impl.h"
#include "base/alloc.h"
#include "base/progress.h"

/* Ends of chains looked at between two looks at ^C. */
enum { STEP = 1 << 10 };

#define INCOMPLETE UINT32_MAX

/*
 * The end of a chain: from chunk over "next" (an index of these) to the target.
 * bound: no chain with this end is shorter.
 */
struct end {
	uint32_t chunk, next, length, bound; /* length: chunks */
	uint32_t root; /* INCOMPLETE, or index: then it is a chain */
	bool sure;     /* some chain with this end is as short as bound */
	bool straight; /* ... by the search in breadth */
};

struct more {
	struct path_search *s;
	struct rows in;	    /* owned: edges the other way round */
	uint32_t *distance; /* owned: steps up to this one; 0 not reached */
	uint32_t *order;    /* owned: place in the queue */
	struct end *end;    /* owned: all that were made */
	size_t ends, end_cap;
	bool told;	/* the chain of the search in breadth came up */
	uint32_t *heap; /* owned: of those not looked at, least first */
	size_t heaped, heap_cap;
	struct bitmap on; /* chunks of the end looked at */
	uint32_t current; /* whose they are, NOBODY none */
	uint32_t *seen;	  /* owned: round in which a detour saw a chunk */
	uint32_t *wave;	  /* owned */
	uint32_t round;
};

/* How near to be a chain: a root may count for more than one step. */
static uint32_t progress(const struct end *e)
{
	return e->root != INCOMPLETE ? e->bound : e->length;
}

/* Shortest first; then those nearest to be a chain. */
static bool before(const struct more *m, uint32_t a, uint32_t b)
{
	const struct end *x = &m->end[a], *y = &m->end[b];
	const struct ref *root = m->s->g->root;

	if (x->bound != y->bound)
		return x->bound < y->bound;
	if (progress(x) != progress(y))
		return progress(x) > progress(y);
	if (x->root != INCOMPLETE && y->root != INCOMPLETE) {
		unsigned i = path_root_order(m->s->g, &root[x->root]);
		unsigned j = path_root_order(m->s->g, &root[y->root]);

		return i != j ? i < j : x->root < y->root;
	}
	if (x->root != y->root)
		return x->root != INCOMPLETE;
	return m->order[x->chunk] < m->order[y->chunk];
}

static int heap_put(struct more *m, uint32_t end, struct error *err)
{
	size_t i = m->heaped;

	if (GROW(m->heap, m->heap_cap, m->heaped + 1, "paths", err))
		return -1;
	m->heaped++;
	for (; i && before(m, end, m->heap[(i - 1) / 2]); i = (i - 1) / 2)
		m->heap[i] = m->heap[(i - 1) / 2];
	m->heap[i] = end;
	return 0;
}

static uint32_t heap_take(struct more *m)
{
	uint32_t top = m->heap[0], last = m->heap[--m->heaped];
	size_t i = 0;

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= m->heaped)
			break;
		if (child + 1 < m->heaped &&
		    before(m, m->heap[child + 1], m->heap[child]))
			child++;
		if (!before(m, m->heap[child], last))
			break;
		m->heap[i] = m->heap[child];
		i = child;
	}
	m->heap[i] = last;
	return top;
}

static int put(struct more *m, const struct end *end, struct error *err)
{
	if (m->ends >= NOBODY)
		return error_set(err, ERR_NO_MEMORY, "too many paths");
	if (GROW(m->end, m->end_cap, m->ends + 1, "paths", err))
		return -1;
	m->end[m->ends] = *end;
	return heap_put(m, (uint32_t)m->ends++, err);
}

/* Makes "on" the chunks of this end; mostly it is one longer than the last. */
static void stand_on(struct more *m, uint32_t at)
{
	if (m->current != at && m->end[at].next != m->current) {
		for (uint32_t i = m->current; i != NOBODY; i = m->end[i].next)
			bitmap_clear(&m->on, m->end[i].chunk);
		for (uint32_t i = at; i != NOBODY; i = m->end[i].next)
			bitmap_set(&m->on, m->end[i].chunk);
	}
	bitmap_set(&m->on, m->end[at].chunk);
	m->current = at;
}

/* The way that the search in breadth came is free of the end's chunks. */
static bool is_straight(const struct more *m, uint32_t chunk)
{
	const uint32_t *back = m->s->before;

	while (back[chunk] != chunk) {
		chunk = back[chunk];
		if (bitmap_test(&m->on, chunk))
			return false;
	}
	return true;
}

/*
 * How many steps a way from a root to the end's first chunk has at least that
 * keeps off the end's others; 0: there is none.
 */
static int detour(struct more *m, uint32_t chunk, uint32_t *length,
		  struct error *err)
{
	uint32_t n = 0, level_end = 1;
	bool weak = false; /* a root that counts for two was met */

	if (!++m->round) {
		for (uint32_t i = 0; i < m->in.nodes; i++)
			m->seen[i] = 0;
		m->round = 1;
	}
	m->wave[n++] = chunk;
	m->seen[chunk] = m->round;
	*length = 1;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = m->wave[i];

		if (i == level_end) {
			level_end = n;
			++*length;
			if (weak)
				return 0;
		}
		if (m->s->steps[at] == 1)
			return 0;
		weak |= m->s->steps[at] == 2;
		if (i % (1 << 16) == 0 &&
		    progress_tick("looking for further paths", i, m->in.nodes,
				  err))
			return -1;
		for (uint64_t e = m->in.first[at]; e < m->in.first[at + 1];
		     e++) {
			uint32_t from = m->in.to[e];

			if (m->seen[from] == m->round || !m->distance[from] ||
			    bitmap_test(&m->on, from) ||
			    !path_edge(m->s, from, at))
				continue;
			m->seen[from] = m->round;
			m->wave[n++] = from;
		}
	}
	*length = weak ? *length + 1 : 0;
	return 0;
}

/* All ends that are one longer. */
static int lengthen(struct more *m, uint32_t at, struct error *err)
{
	const struct end e = m->end[at];
	size_t root, last;

	path_roots_of(m->s->g, e.chunk, &root, &last);
	for (; root < last; root++) {
		const struct ref *ref = &m->s->g->root[root];
		struct end chain = {.chunk = e.chunk,
				    .next = e.next,
				    .length = e.length,
				    .bound = e.length - 1 +
					     graph_root_steps(m->s->g, ref),
				    .root = (uint32_t)root,
				    .sure = true};

		if (path_root_counts(m->s, ref) && put(m, &chain, err))
			return -1;
	}
	for (uint64_t i = m->in.first[e.chunk]; i < m->in.first[e.chunk + 1];
	     i++) {
		uint32_t from = m->in.to[i];
		struct end longer = {.chunk = from,
				     .next = at,
				     .length = e.length + 1,
				     .bound = e.length + m->distance[from],
				     .root = INCOMPLETE};

		if (!m->distance[from] || bitmap_test(&m->on, from) ||
		    !path_edge(m->s, from, e.chunk))
			continue;
		longer.straight = longer.sure =
			e.straight && m->s->before[e.chunk] == from;
		if (put(m, &longer, err))
			return -1;
	}
	return 0;
}

/* The one that was told first? */
static bool is_first(const struct more *m, uint32_t at)
{
	const struct path *first = &m->s->out->path[0];
	const struct end *e = &m->end[at];

	if (e->length != first->count ||
	    m->s->g->root[e->root].from != first->root.from ||
	    m->s->g->root[e->root].reg != first->root.reg ||
	    m->s->g->root[e->root].thread != first->root.thread)
		return false;
	for (uint32_t i = at, n = 0; i != NOBODY; i = m->end[i].next)
		if (m->end[i].chunk != first->chunk[n++])
			return false;
	return true;
}

static int tell(struct more *m, uint32_t at, struct error *err)
{
	const struct end *e = &m->end[at];
	uint32_t *chunk;

	if (!m->told && is_first(m, at)) {
		m->told = true;
		return 0;
	}
	chunk = try_calloc(e->length, sizeof *chunk, "path", err);
	if (!chunk)
		return -1;
	for (uint32_t i = at, n = 0; i != NOBODY; i = m->end[i].next)
		chunk[n++] = m->end[i].chunk;
	return path_add(m->s, &m->s->g->root[e->root], chunk, e->length, err);
}

/* An end whose bound is not known to be met: find what it really is. */
static int make_sure(struct more *m, uint32_t at, struct error *err)
{
	struct end *e = &m->end[at];
	uint32_t length;

	e->sure = true;
	e->straight = is_straight(m, e->chunk);
	if (e->straight)
		return lengthen(m, at, err);
	if (detour(m, e->chunk, &length, err))
		return -1;
	if (!length)
		return 0;
	e->bound = e->length - 1 + length;
	return heap_put(m, at, err);
}

static int find(struct more *m, struct error *err)
{
	struct end target = {.chunk = m->s->target,
			     .next = NOBODY,
			     .length = 1,
			     .bound = m->distance[m->s->target],
			     .root = INCOMPLETE,
			     .sure = true,
			     .straight = true};

	if (!target.bound)
		return 0;
	/* Which of several of one length is told first is one search's. */
	if (path_add_shortest(m->s, err) || put(m, &target, err))
		return -1;
	for (uint64_t i = 0; m->heaped; i++) {
		uint32_t at = heap_take(m);

		if (i % STEP == 0 &&
		    progress_tick("looking for further paths", m->s->out->count,
				  m->s->opts->max, err))
			return -1;
		if (m->end[at].root != INCOMPLETE) {
			if (tell(m, at, err))
				return -1;
			if (m->s->out->count == m->s->opts->max)
				return 0;
			continue;
		}
		stand_on(m, at);
		if (m->end[at].sure ? lengthen(m, at, err)
				    : make_sure(m, at, err))
			return -1;
	}
	return 0;
}

static int measure(struct more *m, struct error *err)
{
	const struct path_search *s = m->s;
	uint32_t nodes = s->g->out.nodes;

	m->distance = try_calloc(nodes, sizeof *m->distance, "paths", err);
	m->order = try_calloc(nodes, sizeof *m->order, "paths", err);
	m->seen = try_calloc(nodes, sizeof *m->seen, "paths", err);
	m->wave = try_calloc(nodes, sizeof *m->wave, "paths", err);
	if (!m->distance || !m->order || !m->seen || !m->wave ||
	    bitmap_init(&m->on, nodes, "paths", err) ||
	    rows_reverse(&s->g->out, &m->in, err))
		return -1;
	for (uint32_t i = 0; i < s->reached; i++) {
		uint32_t chunk = s->queue[i], back = s->before[chunk];

		m->order[chunk] = i;
		m->distance[chunk] =
			back == chunk ? s->steps[chunk] : m->distance[back] + 1;
	}
	return 0;
}

int path_more(struct path_search *s, struct error *err)
{
	struct more m = {.s = s, .current = NOBODY};
	int ret = measure(&m, err) || find(&m, err) ? -1 : 0;

	rows_deinit(&m.in);
	bitmap_deinit(&m.on);
	free(m.distance);
	free(m.order);
	free(m.end);
	free(m.heap);
	free(m.seen);
	free(m.wave);
	return ret;
}
