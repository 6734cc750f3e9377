#include "base/emergency.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

/*
 * fn is written last and taken first, by an exchange, so that a signal between
 * any two instructions sees a whole entry or none, and runs it once.
 */
static struct {
	_Atomic(emergency_fn *) fn;
	_Atomic(void *) ctx;
} table[EMERGENCY_MAX];

int emergency_add(emergency_fn *fn, void *ctx, struct error *err)
{
	int free_slot = EMERGENCY_MAX;

	/* Behind the last one in use: the order is the order of undoing. */
	while (free_slot && !atomic_load(&table[free_slot - 1].fn))
		free_slot--;
	if (free_slot == EMERGENCY_MAX)
		return error_set(err, ERR_UNSUPPORTED,
				 "more than %d things to undo in an emergency",
				 EMERGENCY_MAX);
	atomic_store(&table[free_slot].ctx, ctx);
	atomic_store(&table[free_slot].fn, fn);
	return 0;
}

void emergency_remove(emergency_fn *fn, void *ctx)
{
	for (int i = EMERGENCY_MAX - 1; i >= 0; i--)
		if (atomic_load(&table[i].fn) == fn &&
		    atomic_load(&table[i].ctx) == ctx) {
			atomic_store(&table[i].fn, NULL);
			return;
		}
}

void emergency_run(void)
{
	for (int i = EMERGENCY_MAX - 1; i >= 0; i--) {
		void *ctx = atomic_load(&table[i].ctx);
		emergency_fn *fn = atomic_exchange(&table[i].fn, NULL);

		if (fn)
			fn(ctx);
	}
}

void emergency_forget(void)
{
	for (int i = 0; i < EMERGENCY_MAX; i++)
		atomic_store(&table[i].fn, NULL);
}

static const int fatal[] = {SIGSEGV, SIGBUS,  SIGFPE, SIGILL,
			    SIGABRT, SIGTERM, SIGHUP};

static emergency_mend_fn *_Atomic mending;

void emergency_mend(emergency_mend_fn *fn)
{
	atomic_store(&mending, fn);
}

static bool is_mended(int sig, const siginfo_t *info)
{
	emergency_mend_fn *fn = atomic_load(&mending);

	/* Of the kernel, not sent by somebody. */
	return sig == SIGBUS && info->si_code > 0 && fn &&
	       fn((uintptr_t)info->si_addr);
}

static void on_signal(int sig, siginfo_t *info, void *context)
{
	struct sigaction sa = {.sa_handler = SIG_DFL};
	sigset_t set;

	(void)context;
	if (is_mended(sig, info))
		return;
	/*
	 * An undo that crashes comes here again, since faults are not blocked:
	 * the rest is undone then, and that signal is the one we die of.
	 */
	emergency_run();
	sigaction(sig, &sa, NULL);
	raise(sig);
	sigemptyset(&set);
	sigaddset(&set, sig);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int emergency_install(struct error *err)
{
	static char stack_bytes[64 * 1024];
	stack_t stack = {.ss_sp = stack_bytes, .ss_size = sizeof stack_bytes};
	struct sigaction sa = {.sa_sigaction = on_signal,
			       .sa_flags =
				       SA_ONSTACK | SA_NODEFER | SA_SIGINFO};

	if (sigaltstack(&stack, NULL))
		return error_sys(err, "cannot set a signal stack");
	/* What others send waits until the undoing is done. */
	sigemptyset(&sa.sa_mask);
	sigaddset(&sa.sa_mask, SIGTERM);
	sigaddset(&sa.sa_mask, SIGHUP);
	sigaddset(&sa.sa_mask, SIGINT);
	for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
		if (sigaction(fatal[i], &sa, NULL))
			return error_sys(err, "cannot catch signal %d",
					 fatal[i]);
	return 0;
}
