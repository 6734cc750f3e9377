#include "analysis/sweep.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/leaks.h"
#include "base/interrupt.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "tests/lib/builder.h"
#include "tests/lib/hs_test.h"

static struct error err;

#define GLOBAL UINT64_C(0x500000)
#define STACK  UINT64_C(0x7f8000000000)
#define HEAP   UINT64_C(0x555555600000)

enum { CHUNKS = 4000, LARGE = 3, MEGABYTE = 1 << 20 };

struct heap {
	struct builder b;
	struct snapshot *snap;
	uint64_t addr[CHUNKS], size[CHUNKS];
};

/* Small ones, and some that several parts share. */
static void add_chunks(struct heap *h)
{
	for (int i = 0; i < CHUNKS; i++) {
		bool large = i % (CHUNKS / LARGE) == 7;
		uint64_t class = 16 * (2 + (unsigned)rand() % 60);

		if (large)
			class = (MEGABYTE + (unsigned)rand() % MEGABYTE) & ~15u;
		h->addr[i] = builder_chunk(
			&h->b, class, rand() % 4 ? CHUNK_USED : CHUNK_FREE);
		h->size[i] = class - 8;
	}
}

/* Names the chunk, or may do so, at some byte of what lies at addr. */
static void put_name(struct heap *h, uint64_t addr, uint64_t size)
{
	uint64_t to = h->addr[rand() % CHUNKS], at;

	at = addr + (uint64_t)rand() % (size - 7);
	if (rand() % 8)
		at &= ~UINT64_C(7);
	if (at < addr)
		at += 8;
	switch (rand() % 8) {
	case 0:
		to += 24;
		break;
	case 1:
		to |= UINT64_C(3) << 60;
		break;
	case 2:
		to ^= at >> 12;
		break;
	case 3:
		to -= 8;
		break;
	default:
		break;
	}
	if (at + 8 <= addr + size)
		builder_put(&h->b, at, to);
}

static void open_heap(struct heap *h, unsigned seed)
{
	uint64_t size = UINT64_C(12) << 20;

	memset(h, 0, sizeof(*h));
	srand(seed);
	builder_map(&h->b, GLOBAL, GLOBAL + 0x1000, "rw-p", 0, "");
	builder_map(&h->b, HEAP, HEAP + size, "rw-p", 0, "[heap]");
	builder_map(&h->b, STACK, STACK + 0x10000, "rw-p", 0, "");
	builder_heap(&h->b, 0, HEAP, HEAP + size);
	add_chunks(h);
	for (int i = 0; i < CHUNKS; i++)
		for (int n = rand() % 3; n > 0; n--)
			put_name(h, h->addr[i], h->size[i]);
	for (int i = 0; i < CHUNKS; i++)
		if (h->size[i] > MEGABYTE / 2)
			for (int n = 0; n < 300; n++)
				put_name(h, h->addr[i], h->size[i]);
	for (int i = 0; i < 100; i++)
		put_name(h, GLOBAL, 0x1000);
	builder_thread(&h->b, 1, "t", STACK + 0x8000, STACK + 0xf000);
	h->snap = builder_snapshot(&h->b);
}

static void close_heap(struct heap *h)
{
	snapshot_destroy(h->snap);
	builder_deinit(&h->b);
}

static bool all(void *ctx, uint32_t i)
{
	(void)ctx;
	(void)i;
	return true;
}

static bool odd(void *ctx, uint32_t i)
{
	(void)ctx;
	return i % 2;
}

/* How often each chunk was told, and each word shown. */
struct seen {
	const struct heap *heap;
	_Atomic unsigned found[CHUNKS], words[CHUNKS];
};

static int found(void *ctx, uint32_t i, struct error *e)
{
	struct seen *seen = ctx;

	(void)e;
	seen->found[i]++;
	return 0;
}

static int look(void *ctx, const struct words_piece *p, struct error *e)
{
	struct seen *seen = ctx;
	uint32_t i = snapshot_find(seen->heap->snap, p->addr);

	(void)e;
	ck_assert_uint_eq(p->addr % 8, 0);
	ck_assert_uint_eq(p->addr + p->len + p->more,
			  seen->heap->addr[i] + seen->heap->size[i]);
	seen->words[i] += (unsigned)(p->len / 8);
	return 0;
}

static void sweep(struct marker *m, struct seen *seen,
		  bool (*wanted)(void *, uint32_t), unsigned threads)
{
	for (int i = 0; i < CHUNKS; i++)
		seen->found[i] = seen->words[i] = 0;
	parallel_threads(threads);
	m->found = found;
	m->look = look;
	m->ctx = seen;
	OK(sweep_chunks(m, wanted, NULL, &err));
}

/* Naively: each word of those that are wanted, once. */
static void check(const struct seen *seen, const struct marker *m,
		  bool (*wanted)(void *, uint32_t))
{
	const struct heap *h = seen->heap;
	unsigned *named = calloc(CHUNKS, sizeof(*named));

	for (uint32_t i = 0; i < CHUNKS; i++) {
		if (!wanted(NULL, i)) {
			ck_assert_uint_eq(seen->words[i], 0);
			continue;
		}
		ck_assert_uint_eq(seen->words[i], h->size[i] / 8);
		for (uint64_t at = 0; at < h->size[i]; at += 8) {
			uint32_t to = finder_find(
				&m->finder,
				builder_get(&h->b, h->addr[i] + at));

			if (to != CHUNK_NONE)
				named[to]++;
		}
	}
	for (uint32_t i = 0; i < CHUNKS; i++)
		ck_assert_uint_eq(seen->found[i], named[i]);
	free(named);
}

TEST(each_word_of_what_is_wanted_is_seen_once)
{
	static struct seen seen;
	static struct heap h;
	struct marker m;

	open_heap(&h, 1);
	seen.heap = &h;
	OK(marker_init(&m, h.snap, INTERIOR_YES, &err));
	for (unsigned threads = 1; threads <= 4; threads++) {
		sweep(&m, &seen, all, threads);
		check(&seen, &m, all);
		sweep(&m, &seen, odd, threads);
		check(&seen, &m, odd);
	}
	marker_deinit(&m);
	close_heap(&h);
}

TEST(leaks_are_the_same_whoever_looks_for_them)
{
	static const enum interior how[] = {INTERIOR_YES, INTERIOR_NO,
					    INTERIOR_VALGRIND};
	static struct heap h;

	for (unsigned seed = 2; seed <= 7; seed++) {
		struct reach_opts opts = {.interior = how[seed % 3]};
		struct leaks *one, *more;

		open_heap(&h, seed);
		parallel_threads(1);
		OK(leaks_make(h.snap, &opts, &one, &err));
		ck_assert_uint_gt(one->sum[LEAK_DEFINITE].count, 0);
		ck_assert_uint_gt(one->sum[LEAK_POSSIBLE].count, 0);
		ck_assert_uint_gt(one->sum[LEAK_REACHABLE].count, 0);
		for (unsigned threads = 2; threads <= 4; threads++) {
			parallel_threads(threads);
			OK(leaks_make(h.snap, &opts, &more, &err));
			ck_assert_mem_eq(one->hold, more->hold, CHUNKS);
			ck_assert_mem_eq(one->kind, more->kind, CHUNKS);
			ck_assert_mem_eq(one->leader, more->leader,
					 CHUNKS * sizeof(*one->leader));
			leaks_destroy(more);
		}
		leaks_destroy(one);
		close_heap(&h);
	}
}

static unsigned ticks, last_tick;
static const char *at_tick;

static uint64_t later(void)
{
	static uint64_t now;

	return now += UINT64_C(1000000000);
}

static void interrupt_at_last(void *ctx, const char *what, uint64_t done,
			      uint64_t total)
{
	(void)ctx;
	(void)done;
	(void)total;
	if (what && ++ticks == last_tick) {
		at_tick = what;
		interrupt_raise();
	}
}

/* Wherever ^C comes it ends there, and it can come at least once a megabyte of
 * each time that the memory is gone through. */
TEST(an_interrupt_ends_each_phase)
{
	struct reach_opts opts = {0};
	unsigned looking = 0, following = 0;
	struct leaks *leaks;
	static struct heap h;
	uint64_t bytes;

	open_heap(&h, 1);
	bytes = image_bytes(h.snap->contents);
	parallel_threads(1);
	progress_clock(later);
	progress_set(interrupt_at_last, NULL);
	progress_begin();
	for (last_tick = 1;; last_tick++) {
		ticks = 0;
		if (!leaks_make(h.snap, &opts, &leaks, &err))
			break;
		ck_assert_int_eq(err.code, ERR_INTERRUPTED);
		ck_assert_uint_eq(ticks, last_tick);
		looking += !strcmp(at_tick, "looking for pointers");
		following += !strcmp(at_tick, "following pointers");
		interrupt_clear();
	}
	ck_assert_uint_ge(looking, bytes / MEGABYTE);
	/* Marks and disguises in what is held; what was freed; each doubt. */
	bytes = 0;
	for (int i = 0; i < CHUNKS; i++)
		bytes += leaks->hold[i] == HOLD_POINTER	 ? 2 * h.size[i]
			 : leaks->hold[i] == HOLD_UNUSED ? h.size[i]
							 : 0;
	ck_assert_uint_ge(following,
			  bytes / MEGABYTE + HOLD_FREED - HOLD_PAST_END);
	leaks_destroy(leaks);
	progress_end();
	close_heap(&h);
}
