#include "analysis/leaks.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/leak_groups.h"
#include "tests/lib/builder.h"
#include "tests/lib/hs_test.h"

static struct error err;

#define HEAP   UINT64_C(0x600000)
#define GLOBAL UINT64_C(0x500000)
#define STACK  UINT64_C(0x7f8000000000)

enum { CHUNKS = 60 };

struct heap {
	struct builder b;
	struct snapshot *s;
	uint64_t chunk[CHUNKS];
	bool held[CHUNKS];	      /* by a root */
	bool to[CHUNKS][CHUNKS];      /* by any word, then: in any steps */
	bool started[CHUNKS][CHUNKS]; /* the same by words to the start */
};

static void open_heap(struct heap *h)
{
	memset(h, 0, sizeof(*h));
	builder_map(&h->b, GLOBAL, GLOBAL + 0x1000, "rw-p", 0, "");
	builder_map(&h->b, HEAP, HEAP + 0x10000, "rw-p", 0, "[heap]");
	builder_map(&h->b, STACK, STACK + 0x10000, "rw-p", 0, "");
	builder_heap(&h->b, 0, HEAP, HEAP + 0x10000);
	for (int i = 0; i < CHUNKS; i++)
		h->chunk[i] = builder_chunk(&h->b, 96, CHUNK_USED);
	builder_thread(&h->b, 1, "t", STACK + 0x8000, STACK + 0xf000);
}

/* Few enough edges that much is lost, in rings and chains of all kinds. */
static void fill_heap(struct heap *h, unsigned seed)
{
	open_heap(h);
	srand(seed);
	for (int i = 0; i < CHUNKS; i++)
		for (int w = 0; w < 8; w++) {
			int to = rand() % CHUNKS, into = rand() % 2 * 8;

			if (rand() % 7)
				continue;
			builder_put(&h->b, h->chunk[i] + 8 * (uint64_t)w,
				    h->chunk[to] + (uint64_t)into);
			h->to[i][to] = true;
			h->started[i][to] |= !into;
		}
	for (int i = 0; i < 3; i++) {
		int to = rand() % CHUNKS;

		builder_put(&h->b, GLOBAL + 8 * (uint64_t)i, h->chunk[to]);
		h->held[to] = true;
	}
	h->s = builder_snapshot(&h->b);
}

static void close_heap(struct heap *h)
{
	snapshot_destroy(h->s);
	builder_deinit(&h->b);
}

/* In any number of steps, each thing itself in none (Warshall, 1962). */
static void close_over(bool to[CHUNKS][CHUNKS])
{
	for (int i = 0; i < CHUNKS; i++)
		to[i][i] = true;
	for (int k = 0; k < CHUNKS; k++)
		for (int i = 0; i < CHUNKS; i++)
			for (int j = 0; j < CHUNKS; j++)
				to[i][j] |= to[i][k] && to[k][j];
}

/* What each chunk must be, by what reaches what. */
static enum leak_kind wanted(const struct heap *h, bool to[CHUNKS][CHUNKS],
			     int i)
{
	for (int j = 0; j < CHUNKS; j++)
		if (h->held[j] && to[j][i])
			return LEAK_REACHABLE;
	/* A leader: whoever reaches it is reached by it, and is not lower. */
	for (int j = 0; j < CHUNKS; j++)
		if (to[j][i] && (!to[i][j] || j < i))
			return LEAK_INDIRECT;
	return LEAK_DEFINITE;
}

static void agree(struct heap *h, enum interior how, bool to[CHUNKS][CHUNKS])
{
	struct reach_opts opts = {.interior = how};
	uint64_t count = 0, seen[LEAK_KINDS] = {0};
	struct leaks *leaks;

	close_over(to);
	OK(leaks_make(h->s, &opts, &leaks, &err));
	for (int i = 0; i < CHUNKS; i++) {
		uint32_t at = snapshot_find(h->s, h->chunk[i]);
		uint32_t leader = leaks->leader[at];
		enum leak_kind kind = wanted(h, to, i);

		ck_assert_int_eq(leaks->kind[at], kind + 1);
		seen[kind]++;
		if (kind > LEAK_INDIRECT)
			continue;
		/* Its leader reaches it, and leads. */
		ck_assert_int_eq(leaks->kind[leader], LEAK_DEFINITE + 1);
		ck_assert(to[leader - snapshot_find(h->s, h->chunk[0])][i]);
	}
	for (int kind = 0; kind < LEAK_KINDS; kind++) {
		ck_assert_uint_eq(leaks->sum[kind].count, seen[kind]);
		ck_assert_uint_eq(leaks->sum[kind].bytes, 96 * seen[kind]);
		count += seen[kind];
	}
	ck_assert_uint_eq(count, CHUNKS);
	leaks_destroy(leaks);
}

TEST(kinds_and_leaders_are_those_of_a_naive_closure)
{
	for (unsigned seed = 1; seed <= 40; seed++) {
		struct heap h;

		fill_heap(&h, seed);
		agree(&h, INTERIOR_YES, h.to);
		agree(&h, INTERIOR_NO, h.started);
		close_heap(&h);
	}
}

/* Memcheck's classes of what is held; its leaders are compared with it. */
TEST(by_valgrinds_rules_possible_is_what_needs_a_pointer_inside)
{
	for (unsigned seed = 1; seed <= 40; seed++) {
		struct reach_opts opts = {.interior = INTERIOR_VALGRIND};
		struct leaks *leaks;
		struct heap h;

		fill_heap(&h, seed);
		close_over(h.to);
		close_over(h.started);
		OK(leaks_make(h.s, &opts, &leaks, &err));
		for (int i = 0; i < CHUNKS; i++) {
			uint32_t at = snapshot_find(h.s, h.chunk[i]);
			bool any = wanted(&h, h.to, i) == LEAK_REACHABLE;
			bool sure = wanted(&h, h.started, i) == LEAK_REACHABLE;

			ck_assert_int_eq(leaks->hold[at], sure	? HOLD_POINTER
							  : any ? HOLD_INTERIOR
								: HOLD_NOTHING);
		}
		leaks_destroy(leaks);
		close_heap(&h);
	}
}

TEST(groups_have_each_chunk_once)
{
	for (unsigned seed = 1; seed <= 10; seed++) {
		struct reach_opts opts = {0};
		struct leak_past none = {0};
		struct leak_groups groups;
		uint64_t count = 0, led = 0;
		struct leaks *leaks;
		struct heap h;

		fill_heap(&h, seed);
		OK(leaks_make(h.s, &opts, &leaks, &err));
		OK(leak_groups_make(leaks, (1u << LEAK_KINDS) - 1, &none, NULL,
				    &groups, &err));
		for (uint32_t i = 0; i < groups.count; i++) {
			const struct leak_group *g = &groups.group[i];
			uint32_t *member, n;

			count += g->count;
			led += g->indirect_count;
			OK(leak_group_of(leaks, g->chunk, &member, &n, &err));
			ck_assert_uint_eq(n, g->count + g->indirect_count);
			free(member);
		}
		ck_assert_uint_eq(count, CHUNKS);
		ck_assert_uint_eq(led, leaks->sum[LEAK_INDIRECT].count);
		leak_groups_deinit(&groups);
		leaks_destroy(leaks);
		close_heap(&h);
	}
}

/* A block and what its doubtful holder is: word at "at" names chunk 0. */
static enum hold held_by(uint64_t at, uint64_t word, int holder)
{
	struct reach_opts opts = {0};
	struct leaks *leaks;
	enum hold hold;
	struct heap h;

	open_heap(&h);
	builder_put(&h.b, GLOBAL, h.chunk[1]);
	builder_put(&h.b, holder < 0 ? at : h.chunk[holder] + at, word);
	/* What hangs on a doubtful one is as doubtful. */
	builder_put(&h.b, h.chunk[0] + 8, h.chunk[2]);
	h.s = builder_snapshot(&h.b);
	OK(leaks_make(h.s, &opts, &leaks, &err));
	hold = (enum hold)leaks->hold[snapshot_find(h.s, h.chunk[0])];
	ck_assert_int_eq(leaks->hold[snapshot_find(h.s, h.chunk[2])], hold);
	leaks_destroy(leaks);
	close_heap(&h);
	return hold;
}

TEST(doubts_are_told_apart)
{
	const uint64_t first = HEAP + 16, end = first + 88;

	ck_assert_int_eq(held_by(GLOBAL + 64, 0, -1), HOLD_NOTHING);
	ck_assert_int_eq(held_by(GLOBAL + 64, first, -1), HOLD_POINTER);
	ck_assert_int_eq(held_by(GLOBAL + 64, first + 87, -1), HOLD_POINTER);
	ck_assert_int_eq(held_by(GLOBAL + 64, end, -1), HOLD_PAST_END);
	ck_assert_int_eq(held_by(GLOBAL + 67, first, -1), HOLD_UNALIGNED);
	ck_assert_int_eq(held_by(GLOBAL + 64, first | UINT64_C(7) << 56, -1),
			 HOLD_TAGGED);
	ck_assert_int_eq(
		held_by(STACK + 0x9000, first ^ (STACK + 0x9000) >> 12, -1),
		HOLD_MANGLED);
	ck_assert_int_eq(held_by(STACK + 0x7000, first, -1), HOLD_STALE);
	/* In a block that is held, and in one that is not. */
	ck_assert_int_eq(held_by(16, end, 1), HOLD_PAST_END);
	ck_assert_int_eq(held_by(16, end, 3), HOLD_NOTHING);
}

/* Two doubts in one place or another: the better one counts. */
TEST(of_several_doubts_the_best_is_told)
{
	const uint64_t first = HEAP + 16, end = first + 88;
	const uint64_t tagged = first | UINT64_C(7) << 56;

	for (int i = 0; i < 2; i++) {
		struct reach_opts opts = {0};
		struct leaks *leaks;
		struct heap h;

		open_heap(&h);
		builder_put(&h.b, GLOBAL, h.chunk[1]);
		builder_put(&h.b, h.chunk[1] + 16, i ? tagged : end);
		builder_put(&h.b, h.chunk[1] + 32, i ? end : tagged);
		h.s = builder_snapshot(&h.b);
		OK(leaks_make(h.s, &opts, &leaks, &err));
		ck_assert_int_eq(leaks->hold[snapshot_find(h.s, first)],
				 HOLD_PAST_END);
		leaks_destroy(leaks);
		close_heap(&h);
	}
}

/* As long as a list can be: nothing may go deeper with it. */
static void long_one(uint32_t n, bool ring, bool held)
{
	uint64_t class = 32, size = (uint64_t)n * class, heap = 1ULL << 32;
	struct reach_opts opts = {0};
	struct builder b = {0};
	struct snapshot *s;
	struct leaks *leaks;
	uint64_t at = 0, next;

	builder_map(&b, GLOBAL, GLOBAL + 0x1000, "rw-p", 0, "");
	builder_map(&b, heap, heap + ((size + 0xfff) & ~UINT64_C(0xfff)),
		    "rw-p", 0, "[heap]");
	builder_heap(&b, 0, heap, heap + size);
	for (uint32_t i = 0; i < n; i++) {
		next = builder_chunk(&b, class, CHUNK_USED);
		if (at)
			builder_put(&b, at, next);
		at = next;
	}
	if (ring)
		builder_put(&b, at, heap + 16);
	if (held)
		builder_put(&b, GLOBAL, heap + 16);
	s = builder_snapshot(&b);
	OK(leaks_make(s, &opts, &leaks, &err));
	ck_assert_uint_eq(leaks->sum[LEAK_REACHABLE].count, held ? n : 0);
	ck_assert_uint_eq(leaks->sum[LEAK_DEFINITE].count, held ? 0 : 1);
	ck_assert_uint_eq(leaks->sum[LEAK_INDIRECT].count, held ? 0 : n - 1);
	leaks_destroy(leaks);
	snapshot_destroy(s);
	builder_deinit(&b);
}

TEST(a_list_of_five_million_and_a_ring_of_one)
{
	long_one(hs_test_deep(5000000), false, true);
	long_one(hs_test_deep(5000000), false, false);
	long_one(hs_test_deep(1000000), true, false);
}

TEST(without_contents_there_are_no_leaks)
{
	struct reach_opts opts = {0};
	struct leaks *leaks;
	struct heap h;

	fill_heap(&h, 1);
	snapshot_drop_contents(h.s);
	FAILS(ERR_UNSUPPORTED, leaks_make(h.s, &opts, &leaks, &err));
	close_heap(&h);
}
