/* Where blocks begin with a struct that others begin with, too. */
#include <stdlib.h>

#include "analysis/typing_tags.h"
#include "base/alloc.h"
#include "base/progress.h"

enum { NESTED_MAX = 16, STEP = 1 << 16 };

static bool has_more(const struct tag_family *family, uint32_t node)
{
	for (size_t i = 0; i < family->mores; i++)
		if (family->more[i] == node)
			return true;
	return false;
}

/* What begins with what begins with T begins with T. */
static int add_mores(struct follow *f, struct tag_families *all, uint32_t index,
		     uint32_t node, unsigned depth, struct error *err)
{
	for (size_t i = 0; i < f->p->nodes.node[node].mores; i++) {
		uint32_t more = f->p->nodes.node[node].more[i];
		struct tag_family *family = &all->family[index];
		uint64_t *last;

		if (more == family->node || has_more(family, more))
			continue;
		if (GROW(family->more, family->more_cap, family->mores + 1,
			 "types", err) ||
		    GROW(all->entry, all->entry_cap, all->entries + 1, "types",
			 err))
			return -1;
		family->more[family->mores++] = more;
		last = u64map_at(&all->of_more, more, err);
		if (!last)
			return -1;
		all->entry[all->entries++] =
			(struct tag_entry){index, (uint32_t)*last};
		*last = all->entries;
		if (depth < NESTED_MAX &&
		    add_mores(f, all, index, more, depth + 1, err))
			return -1;
	}
	return 0;
}

/* NULL with err: no memory. */
static struct tag_family *family_of(struct follow *f, struct tag_families *all,
				    uint32_t node, struct error *err)
{
	uint64_t *index = u64map_at(&all->by_node, node, err);

	if (!index)
		return NULL;
	if (*index)
		return &all->family[*index - 1];
	if (GROW(all->family, all->cap, all->count + 1, "types", err))
		return NULL;
	all->family[all->count++] = (struct tag_family){.node = node};
	*index = all->count;
	if (add_mores(f, all, (uint32_t)all->count - 1, node, 0, err))
		return NULL;
	return &all->family[all->count - 1];
}

static int add_place(struct tag_family *family, uint32_t chunk, uint32_t at,
		     uint32_t claim, uint32_t known, struct error *err)
{
	if (GROW(family->place, family->cap, family->count + 1,
		 "blocks with tags", err))
		return -1;
	family->place[family->count++] =
		(struct tag_place){chunk, at, claim, known, 0};
	family->unknown += !known;
	return 0;
}

/* Of T there must be larger ones, or there is nothing to tell apart. */
static bool is_base(const struct follow *f, uint32_t node)
{
	return f->p->nodes.node[node].kind == NODE_STRUCT &&
	       f->p->nodes.node[node].mores;
}

static uint64_t key_of(const struct typed_claim *c)
{
	return (uint64_t)c->chunk << 32 | c->at;
}

/* Claims inside of what is known are not looked at: that says more. */
static bool counts(const struct follow *f, const struct typed_claim *c)
{
	return c->at && !c->against && !f->p->node[c->chunk] &&
	       f->p->nodes.node[c->node].kind == NODE_STRUCT;
}

int tag_note_claims(struct follow *f, struct u64map *map, size_t from,
		    struct error *err)
{
	for (size_t i = from; i < f->p->claims; i++) {
		const struct typed_claim *c = &f->p->claim[i];
		uint64_t *known;

		if (!counts(f, c))
			continue;
		known = u64map_at(map, key_of(c), err);
		if (!known)
			return -1;
		if (!*known ||
		    node_begins(&f->p->nodes, c->node, (uint32_t)*known))
			*known = c->node;
	}
	return 0;
}

bool tag_begins(const struct follow *f, uint32_t chunk)
{
	return f->p->node[chunk] && f->p->form[chunk] == FORM_BEGINS &&
	       f->t->by[chunk] != TYPED_VTABLE && is_base(f, f->p->node[chunk]);
}

bool tag_claim_begins(const struct follow *f, const struct u64map *known,
		      uint32_t claim)
{
	const struct typed_claim *c = &f->p->claim[claim];
	uint64_t node = 0;

	if (!counts(f, c) || !is_base(f, c->node))
		return false;
	u64map_get(known, key_of(c), &node);
	return node == c->node;
}

/* Those that only are a T. */
static int add_unknown(struct follow *f, struct tag_families *all,
		       struct error *err)
{
	struct tag_family *family;

	for (uint32_t i = 0; i < f->snap->chunk_count; i++) {
		if (i % STEP == 0 && progress_tick("looking for tags", i,
						   f->snap->chunk_count, err))
			return -1;
		if (!tag_begins(f, i))
			continue;
		family = family_of(f, all, f->p->node[i], err);
		if (!family || add_place(family, i, 0, FROM_NONE, 0, err))
			return -1;
	}
	for (size_t i = 0; i < f->p->claims; i++) {
		const struct typed_claim *c = &f->p->claim[i];

		if (!tag_claim_begins(f, &all->known, (uint32_t)i))
			continue;
		family = family_of(f, all, c->node, err);
		if (!family ||
		    add_place(family, c->chunk, c->at, (uint32_t)i, 0, err))
			return -1;
	}
	return 0;
}

/* To all families that begin it. */
static int add_to_all(struct tag_families *all, uint32_t chunk, uint32_t at,
		      uint32_t claim, uint32_t node, struct error *err)
{
	uint64_t entry = 0;

	u64map_get(&all->of_more, node, &entry);
	for (; entry; entry = all->entry[entry - 1].next) {
		uint32_t family = all->entry[entry - 1].family;

		if (add_place(&all->family[family], chunk, at, claim, node,
			      err))
			return -1;
	}
	return 0;
}

/* Those that pointers, or their tags, have told from others. */
static int add_known(struct follow *f, struct tag_families *all,
		     struct error *err)
{
	for (uint32_t i = 0; i < f->snap->chunk_count; i++)
		if (f->p->node[i] && f->p->form[i] == FORM_ONE &&
		    f->t->by[i] >= TYPED_TAG &&
		    add_to_all(all, i, f->p->skip[i], FROM_NONE, f->p->node[i],
			       err))
			return -1;
	for (size_t i = 0; i < f->p->claims; i++) {
		const struct typed_claim *c = &f->p->claim[i];
		uint64_t known = 0;

		if (!counts(f, c))
			continue;
		u64map_get(&all->known, key_of(c), &known);
		if (known == c->node &&
		    add_to_all(all, c->chunk, c->at, (uint32_t)i, c->node, err))
			return -1;
	}
	return 0;
}

int tag_families_make(struct follow *f, struct tag_families *out,
		      struct error *err)
{
	*out = (struct tag_families){0};
	if (nodes_note(&f->p->nodes, err) ||
	    tag_note_claims(f, &out->known, 0, err) || add_unknown(f, out, err))
		return -1;
	return out->count ? add_known(f, out, err) : 0;
}

void tag_families_deinit(struct tag_families *all)
{
	for (size_t i = 0; i < all->count; i++) {
		free(all->family[i].place);
		free(all->family[i].more);
	}
	free(all->family);
	free(all->entry);
	u64map_deinit(&all->by_node);
	u64map_deinit(&all->of_more);
	u64map_deinit(&all->known);
	*all = (struct tag_families){0};
}
