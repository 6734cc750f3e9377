/* The walk over a heap that is long: each part of it can be ended. */
#include <stdlib.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "malloc/allocator.h"
#include "snapshot/snapshot.h"
#include "symbols/symbols.h"
#include "target/target.h"
#include "tests/lib/fixture.h"
#include "tests/lib/hs_test.h"

enum { BLOCKS = 100000, CURSORS = 16 };

static struct fixture f;
static struct target *target;
static struct symbols *symbols;
static void *state;
static struct error err;
static unsigned ticks, stop_at, walking, listing;
static uint64_t now;

static uint64_t test_clock(void)
{
	return now += 1000000000;
}

static void on_tick(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	(void)ctx;
	(void)done;
	if (!what)
		return;
	/* Chunks are pushed into the table under this name, too. */
	walking += !strcmp(what, "walking the heap") && total;
	listing += !strcmp(what, "following free lists");
	if (++ticks == stop_at)
		interrupt_raise();
}

static int capture(unsigned stop)
{
	struct capture_opts opts = {.max_bytes = UINT64_C(1) << 30};
	struct snapshot *s;
	int ret;

	ticks = walking = listing = 0;
	stop_at = stop;
	interrupt_clear();
	progress_begin();
	ret = snapshot_capture(target, symbols, &allocator_glibc, state, &opts,
			       &s, &err);
	progress_end();
	if (!ret)
		snapshot_destroy(s);
	return ret;
}

TEST(a_walk_over_used_and_free_chunks_can_be_ended)
{
	struct symbols_opts so = {0};
	struct live_opts lo = {0};
	unsigned all;

	fixture_start(&f, "freed", "100000", NULL);
	OK(target_open_live(f.pid, &lo, &target, &err));
	OK(symbols_open(target, &so, &symbols, &err));
	ck_assert_int_eq(allocator_glibc.probe(target, symbols, &state, &err),
			 1);
	/* How much of the copying is the caller's is chance with several. */
	parallel_threads(1);
	progress_clock(test_clock);
	progress_set(on_tick, NULL);
	OK(capture(0));
	/* Some thousands of chunks in between; lists are gone through twice. */
	ck_assert_uint_ge(walking, BLOCKS / CURSORS >> 10);
	ck_assert_uint_ge(listing, 2 * (BLOCKS / 2 >> 14));
	all = ticks;
	for (unsigned i = 1; i < all; i++)
		FAILS(ERR_INTERRUPTED, capture(i));
	interrupt_clear();
	fixture_unharmed(&f);
	allocator_glibc.release(state);
	symbols_close(symbols);
	target_close(target);
	fixture_end(&f);
}
