/* Chains to a block, against all chains there are, on small random heaps. */
#include "analysis/path.h"
#include "analysis/retained.h"

#include <stdlib.h>
#include <string.h>

#include "tests/lib/builder.h"
#include "tests/lib/hs_test.h"

static struct error err;

#define DATA  UINT64_C(0x500000)
#define HEAP  UINT64_C(0x600000)
#define OTHER UINT64_C(0x700000)
#define STACK UINT64_C(0x7f8000000000)

enum { CHUNKS = 7, WORDS = 3, ROOTS = 4, GRAPHS = 10000, MOST = 20000 };

struct made {
	struct builder b;
	struct snapshot *snap;
	uint64_t chunk[CHUNKS];
	uint64_t root[ROOTS]; /* places of words */
	struct path_range without[3];
	struct path_opts opts;
};

/* The lengths of all chains in steps, a root's pointer into the middle of a
 * chunk being two, and the least order of a root of a shortest. */
struct oracle {
	uint32_t length[MOST], count, shortest;
	unsigned order;
};

static uint64_t somewhere(struct made *m, int chunk)
{
	return m->chunk[chunk] + (uint64_t)(rand() % 2) * 8;
}

static void make(struct made *m, unsigned seed)
{
	const uint64_t at[] = {DATA, OTHER, STACK + 0x2800, STACK + 0xf000};

	memset(m, 0, sizeof(*m));
	srand(seed);
	builder_map(&m->b, DATA - 0x1000, DATA, "r-xp", 7, "/bin/x");
	builder_map(&m->b, DATA, DATA + 0x1000, "rw-p", 7, "/bin/x");
	builder_map(&m->b, HEAP, HEAP + 0x1000, "rw-p", 0, "[heap]");
	builder_map(&m->b, OTHER, OTHER + 0x1000, "rw-p", 0, "");
	builder_map(&m->b, STACK, STACK + 0x10000, "rw-p", 0, "");
	builder_heap(&m->b, 0, HEAP, HEAP + 0x1000);
	for (int i = 0; i < CHUNKS; i++)
		m->chunk[i] = builder_chunk(&m->b, 32, CHUNK_USED);
	for (int i = rand() % 16; i; i--)
		builder_put(&m->b,
			    m->chunk[rand() % CHUNKS] +
				    (uint64_t)(rand() % WORDS) * 8,
			    somewhere(m, rand() % CHUNKS));
	for (int i = 0; i < ROOTS; i++) {
		m->root[i] = at[i] + (uint64_t)(rand() % 4) * 8;
		if (rand() % 2)
			builder_put(&m->b, m->root[i],
				    somewhere(m, rand() % CHUNKS));
	}
	builder_thread(&m->b, 1, "t", STACK + 0x2000, STACK + 0xf000);
	m->snap = builder_snapshot(&m->b);
}

/* Sometimes a block, a word of one, or a root does not count. */
static void choose(struct made *m, uint32_t target)
{
	size_t n = 0;

	m->opts.without = m->without;
	m->opts.max = (uint32_t)(rand() % 3 ? rand() % 12 + 1 : 1);
	for (int i = rand() % 4; i > 1; i--) {
		uint32_t chunk = (uint32_t)rand() % CHUNKS;
		uint64_t low = m->chunk[chunk];

		if (rand() % 3 == 0)
			low = m->root[rand() % ROOTS];
		else if (rand() % 2)
			low += (uint64_t)(rand() % WORDS) * 8;
		else if (chunk == target)
			continue;
		m->without[n++] = (struct path_range){
			low, low + (low == m->chunk[chunk] ? 24 : 8)};
	}
	m->opts.without_count = n;
	if (rand() % 4 == 0)
		m->opts.classes = (unsigned)rand() % ROOTS_ALL + 1;
}

/* The chunk that the word at addr leads to, if it counts. */
static uint32_t leads_to(const struct made *m, uint64_t addr)
{
	for (size_t i = 0; i < m->opts.without_count; i++)
		if (addr >= m->without[i].low && addr < m->without[i].high)
			return CHUNK_NONE;
	return snapshot_find(m->snap, builder_get(&m->b, addr));
}

static bool edge(const struct made *m, uint32_t from, uint32_t to)
{
	for (uint64_t i = 0; i < WORDS; i++)
		if (leads_to(m, m->chunk[from] + i * 8) == to)
			return true;
	return false;
}

static void walk(const struct made *m, struct oracle *o, uint32_t at,
		 uint32_t target, unsigned seen, uint32_t length,
		 unsigned order)
{
	if (at == target) {
		ck_assert_uint_lt(o->count, MOST);
		if (!o->count || length < o->shortest ||
		    (length == o->shortest && order < o->order))
			o->order = order;
		if (!o->count || length < o->shortest)
			o->shortest = length;
		o->length[o->count++] = length;
		return;
	}
	for (uint32_t to = 0; to < CHUNKS; to++)
		if (!(seen & 1u << to) && edge(m, at, to))
			walk(m, o, to, target, seen | 1u << to, length + 1,
			     order);
}

static int by_length(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void all_chains(const struct made *m, uint32_t target, struct oracle *o)
{
	static const enum root_class class[ROOTS] = {ROOT_GLOBAL, ROOT_OTHER,
						     ROOT_STACK, ROOT_TLS};

	*o = (struct oracle){0};
	for (int i = 0; i < ROOTS; i++) {
		enum place_kind kind = place_of(m->snap, m->root[i]).kind;
		uint32_t to = leads_to(m, m->root[i]);
		unsigned inside;

		if (to == CHUNK_NONE ||
		    (m->opts.classes && !(m->opts.classes & 1u << class[i])))
			continue;
		inside = builder_get(&m->b, m->root[i]) != m->chunk[to];
		walk(m, o, to, target, 1u << to, 1 + inside,
		     path_root_rank(kind) + inside * 10);
	}
	qsort(o->length, o->count, sizeof(*o->length), by_length);
}

/* Real from end to end, and no chunk twice. */
static void check_path(const struct made *m, const struct path *p,
		       uint32_t target)
{
	unsigned seen = 0;

	ck_assert_uint_ge(p->count, 1);
	ck_assert_uint_eq(p->chunk[p->count - 1], target);
	ck_assert_uint_eq(leads_to(m, p->root.from), p->chunk[0]);
	for (uint32_t i = 0; i < p->count; i++) {
		uint32_t c = p->chunk[i];

		ck_assert(!(seen & 1u << c));
		seen |= 1u << c;
		if (i + 1 == p->count) {
			ck_assert_uint_eq(p->word[i], 0);
			break;
		}
		ck_assert_uint_lt(p->word[i] - m->chunk[c],
				  m->snap->chunk[c].size);
		ck_assert_uint_eq(leads_to(m, p->word[i]), p->chunk[i + 1]);
	}
}

static unsigned inside_of(const struct made *m, const struct path *p)
{
	return p->root.value != m->chunk[p->chunk[0]];
}

static uint32_t steps_of(const struct made *m, const struct path *p)
{
	return p->count + inside_of(m, p);
}

static unsigned order_of(const struct made *m, const struct path *p)
{
	return path_root_rank(place_of(m->snap, p->root.from).kind) +
	       inside_of(m, p) * 10;
}

static bool same(const struct path *a, const struct path *b)
{
	return a->root.from == b->root.from && a->count == b->count &&
	       !memcmp(a->chunk, b->chunk, a->count * sizeof(*a->chunk));
}

static void check_paths(const struct made *m, const struct paths *found,
			uint32_t target, const struct oracle *o)
{
	uint32_t wanted = o->count < m->opts.max ? o->count : m->opts.max;

	ck_assert_uint_eq(found->count, wanted);
	for (uint32_t i = 0; i < wanted; i++) {
		check_path(m, &found->path[i], target);
		ck_assert_uint_eq(steps_of(m, &found->path[i]), o->length[i]);
		for (uint32_t j = 0; j < i; j++)
			ck_assert(!same(&found->path[i], &found->path[j]));
	}
	if (wanted)
		ck_assert_uint_eq(order_of(m, &found->path[0]), o->order);
}

/* Steps to a chunk in the tree of the shortest ways: 0, there are none. */
static uint32_t depth_of(const struct retained *r, uint32_t target)
{
	uint32_t steps = 1, at = target, above;

	if (bitmap_test(&r->lost, target))
		return 0;
	while ((above = r->holder[at]) < r->chunks) {
		at = above;
		steps++;
	}
	above -= r->chunks;
	ck_assert_uint_lt(above, r->owners.count);
	for (uint64_t e = r->owners.inside[above];
	     e < r->owners.rows.first[above + 1]; e++)
		steps += r->owners.rows.to[e] == at;
	return steps;
}

/* Both say how near a chunk is; they must not differ. */
static void check_nearest(const struct graph *g, const struct made *m)
{
	struct retained_opts opts = {.tree = RETAINED_NEAREST};
	struct path_opts all = {.max = 1};
	struct retained r;

	OK(retained_make(g, NULL, &opts, &r, &err));
	for (uint32_t i = 0; i < CHUNKS; i++) {
		struct paths found;

		OK(paths_find(g, i, &all, &found, &err));
		ck_assert_uint_eq(found.count ? steps_of(m, found.path) : 0,
				  depth_of(&r, i));
		paths_deinit(&found);
	}
	retained_deinit(&r);
}

/* What is checked of graphs from this seed on. */
static void check_graphs(unsigned from, unsigned count)
{
	static struct oracle o;
	struct graph_opts whole = {0};
	unsigned reached = 0, several = 0;

	for (unsigned seed = from; seed < from + count; seed++) {
		struct made m;
		struct graph g;
		struct paths found, first;
		struct path_opts one;
		uint32_t target;

		make(&m, seed);
		target = (uint32_t)rand() % CHUNKS;
		choose(&m, target);
		OK(graph_build(m.snap, &whole, &g, &err));
		OK(paths_find(&g, target, &m.opts, &found, &err));
		all_chains(&m, target, &o);
		check_paths(&m, &found, target, &o);
		/* One alone is the first of several. */
		one = m.opts;
		one.max = 1;
		OK(paths_find(&g, target, &one, &first, &err));
		if (found.count)
			ck_assert(same(&first.path[0], &found.path[0]));
		check_nearest(&g, &m);
		reached += found.count > 0;
		several += found.count > 2;
		paths_deinit(&first);
		paths_deinit(&found);
		graph_deinit(&g);
		snapshot_destroy(m.snap);
		builder_deinit(&m.b);
	}
	/* Else nothing was tested. */
	ck_assert_uint_gt(reached, count / 10);
	ck_assert_uint_gt(several, count / 50);
}

TEST(chains_are_the_shortest_of_all_there_are)
{
	check_graphs(1, GRAPHS / 4);
}

TEST(chains_are_the_shortest_of_all_there_are_2)
{
	check_graphs(20001, GRAPHS / 4);
}

TEST(chains_are_the_shortest_of_all_there_are_3)
{
	check_graphs(40001, GRAPHS / 4);
}

TEST(chains_are_the_shortest_of_all_there_are_4)
{
	check_graphs(60001, GRAPHS / 4);
}

TEST(a_stale_word_leads_to_it_apart)
{
	struct graph_opts whole = {0};
	struct path_opts opts = {0};
	struct paths found;
	struct graph g;
	struct made m;

	make(&m, 1);
	snapshot_destroy(m.snap);
	for (uint64_t i = 0; i < 4; i++) {
		builder_put(&m.b, DATA + i * 8, 0);
		builder_put(&m.b, OTHER + i * 8, 0);
		builder_put(&m.b, STACK + 0x2800 + i * 8, 0);
		builder_put(&m.b, STACK + 0xf000 + i * 8, 0);
	}
	builder_put(&m.b, STACK + 0x1000, m.chunk[0]);
	builder_put(&m.b, m.chunk[0], m.chunk[1]);
	m.snap = builder_snapshot(&m.b);
	OK(graph_build(m.snap, &whole, &g, &err));
	OK(paths_find(&g, 1, &opts, &found, &err));
	ck_assert_uint_eq(found.count, 0);
	OK(path_of_stale(&g, 1, &opts, &found, &err));
	ck_assert_uint_eq(found.count, 1);
	ck_assert_uint_eq(found.path[0].count, 2);
	ck_assert_uint_eq(found.path[0].root.from, STACK + 0x1000);
	paths_deinit(&found);
	graph_deinit(&g);
	snapshot_destroy(m.snap);
	builder_deinit(&m.b);
}
