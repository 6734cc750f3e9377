#include "analysis/fold.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

_Static_assert(sizeof(struct pattern) == 24, "patterns have no padding");

static uint64_t mix(uint64_t x)
{
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	x ^= x >> 32;
	return x;
}

static size_t home(const struct fold *fold, const struct pattern *pattern)
{
	uint64_t word[3];

	memcpy(word, pattern, sizeof word);
	return mix(mix(mix(word[0]) + word[1]) + word[2]) & (fold->slots - 1);
}

static size_t probe(const struct fold *fold, const struct pattern *pattern)
{
	size_t i = home(fold, pattern);

	while (fold->slot[i] && memcmp(&fold->row[fold->slot[i] - 1].pattern,
				       pattern, sizeof *pattern) != 0)
		i = (i + 1) & (fold->slots - 1);
	return i;
}

static int make_room(struct fold *fold, struct error *err)
{
	size_t slots = fold->slots ? fold->slots * 2 : 256;
	uint32_t *slot;

	if (fold->count + 1 < fold->slots / 4 * 3)
		return 0;
	if (fold->count >= UINT32_MAX - 1)
		return error_set(err, ERR_UNSUPPORTED, "too many patterns");
	slot = try_calloc(slots, sizeof *slot, "table of patterns", err);
	if (!slot)
		return -1;
	free(fold->slot);
	fold->slot = slot;
	fold->slots = slots;
	for (size_t i = 0; i < fold->count; i++)
		slot[probe(fold, &fold->row[i].pattern)] = (uint32_t)i + 1;
	return 0;
}

int fold_find(struct fold *fold, const struct pattern *pattern, size_t *out,
	      struct error *err)
{
	size_t at;

	if (make_room(fold, err))
		return -1;
	at = probe(fold, pattern);
	if (!fold->slot[at]) {
		if (GROW(fold->row, fold->cap, fold->count + 1,
			 "table of patterns", err))
			return -1;
		fold->row[fold->count] = (struct fold_row){
			.pattern = *pattern,
			.last = UINT32_MAX,
		};
		fold->slot[at] = (uint32_t)++fold->count;
	}
	*out = fold->slot[at] - 1;
	return 0;
}

int fold_add(struct fold *fold, const struct pattern *pattern, uint32_t member,
	     uint64_t example, struct error *err)
{
	struct fold_row *row;
	size_t at;

	if (fold_find(fold, pattern, &at, err))
		return -1;
	row = &fold->row[at];
	if (!row->times++) {
		row->example = example;
		row->member = member;
	}
	if (row->last != member)
		row->count++;
	row->last = member;
	return 0;
}

static int by_count(const void *a, const void *b)
{
	const struct fold_row *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	if (x->pattern.offset != y->pattern.offset)
		return x->pattern.offset < y->pattern.offset ? -1 : 1;
	/* Hashes in patterns are no order that anybody would expect. */
	if (x->example != y->example)
		return x->example < y->example ? -1 : 1;
	return memcmp(&x->pattern, &y->pattern, sizeof x->pattern);
}

void fold_sort(struct fold *fold)
{
	free(fold->slot);
	fold->slot = NULL;
	fold->slots = 0;
	if (fold->count)
		qsort(fold->row, fold->count, sizeof *fold->row, by_count);
}

void fold_deinit(struct fold *fold)
{
	free(fold->row);
	free(fold->slot);
	*fold = (struct fold){0};
}
