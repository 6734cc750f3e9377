#include "base/emergency.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/hs_test.h"

static struct error err;
static int report[2];
static char order[100];
static size_t undone;

static void note(void *ctx)
{
	order[undone++] = *(const char *)ctx;
}

static void tell(void *ctx)
{
	if (write(report[1], ctx, 1) != 1)
		abort();
}

TEST(undos_run_backwards_and_once)
{
	OK(emergency_add(note, "a", &err));
	OK(emergency_add(note, "b", &err));
	OK(emergency_add(note, "c", &err));
	emergency_run();
	ck_assert_str_eq(order, "cba");
	emergency_run();
	ck_assert_str_eq(order, "cba");
}

TEST(a_removed_undo_does_not_run_and_order_survives_the_hole)
{
	static char a[] = "a", b[] = "b", c[] = "c", d[] = "d";

	OK(emergency_add(note, a, &err));
	OK(emergency_add(note, b, &err));
	OK(emergency_add(note, c, &err));
	emergency_remove(note, b);
	emergency_remove(note, b);
	OK(emergency_add(note, d, &err));
	emergency_run();
	ck_assert_str_eq(order, "dca");
}

TEST(a_full_table_is_an_error_and_room_comes_back)
{
	static char ctx[EMERGENCY_MAX];

	for (int i = 0; i < EMERGENCY_MAX; i++)
		OK(emergency_add(note, &ctx[i], &err));
	FAILS(ERR_UNSUPPORTED, emergency_add(note, order, &err));
	emergency_remove(note, &ctx[EMERGENCY_MAX - 1]);
	OK(emergency_add(note, order, &err));
}

TEST(forget_undoes_nothing)
{
	OK(emergency_add(note, "a", &err));
	emergency_forget();
	emergency_run();
	ck_assert_uint_eq(undone, 0);
}

static void die_of(int sig)
{
	raise(sig);
}

static volatile int endless = 1;

/* Runs out of stack; the condition keeps the compiler from knowing it. */
static int deep(volatile char *above)
{
	volatile char here[4096];

	here[0] = above ? above[0] : 0;
	return endless ? deep(here) + here[0] : 0;
}

static void die_of_stack(int sig)
{
	struct rlimit limit = {256 * 1024, 256 * 1024};

	(void)sig;
	setrlimit(RLIMIT_STACK, &limit);
	deep(NULL);
}

/* The signal that killed a child which had two undos registered. */
static void undoes_and_dies(int sig, void (*how)(int))
{
	char got[3] = "";
	int status;

	ck_assert_int_eq(pipe(report), 0);

	pid_t pid = fork();

	if (!pid) {
		struct rlimit none = {0, 0};

		setrlimit(RLIMIT_CORE, &none);
		OK(emergency_install(&err));
		OK(emergency_add(tell, "1", &err));
		OK(emergency_add(tell, "2", &err));
		how(sig);
		_exit(0);
	}
	close(report[1]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFSIGNALED(status), "signal %d: status %x", sig,
		      (unsigned)status);
	ck_assert_int_eq(WTERMSIG(status), sig);
	for (size_t n = 0; n < 2; n++)
		ck_assert_int_eq(read(report[0], got + n, 1), 1);
	ck_assert_str_eq(got, "21");
	close(report[0]);
}

TEST(each_deadly_signal_undoes_and_then_kills)
{
	static const int sigs[] = {SIGSEGV, SIGBUS,  SIGFPE, SIGILL,
				   SIGABRT, SIGTERM, SIGHUP};

	for (size_t i = 0; i < sizeof sigs / sizeof *sigs; i++)
		undoes_and_dies(sigs[i], die_of);
}

TEST(a_stack_that_ran_over_undoes_too)
{
	undoes_and_dies(SIGSEGV, die_of_stack);
}

static void crash(void *ctx)
{
	(void)ctx;
	__builtin_trap();
}

/* An undo that is itself broken: the others still run, and we still die. */
static void die_with_broken_undos(int sig)
{
	(void)sig;
	if (emergency_add(crash, NULL, &err) ||
	    emergency_add(crash, &err, &err))
		abort();
	raise(SIGTERM);
}

TEST(undos_that_crash_do_not_keep_the_others_from_running)
{
	undoes_and_dies(SIGILL, die_with_broken_undos);
}
