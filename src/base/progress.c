#include "base/progress.h"

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/interrupt.h"

#define MSEC UINT64_C(1000000)

static uint64_t monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 * MSEC + (uint64_t)ts.tv_nsec;
}

static struct {
	progress_fn *fn;
	void *ctx;
	uint64_t (*now_ns)(void);
	uint64_t due_ns; /* when fn may be called next */
	bool shown;
	bool running; /* between begin and end */
} progress = {.now_ns = monotonic_ns};

void progress_set(progress_fn *fn, void *ctx)
{
	progress.fn = fn;
	progress.ctx = ctx;
}

void progress_clock(uint64_t (*now_ns)(void))
{
	progress.now_ns = now_ns ? now_ns : monotonic_ns;
}

void progress_begin(void)
{
	progress.due_ns = progress.now_ns() + 100 * MSEC;
	progress.shown = false;
	progress.running = true;
}

void progress_end(void)
{
	if (progress.shown && progress.fn)
		progress.fn(progress.ctx, NULL, 0, 0);
	progress.shown = false;
	progress.running = false;
}

int progress_tick(const char *what, uint64_t done, uint64_t total,
		  struct error *err)
{
	if (interrupt_check(err))
		return -1;
	if (!progress.fn || !progress.running)
		return 0;

	uint64_t now = progress.now_ns();

	if (now < progress.due_ns)
		return 0;
	progress.due_ns = now + 50 * MSEC;
	progress.shown = true;
	progress.fn(progress.ctx, what, done, total);
	return 0;
}
