/*
 * Blocks that nothing with a type leads to, and that begin with the address of
 * a variable: a table of operations, what describes a kind.  Of that the type
 * is known, and so is which structs have a pointer to such there.  If just one
 * has the size of all of the blocks, with pointers that lead to what they
 * should, they are that.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "analysis/typing_impl.h"
#include "analysis/typing_tags.h"
#include "base/alloc.h"
#include "base/progress.h"

enum { FIRST_WORDS = 4, SEVERAL = 3, STEP = 1 << 14 };

/* Blocks with the address of one variable at one offset. */
struct table_group {
	uint32_t root, word;	 /* word: the offset in words */
	struct tag_place *place; /* owned */
	size_t count, cap;
};

struct tables {
	struct table_group *group; /* owned */
	size_t count, cap;
	struct u64map of; /* root << 2 | word -> index + 1 */
};

static int add_block(struct tables *all, uint32_t chunk, uint32_t root,
		     uint32_t word, struct error *err)
{
	uint64_t *index = u64map_at(&all->of, (uint64_t)root << 2 | word, err);
	struct table_group *g;

	if (!index)
		return -1;
	if (!*index) {
		if (GROW(all->group, all->cap, all->count + 1, "tables", err))
			return -1;
		all->group[all->count++] =
			(struct table_group){.root = root, .word = word};
		*index = all->count;
	}
	g = &all->group[*index - 1];
	if (GROW(g->place, g->cap, g->count + 1, "tables", err))
		return -1;
	g->place[g->count++] =
		(struct tag_place){.chunk = chunk, .claim = FROM_NONE};
	return 0;
}

/* By the first of its words that is such an address. */
static int look_at(struct follow *f, struct tables *all, uint32_t chunk,
		   struct error *err)
{
	const struct chunk *c = &f->snap->chunk[chunk];
	unsigned word = f->snap->word;

	for (unsigned i = 0; i < FIRST_WORDS && (i + 1) * word <= c->size;
	     i++) {
		uint64_t value, root;

		if (!follow_word(f, c->addr + i * word, &value) || !value ||
		    !u64map_get(&f->variables, value, &root))
			continue;
		return add_block(all, chunk, (uint32_t)root - 1, i, err);
	}
	return 0;
}

/* Has a node a pointer to "to" at that offset? */
static bool points_there(const struct node *node, uint64_t offset, uint32_t to)
{
	for (size_t i = 0; i < node->slots; i++) {
		const struct slot *s = &node->slot[i];

		if (s->kind == SLOT_POINTER && s->node == to &&
		    offset >= s->offset &&
		    offset < s->offset + s->count * s->stride)
			return true;
	}
	return false;
}

/* The one struct that it can be, or 0; *best is how. */
static int find(struct follow *f, const struct table_group *g,
		const struct tag_group *group, uint32_t *out,
		struct tag_fit *best, struct error *err)
{
	uint32_t to = f->p->root[g->root].node;
	uint64_t size = f->snap->chunk[g->place[0].chunk].size;
	bool several = false;

	*out = 0;
	for (uint32_t i = 1; i < f->p->nodes.count && !several; i++) {
		struct tag_fit fit;

		if (f->p->nodes.node[i].kind != NODE_STRUCT ||
		    f->p->nodes.node[i].size > size + 2 * f->snap->word)
			continue;
		if (node_lay(&f->p->nodes, i, err))
			return -1;
		if (!points_there(&f->p->nodes.node[i],
				  (uint64_t)g->word * f->snap->word, to))
			continue;
		if (tag_fit(f, group, i, true, &fit, err))
			return -1;
		if (!fit.fits || (!fit.whole && fit.other))
			continue;
		/* One that is smaller may have something behind it. */
		several = *out || !fit.whole || fit.other;
		*out = i;
		*best = fit;
	}
	if (several)
		*out = 0;
	return 0;
}

static int note(struct follow *f, const struct table_group *g, uint32_t node,
		size_t good, uint32_t *out, struct error *err)
{
	struct paths *p = f->p;
	const struct typed_root *root = &p->root[g->root];

	if (tag_proofs(f, err) ||
	    GROW(p->proof, p->proof_cap, p->proofs + 1, "proofs of types", err))
		return -1;
	*out = (uint32_t)p->proofs;
	p->proof[p->proofs++] = xasprintf(
		"no pointer whose type is known leads to it: its word at +%u "
		"is the address of %s, and %s is the only struct with a "
		"pointer to %s there that fits %s%zu such blocks",
		g->word * f->snap->word, root->name, p->nodes.node[node].name,
		p->nodes.node[root->node].name, good == g->count ? "all " : "",
		good);
	return 0;
}

static int try_group(struct follow *f, const struct table_group *g,
		     struct error *err)
{
	struct tag_family none = {0};
	struct tag_group group = {.family = &none,
				  .place = g->place,
				  .count = g->count,
				  .unknown = g->count};
	struct tag_fit fit = {0};
	uint32_t node, proof;

	if (g->count < SEVERAL)
		return 0;
	if (find(f, g, &group, &node, &fit, err))
		return -1;
	if (!node)
		return 0;
	if (note(f, g, node, fit.good, &proof, err))
		return -1;
	for (size_t i = 0; i < g->count; i++) {
		int fits =
			tag_fits(f, &group, &g->place[i], node, fit.late, err);

		if (fits < 0 || (fits && tag_refine_alone(f, &g->place[i], node,
							  proof, err)))
			return -1;
	}
	return 0;
}

int follow_tables(struct follow *f, struct error *err)
{
	struct tables all = {0};
	int ret = tag_variables(f, err);

	for (uint32_t i = 0; i < f->snap->chunk_count && !ret; i++) {
		if (i % STEP == 0)
			ret = progress_tick("looking for tables", i,
					    f->snap->chunk_count, err);
		if (!ret && f->snap->chunk[i].state == CHUNK_USED &&
		    !f->p->node[i] && !f->t->type[i] &&
		    !u64map_get(&f->inner_of, i, NULL))
			ret = look_at(f, &all, i, err);
	}
	for (size_t i = 0; i < all.count && !ret; i++)
		ret = try_group(f, &all.group[i], err);
	for (size_t i = 0; i < all.count; i++)
		free(all.group[i].place);
	free(all.group);
	u64map_deinit(&all.of);
	return ret ? -1 : 0;
}
