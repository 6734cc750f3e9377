#include "base/interrupt.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/hs_test.h"

static struct error err;

TEST(one_interrupt_sets_the_flag_and_a_second_does_not_kill)
{
	OK(interrupt_install(&err));
	ck_assert(!interrupt_pending());
	OK(interrupt_check(&err));
	raise(SIGINT);
	ck_assert(interrupt_pending());
	raise(SIGINT);
	ck_assert(interrupt_pending());
	FAILS(ERR_INTERRUPTED, interrupt_check(&err));
	interrupt_clear();
	ck_assert(!interrupt_pending());
	OK(interrupt_check(&err));
}

TEST(a_test_can_raise_it)
{
	interrupt_raise();
	ck_assert(interrupt_pending());
}

TEST(a_wait_that_begins_after_it_ends_at_once)
{
	OK(interrupt_install(&err));
	ck_assert_int_eq(interrupt_poll(NULL, 0, 0), 0);
	raise(SIGINT);
	ck_assert_int_eq(interrupt_poll(NULL, 0, -1), -1);
	ck_assert_int_eq(errno, EINTR);
}

/* Wherever it falls: before the wait, in it, or between look and wait. */
TEST(a_wait_ends_whenever_it_comes)
{
	OK(interrupt_install(&err));
	for (int i = 0; i < 200; i++) {
		interrupt_clear();
		pid_t pid = fork();
		if (pid == 0) {
			kill(getppid(), SIGINT);
			_exit(0);
		}
		ck_assert_int_eq(interrupt_poll(NULL, 0, -1), -1);
		ck_assert(interrupt_pending());
		while (waitpid(pid, NULL, 0) < 0)
			ck_assert_int_eq(errno, EINTR);
	}
}

/* A read of the front must end when ^C comes: no SA_RESTART. */
TEST(a_blocked_call_ends_with_eintr)
{
	struct sigaction sa;

	OK(interrupt_install(&err));
	ck_assert_int_eq(sigaction(SIGINT, NULL, &sa), 0);
	ck_assert_int_eq(sa.sa_flags & SA_RESTART, 0);
}
