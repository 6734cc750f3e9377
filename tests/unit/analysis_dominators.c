#include "analysis/dominators.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "tests/lib/hs_test.h"

static struct error err;

enum { MAX_NODES = 24, MAX_EDGES = 120, GRAPHS = 10000 };

struct graph {
	uint32_t nodes, edges, from[MAX_EDGES], to[MAX_EDGES];
	uint32_t entry[4], entries;
	uint64_t first[MAX_NODES + 1];
	uint32_t successor[MAX_EDGES];
	uint64_t without; /* a bit a node */
};

static uint64_t seed;

static uint32_t below(uint32_t n)
{
	seed = seed * UINT64_C(6364136223846793005) +
	       UINT64_C(1442695040888963407);
	return (uint32_t)(seed >> 33) % n;
}

/* From a tree with a few more edges to nearly all there are; backward edges,
 * loops, edges twice, parts that nothing leads to. */
static void make(struct graph *g)
{
	uint32_t n = 0;

	*g = (struct graph){.nodes = 1 + below(MAX_NODES)};
	g->edges = below(2 + below(below(2) ? MAX_EDGES : g->nodes * 2));
	g->entries = 1 + below(4);
	for (uint32_t i = 0; i < g->entries; i++)
		g->entry[i] = below(g->nodes);
	for (uint32_t i = 0; i < g->edges; i++) {
		g->from[i] = below(g->nodes);
		g->to[i] = below(4) && g->from[i] + 1 < g->nodes
				   ? g->from[i] + 1 +
					     below(g->nodes - g->from[i] - 1)
				   : below(g->nodes);
	}
	for (uint32_t v = 0; v < g->nodes; v++) {
		g->first[v] = n;
		for (uint32_t i = 0; i < g->edges; i++)
			if (g->from[i] == v)
				g->successor[n++] = g->to[i];
	}
	g->first[g->nodes] = n;
	if (!below(4))
		g->without = UINT64_C(1) << below(g->nodes);
}

/* What can be reached when the nodes of "gone" are taken away. */
static uint64_t reach(const struct graph *g, uint64_t gone)
{
	uint64_t seen = 0, before;

	gone |= g->without;
	for (uint32_t i = 0; i < g->entries; i++)
		seen |= UINT64_C(1) << g->entry[i];
	seen &= ~gone;
	do {
		before = seen;
		for (uint32_t i = 0; i < g->edges; i++)
			if (seen >> g->from[i] & 1)
				seen |= UINT64_C(1) << g->to[i] & ~gone;
	} while (seen != before);
	return seen;
}

/* The dominators of v are those without which it is not reached; the nearest
 * is the one that all the others dominate. */
static uint32_t nearest(const struct graph *g, const uint64_t *left, uint32_t v)
{
	uint32_t found = DOMINATOR_ROOT;

	for (uint32_t d = 0; d < g->nodes; d++)
		if (d != v && !(left[d] >> v & 1) &&
		    (found == DOMINATOR_ROOT || !(left[found] >> d & 1)))
			found = d;
	return found;
}

static void compare(const struct graph *g, const struct dominators *d)
{
	uint64_t left[MAX_NODES], seen = reach(g, 0), told = 0;

	for (uint32_t v = 0; v < g->nodes; v++)
		left[v] = reach(g, UINT64_C(1) << v);
	for (uint32_t v = 0; v < g->nodes; v++)
		ck_assert_uint_eq(d->idom[v], seen >> v & 1
						      ? nearest(g, left, v)
						      : DOMINATOR_NONE);
	ck_assert_uint_eq(d->reached, (unsigned)__builtin_popcountll(
					      (unsigned long long)seen));
	for (uint32_t i = 0; i < d->reached; i++) {
		uint32_t v = d->order[i];

		ck_assert(!(told >> v & 1));
		ck_assert(d->idom[v] == DOMINATOR_ROOT ||
			  told >> d->idom[v] & 1);
		told |= UINT64_C(1) << v;
	}
}

TEST(ten_thousand_graphs_have_the_dominators_that_taking_away_shows)
{
	for (seed = 1; seed <= GRAPHS; seed++) {
		uint64_t kept = seed;
		struct graph g;
		struct rows rows;
		struct bitmap without = {0};
		struct flow flow = {.rows = &rows};
		struct dominators d;

		make(&g);
		rows = (struct rows){g.first, g.successor, g.nodes};
		flow.entry = g.entry;
		flow.entries = g.entries;
		if (g.without) {
			OK(bitmap_init(&without, 64, "map", &err));
			without.word[0] = g.without;
			flow.without = &without;
		}
		OK(dominators_make(&flow, &d, &err));
		compare(&g, &d);
		dominators_deinit(&d);
		bitmap_deinit(&without);
		seed = kept;
	}
}

/* The same with the last nodes as a table of their own. */
TEST(nodes_above_are_nodes_like_others)
{
	for (seed = 1; seed <= GRAPHS / 10; seed++) {
		uint64_t kept = seed, low[MAX_NODES + 1], high[MAX_NODES + 1];
		struct graph g;
		struct rows rows, above;
		struct flow flow = {.rows = &rows, .above = &above};
		struct dominators d;
		uint32_t cut, n = 0;

		make(&g);
		g.without = 0;
		cut = below(g.nodes);
		for (uint32_t i = 0; i < g.edges; i++)
			if (g.from[i] < cut && g.to[i] >= cut)
				g.to[i] %= cut;
		for (uint32_t v = 0; v < g.nodes; v++) {
			g.first[v] = n;
			for (uint32_t i = 0; i < g.edges; i++)
				if (g.from[i] == v)
					g.successor[n++] = g.to[i];
		}
		memcpy(low, g.first, sizeof low);
		for (uint32_t v = cut; v <= g.nodes; v++)
			high[v - cut] = g.first[v] - g.first[cut];
		rows = (struct rows){low, g.successor, cut};
		above = (struct rows){high, g.successor + g.first[cut],
				      g.nodes - cut};
		flow.entry = g.entry;
		flow.entries = g.entries;
		OK(dominators_make(&flow, &d, &err));
		compare(&g, &d);
		dominators_deinit(&d);
		seed = kept;
	}
}

/* Each node leads to the next; a ring when the last leads to the first. */
static void make_chain(struct rows *rows, uint32_t nodes, bool ring)
{
	rows->nodes = nodes;
	rows->first = xcalloc((size_t)nodes + 1, sizeof *rows->first);
	rows->to = xcalloc(nodes, sizeof *rows->to);
	for (uint32_t i = 0; i < nodes; i++) {
		rows->first[i] = i;
		rows->to[i] = i + 1 < nodes ? i + 1 : 0;
	}
	rows->first[nodes] = ring ? nodes : nodes - 1;
}

static void walk_chain(uint32_t nodes, bool ring, uint32_t entry)
{
	struct rows rows;
	struct flow flow = {.rows = &rows, .entry = &entry, .entries = 1};
	struct dominators d;

	make_chain(&rows, nodes, ring);
	OK(dominators_make(&flow, &d, &err));
	ck_assert_uint_eq(d.reached, ring ? nodes : nodes - entry);
	for (uint32_t i = 0; i < nodes; i++) {
		uint32_t before = i ? i - 1 : nodes - 1;

		if (i == entry)
			before = DOMINATOR_ROOT;
		else if (!ring && i < entry)
			before = DOMINATOR_NONE;
		if (d.idom[i] != before)
			ck_abort_msg("node %u: %u", i, d.idom[i]);
	}
	dominators_deinit(&d);
	rows_deinit(&rows);
}

TEST(a_list_of_five_million_needs_no_stack)
{
	walk_chain(hs_test_deep(5000000), false, 7);
}

TEST(a_ring_of_a_million_begins_where_it_is_entered)
{
	walk_chain(hs_test_deep(1000000), true, 999);
}

/* Doubly linked: the way back changes nothing. */
TEST(a_list_with_ways_back_is_a_list)
{
	enum { NODES = 300000 };
	struct rows rows = {.nodes = NODES};
	uint32_t entry = 0;
	struct flow flow = {.rows = &rows, .entry = &entry, .entries = 1};
	struct dominators d;
	uint64_t n = 0;

	rows.first = xcalloc(NODES + 1, sizeof *rows.first);
	rows.to = xcalloc(2 * NODES, sizeof *rows.to);
	for (uint32_t i = 0; i < NODES; i++) {
		rows.first[i] = n;
		if (i)
			rows.to[n++] = i - 1;
		if (i + 1 < NODES)
			rows.to[n++] = i + 1;
	}
	rows.first[NODES] = n;
	OK(dominators_make(&flow, &d, &err));
	for (uint32_t i = 1; i < NODES; i++)
		if (d.idom[i] != i - 1)
			ck_abort_msg("node %u: %u", i, d.idom[i]);
	dominators_deinit(&d);
	rows_deinit(&rows);
}

TEST(no_memory_is_an_error_at_every_table)
{
	struct rows rows;
	uint32_t entry = 0;
	struct flow flow = {.rows = &rows, .entry = &entry, .entries = 1};
	struct dominators d;
	uint64_t k = 1;

	make_chain(&rows, 100, true);
	for (;; k++) {
		alloc_fail_checked_at(k);
		if (!dominators_make(&flow, &d, &err))
			break;
		ck_assert_int_eq(err.code, ERR_NO_MEMORY);
		ck_assert_ptr_null(d.idom);
	}
	alloc_fail_checked_at(0);
	ck_assert_uint_gt(k, 10);
	dominators_deinit(&d);
	rows_deinit(&rows);
}

TEST(an_interrupt_ends_it)
{
	struct rows rows;
	uint32_t entry = 0;
	struct flow flow = {.rows = &rows, .entry = &entry, .entries = 1};
	struct dominators d;

	make_chain(&rows, 100000, false);
	interrupt_raise();
	FAILS(ERR_INTERRUPTED, dominators_make(&flow, &d, &err));
	rows_deinit(&rows);
}

static unsigned ticks, stop_at, turning, finding;
static uint64_t now;

static uint64_t test_clock(void)
{
	return now += 1000000000;
}

static void on_tick(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	(void)ctx;
	(void)done;
	(void)total;
	if (!what)
		return;
	turning += !strcmp(what, "turning pointers round");
	finding += !strcmp(what, "finding dominators");
	if (++ticks == stop_at)
		interrupt_raise();
}

static int count_ticks(const struct flow *flow, unsigned stop)
{
	struct dominators d;
	int ret;

	ticks = turning = finding = 0;
	stop_at = stop;
	interrupt_clear();
	progress_begin();
	ret = dominators_make(flow, &d, &err);
	progress_end();
	if (!ret)
		dominators_deinit(&d);
	return ret;
}

/* What goes through all nodes hears ^C some thousands of them later. */
TEST(each_part_of_the_work_can_be_ended)
{
	enum { NODES = 100000, BETWEEN = 1 << 14 };
	struct rows rows;
	uint32_t entry = 0;
	struct flow flow = {.rows = &rows, .entry = &entry, .entries = 1};
	unsigned all;

	make_chain(&rows, NODES, false);
	progress_clock(test_clock);
	progress_set(on_tick, NULL);
	OK(count_ticks(&flow, 0));
	ck_assert_uint_ge(turning, 2 * (NODES / BETWEEN));
	ck_assert_uint_ge(finding, 3 * (NODES / BETWEEN));
	all = ticks;
	for (unsigned i = 1; i < all; i++)
		FAILS(ERR_INTERRUPTED, count_ticks(&flow, i));
	interrupt_clear();
	rows_deinit(&rows);
}
