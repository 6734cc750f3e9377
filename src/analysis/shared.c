#include "analysis/shared.h"

#include <string.h>

#include "analysis/words.h"
#include "base/alloc.h"
#include "target/pagemap.h"
#include "target/target.h"

enum { PIECE = 1 << 20, RUNS = 64 };

struct state {
	const struct shared_scan *scan;
	uint8_t *piece; /* owned */
	uint64_t read, *left;
};

/* Of a device reading may do things. */
static bool is_wanted(const struct map *map)
{
	unsigned all = MAP_S | MAP_R | MAP_W;

	if ((map->prot & all) != all)
		return false;
	return strncmp(map->path, "/dev/", 5) ||
	       !strncmp(map->path, "/dev/zero", 9) ||
	       !strncmp(map->path, "/dev/shm/", 9);
}

static int look_at(struct state *s, size_t len, struct error *err)
{
	unsigned word = s->scan->snap->word;

	for (size_t i = 0; i + word <= len; i += word) {
		uint64_t value = load_word(s->piece + i, word);

		if (value && s->scan->word(s->scan->ctx, value, err))
			return -1;
	}
	return 0;
}

static int read_run(struct state *s, uint64_t at, uint64_t end,
		    struct error *err)
{
	while (at < end) {
		uint64_t len = end - at < PIECE ? end - at : PIECE;
		size_t have = 0;

		if (s->scan->memory && s->read + len <= SHARED_MOST)
			have = target_read_some(s->scan->memory, at, s->piece,
						len);
		*s->left += len - have;
		s->read += have;
		if (look_at(s, have, err) ||
		    progress_tick("reading shared memory", s->read, SHARED_MOST,
				  err))
			return -1;
		at += len;
	}
	return 0;
}

static int read_map(struct state *s, const struct map *map, struct error *err)
{
	struct target *memory = s->scan->memory;
	struct page_run run[RUNS];
	uint64_t at = map->start, walked;

	if (!memory || !memory->ops->touched_runs)
		return read_run(s, map->start, map->end, err);
	for (; at < map->end; at = walked) {
		size_t n = memory->ops->touched_runs(memory, at, map->end, run,
						     RUNS, &walked);

		for (size_t i = 0; i < n; i++)
			if (read_run(s, run[i].start, run[i].end, err))
				return -1;
		if (walked <= at)
			return read_run(s, at, map->end, err);
	}
	return 0;
}

int shared_scan(const struct shared_scan *scan, uint64_t *left,
		struct error *err)
{
	const struct maps *maps = &scan->snap->maps;
	AUTO_FREE uint8_t *piece = xcalloc(1, PIECE);
	struct state s = {.scan = scan, .piece = piece, .left = left};

	*left = 0;
	for (size_t i = 0; i < maps->count; i++)
		if (is_wanted(&maps->map[i]) &&
		    read_map(&s, &maps->map[i], err))
			return -1;
	return 0;
}
