#include "tests/lib/stopping.h"

#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "target/live.h"
#include "tests/lib/hs_test.h"

static struct error err;

struct target *fixture_open(const struct fixture *f)
{
	struct target *target;

	OK(target_open_live(f->pid, NULL, &target, &err));
	return target;
}

void stop_and_go(struct target *target)
{
	OK(target_stop(target, &err));
	OK(target_resume(target, &err));
}

void stop_and_kill_agent(struct fixture *f, struct target *target)
{
	OK(target_stop(target, &err));
	kill(((struct live *)target->impl)->agent.pid, SIGKILL);
	FAILS(ERR_SYSTEM, target_resume(target, &err));
	fixture_unharmed(f);
}

void signals_came(struct fixture *f)
{
	unsigned long sent, sent_sum, got, got_sum, odd;

	ck_assert_int_eq(sscanf(fixture_ask(f, "report", "sent"),
				"sent %lu %lu got %lu %lu odd %lu", &sent,
				&sent_sum, &got, &got_sum, &odd),
			 5);
	ck_assert_uint_eq(got, sent);
	ck_assert_uint_eq(got_sum, sent_sum);
	ck_assert_uint_eq(odd, 0);
}

void calls_still_wait(struct fixture *f)
{
	int count = -1;

	sscanf(fixture_ask(f, "early", "early"), "early %d", &count);
	ck_assert_msg(count == 0, "calls that came back: %s", f->line);
}

void calls_wake(struct fixture *f, int least)
{
	int good = 0, all = 0;

	sscanf(fixture_ask(f, "wake", "woke"), "woke %d of %d", &good, &all);
	ck_assert_int_ge(all, least);
	ck_assert_msg(good == all, "%s", f->line);
}

/*
 * A thread that was stopped may be found on its way back into its call, where a
 * signal interrupts nothing, with or without us.
 */
static void await_sleep(const struct fixture *f, pid_t tid)
{
	while (task_state(f->pid, tid) != 'S')
		sched_yield();
}

void handlers_interrupt(struct fixture *f)
{
	struct target *target = fixture_open(f);
	int wait_tid, pwait_tid, count = 0;

	ck_assert_int_eq(sscanf(fixture_line(f, "tids"), "tids %d %d",
				&wait_tid, &pwait_tid),
			 2);
	for (int i = 0; i < 5; i++)
		stop_and_go(target);
	await_sleep(f, wait_tid);
	await_sleep(f, pwait_tid);
	OK(target_stop(target, &err));
	syscall(SYS_tgkill, f->pid, wait_tid, SIGUSR1);
	syscall(SYS_tgkill, f->pid, pwait_tid, SIGUSR2);
	OK(target_resume(target, &err));
	sscanf(fixture_ask(f, "interrupted", "interrupted"), "interrupted %d",
	       &count);
	ck_assert_msg(count == 2, "%s", f->line);
	target_close(target);
}
