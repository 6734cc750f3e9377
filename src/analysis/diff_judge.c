/* Which of the kept chunks are what they were. */
#include "analysis/diff.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/progress.h"

/* Chunks between two looks at ^C. */
enum { STEP = 1 << 16 };

int diff_judge(struct diff *diff, struct error *err)
{
	const struct snapshot *a = diff->before, *b = diff->after;
	uint8_t *identity;

	if (diff->identity)
		return 0;
	identity = try_calloc(b->chunk_count, 1, "kept chunks", err);
	if (!identity)
		return -1;
	/* Both tables are sorted by address. */
	for (uint32_t i = 0, j = 0; j < b->chunk_count; j++) {
		if (j % STEP == 0 && progress_tick("judging kept chunks", j,
						   b->chunk_count, err)) {
			free(identity);
			return -1;
		}
		if (b->chunk[j].state != CHUNK_USED ||
		    bitmap_test(&diff->fresh, j))
			continue;
		while (a->chunk[i].addr < b->chunk[j].addr)
			i++;
		identity[j] = (uint8_t)(1 + identity_of(a, i, b, j));
	}
	diff->identity = identity;
	return 0;
}

bool diff_is(const struct diff *diff, uint32_t i, enum identity identity)
{
	return diff->identity && diff->identity[i] == 1 + identity;
}
