#include "base/parallel.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/interrupt.h"
#include "base/progress.h"

struct job {
	parallel_fn *fn;
	void *ctx;
	uint64_t parts;
	atomic_uint_fast64_t next; /* the part that nobody has begun */
	atomic_uint_fast64_t done;
	atomic_bool over; /* no further part is begun */
	pthread_mutex_t lock;
	struct error err; /* of the lowest part that failed */
	uint64_t failed;  /* that part */
};

static unsigned forced;

void parallel_threads(unsigned count)
{
	forced = count;
}

static unsigned threads_for(uint64_t parts)
{
	unsigned count = forced;
	cpu_set_t cpus;

	if (!count && !sched_getaffinity(0, sizeof cpus, &cpus))
		count = (unsigned)CPU_COUNT(&cpus);
	if (!count)
		count = 1;
	if (count > PARALLEL_MOST)
		count = PARALLEL_MOST;
	return count < parts ? count : (unsigned)parts;
}

static void note_failure(struct job *job, uint64_t part,
			 const struct error *err)
{
	pthread_mutex_lock(&job->lock);
	if (part < job->failed) {
		job->failed = part;
		job->err = *err;
	}
	pthread_mutex_unlock(&job->lock);
	atomic_store(&job->over, true);
}

/* False when there is nothing more to do. */
static bool do_part(struct job *job)
{
	struct error err = {0};
	uint64_t part;

	if (atomic_load(&job->over) || interrupt_pending())
		return false;
	part = atomic_fetch_add(&job->next, 1);
	if (part >= job->parts)
		return false;
	if (job->fn(job->ctx, part, &err))
		note_failure(job, part, &err);
	atomic_fetch_add(&job->done, 1);
	return true;
}

static void *work(void *job)
{
	while (do_part(job))
		;
	return NULL;
}

/*
 * Signals that others send are the calling thread's alone: it is the one that
 * waits for them.  A fault is of the thread that made it; blocked, it would end
 * us with nothing undone (base/emergency.h).
 */
static unsigned start(struct job *job, pthread_t *thread, unsigned count)
{
	static const int fault[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
	sigset_t others, old;
	unsigned n = 0;

	if (!count)
		return 0;
	sigfillset(&others);
	for (size_t i = 0; i < sizeof fault / sizeof *fault; i++)
		sigdelset(&others, fault[i]);
	pthread_sigmask(SIG_SETMASK, &others, &old);
	while (n < count && !pthread_create(&thread[n], NULL, work, job))
		n++;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return n;
}

int parallel_each(const char *what, uint64_t parts, parallel_fn *fn, void *ctx,
		  struct error *err)
{
	struct job job = {
		.fn = fn,
		.ctx = ctx,
		.parts = parts,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.failed = UINT64_MAX,
	};
	pthread_t thread[PARALLEL_MOST];
	unsigned count = start(&job, thread, threads_for(parts) - !!parts);
	int ret = 0;

	do {
		ret = progress_tick(what, atomic_load(&job.done), parts, err);
		if (ret)
			atomic_store(&job.over, true);
	} while (!ret && do_part(&job));
	for (unsigned i = 0; i < count; i++)
		pthread_join(thread[i], NULL);
	if (ret)
		return ret;
	if (job.failed != UINT64_MAX) {
		*err = job.err;
		return -1;
	}
	return atomic_load(&job.done) < parts ? interrupt_check(err) : 0;
}
