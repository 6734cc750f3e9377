#include "analysis/sweep.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/parallel.h"

#define PART_BYTES (UINT64_C(1) << 20)

/* From here on up to where the next part begins. */
struct part {
	uint64_t offset; /* in the chunk, where a word begins */
	uint32_t chunk;
};

struct sweep {
	const struct marker *m;
	bool (*wanted)(void *ctx, uint32_t i);
	void *ctx;
	struct part *part; /* owned; the last one is the end */
	size_t count, cap;
};

static int add(struct sweep *s, uint32_t chunk, uint64_t offset,
	       struct error *err)
{
	if (GROW(s->part, s->cap, s->count + 1, "parts of memory", err))
		return -1;
	s->part[s->count++] = (struct part){offset, chunk};
	return 0;
}

/* Of equal size: a large chunk is several, of small ones many are one. */
static int cut(struct sweep *s, struct error *err)
{
	const struct snapshot *snap = s->m->snap;
	uint64_t left = 0;

	for (uint32_t i = 0; i < snap->chunk_count; i++) {
		const struct chunk *c = &snap->chunk[i];
		uint64_t at = 0;

		if (!s->wanted(s->ctx, i))
			continue;
		while (c->size - at > left) {
			uint64_t odd = (c->addr + at + left) % snap->word;

			at += left - (odd < left ? odd : left);
			if (add(s, i, at, err))
				return -1;
			left = PART_BYTES;
		}
		left -= c->size - at;
	}
	return add(s, snap->chunk_count, 0, err);
}

static int sweep_part(void *ctx, uint64_t number, struct error *err)
{
	const struct sweep *s = ctx;
	const struct part *from = &s->part[number], *to = from + 1;
	struct marker m;

	marker_again(&m, s->m);
	for (uint32_t i = from->chunk; i <= to->chunk; i++) {
		uint64_t start = i == from->chunk ? from->offset : 0, end;
		const struct chunk *c;

		if (i == s->m->snap->chunk_count || !s->wanted(s->ctx, i))
			continue;
		c = &s->m->snap->chunk[i];
		end = i == to->chunk ? to->offset : c->size;
		if (mark_part(&m, c, start, end, err))
			return -1;
	}
	return mark_follow(&m, err);
}

int sweep_chunks(const struct marker *m, bool (*wanted)(void *ctx, uint32_t i),
		 void *ctx, struct error *err)
{
	struct sweep s = {.m = m, .wanted = wanted, .ctx = ctx};
	int ret = cut(&s, err);

	if (!ret)
		ret = parallel_each("following pointers", s.count - 1,
				    sweep_part, &s, err);
	free(s.part);
	return ret;
}
