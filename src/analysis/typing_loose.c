/*
 * Objects outside of the heap that no pointer with a type leads to.  Words of
 * which no type is known, in what is current, lead to them: numbers that are
 * addresses (the links of python's collector), tables of bytes.  Such a word is
 * believed where the object behind it, or behind a small header, begins as all
 * do that a pointer tells apart: it points at a variable that stands for a type
 * (typing_tags.h).  From there its own words lead on, those of its header too.
 *
 * What a freed slot still has is not looked at, as long as nothing current
 * leads there; nor is it an object if an allocator has written the address of
 * the next free slot into it.
 */
#include <stdlib.h>

#include "analysis/typing_fit.h"
#include "analysis/typing_outside.h"
#include "analysis/typing_tags.h"
#include "analysis/words.h"
#include "base/alloc.h"
#include "snapshot/roots.h"

enum {
	HEADER_MAX = 16, /* bytes before an object that lead to it */
	TYPES_OF_TYPES = 4,
	NOT_ZERO = 16 /* so many that are never 0: it is none that is */
};

/* What objects begin with. */
struct base {
	uint32_t node, to; /* of the struct; of what its tag points at */
	uint64_t offset;   /* of the tag */
	bool never_zero;   /* its first word is a number, and not 0 */
	bool own;	   /* what its tag points at begins so as well */
};

struct loose {
	struct follow *f;
	struct base *base; /* owned */
	size_t bases, base_cap;
	uint64_t low, high; /* all areas are in [low, high) */
	struct pieces pieces;
};

/* Or may there be one? */
static bool is_pointer_at(const struct node *node, uint64_t offset)
{
	for (size_t i = 0; i < node->slots; i++) {
		const struct slot *s = &node->slot[i];

		if (offset >= s->offset &&
		    offset < s->offset + s->count * s->stride)
			return true;
	}
	return false;
}

/* Of those that pointers lead to, the first word is a number and never 0. */
static bool is_never_zero(const struct follow *f, uint32_t node)
{
	unsigned n = 0;

	if (is_pointer_at(&f->p->nodes.node[node], 0))
		return false;
	for (size_t i = 0; i < f->p->claims && n < NOT_ZERO; i++) {
		const struct typed_claim *c = &f->p->claim[i];
		uint64_t value;

		if (c->node != node || c->against || c->link.from == FROM_NONE)
			continue;
		if (!follow_word(f, follow_block(f, c->chunk)->addr + c->at,
				 &value) ||
		    !value)
			return false;
		n++;
	}
	return n == NOT_ZERO;
}

/* What begins with another that has the same tag is told from that by it. */
static bool is_first(const struct follow *f, uint32_t node, uint64_t tag)
{
	uint64_t other, others_tag;
	size_t it = 0;

	while (u64map_next(&f->pointer_of, &it, &other, &others_tag))
		if (other != node && others_tag == tag &&
		    node_begins(&f->p->nodes, node, (uint32_t)other))
			return false;
	return true;
}

static int find_bases(struct loose *l, struct error *err)
{
	struct follow *f = l->f;
	uint64_t node, tag;
	size_t it = 0;

	while (u64map_next(&f->pointer_of, &it, &node, &tag)) {
		if (!is_first(f, (uint32_t)node, tag))
			continue;
		if (GROW(l->base, l->base_cap, l->bases + 1, "types", err))
			return -1;
		l->base[l->bases++] = (struct base){
			.node = (uint32_t)node,
			.to = (uint32_t)tag,
			.offset = tag >> 32,
			.never_zero = is_never_zero(f, (uint32_t)node),
			.own = node_begins(&f->p->nodes, (uint32_t)tag,
					   (uint32_t)node)};
	}
	return 0;
}

/* Is there what stands for a type: a variable, or a block that is what the
 * variables are, behind a small header, and has a type as they have? */
static bool is_type(const struct loose *l, const struct base *b, uint64_t value,
		    unsigned depth)
{
	const struct follow *f = l->f;
	const struct chunk *c;
	uint64_t root, at;
	uint32_t chunk;

	if (u64map_get(&f->variables, value, &root))
		return f->p->root[root - 1].node == b->to;
	chunk = finder_find(&f->finder, value);
	if (chunk == CHUNK_NONE || depth == TYPES_OF_TYPES || !b->own)
		return false;
	c = &f->snap->chunk[chunk];
	at = value - c->addr;
	return c->state == CHUNK_USED && at <= HEADER_MAX &&
	       at % f->snap->word == 0 &&
	       at + f->p->nodes.node[b->to].size <= c->size &&
	       follow_word(f, value + b->offset, &value) &&
	       is_type(l, b, value, depth + 1);
}

/* It begins so, and what is no pointer is no address. */
static bool is_object(const struct loose *l, const struct base *b,
		      uint32_t area, uint64_t addr)
{
	struct follow *f = l->f;
	const struct node *node = &f->p->nodes.node[b->node];
	const struct chunk *c = follow_block(f, area);
	uint64_t value;

	if (addr + node->size > c->addr + c->size ||
	    !follow_word(f, addr + b->offset, &value) || !value)
		return false;
	if (!is_type(l, b, value, 0))
		return false;
	for (uint64_t at = 0; at + f->snap->word <= node->size;
	     at += f->snap->word) {
		if (is_pointer_at(node, at))
			continue;
		if (!follow_word(f, addr + at, &value) ||
		    (!at && !value && b->never_zero) ||
		    follow_find(f, value) != CHUNK_NONE)
			return false;
	}
	return fit_plausible(f, b->node, addr, addr + node->size);
}

/* What lies at addr is an object, by a word that is the address of start. */
static int take(struct loose *l, const struct base *b, uint64_t start,
		uint64_t addr, uint64_t from, struct error *err)
{
	struct follow *f = l->f;
	uint32_t area = paths_area(f->p, addr);
	uint64_t at = addr - follow_block(f, area)->addr;
	uint64_t *header = u64map_at(&f->outside.header, start, err);

	if (!header)
		return -1;
	if (start < addr && !*header &&
	    outside_look_at(&f->outside, start, addr, err))
		return -1;
	*header = 1;
	if (u64map_get(&f->seen, follow_key(f, area, b->node, at), NULL) ||
	    !outside_free(f, area, b->node, at) || f->p->cut)
		return 0;
	f->found = true;
	f->link = (struct typed_link){.from = FROM_NONE};
	return u64map_put(&f->p->led, addr, from, err) ||
			       follow_inner(f, area, b->node, at, err)
		       ? -1
		       : 0;
}

static int try_word(struct loose *l, uint64_t value, uint64_t from,
		    struct error *err)
{
	unsigned word = l->f->snap->word;
	uint32_t area;

	if (value - l->low >= l->high - l->low || value % word)
		return 0;
	area = paths_area(l->f->p, value);
	if (area == CHUNK_NONE)
		return 0;
	for (uint64_t skip = 0; skip <= HEADER_MAX; skip += word)
		for (size_t i = 0; i < l->bases; i++)
			if (is_object(l, &l->base[i], area, value + skip))
				return take(l, &l->base[i], value, value + skip,
					    from, err);
	return 0;
}

static int look_at(struct loose *l, uint64_t start, uint64_t end,
		   struct error *err)
{
	unsigned word = l->f->snap->word;
	const uint8_t *bytes;
	uint64_t addr, len;

	pieces_begin(&l->pieces, l->f->snap->contents, start, end);
	while ((bytes = pieces_next(&l->pieces, PIECES_STEP, &addr, &len))) {
		for (uint64_t i = -addr & (word - 1); i + word <= len;
		     i += word)
			if (try_word(l, load_word(bytes + i, word), addr + i,
				     err))
				return -1;
		if (pieces_tick(&l->pieces, len, "looking for objects", err))
			return -1;
	}
	return 0;
}

/* Chunks in use and live roots, but for the areas themselves. */
static int look_at_all(struct loose *l, struct error *err)
{
	const struct snapshot *snap = l->f->snap;
	unsigned classes =
		1u << ROOT_STACK | 1u << ROOT_GLOBAL | 1u << ROOT_TLS;
	struct roots roots;
	int ret = 0;

	if (roots_make(snap, classes, &roots, err))
		return -1;
	for (size_t i = 0; i < roots.count && !ret; i++)
		if (!roots.range[i].stale)
			ret = look_at(l, roots.range[i].start,
				      roots.range[i].end, err);
	roots_deinit(&roots);
	for (uint32_t i = 0; i < snap->chunk_count && !ret; i++) {
		const struct chunk *c = &snap->chunk[i];

		if (c->state == CHUNK_USED)
			ret = look_at(l, c->addr, c->addr + c->size, err);
	}
	return ret;
}

static int run(struct loose *l, struct error *err)
{
	struct outside *o = &l->f->outside;
	const struct paths *p = l->f->p;

	if (tag_variables(l->f, err) || find_bases(l, err))
		return -1;
	if (!l->bases)
		return 0;
	l->low = p->area[0].addr;
	l->high = p->area[p->areas - 1].addr + p->area[p->areas - 1].size;
	/* With one more, all words may tell more. */
	if (o->bases != l->bases) {
		o->bases = l->bases;
		o->looked = 0;
		if (look_at_all(l, err))
			return -1;
	}
	while (o->looked < o->looks) {
		struct outside_words w = o->look[o->looked++];

		if (look_at(l, w.start, w.end, err))
			return -1;
	}
	return 0;
}

int follow_loose(struct follow *f, struct error *err)
{
	struct loose l = {.f = f};
	int ret = f->p->areas ? run(&l, err) : 0;

	free(l.base);
	return ret;
}
