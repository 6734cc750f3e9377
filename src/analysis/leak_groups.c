#include "analysis/leak_groups.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/progress.h"

/* Chunks between two looks at ^C. */
enum { STEP = 1 << 16 };

struct build {
	const struct leaks *leaks;
	struct leak_past past;
	const struct typing *types; /* NULL: by size and first word */
	struct fold fold;	    /* of keys: row i is group i */
	struct leak_group *group;
	size_t cap;
};

static enum leak_kind kind_of(const struct leaks *leaks, uint32_t i)
{
	return (enum leak_kind)(leaks->kind[i] - 1);
}

/* The pattern of the first word, and *key, of all that makes a group. */
static struct pattern first_of(const struct build *b, uint32_t i,
			       struct pattern *key)
{
	enum { CONTENT_FLAGS = 1 };
	enum leak_kind kind = kind_of(b->leaks, i);
	uint64_t size = snapshot_chunk_size(b->leaks->snap, i), word;
	struct pattern first = {0};
	uint32_t name;

	if (b->types) {
		typing_best(b->types, i, &name);
		*key = (struct pattern){.spread = (uint16_t)(kind << 8),
					.a = name};
		return first;
	}
	if (kind != LEAK_REACHABLE)
		first = content_first(b->leaks->snap, &b->leaks->finder, i,
				      &word);
	/* Fields that content leaves alone: 32 + 7 bits of a size in words. */
	*key = first;
	key->spread = (uint16_t)(kind << 8 | b->leaks->hold[i]);
	key->offset = (uint32_t)(size >> 3);
	key->flags |= (uint8_t)(size >> 35 << CONTENT_FLAGS);
	return first;
}

static bool has(const struct snapshot *snap, const struct chunk *c)
{
	uint32_t low = 0, high = snap->chunk_count;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (snap->chunk[mid].addr < c->addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low < snap->chunk_count && snap->chunk[low].addr == c->addr &&
	       snap->chunk[low].size == c->size &&
	       snap->chunk[low].state == CHUNK_USED;
}

static void add_new(const struct build *b, uint32_t i, uint64_t size,
		    struct leak_group *group)
{
	const struct chunk *c = &b->leaks->snap->chunk[i];
	uint32_t met = b->past.count;

	while (met && has(b->past.snap[met - 1], c))
		met--;
	if (!met)
		return;
	group->new_count++;
	group->new_bytes += size;
	group->met |= UINT64_C(1) << (met - 1);
}

static int add(struct build *b, uint32_t i, struct error *err)
{
	const struct leaks *leaks = b->leaks;
	uint64_t size = snapshot_chunk_size(leaks->snap, i);
	struct pattern key, first = first_of(b, i, &key);
	struct leak_group *group;
	size_t at, known = b->fold.count;

	if (fold_find(&b->fold, &key, &at, err))
		return -1;
	if (at == known) {
		if (GROW(b->group, b->cap, known + 1, "groups of leaks", err))
			return -1;
		b->group[at] = (struct leak_group){
			.kind = kind_of(leaks, i),
			.hold = (enum hold)leaks->hold[i],
			.size = b->types ? 0 : size,
			.first = first,
			.chunk = i,
			.leader = leaks->hold[i] ? i : leaks->leader[i],
		};
	}
	group = &b->group[at];
	group->count++;
	group->bytes += size;
	add_new(b, i, size, group);
	return 0;
}

/* What a leader leads counts where the leader does. */
static int add_indirect(struct build *b, uint32_t i, struct error *err)
{
	struct pattern key;
	size_t at;

	first_of(b, b->leaks->leader[i], &key);
	if (fold_find(&b->fold, &key, &at, err))
		return -1;
	b->group[at].indirect_count++;
	b->group[at].indirect_bytes += snapshot_chunk_size(b->leaks->snap, i);
	return 0;
}

static int by_size(const void *a, const void *b)
{
	static const uint8_t rank[LEAK_KINDS] = {
		[LEAK_DEFINITE] = 0,
		[LEAK_POSSIBLE] = 1,
		[LEAK_INDIRECT] = 2,
		[LEAK_REACHABLE] = 3,
	};
	const struct leak_group *x = a, *y = b;
	uint64_t xs = x->bytes + x->indirect_bytes;
	uint64_t ys = y->bytes + y->indirect_bytes;

	if (rank[x->kind] != rank[y->kind])
		return rank[x->kind] < rank[y->kind] ? -1 : 1;
	if (xs != ys)
		return xs > ys ? -1 : 1;
	return x->chunk < y->chunk ? -1 : x->chunk > y->chunk;
}

static int fill(struct build *b, unsigned kinds, struct error *err)
{
	const struct leaks *leaks = b->leaks;
	uint32_t n = leaks->snap->chunk_count;

	/* Leaders first: their groups are there when what they lead comes. */
	for (int pass = 0; pass < 2; pass++)
		for (uint32_t i = 0; i < n; i++) {
			if (i % STEP == 0 &&
			    progress_tick("grouping", i, n, err))
				return -1;
			if (!leaks->kind[i])
				continue;
			if (!pass && kinds & 1u << kind_of(leaks, i) &&
			    add(b, i, err))
				return -1;
			if (pass && kinds & 1u << LEAK_DEFINITE &&
			    kind_of(leaks, i) == LEAK_INDIRECT &&
			    add_indirect(b, i, err))
				return -1;
		}
	return 0;
}

int leak_groups_make(const struct leaks *leaks, unsigned kinds,
		     const struct leak_past *past, const struct typing *types,
		     struct leak_groups *out, struct error *err)
{
	struct build b = {.leaks = leaks, .past = *past, .types = types};
	int ret = -1;

	*out = (struct leak_groups){0};
	if (!fill(&b, kinds, err)) {
		out->group = b.group;
		out->count = (uint32_t)b.fold.count;
		if (out->count)
			qsort(out->group, out->count, sizeof(*out->group),
			      by_size);
		b.group = NULL;
		ret = 0;
	}
	free(b.group);
	fold_deinit(&b.fold);
	return ret;
}

void leak_groups_deinit(struct leak_groups *groups)
{
	if (!groups)
		return;
	free(groups->group);
	*groups = (struct leak_groups){0};
}

static int gather(const struct build *b, const struct pattern *wanted,
		  uint32_t **out, uint32_t *count, struct error *err)
{
	const struct leaks *leaks = b->leaks;
	uint32_t n = leaks->snap->chunk_count;
	struct pattern key;
	size_t cap = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t of = i;

		if (i % STEP == 0 &&
		    progress_tick("choosing chunks", i, n, err))
			return -1;
		if (!leaks->kind[i])
			continue;
		if (wanted->spread >> 8 == LEAK_DEFINITE &&
		    kind_of(leaks, i) == LEAK_INDIRECT)
			of = leaks->leader[i];
		first_of(b, of, &key);
		if (memcmp(&key, wanted, sizeof(key)) != 0)
			continue;
		if (GROW(*out, cap, (size_t)*count + 1, "list of chunks", err))
			return -1;
		(*out)[(*count)++] = i;
	}
	return 0;
}

int leak_group_of(const struct leaks *leaks, uint32_t i, uint32_t **out,
		  uint32_t *count, struct error *err)
{
	struct build b = {.leaks = leaks};
	struct pattern key;
	int ret;

	*out = NULL;
	*count = 0;
	first_of(&b, i, &key);
	ret = gather(&b, &key, out, count, err);
	if (ret) {
		free(*out);
		*out = NULL;
	}
	return ret;
}
