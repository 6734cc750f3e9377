#include "analysis/growth.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/identity.h"
#include "base/alloc.h"
#include "base/interrupt.h"
#include "snapshot/prints.h"
#include "tests/lib/builder.h"
#include "tests/lib/hs_test.h"

static struct error err;

#define HEAP UINT64_C(0x100000)
#define END  UINT64_C(0x400000)
#define EXE  UINT64_C(0x600000)

enum { MOST = 12 };

/* A number of used chunks a snapshot, and what is to be said of them. */
static struct growth_trend trend(uint32_t n, const uint32_t *used)
{
	struct growth_trend t = growth_trend_of(used, n);

	ck_assert_uint_eq(t.rounds, n - 1);
	ck_assert_int_eq(t.total, (int64_t)used[n - 1] - (int64_t)used[0]);
	ck_assert(t.steadiness >= 0 && t.steadiness <= 1);
	return t;
}

#define TREND(...)                                                             \
	trend(sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t),            \
	      (const uint32_t[]){__VA_ARGS__})

TEST(the_same_in_every_round_is_steady)
{
	struct growth_trend t = TREND(10, 13, 16, 19, 22, 25);

	ck_assert_int_eq(t.median, 3);
	ck_assert_uint_eq(t.exact, 5);
	ck_assert_uint_eq(t.within, 5);
	ck_assert(t.steadiness == 1);
	t = TREND(0, 1, 2);
	ck_assert_int_eq(t.median, 1);
	ck_assert(t.steadiness == 1);
}

TEST(a_warm_up_or_a_burst_does_not_move_the_median)
{
	struct growth_trend t =
		TREND(0, 500, 503, 506, 509, 512, 515, 518, 521, 524, 527);

	ck_assert_int_eq(t.median, 3);
	ck_assert_uint_eq(t.exact, 9);
	ck_assert(t.steadiness == 0.9);
	ck_assert(t.steadiness >= GROWTH_STEADY);
}

TEST(nearly_the_same_is_within_a_quarter)
{
	struct growth_trend t = TREND(0, 100, 190, 310, 400, 500);

	ck_assert_int_eq(t.median, 100);
	ck_assert_uint_eq(t.exact, 2);
	ck_assert_uint_eq(t.within, 5);
	ck_assert_int_eq(t.least, 90);
	ck_assert_int_eq(t.most, 120);
	ck_assert(t.steadiness == 1);
	/* Rounds of 74 and 126 are beyond it. */
	t = TREND(0, 100, 174, 300, 400, 500);
	ck_assert_uint_eq(t.within, 3);
}

TEST(a_cache_that_is_filled_and_emptied_is_not_steady)
{
	struct growth_trend t =
		TREND(0, 100, 200, 0, 100, 200, 0, 100, 200, 300);

	ck_assert_int_eq(t.median, 100);
	ck_assert_uint_eq(t.within, 7);
	ck_assert_uint_eq(t.shrank, 2);
	ck_assert(t.steadiness < GROWTH_STEADY);
	/* Emptied to where it began: nothing is left of it. */
	t = TREND(50, 150, 250, 350, 450, 550, 650, 750, 850, 50);
	ck_assert(t.steadiness == 0);
	t = TREND(50, 150, 250, 350, 450, 550, 650, 750, 850, 60);
	ck_assert(t.steadiness < 0.05);
}

TEST(what_grows_once_or_shrinks_or_stays_has_no_steadiness)
{
	ck_assert(TREND(1, 100, 100, 100, 100).steadiness == 0);
	ck_assert(TREND(1, 1, 100).steadiness == 0);
	ck_assert(TREND(9, 9, 9, 9).steadiness == 0);
	ck_assert(TREND(9, 8, 7, 6).steadiness == 0);
	ck_assert(TREND(0, UINT32_MAX, 0).steadiness == 0);
}

TEST(a_round_without_growth_is_not_within_the_tolerance)
{
	struct growth_trend t = TREND(0, 1, 1, 2, 2, 3);

	ck_assert_int_eq(t.median, 1);
	ck_assert_uint_eq(t.within, 3);
	ck_assert(t.steadiness < GROWTH_STEADY);
}

static void sentence_is(const struct growth_row *row, const char *wanted)
{
	char text[300];

	growth_sentence(row, text, sizeof text);
	ck_assert_str_eq(text, wanted);
}

TEST(the_sentence_says_what_the_numbers_say)
{
	struct growth_row row = {.size = 48, .trend = TREND(0, 3, 6, 9)};

	sentence_is(&row, "exactly 3 x 48 B in 3 of 3 rounds");
	strcpy(row.name, "sale_ops");
	sentence_is(&row,
		    "exactly 3 x 48 B in 3 of 3 rounds, nearly all sale_ops");
	row.by_content = true;
	row.trend = TREND(0, 9, 19, 29, 40);
	sentence_is(&row, "about 10 x 48 B (9 to 11) in 4 of 4 rounds, of "
			  "those with sale_ops");
	row = (struct growth_row){.size = 48, .trend = TREND(0, 0, 7, 7)};
	row.delta[1] = 7;
	sentence_is(&row, "once: 7 x 48 B in round 2 of 3");
	row.trend = TREND(0, 10, 5, 7);
	sentence_is(&row,
		    "7 x 48 B in all: grew in 2, shrank in 1 of 3 rounds");
	row.trend = TREND(0, 10, 10, 70);
	sentence_is(&row, "70 x 48 B in all: grew in 2 of 3 rounds");
}

/*
 * Round r: 3 blocks more of class 64 with one table of functions; in class 96
 * a cache of other ones, and among them 2 more that begin with a text; class
 * 112 grows once.
 */
static struct snapshot *heap_after(unsigned r)
{
	struct builder b = {0};
	struct snapshot *s;
	unsigned cached = 10 * (r % 3);

	builder_map(&b, HEAP, END, "rw-p", 0, "[heap]");
	builder_map(&b, EXE, EXE + 0x1000, "r-xp", 7, "/usr/bin/made");
	builder_heap(&b, 0, HEAP, END);
	for (unsigned i = 0; i < 3 * r + 5; i++)
		builder_put(&b, builder_chunk(&b, 64, CHUNK_USED), EXE + 0x540);
	for (unsigned i = 0; i < cached; i++)
		builder_put(&b, builder_chunk(&b, 96, CHUNK_USED), EXE + 0x640);
	for (unsigned i = 0; i < 2 * r; i++)
		builder_text(&b, builder_chunk(&b, 96, CHUNK_USED),
			     i % 2 ? "key:0001" : "key:2");
	for (unsigned i = 0; i < (r > 2 ? 8u : 1u); i++)
		builder_chunk(&b, 112, CHUNK_USED);
	for (unsigned i = 0; i < 7 * r; i++)
		builder_chunk(&b, 128, CHUNK_FREE);
	s = builder_snapshot(&b);
	builder_deinit(&b);
	s->taken.tv_sec = 1000 + 60 * r;
	return s;
}

static void take(struct snapshot **snap, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		snap[i] = heap_after(i);
}

static void give_back(struct snapshot **snap, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		snapshot_destroy(snap[i]);
}

static int make(struct snapshot **snap, enum growth_by by, struct growth *g)
{
	return growth_make((const struct snapshot *const *)snap, MOST, by, NULL,
			   g, &err);
}

static void check_rows(const struct growth *g)
{
	ck_assert_uint_eq(g->count, 4);
	ck_assert_uint_eq(g->steady, 2);
	ck_assert_uint_eq(g->row[0].size, 64);
	ck_assert(!g->row[0].by_content);
	ck_assert_int_eq(g->row[0].trend.median, 3);
	ck_assert_uint_eq(g->row[0].count, 3 * (MOST - 1) + 5);
	ck_assert(g->row[0].trend.steadiness == 1);
	ck_assert_str_eq(g->row[0].name, "made+0x540");
	ck_assert_uint_eq(g->row[1].size, 96);
	ck_assert(g->row[1].by_content);
	ck_assert_int_eq(g->row[1].trend.median, 2);
	ck_assert_str_eq(g->row[1].name, "\"key:\"");
	ck_assert_uint_eq(g->bytes_a_round, 3 * 64 + 2 * 96);
	for (uint32_t i = 2; i < g->count; i++)
		ck_assert(!growth_is_steady(&g->row[i]));
}

TEST(a_leak_that_a_cache_hides_in_its_class_is_found_by_content)
{
	struct snapshot *snap[MOST];
	struct growth g;

	take(snap, MOST);
	/* As a session does: the bytes of the last one alone are kept. */
	for (unsigned i = 0; i + 1 < MOST; i++) {
		OK(prints_keep(snap[i], &err));
		snapshot_drop_contents(snap[i]);
	}
	OK(make(snap, GROWTH_BY_ALL, &g));
	ck_assert_ptr_null(g.without_content);
	check_rows(&g);
	growth_deinit(&g);
	OK(make(snap, GROWTH_BY_SIZE, &g));
	ck_assert_uint_eq(g.count, 3);
	ck_assert_uint_eq(g.steady, 1);
	growth_deinit(&g);
	OK(make(snap, GROWTH_BY_CONTENT, &g));
	ck_assert_uint_eq(g.steady, 2);
	for (uint32_t i = 0; i < g.count; i++)
		ck_assert(g.row[i].by_content);
	growth_deinit(&g);
	give_back(snap, MOST);
}

TEST(without_the_bytes_of_one_snapshot_there_are_classes_alone)
{
	struct snapshot *snap[MOST];
	struct growth g;

	take(snap, MOST);
	snapshot_drop_contents(snap[3]);
	OK(make(snap, GROWTH_BY_ALL, &g));
	ck_assert_ptr_eq(g.without_content, snap[3]);
	ck_assert_uint_gt(g.without_count, 0);
	ck_assert_uint_eq(g.steady, 1);
	ck_assert_str_eq(g.row[0].name, "");
	ck_assert_uint_gt(g.row[0].unknown, 0);
	growth_deinit(&g);
	give_back(snap, MOST);
}

TEST(a_forecast_is_what_is_left_by_what_a_round_adds)
{
	struct snapshot *snap[MOST];
	const struct snapshot *const *all =
		(const struct snapshot *const *)snap;
	struct growth_forecast f;
	struct growth g;

	take(snap, MOST);
	OK(make(snap, GROWTH_BY_ALL, &g));
	snap[MOST - 1]->rss_bytes = 1000000;
	f = growth_forecast_of(&g, all, MOST,
			       1000000 + 5 * g.bytes_a_round + 1);
	ck_assert(f.of_resident && !f.reached && !f.never && f.has_time);
	ck_assert_uint_eq(f.rounds, 6);
	ck_assert_uint_eq(f.round_ms, 60000);
	ck_assert_uint_eq(f.seconds, 6 * 60);
	f = growth_forecast_of(&g, all, MOST, 1000000);
	ck_assert(f.reached);
	snap[MOST - 1]->rss_bytes = 0;
	snap[MOST - 1]->arena[0].system_bytes = 1 << 20;
	f = growth_forecast_of(&g, all, MOST, (1 << 20) + 1);
	ck_assert(!f.of_resident);
	ck_assert_uint_eq(f.base, 1 << 20);
	ck_assert_uint_eq(f.rounds, 1);
	snap[MOST - 1]->taken.tv_sec = 0;
	f = growth_forecast_of(&g, all, MOST, UINT64_MAX);
	ck_assert(!f.has_time);
	g.bytes_a_round = 0;
	f = growth_forecast_of(&g, all, MOST, UINT64_MAX);
	ck_assert(f.never);
	growth_deinit(&g);
	give_back(snap, MOST);
}

/* One block of 64 bytes: its first word and two behind it. */
static struct snapshot *one_block(uint64_t first, uint64_t second,
				  uint64_t third)
{
	struct builder b = {0};
	struct snapshot *s;
	uint64_t at;

	builder_map(&b, HEAP, END, "rw-p", 0, "[heap]");
	builder_map(&b, EXE, EXE + 0x1000, "r-xp", 7, "/usr/bin/made");
	builder_heap(&b, 0, HEAP, END);
	at = builder_chunk(&b, 64, CHUNK_USED);
	builder_put(&b, at, first);
	builder_put(&b, at + 8, second);
	builder_put(&b, at + 16, third);
	s = builder_snapshot(&b);
	builder_deinit(&b);
	return s;
}

static enum identity between(struct snapshot *a, struct snapshot *b)
{
	enum identity with_bytes = identity_of(a, 0, b, 0), without;

	OK(prints_keep(a, &err));
	snapshot_drop_contents(a);
	without = identity_of(a, 0, b, 0);
	ck_assert_int_eq(with_bytes, without);
	snapshot_destroy(a);
	snapshot_destroy(b);
	return without;
}

TEST(whether_a_block_is_the_same_is_told_by_its_bytes_or_not_at_all)
{
	struct snapshot *a = one_block(1, 2, 3), *b = one_block(1, 2, 3);

	ck_assert_int_eq(between(a, b), IDENTITY_SAME);
	/* Plain data changes in a live block, too. */
	ck_assert_int_eq(between(one_block(1, 2, 3), one_block(1, 2, 4)),
			 IDENTITY_UNSURE);
	ck_assert_int_eq(between(one_block(1, 2, 3), one_block(9, 2, 4)),
			 IDENTITY_UNSURE);
	ck_assert_int_eq(between(one_block(EXE, 2, 3), one_block(EXE, 5, 6)),
			 IDENTITY_UNSURE);
	/* A member that is set or cleared; a state that moves on. */
	ck_assert_int_eq(between(one_block(0, 2, 3), one_block(EXE, 5, 6)),
			 IDENTITY_UNSURE);
	ck_assert_int_eq(
		between(one_block(EXE, 2, 3), one_block(EXE + 8, 2, 3)),
		IDENTITY_UNSURE);
	/* Another table of functions, and other members. */
	ck_assert_int_eq(
		between(one_block(EXE, 2, 3), one_block(EXE + 8, 5, 6)),
		IDENTITY_REUSED);
	ck_assert_int_eq(between(one_block(77, 2, 3), one_block(EXE, 5, 6)),
			 IDENTITY_REUSED);
	a = one_block(1, 2, 3);
	b = one_block(1, 2, 3);
	snapshot_drop_contents(a);
	ck_assert_int_eq(between(a, b), IDENTITY_UNKNOWN);
}

TEST(growth_obeys_an_interrupt)
{
	struct snapshot *snap[MOST];
	struct growth g;

	take(snap, MOST);
	interrupt_raise();
	FAILS(ERR_INTERRUPTED, make(snap, GROWTH_BY_ALL, &g));
	interrupt_clear();
	interrupt_raise();
	FAILS(ERR_INTERRUPTED, prints_keep(snap[0], &err));
	give_back(snap, MOST);
}

TEST(whichever_allocation_fails_it_is_an_error_and_nothing_leaks)
{
	struct snapshot *snap[MOST];
	struct growth g;
	uint64_t k;

	take(snap, MOST);
	for (k = 1;; k++) {
		int ret;

		alloc_fail_checked_at(k);
		ret = prints_keep(snap[0], &err);
		if (!ret)
			ret = make(snap, GROWTH_BY_ALL, &g);
		alloc_fail_checked_at(0);
		if (!ret)
			break;
		ck_assert_int_eq(err.code, ERR_NO_MEMORY);
	}
	growth_deinit(&g);
	ck_assert_uint_gt(k, 10);
	give_back(snap, MOST);
}
