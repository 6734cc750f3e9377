#include "analysis/typing_packed.h"

#include "analysis/refs.h"
#include "analysis/typing_follow.h"
#include "base/progress.h"

enum { NESTED_MAX = 16, INNER_MAX = 3, STEP = 1 << 16 };

struct packed {
	const struct typing *t;
	const struct finder *finder;
	packed_fn *fn;
	void *ctx;
	uint32_t chunk;
	uint64_t end; /* of the memory that objects take now */
	bool whole;   /* of a union: only what leads to a chunk's start */
	unsigned depth;
	uint64_t steps;
};

static int tell_word(struct packed *p, uint64_t addr, struct error *err)
{
	const struct snapshot *snap = p->t->snap;
	struct ref ref = {.from = addr, .thread = UINT32_MAX};

	if (addr % snap->word == 0 || addr + snap->word > p->end ||
	    image_read(snap->contents, addr, &ref.value, snap->word) !=
		    snap->word)
		return 0;
	ref.target = finder_find(p->finder, ref.value);
	if (ref.target == CHUNK_NONE || ref.target == p->chunk ||
	    snap->chunk[ref.target].state != CHUNK_USED ||
	    (p->whole && snap->chunk[ref.target].addr != ref.value))
		return 0;
	return p->fn(p->ctx, p->chunk, &ref, err);
}

static int look_object(struct packed *p, uint32_t number, uint64_t addr,
		       struct error *err);

static int look_slot(struct packed *p, const struct slot *s, uint64_t addr,
		     struct error *err)
{
	unsigned word = p->t->snap->word;
	bool whole = p->whole;
	int ret = 0;

	if (s->kind == SLOT_POINTER && addr % word == 0 &&
	    s->offset % word == 0 && s->stride % word == 0)
		return 0;
	p->whole |= s->kind == SLOT_UNION;
	for (uint64_t n = 0; n < s->count && !ret; n++) {
		uint64_t at = addr + s->offset + n * s->stride;

		if (at + word > p->end)
			break;
		ret = s->kind == SLOT_POINTER
			      ? tell_word(p, at, err)
			      : look_object(p, s->node, at, err);
	}
	p->whole = whole;
	return ret;
}

static int look_object(struct packed *p, uint32_t number, uint64_t addr,
		       struct error *err)
{
	struct nodes *nodes = &p->t->paths->nodes;
	int ret = 0;

	if (p->depth == NESTED_MAX)
		return 0;
	if (++p->steps % STEP == 0 &&
	    progress_tick("looking for packed pointers", p->steps, 0, err))
		return -1;
	if (node_lay(nodes, number, err))
		return -1;
	p->depth++;
	for (size_t i = 0; i < nodes->node[number].slots && !ret; i++)
		ret = look_slot(p, &nodes->node[number].slot[i], addr, err);
	p->depth--;
	return ret;
}

/* Where no pointer lies elsewhere in any object, none is looked at. */
static bool is_packed(const struct nodes *nodes, uint32_t number, bool several,
		      unsigned depth)
{
	const struct node *node = &nodes->node[number];

	/* One that nobody has looked at yet is looked at. */
	if (!node->laid)
		return true;
	if (!node->slots || depth == NESTED_MAX)
		return false;
	if (several && node->size % nodes->word)
		return true;
	for (size_t i = 0; i < node->slots; i++) {
		const struct slot *s = &node->slot[i];

		if (s->offset % nodes->word ||
		    (s->count > 1 && s->stride % nodes->word) ||
		    (s->kind != SLOT_POINTER &&
		     is_packed(nodes, s->node, false, depth + 1)))
			return true;
	}
	return false;
}

static int look_objects(struct packed *p, uint32_t number, uint64_t addr,
			uint64_t end, bool several, struct error *err)
{
	struct nodes *nodes = &p->t->paths->nodes;
	uint64_t size = nodes->node[number].size;
	const struct node *node;

	if (node_lay(nodes, number, err))
		return -1;
	node = &nodes->node[number];
	if (node->flex_node && addr + node->flex < end &&
	    (node->flex % nodes->word ||
	     is_packed(nodes, node->flex_node, true, 0)) &&
	    look_objects(p, node->flex_node, addr + node->flex, end, true, err))
		return -1;
	if (addr % nodes->word == 0 && !is_packed(nodes, number, several, 0))
		return 0;
	p->end = end;
	do {
		if (look_object(p, number, addr, err))
			return -1;
		addr += size;
	} while (several && size && addr + size <= end);
	return 0;
}

static int look_chunk(struct packed *p, uint32_t chunk, struct error *err)
{
	const struct chunk *c = &p->t->snap->chunk[chunk];
	const struct paths *paths = p->t->paths;

	if (c->state != CHUNK_USED || !paths->node[chunk] ||
	    p->t->by[chunk] < TYPED_SIZE)
		return 0;
	p->chunk = chunk;
	return look_objects(p, paths->node[chunk], c->addr + paths->skip[chunk],
			    c->addr + c->size, paths->form[chunk] == FORM_ARRAY,
			    err);
}

/* In the middle of what has no type as a whole. */
static int look_claim(struct packed *p, const struct typed_claim *claim,
		      struct error *err)
{
	const struct chunk *c;

	if (claim->chunk >= p->t->snap->chunk_count || !claim->at ||
	    claim->against || claim->lone ||
	    p->t->by[claim->chunk] >= TYPED_SIZE)
		return 0;
	c = &p->t->snap->chunk[claim->chunk];
	p->chunk = claim->chunk;
	return look_objects(p, claim->node, c->addr + claim->at,
			    c->addr + c->size, false, err);
}

static int look_root(struct packed *p, const struct typed_root *root,
		     struct error *err)
{
	if (!root->addr || !root->node)
		return 0;
	p->chunk = CHUNK_NONE;
	return look_objects(p, root->node, root->addr, root->end, true, err);
}

int packed_each(const struct typing *typing, const struct finder *finder,
		packed_fn *fn, void *ctx, struct error *err)
{
	struct packed p = {.t = typing, .finder = finder, .fn = fn, .ctx = ctx};
	const struct paths *paths = typing->paths;

	if (!paths)
		return 0;
	for (size_t i = 0; i < paths->roots; i++)
		if (look_root(&p, &paths->root[i], err))
			return -1;
	for (uint32_t i = 0; i < typing->snap->chunk_count; i++)
		if (look_chunk(&p, i, err))
			return -1;
	for (size_t i = 0; i < paths->claims; i++)
		if (look_claim(&p, &paths->claim[i], err))
			return -1;
	return 0;
}

/* A pointer at base + its offset in type that no multiple of word is. */
static bool has_packed(struct type *type, uint64_t base, unsigned word,
		       unsigned depth)
{
	const struct member *m;
	bool several = false;
	size_t n;

	type = type_strip(type);
	while (type->kind == TYPE_ARRAY) {
		several = true;
		type = type_strip(type_target(type));
	}
	if (type->kind == TYPE_POINTER || type->kind == TYPE_REFERENCE)
		return base % word;
	if ((type->kind != TYPE_STRUCT && type->kind != TYPE_UNION) ||
	    depth == INNER_MAX)
		return false;
	if (several && type_size(type) % word)
		base = 1;
	n = type_members(type, &m);
	for (size_t i = 0; i < n; i++)
		if (!m[i].bit_size && !m[i].is_virtual &&
		    has_packed(m[i].type, base + m[i].offset, word, depth + 1))
			return true;
	return false;
}

bool packed_any(const struct typing *typing)
{
	const struct nodes *nodes =
		typing->paths ? &typing->paths->nodes : NULL;

	for (size_t i = 1; nodes && i < nodes->count; i++)
		if (nodes->node[i].kind >= NODE_STRUCT &&
		    nodes->node[i].kind != NODE_OPAQUE &&
		    has_packed(nodes->node[i].type, 0, nodes->word, 0))
			return true;
	return false;
}
