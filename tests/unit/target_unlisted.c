/* Threads that a listing of /proc leaves out: they must not run on. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "target/proc.h"
#include "tests/lib/hs_test.h"
#include "tests/lib/stopping.h"

enum { THREADS = 5, CUT = 4 };

static struct error err;
static struct fixture f;
static unsigned cut;

/* The linker's: what the callers in other files get instead of it. */
int __real_proc_tids(pid_t pid, pid_t **out, size_t *count, struct error *e);
int __wrap_proc_tids(pid_t pid, pid_t **out, size_t *count, struct error *e);

/* As when a thread ends while it is being listed: those behind are missing. */
int __wrap_proc_tids(pid_t pid, pid_t **out, size_t *count, struct error *e)
{
	int rc = __real_proc_tids(pid, out, count, e);

	if (rc == 0 && cut && *count > 2) {
		cut--;
		*count -= 2;
	}
	return rc;
}

TEST(threads_that_a_listing_leaves_out_are_stopped)
{
	fixture_start(&f, "runner", "threads", "5");
	cut = CUT;
	struct target *target = fixture_open(&f);
	OK(target_stop(target, &err));
	ck_assert_uint_eq(target->thread_count, THREADS + 1);
	for (size_t t = 0; t < target->thread_count; t++)
		ck_assert_int_eq(task_state(f.pid, target->thread[t].tid), 't');
	OK(target_resume(target, &err));
	target_close(target);
	fixture_unharmed(&f);
	fixture_ask(&f, "ping", "pong");
	fixture_end(&f);
}
