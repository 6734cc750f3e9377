#include "analysis/typing_tags.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/typing_impl.h"
#include "base/alloc.h"

enum {
	NESTED_MAX = 4,	   /* structs in T */
	NUMBERS_MAX = 256, /* values of a tag that is a number */
	OBJECTS_SHARE = 8, /* so many of the blocks must point at variables */
	SEVERAL = 6	   /* known blocks of one type show a tag */
};

struct solving {
	struct follow *f;
	struct tag_family *family;
	struct tag_member member[TAG_MEMBERS];
	size_t members;
	struct tag_known known;
	bool naming; /* at the end: names alone */
};

/* What one member of T makes of the family. */
struct outcome {
	struct tag_verdict *verdict; /* owned, one a group */
	struct tag_group *group;     /* owned; places are the family's */
	size_t count, cap;
	size_t named, supported; /* blocks */
	size_t bare;		 /* that are just T, perhaps */
};

struct listing {
	struct tag_member *member; /* borrowed: room for TAG_MEMBERS */
	size_t count;
};

static void add_member(struct listing *l, const struct member *m, uint64_t base,
		       const char *before)
{
	struct type *type = type_strip(m->type);
	bool number = type->kind == TYPE_INT || type->kind == TYPE_CHAR ||
		      type->kind == TYPE_BOOL || type->kind == TYPE_ENUM;

	if (l->count == TAG_MEMBERS || !m->name ||
	    !(number ? type_size(type) <= 4 || m->bit_size
		     : type->kind == TYPE_POINTER &&
			       type_strip(type_target(type))->kind ==
				       TYPE_STRUCT) ||
	    m->bit_size > 32)
		return;
	l->member[l->count++] = (struct tag_member){
		.offset = base + m->offset,
		.size = m->bit_size ? (m->bit_offset + m->bit_size + 7) / 8
				    : (unsigned)type_size(type),
		.bit_offset = m->bit_offset,
		.bit_size = m->bit_size,
		.type = type,
		.name = xasprintf("%s%s", before, m->name)};
}

static void add_members(struct listing *l, struct type *type, uint64_t base,
			const char *before, unsigned depth)
{
	const struct member *m;
	size_t n = type_members(type, &m);

	for (size_t i = 0; i < n; i++) {
		struct type *t = type_strip(m[i].type);

		if (!m[i].bit_size && t->kind == TYPE_STRUCT &&
		    depth < NESTED_MAX) {
			AUTO_FREE char *path =
				m[i].name && !m[i].is_base
					? xasprintf("%s%s.", before, m[i].name)
					: xstrdup(before);

			add_members(l, t, base + m[i].offset, path, depth + 1);
		} else {
			add_member(l, &m[i], base, before);
		}
	}
}

size_t tag_members(struct type *type, struct tag_member *out)
{
	struct listing l = {.member = out};

	add_members(&l, type, 0, "", 0);
	return l.count;
}

void tag_members_free(struct tag_member *member, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(member[i].name);
}

uint64_t tag_value(const struct follow *f, uint64_t addr, unsigned size,
		   unsigned bit_offset, unsigned bit_size)
{
	uint64_t value = 0;

	image_read(f->snap->contents, addr, &value, size);
	return bit_size ? value >> bit_offset & (UINT64_MAX >> (64 - bit_size))
			: value;
}

static void read_values(struct solving *s, const struct tag_member *m)
{
	for (size_t i = 0; i < s->family->count; i++) {
		struct tag_place *place = &s->family->place[i];

		place->value =
			tag_value(s->f,
				  follow_block(s->f, place->chunk)->addr +
					  place->at + m->offset,
				  m->size, m->bit_offset, m->bit_size);
	}
}

struct share { /* of the places that have one value */
	uint64_t value;
	size_t places, next; /* next: where the next one goes */
	size_t unknown;
};

static int by_value(const void *pa, const void *pb)
{
	const struct share *a = pa, *b = pb;

	return (a->value > b->value) - (a->value < b->value);
}

/* Counts the values: *out is the caller's, ascending, index has each + 1. */
static int count_values(const struct tag_family *family, struct u64map *index,
			struct share **out, size_t *count, struct error *err)
{
	size_t cap = 0;

	for (size_t i = 0; i < family->count; i++) {
		const struct tag_place *place = &family->place[i];
		uint64_t *n = u64map_at(index, place->value, err);

		if (!n)
			return -1;
		if (!*n) {
			if (GROW(*out, cap, *count + 1, "tags", err))
				return -1;
			(*out)[*count] = (struct share){.value = place->value};
			*n = ++*count;
		}
		(*out)[*n - 1].places++;
		(*out)[*n - 1].unknown += !place->known;
	}
	qsort(*out, *count, sizeof(**out), by_value);
	for (size_t i = 0; i < *count; i++)
		*u64map_at(index, (*out)[i].value, err) = i + 1;
	return 0;
}

/* By value; the unknown ones of it first, each in the order that they have. */
static int sort_places(struct tag_family *family, struct error *err)
{
	struct u64map index = {0};
	struct share *share = NULL;
	size_t count = 0, at = 0;
	struct tag_place *sorted = try_calloc(family->count, sizeof(*sorted),
					      "blocks with tags", err);
	int ret = !sorted || count_values(family, &index, &share, &count, err);

	for (size_t i = 0; i < count && !ret; i++) {
		share[i].next = at;
		at += share[i].places;
		/* Where the known ones go. */
		share[i].unknown += share[i].next;
	}
	for (size_t i = 0; i < family->count && !ret; i++) {
		struct tag_place *place = &family->place[i];
		struct share *to;
		uint64_t n = 1;

		u64map_get(&index, place->value, &n);
		to = &share[n - 1];
		sorted[place->known ? to->unknown++ : to->next++] = *place;
	}
	if (!ret)
		memcpy(family->place, sorted, family->count * sizeof(*sorted));
	free(sorted);
	free(share);
	u64map_deinit(&index);
	return ret ? -1 : 0;
}

/*
 * Does what it points at stand for a type: a variable; or, as classes that a
 * program makes do, what begins as T does, is more, and has such a variable for
 * its own type?
 */
static bool is_for_type(const struct solving *s, const struct tag_member *m,
			uint32_t to, uint64_t value)
{
	const struct follow *f = s->f;
	uint64_t root;

	if (u64map_get(&f->variables, value, NULL))
		return true;
	return to != s->family->node &&
	       node_begins(&f->p->nodes, to, s->family->node) &&
	       follow_find(f, value) != CHUNK_NONE &&
	       follow_word(f, value + m->offset, &value) &&
	       u64map_get(&f->variables, value, &root) &&
	       f->p->root[root - 1].node == to;
}

/* Are its values few, or such as stand for types? */
static int is_tag(struct solving *s, const struct tag_member *m, bool *out,
		  struct error *err)
{
	bool object = m->type->kind == TYPE_POINTER;
	struct u64map seen = {0};
	size_t objects = 0;
	uint32_t to = 0;
	int ret = 0;

	*out = true;
	if (object && !node_of(&s->f->p->nodes, type_target(m->type), &to, err))
		return -1;
	for (size_t i = 0; i < s->family->count && *out && !ret; i++) {
		uint64_t value = s->family->place[i].value;

		if (object)
			objects += is_for_type(s, m, to, value);
		else if (u64map_put(&seen, value, 1, err))
			ret = -1;
		*out = object || seen.count <= NUMBERS_MAX;
	}
	u64map_deinit(&seen);
	if (object)
		*out = objects && objects * OBJECTS_SHARE >= s->family->count;
	return ret;
}

static int count_known(struct solving *s, struct error *err)
{
	const struct tag_family *family = s->family;

	tag_known_deinit(&s->known);
	for (size_t i = 0; i < family->count; i++) {
		const struct tag_place *p = &family->place[i];
		uint64_t *all, *same;

		if (!p->known)
			continue;
		all = u64map_at(&s->known.all, p->known, err);
		if (!all)
			return -1;
		++*all;
		same = u64map_at(&s->known.same, node_mix(p->known, p->value),
				 err);
		if (!same)
			return -1;
		++*same;
	}
	return 0;
}

static int add_groups(struct solving *s, const struct tag_member *m,
		      struct outcome *out, struct error *err)
{
	struct tag_family *family = s->family;

	for (size_t i = 0, next; i < family->count; i = next) {
		struct tag_group group = {.family = family,
					  .member = m,
					  .known = &s->known,
					  .place = &family->place[i]};
		uint64_t value = family->place[i].value;

		for (next = i;
		     next < family->count && family->place[next].value == value;
		     next++)
			group.unknown += !family->place[next].known;
		group.count = next - i;
		group.object = u64map_get(&s->f->variables, value, NULL);
		if (GROW(out->group, out->cap, out->count + 1, "tags", err))
			return -1;
		out->group[out->count++] = group;
	}
	return 0;
}

/* Very few of its blocks are known as another type than most that are known. */
static bool is_of_one(const struct tag_group *g)
{
	uint32_t node = 0;
	size_t votes = 0, others = 0;

	/* The one that more than half have, if any does. */
	for (size_t k = g->unknown; k < g->count; k++) {
		if (!votes)
			node = g->place[k].known;
		if (g->place[k].known == node)
			votes++;
		else
			votes--;
	}
	for (size_t k = g->unknown; k < g->count; k++)
		others += g->place[k].known != node;
	return others * TAG_OLD_SHARE <= g->count;
}

/* Several blocks each of two types or more are known, and no value is of two
 * types: that is no chance. */
static bool is_validated(const struct outcome *o, const struct solving *s)
{
	uint64_t node, blocks;
	size_t it = 0, types = 0;

	while (u64map_next(&s->known.all, &it, &node, &blocks))
		types += blocks >= SEVERAL;
	if (types < 2)
		return false;
	for (size_t i = 0; i < o->count; i++)
		if (!is_of_one(&o->group[i]))
			return false;
	return true;
}

static int judge_groups(struct solving *s, struct outcome *o, struct error *err)
{
	bool validated = is_validated(o, s);

	o->verdict = try_calloc(o->count, sizeof(*o->verdict), "tags", err);
	if (!o->verdict)
		return -1;
	for (size_t i = 0; i < o->count; i++) {
		struct tag_group *g = &o->group[i];
		struct tag_verdict *v = &o->verdict[i];

		g->validated = validated;
		if (g->unknown && tag_judge(s->f, g, v, err))
			return -1;
		if (v->by != TAG_NOT)
			o->named += g->unknown;
		if (v->supported)
			o->supported += g->unknown;
		else if (v->bare)
			o->bare += g->unknown;
	}
	return 0;
}

static void outcome_deinit(struct outcome *o)
{
	for (size_t i = 0; o->verdict && i < o->count; i++)
		free(o->verdict[i].code);
	free(o->verdict);
	free(o->group);
	*o = (struct outcome){0};
}

/* Sorts the family's places by that member. */
static int look_at(struct solving *s, const struct tag_member *m,
		   struct outcome *out, bool *tag, struct error *err)
{
	*out = (struct outcome){0};
	read_values(s, m);
	if (is_tag(s, m, tag, err))
		return -1;
	if (!*tag)
		return 0;
	return sort_places(s->family, err) || count_known(s, err) ||
			       add_groups(s, m, out, err) ||
			       judge_groups(s, out, err)
		       ? -1
		       : 0;
}

/* Pointers that say otherwise are of what was there before. */
static void contradict(struct solving *s, const struct tag_group *g,
		       const struct tag_verdict *v)
{
	struct paths *p = s->f->p;

	if (v->by != TAG_CODE)
		return;
	for (size_t k = g->unknown; k < g->count; k++) {
		const struct tag_place *place = &g->place[k];

		if (place->claim == FROM_NONE || place->known == v->node ||
		    node_begins(&p->nodes, place->known, v->node) ||
		    node_begins(&p->nodes, v->node, place->known))
			continue;
		p->claim[place->claim].against = true;
		s->f->found = true;
	}
}

static int refine_all(struct solving *s, const struct tag_group *g,
		      const struct tag_verdict *v, struct error *err)
{
	bool all = v->fitting_blocks == g->unknown;
	uint32_t proof;

	if (tag_note(s->f, g, v, &proof, err) ||
	    tag_settle(s->f, g, v, proof, err) ||
	    (g->object && tag_object_note(s->f, g, v, proof, err)))
		return -1;
	contradict(s, g, v);
	for (size_t k = 0; k < g->unknown; k++) {
		const struct tag_place *place = &g->place[k];
		int fits =
			all ? 1
			    : tag_fits(s->f, g, place, v->node, v->late, err);

		if (fits < 0 ||
		    (fits && tag_refine(s->f, place, v->node, proof, err)))
			return -1;
	}
	return 0;
}

static int name_all(struct solving *s, const struct tag_group *g,
		    const struct tag_verdict *v, struct error *err)
{
	uint32_t proof, name = 0, at = 0;

	if (tag_note(s->f, g, v, &proof, err))
		return -1;
	for (size_t k = 0; k < g->unknown; k++) {
		const struct tag_place *place = &g->place[k];

		if (!name || at != place->at)
			name = tag_name_number(s->f, g, v, place->at, err);
		if (!name)
			return -1;
		at = place->at;
		tag_name(s->f, place, name, proof);
	}
	return 0;
}

static int apply(struct solving *s, const struct outcome *o, struct error *err)
{
	for (size_t i = 0; i < o->count; i++) {
		const struct tag_group *g = &o->group[i];
		const struct tag_verdict *v = &o->verdict[i];

		if (!g->validated || (g->unknown && v->by == TAG_NOT))
			tag_unsettle(s->f, g);
		if (!g->unknown)
			continue;
		if (s->naming ? name_all(s, g, v, err)
			      : v->by != TAG_NOT && refine_all(s, g, v, err))
			return -1;
	}
	return 0;
}

/*
 * The member that names most blocks.  One that is no tag mixes types: hardly
 * any of its groups has a struct whose pointers agree in all of its blocks.
 */
static int choose(struct solving *s, size_t *best, bool *found,
		  struct error *err)
{
	size_t most = 0, supported = 0;

	*found = false;
	for (size_t i = 0; i < s->members; i++) {
		struct outcome o;
		bool tag;

		if (look_at(s, &s->member[i], &o, &tag, err)) {
			outcome_deinit(&o);
			return -1;
		}
		if (tag && o.supported &&
		    o.supported * 2 >= s->family->unknown - o.bare &&
		    (!*found || o.named > most ||
		     (o.named == most && o.supported > supported))) {
			*found = true;
			*best = i;
			most = o.named;
			supported = o.supported;
		}
		/* What a member points at for that purpose tells best. */
		if (tag && s->member[i].type->kind == TYPE_POINTER) {
			*found = true;
			*best = i;
			outcome_deinit(&o);
			return 0;
		}
		outcome_deinit(&o);
	}
	return 0;
}

static int note_pointer(struct solving *s, const struct tag_member *m,
			struct error *err)
{
	uint32_t to;

	if (m->type->kind != TYPE_POINTER)
		return 0;
	if (!node_of(&s->f->p->nodes, type_target(m->type), &to, err))
		return -1;
	return u64map_put(&s->f->pointer_of, s->family->node,
			  m->offset << 32 | to, err);
}

/* Keeps which values its structs are known to have. */
static int tell(struct solving *s, const struct tag_member *m,
		struct error *err)
{
	struct follow *f = s->f;
	uint64_t *told = u64map_at(&f->told_of, s->family->node, err);

	if (!told)
		return -1;
	if (!*told) {
		if (GROW(f->told, f->told_cap, f->tolds + 1, "tags", err))
			return -1;
		f->told[f->tolds++] =
			(struct tag_told){.offset = m->offset,
					  .size = m->size,
					  .bit_offset = m->bit_offset,
					  .bit_size = m->bit_size};
		*told = f->tolds;
	}
	/* Pointers to others are judged by it: these may be told now. */
	if (s->known.all.count > f->told[*told - 1].known.all.count)
		f->found = true;
	tag_known_deinit(&f->told[*told - 1].known);
	f->told[*told - 1].known = s->known;
	s->known = (struct tag_known){0};
	return 0;
}

static int solve(struct solving *s, struct error *err)
{
	size_t best = 0;
	struct outcome o;
	bool found, tag;
	uint64_t *kept;
	int ret;

	s->members = tag_members(s->f->p->nodes.node[s->family->node].type,
				 s->member);
	kept = u64map_at(&s->f->tag_of, s->family->node, err);
	if (!kept)
		return -1;
	found = *kept;
	best = *kept - 1;
	ret = found ? 0 : choose(s, &best, &found, err);
	if (!ret && found) {
		ret = look_at(s, &s->member[best], &o, &tag, err);
		/* The one that named most at first is the tag for good. */
		if (!ret && o.named) {
			*kept = best + 1;
			ret = note_pointer(s, &s->member[best], err);
		}
		ret = ret || apply(s, &o, err) ||
				      (*kept && tell(s, &s->member[best], err))
			      ? -1
			      : 0;
		outcome_deinit(&o);
	}
	tag_members_free(s->member, s->members);
	tag_known_deinit(&s->known);
	return ret;
}

void tag_known_deinit(struct tag_known *known)
{
	u64map_deinit(&known->all);
	u64map_deinit(&known->same);
	*known = (struct tag_known){0};
}

int tag_variables(struct follow *f, struct error *err)
{
	if (f->variables.count)
		return 0;
	for (size_t i = 0; i < f->p->roots; i++) {
		const struct typed_root *root = &f->p->root[i];

		if (root->addr && root->node &&
		    f->p->nodes.node[root->node].kind == NODE_STRUCT &&
		    u64map_put(&f->variables, root->addr, i + 1, err))
			return -1;
	}
	return 0;
}

bool tag_plausible(const struct follow *f, uint32_t node, uint64_t addr,
		   unsigned depth)
{
	uint64_t at, value, size;
	const struct chunk *c;
	uint32_t chunk;

	if (!u64map_get(&f->pointer_of, node, &at))
		return true;
	if (!follow_word(f, addr + (at >> 32), &value))
		return false;
	if (u64map_get(&f->variables, value, NULL))
		return true;
	chunk = follow_find(f, value);
	size = f->p->nodes.node[(uint32_t)at].size;
	if (chunk == CHUNK_NONE || depth == NESTED_MAX)
		return false;
	c = follow_block(f, chunk);
	/* One on the heap is like the others, and has a tag as well. */
	return c->state == CHUNK_USED && value - c->addr + size <= c->size &&
	       tag_plausible(f, node, value, depth + 1);
}

static int solve_all(struct follow *f, bool naming, struct error *err)
{
	struct solving s = {.f = f, .naming = naming};
	struct tag_families all;
	int ret = tag_families_make(f, &all, err) || tag_variables(f, err);

	for (size_t i = 0; i < all.count && !ret; i++) {
		s.family = &all.family[i];
		ret = solve(&s, err);
	}
	tag_families_deinit(&all);
	return ret ? -1 : 0;
}

int follow_tags(struct follow *f, struct error *err)
{
	struct follow_news news;
	int ret;

	follow_watch(f, &news);
	ret = solve_all(f, false, err) || follow_settled(f, &news, err);
	follow_unwatch(f);
	return ret || follow_tag_objects(f, err) ? -1 : 0;
}

int follow_tag_names(struct follow *f, struct error *err)
{
	return tag_name_inner(f, err) || solve_all(f, true, err) ? -1 : 0;
}
