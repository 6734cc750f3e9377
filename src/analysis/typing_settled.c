/*
 * Tags whose values were told: what is reached by the blocks that these have
 * named begins like them, and is told at once by the same values, as is what
 * that leads to.
 */
#include "analysis/typing_impl.h"
#include "analysis/typing_tags.h"
#include "base/alloc.h"

/* What blocks are that have one value of their tag. */
struct tag_settled {
	uint32_t node;
	uint32_t proof; /* of those that were told together */
	uint32_t later; /* of those that were reached by them, + 1 */
	bool code;	/* functions say so */
};

struct later {
	struct follow *f;
	struct u64map known; /* of claims: chunk << 32 | at -> node */
};

int tag_settle(struct follow *f, const struct tag_group *g,
	       const struct tag_verdict *v, uint32_t proof, struct error *err)
{
	bool code = v->by == TAG_CODE;
	uint64_t *index;

	if (!code && (v->by == TAG_NOT || !g->validated))
		return 0;
	index = u64map_at(&f->settled_of,
			  node_mix(g->family->node, g->place[0].value), err);
	if (!index)
		return -1;
	if (!*index) {
		if (GROW(f->settled, f->settled_cap, f->settleds + 1, "tags",
			 err))
			return -1;
		*index = ++f->settleds;
	}
	f->settled[*index - 1] = (struct tag_settled){
		.node = v->node, .proof = proof, .code = code};
	return 0;
}

void tag_unsettle(struct follow *f, const struct tag_group *g)
{
	uint64_t index;

	if (u64map_get(&f->settled_of,
		       node_mix(g->family->node, g->place[0].value), &index) &&
	    !f->settled[index - 1].code)
		f->settled[index - 1].node = 0;
}

static int note_later(struct follow *f, struct tag_settled *s,
		      struct error *err)
{
	struct paths *p = f->p;

	if (s->later)
		return 0;
	if (GROW(p->proof, p->proof_cap, p->proofs + 1, "proofs of types", err))
		return -1;
	p->proof[p->proofs++] =
		xasprintf("its tag is that of others, and it fits %s; of "
			  "those, %s",
			  p->nodes.node[s->node].name, p->proof[s->proof]);
	s->later = (uint32_t)p->proofs;
	return 0;
}

/* There is what begins with base. */
static int try_place(struct follow *f, struct tag_place *place, uint32_t base,
		     struct error *err)
{
	const struct tag_told *told;
	struct tag_family family = {.node = base};
	struct tag_group group = {
		.family = &family, .place = place, .count = 1, .unknown = 1};
	struct tag_settled *s;
	struct tag_fit fit;
	uint64_t index;

	if (!u64map_get(&f->told_of, base, &index) || !index)
		return 0;
	told = &f->told[index - 1];
	place->value = tag_value(f,
				 follow_block(f, place->chunk)->addr +
					 place->at + told->offset,
				 told->size, told->bit_offset, told->bit_size);
	if (!u64map_get(&f->settled_of, node_mix(base, place->value), &index))
		return 0;
	s = &f->settled[index - 1];
	if (!s->node)
		return 0;
	if (tag_fit(f, &group, s->node, !s->code, &fit, err))
		return -1;
	/* By itself it must fit just as well as one of a group may, at best. */
	if (!fit.good ||
	    (!s->code && (!fit.fits || fit.other || !(fit.whole || fit.open))))
		return 0;
	/* Malloc's rounding has room for it in what is base and no more. */
	if (!s->code && !fit.lead && tag_whole(f, place, base))
		return 0;
	return note_later(f, s, err) ||
			       tag_refine(f, place, s->node, s->later - 1, err)
		       ? -1
		       : 0;
}

static int try_chunk(struct follow *f, uint32_t chunk, struct error *err)
{
	struct tag_place place = {.chunk = chunk, .claim = FROM_NONE};

	return tag_begins(f, chunk)
		       ? try_place(f, &place, f->p->node[chunk], err)
		       : 0;
}

static int try_claim(struct later *l, uint32_t index, struct error *err)
{
	const struct typed_claim *c = &l->f->p->claim[index];
	struct tag_place place = {
		.chunk = c->chunk, .at = c->at, .claim = index};

	return tag_claim_begins(l->f, &l->known, index)
		       ? try_place(l->f, &place, c->node, err)
		       : 0;
}

static int try_news(void *ctx, const struct follow_news *news,
		    struct error *err)
{
	struct later *l = ctx;
	struct follow *f = l->f;

	if (nodes_note(&f->p->nodes, err) ||
	    tag_note_claims(f, &l->known, news->claim, err))
		return -1;
	for (size_t i = news->chunk; i < news->chunks; i++)
		if (try_chunk(f, f->assigned[i], err))
			return -1;
	for (size_t i = news->claim; i < news->claims; i++)
		if (try_claim(l, (uint32_t)i, err))
			return -1;
	return 0;
}

int follow_settled(struct follow *f, struct follow_news *news,
		   struct error *err)
{
	struct later l = {.f = f};
	int ret;

	if (!f->settleds)
		return 0;
	ret = tag_note_claims(f, &l.known, 0, err) ||
	      follow_on(f, news, try_news, &l, err);
	u64map_deinit(&l.known);
	return ret ? -1 : 0;
}
