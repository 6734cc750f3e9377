/* The arithmetic of growth, and its sentence. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/growth.h"

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* Of deltas that are sorted. */
static void measure(struct growth_trend *t, const int64_t *delta)
{
	int64_t tolerance, gross = 0;

	t->median = delta[(t->rounds - 1) / 2];
	tolerance = t->median < 8 ? 1 : t->median / 4;
	for (uint32_t i = 0; i < t->rounds; i++) {
		int64_t d = delta[i];

		t->total += d;
		gross += d < 0 ? -d : d;
		t->grew += d > 0;
		t->shrank += d < 0;
		t->exact += d == t->median;
		if (d <= 0 || d < t->median - tolerance ||
		    d > t->median + tolerance)
			continue;
		if (!t->within++)
			t->least = d;
		t->most = d;
	}
	if (t->median > 0 && t->total > 0)
		t->steadiness = (double)t->within / t->rounds *
				((double)t->total / (double)gross);
}

struct growth_trend growth_trend_of(const uint32_t *used, uint32_t count)
{
	struct growth_trend t = {.rounds = count - 1};
	int64_t delta[63];

	if (t.rounds > sizeof delta / sizeof *delta)
		t.rounds = sizeof delta / sizeof *delta;
	for (uint32_t i = 0; i < t.rounds; i++)
		delta[i] = (int64_t)used[i + 1] - (int64_t)used[i];
	qsort(delta, t.rounds, sizeof *delta, by_value);
	measure(&t, delta);
	return t;
}

static void say_steady(const struct growth_row *row, char *buf, size_t cap)
{
	const struct growth_trend *t = &row->trend;

	if (t->exact == t->within)
		snprintf(buf, cap,
			 "exactly %" PRId64 " x %" PRIu64
			 " B in %u of %u rounds",
			 t->median, row->size, t->exact, t->rounds);
	else
		snprintf(buf, cap,
			 "about %" PRId64 " x %" PRIu64 " B (%" PRId64
			 " to %" PRId64 ") in %u of %u rounds",
			 t->median, row->size, t->least, t->most, t->within,
			 t->rounds);
}

/* The one round that was not 0. */
static uint32_t only_round(const struct growth_row *row)
{
	uint32_t i = 0;

	while (i < row->trend.rounds && !row->delta[i])
		i++;
	return i + 1;
}

static void say_unsteady(const struct growth_row *row, char *buf, size_t cap)
{
	const struct growth_trend *t = &row->trend;

	if (t->grew == 1 && !t->shrank)
		snprintf(buf, cap,
			 "once: %" PRId64 " x %" PRIu64 " B in round %u of %u",
			 t->total, row->size, only_round(row), t->rounds);
	else if (!t->shrank)
		snprintf(buf, cap,
			 "%" PRId64 " x %" PRIu64
			 " B in all: grew in %u of %u rounds",
			 t->total, row->size, t->grew, t->rounds);
	else
		snprintf(buf, cap,
			 "%" PRId64 " x %" PRIu64
			 " B in all: grew in %u, shrank in %u of %u rounds",
			 t->total, row->size, t->grew, t->shrank, t->rounds);
}

void growth_sentence(const struct growth_row *row, char *buf, size_t cap)
{
	size_t n;

	if (growth_is_steady(row))
		say_steady(row, buf, cap);
	else
		say_unsteady(row, buf, cap);
	n = strlen(buf);
	if (*row->name)
		snprintf(buf + n, cap - n, "%s %s",
			 row->by_type	   ? ", all:"
			 : row->by_content ? ", of those with"
					   : ", nearly all",
			 row->name);
}
