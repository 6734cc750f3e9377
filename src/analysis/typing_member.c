#include "analysis/typing_member.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/describe.h"
#include "analysis/typing_fit.h"
#include "analysis/typing_impl.h"
#include "base/alloc.h"

enum {
	HEADER_MAX = 16 /* bytes that may be before the struct */
};

int members_init(struct members *m, struct typing *t, struct error *err)
{
	*m = (struct members){.f = {.t = t, .p = t->paths, .snap = t->snap}};
	return t->paths ? finder_init(&m->f.finder, t->snap, NULL, err) : 0;
}

void members_deinit(struct members *m)
{
	if (m->f.p)
		finder_deinit(&m->f.finder);
	u64map_deinit(&m->known);
	u64map_deinit(&m->variable);
	free(m->root);
	*m = (struct members){0};
}

/* The slot of a pointer at that offset, or NULL. */
static const struct slot *slot_at(const struct node *node, uint64_t offset)
{
	for (size_t i = 0; i < node->slots; i++) {
		const struct slot *s = &node->slot[i];

		if (s->kind == SLOT_POINTER && offset >= s->offset &&
		    offset < s->offset + s->count * s->stride)
			return s;
	}
	return NULL;
}

/* Keeps those that no other begins with. */
static void add_root(struct nodes *nodes, struct member_roots *r, uint32_t node)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->count; i++)
		if (node_begins(nodes, node, r->node[i]))
			return;
	for (uint32_t i = 0; i < r->count; i++)
		if (!node_begins(nodes, r->node[i], node))
			r->node[n++] = r->node[i];
	r->count = n;
	if (n < MEMBER_ROOTS)
		r->node[n] = node;
	r->count++;
}

static int find_roots(struct members *m, uint32_t target, uint64_t offset,
		      struct member_roots *out, struct error *err)
{
	struct nodes *nodes = &m->f.p->nodes;

	*out = (struct member_roots){0};
	for (uint32_t i = 1; i < nodes->count && out->count <= MEMBER_ROOTS;
	     i++) {
		const struct slot *slot;

		if (nodes->node[i].kind != NODE_STRUCT)
			continue;
		if (node_lay(nodes, i, err))
			return -1;
		slot = slot_at(&nodes->node[i], offset);
		if (slot && slot->node == target)
			add_root(nodes, out, i);
	}
	return 0;
}

static int roots_of(struct members *m, uint32_t target, uint64_t offset,
		    const struct member_roots **out, struct error *err)
{
	uint64_t *n = u64map_at(&m->known, (uint64_t)target << 8 | offset, err);

	if (!n)
		return -1;
	if (!*n) {
		if (GROW(m->root, m->root_cap, m->roots + 1, "types", err) ||
		    find_roots(m, target, offset, &m->root[m->roots], err))
			return -1;
		*n = ++m->roots;
	}
	*out = &m->root[*n - 1];
	return 0;
}

/* What is no pointer is no address of anything. */
static bool is_address(const struct members *m, uint64_t value)
{
	return finder_find(&m->f.finder, value) != CHUNK_NONE ||
	       span_find(m->f.snap, value);
}

static bool agrees(struct members *m, uint32_t chunk, uint64_t skip,
		   uint32_t number)
{
	const struct node *node = &m->f.p->nodes.node[number];
	const struct chunk *c = &m->f.snap->chunk[chunk];
	uint64_t addr = c->addr + skip, value;
	unsigned word = m->f.snap->word;

	if (!node->size || skip + node->size > c->size ||
	    !fit_plausible(&m->f, number, addr, c->addr + c->size))
		return false;
	for (uint64_t at = 0; at + word <= node->size; at += word)
		if (!slot_at(node, at) &&
		    (!follow_word(&m->f, addr + at, &value) ||
		     is_address(m, value)))
			return false;
	return true;
}

/* The only one of those that agrees; 0: none, or several do. */
static uint32_t choose(struct members *m, const struct member_roots *r,
		       uint32_t chunk, uint64_t skip)
{
	uint32_t found = 0;

	if (r->count > MEMBER_ROOTS)
		return 0;
	for (uint32_t i = 0; i < r->count; i++) {
		if (!agrees(m, chunk, skip, r->node[i]))
			continue;
		if (found)
			return 0;
		found = r->node[i];
	}
	return found;
}

/* The struct that the variable at addr is; 0: none, or there is none. */
static int struct_at(struct members *m, uint64_t addr, uint32_t *out,
		     struct error *err)
{
	uint64_t *known = u64map_at(&m->variable, addr, err);
	struct global g;
	uint32_t node = 0;

	if (!known)
		return -1;
	if (!*known) {
		if (symbols_global_at(m->f.t->symbols, addr, &g) &&
		    g.addr == addr &&
		    !node_of(&m->f.p->nodes, g.type, &node, err))
			return -1;
		if (m->f.p->nodes.node[node].kind != NODE_STRUCT)
			node = 0;
		*known = (uint64_t)node + 1;
	}
	*out = (uint32_t)*known - 1;
	return 0;
}

/* Where in the chunk the address of that variable is, and what that is. */
static int find_variable(struct members *m, uint32_t chunk, uint64_t *offset,
			 uint32_t *target, struct error *err)
{
	struct symbol s;

	*target = 0;
	return describe_first_symbol(m->f.snap, m->f.t->symbols, chunk, offset,
				     &s)
		       ? struct_at(m, s.addr, target, err)
		       : 0;
}

int members_find(struct members *m, uint32_t chunk, const char *symbol,
		 uint32_t *number, struct error *err)
{
	const struct member_roots *r;
	uint64_t offset, skip;
	uint32_t target, found = 0;
	char at[24] = "";

	*number = 0;
	if (!m->f.p)
		return 0;
	if (find_variable(m, chunk, &offset, &target, err))
		return -1;
	if (!target)
		return 0;
	for (skip = 0; skip <= HEADER_MAX && skip <= offset && !found;
	     skip += m->f.snap->word) {
		if (roots_of(m, target, offset - skip, &r, err))
			return -1;
		found = choose(m, r, chunk, skip);
		if (skip)
			snprintf(at, sizeof(at), " at +%" PRIu64, skip);
	}
	if (found) {
		AUTO_FREE char *name =
			xasprintf("%s+ (%s)%s", m->f.p->nodes.node[found].name,
				  symbol, at);

		*number = typing_number(m->f.t, name, err);
		return *number ? 0 : -1;
	}
	return 0;
}
