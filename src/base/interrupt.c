#include "base/interrupt.h"

#include <signal.h>

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
