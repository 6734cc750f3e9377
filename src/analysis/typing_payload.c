/*
 * What a pointer to anything leads to, by a member beside it: in structs with a
 * void *, or a union that has pointers, and a tag.  Where the blocks that are
 * known by other ways show that the tag's value tells the type, those that are
 * not known are it, too; if more than one in 64 of a value does not have its
 * size, or the pointers that it should, that value tells nothing: the pointer
 * of so few is old, and leads to something else.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "analysis/typing_fit.h"
#include "analysis/typing_impl.h"
#include "analysis/typing_tags.h"
#include "base/alloc.h"
#include "base/progress.h"

enum {
	SPOTS_MAX = 64,	  /* of a struct */
	VALUES_MAX = 256, /* of a tag */
	SEVERAL = 3,	  /* blocks that show something */
	STEP = 1 << 12
};

/* A pointer, and a member beside it that may tell what it leads to. */
struct spot {
	uint64_t offset; /* of the pointer */
	uint32_t arms;	 /* the node of its union; 0: it is in none */
	uint32_t values;
	struct tag_member tag;
	uint32_t telling; /* values that are known to be of a type */
	uint32_t first;	  /* the node that one of these has */
	bool differ;	  /* another one has another */
	bool lies;	  /* one value, and two types; or too many values */
};

/* Of the objects with one value there. */
struct told {
	uint32_t node;	/* what most of their pointers lead to; 0: not known */
	uint32_t proof; /* + 1 */
	uint32_t spot;
	uint64_t all, structs, known; /* blocks that have a type; are a struct;
					 are a node */
	uint64_t open, bad;	      /* have none; cannot be a node */
	bool misfit;
};

struct spots {
	uint32_t first, count;
};

struct payloads {
	struct follow *f;
	struct spot *spot; /* owned */
	size_t count, cap;
	struct told *told; /* owned; told[0] is none */
	size_t tolds, told_cap;
	struct u64map of;    /* node -> its first spot << 32 | how many */
	struct u64map value; /* spot and value -> index in told */
	struct u64map same;  /* index in told and node -> blocks */
	uint64_t steps;
};

/* An object of a struct, and how it is reached. */
struct held {
	uint32_t node, from;
	uint64_t addr, base; /* base: its offset in what it is reached as */
};

typedef int held_fn(struct payloads *p, const struct held *held,
		    struct error *err);

static bool overlaps(const struct slot *s, const struct tag_member *m)
{
	return m->offset < s->offset + s->stride &&
	       s->offset < m->offset + m->size;
}

/* Anything may be behind it. */
static bool is_open(const struct slot *s)
{
	return s->count == 1 &&
	       (s->kind == SLOT_UNION ||
		(s->kind == SLOT_POINTER && !s->node && !s->text && !s->code));
}

static int add_spots(struct payloads *p, uint32_t number, struct error *err)
{
	const struct node *node = &p->f->p->nodes.node[number];
	struct tag_member member[TAG_MEMBERS];
	size_t members = tag_members(node->type, member);
	size_t first = p->count;

	for (size_t i = 0; i < node->slots; i++) {
		const struct slot *s = &node->slot[i];

		for (size_t k = 0; is_open(s) && k < members; k++) {
			if (overlaps(s, &member[k]) ||
			    p->count - first == SPOTS_MAX)
				continue;
			if (GROW(p->spot, p->cap, p->count + 1, "tags", err)) {
				tag_members_free(member, members);
				return -1;
			}
			p->spot[p->count++] = (struct spot){
				.offset = s->offset,
				.arms = s->kind == SLOT_UNION ? s->node : 0,
				.tag = member[k]};
			p->spot[p->count - 1].tag.name =
				xstrdup(member[k].name);
		}
	}
	tag_members_free(member, members);
	return u64map_put(&p->of, number,
			  (uint64_t)first << 32 | (p->count - first), err);
}

static int spots_of(struct payloads *p, uint32_t node, struct spots *out,
		    struct error *err)
{
	uint64_t known;

	*out = (struct spots){0};
	if (p->f->p->nodes.node[node].kind != NODE_STRUCT)
		return 0;
	if (!u64map_get(&p->of, node, &known)) {
		if (node_lay(&p->f->p->nodes, node, err) ||
		    add_spots(p, node, err))
			return -1;
		u64map_get(&p->of, node, &known);
	}
	*out = (struct spots){(uint32_t)(known >> 32), (uint32_t)known};
	return 0;
}

static int each_of(struct payloads *p, uint32_t chunk, held_fn *fn,
		   struct error *err)
{
	const struct paths *paths = p->f->p;
	const struct chunk *c = &p->f->snap->chunk[chunk];
	uint32_t node = paths->node[chunk];
	uint64_t size, count = 1;
	struct spots spots;

	if (!node || p->f->t->by[chunk] < TYPED_TAG)
		return 0;
	if (spots_of(p, node, &spots, err))
		return -1;
	if (!spots.count)
		return 0;
	size = paths->nodes.node[node].size;
	if (paths->form[chunk] == FORM_ARRAY && size)
		count = (c->size - paths->skip[chunk]) / size;
	for (uint64_t i = 0; i < count; i++) {
		struct held held = {.node = node,
				    .from = chunk,
				    .addr = c->addr + paths->skip[chunk] +
					    i * size,
				    .base = i * size};

		if (fn(p, &held, err))
			return -1;
	}
	return 0;
}

static int each_claim(struct payloads *p, uint32_t index, held_fn *fn,
		      struct error *err)
{
	const struct typed_claim *c = &p->f->p->claim[index];
	struct held held = {.node = c->node,
			    .from = FROM_CLAIM | index,
			    .addr = follow_block(p->f, c->chunk)->addr + c->at};

	if (!c->at || c->against || p->f->p->node[c->chunk])
		return 0;
	return fn(p, &held, err);
}

static int each(struct payloads *p, held_fn *fn, struct error *err)
{
	for (uint32_t i = 0; i < p->f->snap->chunk_count; i++) {
		if (++p->steps % STEP == 0 &&
		    progress_tick("looking for tags", p->steps, 0, err))
			return -1;
		if (p->f->snap->chunk[i].state == CHUNK_USED &&
		    each_of(p, i, fn, err))
			return -1;
	}
	for (size_t i = 0; i < p->f->p->claims; i++) {
		if (++p->steps % STEP == 0 &&
		    progress_tick("looking for tags", p->steps, 0, err))
			return -1;
		if (each_claim(p, (uint32_t)i, fn, err))
			return -1;
	}
	return 0;
}

/* The chunk that the spot's pointer leads to the start of, or CHUNK_NONE. */
static uint32_t target_of(const struct payloads *p, const struct held *h,
			  const struct spot *s)
{
	const struct follow *f = p->f;
	uint32_t chunk;
	uint64_t value;

	if (s->lies || !follow_word(f, h->addr + s->offset, &value) || !value)
		return CHUNK_NONE;
	chunk = finder_find(&f->finder, value);
	if (chunk == CHUNK_NONE || f->snap->chunk[chunk].addr != value ||
	    f->snap->chunk[chunk].state != CHUNK_USED)
		return CHUNK_NONE;
	return chunk;
}

static bool is_unknown(const struct follow *f, uint32_t chunk)
{
	return !f->p->node[chunk] && !f->t->type[chunk] &&
	       f->t->by[chunk] == TYPED_NOT &&
	       !u64map_get(&f->inner_of, chunk, NULL);
}

/* What is told of that object's value; told[0]: nothing can be.  The pointer
 * is good until the next call. */
static int told_of(struct payloads *p, const struct held *h, uint32_t spot,
		   struct told **out, struct error *err)
{
	struct spot *s = &p->spot[spot];
	uint64_t value = tag_value(p->f, h->addr + s->tag.offset, s->tag.size,
				   s->tag.bit_offset, s->tag.bit_size);
	uint64_t *index;

	*out = &p->told[0];
	if (s->lies || (s->tag.type->kind == TYPE_POINTER &&
			!u64map_get(&p->f->variables, value, NULL)))
		return 0;
	index = u64map_at(&p->value, node_mix(node_mix(spot, 1), value), err);
	if (!index)
		return -1;
	if (!*index) {
		s->lies = ++s->values > VALUES_MAX;
		if (GROW(p->told, p->told_cap, p->tolds + 1, "tags", err))
			return -1;
		p->told[p->tolds] = (struct told){.spot = spot};
		*index = p->tolds++;
	}
	*out = &p->told[*index];
	return 0;
}

/* It is one of the pointers that the union has. */
static bool is_arm(const struct follow *f, const struct spot *s, uint32_t node)
{
	const struct node *arms = &f->p->nodes.node[s->arms];

	for (size_t i = 0; s->arms && i < arms->slots; i++)
		if (arms->slot[i].kind == SLOT_POINTER &&
		    !arms->slot[i].offset && arms->slot[i].node == node)
			return true;
	return !s->arms;
}

static int know(struct payloads *p, const struct spot *s, struct told *told,
		uint32_t chunk, struct error *err)
{
	const struct follow *f = p->f;
	uint32_t node = f->p->node[chunk];
	uint64_t *same;

	told->all++;
	if (!node || f->t->by[chunk] < TYPED_TAG ||
	    f->p->form[chunk] != FORM_ONE || f->p->skip[chunk] ||
	    f->p->nodes.node[node].kind != NODE_STRUCT || !is_arm(f, s, node))
		return 0;
	told->structs++;
	same = u64map_at(&p->same, node_mix((uint64_t)(told - p->told), node),
			 err);
	if (!same)
		return -1;
	if (++*same > told->known) {
		told->known = *same;
		told->node = node;
	}
	return 0;
}

/* More than what old pointers lead to. */
static bool is_much(uint64_t some, uint64_t all)
{
	return some * TAG_OLD_SHARE > all;
}

/* What the known ones tell. */
static void learn(struct payloads *p)
{
	for (size_t i = 1; i < p->tolds; i++) {
		struct told *told = &p->told[i];
		struct spot *s = &p->spot[told->spot];

		s->lies |= is_much(told->structs - told->known, told->all);
		told->misfit = is_much(told->all - told->known, told->all);
		if (told->known < SEVERAL)
			continue;
		s->differ |= s->telling++ && s->first != told->node;
		s->first = told->node;
	}
}

static int count(struct payloads *p, const struct held *h, struct error *err)
{
	struct spots spots;

	if (spots_of(p, h->node, &spots, err))
		return -1;
	for (uint32_t i = spots.first; i < spots.first + spots.count; i++) {
		uint32_t chunk = target_of(p, h, &p->spot[i]);
		struct told *told;

		if (chunk == CHUNK_NONE || is_unknown(p->f, chunk))
			continue;
		if (told_of(p, h, i, &told, err))
			return -1;
		if (told != &p->told[0] &&
		    know(p, &p->spot[i], told, chunk, err))
			return -1;
	}
	return 0;
}

/* Does it tell more than one value from another, and this one too? */
static bool tells(const struct payloads *p, uint32_t spot,
		  const struct told *told)
{
	const struct spot *s = &p->spot[spot];

	return told != &p->told[0] && !s->lies && s->differ && !told->misfit &&
	       told->known >= SEVERAL;
}

/* -1 with err, else 0 or 1. */
static int can_be(struct follow *f, uint32_t chunk, uint32_t node,
		  struct error *err)
{
	const struct chunk *c = &f->snap->chunk[chunk];
	enum fit fit;

	if (fit_of(f, chunk, node, &fit, err))
		return -1;
	return fit == FIT_ONE &&
	       fit_plausible(f, node, c->addr, c->addr + c->size);
}

static int fits(struct payloads *p, const struct held *h, struct error *err)
{
	struct spots spots;

	if (spots_of(p, h->node, &spots, err))
		return -1;
	for (uint32_t i = spots.first; i < spots.first + spots.count; i++) {
		uint32_t chunk = target_of(p, h, &p->spot[i]);
		struct told *told;
		int can;

		if (chunk == CHUNK_NONE || !is_unknown(p->f, chunk))
			continue;
		if (told_of(p, h, i, &told, err))
			return -1;
		if (!tells(p, i, told))
			continue;
		can = can_be(p->f, chunk, told->node, err);
		if (can < 0)
			return -1;
		told->open++;
		told->bad += !can;
	}
	return 0;
}

/* And are those that are not known like that, too? */
static bool holds(const struct payloads *p, uint32_t spot,
		  const struct told *told)
{
	return tells(p, spot, told) && !is_much(told->bad, told->open);
}

static int note(struct payloads *p, const struct held *h, const struct spot *s,
		struct told *told, struct error *err)
{
	struct paths *paths = p->f->p;
	const struct node *node = paths->nodes.node;
	struct strbuf sb = {0};

	if (told->proof)
		return 0;
	if (tag_proofs(p->f, err) ||
	    GROW(paths->proof, paths->proof_cap, paths->proofs + 1,
		 "proofs of types", err))
		return -1;
	strbuf_addf(&sb,
		    "the pointer at +%" PRIu64
		    " of %s leads to anything; where %s is as here, it leads "
		    "to %s in %s%" PRIu64
		    " others that are known, to other types elsewhere, and "
		    "what is not known fits",
		    s->offset, node[h->node].name, s->tag.name,
		    node[told->node].name,
		    told->known == told->all ? "all " : "", told->known);
	if (told->bad)
		strbuf_addf(&sb, ", but for %" PRIu64 " of %" PRIu64, told->bad,
			    told->open);
	paths->proof[paths->proofs++] = strbuf_take(&sb);
	told->proof = (uint32_t)paths->proofs;
	return 0;
}

/* Another tag beside the same pointer tells something else. */
static int disagree(struct payloads *p, const struct held *h,
		    struct spots spots, uint32_t spot, uint32_t node, bool *out,
		    struct error *err)
{
	*out = false;
	for (uint32_t i = spots.first; i < spots.first + spots.count; i++) {
		struct told *told;

		if (p->spot[i].offset != p->spot[spot].offset)
			continue;
		if (told_of(p, h, i, &told, err))
			return -1;
		*out |= holds(p, i, told) && told->node != node;
	}
	return 0;
}

static int assign(struct payloads *p, const struct held *h, struct error *err)
{
	struct spots spots;
	bool other;
	int can;

	if (spots_of(p, h->node, &spots, err))
		return -1;
	for (uint32_t i = spots.first; i < spots.first + spots.count; i++) {
		uint32_t chunk = target_of(p, h, &p->spot[i]);
		struct told *told;

		if (chunk == CHUNK_NONE || !is_unknown(p->f, chunk))
			continue;
		if (told_of(p, h, i, &told, err))
			return -1;
		if (!holds(p, i, told))
			continue;
		can = told->bad ? can_be(p->f, chunk, told->node, err) : 1;
		if (can < 0)
			return -1;
		if (!can)
			continue;
		if (disagree(p, h, spots, i, told->node, &other, err))
			return -1;
		if (other)
			continue;
		if (note(p, h, &p->spot[i], told, err))
			return -1;
		p->f->found = true;
		p->f->link = (struct typed_link){
			.from = h->from,
			.offset = (uint32_t)(h->base + p->spot[i].offset)};
		if (follow_tagged(p->f, chunk, told->node, true, err))
			return -1;
		p->f->p->proven[chunk] = told->proof;
	}
	return 0;
}

static int each_new(struct payloads *p, const struct follow_news *news,
		    held_fn *fn, struct error *err)
{
	for (size_t i = news->chunk; i < news->chunks; i++)
		if (each_of(p, p->f->assigned[i], fn, err))
			return -1;
	for (size_t i = news->claim; i < news->claims; i++)
		if (each_claim(p, (uint32_t)i, fn, err))
			return -1;
	return 0;
}

/* What was told leads on, and by what was learned that is told, too. */
static int tell_news(void *ctx, const struct follow_news *news,
		     struct error *err)
{
	struct payloads *p = ctx;

	return each_new(p, news, fits, err) || each_new(p, news, assign, err)
		       ? -1
		       : 0;
}

int follow_payloads(struct follow *f, struct error *err)
{
	struct payloads p = {.f = f};
	int ret = GROW(p.told, p.told_cap, 1, "tags", err);
	struct follow_news news;

	follow_watch(f, &news);
	if (!ret) {
		p.told[p.tolds++] = (struct told){0};
		ret = tag_variables(f, err) || each(&p, count, err);
		learn(&p);
		ret = ret || each(&p, fits, err) || each(&p, assign, err) ||
		      follow_on(f, &news, tell_news, &p, err);
	}
	follow_unwatch(f);
	free(p.told);
	for (size_t i = 0; i < p.count; i++)
		free(p.spot[i].tag.name);
	free(p.spot);
	u64map_deinit(&p.of);
	u64map_deinit(&p.value);
	u64map_deinit(&p.same);
	return ret ? -1 : 0;
}
