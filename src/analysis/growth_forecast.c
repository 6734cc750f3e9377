#include "analysis/growth.h"

static uint64_t from_kernel(const struct snapshot *snap)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < snap->arena_count; i++)
		bytes += snap->arena[i].system_bytes;
	for (uint32_t i = 0; i < snap->copy_count; i++)
		bytes += snap->copy[i].malloc.params.mmapped_bytes;
	return bytes;
}

static int64_t in_ms(const struct timespec *t)
{
	return (int64_t)t->tv_sec * 1000 + t->tv_nsec / 1000000;
}

struct growth_forecast growth_forecast_of(const struct growth *growth,
					  const struct snapshot *const *snap,
					  uint32_t count, uint64_t limit)
{
	const struct snapshot *last = snap[count - 1];
	struct growth_forecast f = {.limit = limit};
	int64_t ms = in_ms(&last->taken) - in_ms(&snap[0]->taken);

	f.of_resident = last->rss_bytes;
	f.base = f.of_resident ? last->rss_bytes : from_kernel(last);
	f.reached = f.base >= limit;
	f.never = !f.reached && !growth->bytes_a_round;
	if (f.reached || f.never)
		return f;
	f.rounds = (limit - f.base - 1) / growth->bytes_a_round + 1;
	f.has_time = ms > 0;
	if (f.has_time) {
		double each = (double)ms / (count - 1);

		f.round_ms = (uint64_t)(each + 0.5);
		f.seconds = (uint64_t)((double)f.rounds * each / 1000 + 0.5);
	}
	return f;
}
