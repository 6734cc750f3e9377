/*
 * Objects that no pointer of a known type leads to, by the variable that stands
 * for their type: they point at it where those do that are known, have the
 * struct's size, and every pointer in them leads to what it should.
 */
#include <stdlib.h>

#include "analysis/typing_impl.h"
#include "analysis/typing_tags.h"
#include "base/alloc.h"
#include "base/progress.h"

enum { FIRST_WORDS = 4, SEVERAL = 3, STEP = 1 << 14 };

/* Of the places of a group, as many as are at one offset. */
int tag_object_note(struct follow *f, const struct tag_group *g,
		    const struct tag_verdict *v, uint32_t proof,
		    struct error *err)
{
	uint64_t *last = u64map_at(&f->object_of, g->place[0].value, err);

	if (!last)
		return -1;
	for (size_t i = 0; i < g->unknown; i++) {
		uint32_t at = g->place[i].at;
		uint64_t entry = *last;

		/* Where in an area it is, is nothing that others share. */
		if (follow_is_area(f, g->place[i].chunk))
			continue;
		while (entry && (f->object[entry - 1].at != at ||
				 f->object[entry - 1].node != v->node))
			entry = f->object[entry - 1].next;
		if (entry) {
			f->object[entry - 1].seen++;
			continue;
		}
		if (GROW(f->object, f->object_cap, f->objects + 1, "objects",
			 err))
			return -1;
		f->object[f->objects++] = (struct tag_object){
			.offset = at + (uint32_t)g->member->offset,
			.at = at,
			.node = v->node,
			.base = g->family->node,
			.proof = proof,
			.seen = 1,
			.next = (uint32_t)*last};
		*last = f->objects;
	}
	return 0;
}

static char *proof_of(const struct follow *f, const struct tag_object *o)
{
	return xasprintf("no pointer whose type is known leads to it: it "
			 "begins like others, has the size of %s, and its "
			 "pointers lead to what they should; of the others, %s",
			 f->p->nodes.node[o->node].name, f->p->proof[o->proof]);
}

static int try_object(struct follow *f, struct tag_object *o, uint32_t chunk,
		      struct error *err)
{
	struct tag_family family = {.node = o->base};
	struct tag_place place = {
		.chunk = chunk, .at = o->at, .claim = FROM_NONE};
	struct tag_group group = {
		.family = &family, .place = &place, .count = 1, .unknown = 1};
	struct paths *p = f->p;
	struct tag_fit fit;

	if (o->seen < SEVERAL || !tag_whole(f, &place, o->node))
		return 0;
	if (tag_fit(f, &group, o->node, true, &fit, err))
		return -1;
	if (!fit.fits || fit.other || tag_number_leads(f, &place, o->node))
		return 0;
	if (!o->alone) {
		if (GROW(p->proof, p->proof_cap, p->proofs + 1,
			 "proofs of types", err))
			return -1;
		p->proof[p->proofs++] = proof_of(f, o);
		o->alone = (uint32_t)p->proofs;
	}
	return tag_refine_alone(f, &place, o->node, o->alone - 1, err);
}

static int try_chunk(struct follow *f, uint32_t chunk, struct error *err)
{
	const struct chunk *c = &f->snap->chunk[chunk];
	unsigned word = f->snap->word;

	for (unsigned i = 0; i < FIRST_WORDS && (i + 1) * word <= c->size;
	     i++) {
		uint64_t value, entry = 0;

		if (!follow_word(f, c->addr + i * word, &value) || !value ||
		    !u64map_get(&f->object_of, value, &entry))
			continue;
		for (; entry; entry = f->object[entry - 1].next) {
			if (f->object[entry - 1].offset != i * word)
				continue;
			if (try_object(f, &f->object[entry - 1], chunk, err))
				return -1;
			if (f->p->node[chunk])
				return 0;
		}
	}
	return 0;
}

int follow_tag_objects(struct follow *f, struct error *err)
{
	for (uint32_t i = 0; f->objects && i < f->snap->chunk_count; i++) {
		if (i % STEP == 0 && progress_tick("looking for objects", i,
						   f->snap->chunk_count, err))
			return -1;
		if (f->snap->chunk[i].state == CHUNK_USED && !f->p->node[i] &&
		    !f->t->type[i] && !(f->p->proven && f->p->proven[i]) &&
		    try_chunk(f, i, err))
			return -1;
	}
	return 0;
}
