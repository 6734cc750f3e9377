#include "analysis/graph.h"

#include <stdlib.h>

#include "tests/lib/builder.h"
#include "tests/lib/hs_test.h"

static struct error err;

#define HEAP  UINT64_C(0x600000)
#define STACK UINT64_C(0x7f8000000000)

/* A thousand blocks whose words point at each other, and a stack. */
static struct snapshot *make(struct builder *b, unsigned seed)
{
	uint64_t chunk[1000];

	*b = (struct builder){0};
	srand(seed);
	builder_map(b, HEAP, HEAP + 0x80000, "rw-p", 0, "[heap]");
	builder_map(b, STACK, STACK + 0x10000, "rw-p", 0, "");
	builder_heap(b, 0, HEAP, HEAP + 0x80000);
	for (int i = 0; i < 1000; i++)
		chunk[i] = builder_chunk(b, 32 + 16 * (uint64_t)(rand() % 8),
					 rand() % 4 ? CHUNK_USED : CHUNK_FREE);
	for (int i = 0; i < 3000; i++)
		builder_put(b,
			    chunk[rand() % 1000] + (uint64_t)(rand() % 3) * 8,
			    chunk[rand() % 1000] + (uint64_t)(rand() % 2) * 8);
	for (int i = 0; i < 100; i++)
		builder_put(b, STACK + (uint64_t)(rand() % 0x1000) * 8,
			    chunk[rand() % 1000]);
	builder_thread(b, 1, "t", STACK + 0x2000, STACK + 0xf000);
	return builder_snapshot(b);
}

/* The chunk that the word at addr names, by the rules. */
static uint32_t named(struct builder *b, const struct snapshot *s,
		      uint64_t addr, enum interior interior)
{
	uint64_t value = builder_get(b, addr);
	uint32_t to = snapshot_find(s, value);

	if (to == CHUNK_NONE || s->chunk[to].state != CHUNK_USED ||
	    (interior == INTERIOR_NO && s->chunk[to].addr != value))
		return CHUNK_NONE;
	return to;
}

TEST(rows_have_each_chunk_once_that_a_word_names)
{
	for (int round = 0; round < 2; round++) {
		enum interior how = round ? INTERIOR_NO : INTERIOR_YES;
		struct graph_opts opts = {.interior = how};
		struct graph g;
		struct builder b;
		struct snapshot *s = make(&b, 5);

		OK(graph_build(s, &opts, &g, &err));
		for (uint32_t i = 0; i < s->chunk_count; i++) {
			const struct chunk *c = &s->chunk[i];
			uint64_t e = g.out.first[i];

			for (uint64_t at = 0;
			     c->state == CHUNK_USED && at + 8 <= c->size;
			     at += 8) {
				uint32_t to = named(&b, s, c->addr + at, how);
				bool old = to == CHUNK_NONE || to == i;

				for (uint64_t k = g.out.first[i]; k < e; k++)
					old |= g.out.to[k] == to;
				if (old)
					continue;
				ck_assert_uint_lt(e, g.out.first[i + 1]);
				ck_assert_uint_eq(g.out.to[e++], to);
			}
			ck_assert_uint_eq(e, g.out.first[i + 1]);
		}
		graph_deinit(&g);
		snapshot_destroy(s);
		builder_deinit(&b);
	}
}

TEST(roots_are_the_live_words_of_a_stack_and_its_registers)
{
	struct graph_opts opts = {0};
	struct builder b;
	struct graph g;
	struct snapshot *s = make(&b, 6);
	size_t n = 0, words = 0;

	OK(graph_build(s, &opts, &g, &err));
	for (uint64_t at = s->thread[0].stack_start; at < STACK + 0x10000;
	     at += 8)
		words += named(&b, s, at, INTERIOR_YES) != CHUNK_NONE;
	for (size_t i = 0; i < g.roots; i++) {
		n += g.root[i].from != 0;
		ck_assert(!i || g.root[i - 1].target <= g.root[i].target);
		if (g.root[i].from)
			ck_assert_uint_eq(
				g.root[i].target,
				named(&b, s, g.root[i].from, INTERIOR_YES));
	}
	ck_assert_uint_gt(n, 0);
	ck_assert_uint_eq(n, words);
	graph_deinit(&g);
	snapshot_destroy(s);
	builder_deinit(&b);
}

TEST(reversed_rows_have_the_same_edges)
{
	struct graph_opts opts = {0};
	struct builder b;
	struct graph g;
	struct rows in;
	struct snapshot *s = make(&b, 7);
	uint64_t edges = 0;

	OK(graph_build(s, &opts, &g, &err));
	OK(rows_reverse(&g.out, &in, &err));
	ck_assert_uint_eq(in.first[in.nodes], g.out.first[g.out.nodes]);
	for (uint32_t n = 0; n < in.nodes; n++)
		for (uint64_t e = in.first[n]; e < in.first[n + 1]; e++) {
			uint32_t from = in.to[e];
			bool found = false;

			ck_assert(e == in.first[n] || in.to[e - 1] < from);
			for (uint64_t k = g.out.first[from];
			     k < g.out.first[from + 1]; k++)
				found |= g.out.to[k] == n;
			ck_assert(found);
			edges++;
		}
	ck_assert_uint_gt(edges, 0);
	rows_deinit(&in);
	graph_deinit(&g);
	snapshot_destroy(s);
	builder_deinit(&b);
}

TEST(without_contents_there_is_no_graph)
{
	struct graph_opts opts = {0};
	struct builder b;
	struct graph g;
	struct snapshot *s = make(&b, 8);

	snapshot_drop_contents(s);
	FAILS(ERR_UNSUPPORTED, graph_build(s, &opts, &g, &err));
	snapshot_destroy(s);
	builder_deinit(&b);
}
