#include "base/interrupt.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

static volatile sig_atomic_t pending;

static void on_sigint(int sig)
{
	(void)sig;
	pending = 1;
}

int interrupt_install(struct error *err)
{
	struct sigaction sa = {.sa_handler = on_sigint};

	sigemptyset(&sa.sa_mask);
	if (sigaction(SIGINT, &sa, NULL))
		return error_sys(err, "cannot catch SIGINT");
	return 0;
}

bool interrupt_pending(void)
{
	return pending;
}

void interrupt_clear(void)
{
	pending = 0;
}

void interrupt_raise(void)
{
	pending = 1;
}

int interrupt_check(struct error *err)
{
	if (!pending)
		return 0;
	return error_set(err, ERR_INTERRUPTED, "interrupted");
}

int interrupt_poll(struct pollfd *fd, nfds_t count, int timeout_ms)
{
	struct timespec timeout = {
		.tv_sec = timeout_ms / 1000,
		.tv_nsec = timeout_ms % 1000 * 1000000l,
	};
	sigset_t sigint, old;
	int ready = -1, error = EINTR;

	sigemptyset(&sigint);
	sigaddset(&sigint, SIGINT);
	sigprocmask(SIG_BLOCK, &sigint, &old);
	if (!pending) {
		ready = ppoll(fd, count, timeout_ms < 0 ? NULL : &timeout,
			      &old);
		error = errno;
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	errno = error;
	return ready;
}
