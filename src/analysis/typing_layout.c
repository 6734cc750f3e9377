/* Where the pointers of a type are; which types begin with which. */
#include <stdlib.h>

#include "analysis/typing_nodes.h"
#include "analysis/typing_std.h"
#include "base/alloc.h"

enum {
	NESTED_MAX = 32,
	/* Structs of a short array are laid out one by one. */
	SHORT_ARRAY = 4
};

struct lay {
	struct nodes *nodes;
	struct slot *slot; /* owned */
	size_t count, cap;
	uint64_t flex;
	uint32_t flex_node;
	unsigned depth;
	struct std_nodes std; /* of the container that we are in */
};

static int add_slot(struct lay *l, const struct slot *slot, struct error *err)
{
	if (GROW(l->slot, l->cap, l->count + 1, "types", err))
		return -1;
	l->slot[l->count++] = *slot;
	return 0;
}

static int lay_members(struct lay *l, struct type *type, uint64_t base,
		       struct error *err);

static int lay_one(struct lay *l, struct type *type, uint64_t offset,
		   uint64_t count, struct error *err)
{
	struct slot slot = {.offset = offset, .count = count};
	struct type *target;

	type = type_strip(type);
	slot.stride = type_size(type);
	switch (type->kind) {
	case TYPE_POINTER:
	case TYPE_REFERENCE:
		/* A pointer to an array leads to its elements. */
		target = type_target(type);
		while (type_strip(target)->kind == TYPE_ARRAY)
			target = type_target(type_strip(target));
		if (!node_of(l->nodes, target, &slot.node, err))
			return -1;
		if (slot.node && slot.node == l->std.base) {
			slot.node = l->std.real;
			slot.start = true;
		}
		slot.kind = SLOT_POINTER;
		slot.text = type_strip(target)->kind == TYPE_CHAR;
		slot.code = type_strip(target)->kind == TYPE_FUNCTION;
		return add_slot(l, &slot, err);
	case TYPE_UNION:
	case TYPE_STRUCT:
		if (type->kind == TYPE_STRUCT && count <= SHORT_ARRAY) {
			for (uint64_t i = 0; i < count; i++)
				if (lay_members(l, type,
						offset + i * slot.stride, err))
					return -1;
			return 0;
		}
		if (!node_of(l->nodes, type, &slot.node, err))
			return -1;
		slot.kind = count == 1 ? SLOT_UNION : SLOT_ARRAY;
		return slot.node ? add_slot(l, &slot, err) : 0;
	default:
		return 0;
	}
}

/* a[], a[0] and a[1] at the end may go on to the end of the chunk. */
static bool is_open(const struct type *array)
{
	return !array->has_count ? !array->variable : array->count <= 1;
}

static int lay_member(struct lay *l, const struct member *m, uint64_t base,
		      bool last, struct error *err)
{
	struct type *type = type_strip(m->type);
	uint64_t count = 1;

	if (m->bit_size)
		return 0;
	if (last && type->kind == TYPE_ARRAY && is_open(type)) {
		l->flex = base + m->offset;
		return node_of(l->nodes, type_target(type), &l->flex_node, err)
			       ? 0
			       : -1;
	}
	while (type->kind == TYPE_ARRAY) {
		count *= type->has_count ? type->count : 0;
		type = type_strip(type_target(type));
	}
	return count ? lay_one(l, type, base + m->offset, count, err) : 0;
}

static int lay_members(struct lay *l, struct type *type, uint64_t base,
		       struct error *err)
{
	struct std_nodes outer = l->std;
	struct type *value = std_buffer_of(l->nodes, type);
	const struct member *m;
	size_t n = type_members(type, &m);
	int ret = 0;

	if (l->depth == NESTED_MAX)
		return 0;
	if (value)
		return lay_one(l, value, base, 1, err);
	if (std_nodes_of(l->nodes, type, &l->std, err))
		return -1;
	l->depth++;
	for (size_t i = 0; i < n && !ret; i++)
		ret = lay_member(l, &m[i], base,
				 i + 1 == n && l->depth == 1 && n > 1, err);
	l->depth--;
	l->std = outer;
	return ret;
}

/* Which of the alternatives is there is told by the data. */
static int lay_union(struct lay *l, struct type *type, struct error *err)
{
	const struct member *m;
	size_t n = type_members(type, &m);

	for (size_t i = 0; i < n; i++) {
		size_t before = l->count;

		if (lay_member(l, &m[i], 0, false, err))
			return -1;
		for (size_t s = before; s < l->count; s++)
			l->slot[s].alternative = (uint32_t)i;
	}
	return 0;
}

int node_lay(struct nodes *nodes, uint32_t number, struct error *err)
{
	struct lay l = {.nodes = nodes};
	struct type *type = nodes->node[number].type;
	enum node_kind kind = nodes->node[number].kind;

	if (nodes->node[number].laid)
		return 0;
	if (kind == NODE_POINTER  ? lay_one(&l, type, 0, 1, err)
	    : kind == NODE_STRUCT ? lay_members(&l, type, 0, err)
	    : kind == NODE_UNION  ? lay_union(&l, type, err)
				  : 0) {
		free(l.slot);
		return -1;
	}
	nodes->node[number].slot = l.slot;
	nodes->node[number].slots = l.count;
	nodes->node[number].flex = l.flex;
	nodes->node[number].flex_node = l.flex_node;
	for (size_t i = 0; i < l.count; i++)
		if (l.slot[i].node == number)
			nodes->node[number].linked = true;
	nodes->node[number].laid = true;
	return 0;
}

static int add_more(struct nodes *nodes, uint32_t inner, uint32_t outer,
		    struct error *err)
{
	struct node *node = &nodes->node[inner];
	size_t cap = node->mores;

	if (inner == outer || node->size >= nodes->node[outer].size)
		return 0;
	if (GROW(node->more, cap, node->mores + 1, "types", err))
		return -1;
	node->more[node->mores++] = outer;
	return 0;
}

/* What begins with the struct of "first", begins with what that begins with. */
static int note_first(struct nodes *nodes, uint32_t outer, struct type *type,
		      unsigned depth, struct error *err)
{
	const struct member *m;
	size_t n;

	type = type_strip(type);
	while (type->kind == TYPE_ARRAY)
		type = type_strip(type_target(type));
	if ((type->kind != TYPE_STRUCT && type->kind != TYPE_UNION) ||
	    depth == NESTED_MAX)
		return 0;
	n = type_members(type, &m);
	for (size_t i = 0; i < n && !m[i].offset; i++) {
		uint32_t inner;

		if (m[i].bit_size)
			continue;
		if (!node_of(nodes, m[i].type, &inner, err))
			return -1;
		if (inner && nodes->node[inner].kind >= NODE_STRUCT &&
		    add_more(nodes, inner, outer, err))
			return -1;
		if (note_first(nodes, outer, m[i].type, depth + 1, err))
			return -1;
	}
	return 0;
}

/*
 * Structs may also begin alike by a macro that writes the same members in each.
 * Calls fn with the hash of every beginning of two members or more.
 */
typedef int begin_fn(struct nodes *nodes, uint32_t number, uint64_t hash,
		     bool whole, struct error *err);

/* Of type, which number is or begins with. */
static int each_beginning(struct nodes *nodes, uint32_t number,
			  struct type *type, begin_fn *fn, struct error *err)
{
	const struct member *m;
	size_t n = type_members(type, &m);
	uint64_t hash = 0;

	for (size_t i = 0; i < n; i++) {
		hash = node_mix(hash, m[i].offset * 64 + m[i].bit_offset);
		hash = node_mix(hash, type_size(m[i].type));
		hash = node_mix_text(hash, m[i].name);
		if (i && fn(nodes, number, hash, i + 1 == n, err))
			return -1;
	}
	return 0;
}

static int keep_whole(struct nodes *nodes, uint32_t number, uint64_t hash,
		      bool whole, struct error *err)
{
	return whole ? u64map_put(&nodes->by_members, hash, number, err) : 0;
}

static int find_whole(struct nodes *nodes, uint32_t number, uint64_t hash,
		      bool whole, struct error *err)
{
	uint64_t inner;

	if (whole || !u64map_get(&nodes->by_members, hash, &inner))
		return 0;
	return add_more(nodes, (uint32_t)inner, number, err);
}

/* What begins with a struct that begins so by a macro begins so, too. */
static int find_all(struct nodes *nodes, uint32_t number, struct type *type,
		    unsigned depth, struct error *err)
{
	const struct member *m;
	size_t n;

	type = type_strip(type);
	if (type->kind != TYPE_STRUCT || depth == NESTED_MAX)
		return 0;
	if (each_beginning(nodes, number, type, find_whole, err))
		return -1;
	n = type_members(type, &m);
	for (size_t i = 0; i < n && !m[i].offset; i++)
		if (!m[i].bit_size &&
		    find_all(nodes, number, m[i].type, depth + 1, err))
			return -1;
	return 0;
}

int nodes_note(struct nodes *nodes, struct error *err)
{
	size_t from = nodes->noted;

	/* Noting one may find others. */
	for (; nodes->noted < nodes->count; nodes->noted++) {
		uint32_t number = (uint32_t)nodes->noted;
		const struct node *node = &nodes->node[number];

		if (node->kind != NODE_STRUCT && node->kind != NODE_UNION)
			continue;
		if (note_first(nodes, number, node->type, 0, err) ||
		    (nodes->node[number].kind == NODE_STRUCT &&
		     each_beginning(nodes, number, nodes->node[number].type,
				    keep_whole, err)))
			return -1;
	}
	for (; from < nodes->noted; from++)
		if (nodes->node[from].kind == NODE_STRUCT &&
		    find_all(nodes, (uint32_t)from, nodes->node[from].type, 0,
			     err))
			return -1;
	return 0;
}

static int list_one(void *ctx, struct type *type, struct error *err)
{
	uint32_t ignored;

	return node_of(ctx, type, &ignored, err) ? 0 : -1;
}

int nodes_list_all(struct nodes *nodes, const struct module *module,
		   struct error *err)
{
	return symbols_type_each(nodes->symbols, module, list_one, nodes, err);
}
