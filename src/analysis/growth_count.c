#include <stdlib.h>
#include <string.h>

#include "analysis/content.h"
#include "analysis/growth_impl.h"
#include "analysis/identity.h"
#include "analysis/typing.h"
#include "analysis/typing_nodes.h"
#include "base/alloc.h"
#include "base/progress.h"

/* Chunks between two looks at ^C. */
enum { STEP = 1 << 16 };

/*
 * So that groups are few and last from round to round: texts are told apart by
 * this many letters ("key:1" and "key:2" are one group), numbers when they are
 * small, as tags and flags are.
 */
enum { TEXT_BYTES = 4, SMALL_NUMBER = 1 << 12 };

static int class_at(struct growth_count *c, uint64_t size, size_t *out,
		    struct error *err)
{
	uint64_t *at = u64map_at(&c->class_of, size, err);
	size_t n = c->classes;

	if (!at)
		return -1;
	if (!*at) {
		if (GROW(c->class, c->class_cap, n + 1, "size classes", err) ||
		    GROW(c->in_class, c->in_class_cap, (n + 1) * c->snaps,
			 "size classes", err))
			return -1;
		c->class[n] = (struct growth_class){.size = size};
		memset(&c->in_class[n * c->snaps], 0,
		       c->snaps * sizeof *c->in_class);
		*at = ++c->classes;
	}
	*out = (size_t)*at - 1;
	return 0;
}

static void coarsen(struct pattern *p)
{
	if (p->kind == CONTENT_TEXT)
		p->a &= (UINT64_C(1) << 8 * TEXT_BYTES) - 1;
	else if (p->kind == CONTENT_NUMBER && p->a >= SMALL_NUMBER)
		p->a = 0;
}

struct pattern growth_pattern(const struct snapshot *snap,
			      const struct finder *finder, uint32_t i)
{
	uint64_t word;
	struct pattern p = content_first(snap, finder, i, &word);

	coarsen(&p);
	return p;
}

static int add_to_group(struct growth_count *c, uint32_t s, size_t class,
			uint64_t addr, struct pattern *p, struct error *err)
{
	size_t had = c->fold.count, at;

	p->offset = (uint32_t) class;
	if (fold_find(&c->fold, p, &at, err) ||
	    GROW(c->in_group, c->in_group_cap, c->fold.count * c->snaps,
		 "groups by content", err))
		return -1;
	if (c->fold.count > had)
		memset(&c->in_group[at * c->snaps], 0,
		       c->snaps * sizeof *c->in_group);
	c->in_group[at * c->snaps + s]++;
	c->fold.row[at].example = addr;
	return 0;
}

/* A group of its type; the same one for a name in all snapshots. */
static int type_pattern(struct growth_count *c, uint32_t s, uint32_t i,
			struct pattern *out, struct error *err)
{
	const char *name = typing_row_name(c->type[s], i);
	uint64_t *at = u64map_at(&c->name_of, node_mix_text(0, name), err);

	if (!at)
		return -1;
	if (!*at) {
		if (GROW(c->name, c->name_cap, c->names + 1, "names of types",
			 err))
			return -1;
		c->name[c->names++] = name;
		*at = c->names;
	}
	*out = (struct pattern){.kind = CONTENT_NUMBER, .a = *at - 1};
	return 0;
}

static int count_chunk(struct growth_count *c, uint32_t s,
		       const struct finder *finder, uint32_t i,
		       struct error *err)
{
	const struct snapshot *snap = c->snap[s];
	struct pattern p;
	size_t class;

	if (class_at(c, snapshot_chunk_size(snap, i), &class, err))
		return -1;
	c->in_class[class * c->snaps + s]++;
	if (!finder)
		return 0;
	if (!c->type)
		p = growth_pattern(snap, finder, i);
	else if (type_pattern(c, s, i, &p, err))
		return -1;
	if (p.kind == CONTENT_UNKNOWN) {
		c->without_content = snap;
		c->without_count++;
		return 0;
	}
	return add_to_group(c, s, class, snap->chunk[i].addr, &p, err);
}

static int count_snapshot(struct growth_count *c, uint32_t s, bool groups,
			  struct error *err)
{
	const struct snapshot *snap = c->snap[s];
	struct finder finder = {0};
	int ret = -1;

	if (groups && finder_init(&finder, snap, NULL, err))
		return -1;
	for (uint32_t i = 0; i < snap->chunk_count; i++) {
		if (i % STEP == 0 &&
		    progress_tick("counting", s, c->snaps, err))
			goto out;
		if (snap->chunk[i].state == CHUNK_USED &&
		    count_chunk(c, s, groups ? &finder : NULL, i, err))
			goto out;
	}
	ret = 0;
out:
	finder_deinit(&finder);
	return ret;
}

int growth_count_all(struct growth_count *c, bool groups, struct error *err)
{
	for (uint32_t s = 0; s < c->snaps; s++)
		if (count_snapshot(c, s, groups && !c->without_content, err))
			return -1;
	return 0;
}

static void judge(struct growth_class *class, enum identity identity)
{
	class->reused += identity == IDENTITY_REUSED;
	class->unsure += identity == IDENTITY_UNSURE;
	class->unknown += identity == IDENTITY_UNKNOWN;
}

/* Both tables are sorted by address. */
static int compare(struct growth_count *c, uint32_t s, struct error *err)
{
	const struct snapshot *a = c->snap[s], *b = c->snap[s + 1];
	uint32_t i = 0;

	for (uint32_t j = 0; j < b->chunk_count; j++) {
		const struct chunk *y = &b->chunk[j];
		size_t class;

		if (j % STEP == 0 &&
		    progress_tick("comparing", s, c->snaps, err))
			return -1;
		while (i < a->chunk_count && a->chunk[i].addr < y->addr)
			i++;
		if (i == a->chunk_count)
			break;
		if (y->state != CHUNK_USED || a->chunk[i].state != CHUNK_USED ||
		    a->chunk[i].addr != y->addr || a->chunk[i].size != y->size)
			continue;
		if (class_at(c, snapshot_chunk_size(b, j), &class, err))
			return -1;
		judge(&c->class[class], identity_of(a, i, b, j));
	}
	return 0;
}

int growth_count_identities(struct growth_count *c, struct error *err)
{
	for (uint32_t s = 0; s + 1 < c->snaps; s++)
		if (compare(c, s, err))
			return -1;
	return 0;
}

void growth_count_deinit(struct growth_count *c)
{
	u64map_deinit(&c->class_of);
	fold_deinit(&c->fold);
	free(c->class);
	free(c->in_class);
	free(c->in_group);
	free(c->name);
	u64map_deinit(&c->name_of);
	*c = (struct growth_count){0};
}
