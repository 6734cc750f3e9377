#include "snapshot/touched.h"

#include <string.h>

bool touched_known(const struct snapshot *snap)
{
	return snap->contents && !snap->skipped_bytes &&
	       !strcmp(snap->kind, "live");
}

uint64_t touched_bytes(const struct snapshot *snap, uint64_t start,
		       uint64_t end)
{
	uint64_t bytes = 0;

	while (start < end) {
		uint64_t next;
		size_t len;

		if (image_at(snap->contents, start, &len)) {
			next = start + len;
			bytes += next < end ? len : end - start;
		} else {
			next = image_next(snap->contents, start);
		}
		start = next;
	}
	return bytes;
}

void touched_count(struct snapshot *snap)
{
	snap->free_touched_known = touched_known(snap);
	for (uint32_t i = 0; snap->free_touched_known && i < snap->chunk_count;
	     i++) {
		const struct chunk *c = &snap->chunk[i];

		if (c->state != CHUNK_USED)
			snap->free_touched +=
				touched_bytes(snap, c->addr, c->addr + c->size);
	}
}
