#include "analysis/nearest.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/interrupt.h"
#include "tests/lib/hs_test.h"

static struct error err;

enum { NODES = 20, ABOVE = 5, ALL = NODES + ABOVE, FAR = 1000, GRAPHS = 5000 };

static uint64_t seed;

static uint32_t below(uint32_t n)
{
	seed = seed * UINT64_C(6364136223846793005) +
	       UINT64_C(1442695040888963407);
	return (uint32_t)(seed >> 33) % n;
}

struct graph {
	bool edge[ALL][NODES], weak[ABOVE][NODES];
	uint64_t first[NODES + 1], above_first[ABOVE + 1], cut[ABOVE];
	uint32_t to[NODES * NODES], above_to[ABOVE * NODES];
	struct rows rows, above;
};

static void make(struct graph *g)
{
	uint64_t n = 0;

	memset(g, 0, sizeof *g);
	for (uint32_t i = below(60); i-- > 0;)
		g->edge[below(NODES)][below(NODES)] = true;
	for (uint32_t i = below(12); i-- > 0;) {
		uint32_t v = below(ABOVE), w = below(NODES);

		g->edge[NODES + v][w] = true;
		g->weak[v][w] = below(2);
	}
	for (uint32_t v = 0; v < NODES; v++) {
		for (uint32_t w = 0; w < NODES; w++)
			if (g->edge[v][w])
				g->to[n++] = w;
		g->first[v + 1] = n;
	}
	n = 0;
	for (uint32_t v = 0; v < ABOVE; v++) {
		for (int weak = 0; weak < 2; weak++) {
			if (weak)
				g->cut[v] = n;
			for (uint32_t w = 0; w < NODES; w++)
				if (g->edge[NODES + v][w] &&
				    g->weak[v][w] == weak)
					g->above_to[n++] = w;
		}
		g->above_first[v + 1] = n;
	}
	g->rows = (struct rows){g->first, g->to, NODES};
	g->above = (struct rows){g->above_first, g->above_to, ABOVE};
}

static uint32_t length(const struct graph *g, uint32_t v, uint32_t w)
{
	return v >= NODES && g->weak[v - NODES][w] ? 2 : 1;
}

/* From all of ABOVE at once: again and again over all edges. */
static void distances(const struct graph *g, uint32_t *far)
{
	for (uint32_t v = 0; v < ALL; v++)
		far[v] = v < NODES ? FAR : 0;
	for (uint32_t round = 0; round < ALL; round++)
		for (uint32_t v = 0; v < ALL; v++)
			for (uint32_t w = 0; w < NODES; w++)
				if (g->edge[v][w] &&
				    far[v] + length(g, v, w) < far[w])
					far[w] = far[v] + length(g, v, w);
}

static void compare(const struct graph *g, const struct dominators *d)
{
	uint32_t far[ALL], last = 0, met = 0;

	distances(g, far);
	for (uint32_t v = 0; v < NODES; v++) {
		uint32_t up = d->idom[v];

		if (far[v] >= FAR) {
			ck_assert_uint_eq(up, DOMINATOR_NONE);
			continue;
		}
		met++;
		ck_assert(g->edge[up][v]);
		ck_assert_uint_eq(far[v], far[up] + length(g, up, v));
		/* A weak edge only where there is no other so short. */
		for (uint32_t w = 0; length(g, up, v) == 2 && w < NODES; w++)
			ck_assert(!g->edge[w][v] || far[w] != 1);
	}
	ck_assert_uint_eq(d->reached, met + ABOVE);
	for (uint32_t i = 0; i < d->reached; i++) {
		ck_assert_uint_ge(far[d->order[i]], last);
		last = far[d->order[i]];
	}
}

TEST(each_node_is_below_one_on_a_shortest_way)
{
	static const uint32_t entry[ABOVE] = {NODES, NODES + 1, NODES + 2,
					      NODES + 3, NODES + 4};
	static struct graph g;

	for (uint64_t i = 1; i <= GRAPHS; i++) {
		struct flow flow = {.rows = &g.rows,
				    .above = &g.above,
				    .weak = g.cut,
				    .entry = entry,
				    .entries = ABOVE};
		struct dominators d;

		seed = i;
		make(&g);
		OK(nearest_make(&flow, &d, &err));
		compare(&g, &d);
		dominators_deinit(&d);
	}
}

static void make_chain(struct rows *rows, uint32_t nodes)
{
	rows->nodes = nodes;
	rows->first = xcalloc((size_t)nodes + 1, sizeof *rows->first);
	rows->to = xcalloc(nodes, sizeof *rows->to);
	for (uint32_t i = 0; i < nodes; i++) {
		rows->first[i] = i;
		rows->to[i] = i + 1 < nodes ? i + 1 : 0;
	}
	rows->first[nodes] = nodes;
}

TEST(what_is_taken_away_leads_nowhere)
{
	struct rows rows;
	uint32_t entry[] = {3, 3};
	struct bitmap without = {0};
	struct flow flow = {.rows = &rows,
			    .entry = entry,
			    .entries = 2,
			    .without = &without};
	struct dominators d;

	make_chain(&rows, 10);
	OK(bitmap_init(&without, 10, "map", &err));
	bitmap_set(&without, 7);
	OK(nearest_make(&flow, &d, &err));
	ck_assert_uint_eq(d.reached, 4);
	ck_assert_uint_eq(d.idom[3], DOMINATOR_ROOT);
	ck_assert_uint_eq(d.idom[6], 5);
	ck_assert_uint_eq(d.idom[7], DOMINATOR_NONE);
	ck_assert_uint_eq(d.idom[8], DOMINATOR_NONE);
	dominators_deinit(&d);
	bitmap_deinit(&without);
	rows_deinit(&rows);
}

TEST(no_memory_and_an_interrupt_are_errors)
{
	struct rows rows;
	uint32_t entry = 0;
	struct flow flow = {.rows = &rows, .entry = &entry, .entries = 1};
	struct dominators d;
	uint64_t k = 1;

	make_chain(&rows, 100000);
	for (;; k++) {
		alloc_fail_checked_at(k);
		if (!nearest_make(&flow, &d, &err))
			break;
		ck_assert_int_eq(err.code, ERR_NO_MEMORY);
		ck_assert_ptr_null(d.idom);
	}
	alloc_fail_checked_at(0);
	ck_assert_uint_eq(k, 3);
	dominators_deinit(&d);
	interrupt_raise();
	FAILS(ERR_INTERRUPTED, nearest_make(&flow, &d, &err));
	ck_assert_ptr_null(d.idom);
	rows_deinit(&rows);
}
