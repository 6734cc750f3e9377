#include "analysis/typing_fit.h"

enum {
	BASE_OF = 4,	     /* so many begin with it: it is there to be */
	LOOK_ELEMENTS = 64,  /* of an array are looked at */
	LOOK_POINTERS = 256, /* of an object */
	NESTED_MAX = 16
};

bool fit_exact(const struct follow *f, uint32_t chunk, uint64_t size)
{
	const struct chunk *c = &f->snap->chunk[chunk];
	uint64_t slack = c->size - size;

	if (size > c->size)
		return false;
	/* The smallest chunk is given for any smaller size. */
	if (c->size <= 3 * f->snap->word)
		return true;
	if (c->arena == ARENA_MMAPPED)
		return slack < 4096 + FIT_ROUNDING;
	return slack < FIT_ROUNDING;
}

/* Some struct that begins with node is just as large as the chunk. */
static bool has_larger(struct follow *f, uint32_t chunk, uint64_t skip,
		       uint32_t number, unsigned depth)
{
	const struct node *node = &f->p->nodes.node[number];

	for (size_t i = 0; i < node->mores; i++) {
		uint32_t more = node->more[i];
		const struct node *m = &f->p->nodes.node[more];

		if (m->size > node->size && fit_exact(f, chunk, skip + m->size))
			return true;
		/* Its size is open: laid only if somebody pointed at it. */
		if (m->flex && skip + m->flex <= f->snap->chunk[chunk].size)
			return true;
		if (depth < NESTED_MAX &&
		    has_larger(f, chunk, skip, more, depth + 1))
			return true;
	}
	return false;
}

/* What others begin with is mostly a part of one of these: of a list's links,
 * and of what all objects have, there are no arrays. */
static bool is_base(const struct node *node)
{
	return node->mores && (node->linked || node->mores >= BASE_OF);
}

/* It points at what lies behind it in the chunk: that was allocated with it,
 * and is something else. */
static bool has_tail(struct follow *f, const struct chunk *c, uint32_t number)
{
	const struct node *node = &f->p->nodes.node[number];

	for (size_t i = 0; i < node->slots; i++) {
		const struct slot *s = &node->slot[i];
		uint64_t value;

		if (s->kind == SLOT_POINTER && s->node != number &&
		    follow_word(f, c->addr + s->offset, &value) &&
		    value >= c->addr + node->size && value < c->addr + c->size)
			return true;
	}
	return false;
}

/* Nothing was written there: of what was not used, no type is told. */
static bool is_zero(const struct follow *f, uint64_t addr, uint64_t size)
{
	for (uint64_t at = addr; at < addr + size;) {
		size_t len;
		const uint8_t *bytes = image_at(f->snap->contents, at, &len);

		if (!bytes || !len)
			return true;
		if (len > addr + size - at)
			len = addr + size - at;
		for (size_t i = 0; i < len; i++)
			if (bytes[i])
				return false;
		at += len;
	}
	return true;
}

/*
 * Elements behind the first one must be there, and not look like something
 * else.  Those that are all zero are no evidence: a header is followed by its
 * empty payload just like that.
 */
static bool plausible_array(struct follow *f, const struct chunk *c,
			    uint32_t number)
{
	const struct node *node = &f->p->nodes.node[number];
	uint64_t size = node->size, n = c->size / size;
	uint64_t good = 0, bad = 0;

	if (size * 2 > c->size)
		return true;
	for (uint64_t i = 1; i < n && good + bad < LOOK_ELEMENTS; i++) {
		uint64_t at = c->addr + i * size;

		if (node->kind >= NODE_STRUCT && is_zero(f, at, size))
			continue;
		/* Rounding alone may have made room for the last one. */
		if (fit_plausible(f, number, at, at + size))
			good++;
		else if (i + 1 < n || n * size < c->size)
			bad++;
	}
	return good && bad <= good;
}

/* What malloc would have split off was smaller than any chunk: it stayed. */
static bool not_split(const struct follow *f, const struct chunk *c,
		      const struct node *node)
{
	return node->size * 2 > c->size &&
	       c->size - node->size < FIT_ROUNDING + 2 * f->snap->word;
}

int fit_of(struct follow *f, uint32_t chunk, uint32_t number, enum fit *out,
	   struct error *err)
{
	return fit_behind(f, chunk, 0, number, out, err);
}

int fit_behind(struct follow *f, uint32_t chunk, uint64_t skip, uint32_t number,
	       enum fit *out, struct error *err)
{
	struct chunk rest = f->snap->chunk[chunk];
	const struct chunk *c = &rest;
	const struct node *node;
	bool larger;

	rest.addr += skip;
	rest.size -= skip;
	if (node_lay(&f->p->nodes, number, err) ||
	    nodes_note(&f->p->nodes, err))
		return -1;
	node = &f->p->nodes.node[number];
	*out = FIT_NOT;
	if (node->kind == NODE_OPAQUE || (node->flex && node->flex <= c->size))
		*out = FIT_ONE;
	if (*out || !node->size || node->size > c->size)
		return 0;
	larger = has_larger(f, chunk, skip, number, 0);
	if (larger)
		*out = FIT_BEGINS;
	else if (c->arena != ARENA_MMAPPED &&
		 (fit_exact(f, chunk, skip + node->size) ||
		  not_split(f, c, node)))
		*out = FIT_ONE;
	else if (!is_base(node) && !has_tail(f, c, number) &&
		 fit_exact(f, chunk,
			   skip + c->size / node->size * node->size) &&
		 plausible_array(f, c, number))
		*out = node->size * 2 > c->size ? FIT_ONE : FIT_ARRAY;
	else
		*out = FIT_BEGINS;
	return 0;
}

static bool plausible_pointer(struct follow *f, uint64_t value, uint32_t number)
{
	const struct node *node = &f->p->nodes.node[number];
	const struct span *span;
	uint32_t chunk;

	if (!value)
		return true;
	chunk = finder_find(&f->finder, value);
	if (chunk == CHUNK_NONE) {
		span = span_find(f->snap, value);
		return span && span->kind != PLACE_NONE &&
		       span->kind != PLACE_HEAP;
	}
	if (f->snap->chunk[chunk].state != CHUNK_USED)
		return false;
	/* Only what is laid has flex; a smaller one may still be open. */
	return !node->size || !node->laid || node->flex ||
	       value - f->snap->chunk[chunk].addr + node->size <=
		       f->snap->chunk[chunk].size;
}

bool fit_plausible(struct follow *f, uint32_t number, uint64_t addr,
		   uint64_t end)
{
	const struct node *node = &f->p->nodes.node[number];
	unsigned looked = 0;

	for (size_t i = 0; i < node->slots; i++) {
		const struct slot *s = &node->slot[i];

		if (s->kind != SLOT_POINTER)
			continue;
		for (uint64_t n = 0; n < s->count; n++) {
			uint64_t at = addr + s->offset + n * s->stride, value;

			if (at + f->snap->word > end ||
			    looked++ == LOOK_POINTERS)
				return true;
			if (!follow_word(f, at, &value) ||
			    !plausible_pointer(f, value, s->node))
				return false;
		}
	}
	return true;
}
