#include "base/parallel.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/emergency.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "tests/lib/hs_test.h"

enum { PARTS = 5000 };

static struct error err;
static atomic_uint calls[PARTS];
static atomic_uint all;

static int count(void *ctx, uint64_t part, struct error *e)
{
	(void)e;
	ck_assert_ptr_eq(ctx, calls);
	atomic_fetch_add(&calls[part], 1);
	atomic_fetch_add(&all, 1);
	return 0;
}

TEST(each_part_is_done_once_by_any_number_of_threads)
{
	for (unsigned threads = 0; threads <= 9; threads++) {
		parallel_threads(threads);
		OK(parallel_each("x", PARTS, count, calls, &err));
		for (int i = 0; i < PARTS; i++)
			ck_assert_uint_eq(atomic_load(&calls[i]), threads + 1);
	}
}

TEST(no_part_is_no_work)
{
	OK(parallel_each("x", 0, count, calls, &err));
	ck_assert_uint_eq(atomic_load(&all), 0);
}

static pthread_barrier_t together;

static int meet(void *ctx, uint64_t part, struct error *e)
{
	(void)ctx;
	(void)part;
	(void)e;
	pthread_barrier_wait(&together);
	return 0;
}

/* If one thread did them all it would wait for ever. */
TEST(parts_are_done_at_the_same_time)
{
	parallel_threads(3);
	ck_assert_int_eq(pthread_barrier_init(&together, NULL, 3), 0);
	OK(parallel_each("x", 3, meet, NULL, &err));
}

static int fail_from_100(void *ctx, uint64_t part, struct error *e)
{
	(void)ctx;
	atomic_fetch_add(&all, 1);
	if (part < 100)
		return 0;
	return error_set(e, ERR_FAULT, "part %d", (int)part);
}

TEST(after_a_failure_no_further_part_is_begun)
{
	for (unsigned threads = 1; threads <= 4; threads++) {
		parallel_threads(threads);
		atomic_store(&all, 0);
		FAILS(ERR_FAULT,
		      parallel_each("x", PARTS, fail_from_100, NULL, &err));
		ck_assert_str_eq(err.msg, "part 100");
		ck_assert_uint_gt(atomic_load(&all), 100);
		ck_assert_uint_le(atomic_load(&all), 100 + threads);
	}
}

static int interrupt_from_100(void *ctx, uint64_t part, struct error *e)
{
	(void)ctx;
	(void)e;
	atomic_fetch_add(&all, 1);
	if (part >= 100)
		interrupt_raise();
	return 0;
}

TEST(after_an_interrupt_no_further_part_is_begun)
{
	for (unsigned threads = 1; threads <= 4; threads++) {
		parallel_threads(threads);
		atomic_store(&all, 0);
		FAILS(ERR_INTERRUPTED,
		      parallel_each("x", PARTS, interrupt_from_100, NULL,
				    &err));
		interrupt_clear();
		ck_assert_uint_gt(atomic_load(&all), 100);
		ck_assert_uint_le(atomic_load(&all), 100 + threads);
	}
}

static pthread_t teller;
static unsigned told;
static uint64_t last;

static uint64_t later(void)
{
	static uint64_t now;

	return now += UINT64_C(1000000000);
}

static void note(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	(void)ctx;
	if (!what)
		return;
	ck_assert_str_eq(what, "counting");
	ck_assert_uint_eq(total, PARTS);
	ck_assert_uint_ge(done, last);
	ck_assert(pthread_equal(pthread_self(), teller));
	last = done;
	told++;
}

TEST(progress_is_told_by_the_caller_and_goes_up)
{
	teller = pthread_self();
	progress_clock(later);
	progress_set(note, NULL);
	progress_begin();
	parallel_threads(4);
	OK(parallel_each("counting", PARTS, count, calls, &err));
	progress_end();
	ck_assert_uint_gt(told, 0);
}

static int undone[2];
static volatile char *forbidden;

static void undo(void *ctx)
{
	(void)ctx;
	if (write(undone[1], "u", 1) != 1)
		_exit(1);
}

/* Both threads are in a part: the caller waits, the other one faults. */
static int fault_in_worker(void *ctx, uint64_t part, struct error *e)
{
	(void)ctx;
	(void)part;
	(void)e;
	pthread_barrier_wait(&together);
	if (!pthread_equal(pthread_self(), teller))
		*forbidden = 1;
	pause();
	return -1;
}

TEST(a_fault_in_any_thread_is_undone)
{
	int status;
	char c;
	pid_t child;

	forbidden =
		mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne((void *)forbidden, MAP_FAILED);
	ck_assert_int_eq(pipe(undone), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (!child) {
		OK(emergency_install(&err));
		OK(emergency_add(undo, NULL, &err));
		teller = pthread_self();
		parallel_threads(2);
		pthread_barrier_init(&together, NULL, 2);
		_exit(parallel_each("x", 2, fault_in_worker, NULL, &err));
	}
	close(undone[1]);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGSEGV);
	ck_assert_int_eq(read(undone[0], &c, 1), 1);
	close(undone[0]);
}
