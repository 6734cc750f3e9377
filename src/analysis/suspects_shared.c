/* Where what several share gathers, by the shortest ways. */
#include "analysis/suspects_impl.h"
#include "base/alloc.h"

/* Nodes with a share, and those of them that have another such below. */
struct big {
	const struct retained *alone;
	const struct suspects_tree *tree;
	struct bitmap above;
	struct suspects_points *out;
};

static bool is_big(const struct big *b, uint32_t node)
{
	return suspects_is_share(b->alone, b->tree->r->bytes[node],
				 SUSPECT_HOLDER_SHARE);
}

static bool is_lost(const struct retained *r, uint32_t node)
{
	return node < r->chunks && bitmap_test(&r->lost, node);
}

/* All of it is one owner's alone, and that is a suspect itself. */
static bool is_told(const struct big *b, uint32_t node)
{
	const struct retained *r = b->alone;

	while (node < r->chunks)
		node = r->holder[node];
	return node < r->nodes &&
	       suspects_is_share(r, r->bytes[node], SUSPECT_HOLDER_SHARE);
}

/* The nodes of a tree or a list are of one class: up to where that begins. */
static uint32_t climb(const struct big *b, uint32_t at)
{
	const struct retained *r = b->tree->r;

	if (at >= r->chunks)
		return at;
	for (;;) {
		uint32_t up = r->holder[at];

		if (up >= r->chunks || snapshot_chunk_size(r->snap, up) !=
					       snapshot_chunk_size(r->snap, at))
			return at;
		at = up;
	}
}

static void add(struct big *b, uint32_t at)
{
	const struct retained *r = b->tree->r;
	struct suspects_points *out = b->out;
	struct suspect *s = &out->at[out->count];
	uint32_t last, run = 0;

	at = climb(b, at);
	for (uint32_t i = 0; i < out->count; i++)
		if (out->at[i].from == at)
			return;
	if (at < r->chunks)
		run = suspects_run(b->tree, at, &last);
	*s = (struct suspect){
		.kind = SUSPECT_SHARED,
		.from = at,
		.held = {r->count[at], r->bytes[at]},
		.point = at < r->chunks ? at : CHUNK_NONE,
		.point_bytes = r->bytes[at],
		.direct = b->tree->direct[at],
		.list = run >= SUSPECT_MANY ? run : 0,
		.alone = {b->alone->count[at], b->alone->bytes[at]},
	};
	for (s->root = at; s->root < r->chunks; s->root = r->holder[s->root])
		s->steps++;
	out->count++;
}

int suspects_shared(const struct retained *alone,
		    const struct suspects_tree *nearest,
		    struct suspects_points *out, struct error *err)
{
	const struct retained *r = nearest->r;
	struct big b = {.alone = alone, .tree = nearest, .out = out};
	uint32_t most = sizeof out->at / sizeof *out->at;

	out->count = 0;
	if (bitmap_init(&b.above, r->nodes, "map of chunks", err))
		return -1;
	for (uint32_t i = 0; i < r->chunks; i++)
		if (r->holder[i] < r->nodes && is_big(&b, i))
			bitmap_set(&b.above, r->holder[i]);
	for (uint32_t i = 0; i < r->nodes && out->count < most; i++)
		if (is_big(&b, i) && !bitmap_test(&b.above, i) &&
		    !is_lost(r, i) && !is_told(&b, i))
			add(&b, i);
	bitmap_deinit(&b.above);
	return 0;
}
