#include "base/progress.h"

#include <signal.h>
#include <string.h>

#include "base/interrupt.h"
#include "tests/lib/hs_test.h"

#define MSEC UINT64_C(1000000)

static struct error err;
static uint64_t now = 5000 * MSEC;
static int calls, ends;
static uint64_t last_done, last_total;
static const char *last_what;

static uint64_t test_clock(void)
{
	return now;
}

static void note(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	ck_assert_ptr_eq(ctx, &calls);
	if (!what) {
		ends++;
		return;
	}
	calls++;
	last_what = what;
	last_done = done;
	last_total = total;
}

static void tick_after(uint64_t msec)
{
	now += msec * MSEC;
	OK(progress_tick("reading", now / MSEC, 9000, &err));
}

static void begin(void)
{
	progress_clock(test_clock);
	progress_set(note, &calls);
	progress_begin();
}

TEST(short_work_shows_nothing)
{
	begin();
	tick_after(0);
	tick_after(99);
	progress_end();
	ck_assert_int_eq(calls, 0);
	ck_assert_int_eq(ends, 0);
}

TEST(long_work_shows_after_100_ms_and_every_50_ms)
{
	begin();
	tick_after(99);
	ck_assert_int_eq(calls, 0);
	tick_after(1);
	ck_assert_int_eq(calls, 1);
	ck_assert_str_eq(last_what, "reading");
	ck_assert_uint_eq(last_done, 5100);
	ck_assert_uint_eq(last_total, 9000);
	tick_after(0);
	tick_after(49);
	ck_assert_int_eq(calls, 1);
	tick_after(1);
	ck_assert_int_eq(calls, 2);
	progress_end();
	ck_assert_int_eq(ends, 1);
}

TEST(each_command_has_its_own_100_ms)
{
	begin();
	tick_after(1000);
	ck_assert_int_eq(calls, 1);
	progress_end();
	progress_begin();
	tick_after(99);
	ck_assert_int_eq(calls, 1);
	progress_end();
	ck_assert_int_eq(ends, 1);
}

TEST(without_a_viewer_or_outside_of_work_nothing_is_called)
{
	begin();
	progress_set(NULL, NULL);
	tick_after(1000);
	progress_end();
	progress_set(note, &calls);
	tick_after(1000);
	ck_assert_int_eq(calls, 0);
}

TEST(an_interrupt_ends_the_work_with_or_without_a_viewer)
{
	interrupt_raise();
	FAILS(ERR_INTERRUPTED, progress_tick("x", 0, 0, &err));
	begin();
	FAILS(ERR_INTERRUPTED, progress_tick("x", 0, 0, &err));
	interrupt_clear();
	OK(progress_tick("x", 0, 0, &err));
}
