#include "analysis/leaders.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/progress.h"

/* Nodes between two looks at ^C. */
enum { STEP = 1 << 14 };

struct step {
	uint64_t edge; /* to follow next */
	uint32_t node;
};

struct search {
	const struct rows *rows;
	struct bitmap left; /* of the part: not entered yet */
	struct step *way;   /* owned */
	size_t depth, cap;
	uint32_t *done; /* owned: nodes in the order of leaving */
	uint32_t count;
};

static int enter(struct search *s, uint32_t node, struct error *err)
{
	bitmap_clear(&s->left, node);
	if (GROW(s->way, s->cap, s->depth + 1, "way through a graph", err))
		return -1;
	s->way[s->depth++] = (struct step){s->rows->first[node], node};
	return 0;
}

/* All that is reached from a node and is left; done may be NULL. */
static int search_from(struct search *s, uint32_t node, struct error *err)
{
	if (enter(s, node, err))
		return -1;
	while (s->depth) {
		struct step *top = &s->way[s->depth - 1];
		uint32_t to;

		if (top->edge < s->rows->first[top->node + 1]) {
			to = s->rows->to[top->edge++];
			if (bitmap_test(&s->left, to) && enter(s, to, err))
				return -1;
			continue;
		}
		if (s->done)
			s->done[s->count] = top->node;
		s->depth--;
		if (++s->count % STEP == 0 &&
		    progress_tick("looking for leaders", s->count, 0, err))
			return -1;
	}
	return 0;
}

static int take_leaders(struct search *s, const uint32_t *done, uint32_t count,
			uint32_t *out, uint32_t *leaders, struct error *err)
{
	*leaders = 0;
	for (uint32_t i = count; i-- > 0;) {
		if (!bitmap_test(&s->left, done[i]))
			continue;
		out[(*leaders)++] = done[i];
		if (search_from(s, done[i], err))
			return -1;
	}
	return 0;
}

static void fill(struct bitmap *left, const struct bitmap *part)
{
	for (uint64_t i = 0; i < (part->bits + 63) / 64; i++)
		left->word[i] = part->word[i];
}

int leaders_find(const struct rows *rows, const struct bitmap *part,
		 uint32_t **out, uint32_t *count, struct error *err)
{
	struct search s = {.rows = rows};
	uint32_t *done = NULL, total;
	int ret = -1;

	*out = NULL;
	*count = 0;
	if (bitmap_init(&s.left, part->bits, "map of chunks", err))
		return -1;
	fill(&s.left, part);
	done = try_calloc(bitmap_count(part), sizeof *done, "leaders", err);
	*out = try_calloc(bitmap_count(part), sizeof **out, "leaders", err);
	if (!done || !*out)
		goto out;
	s.done = done;
	for (uint64_t i = bitmap_next(part, 0); i < part->bits;
	     i = bitmap_next(part, i + 1))
		if (bitmap_test(&s.left, i) &&
		    search_from(&s, (uint32_t)i, err))
			goto out;
	total = s.count;
	s.done = NULL;
	fill(&s.left, part);
	ret = take_leaders(&s, done, total, *out, count, err);
out:
	bitmap_deinit(&s.left);
	free(s.way);
	free(done);
	if (ret) {
		free(*out);
		*out = NULL;
	}
	return ret;
}
