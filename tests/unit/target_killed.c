/*
 * heapscope or its agent killed at any moment: the target goes on.  The seed
 * is printed; HS_SEED repeats a run.
 */
#include "target/live.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/lib/fixture.h"
#include "tests/lib/hs_test.h"

enum { MOMENTS = 200, LONGEST_US = 6000 };

static struct error err;
static struct fixture f;

/* Opens, stops, reads, resumes until it is killed. */
static void front_loop(int tell_fd)
{
	struct target *target;
	char buf[4096];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		pid_t agent;

		if (target_open_live(f.pid, NULL, &target, &err) < 0)
			_exit(10 + (int)err.code);
		agent = ((struct live *)target->impl)->agent.pid;
		if (tell_fd >= 0 &&
		    write(tell_fd, &agent, sizeof agent) != sizeof agent)
			_exit(2);
		for (int i = 0; i < 20; i++) {
			uint64_t at;

			if (target_stop(target, &err) < 0)
				break;
			at = target->thread[0].regs.r[REG_RSP_];
			target_read_some(target, at, buf, sizeof buf);
			if (target_resume(target, &err) < 0)
				break;
		}
		target_close(target);
	}
}

static unsigned seed_random(void)
{
	const char *wanted = getenv("HS_SEED");
	unsigned seed = wanted ? (unsigned)atoi(wanted)
			       : (unsigned)time(NULL) ^ (unsigned)getpid();

	printf("# seed %u\n", seed);
	fflush(stdout);
	srandom(seed);
	return seed;
}

/* The moment is what is tried here; nothing waits for it to have passed. */
static void some_moment(void)
{
	long us = random() % LONGEST_US;

	nanosleep(&(struct timespec){.tv_nsec = us * 1000}, NULL);
}

static int has_ended(void *ctx)
{
	return kill(*(pid_t *)ctx, 0) < 0 && errno == ESRCH;
}

static void killed_at_every_moment(const char *mode, bool kill_agent)
{
	int status;

	seed_random();
	/* The agents of killed fronts become ours to wait for. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	fixture_start(&f, "runner", mode, "4");
	for (int i = 0; i < MOMENTS; i++) {
		int fd[2];
		pid_t agent;

		ck_assert_int_eq(pipe(fd), 0);
		pid_t front = fork();
		if (front == 0)
			front_loop(fd[1]);
		close(fd[1]);
		ck_assert_int_eq(read(fd[0], &agent, sizeof agent),
				 sizeof agent);
		some_moment();
		if (kill_agent)
			kill(agent, SIGKILL);
		else
			kill(front, SIGKILL);
		if (kill_agent) {
			/* The front lives and works on with another agent. */
			ck_assert_int_eq(read(fd[0], &agent, sizeof agent),
					 sizeof agent);
			ck_assert_int_eq(waitpid(front, &status, WNOHANG), 0);
			kill(front, SIGKILL);
		}
		ck_assert_int_eq(waitpid(front, &status, 0), front);
		ck_assert_msg(WIFSIGNALED(status), "the front failed: 0x%x",
			      status);
		/* The agent sees the end of file, in the midst of a stop. */
		do
			waitpid(agent, NULL, 0);
		while (read(fd[0], &agent, sizeof agent) == sizeof agent);
		fixture_unharmed(&f);
		close(fd[0]);
		if (i % 10 == 9)
			fixture_ask(&f, "ping", "pong");
	}
	fixture_ask(&f, "ping", "pong");
	fixture_end(&f);
}

TEST(the_front_killed_at_any_moment)
{
	killed_at_every_moment("threads", false);
}

TEST(the_front_killed_while_threads_come_and_go)
{
	killed_at_every_moment("churn", false);
}

TEST(the_agent_killed_at_any_moment)
{
	killed_at_every_moment("threads", true);
}

TEST(the_agent_leaves_when_the_front_does)
{
	int fd[2];
	pid_t agent;

	fixture_start(&f, "runner", "threads", "2");
	ck_assert_int_eq(pipe(fd), 0);
	pid_t front = fork();
	if (front == 0)
		front_loop(fd[1]);
	close(fd[1]);
	ck_assert_int_eq(read(fd[0], &agent, sizeof agent), sizeof agent);
	kill(front, SIGKILL);
	waitpid(front, NULL, 0);
	wait_until(has_ended, &agent, "the agent ends");
	close(fd[0]);
	fixture_end(&f);
}
