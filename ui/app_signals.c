#include "ui/app_signals.h"

#include <stddef.h>
#include <unistd.h>

/* Handlers have no context. */
static volatile sig_atomic_t resized, suspended;
static struct sigaction old_winch, old_tstp, old_pipe;
static sigset_t old_mask;

static void on_signal(int sig)
{
	if (sig == SIGWINCH)
		resized = 1;
	else if (sig == SIGTSTP)
		suspended = 1;
}

int app_signals_open(sigset_t *awake, struct error *err)
{
	struct sigaction sa = {.sa_handler = on_signal};
	sigset_t block;

	sigemptyset(&sa.sa_mask);
	sigemptyset(&block);
	sigaddset(&block, SIGWINCH);
	sigaddset(&block, SIGTSTP);
	sigaddset(&block, SIGINT);
	if (sigprocmask(SIG_BLOCK, &block, &old_mask) ||
	    sigaction(SIGWINCH, &sa, &old_winch) ||
	    sigaction(SIGTSTP, &sa, &old_tstp) ||
	    sigaction(SIGPIPE, &sa, &old_pipe))
		return error_sys(err, "cannot catch the terminal's signals");
	resized = suspended = 0;
	*awake = old_mask;
	sigdelset(awake, SIGINT);
	sigdelset(awake, SIGWINCH);
	sigdelset(awake, SIGTSTP);
	return 0;
}

void app_signals_close(void)
{
	sigaction(SIGWINCH, &old_winch, NULL);
	sigaction(SIGTSTP, &old_tstp, NULL);
	sigaction(SIGPIPE, &old_pipe, NULL);
	sigprocmask(SIG_SETMASK, &old_mask, NULL);
}

void app_signals_deliver(const sigset_t *awake)
{
	sigset_t asleep;

	sigprocmask(SIG_SETMASK, awake, &asleep);
	sigprocmask(SIG_SETMASK, &asleep, NULL);
}

bool app_signals_take(int sig)
{
	volatile sig_atomic_t *flag = sig == SIGWINCH ? &resized : &suspended;
	bool came = *flag;

	*flag = 0;
	return came;
}

void app_signals_suspend(void)
{
	struct sigaction stop = {.sa_handler = SIG_DFL}, ours;
	sigset_t set, mask;

	sigemptyset(&stop.sa_mask);
	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	sigaction(SIGTSTP, &stop, &ours);
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &set, &mask);
	/* Here we stand, and go on with SIGCONT. */
	sigprocmask(SIG_SETMASK, &mask, NULL);
	sigaction(SIGTSTP, &ours, NULL);
}
