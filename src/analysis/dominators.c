#include "analysis/dominators.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/progress.h"

/* Nodes between two looks at ^C. */
enum { STEP = 1 << 14 };

static const char doing[] = "finding dominators";

/*
 * From the search on, nodes go by their place in preorder, from 1; 0 is the
 * virtual root before all entries.  A node is linked once it has been treated:
 * that goes backwards, so the linked ones are those from "linked" on, and
 * parent[] serves as the forest's ancestor[], for a node's parent is asked for
 * last when the node itself is linked.
 */
struct search {
	const struct flow *flow;
	uint32_t nodes, reached;
	uint32_t *number; /* a node's place, 0: not reached */
	uint64_t *cursor; /* a node's edge to follow next */
	uint32_t *vertex; /* by place from here on */
	uint32_t *parent;
	uint64_t *first; /* predecessors of place v: first[v].. */
	uint32_t *pred;
	uint32_t *semi, *label, *bucket;
	uint32_t *dom; /* while in a bucket: the next one in it */
	uint32_t *path;
	uint32_t linked;
};

static const struct rows *rows_of(const struct search *s, uint32_t *node)
{
	const struct flow *flow = s->flow;

	if (*node < flow->rows->nodes)
		return flow->rows;
	*node -= flow->rows->nodes;
	return flow->above;
}

static uint64_t first_edge(const struct search *s, uint32_t node)
{
	const struct rows *rows = rows_of(s, &node);

	return rows->first[node];
}

/* The successor by the node's edge number "edge"; false: there is no more. */
static bool successor(const struct search *s, uint32_t node, uint64_t edge,
		      uint32_t *to)
{
	const struct rows *rows = rows_of(s, &node);

	if (edge >= rows->first[node + 1])
		return false;
	*to = rows->to[edge];
	return true;
}

static bool is_new(const struct search *s, uint32_t node)
{
	return !s->number[node] &&
	       !(s->flow->without && bitmap_test(s->flow->without, node));
}

static void enter(struct search *s, uint32_t node, uint32_t parent)
{
	s->number[node] = ++s->reached;
	s->vertex[s->reached] = node;
	s->parent[s->reached] = parent;
	s->cursor[node] = first_edge(s, node);
}

/* Depth first from one entry; the way back is by parent[]. */
static int search_from(struct search *s, uint32_t entry, struct error *err)
{
	uint32_t at, to;

	if (!is_new(s, entry))
		return 0;
	enter(s, entry, 0);
	at = s->reached;
	while (at) {
		uint32_t node = s->vertex[at];

		if (!successor(s, node, s->cursor[node], &to)) {
			at = s->parent[at];
			continue;
		}
		s->cursor[node]++;
		if (!is_new(s, to))
			continue;
		enter(s, to, at);
		at = s->reached;
		if (at % STEP == 0 &&
		    progress_tick("walking the heap", at, s->nodes, err))
			return -1;
	}
	return 0;
}

static int search_all(struct search *s, struct error *err)
{
	uint64_t count = s->nodes;

	s->number = try_calloc(count, sizeof *s->number, "dominators", err);
	s->cursor = try_calloc(count, sizeof *s->cursor, "dominators", err);
	s->vertex = try_calloc(count + 1, sizeof *s->vertex, "dominators", err);
	s->parent = try_calloc(count + 1, sizeof *s->parent, "dominators", err);
	if (!s->number || !s->cursor || !s->vertex || !s->parent)
		return -1;
	for (uint32_t i = 0; i < s->flow->entries; i++)
		if (search_from(s, s->flow->entry[i], err))
			return -1;
	free(s->cursor);
	s->cursor = NULL;
	return 0;
}

/* Calls for each edge between reached nodes, the entries' from 0 included. */
static int each_edge(struct search *s,
		     void (*fn)(struct search *, uint32_t from, uint32_t to),
		     struct error *err)
{
	uint32_t to;

	for (uint32_t i = 0; i < s->flow->entries; i++)
		if (s->number[s->flow->entry[i]])
			fn(s, 0, s->number[s->flow->entry[i]]);
	for (uint32_t v = 1; v <= s->reached; v++) {
		uint64_t edge = first_edge(s, s->vertex[v]);

		for (; successor(s, s->vertex[v], edge, &to); edge++)
			if (s->number[to])
				fn(s, v, s->number[to]);
		if (v % STEP == 0 &&
		    progress_tick("turning pointers round", v, s->reached, err))
			return -1;
	}
	return 0;
}

static void count_edge(struct search *s, uint32_t from, uint32_t to)
{
	(void)from;
	s->first[to + 2]++;
}

/* first[v + 1] is where v's row begins, until it has been filled. */
static void put_edge(struct search *s, uint32_t from, uint32_t to)
{
	s->pred[s->first[to + 1]++] = from;
}

static int turn_edges(struct search *s, struct error *err)
{
	uint64_t sum = 0;

	s->first = try_calloc((uint64_t)s->reached + 3, sizeof *s->first,
			      "dominators", err);
	if (!s->first)
		return -1;
	if (each_edge(s, count_edge, err))
		return -1;
	for (uint32_t v = 0; v <= s->reached; v++) {
		sum += s->first[v + 2];
		s->first[v + 2] = sum;
	}
	s->pred = try_calloc(sum, sizeof *s->pred, "dominators", err);
	if (!s->pred)
		return -1;
	if (each_edge(s, put_edge, err))
		return -1;
	free(s->number);
	s->number = NULL;
	return 0;
}

/*
 * The linked node with the least semidominator on the way from v up to, but
 * without, the first that is not linked; v itself if it is not.  The way is
 * made short for the next time.
 */
static uint32_t eval(struct search *s, uint32_t v)
{
	uint32_t depth = 0, up;

	if (v < s->linked)
		return v;
	for (; s->parent[v] >= s->linked; v = s->parent[v])
		s->path[depth++] = v;
	up = v;
	while (depth) {
		v = s->path[--depth];
		if (s->semi[s->label[up]] < s->semi[s->label[v]])
			s->label[v] = s->label[up];
		s->parent[v] = s->parent[up];
		up = v;
	}
	return s->label[v];
}

static void empty_bucket(struct search *s, uint32_t p)
{
	uint32_t v = s->bucket[p];

	while (v) {
		uint32_t next = s->dom[v], u = eval(s, v);

		s->dom[v] = s->semi[u] < s->semi[v] ? u : p;
		v = next;
	}
	s->bucket[p] = 0;
}

static int treat(struct search *s, struct error *err)
{
	for (uint32_t w = s->reached; w >= 1; w--) {
		uint32_t p = s->parent[w];

		s->linked = w + 1;
		for (uint64_t e = s->first[w]; e < s->first[w + 1]; e++) {
			uint32_t u = eval(s, s->pred[e]);

			if (s->semi[u] < s->semi[w])
				s->semi[w] = s->semi[u];
		}
		s->dom[w] = s->bucket[s->semi[w]];
		s->bucket[s->semi[w]] = w;
		s->linked = w;
		empty_bucket(s, p);
		if (w % STEP == 0 &&
		    progress_tick(doing, s->reached - w, s->reached, err))
			return -1;
	}
	for (uint32_t w = 1; w <= s->reached; w++) {
		if (s->dom[w] != s->semi[w])
			s->dom[w] = s->dom[s->dom[w]];
		if (w % STEP == 0 && progress_tick(doing, w, s->reached, err))
			return -1;
	}
	return 0;
}

static int find(struct search *s, struct error *err)
{
	uint64_t count = (uint64_t)s->reached + 1;

	s->semi = try_calloc(count, sizeof *s->semi, "dominators", err);
	s->label = try_calloc(count, sizeof *s->label, "dominators", err);
	s->bucket = try_calloc(count, sizeof *s->bucket, "dominators", err);
	s->dom = try_calloc(count, sizeof *s->dom, "dominators", err);
	s->path = try_calloc(count, sizeof *s->path, "dominators", err);
	if (!s->semi || !s->label || !s->bucket || !s->dom || !s->path)
		return -1;
	for (uint32_t v = 0; v <= s->reached; v++)
		s->semi[v] = s->label[v] = v;
	return treat(s, err);
}

static int tell(struct search *s, struct dominators *out, struct error *err)
{
	out->nodes = s->nodes;
	out->reached = s->reached;
	out->idom = try_calloc(s->nodes, sizeof *out->idom, "dominators", err);
	out->order =
		try_calloc(s->reached, sizeof *out->order, "dominators", err);
	if (!out->idom || !out->order)
		return -1;
	for (uint32_t i = 0; i < s->nodes; i++)
		out->idom[i] = DOMINATOR_NONE;
	for (uint32_t v = 1; v <= s->reached; v++) {
		out->order[v - 1] = s->vertex[v];
		out->idom[s->vertex[v]] =
			s->dom[v] ? s->vertex[s->dom[v]] : DOMINATOR_ROOT;
		if (v % STEP == 0 && progress_tick(doing, v, s->reached, err))
			return -1;
	}
	return 0;
}

static void search_deinit(struct search *s)
{
	free(s->number);
	free(s->cursor);
	free(s->vertex);
	free(s->parent);
	free(s->first);
	free(s->pred);
	free(s->semi);
	free(s->label);
	free(s->bucket);
	free(s->dom);
	free(s->path);
}

int dominators_make(const struct flow *flow, struct dominators *out,
		    struct error *err)
{
	struct search s = {.flow = flow, .nodes = flow->rows->nodes};
	int ret;

	if (flow->above)
		s.nodes += flow->above->nodes;
	*out = (struct dominators){0};
	ret = search_all(&s, err);
	if (!ret)
		ret = turn_edges(&s, err);
	if (!ret)
		ret = find(&s, err);
	if (!ret)
		ret = tell(&s, out, err);
	search_deinit(&s);
	if (ret)
		dominators_deinit(out);
	return ret;
}

void dominators_deinit(struct dominators *dominators)
{
	if (!dominators)
		return;
	free(dominators->idom);
	free(dominators->order);
	*dominators = (struct dominators){0};
}
