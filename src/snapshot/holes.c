#include "snapshot/holes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/touched.h"

enum { LISTED = 16, PATH_SHOWN = 48 };

/* The block that reaches over addr, which is none of its own; or NULL. */
static const struct chunk *block_over(const struct snapshot *snap,
				      uint64_t addr)
{
	uint32_t i = snapshot_find(snap, addr);
	const struct chunk *c;

	if (i == CHUNK_NONE)
		return NULL;
	c = &snap->chunk[i];
	/* The last word is in what follows, which a top has nothing of. */
	return addr < c->addr + c->size - snap->word ? c : NULL;
}

static void path_text(const struct map *map, char *buf, size_t cap)
{
	const char *path = map->path;
	size_t len = strlen(path);

	if (!len)
		path = map->prot & MAP_S ? "shared memory" : "a mapping";
	if (len > PATH_SHOWN)
		snprintf(buf, cap, "...%s", path + len - PATH_SHOWN);
	else
		snprintf(buf, cap, "%s", path);
}

static void describe(const struct snapshot *snap, const struct map *map,
		     uint64_t start, uint64_t end, const struct chunk *block,
		     struct check *out)
{
	char path[PATH_SHOWN + 8], kept[40] = "not copied";
	uint64_t copied = 0;

	*out = (struct check){.result = CHECK_OK,
			      .caveat = true,
			      .name = "memory inside a block that is not "
				      "malloc's"};
	if (!map) {
		snprintf(out->text, sizeof out->text,
			 "0x%" PRIx64 " bytes at 0x%" PRIx64
			 " in the block 0x%" PRIx64 ": not mapped",
			 end - start, start, block->addr);
		return;
	}
	if (snap->contents)
		copied = touched_bytes(snap, start, end);
	if (copied == end - start)
		snprintf(kept, sizeof kept, "copied");
	else if (copied)
		snprintf(kept, sizeof kept, "0x%" PRIx64 " bytes copied",
			 copied);
	path_text(map, path, sizeof path);
	snprintf(out->text, sizeof out->text,
		 "0x%" PRIx64 " bytes at 0x%" PRIx64 " in the block 0x%" PRIx64
		 ": %s; %s",
		 end - start, start, block->addr, path, kept);
}

/* What ends at "end" at most; map NULL: nothing is mapped there. */
static int add(struct snapshot *snap, const struct map *map, uint64_t start,
	       uint64_t end, uint32_t *n, struct error *err)
{
	const struct chunk *block = block_over(snap, start);
	struct check *check;

	if (!block)
		return 0;
	if (end > block->addr + block->size)
		end = block->addr + block->size;
	if (++*n <= LISTED + 1) {
		check = realloc(snap->check,
				(snap->check_count + 1) * sizeof(*check));
		if (!check)
			return error_set(err, ERR_NO_MEMORY, "table of checks");
		snap->check = check;
		snap->check_count++;
	}
	check = &snap->check[snap->check_count - 1];
	describe(snap, map, start, end, block, check);
	if (*n > LISTED)
		snprintf(check->text, sizeof check->text,
			 "%" PRIu32 " further pieces are not listed",
			 *n - LISTED);
	return 0;
}

int holes_note(struct snapshot *snap, struct error *err)
{
	const struct maps *maps = &snap->maps;
	uint32_t n = 0;

	for (size_t i = 0; i < maps->count; i++) {
		const struct map *map = &maps->map[i];

		if (i && map[-1].end < map->start &&
		    add(snap, NULL, map[-1].end, map->start, &n, err))
			return -1;
		if (!map_is_anonymous(map) &&
		    add(snap, map, map->start, map->end, &n, err))
			return -1;
	}
	if (!maps->count)
		return 0;
	return add(snap, NULL, maps->map[maps->count - 1].end, UINT64_MAX, &n,
		   err);
}
