/*
 * A stop that is called off halfway: threads that were asked to stop and had
 * not come to it yet must not see EINTR either.
 */
#include "target/stop.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/fixture.h"
#include "tests/lib/hs_test.h"

enum { ROUNDS = 2000, LONGEST_US = 300 };

static struct fixture f;
static int cancel[2];

static void call_off(int sig)
{
	(void)sig;
	if (write(cancel[1], "x", 1) != 1)
		_exit(3);
}

/* What the agent does when the front goes away; at any moment of a stop. */
static void stop_and_be_called_off(void)
{
	struct stop stop = {0};
	struct error err;
	char byte[64];
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	stop.wake_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (pipe2(cancel, O_NONBLOCK | O_CLOEXEC) < 0)
		_exit(1);
	stop.cancel_fd = cancel[0];
	sigaction(SIGALRM, &(struct sigaction){.sa_handler = call_off}, NULL);
	for (int i = 0; i < ROUNDS; i++) {
		struct itimerval when = {.it_value.tv_usec =
						 1 + i % LONGEST_US};
		uint64_t us;
		int rc;

		setitimer(ITIMER_REAL, &when, NULL);
		rc = stop_all(&stop, f.pid, 10000, &err);
		if (!stop_release(&stop, &us) ||
		    (rc < 0 && err.code != ERR_INTERRUPTED))
			_exit(2);
		setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
		if (read(cancel[0], byte, sizeof byte) < 0)
			continue;
	}
	_exit(0);
}

TEST(a_stop_that_is_called_off_shows_in_no_call)
{
	int status, count = -1;

	fixture_start(&f, "blocking", NULL, NULL);
	pid_t pid = fork();
	if (pid == 0)
		stop_and_be_called_off();
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	fixture_unharmed(&f);
	sscanf(fixture_ask(&f, "early", "early"), "early %d", &count);
	ck_assert_msg(count == 0, "calls that came back: %s", f.line);
	fixture_end(&f);
}
