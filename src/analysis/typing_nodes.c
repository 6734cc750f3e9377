#include "analysis/typing_nodes.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

enum { NESTED_MAX = 32 };

uint64_t node_mix(uint64_t hash, uint64_t with)
{
	/* Spread before the two meet: (106, 1) is not (107, 0). */
	hash = (hash + 1) * UINT64_C(0x9e3779b97f4a7c15);
	hash ^= hash >> 29;
	hash = (hash ^ with) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

uint64_t node_mix_text(uint64_t hash, const char *text)
{
	for (; text && *text; text++)
		hash = node_mix(hash, (uint8_t)*text);
	return node_mix(hash, 0x100);
}

int nodes_init(struct nodes *nodes, struct symbols *symbols, unsigned word,
	       struct error *err)
{
	*nodes = (struct nodes){.symbols = symbols, .word = word};
	if (GROW(nodes->node, nodes->cap, 1, "types", err))
		return -1;
	nodes->node[nodes->count++] =
		(struct node){.name = xstrdup(""), .laid = true};
	return 0;
}

void nodes_deinit(struct nodes *nodes)
{
	for (size_t i = 0; i < nodes->count; i++) {
		free(nodes->node[i].name);
		free(nodes->node[i].slot);
		free(nodes->node[i].more);
	}
	free(nodes->node);
	u64map_deinit(&nodes->by_type);
	u64map_deinit(&nodes->by_key);
	u64map_deinit(&nodes->by_members);
	*nodes = (struct nodes){0};
}

static enum node_kind kind_of(struct type *type)
{
	switch (type->kind) {
	case TYPE_STRUCT:
	case TYPE_UNION:
		if (type->is_declaration || !type->size)
			return NODE_OPAQUE;
		return type->kind == TYPE_UNION ? NODE_UNION : NODE_STRUCT;
	case TYPE_POINTER:
	case TYPE_REFERENCE:
		return NODE_POINTER;
	case TYPE_INT:
	case TYPE_FLOAT:
	case TYPE_ENUM:
		/* A byte may be anything. */
		return type_size(type) > 1 ? NODE_PLAIN : NODE_NONE;
	default:
		return NODE_NONE;
	}
}

/* A struct without a name goes by that of its typedef. */
static char *name_of(struct type *asked, struct type *type)
{
	struct strbuf sb = {0};

	type_name(type->name || type->kind == TYPE_POINTER ||
				  type->kind == TYPE_REFERENCE
			  ? type
			  : type_unqualified(asked),
		  &sb);
	return strbuf_take(&sb);
}

/* Into the key, what a member leads to or is: of a struct its name.  No two
 * unions without a name are one that point at others. */
static uint64_t mix_target(uint64_t key, struct type *asked)
{
	struct type *type = type_strip(asked);

	for (unsigned depth = 0; depth < NESTED_MAX; depth++) {
		if (type->kind != TYPE_POINTER &&
		    type->kind != TYPE_REFERENCE && type->kind != TYPE_ARRAY)
			break;
		key = node_mix(key, type->kind);
		asked = type_target(type);
		type = type_strip(asked);
	}
	if (type->kind == TYPE_STRUCT || type->kind == TYPE_UNION) {
		AUTO_FREE char *name = name_of(asked, type);

		key = node_mix_text(key, name);
	}
	return key;
}

/* Two of one name are one if they look alike: name, size, members. */
static uint64_t key_of(const char *name, struct type *type, enum node_kind kind)
{
	uint64_t key = node_mix_text(kind, name);
	const struct member *m;
	size_t n;

	key = node_mix(key, type->size);
	if (kind == NODE_POINTER)
		return node_mix(key, (uintptr_t)type_strip(type_target(type)));
	if (kind != NODE_STRUCT && kind != NODE_UNION)
		return key;
	n = type_members(type, &m);
	for (size_t i = 0; i < n; i++) {
		key = node_mix_text(
			node_mix(node_mix(key, m[i].offset), m[i].bit_size),
			m[i].name);
		key = mix_target(key, m[i].type);
	}
	return key;
}

static bool add(struct nodes *nodes, struct type *asked, struct type *type,
		enum node_kind kind, uint32_t *out, struct error *err)
{
	char *name = name_of(asked, type);
	uint64_t *slot =
		u64map_at(&nodes->by_key, key_of(name, type, kind), err);

	if (slot && *slot) {
		*out = (uint32_t)*slot - 1;
		free(name);
		return true;
	}
	if (!slot ||
	    GROW(nodes->node, nodes->cap, nodes->count + 1, "types", err)) {
		free(name);
		return false;
	}
	*out = (uint32_t)nodes->count;
	*slot = nodes->count + 1;
	nodes->node[nodes->count++] =
		(struct node){.kind = kind,
			      .type = type,
			      .name = name,
			      .size = kind == NODE_OPAQUE ? 0 : type_size(type),
			      .laid = kind == NODE_OPAQUE};
	return true;
}

bool node_of(struct nodes *nodes, struct type *asked, uint32_t *out,
	     struct error *err)
{
	struct type *type = type_strip(asked);
	enum node_kind kind = kind_of(type);
	uint64_t known;

	*out = 0;
	if (kind == NODE_NONE)
		return true;
	if (u64map_get(&nodes->by_type, (uintptr_t)type, &known)) {
		*out = (uint32_t)known;
		return true;
	}
	return add(nodes, asked, type, kind, out, err) &&
	       !u64map_put(&nodes->by_type, (uintptr_t)type, *out, err);
}

static bool has_at(struct nodes *nodes, struct type *type, uint64_t offset,
		   uint32_t inner, unsigned depth)
{
	const struct member *m;
	struct error ignored;
	uint32_t number;
	size_t n;

	type = type_strip(type);
	while (type->kind == TYPE_ARRAY) {
		struct type *element = type_strip(type_target(type));
		uint64_t size = type_size(element);

		if (!size)
			return false;
		offset %= size;
		type = element;
	}
	if (!offset && node_of(nodes, type, &number, &ignored) &&
	    number == inner)
		return true;
	if ((type->kind != TYPE_STRUCT && type->kind != TYPE_UNION) ||
	    depth == NESTED_MAX)
		return false;
	n = type_members(type, &m);
	for (size_t i = 0; i < n; i++) {
		uint64_t size = type_size(m[i].type);

		if (m[i].bit_size || offset < m[i].offset ||
		    (size && offset - m[i].offset >= size))
			continue;
		if (has_at(nodes, m[i].type, offset - m[i].offset, inner,
			   depth + 1))
			return true;
	}
	return false;
}

bool node_has(struct nodes *nodes, uint32_t outer, uint64_t offset,
	      uint32_t inner)
{
	if (outer == inner && !offset)
		return true;
	return outer &&
	       has_at(nodes, nodes->node[outer].type, offset, inner, 0);
}

bool node_begins(struct nodes *nodes, uint32_t outer, uint32_t inner)
{
	const struct node *node = &nodes->node[inner];

	for (size_t i = 0; i < node->mores; i++)
		if (node->more[i] == outer)
			return true;
	return node_has(nodes, outer, 0, inner);
}
