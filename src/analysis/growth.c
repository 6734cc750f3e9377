#include "analysis/growth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/content.h"
#include "analysis/growth_impl.h"
#include "base/alloc.h"

bool growth_is_nearly_all(int64_t part, int64_t all)
{
	return part <= all && part >= all - all / 10;
}

static const uint32_t *class_series(const struct growth_count *c, size_t class)
{
	return &c->in_class[class * c->snaps];
}

static const uint32_t *group_series(const struct growth_count *c, size_t group)
{
	return &c->in_group[group * c->snaps];
}

static struct growth_row *new_row(struct growth *g, struct error *err)
{
	if (GROW(g->row, g->cap, g->count + 1, "table of growth", err))
		return NULL;
	g->row[g->count] = (struct growth_row){0};
	return &g->row[g->count++];
}

static void fill(struct growth_row *row, const struct growth_trend *trend,
		 const uint32_t *used)
{
	row->trend = *trend;
	row->count = used[trend->rounds];
	for (uint32_t i = 0; i < trend->rounds; i++)
		row->delta[i] = (int64_t)used[i + 1] - (int64_t)used[i];
}

static void name_group(const struct growth_count *c, size_t group,
		       struct symbols *symbols, char *buf, size_t cap)
{
	struct pattern p = c->fold.row[group].pattern;

	if (c->type) {
		snprintf(buf, cap, "%s", c->name[p.a]);
		return;
	}
	p.offset = 0;
	if (p.kind == CONTENT_NUMBER && !p.a)
		snprintf(buf, cap, "(some number)");
	else
		content_name(&p, c->snap[c->snaps - 1], symbols, buf, cap);
}

struct making {
	const struct growth_count *count;
	struct growth *out;
	struct symbols *symbols;
	enum growth_by by;
	/* By class: the group that is nearly all of its growth, + 1. */
	uint32_t *main_group;
};

/* Of each class the group that grew most, if it is nearly all. */
static int find_main_groups(struct making *m, struct error *err)
{
	const struct growth_count *c = m->count;
	AUTO_FREE int64_t *most =
		try_calloc(c->classes, sizeof *most, "size classes", err);

	m->main_group = try_calloc(c->classes, sizeof *m->main_group,
				   "size classes", err);
	if (!most || !m->main_group)
		return -1;
	for (size_t i = 0; i < c->fold.count && !c->without_content; i++) {
		uint32_t class = c->fold.row[i].pattern.offset;
		struct growth_trend all =
			growth_trend_of(class_series(c, class), c->snaps);
		struct growth_trend t =
			growth_trend_of(group_series(c, i), c->snaps);

		if (t.total <= most[class] ||
		    !growth_is_nearly_all(t.total, all.total) ||
		    (all.steadiness >= GROWTH_STEADY &&
		     !growth_is_nearly_all(t.median, all.median)))
			continue;
		most[class] = t.total;
		m->main_group[class] = (uint32_t)i + 1;
	}
	return 0;
}

static int add_classes(struct making *m, struct error *err)
{
	const struct growth_count *c = m->count;

	for (size_t i = 0; i < c->classes; i++) {
		const uint32_t *used = class_series(c, i);
		struct growth_trend t = growth_trend_of(used, c->snaps);
		struct growth_row *row;

		if (t.total <= 0) {
			m->out->flat++;
			continue;
		}
		row = new_row(m->out, err);
		if (!row)
			return -1;
		row->size = c->class[i].size;
		row->reused = c->class[i].reused;
		row->unsure = c->class[i].unsure;
		row->unknown = c->class[i].unknown;
		fill(row, &t, used);
		if (m->main_group[i])
			name_group(c, m->main_group[i] - 1, m->symbols,
				   row->name, sizeof row->name);
	}
	return 0;
}

static bool class_is_steady(const struct growth_count *c, size_t class)
{
	return growth_trend_of(class_series(c, class), c->snaps).steadiness >=
	       GROWTH_STEADY;
}

/* A group in a table of classes: when it tells what its class does not. */
static bool tells_more(const struct making *m, size_t group,
		       const struct growth_trend *t)
{
	const struct growth_count *c = m->count;
	uint32_t class = c->fold.row[group].pattern.offset;

	return t->steadiness >= GROWTH_STEADY &&
	       (!class_is_steady(c, class) ||
		m->main_group[class] != group + 1);
}

static bool groups_alone(const struct making *m)
{
	return m->by == GROWTH_BY_CONTENT || m->by == GROWTH_BY_TYPE;
}

static int add_groups(struct making *m, struct error *err)
{
	const struct growth_count *c = m->count;

	for (size_t i = 0; i < c->fold.count; i++) {
		const uint32_t *used = group_series(c, i);
		struct growth_trend t = growth_trend_of(used, c->snaps);
		struct growth_row *row;
		uint32_t class;

		m->out->flat += groups_alone(m) && t.total <= 0;
		if (t.total <= 0 ||
		    (m->by == GROWTH_BY_ALL && !tells_more(m, i, &t)))
			continue;
		row = new_row(m->out, err);
		if (!row)
			return -1;
		class = c->fold.row[i].pattern.offset;
		row->size = c->class[class].size;
		row->by_content = true;
		row->by_type = m->by == GROWTH_BY_TYPE;
		row->example = c->fold.row[i].example;
		row->in_steady = class_is_steady(c, class);
		fill(row, &t, used);
		name_group(c, i, m->symbols, row->name, sizeof row->name);
	}
	return 0;
}

static int by_weight(const void *a, const void *b)
{
	const struct growth_row *x = a, *y = b;
	bool xs = growth_is_steady(x), ys = growth_is_steady(y);
	int64_t xb = (xs ? x->trend.median : x->trend.total) * (int64_t)x->size;
	int64_t yb = (ys ? y->trend.median : y->trend.total) * (int64_t)y->size;

	if (xs != ys)
		return xs ? -1 : 1;
	if (x->by_content != y->by_content)
		return x->by_content ? 1 : -1;
	if (xb != yb)
		return xb > yb ? -1 : 1;
	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int make_rows(struct making *m, struct error *err)
{
	struct growth *g = m->out;

	if (find_main_groups(m, err))
		return -1;
	if (!groups_alone(m) && add_classes(m, err))
		return -1;
	if (m->by != GROWTH_BY_SIZE && !m->count->without_content &&
	    add_groups(m, err))
		return -1;
	if (g->count)
		qsort(g->row, g->count, sizeof *g->row, by_weight);
	for (uint32_t i = 0; i < g->count; i++) {
		const struct growth_row *row = &g->row[i];

		if (!growth_is_steady(row))
			break;
		g->steady++;
		if (!row->in_steady || groups_alone(m))
			g->bytes_a_round +=
				(uint64_t)row->trend.median * row->size;
	}
	return 0;
}

static int make(const struct snapshot *const *snap, uint32_t count,
		enum growth_by by, struct symbols *symbols,
		const struct typing *const *type, struct growth *out,
		struct error *err)
{
	struct growth_count c = {.snap = snap, .snaps = count, .type = type};
	struct making m = {
		.count = &c, .out = out, .symbols = symbols, .by = by};
	int ret = -1;

	*out = (struct growth){0};
	if (growth_count_all(&c, true, err) ||
	    growth_count_identities(&c, err) || make_rows(&m, err) ||
	    growth_name_types(out, snap[0], snap[count - 1], symbols, err))
		goto out;
	out->without_content = c.without_content;
	out->without_count = c.without_count;
	ret = 0;
out:
	free(m.main_group);
	growth_count_deinit(&c);
	if (ret)
		growth_deinit(out);
	return ret;
}

int growth_make(const struct snapshot *const *snap, uint32_t count,
		enum growth_by by, struct symbols *symbols, struct growth *out,
		struct error *err)
{
	return make(snap, count, by, symbols, NULL, out, err);
}

int growth_make_types(const struct snapshot *const *snap, uint32_t count,
		      const struct typing *const *type, struct growth *out,
		      struct error *err)
{
	return make(snap, count, GROWTH_BY_TYPE, NULL, type, out, err);
}

void growth_deinit(struct growth *growth)
{
	free(growth->row);
	*growth = (struct growth){0};
}
