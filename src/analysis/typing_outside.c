#include "analysis/typing_outside.h"

#include <stdlib.h>

#include "analysis/typing_fit.h"
#include "base/alloc.h"
#include "snapshot/roots.h"

enum {
	UNIT = 3,	  /* bits of an address: objects begin at words */
	LINE = UNIT + 6,  /* the same: a word of starts is of so many bytes */
	BACK_LINES = 8,	  /* in which an object begins that reaches to here */
	BACK_OBJECTS = 4, /* of them, that are looked at */
	LOOK_INSIDE = 64  /* objects that begin in another */
};

/* So that what is at its start is behind it: the start itself is the whole. */
#define AREA_BEFORE 16
#define AREA_MAX    (UINT64_C(1) << 31)

static int add_area(struct paths *p, uint64_t start, uint64_t end,
		    struct error *err)
{
	if (GROW(p->area, p->area_cap, p->areas + 1, "memory that is no heap",
		 err))
		return -1;
	p->area[p->areas++] = (struct chunk){.addr = start - AREA_BEFORE,
					     .size = end - start + AREA_BEFORE,
					     .arena = ARENA_MMAPPED,
					     .state = CHUNK_USED};
	return 0;
}

int outside_find(struct follow *f, struct error *err)
{
	struct paths *p = f->p;
	struct roots roots;
	int ret = 0;

	p->chunks = f->snap->chunk_count;
	if (roots_make(f->snap, 1u << ROOT_OTHER, &roots, err))
		return -1;
	for (size_t i = 0; i < roots.count && !ret; i++) {
		const struct root_range *r = &roots.range[i];
		uint64_t end;

		for (uint64_t at = r->start; !r->stale && at < r->end && !ret;
		     at = end) {
			end = r->end - at > AREA_MAX ? at + AREA_MAX : r->end;
			ret = add_area(p, at, end, err);
		}
	}
	roots_deinit(&roots);
	if (p->areas >= FROM_CLAIM - p->chunks % FROM_CLAIM)
		p->areas = 0;
	return ret;
}

void outside_deinit(struct outside *o)
{
	u64map_deinit(&o->starts);
	u64map_deinit(&o->object);
	u64map_deinit(&o->header);
	free(o->look);
	*o = (struct outside){0};
}

uint32_t paths_area(const struct paths *p, uint64_t addr)
{
	size_t low = 0, high = p->areas;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (p->area[mid].addr + AREA_BEFORE <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	if (!low || addr - p->area[low - 1].addr >= p->area[low - 1].size)
		return CHUNK_NONE;
	return p->chunks + (uint32_t)low - 1;
}

uint64_t outside_size(const struct node *node)
{
	return node->flex ? node->flex : node->size;
}

/* The last object that begins below addr, and not below low; 0: none does. */
static uint64_t start_below(const struct outside *o, uint64_t addr,
			    uint64_t low)
{
	uint64_t line = (addr - 1) >> LINE, starts;
	uint64_t upto = UINT64_MAX >> (63 - ((addr - 1) >> UNIT & 63));

	for (; line >= low >> LINE; line--, upto = UINT64_MAX)
		if (u64map_get(&o->starts, line, &starts) && starts & upto)
			return line << LINE |
			       (63 - (unsigned)__builtin_clzll(starts & upto))
				       << UNIT;
	return 0;
}

static uint32_t object_at(const struct follow *f, uint64_t addr)
{
	uint64_t claim = 0;

	return u64map_get(&f->outside.object, addr, &claim)
		       ? f->p->claim[claim].node
		       : 0;
}

bool outside_free(const struct follow *f, uint32_t area, uint32_t number,
		  uint64_t at)
{
	struct nodes *nodes = &f->p->nodes;
	uint64_t addr = follow_block(f, area)->addr + at, other;
	uint64_t end = addr + outside_size(&nodes->node[number]);
	uint64_t low = addr - (BACK_LINES << LINE);
	uint32_t node = object_at(f, addr);
	unsigned n = 0;

	if (node && !node_begins(nodes, number, node) &&
	    !node_begins(nodes, node, number))
		return false;
	for (other = end;
	     (other = start_below(&f->outside, other, addr + 1)) > addr &&
	     n < LOOK_INSIDE;
	     n++)
		if (!node_has(nodes, number, other - addr, object_at(f, other)))
			return false;
	n = 0;
	for (other = addr;
	     (other = start_below(&f->outside, other, low)) && n < BACK_OBJECTS;
	     n++) {
		node = object_at(f, other);
		if (addr - other < outside_size(&nodes->node[node]) &&
		    !node_has(nodes, node, addr - other, number))
			return false;
	}
	return true;
}

int outside_look_at(struct outside *o, uint64_t start, uint64_t end,
		    struct error *err)
{
	if (GROW(o->look, o->look_cap, o->looks + 1, "objects", err))
		return -1;
	o->look[o->looks++] = (struct outside_words){start, end};
	return 0;
}

int outside_note(struct follow *f, uint32_t index, struct error *err)
{
	const struct typed_claim *c = &f->p->claim[index];
	uint64_t addr = follow_block(f, c->chunk)->addr + c->at;
	uint64_t *starts = u64map_at(&f->outside.starts, addr >> LINE, err);
	uint32_t node = object_at(f, addr);

	if (!starts ||
	    outside_look_at(&f->outside, addr,
			    addr + outside_size(&f->p->nodes.node[c->node]),
			    err))
		return -1;
	*starts |= UINT64_C(1) << (addr >> UNIT & 63);
	f->outside.count++;
	/* The larger one says more. */
	if (node && !node_begins(&f->p->nodes, c->node, node))
		return 0;
	return u64map_put(&f->outside.object, addr, index, err);
}

int follow_outside(struct follow *f, uint32_t area, uint64_t value,
		   uint32_t number, struct error *err)
{
	const struct chunk *c = follow_block(f, area);
	const struct node *node;

	if (f->phase == PHASE_LOCAL || f->phase == PHASE_TAIL ||
	    value % f->snap->word)
		return 0;
	if (node_lay(&f->p->nodes, number, err))
		return -1;
	node = &f->p->nodes.node[number];
	if ((node->kind != NODE_STRUCT && node->kind != NODE_UNION) ||
	    !node->size || value - c->addr + outside_size(node) > c->size ||
	    !fit_plausible(f, number, value, value + outside_size(node)))
		return 0;
	return follow_inner(f, area, number, value - c->addr, err);
}
