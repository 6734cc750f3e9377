#include "analysis/typing_alike.h"

#include <stdlib.h>

#include "analysis/alike.h"
#include "analysis/alike_merge.h"
#include "analysis/owners.h"
#include "analysis/typing_holder_impl.h"
#include "analysis/typing_impl.h"
#include "analysis/typing_owner.h"
#include "base/alloc.h"
#include "base/progress.h"
#include "base/sort.h"

enum {
	SAMPLES = 1024, /* that a tree is learned from */
	LEAST = 8,	/* chunks that are alike */
	DEPTH_MAX = 4	/* trees below trees */
};

struct alikes {
	struct typing *t;
	struct alike_reader reader;
	struct alike_learner learner;
	struct alike_chunk *sample; /* owned: SAMPLES */
	uint32_t *label;	    /* owned, one a chunk */
	struct sort_pair *left;	    /* owned: by size, chunks without a name */
	size_t lefts;
	size_t named;
	uint64_t done;
};

static int name_leaf(void *ctx, const struct alike_chunk *chunk, size_t count,
		     struct alike_node *leaf, struct error *err)
{
	struct alikes *a = ctx;
	struct strbuf sb = {0};

	leaf->same = !alike_name(a->t->snap, chunk, count, &sb);
	leaf->name = typing_number(a->t, strbuf_str(&sb), err);
	strbuf_deinit(&sb);
	return leaf->name ? 0 : -1;
}

/* What pointers to it are told apart by. */
static void make_labels(struct alikes *a)
{
	for (uint32_t i = 0; i < a->t->snap->chunk_count; i++)
		a->label[i] =
			a->t->type[i]
				? UINT32_MAX - a->t->type[i]
				: (uint32_t)snapshot_chunk_size(a->t->snap, i);
}

/* By a type's member or a variable, which tells more than its looks. */
static bool has_named_owner(const struct typing *t, uint32_t chunk)
{
	uint32_t owner = t->owner ? t->owner[chunk] : 0;
	uint64_t place, kind;

	if (!owner || owner == OWNER_SEVERAL)
		return false;
	place = t->name[owner].place;
	kind = place >> PLACE_KIND_BIT & 0x7f;
	return !(place & PLACE_OUTSIDE) || kind == PLACE_OF_SYMBOL ||
	       kind == OWNER_VARIABLE;
}

static int find_left(struct alikes *a, struct error *err)
{
	const struct snapshot *snap = a->t->snap;

	a->left = try_calloc(snap->chunk_count, sizeof(*a->left),
			     "chunks by size", err);
	if (!a->left)
		return -1;
	a->lefts = 0;
	for (uint32_t i = 0; i < snap->chunk_count; i++)
		if (snap->chunk[i].state == CHUNK_USED && !a->t->type[i] &&
		    !has_named_owner(a->t, i))
			a->left[a->lefts++] = (struct sort_pair){
				snapshot_chunk_size(snap, i), i};
	return sort_pairs(a->left, a->lefts, err);
}

static int tick(struct alikes *a, struct error *err)
{
	return a->done++ % 1024
		       ? 0
		       : progress_tick("comparing chunks", a->done, 0, err);
}

/* Names all that are like one of the leaves; few are like none. */
static int name_like(struct alikes *a, const struct alike_tree *tree,
		     const struct sort_pair *pair, size_t count,
		     struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t chunk = (uint32_t)pair[i].value;
		const struct alike_node *leaf;
		struct alike_chunk c;

		alike_read(&a->reader, chunk, &c);
		leaf = alike_leaf(tree, &c);
		if (alike_fits(leaf, &c)) {
			a->t->type[chunk] = leaf->name;
			a->t->by[chunk] = leaf->same ? TYPED_SAME : TYPED_ALIKE;
			a->named++;
		}
		if (tick(a, err))
			return -1;
	}
	return 0;
}

/* Sorts them by their leaves. */
static int sort_by_leaf(struct alikes *a, const struct alike_tree *tree,
			struct sort_pair *pair, size_t count, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		struct alike_chunk c;

		alike_read(&a->reader, (uint32_t)pair[i].value, &c);
		pair[i].key = (uint64_t)(alike_leaf(tree, &c) - tree->node);
		if (tick(a, err))
			return -1;
	}
	return sort_pairs(pair, count, err);
}

static int name_some(struct alikes *a, struct sort_pair *pair, size_t count,
		     unsigned depth, struct error *err);

static int name_each(struct alikes *a, struct sort_pair *pair, size_t count,
		     unsigned depth, struct error *err)
{
	for (size_t i = 0, end; i < count; i = end) {
		for (end = i; end < count && pair[end].key == pair[i].key;)
			end++;
		if (end - i >= LEAST &&
		    name_some(a, pair + i, end - i, depth, err))
			return -1;
	}
	return 0;
}

/* Learns from some of the chunks; where that are not all, what is rare shows
 * among those of one leaf alone. */
static int name_some(struct alikes *a, struct sort_pair *pair, size_t count,
		     unsigned depth, struct error *err)
{
	size_t n = count < SAMPLES ? count : SAMPLES;
	struct alike_tree tree = {0};
	int ret;

	for (size_t i = 0; i < n; i++)
		alike_read(&a->reader, (uint32_t)pair[i * count / n].value,
			   &a->sample[i]);
	a->learner.tree = &tree;
	ret = alike_learn(&a->learner, a->sample, n, err);
	if (!ret && (n == count || tree.count == 1 || depth == DEPTH_MAX))
		ret = name_like(a, &tree, pair, count, err);
	else if (!ret)
		ret = sort_by_leaf(a, &tree, pair, count, err) ||
				      name_each(a, pair, count, depth + 1, err)
			      ? -1
			      : 0;
	free(tree.node);
	return ret;
}

int typing_alike(struct typing *t, size_t *named, struct error *err)
{
	struct alikes a = {.t = t};
	size_t first = t->names;
	int ret = -1;

	a.learner = (struct alike_learner){
		.least = LEAST, .name = name_leaf, .ctx = &a};
	a.label = try_calloc(t->snap->chunk_count, sizeof(*a.label),
			     "kinds of chunks", err);
	a.sample = try_calloc(SAMPLES, sizeof(*a.sample), "samples", err);
	a.reader.label = a.label;
	if (a.label && a.sample && !find_left(&a, err) &&
	    !alike_reader_init(&a.reader, t->snap, err)) {
		make_labels(&a);
		ret = alike_reach(&a.reader, err) ||
				      name_each(&a, a.left, a.lefts, 0, err) ||
				      alike_merge(t, first, err)
			      ? -1
			      : 0;
		alike_reader_deinit(&a.reader);
	}
	*named = a.named;
	free(a.sample);
	free(a.label);
	free(a.left);
	return ret;
}
