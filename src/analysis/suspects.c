#include "analysis/suspects.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/content.h"
#include "analysis/suspects_impl.h"
#include "base/alloc.h"
#include "base/progress.h"
#include "base/u64map.h"

struct build {
	const struct retained *r;
	const struct diff *diff;
	struct symbols *symbols;
	struct suspects *out;
	size_t cap;
	struct suspects_tree alone, nearest;
	struct bitmap in, known; /* of the subtree looked at */
	struct finder finder;
	bool any_shared;
	struct retained_sum fresh, lost_fresh; /* all that is new; and lost */
};

int suspects_tree_init(struct suspects_tree *tree, const struct retained *r,
		       struct error *err)
{
	*tree = (struct suspects_tree){.r = r};
	tree->largest =
		try_calloc(r->nodes, sizeof *tree->largest, "suspects", err);
	tree->direct =
		try_calloc(r->nodes, sizeof *tree->direct, "suspects", err);
	if (!tree->largest || !tree->direct)
		return -1;
	for (uint32_t i = 0; i < r->nodes; i++)
		tree->largest[i] = CHUNK_NONE;
	for (uint32_t i = 0; i < r->chunks; i++) {
		uint32_t above = r->holder[i];

		if (above >= r->nodes)
			continue;
		tree->direct[above]++;
		if (tree->largest[above] == CHUNK_NONE ||
		    r->bytes[i] > r->bytes[tree->largest[above]])
			tree->largest[above] = i;
	}
	return 0;
}

void suspects_tree_deinit(struct suspects_tree *tree)
{
	free(tree->largest);
	free(tree->direct);
}

bool suspects_is_share(const struct retained *r, uint64_t bytes,
		       unsigned percent)
{
	return bytes && bytes >= r->total.bytes / 100 * percent;
}

static bool goes_on(const struct build *b, uint32_t at)
{
	const struct retained *r = b->r;
	uint32_t next = b->alone.largest[at];

	return next != CHUNK_NONE &&
	       r->bytes[next] >= r->bytes[at] / 100 * SUSPECT_FOLLOW;
}

uint32_t suspects_run(const struct suspects_tree *tree, uint32_t at,
		      uint32_t *last)
{
	const struct snapshot *snap = tree->r->snap;
	uint64_t class = snapshot_chunk_size(snap, at);
	uint32_t n = 1;

	for (*last = at; tree->largest[at] != CHUNK_NONE;
	     at = tree->largest[at]) {
		if (snapshot_chunk_size(snap, tree->largest[at]) != class)
			break;
		*last = tree->largest[at];
		n++;
	}
	return n;
}

/* Of a few of one class in a row: each holds nearly all that the one before it
 * does.  In a tree it would be half of it. */
static bool is_list(const struct build *b, uint32_t at)
{
	for (uint32_t i = 0; i < SUSPECT_LIST / 2; i++) {
		if (!goes_on(b, at))
			return false;
		at = b->alone.largest[at];
	}
	return true;
}

/* A list ends the walk where it begins: its nodes hold less and less. */
static void walk_down(const struct build *b, struct suspect *s)
{
	uint32_t at = s->from, last, n;

	s->point = at < b->r->chunks ? at : CHUNK_NONE;
	for (;;) {
		if (at < b->r->chunks) {
			n = suspects_run(&b->alone, at, &last);
			if (n >= SUSPECT_MANY ||
			    (n >= SUSPECT_LIST && is_list(b, at))) {
				s->list = n;
				break;
			}
		}
		if (!goes_on(b, at))
			break;
		at = b->alone.largest[at];
		s->point = at;
	}
	s->point_bytes = b->r->bytes[at];
	s->direct = b->alone.direct[at];
}

/* Marks the chunks below a node (or several, or nobody), the node as well. */
static int mark_below(struct build *b, const struct retained *r, uint32_t top,
		      struct error *err)
{
	memset(b->in.word, 0, (r->chunks + 63) / 64 * 8);
	memset(b->known.word, 0, (r->chunks + 63) / 64 * 8);
	if (top < r->chunks) {
		bitmap_set(&b->in, top);
		bitmap_set(&b->known, top);
	}
	for (uint32_t i = 0; i < r->chunks; i++) {
		uint32_t at = i;
		bool in;

		if (r->holder[i] == RETAINED_NONE)
			continue;
		while (at < r->chunks && !bitmap_test(&b->known, at))
			at = r->holder[at];
		in = at == top || (at < r->chunks && bitmap_test(&b->in, at));
		for (at = i; at < r->chunks && !bitmap_test(&b->known, at);
		     at = r->holder[at]) {
			bitmap_set(&b->known, at);
			if (in)
				bitmap_set(&b->in, at);
		}
		if (i % (1 << 16) == 0 &&
		    progress_tick("looking at suspects", i, r->chunks, err))
			return -1;
	}
	return 0;
}

/* Of the marked chunks the class with most bytes. */
static int find_class(struct build *b, struct suspect *s, struct error *err)
{
	const struct snapshot *snap = b->r->snap;
	struct u64map count = {0};
	uint64_t size, n, *at;
	size_t it = 0;

	for (uint64_t i = bitmap_next(&b->in, 0); i < b->in.bits;
	     i = bitmap_next(&b->in, i + 1)) {
		at = u64map_at(&count, snapshot_chunk_size(snap, (uint32_t)i),
			       err);
		if (!at) {
			u64map_deinit(&count);
			return -1;
		}
		++*at;
	}
	s->class = 0;
	s->of_class = (struct retained_sum){0};
	while (u64map_next(&count, &it, &size, &n))
		if (size * n > s->of_class.bytes ||
		    (size * n == s->of_class.bytes && size < s->class)) {
			s->class = size;
			s->of_class = (struct retained_sum){n, size * n};
		}
	u64map_deinit(&count);
	return 0;
}

/* R. S. Boyer, J S. Moore: MJRTY (1981): what more than half begin with is what
 * is left when different ones are struck out in pairs; then it is counted. */
static void find_first_word(struct build *b, struct suspect *s)
{
	const struct snapshot *snap = b->r->snap;
	struct pattern candidate = {0}, p;
	uint64_t lead = 0, same = 0, word;

	for (int pass = 0; pass < 2; pass++)
		for (uint64_t i = bitmap_next(&b->in, 0); i < b->in.bits;
		     i = bitmap_next(&b->in, i + 1)) {
			if (snapshot_chunk_size(snap, (uint32_t)i) != s->class)
				continue;
			p = content_first(snap, &b->finder, (uint32_t)i, &word);
			if (pass)
				same += !memcmp(&p, &candidate, sizeof p);
			else if (!lead) {
				candidate = p;
				lead = 1;
			} else if (memcmp(&p, &candidate, sizeof p))
				lead--;
			else
				lead++;
		}
	if (s->of_class.count > 1 && same > s->of_class.count / 2)
		content_name(&candidate, snap, b->symbols, s->first_word,
			     sizeof s->first_word);
}

/* Of the marked chunks. */
static void count_fresh(struct build *b, struct suspect *s)
{
	s->fresh = (struct retained_sum){0};
	for (uint64_t i = bitmap_next(&b->in, 0); i < b->in.bits;
	     i = bitmap_next(&b->in, i + 1))
		if (bitmap_test(&b->diff->fresh, i)) {
			s->fresh.count++;
			s->fresh.bytes +=
				snapshot_chunk_size(b->r->snap, (uint32_t)i);
		}
}

static const struct retained *tree_of(const struct build *b,
				      const struct suspect *s)
{
	return s->kind == SUSPECT_SHARED || s->kind == SUSPECT_GROWING
		       ? b->nearest.r
		       : b->r;
}

static int add(struct build *b, struct suspect *s, struct error *err)
{
	if (GROW(b->out->row, b->cap, b->out->count + 1, "suspects", err))
		return -1;
	if (b->diff) {
		if (mark_below(b, tree_of(b, s), s->from, err))
			return -1;
		count_fresh(b, s);
		s->all_fresh = b->fresh.bytes;
	}
	suspect_tell(s, b->r, b->nearest.r,
		     b->diff ? b->diff->before->name : NULL, b->symbols);
	b->out->row[b->out->count++] = *s;
	return 0;
}

static int look_at(struct build *b, struct suspect *s, struct error *err)
{
	uint32_t top = s->point == CHUNK_NONE ? s->from : s->point;

	if (mark_below(b, tree_of(b, s), top, err) || find_class(b, s, err))
		return -1;
	find_first_word(b, s);
	return add(b, s, err);
}

static void count_all_fresh(struct build *b)
{
	for (uint32_t i = 0; b->diff && i < b->r->chunks; i++) {
		uint64_t size = snapshot_chunk_size(b->r->snap, i);

		if (b->r->holder[i] == RETAINED_NONE ||
		    !bitmap_test(&b->diff->fresh, i))
			continue;
		b->fresh.count++;
		b->fresh.bytes += size;
		b->lost_fresh.count += bitmap_test(&b->r->lost, i);
		b->lost_fresh.bytes += bitmap_test(&b->r->lost, i) ? size : 0;
	}
}

static int take_holders(struct build *b, struct error *err)
{
	const struct retained *r = b->r;

	for (uint32_t i = r->chunks; i < r->nodes; i++) {
		struct suspect s = {
			.kind = SUSPECT_HOLDER,
			.from = i,
			.held = {r->count[i], r->bytes[i]},
			.alone = {r->count[i], r->bytes[i]},
			.root = i,
		};

		if (!suspects_is_share(r, r->bytes[i], SUSPECT_HOLDER_SHARE))
			continue;
		walk_down(b, &s);
		if (look_at(b, &s, err))
			return -1;
	}
	return 0;
}

static int take_shared(struct build *b, struct error *err)
{
	struct suspects_points points;

	if (suspects_shared(b->r, &b->nearest, &points, err))
		return -1;
	for (uint32_t i = 0; i < points.count; i++)
		if (look_at(b, &points.at[i], err))
			return -1;
	b->any_shared = points.count;
	return 0;
}

/* Another suspect has it, with all of it that is new. */
static int is_covered(struct build *b, struct suspect *s, bool *covered,
		      struct error *err)
{
	*covered = false;
	if (mark_below(b, b->nearest.r, s->from, err))
		return -1;
	count_fresh(b, s);
	for (uint32_t i = 0; i < b->out->count && !*covered; i++) {
		const struct suspect *other = &b->out->row[i];

		if (other->fresh.count < s->fresh.count)
			continue;
		if (mark_below(b, tree_of(b, other), other->from, err))
			return -1;
		*covered = other->from == s->from ||
			   (s->from < b->r->chunks &&
			    bitmap_test(&b->in, s->from));
	}
	return 0;
}

static int take_growing(struct build *b, struct error *err)
{
	struct suspects_points points;
	bool covered;

	if (!b->diff)
		return 0;
	if (suspects_growing(b->r, &b->nearest, &b->diff->fresh, &points, err))
		return -1;
	for (uint32_t i = 0; i < points.count; i++)
		if (is_covered(b, &points.at[i], &covered, err) ||
		    (!covered && look_at(b, &points.at[i], err)))
			return -1;
	return 0;
}

static bool is_lost_suspect(const struct build *b)
{
	return suspects_is_share(b->r, b->r->nobody.bytes,
				 SUSPECT_LOST_SHARE) ||
	       (b->lost_fresh.count >= SUSPECT_MANY &&
		b->lost_fresh.bytes >=
			b->fresh.bytes / 100 * SUSPECT_NEW_SHARE);
}

/* What is nobody's own, or nobody's at all. */
static int take_rest(struct build *b, enum suspect_kind kind, uint32_t from,
		     const struct retained_sum *held, struct error *err)
{
	struct suspect s = {.kind = kind,
			    .from = from,
			    .held = *held,
			    .point = CHUNK_NONE,
			    .point_bytes = held->bytes,
			    .root = from};

	if (kind == SUSPECT_LOST ? !is_lost_suspect(b)
				 : !suspects_is_share(b->r, held->bytes,
						      SUSPECT_CLASS_SHARE))
		return 0;
	if (mark_below(b, b->r, from, err) || find_class(b, &s, err))
		return -1;
	if (kind == SUSPECT_CLASS &&
	    (s.of_class.count < SUSPECT_MANY ||
	     !suspects_is_share(b->r, s.of_class.bytes, SUSPECT_CLASS_SHARE)))
		return 0;
	find_first_word(b, &s);
	return add(b, &s, err);
}

static int more_first(const void *a, const void *b)
{
	const struct suspect *x = a, *y = b;
	uint64_t xb =
		x->kind == SUSPECT_CLASS ? x->of_class.bytes : x->held.bytes;
	uint64_t yb =
		y->kind == SUSPECT_CLASS ? y->of_class.bytes : y->held.bytes;

	if (xb != yb)
		return xb < yb ? 1 : -1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return x->from < y->from ? -1 : x->from > y->from;
}

int suspects_make(const struct retained *r, const struct retained *nearest,
		  const struct diff *diff, struct symbols *symbols,
		  struct suspects *out, struct error *err)
{
	struct build b = {.r = r, .diff = diff, .symbols = symbols, .out = out};
	int ret = -1;

	*out = (struct suspects){0};
	count_all_fresh(&b);
	if (finder_init(&b.finder, r->snap, NULL, err))
		return -1;
	if (!suspects_tree_init(&b.alone, r, err) &&
	    !suspects_tree_init(&b.nearest, nearest, err) &&
	    !bitmap_init(&b.in, r->chunks, "map of chunks", err) &&
	    !bitmap_init(&b.known, r->chunks, "map of chunks", err) &&
	    !take_holders(&b, err) && !take_shared(&b, err) &&
	    !take_growing(&b, err) &&
	    (b.any_shared || !take_rest(&b, SUSPECT_CLASS, RETAINED_SEVERAL,
					&r->several, err)) &&
	    !take_rest(&b, SUSPECT_LOST, RETAINED_NOBODY, &r->nobody, err))
		ret = 0;
	if (!ret && out->count)
		qsort(out->row, out->count, sizeof *out->row, more_first);
	finder_deinit(&b.finder);
	bitmap_deinit(&b.in);
	bitmap_deinit(&b.known);
	suspects_tree_deinit(&b.alone);
	suspects_tree_deinit(&b.nearest);
	if (ret)
		suspects_deinit(out);
	return ret;
}

void suspects_deinit(struct suspects *suspects)
{
	if (!suspects)
		return;
	free(suspects->row);
	*suspects = (struct suspects){0};
}

const char *suspect_kind_name(enum suspect_kind kind)
{
	static const char *const name[] = {"holder", "shared", "growing",
					   "class", "unreachable"};

	return name[kind];
}
