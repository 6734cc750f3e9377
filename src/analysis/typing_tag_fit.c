/*
 * Could all blocks of a group be a struct?  Each must have its size, and every
 * pointer that the struct has must be null in it, or lead to what it should.
 * But programs leave members unwritten until they need them, and what was in
 * the memory before is there: one such block among many is no evidence against
 * the others, and is itself not told to be the struct.  Where a member leads to
 * what it should in more blocks than not, it is no chance that the struct has
 * it: in the others it was not written yet, and these are the struct, too, if
 * another pointer is in them.  Where it leads nowhere, that is: pointers to
 * other things are evidence.
 */
#include "analysis/typing_fit.h"
#include "analysis/typing_outside.h"
#include "analysis/typing_tags.h"

enum {
	LOOK_POINTERS = 64, /* of a block, that are not null */
	LOOK_NULLS = 256,   /* of an array in it */
	WRONG_SHARE = 8,    /* more that do not fit: no need to go on */
	RIGHT_LEAST = 8,    /* blocks show that a member is there */
	TAKEN_TIMES = 4,    /* ... less often it leads to what is used */
	SLOTS = 32,	    /* of a struct; all others count as the last */
	WORD = 8,	    /* bytes of a number that may be a pointer */
	NESTED_MAX = 8,
	NEVER_SHARE = 4, /* so many with pointers where none can be */
	LOOK_OTHER = 256 /* blocks, for pointers that are in other places */
};

enum leads {
	LEADS_WRONG, /* to what is something else */
	LEADS_OLD,   /* nowhere, as what was there before the block may */
	LEADS_MAYBE, /* nothing speaks against it */
	LEADS_RIGHT  /* to what has that type or just its size, to code */
};

enum room {
	ROOM_NOT,
	ROOM_MORE,
	ROOM_OPEN, /* in no chunk: nothing tells */
	ROOM_LOOSE,
	ROOM_WHOLE
};

struct look { /* at one block as a node */
	struct follow *f;
	const struct node *node;
	uint64_t addr, end; /* of what there is of the chunk */
	uint64_t base;	    /* T's size: what is behind it counts */
	unsigned looked;
	unsigned agree; /* pointers behind T that lead as they should */
	unsigned may;	/* ... as they may */
	/* A bit each slot that led so; taken: wrong to what is something else.
	 */
	uint32_t right, wrong, taken;
};

/* Of the blocks of a group: */
struct slots_seen {
	size_t right[SLOTS]; /* in which it leads as it should */
	size_t wrong[SLOTS]; /* in which nothing else leads wrong */
	size_t taken[SLOTS]; /* of these */
	size_t late;	     /* the sum of wrong */
};

static enum room room_of(const struct follow *f, const struct tag_place *place,
			 const struct node *node)
{
	const struct chunk *c = follow_block(f, place->chunk);
	uint64_t room = c->size - place->at;

	if (follow_is_area(f, place->chunk))
		return node->size && outside_size(node) <= room ? ROOM_OPEN
								: ROOM_NOT;
	if (node->flex)
		return node->flex <= room ? ROOM_WHOLE : ROOM_NOT;
	if (!node->size || node->size > room)
		return ROOM_NOT;
	if (place->at ? room - node->size < FIT_ROUNDING
		      : fit_exact(f, place->chunk, node->size))
		return ROOM_WHOLE;
	/* What malloc would have split off was no chunk. */
	if (node->size * 2 > room &&
	    room - node->size < FIT_ROUNDING + 2 * f->snap->word)
		return ROOM_LOOSE;
	return ROOM_MORE;
}

bool tag_whole(struct follow *f, const struct tag_place *place, uint32_t node)
{
	return room_of(f, place, &f->p->nodes.node[node]) >= ROOM_LOOSE;
}

static bool is_code(const struct follow *f, uint64_t value)
{
	const struct span *span = span_find(f->snap, value);

	return span && span->kind == PLACE_CODE &&
	       f->snap->maps.map[span->map].prot & MAP_X;
}

/* Where no chunk is: data of a module, a stack; the end of an array. */
static enum leads leads_elsewhere(const struct follow *f, uint64_t value)
{
	const struct span *span = span_find(f->snap, value);
	uint32_t chunk = finder_find(&f->finder, value - 1);

	if (chunk != CHUNK_NONE && f->snap->chunk[chunk].state == CHUNK_USED)
		return LEADS_MAYBE;
	if (!span || span->kind == PLACE_NONE || span->kind == PLACE_HEAP)
		return LEADS_OLD;
	return is_code(f, value) ? LEADS_WRONG : LEADS_MAYBE;
}

static enum leads leads_inside(const struct follow *f, uint32_t chunk,
			       uint64_t at, uint32_t to)
{
	const struct node *node = &f->p->nodes.node[to];
	uint64_t size = follow_block(f, chunk)->size;

	if (u64map_get(&f->seen, follow_key(f, chunk, to, at), NULL))
		return LEADS_RIGHT;
	/* The end of an array may be pointed at, with nothing behind it. */
	if (node->kind >= NODE_STRUCT && at + node->size > size &&
	    !node->flex && node->size && at % node->size)
		return LEADS_WRONG;
	return LEADS_MAYBE;
}

/* To the start of a chunk of which nothing is known. */
static int leads_unknown(struct follow *f, uint32_t chunk, uint32_t to,
			 enum leads *out, struct error *err)
{
	enum fit fit;

	if (fit_of(f, chunk, to, &fit, err))
		return -1;
	*out = fit == FIT_NOT	? LEADS_WRONG
	       : fit == FIT_ONE ? LEADS_RIGHT
				: LEADS_MAYBE;
	return 0;
}

/* What the chunk begins with has a tag that no such node has. */
static bool has_other_tag(struct follow *f, uint32_t chunk, uint32_t to)
{
	const struct tag_told *told;
	uint64_t index, value;

	if (!u64map_get(&f->told_of, f->p->node[chunk], &index))
		return false;
	told = &f->told[index - 1];
	value = tag_value(f, f->snap->chunk[chunk].addr + told->offset,
			  told->size, told->bit_offset, told->bit_size);
	return tag_is_of_others(&told->known, to, value);
}

static enum leads leads_known(struct follow *f, uint32_t chunk, uint32_t to)
{
	uint32_t have = f->p->node[chunk];
	struct nodes *nodes = &f->p->nodes;
	const struct node *n = &nodes->node[to];

	if (have == to || node_has(nodes, have, 0, to) ||
	    node_begins(nodes, have, to))
		return LEADS_RIGHT;
	if (nodes->node[have].kind < NODE_STRUCT || n->kind < NODE_STRUCT)
		return LEADS_MAYBE;
	if (f->p->form[chunk] != FORM_BEGINS || !node_begins(nodes, to, have) ||
	    has_other_tag(f, chunk, to))
		return LEADS_WRONG;
	if (n->flex)
		return LEADS_MAYBE;
	if (n->size > f->snap->chunk[chunk].size)
		return LEADS_WRONG;
	return fit_exact(f, chunk, n->size) ? LEADS_RIGHT : LEADS_MAYBE;
}

static int leads(struct follow *f, const struct slot *s, uint64_t value,
		 enum leads *out, struct error *err)
{
	uint32_t chunk = follow_find(f, value);
	uint64_t at;

	*out = LEADS_MAYBE;
	if (s->code) {
		*out = is_code(f, value) ? LEADS_RIGHT : LEADS_WRONG;
		return 0;
	}
	if (chunk == CHUNK_NONE) {
		*out = leads_elsewhere(f, value);
		return 0;
	}
	at = value - follow_block(f, chunk)->addr;
	if (follow_block(f, chunk)->state != CHUNK_USED)
		*out = LEADS_OLD;
	else if (s->node && f->p->node[chunk] && at == f->p->skip[chunk])
		*out = leads_known(f, chunk, s->node);
	else if (s->node && at)
		*out = leads_inside(f, chunk, at, s->node);
	else if (s->node && !f->p->node[chunk])
		return leads_unknown(f, chunk, s->node, out, err);
	return 0;
}

/* bit: of the slot, in what led right or wrong. */
static int look_slot(struct look *l, const struct slot *s, uint64_t base,
		     uint32_t bit, struct error *err)
{
	struct follow *f = l->f;
	enum leads to;

	if (s->kind != SLOT_POINTER)
		return 0;
	for (uint64_t n = 0; n < s->count; n++) {
		uint64_t at = base + s->offset + n * s->stride, value;

		if (l->addr + at + f->snap->word > l->end ||
		    l->looked > LOOK_POINTERS || n == LOOK_NULLS)
			return 0;
		if (!follow_word(f, l->addr + at, &value)) {
			l->wrong = UINT32_MAX;
			return 0;
		}
		if (!value)
			continue;
		l->looked++;
		if (leads(f, s, value, &to, err))
			return -1;
		if (to == LEADS_WRONG)
			l->taken |= bit;
		if (to <= LEADS_OLD) {
			l->wrong |= bit;
			return 0;
		}
		if (to == LEADS_RIGHT)
			l->right |= bit;
		l->agree += to == LEADS_RIGHT && at >= l->base;
		l->may += at >= l->base;
	}
	return 0;
}

/* No more than one slot leads wrong: what else there is may speak for it. */
static bool may_be_late(const struct look *l)
{
	return !(l->wrong & (l->wrong - 1));
}

/* Elements behind the end, as far as malloc's rounding has not made them. */
static int look_open(struct look *l, uint32_t element, uint64_t start,
		     struct error *err)
{
	static const uint32_t last = UINT32_C(1) << (SLOTS - 1);
	uint64_t size = l->f->p->nodes.node[element].size;

	if (!element || !size)
		return 0;
	for (uint64_t at = start;
	     !(l->wrong & last) && l->looked < LOOK_POINTERS &&
	     l->addr + at + size + FIT_ROUNDING <= l->end;
	     at += size) {
		const struct node *n = &l->f->p->nodes.node[element];
		const struct slot *slot = n->slot;
		size_t slots = n->slots;

		l->looked++;
		for (size_t i = 0;
		     n->kind != NODE_UNION && i < slots && !(l->wrong & last);
		     i++)
			if (look_slot(l, &slot[i], at, last, err))
				return -1;
	}
	return 0;
}

/* Has the struct a pointer at that offset, or a union, where one may be? */
static bool has_slot(const struct node *node, uint64_t offset)
{
	for (size_t i = 0; i < node->slots; i++) {
		const struct slot *s = &node->slot[i];

		if (offset >= s->offset &&
		    offset < s->offset + s->count * s->stride)
			return true;
	}
	return node->flex && node->flex_node && offset >= node->flex;
}

/* May the word at that offset of a type be anything: a number as large, bytes?
 * What is smaller than a pointer is none. */
static bool is_free(struct type *type, uint64_t offset, unsigned depth)
{
	const struct member *m;
	size_t n;

	type = type_strip(type);
	while (type->kind == TYPE_ARRAY) {
		type = type_strip(type_target(type));
		if (type_size(type) <= 1)
			return true;
		offset %= type_size(type);
	}
	if (type->kind != TYPE_STRUCT)
		return type->kind == TYPE_UNION ||
		       type->kind >= TYPE_FUNCTION ||
		       (type->kind == TYPE_INT && type_size(type) >= WORD &&
			!offset);
	n = type_members(type, &m);
	for (size_t i = 0; i < n && depth < NESTED_MAX; i++) {
		uint64_t size = type_size(m[i].type);

		if (!m[i].bit_size && offset >= m[i].offset &&
		    offset - m[i].offset < size)
			return is_free(m[i].type, offset - m[i].offset,
				       depth + 1);
	}
	return false;
}

enum other {
	OTHER_NOT,
	OTHER_FREE,  /* where a number or bytes may hide it */
	OTHER_NEVER, /* where none can be */
};

/* Where it has none, or behind it, is there a pointer to the start of a chunk?
 */
static enum other has_other(const struct look *l, bool behind)
{
	unsigned word = l->f->snap->word;
	uint64_t end =
		l->node->flex || behind ? l->end - l->addr : l->node->size;
	uint64_t own = l->node->flex ? l->node->flex : l->node->size;
	enum other found = OTHER_NOT;

	for (uint64_t at = (l->base + word - 1) / word * word;
	     at + word <= end && found != OTHER_NEVER; at += word) {
		uint64_t value;
		uint32_t chunk;

		if (has_slot(l->node, at) ||
		    !follow_word(l->f, l->addr + at, &value))
			continue;
		chunk = finder_find(&l->f->finder, value);
		if (chunk == CHUNK_NONE ||
		    l->f->snap->chunk[chunk].addr != value ||
		    l->f->snap->chunk[chunk].state != CHUNK_USED)
			continue;
		found = at < own && !is_free(l->node->type, at, 0) ? OTHER_NEVER
								   : OTHER_FREE;
	}
	return found;
}

bool tag_number_leads(struct follow *f, const struct tag_place *place,
		      uint32_t node)
{
	const struct chunk *c = follow_block(f, place->chunk);
	struct look l = {.f = f,
			 .node = &f->p->nodes.node[node],
			 .addr = c->addr + place->at,
			 .end = c->addr + c->size};

	return has_other(&l, false) != OTHER_NOT;
}

/* Its pointers, and where they lead: l->right and l->wrong. */
static int look_block(struct look *l, struct error *err)
{
	const struct node *node = l->node;

	for (size_t i = 0; i < node->slots && may_be_late(l); i++)
		if (look_slot(l, &node->slot[i], 0,
			      UINT32_C(1) << (i < SLOTS ? i : SLOTS - 1), err))
			return -1;
	if (!node->flex || !may_be_late(l))
		return 0;
	return node_lay(&l->f->p->nodes, node->flex_node, err) ||
			       look_open(l, node->flex_node, node->flex, err)
		       ? -1
		       : 0;
}

static void count_slots(const struct look *l, struct slots_seen *seen)
{
	seen->late += l->may && l->wrong && may_be_late(l);
	for (unsigned i = 0; i < SLOTS; i++) {
		seen->right[i] += l->right >> i & 1;
		if (!l->may || l->wrong != UINT32_C(1) << i)
			continue;
		seen->wrong[i]++;
		seen->taken[i] += l->taken != 0;
	}
}

/* *wrong: a bit each slot that leads wrong, all if the block is not late. */
static int look_place(struct follow *f, const struct tag_group *group,
		      const struct tag_place *place, uint32_t number,
		      struct tag_fit *out, struct slots_seen *seen,
		      uint32_t *wrong, struct error *err)
{
	const struct chunk *c = follow_block(f, place->chunk);
	/* What is looked at may have others laid out, and move the nodes. */
	struct node node = f->p->nodes.node[number];
	struct look l = {.f = f,
			 .node = &node,
			 .addr = c->addr + place->at,
			 .end = c->addr + c->size,
			 .base = f->p->nodes.node[group->family->node].size};

	if (follow_is_area(f, place->chunk))
		l.end = l.addr + outside_size(&node);
	if (look_block(&l, err))
		return -1;
	count_slots(&l, seen);
	*wrong = l.wrong;
	if (l.wrong && !(l.may && may_be_late(&l)))
		*wrong = UINT32_MAX;
	if (l.wrong)
		return 0;
	out->good++;
	out->lead += l.may > 0;
	out->agree += l.agree > 0;
	out->agree_much += l.agree > 1;
	if (out->looked < LOOK_OTHER) {
		bool behind = room_of(f, place, &node) == ROOM_MORE;
		enum other other = has_other(&l, behind);

		out->looked++;
		out->other += other != OTHER_NOT;
		out->never += other == OTHER_NEVER;
	}
	return 0;
}

int tag_fits(struct follow *f, const struct tag_group *group,
	     const struct tag_place *place, uint32_t node, uint32_t late,
	     struct error *err)
{
	struct slots_seen seen = {0};
	struct tag_fit fit = {0};
	uint32_t wrong;

	if (room_of(f, place, &f->p->nodes.node[node]) == ROOM_NOT)
		return 0;
	if (look_place(f, group, place, node, &fit, &seen, &wrong, err))
		return -1;
	return !(wrong & ~late);
}

/* The members that are right in most blocks may have been written late in the
 * others. */
static void forgive(const struct slots_seen *seen, struct tag_fit *out)
{
	for (unsigned i = 0; i < SLOTS; i++) {
		if (!seen->wrong[i] || seen->right[i] < RIGHT_LEAST ||
		    seen->right[i] <= seen->wrong[i] ||
		    seen->right[i] < TAKEN_TIMES * seen->taken[i])
			continue;
		out->late |= UINT32_C(1) << i;
		out->good += seen->wrong[i];
	}
}

int tag_fit(struct follow *f, const struct tag_group *group, uint32_t node,
	    bool all, struct tag_fit *out, struct error *err)
{
	size_t may = group->unknown / (all ? TAG_OLD_SHARE : WRONG_SHARE);
	size_t loose = 0, wrong = 0, open = 0;
	struct slots_seen seen = {0};
	uint32_t slots;

	*out = (struct tag_fit){.whole = true};
	if (node_lay(&f->p->nodes, node, err))
		return -1;
	/* Sizes first: they cost nothing. */
	for (size_t i = 0; i < group->unknown; i++) {
		enum room room =
			room_of(f, &group->place[i], &f->p->nodes.node[node]);

		wrong += room == ROOM_NOT;
		loose += room == ROOM_LOOSE;
		open += room == ROOM_OPEN;
		out->whole &= room >= ROOM_OPEN;
		if (wrong > (all ? 0 : may))
			return 0;
	}
	out->open = out->whole && open == group->unknown;
	if (loose * 2 > group->unknown || out->open)
		out->whole = false;
	for (size_t i = 0; i < group->unknown; i++) {
		if (room_of(f, &group->place[i], &f->p->nodes.node[node]) ==
		    ROOM_NOT)
			continue;
		if (look_place(f, group, &group->place[i], node, out, &seen,
			       &slots, err))
			return -1;
		if (seen.late * 2 > group->unknown ||
		    i + 1 - out->good - seen.late > may)
			return 0;
	}
	forgive(&seen, out);
	out->fits = out->good + may >= group->unknown &&
		    out->never * NEVER_SHARE <= out->looked;
	return 0;
}
