#include "snapshot/filled.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "snapshot/touched.h"

enum { LISTED = 16 };

static void describe(const struct snapshot *snap, const struct map *map,
		     struct check *out)
{
	uint64_t bytes = map->end - map->start, copied = 0;

	*out = (struct check){.result = CHECK_OK,
			      .caveat = true,
			      .name = "pages filled on demand by userfaultfd"};
	if (snap->contents)
		copied = touched_bytes(snap, map->start, map->end);
	snprintf(out->text, sizeof out->text,
		 "0x%" PRIx64 " bytes at 0x%" PRIx64 ": 0x%" PRIx64
		 " of them are kept as they were; %s",
		 bytes, map->start, copied,
		 map->prot & MAP_S ? "shared memory is not copied"
				   : "those not filled yet were not read");
}

int filled_note(struct snapshot *snap, struct error *err)
{
	uint32_t n = 0;

	for (size_t i = 0; i < snap->maps.count; i++) {
		const struct map *map = &snap->maps.map[i];
		struct check *check;

		if (!(map->prot & MAP_DEMAND))
			continue;
		if (++n <= LISTED + 1) {
			check = realloc(snap->check, (snap->check_count + 1) *
							     sizeof(*check));
			if (!check)
				return error_set(err, ERR_NO_MEMORY,
						 "table of checks");
			snap->check = check;
			snap->check_count++;
		}
		check = &snap->check[snap->check_count - 1];
		describe(snap, map, check);
		if (n > LISTED)
			snprintf(check->text, sizeof check->text,
				 "%" PRIu32 " further mappings are not listed",
				 n - LISTED);
	}
	return 0;
}
