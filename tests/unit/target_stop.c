/* Stopping: nothing of it shows in the target. */
#include "target/live.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "tests/lib/fixture.h"
#include "tests/lib/hs_test.h"
#include "tests/lib/stopping.h"

static struct error err;
static struct fixture f;

static int is_stopped(void *ctx)
{
	return task_state(*(pid_t *)ctx, *(pid_t *)ctx) == 'T';
}

static int all_stopped(void *ctx)
{
	struct target *target = ctx;

	for (size_t t = 0; t < target->thread_count; t++)
		if (task_state(target->pid, target->thread[t].tid) != 'T')
			return 0;
	return 1;
}

TEST(a_suspended_target_stays_suspended)
{
	fixture_start(&f, "runner", "threads", "5");
	struct target *target = fixture_open(&f);
	kill(f.pid, SIGSTOP);
	wait_until(all_stopped, target, "SIGSTOP");
	for (int i = 0; i < 20; i++) {
		OK(target_stop(target, &err));
		ck_assert(strstr(target->notes, "already stopped") != NULL);
		ck_assert_int_eq(target->thread[0].state, 'T');
		OK(target_resume(target, &err));
		wait_until(all_stopped, target, "it is suspended again");
	}
	target_close(target);
	ck_assert_int_eq(status_number(f.pid, "TracerPid:"), 0);
	kill(f.pid, SIGCONT);
	fixture_ask(&f, "ping", "pong");
	fixture_end(&f);
}

TEST(a_stop_signal_that_comes_while_held_holds)
{
	fixture_start(&f, "runner", "threads", "5");
	struct target *target = fixture_open(&f);
	for (int i = 0; i < 20; i++) {
		OK(target_stop(target, &err));
		kill(f.pid, SIGSTOP);
		OK(target_resume(target, &err));
		wait_until(is_stopped, &f.pid, "SIGSTOP takes effect");
		kill(f.pid, SIGCONT);
		fixture_ask(&f, "ping", "pong");
	}
	target_close(target);
	fixture_end(&f);
}

TEST(a_continue_signal_that_comes_while_held_continues)
{
	fixture_start(&f, "runner", "threads", "5");
	struct target *target = fixture_open(&f);
	for (int i = 0; i < 20; i++) {
		kill(f.pid, SIGSTOP);
		wait_until(is_stopped, &f.pid, "SIGSTOP");
		OK(target_stop(target, &err));
		kill(f.pid, SIGCONT);
		OK(target_resume(target, &err));
		fixture_ask(&f, "ping", "pong");
	}
	target_close(target);
	fixture_end(&f);
}

TEST(a_deadly_signal_that_comes_while_held_kills)
{
	fixture_start(&f, "runner", "threads", "5");
	struct target *target = fixture_open(&f);
	OK(target_stop(target, &err));
	kill(f.pid, SIGTERM);
	OK(target_resume(target, &err));
	fixture_end_by(&f, SIGTERM);
	target_close(target);
}

TEST(no_signal_is_lost_or_changed)
{
	fixture_start(&f, "signals", "4000", NULL);
	struct target *target = fixture_open(&f);
	fixture_ask(&f, "go", "going");
	for (int i = 0; i < 600; i++)
		stop_and_go(target);
	target_close(target);
	signals_came(&f);
	fixture_end(&f);
}

/* Kills the agent between a stop and its end: a signal may be in its hands. */
TEST(no_signal_is_lost_when_the_agent_is_killed)
{
	fixture_start(&f, "signals", "4000", NULL);
	struct target *target = fixture_open(&f);
	fixture_ask(&f, "go", "going");
	for (int i = 0; i < 300; i++)
		stop_and_kill_agent(&f, target);
	target_close(target);
	signals_came(&f);
	fixture_end(&f);
}

TEST(no_blocking_call_sees_our_stops)
{
	fixture_start(&f, "blocking", NULL, NULL);
	struct target *target = fixture_open(&f);
	for (int i = 0; i < 200; i++) {
		stop_and_go(target);
		if (i % 20 == 0)
			calls_still_wait(&f);
	}
	calls_still_wait(&f);
	target_close(target);
	/* And each still waits for the right thing. */
	calls_wake(&f, 15);
	fixture_end(&f);
}

TEST(blocking_calls_survive_the_agents_death)
{
	fixture_start(&f, "blocking", NULL, NULL);
	struct target *target = fixture_open(&f);
	for (int i = 0; i < 50; i++)
		stop_and_kill_agent(&f, target);
	target_close(target);
	calls_still_wait(&f);
	fixture_end(&f);
}

TEST(a_handler_that_runs_while_held_still_interrupts)
{
	fixture_start(&f, "blocking", NULL, NULL);
	handlers_interrupt(&f);
	fixture_end(&f);
}

TEST(threads_that_come_and_go_are_no_trouble)
{
	fixture_start(&f, "runner", "churn", "3");
	struct target *target = fixture_open(&f);
	for (int i = 0; i < 300; i++) {
		OK(target_stop(target, &err));
		ck_assert_uint_ge(target->thread_count, 4);
		for (size_t t = 0; t < target->thread_count; t++)
			ck_assert_int_ne(
				task_state(f.pid, target->thread[t].tid), 'R');
		OK(target_resume(target, &err));
	}
	target_close(target);
	fixture_ask(&f, "ping", "pong");
	fixture_end(&f);
}

TEST(processes_made_meanwhile_are_let_go)
{
	fixture_start(&f, "runner", "odd", NULL);
	struct target *target = fixture_open(&f);
	for (int i = 0; i < 300; i++)
		stop_and_go(target);
	fixture_ask(&f, "ping", "pong");
	target_close(target);
	fixture_end(&f);
}

/* Each stop may meet an exec, in which all threads but one end. */
TEST(a_program_that_replaces_itself_for_ever)
{
	int stops = 0;

	fixture_start(&f, "runner", "storm", NULL);
	struct target *target = fixture_open(&f);
	for (int i = 0; i < 300; i++) {
		if (target_stop(target, &err) == 0) {
			stops++;
			ck_assert_uint_ge(target->thread_count, 1);
			for (size_t t = 0; t < target->thread_count; t++)
				ck_assert_int_eq(
					task_state(f.pid,
						   target->thread[t].tid),
					't');
		} else {
			ck_abort_msg("stop %d: %s", i, err.msg);
		}
		OK(target_resume(target, &err));
	}
	ck_assert_int_eq(stops, 300);
	target_close(target);
	fixture_ask(&f, "ping", "pong");
	fixture_end(&f);
}

/* A zombie leader that is ours cannot be detached: the agent must go. */
TEST(a_leader_that_ends_under_our_hands)
{
	for (int i = 0; i < 40; i++) {
		fixture_start(&f, "runner", "leaver", NULL);
		struct target *target = fixture_open(&f);
		fixture_tell(&f, "leave");
		do
			stop_and_go(target);
		while (task_state(f.pid, f.pid) != 'Z');
		stop_and_go(target);
		fixture_ask(&f, "ping", "pong");
		target_close(target);
		fixture_end(&f);
	}
}

TEST(a_thread_in_vfork_is_named_and_the_rest_goes_on)
{
	struct live_opts opts = {.stop_deadline_ms = 100};
	struct target *target;
	char tid[32];

	fixture_start(&f, "runner", "vfork", NULL);
	OK(target_open_live(f.pid, &opts, &target, &err));
	for (int i = 0; i < 3; i++) {
		FAILS(ERR_PERMISSION, target_stop(target, &err));
		ck_assert(strstr(err.msg, "vfork") != NULL);
		ck_assert_int_eq(target->state, TARGET_RUNNING);
		snprintf(tid, sizeof tid, "thread %d ", target->thread[1].tid);
		ck_assert_msg(strstr(err.msg, tid) != NULL, "%s", err.msg);
		fixture_ask(&f, "ping", "pong");
		ck_assert_int_eq(status_number(f.pid, "TracerPid:"), 0);
	}
	/* The child goes on, then its parent, and a stop works. */
	fixture_ask(&f, "let", "let");
	fixture_unharmed(&f);
	stop_and_go(target);
	target_close(target);
	fixture_end(&f);
}

TEST(an_interrupt_ends_a_stop_that_takes_long)
{
	struct live_opts opts = {.stop_deadline_ms = 60000};
	struct target *target;

	fixture_start(&f, "runner", "vfork", NULL);
	OK(target_open_live(f.pid, &opts, &target, &err));
	interrupt_raise();
	FAILS(ERR_INTERRUPTED, target_stop(target, &err));
	interrupt_clear();
	fixture_ask(&f, "ping", "pong");
	fixture_ask(&f, "let", "let");
	fixture_unharmed(&f);
	stop_and_go(target);
	target_close(target);
	fixture_end(&f);
}

TEST(an_agent_that_hangs_does_not_hang_us)
{
	fixture_start(&f, "runner", "threads", "3");
	struct target *target = fixture_open(&f);
	struct live *live = target->impl;

	OK(target_stop(target, &err));
	kill(live->agent.pid, SIGSTOP);
	FAILS(ERR_SYSTEM, target_resume(target, &err));
	fixture_unharmed(&f);
	fixture_ask(&f, "ping", "pong");
	stop_and_go(target);
	target_close(target);
	fixture_end(&f);
}

/* Whether a process of ours may ask the kernel not to kill it for memory. */
static bool may_be_spared(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int fd = open("/proc/self/oom_score_adj", O_WRONLY);

		_exit(fd < 0 || write(fd, "-1000", 5) != 5);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status == 0;
}

TEST(the_agent_knows_nothing_of_the_terminal)
{
	static const int sent[] = {SIGINT,  SIGQUIT, SIGHUP,  SIGTSTP,
				   SIGTTIN, SIGTTOU, SIGPIPE, SIGWINCH};
	char path[64], link[256], ours[256];
	ssize_t n;

	fixture_start(&f, "runner", "threads", "2");
	struct target *target = fixture_open(&f);
	pid_t agent = ((struct live *)target->impl)->agent.pid;
	OK(target_stop(target, &err));
	ck_assert_int_eq(getsid(agent), agent);
	for (size_t i = 0; i < sizeof sent / sizeof *sent; i++)
		kill(agent, sent[i]);
	OK(target_resume(target, &err));
	ck_assert_int_eq(((struct live *)target->impl)->agent.pid, agent);
	snprintf(path, sizeof path, "/proc/%d/comm", agent);
	FILE *file = fopen(path, "r");
	ck_assert(fgets(link, sizeof link, file) != NULL);
	fclose(file);
	ck_assert_str_eq(link, "heapscope-agent\n");
	snprintf(path, sizeof path, "/proc/%d/oom_score_adj", agent);
	file = fopen(path, "r");
	ck_assert(fgets(link, sizeof link, file) != NULL);
	fclose(file);
	file = fopen("/proc/self/oom_score_adj", "r");
	ck_assert(fgets(ours, sizeof ours, file) != NULL);
	fclose(file);
	ck_assert_str_eq(link, may_be_spared() ? "-1000\n" : ours);
	/* Whoever reads our output sees its end though the agent lives. */
	for (int fd = 0; fd < 64; fd++) {
		snprintf(path, sizeof path, "/proc/%d/fd/%d", agent, fd);
		n = readlink(path, link, sizeof link - 1);
		link[n > 0 ? n : 0] = 0;
		if (fd < 3)
			ck_assert_str_eq(link, "/dev/null");
		else if (n > 0)
			ck_assert_msg(!strncmp(link, "socket:", 7) ||
					      strstr(link, "signalfd"),
				      "%s", link);
	}
	target_close(target);
	fixture_end(&f);
}

/* The test suspends a front of its own, as ^Z would. */
TEST(a_suspended_front_does_not_hold_the_target)
{
	int status, pipe_fd[2];
	char byte;

	fixture_start(&f, "runner", "threads", "3");
	ck_assert_int_eq(pipe(pipe_fd), 0);
	pid_t front = fork();
	if (front == 0) {
		struct target *target;

		if (target_open_live(f.pid, NULL, &target, &err) < 0 ||
		    target_stop(target, &err) < 0)
			_exit(1);
		if (write(pipe_fd[1], "", 1) != 1)
			_exit(2);
		raise(SIGSTOP);
		if (target_resume(target, &err) == 0)
			_exit(3);
		_exit(err.code == ERR_INTERRUPTED ? 0 : 4);
	}
	close(pipe_fd[1]);
	ck_assert_int_eq(read(pipe_fd[0], &byte, 1), 1);
	wait_until(is_stopped, &front, "the front is suspended");
	fixture_ask(&f, "ping", "pong");
	fixture_unharmed(&f);
	kill(front, SIGCONT);
	ck_assert_int_eq(waitpid(front, &status, 0), front);
	ck_assert_int_eq(status, 0);
	fixture_end(&f);
}
