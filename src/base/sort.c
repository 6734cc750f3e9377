#include "base/sort.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

enum { DIGIT_BITS = 8, DIGITS = 64 / DIGIT_BITS, BUCKETS = 1 << DIGIT_BITS };

/* Below this, moving one item at a time is faster than counting digits. */
enum { FEW = 48, MAX_FEW_ITEM = 64 };

struct job {
	size_t count, item_size, key_offset;
	uint64_t mask;
};

static inline uint64_t key_of(const char *item, const struct job *job)
{
	uint64_t key;

	memcpy(&key, item + job->key_offset, sizeof key);
	return key & job->mask;
}

static void insertion_sort(char *items, const struct job *job)
{
	char item[MAX_FEW_ITEM];
	size_t size = job->item_size;

	for (size_t i = 1; i < job->count; i++) {
		uint64_t key = key_of(items + i * size, job);
		size_t at = i;

		while (at && key_of(items + (at - 1) * size, job) > key)
			at--;
		if (at == i)
			continue;
		memcpy(item, items + i * size, size);
		memmove(items + (at + 1) * size, items + at * size,
			(i - at) * size);
		memcpy(items + at * size, item, size);
	}
}

/*
 * One stable distribution by one digit.  item_size is a parameter of its own
 * so that the callers below make copies of the loop with a constant size.
 */
static inline __attribute__((always_inline)) void
distribute(char *to, const char *from, size_t *start, int shift,
	   size_t item_size, const struct job *job)
{
	for (size_t i = 0; i < job->count; i++) {
		const char *item = from + i * item_size;
		size_t digit = key_of(item, job) >> shift & (BUCKETS - 1);

		memcpy(to + start[digit]++ * item_size, item, item_size);
	}
}

static void pass(char *to, const char *from, size_t *start, int shift,
		 const struct job *job)
{
	switch (job->item_size) {
	case 8:
		distribute(to, from, start, shift, 8, job);
		break;
	case 16:
		distribute(to, from, start, shift, 16, job);
		break;
	case 24:
		distribute(to, from, start, shift, 24, job);
		break;
	default:
		distribute(to, from, start, shift, job->item_size, job);
	}
}

/* Counts become first places; false if one bucket holds all. */
static bool first_places(size_t *count, size_t total)
{
	size_t sum = 0;

	for (int b = 0; b < BUCKETS; b++) {
		size_t n = count[b];

		if (n == total)
			return false;
		count[b] = sum;
		sum += n;
	}
	return true;
}

static void radix_sort(char *items, char *spare, size_t (*count)[BUCKETS],
		       const struct job *job)
{
	char *from = items, *to = spare;

	for (size_t i = 0; i < job->count; i++) {
		uint64_t key = key_of(items + i * job->item_size, job);

		for (int d = 0; d < DIGITS; d++, key >>= DIGIT_BITS)
			count[d][key & (BUCKETS - 1)]++;
	}
	for (int d = 0; d < DIGITS; d++) {
		if (!first_places(count[d], job->count))
			continue;
		pass(to, from, count[d], d * DIGIT_BITS, job);

		char *swap = from;

		from = to;
		to = swap;
	}
	if (from != items)
		memcpy(items, from, job->count * job->item_size);
}

static bool is_sorted(const char *items, const struct job *job)
{
	for (size_t i = 1; i < job->count; i++)
		if (key_of(items + i * job->item_size, job) <
		    key_of(items + (i - 1) * job->item_size, job))
			return false;
	return true;
}

int sort_by_bits(void *items, size_t count, size_t item_size, size_t key_offset,
		 unsigned key_bits, struct error *err)
{
	struct job job = {count, item_size, key_offset,
			  key_bits < 64 ? (UINT64_C(1) << key_bits) - 1
					: UINT64_MAX};

	/* The walk delivers in address order: that is worth one look. */
	if (is_sorted(items, &job))
		return 0;
	if (count <= FEW && item_size <= MAX_FEW_ITEM) {
		insertion_sort(items, &job);
		return 0;
	}

	AUTO_FREE char *spare =
		try_calloc(count, item_size, "the spare table of a sort", err);
	if (!spare)
		return -1;

	AUTO_FREE size_t(*digit)[BUCKETS] =
		try_calloc(DIGITS, sizeof *digit, "the digits of a sort", err);
	if (!digit)
		return -1;
	radix_sort(items, spare, digit, &job);
	return 0;
}

int sort_by_u64(void *items, size_t count, size_t item_size, size_t key_offset,
		struct error *err)
{
	return sort_by_bits(items, count, item_size, key_offset, 64, err);
}

int sort_u64(uint64_t *items, size_t count, struct error *err)
{
	return sort_by_u64(items, count, sizeof *items, 0, err);
}

int sort_pairs(struct sort_pair *items, size_t count, struct error *err)
{
	return sort_by_u64(items, count, sizeof *items,
			   offsetof(struct sort_pair, key), err);
}

size_t sort_lower(const struct sort_pair *items, size_t count, uint64_t key)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (items[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
