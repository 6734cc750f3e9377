#include "analysis/path.h"

#include <stdlib.h>

#include "analysis/path_impl.h"
#include "analysis/words.h"
#include "base/alloc.h"
#include "base/progress.h"
#include "base/sort.h"
#include "snapshot/finder.h"

/* Chunks between two looks at ^C. */
enum { STEP = 1 << 16 };

unsigned path_root_rank(enum place_kind kind)
{
	switch (kind) {
	case PLACE_GLOBAL:
		return 0;
	case PLACE_TLS:
		return 1;
	case PLACE_STACK:
		return 2;
	case PLACE_REGISTER:
		return 3;
	default:
		return 4;
	}
}

static enum place_kind kind_of(const struct graph *g, const struct ref *root)
{
	return root->thread != UINT32_MAX ? PLACE_REGISTER
					  : place_of(g->snap, root->from).kind;
}

unsigned path_root_order(const struct graph *g, const struct ref *root)
{
	enum { RANKS = 5 };

	return path_root_rank(kind_of(g, root)) +
	       RANKS * (graph_root_steps(g, root) - 1);
}

static enum root_class class_of(const struct graph *g, const struct ref *root)
{
	uint32_t ignored;

	return root->thread != UINT32_MAX
		       ? ROOT_REGISTER
		       : root_class_at(g->snap, root->from, &ignored);
}

static bool word_counts(const struct path_search *s, uint64_t addr)
{
	for (size_t i = 0; i < s->opts->without_count; i++)
		if (addr >= s->opts->without[i].low &&
		    addr < s->opts->without[i].high)
			return false;
	return true;
}

bool path_root_counts(const struct path_search *s, const struct ref *root)
{
	if (s->opts->classes &&
	    !(s->opts->classes & 1u << class_of(s->g, root)))
		return false;
	return root->thread != UINT32_MAX || word_counts(s, root->from);
}

bool path_edge(const struct path_search *s, uint32_t from, uint32_t to)
{
	uint64_t ignored;

	return !bitmap_test(&s->cut, from) ||
	       u64map_get(&s->left, (uint64_t)from << 32 | to, &ignored);
}

void path_roots_of(const struct graph *g, uint32_t chunk, size_t *first,
		   size_t *end)
{
	size_t low = 0, high = g->roots;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (g->root[mid].target < chunk)
			low = mid + 1;
		else
			high = mid;
	}
	*first = low;
	while (low < g->roots && g->root[low].target == chunk)
		low++;
	*end = low;
}

/* What is left of chunk i's edges when only words that count are looked at. */
static int keep_edges(struct path_search *s, const struct finder *finder,
		      uint32_t i, struct error *err)
{
	const struct chunk *c = &s->g->snap->chunk[i];
	unsigned word = s->g->snap->word;
	struct pieces pieces = {0};
	const uint8_t *bytes;
	uint64_t addr, len;

	bitmap_set(&s->cut, i);
	pieces_begin(&pieces, s->g->snap->contents, c->addr, c->addr + c->size);
	while ((bytes = pieces_next(&pieces, UINT64_MAX, &addr, &len))) {
		for (uint64_t at = -addr & (word - 1); at + word <= len;
		     at += word) {
			uint32_t to = finder_find(finder,
						  load_word(bytes + at, word));

			if (to != CHUNK_NONE && word_counts(s, addr + at) &&
			    !u64map_at(&s->left, (uint64_t)i << 32 | to, err))
				return -1;
		}
	}
	return 0;
}

static int cut_edges(struct path_search *s, struct error *err)
{
	const struct snapshot *snap = s->g->snap;
	struct finder finder;
	int ret = 0;

	if (bitmap_init(&s->cut, snap->chunk_count, "map of chunks", err))
		return -1;
	if (!s->opts->without_count)
		return 0;
	if (finder_init(&finder, snap, NULL, err))
		return -1;
	for (size_t r = 0; r < s->opts->without_count && !ret; r++) {
		const struct path_range *range = &s->opts->without[r];
		uint32_t low = 0, high = snap->chunk_count;

		while (low < high) {
			uint32_t mid = low + (high - low) / 2;
			const struct chunk *c = &snap->chunk[mid];

			if (c->addr + c->size <= range->low)
				low = mid + 1;
			else
				high = mid;
		}
		for (; low < snap->chunk_count && !ret &&
		       snap->chunk[low].addr < range->high;
		     low++)
			if (!bitmap_test(&s->cut, low))
				ret = keep_edges(s, &finder, low, err);
	}
	finder_deinit(&finder);
	return ret;
}

/* Roots that count, in the order in which they lead to chunks. */
static int order_roots(struct path_search *s, struct sort_pair *pair,
		       size_t *count, struct error *err)
{
	const struct graph *g = s->g;
	size_t n = 0;

	for (size_t i = 0; i < g->roots; i++)
		if (path_root_counts(s, &g->root[i]))
			pair[n++] = (struct sort_pair){.key = g->root[i].from,
						       .value = i};
	*count = n;
	if (sort_pairs(pair, n, err))
		return -1;
	for (size_t i = 0; i < n; i++)
		pair[i].key = path_root_order(g, &g->root[pair[i].value]);
	return sort_pairs(pair, n, err);
}

/* The chunks of those whose pointers count for so much; pair[*at] on. */
static void reach_roots(struct path_search *s, const struct sort_pair *pair,
			size_t count, size_t *at, unsigned steps)
{
	for (; *at < count; ++*at) {
		const struct ref *root = &s->g->root[pair[*at].value];
		uint32_t to = root->target;

		if (graph_root_steps(s->g, root) != steps)
			return;
		if (!s->steps[to])
			s->steps[to] = (uint8_t)steps;
		if (s->before[to] != NOBODY)
			continue;
		s->before[to] = to;
		s->queue[s->reached++] = to;
	}
}

/* What the chunks reached up to number "end" lead to; without "all" until the
 * target is reached. */
static int follow(struct path_search *s, uint32_t end, bool all,
		  struct error *err)
{
	const struct rows *out = &s->g->out;

	for (; s->followed < end && s->followed < s->reached; s->followed++) {
		uint32_t from = s->queue[s->followed];

		if (!all && s->before[s->target] != NOBODY)
			return 0;
		if (s->followed % STEP == 0 &&
		    progress_tick("looking for a path", s->followed, out->nodes,
				  err))
			return -1;
		for (uint64_t e = out->first[from]; e < out->first[from + 1];
		     e++) {
			uint32_t to = out->to[e];

			if (s->before[to] != NOBODY || !path_edge(s, from, to))
				continue;
			s->before[to] = from;
			s->queue[s->reached++] = to;
		}
	}
	return 0;
}

/* As nearest.c does: roots that count for two come in where chunks are that
 * two pointers lead to, behind these. */
static int search(struct path_search *s, bool all, struct error *err)
{
	AUTO_FREE struct sort_pair *pair =
		try_calloc(s->g->roots, sizeof *pair, "order of roots", err);
	size_t count, at = 0;

	if (!pair || order_roots(s, pair, &count, err))
		return -1;
	reach_roots(s, pair, count, &at, 1);
	if (follow(s, s->reached, all, err))
		return -1;
	reach_roots(s, pair, count, &at, 2);
	return follow(s, UINT32_MAX, all, err);
}

static int find_words(struct path_search *s, struct path *path,
		      struct error *err)
{
	const struct snapshot *snap = s->g->snap;
	struct pieces pieces = {0};

	path->word = try_calloc(path->count, sizeof *path->word, "path", err);
	if (!path->word)
		return -1;
	for (uint32_t i = 0; i + 1 < path->count; i++) {
		const struct chunk *c = &snap->chunk[path->chunk[i]];
		const struct chunk *to = &snap->chunk[path->chunk[i + 1]];
		const uint8_t *bytes;
		uint64_t addr, len;

		pieces_begin(&pieces, snap->contents, c->addr,
			     c->addr + c->size);
		while (!path->word[i] &&
		       (bytes = pieces_next(&pieces, UINT64_MAX, &addr, &len)))
			for (uint64_t at = -addr & (snap->word - 1);
			     at + snap->word <= len; at += snap->word)
				if (load_word(bytes + at, snap->word) -
						    to->addr <
					    to->size &&
				    word_counts(s, addr + at)) {
					path->word[i] = addr + at;
					break;
				}
		if (i % STEP == 0 &&
		    progress_tick("following the path", i, path->count, err))
			return -1;
	}
	return 0;
}

int path_add(struct path_search *s, const struct ref *root, uint32_t *chunk,
	     uint32_t count, struct error *err)
{
	struct path *path;

	if (GROW(s->out->path, s->cap, s->out->count + 1, "list of paths",
		 err)) {
		free(chunk);
		return -1;
	}
	path = &s->out->path[s->out->count++];
	*path = (struct path){.root = *root, .chunk = chunk, .count = count};
	return find_words(s, path, err);
}

int path_add_shortest(struct path_search *s, struct error *err)
{
	const struct ref *root = NULL;
	uint32_t count = 1, *chunk;
	size_t first, end;

	if (s->before[s->target] == NOBODY)
		return 0;
	for (uint32_t i = s->target; s->before[i] != i; i = s->before[i])
		count++;
	chunk = try_calloc(count, sizeof *chunk, "path", err);
	if (!chunk)
		return -1;
	chunk[count - 1] = s->target;
	for (uint32_t n = count - 1; n; n--)
		chunk[n - 1] = s->before[chunk[n]];
	path_roots_of(s->g, chunk[0], &first, &end);
	for (size_t i = first; i < end; i++) {
		const struct ref *r = &s->g->root[i];

		if (path_root_counts(s, r) &&
		    (!root ||
		     path_root_order(s->g, r) < path_root_order(s->g, root)))
			root = r;
	}
	return path_add(s, root, chunk, count, err);
}

int paths_find(const struct graph *g, uint32_t target,
	       const struct path_opts *opts, struct paths *out,
	       struct error *err)
{
	struct path_search s = {
		.g = g, .opts = opts, .target = target, .out = out};
	uint32_t nodes = g->out.nodes;
	bool all = opts->max > 1;
	int ret = -1;

	*out = (struct paths){0};
	s.before = try_calloc(nodes, sizeof *s.before, "paths", err);
	s.queue = try_calloc(nodes, sizeof *s.queue, "paths", err);
	s.steps = try_calloc(nodes, sizeof *s.steps, "paths", err);
	if (!s.before || !s.queue || !s.steps || cut_edges(&s, err))
		goto out;
	for (uint32_t i = 0; i < nodes; i++)
		s.before[i] = NOBODY;
	if (search(&s, all, err) ||
	    (all ? path_more(&s, err) : path_add_shortest(&s, err)))
		goto out;
	ret = 0;
out:
	bitmap_deinit(&s.cut);
	u64map_deinit(&s.left);
	free(s.before);
	free(s.queue);
	free(s.steps);
	if (ret)
		paths_deinit(out);
	return ret;
}

void paths_deinit(struct paths *paths)
{
	if (!paths)
		return;
	for (size_t i = 0; i < paths->count; i++) {
		free(paths->path[i].chunk);
		free(paths->path[i].word);
	}
	free(paths->path);
	*paths = (struct paths){0};
}
