/* What pointers say of chunks, and which of them is believed. */
#include "analysis/typing_follow.h"

#include <inttypes.h>

#include "analysis/typing_evidence.h"
#include "analysis/typing_fit.h"
#include "analysis/typing_impl.h"
#include "analysis/typing_outside.h"
#include "base/alloc.h"

enum { CLAIMS_MAX = 1 << 20, WALKED_MAX = 1 << 24, WAY_MAX = 256 };

int follow_later(struct follow *f, enum follow_phase phase, uint32_t chunk,
		 uint32_t claim, struct error *err)
{
	struct queue *q = &f->queue[phase];

	if (GROW(q->task, q->cap, q->count + 1, "chunks to follow", err))
		return -1;
	q->task[q->count++] = (struct task){chunk, claim};
	return 0;
}

uint64_t follow_key(const struct follow *f, uint32_t chunk, uint32_t node,
		    uint64_t at)
{
	return (follow_block(f, chunk)->addr + at) * 0x10001 ^ (uint64_t)node
								       << 40;
}

/* More are not kept. */
static bool is_full(const struct follow *f, uint32_t chunk)
{
	size_t inside = f->p->claims - f->outside.count;

	if (follow_is_area(f, chunk))
		return f->outside.count >= OUTSIDE_MAX;
	return inside >= CLAIMS_MAX && inside >= f->snap->chunk_count * 2ul;
}

int follow_say(struct follow *f, uint32_t chunk, uint32_t node, uint64_t at,
	       bool against, struct error *err)
{
	struct paths *p = f->p;
	uint64_t *seen =
		u64map_at(&f->seen, follow_key(f, chunk, node, at), err);

	if (!seen)
		return -1;
	if (*seen || at > UINT32_MAX)
		return 0;
	*seen = 1;
	if (is_full(f, chunk)) {
		p->cut = true;
		return 0;
	}
	if (follow_is_area(f, chunk))
		against |= !outside_free(f, chunk, node, at);
	if (GROW(p->claim, p->claim_cap, p->claims + 1, "types said", err))
		return -1;
	p->claim[p->claims] = (struct typed_claim){.chunk = chunk,
						   .node = node,
						   .at = (uint32_t)at,
						   .link = f->link,
						   .against = against};
	if (!against && follow_is_area(f, chunk) &&
	    outside_note(f, (uint32_t)p->claims, err))
		return -1;
	/* A pointer to one of an array's pointers may be to its end. */
	if (!against && at && p->nodes.node[node].kind >= NODE_STRUCT &&
	    follow_later(f, PHASE_MEMBER, CHUNK_NONE, (uint32_t)p->claims, err))
		return -1;
	p->claims++;
	return 0;
}

/* The number of the name of a node in a form. */
static uint32_t name_number(struct follow *f, uint32_t number,
			    enum typed_form form, struct error *err)
{
	static const char *const ending[] = {"", "[]", "+"};
	struct node *node = &f->p->nodes.node[number];

	if (!node->number[form]) {
		AUTO_FREE char *name =
			xasprintf("%s%s", node->name, ending[form]);

		node->number[form] = typing_number(f->t, name, err);
	}
	return node->number[form];
}

/* Does the way that a link goes on avoid the chunk, as far as we look? */
static bool leads_past(struct follow *f, struct typed_link link, uint32_t chunk)
{
	const struct paths *p = f->p;

	for (unsigned i = 0; i < WAY_MAX && f->walked < WALKED_MAX; i++) {
		f->walked++;
		if (link.from == FROM_NONE || link.from & FROM_ROOT)
			return true;
		if (link.from == chunk)
			return false;
		link = link.from & FROM_CLAIM
			       ? p->claim[link.from & ~FROM_CLAIM].link
			       : p->link[link.from];
	}
	return false;
}

/*
 * What is reached once more, and known better for that, keeps its way if the
 * new one may lead through itself.
 */
static int set_link(struct follow *f, uint32_t chunk, uint32_t node,
		    struct error *err)
{
	const struct typed_link *old = &f->p->link[chunk];

	if (f->p->node[chunk] &&
	    (old->from != f->link.from || old->offset != f->link.offset) &&
	    !leads_past(f, f->link, chunk))
		return follow_say(f, chunk, node, 0, false, err);
	f->p->link[chunk] = f->link;
	return 0;
}

static int keep_assigned(struct follow *f, uint32_t chunk, struct error *err)
{
	if (!f->watches || f->p->node[chunk])
		return 0;
	if (GROW(f->assigned, f->assigned_cap, f->assigneds + 1,
		 "types of chunks", err))
		return -1;
	f->assigned[f->assigneds++] = chunk;
	return 0;
}

static int assign(struct follow *f, uint32_t chunk, uint32_t node,
		  enum typed_form form, struct error *err)
{
	if (set_link(f, chunk, node, err) || keep_assigned(f, chunk, err))
		return -1;
	f->p->node[chunk] = node;
	f->p->form[chunk] = form;
	bitmap_clear(&f->p->guessed, chunk);
	if (f->p->proven)
		f->p->proven[chunk] = 0;
	if (f->t->by[chunk] != TYPED_VTABLE) {
		f->t->type[chunk] = name_number(f, node, form, err);
		if (!f->t->type[chunk])
			return -1;
		f->t->by[chunk] = f->by;
	}
	return follow_later(f, PHASE_MEMBER, chunk, 0, err);
}

/* The words that are there speak against the pointer. */
bool follow_denied(const struct follow *f, uint32_t chunk, uint32_t number,
		   uint64_t at, enum typed_form form)
{
	const struct chunk *c = &f->snap->chunk[chunk];
	uint64_t addr = c->addr + at, end = c->addr + c->size;
	struct evidence evidence = {0};

	if (form != FORM_ARRAY)
		end = addr + f->p->nodes.node[number].size;
	evidence_add(f, number, addr, end, &evidence);
	return evidence_balance(&evidence) < 0;
}

int follow_class(struct follow *f, uint32_t chunk, uint32_t node,
		 struct error *err)
{
	if (!node || f->p->nodes.node[node].size > f->snap->chunk[chunk].size)
		return 0;
	f->link = (struct typed_link){.from = FROM_NONE};
	return assign(f, chunk, node, FORM_BEGINS, err);
}

int follow_candidate(struct follow *f, uint32_t chunk, uint32_t node,
		     struct error *err)
{
	if (follow_denied(f, chunk, node, 0, FORM_ONE))
		return 0;
	f->found = true;
	if (assign(f, chunk, node, FORM_ONE, err))
		return -1;
	bitmap_set(&f->p->guessed, chunk);
	return 0;
}

int follow_header(struct follow *f, uint32_t chunk, uint32_t number,
		  uint32_t skip, bool several, struct error *err)
{
	AUTO_FREE char *name =
		xasprintf("%s%s at +%" PRIu32, f->p->nodes.node[number].name,
			  several ? "[]" : "", skip);

	f->p->skip[chunk] = (uint8_t)skip;
	if (assign(f, chunk, number, several ? FORM_ARRAY : FORM_ONE, err))
		return -1;
	f->t->type[chunk] = typing_number(f->t, name, err);
	return f->t->type[chunk] ? 0 : -1;
}

int follow_tagged(struct follow *f, uint32_t chunk, uint32_t node, bool whole,
		  struct error *err)
{
	return assign(f, chunk, node, whole ? FORM_ONE : FORM_BEGINS, err);
}

int follow_inner(struct follow *f, uint32_t chunk, uint32_t node, uint64_t at,
		 struct error *err)
{
	return follow_say(f, chunk, node, at, false, err);
}

/* How much a type says of a chunk. */
static unsigned rank(const struct follow *f, uint32_t number,
		     enum typed_form form)
{
	const struct node *node = &f->p->nodes.node[number];

	if (node->kind == NODE_PLAIN ||
	    (node->kind == NODE_POINTER && node->laid && node->slots &&
	     !node->slot[0].node))
		return 0;
	if (node->kind == NODE_OPAQUE)
		return 1;
	return form == FORM_BEGINS ? 2 : 3;
}

/* By so much more its words speak for a node than against it. */
static long support(const struct follow *f, uint32_t chunk, uint32_t number,
		    enum typed_form form)
{
	const struct chunk *c = &f->snap->chunk[chunk];
	uint64_t end = c->addr + c->size;
	struct evidence evidence = {0};

	if (form == FORM_BEGINS)
		end = c->addr + f->p->nodes.node[number].size;
	evidence_add(f, number, c->addr, end, &evidence);
	return evidence_balance(&evidence);
}

/* Two are said that are as good: do the words decide for the new one? */
static bool is_better(const struct follow *f, uint32_t chunk, uint32_t number,
		      enum typed_form form)
{
	return f->by >= f->t->by[chunk] && f->phase <= PHASE_ELEMENT &&
	       f->p->nodes.node[number].kind >= NODE_POINTER &&
	       support(f, chunk, number, form) >
		       support(f, chunk, f->p->node[chunk], f->p->form[chunk]);
}

/* All of a chunk, but its words speak more for what only begins there: an old
 * pointer to an array, of what has hardly any pointers. */
static bool is_worse(const struct follow *f, uint32_t chunk, uint32_t number,
		     enum typed_form form)
{
	return support(f, chunk, number, form) <
	       support(f, chunk, f->p->node[chunk], f->p->form[chunk]);
}

/* Another type is said of a chunk that has one. */
static int differ(struct follow *f, uint32_t chunk, uint32_t number,
		  enum typed_form form, struct error *err)
{
	uint32_t have = f->p->node[chunk];
	unsigned old = rank(f, have, f->p->form[chunk]);
	unsigned new = rank(f, number, form);

	if (f->t->by[chunk] == TYPED_VTABLE ||
	    node_begins(&f->p->nodes, have, number))
		return 0;
	if (node_begins(&f->p->nodes, number, have))
		return assign(f, chunk, number, form, err);
	/* What hangs on a guess takes no struct from what does not. */
	if ((new <= old &&
	     (new < old || new < 2 || !is_better(f, chunk, number, form))) ||
	    (old > 1 && f->by < f->t->by[chunk]) ||
	    (new == 3 && old == 2 && is_worse(f, chunk, number, form)))
		return !new ? 0 : follow_say(f, chunk, number, 0, true, err);
	if (old) {
		struct typed_link link = f->link;
		int ret;

		f->link = f->p->link[chunk];
		ret = follow_say(f, chunk, have, 0, true, err);
		f->link = link;
		if (ret)
			return -1;
	}
	return assign(f, chunk, number, form, err);
}

/* Its tag tells what is inside of it, and that is not of this node. */
static bool is_inner(struct follow *f, uint32_t chunk, uint32_t number)
{
	const struct typed_inner *in;
	uint64_t index;

	if (!u64map_get(&f->inner_of, chunk, &index))
		return false;
	in = &f->p->inner[index];
	return !node_has(&f->p->nodes, number, in->at, in->node);
}

/* A local that was not set yet may have led to what is larger now; what a
 * caller has passed was set. */
static bool fits_local(const struct follow *f, uint32_t number, enum fit fit)
{
	return fit >= FIT_ONE || (f->parameter && fit == FIT_BEGINS &&
				  f->p->nodes.node[number].kind == NODE_STRUCT);
}

int follow_start(struct follow *f, uint32_t chunk, uint32_t number,
		 struct error *err)
{
	static const enum typed_form form[] = {[FIT_BEGINS] = FORM_BEGINS,
					       [FIT_ONE] = FORM_ONE,
					       [FIT_ARRAY] = FORM_ARRAY};
	const struct chunk *c = &f->snap->chunk[chunk];
	bool unsure = f->phase == PHASE_LOCAL || f->phase == PHASE_TAIL;
	enum fit fit;

	/* The header itself. */
	if (f->p->skip[chunk])
		return follow_say(f, chunk, number, 0, true, err);
	if (fit_of(f, chunk, number, &fit, err))
		return -1;
	if (unsure && (f->p->node[chunk] || !fits_local(f, number, fit) ||
		       !fit_plausible(f, number, c->addr, c->addr + c->size)))
		return 0;
	if (fit == FIT_NOT || follow_denied(f, chunk, number, 0, form[fit]))
		return follow_say(f, chunk, number, 0, true, err);
	if (f->p->node[chunk])
		return differ(f, chunk, number, form[fit], err);
	if (f->t->by[chunk] == TYPED_VTABLE)
		return 0;
	if (is_inner(f, chunk, number))
		return follow_say(f, chunk, number, 0, true, err);
	return assign(f, chunk, number, form[fit], err);
}
