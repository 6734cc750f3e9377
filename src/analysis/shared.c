#include "analysis/shared.h"

#include <stdio.h>
#include <string.h>

#include "analysis/words.h"
#include "base/alloc.h"
#include "base/fmt.h"
#include "target/kernel_words.h"
#include "target/pagemap.h"
#include "target/target.h"

enum { PIECE = 1 << 20, RUNS = 64 };

struct state {
	const struct shared_scan *scan;
	uint8_t *piece; /* owned */
	uint64_t read, left;
};

static int look_at(struct state *s, uint64_t at, size_t len, struct error *err)
{
	unsigned word = s->scan->snap->word;

	for (size_t i = 0; i + word <= len; i += word) {
		uint64_t value = load_word(s->piece + i, word);

		if (value && s->scan->word(s->scan->ctx, at + i, value, err))
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

		if (s->scan->snap->now && s->read + len <= SHARED_MOST)
			have = target_read_some(s->scan->snap->now, at,
						s->piece, len);
		s->left += len - have;
		s->read += have;
		if (look_at(s, at, have, err) ||
		    progress_tick("reading shared memory", s->read, SHARED_MOST,
				  err))
			return -1;
		at += len;
	}
	return 0;
}

static int read_map(struct state *s, const struct map *map, struct error *err)
{
	struct target *memory = s->scan->snap->now;
	struct page_run run[RUNS];
	uint64_t at = map->start, walked;

	/* In a core, what is not there may have been left out. */
	if (!memory || memory->ops->frozen || !memory->ops->touched_runs)
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

/* A block's pages may have such memory mapped over them: maps, not spans. */
static bool is_shared(const struct snapshot *snap, size_t map)
{
	return span_kind_of_map(snap, map) == PLACE_SHARED;
}

int shared_scan(const struct shared_scan *scan, bool *complete, char *note,
		size_t cap, struct error *err)
{
	const struct maps *maps = &scan->snap->maps;
	AUTO_FREE uint8_t *piece = xcalloc(1, PIECE);
	struct state s = {.scan = scan, .piece = piece};
	size_t len = strlen(note);
	char bytes[FMT_MAX];

	for (size_t i = 0; i < maps->count; i++)
		if (is_shared(scan->snap, i) &&
		    read_map(&s, &maps->map[i], err))
			return -1;
	if (!s.left)
		return 0;
	*complete = false;
	snprintf(note + len, cap - len,
		 "%s%s of memory shared with other processes were not searched",
		 len ? "; " : "",
		 fmt_bytes(bytes, sizeof(bytes), s.left, false));
	return 0;
}

int kernel_scan(const struct snapshot *snap,
		int (*word)(void *ctx, uint64_t value, struct error *err),
		void *ctx, bool *complete, char *note, size_t cap,
		struct error *err)
{
	struct kernel_words words = {.pid = snap->pid,
				     .word_size = snap->word,
				     .word = word,
				     .ctx = ctx};
	size_t len = strlen(note);
	bool all = false;

	if (strcmp(snap->kind, "live") != 0)
		return 0;
	if (snap->now && kernel_words_each(&words, &all, err))
		return -1;
	if (all)
		return 0;
	*complete = false;
	snprintf(note + len, cap - len,
		 "%swhat the kernel keeps (epoll, timers) was not searched",
		 len ? "; " : "");
	return 0;
}
