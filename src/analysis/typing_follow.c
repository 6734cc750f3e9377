#include "analysis/typing_follow.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/typing_evidence.h"
#include "analysis/typing_fit.h"
#include "analysis/typing_impl.h"
#include "analysis/typing_outside.h"
#include "analysis/typing_places.h"
#include "analysis/typing_tags.h"
#include "base/alloc.h"
#include "base/progress.h"

enum {
	CLAIMS_MAX = 1 << 20,
	STEP = 1 << 12,
	ROUNDS_MAX = 64,
	WAY_MAX = 256,
	WALKED_MAX = 1 << 24
};

bool follow_word(const struct follow *f, uint64_t addr, uint64_t *value)
{
	size_t len;
	const uint8_t *at = image_at(f->snap->contents, addr, &len);

	*value = 0;
	if (at && len >= f->snap->word) {
		memcpy(value, at, f->snap->word);
		return true;
	}
	return target_read_some(f->snap->memory, addr, value, f->snap->word) ==
	       f->snap->word;
}

uint32_t follow_find(const struct follow *f, uint64_t addr)
{
	uint32_t chunk = finder_find(&f->finder, addr);

	return chunk == CHUNK_NONE ? paths_area(f->p, addr) : chunk;
}

static int push(struct follow *f, enum follow_phase phase, uint32_t chunk,
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

static int claim(struct follow *f, uint32_t chunk, uint32_t node, uint64_t at,
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
	    push(f, PHASE_MEMBER, CHUNK_NONE, (uint32_t)p->claims, err))
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
		return claim(f, chunk, node, 0, false, err);
	f->p->link[chunk] = f->link;
	return 0;
}

static int assign(struct follow *f, uint32_t chunk, uint32_t node,
		  enum typed_form form, struct error *err)
{
	if (set_link(f, chunk, node, err))
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
	return push(f, PHASE_MEMBER, chunk, 0, err);
}

/* The words that are there speak against the pointer. */
static bool is_denied(const struct follow *f, uint32_t chunk, uint32_t number,
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
	if (is_denied(f, chunk, node, 0, FORM_ONE))
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
	return claim(f, chunk, node, at, false, err);
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
	    (old > 1 && f->by < f->t->by[chunk]))
		return !new ? 0 : claim(f, chunk, number, 0, true, err);
	if (old) {
		struct typed_link link = f->link;
		int ret;

		f->link = f->p->link[chunk];
		ret = claim(f, chunk, have, 0, true, err);
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

static int follow_start(struct follow *f, uint32_t chunk, uint32_t number,
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
		return claim(f, chunk, number, 0, true, err);
	if (fit_of(f, chunk, number, &fit, err))
		return -1;
	if (unsure && (f->p->node[chunk] || fit < FIT_ONE ||
		       !fit_plausible(f, number, c->addr, c->addr + c->size)))
		return 0;
	if (fit == FIT_NOT || is_denied(f, chunk, number, 0, form[fit]))
		return claim(f, chunk, number, 0, true, err);
	if (f->p->node[chunk])
		return differ(f, chunk, number, form[fit], err);
	if (f->t->by[chunk] == TYPED_VTABLE)
		return 0;
	if (is_inner(f, chunk, number))
		return claim(f, chunk, number, 0, true, err);
	return assign(f, chunk, number, form[fit], err);
}

/* Behind what is used of an array, elements were never written: it may be all
 * of it. */
static bool is_element(const struct follow *f)
{
	uint32_t from = f->link.from;

	return f->phase == PHASE_ELEMENT ||
	       (from < FROM_CLAIM &&
		f->p->nodes.node[f->p->node[from]].kind == NODE_POINTER);
}

/* Is something said there of the middle of a chunk?  Of pointers, if an
 * allocator's header may be in front of an array of them. */
static int says_inside(struct follow *f, uint32_t number, uint32_t chunk,
		       uint64_t at, bool *out, struct error *err)
{
	struct nodes *nodes = &f->p->nodes;

	*out = nodes->node[number].kind >= NODE_STRUCT;
	if (nodes->node[number].kind != NODE_POINTER || at > SKIP_MAX ||
	    f->p->node[chunk])
		return 0;
	if (node_lay(nodes, number, err))
		return -1;
	*out = nodes->node[number].slots &&
	       nodes->node[nodes->node[number].slot->node].kind >= NODE_STRUCT;
	return 0;
}

int follow_pointer(struct follow *f, uint64_t value, uint32_t number,
		   struct error *err)
{
	uint32_t chunk;
	uint64_t at;
	bool says;

	if (!number)
		return 0;
	chunk = follow_find(f, value);
	if (chunk == CHUNK_NONE || chunk >= FROM_CLAIM ||
	    follow_block(f, chunk)->state != CHUNK_USED)
		return 0;
	if (is_element(f) && !tag_plausible(f, number, value, 0))
		return 0;
	if (follow_is_area(f, chunk))
		return follow_outside(f, chunk, value, number, err);
	at = value - f->snap->chunk[chunk].addr;
	if (!at)
		return f->p->node[chunk] == number
			       ? 0
			       : follow_start(f, chunk, number, err);
	/* Into the middle: nothing is known of what it is in the middle of. */
	if (f->phase == PHASE_LOCAL || f->phase == PHASE_TAIL || value % 4)
		return 0;
	if (says_inside(f, number, chunk, at, &says, err))
		return -1;
	if (!says ||
	    at + f->p->nodes.node[number].size > f->snap->chunk[chunk].size)
		return 0;
	return claim(f, chunk, number, at,
		     !f->p->node[chunk] &&
			     is_denied(f, chunk, number, at, FORM_ONE),
		     err);
}

static bool starts_chunk(const struct follow *f, uint64_t value)
{
	uint32_t chunk = finder_find(&f->finder, value);

	return chunk != CHUNK_NONE && f->snap->chunk[chunk].addr == value;
}

static int follow_slot(struct follow *f, const struct slot *s, uint64_t addr,
		       uint64_t end, uint64_t base, struct error *err)
{
	for (uint64_t n = 0; n < s->count; n++) {
		uint64_t in = s->offset + n * s->stride, value;

		if (addr + in + f->snap->word > end || base + in > UINT32_MAX)
			return 0;
		if (s->kind != SLOT_POINTER) {
			if (follow_object(f, s->node, addr + in, end, base + in,
					  err))
				return -1;
			continue;
		}
		if (!s->node || !follow_word(f, addr + in, &value) || !value)
			continue;
		f->link.offset = (uint32_t)(base + in);
		/* A container's own head lies in what has the container. */
		if (s->start && !starts_chunk(f, value))
			continue;
		if (follow_pointer(f, value, s->node, err))
			return -1;
	}
	return 0;
}

int follow_object(struct follow *f, uint32_t number, uint64_t addr,
		  uint64_t end, uint64_t base, struct error *err)
{
	const struct slot *slot;
	uint32_t alternative = UINT32_MAX;
	bool is_union;
	size_t n;

	if (node_lay(&f->p->nodes, number, err))
		return -1;
	if (++f->steps % STEP == 0 &&
	    progress_tick("following types", f->steps, 0, err))
		return -1;
	slot = f->p->nodes.node[number].slot;
	n = f->p->nodes.node[number].slots;
	is_union = f->p->nodes.node[number].kind == NODE_UNION;
	if (is_union &&
	    union_alternative(f, number, addr, end, &alternative, err))
		return -1;
	for (size_t i = 0; i < n; i++)
		if ((!is_union || slot[i].alternative == alternative) &&
		    follow_slot(f, &slot[i], addr, end, base, err))
			return -1;
	return 0;
}

/* Elements [first, end) of what a chunk has of an array. */
static int follow_elements(struct follow *f, uint32_t chunk, uint32_t number,
			   uint64_t start, uint64_t first, uint64_t last,
			   struct error *err)
{
	const struct chunk *c = &f->snap->chunk[chunk];
	uint64_t size = f->p->nodes.node[number].size;
	uint64_t addr = c->addr + f->p->skip[chunk];

	for (uint64_t i = first; i < last; i++) {
		uint64_t in = start + i * size;

		f->link = (struct typed_link){.from = chunk};
		if (follow_object(f, number, addr + in, c->addr + c->size, in,
				  err))
			return -1;
	}
	return 0;
}

/* The first element that malloc's rounding may have made room for. */
static uint64_t first_unsure(uint64_t room, uint64_t size)
{
	return room < 15 ? 0 : (room - 15 + size - 1) / size;
}

static int follow_chunk(struct follow *f, uint32_t chunk, struct error *err)
{
	uint32_t number = f->p->node[chunk], element = number;
	const struct node *node = &f->p->nodes.node[number];
	uint64_t size = f->snap->chunk[chunk].size - f->p->skip[chunk];
	uint64_t start = 0, all, sure;

	if (f->phase == PHASE_MEMBER) {
		f->link = (struct typed_link){.from = chunk};
		if (follow_elements(f, chunk, number, 0, 0, 1, err))
			return -1;
		if (f->p->form[chunk] == FORM_BEGINS)
			return 0;
		return push(f, PHASE_ELEMENT, chunk, 0, err) ||
				       push(f, PHASE_TAIL, chunk, 0, err)
			       ? -1
			       : 0;
	}
	if (node->flex) {
		element = node->flex_node;
		start = node->flex;
		if (!element || start > size)
			return 0;
	}
	if (!f->p->nodes.node[element].size)
		return 0;
	size -= start;
	all = size / f->p->nodes.node[element].size;
	sure = first_unsure(size, f->p->nodes.node[element].size);
	if (sure > all)
		sure = all;
	if (sure < 1 && !start)
		sure = 1;
	/* Of a[1] at the end the first one is part of the struct. */
	if (start && sure < 1 && all && start < f->p->nodes.node[number].size)
		sure = 1;
	if (f->phase == PHASE_ELEMENT)
		return follow_elements(f, chunk, element, start, start ? 0 : 1,
				       sure, err);
	return follow_elements(f, chunk, element, start, sure, all, err);
}

/* Of what is defined nowhere, what it is, if that is known. */
static uint32_t said_node(const struct paths *p, const struct typed_claim *c)
{
	uint32_t real = opaque_real(p, c->node);

	return real ? real : c->node;
}

/* Does what a chunk is known to be have that there? */
static bool is_known(struct follow *f, const struct typed_claim *c)
{
	uint32_t node = f->p->node[c->chunk];
	uint64_t at = c->at, size = f->p->nodes.node[node].size;

	if (!node || at < f->p->skip[c->chunk])
		return false;
	at -= f->p->skip[c->chunk];
	if (f->p->form[c->chunk] == FORM_ARRAY && size)
		at %= size;
	return node_has(&f->p->nodes, node, at, said_node(f->p, c));
}

static int follow_claim(struct follow *f, uint32_t index, struct error *err)
{
	struct typed_claim c = f->p->claim[index];
	const struct chunk *chunk = follow_block(f, c.chunk);

	if (is_known(f, &c))
		return 0;
	f->link = (struct typed_link){.from = FROM_CLAIM | index};
	return follow_object(f, c.node, chunk->addr + c.at,
			     chunk->addr + chunk->size, 0, err);
}

/* All that is waiting in this phase and the surer ones. */
static int drain(struct follow *f, enum follow_phase upto, struct error *err)
{
	for (;;) {
		struct queue *q;
		struct task task;

		f->phase = PHASE_MEMBER;
		while (f->phase <= upto &&
		       f->queue[f->phase].head == f->queue[f->phase].count)
			f->phase++;
		if (f->phase > upto)
			return 0;
		q = &f->queue[f->phase];
		task = q->task[q->head++];
		if (q->head == q->count)
			q->head = q->count = 0;
		if (task.chunk == CHUNK_NONE ? follow_claim(f, task.claim, err)
					     : follow_chunk(f, task.chunk, err))
			return -1;
	}
}

/* What was said of a chunk before it was known, and is not so. */
static void settle(struct follow *f)
{
	struct paths *p = f->p;

	for (size_t i = 0; i < p->claims; i++) {
		struct typed_claim *c = &p->claim[i];
		uint32_t node = p->node[c->chunk];

		if (!c->at && node &&
		    node_begins(&p->nodes, node, said_node(p, c)))
			c->against = false;
		else if (c->at && node &&
			 p->nodes.node[c->node].kind >= NODE_STRUCT &&
			 p->form[c->chunk] != FORM_BEGINS &&
			 !p->nodes.node[node].flex &&
			 p->nodes.node[node].kind >= NODE_STRUCT)
			c->against = !is_known(f, c);
		p->against += c->against;
	}
}

static int list_types(struct follow *f, struct error *err)
{
	for (size_t i = 0; i < symbols_module_count(f->t->symbols); i++) {
		const struct module *m = symbols_module(f->t->symbols, i);

		if (follow_module(f, m) && nodes_list_all(&f->p->nodes, m, err))
			return -1;
	}
	return 0;
}

/* Until there is nothing new; *more: there was. */
static int refine(struct follow *f,
		  int (*once)(struct follow *f, struct error *err), bool *more,
		  struct error *err)
{
	for (unsigned round = 0; round < ROUNDS_MAX; round++) {
		f->found = false;
		if (once(f, err) || drain(f, PHASE_TAIL, err))
			return -1;
		if (!f->found)
			break;
		*more = true;
	}
	return 0;
}

/* By what is surer first. */
static int refine_all(struct follow *f, struct error *err)
{
	bool more;

	f->by = TYPED_TAG;
	do {
		more = false;
		if (refine(f, follow_opaques, &more, err) ||
		    refine(f, follow_tags, &more, err) ||
		    refine(f, follow_loose, &more, err) ||
		    refine(f, follow_tables, &more, err) ||
		    refine(f, follow_headers, &more, err) ||
		    refine(f, follow_payloads, &more, err))
			return -1;
		if (more)
			continue;
		f->by = TYPED_SIZE;
		if (refine(f, follow_candidates, &more, err))
			return -1;
	} while (more);
	return 0;
}

static int run(struct follow *f, struct error *err)
{
	bool more;

	if (list_types(f, err) || nodes_note(&f->p->nodes, err) ||
	    follow_classes(f, err) || follow_globals(f, err) ||
	    drain(f, PHASE_ELEMENT, err))
		return -1;
	f->phase = PHASE_LOCAL;
	if (follow_locals(f, err) || drain(f, PHASE_TAIL, err))
		return -1;
	if (refine(f, follow_opaques, &more, err) ||
	    refine(f, follow_headers, &more, err) || refine_all(f, err))
		return -1;
	settle(f);
	return follow_tag_names(f, err) || places_name(f, err) ||
			       types_tell_apart(f->t, err)
		       ? -1
		       : 0;
}

int typing_follow(struct typing *t, struct error *err)
{
	struct paths *p = xcalloc(1, sizeof(*p));
	struct follow f = {.t = t, .p = p, .snap = t->snap, .by = TYPED_PATH};
	size_t n;
	int ret = -1;

	t->paths = p;
	if (outside_find(&f, err))
		return -1;
	n = p->chunks + p->areas;
	p->node = try_calloc(n, sizeof(*p->node), "types of chunks", err);
	p->form = try_calloc(n, 1, "types of chunks", err);
	p->skip = try_calloc(n, 1, "types of chunks", err);
	p->link = try_calloc(n, sizeof(*p->link), "types of chunks", err);
	if (p->node && p->form && p->skip && p->link &&
	    !bitmap_init(&p->guessed, n, "types of chunks", err) &&
	    !nodes_init(&p->nodes, t->symbols, t->snap->word, err) &&
	    !finder_init(&f.finder, t->snap, NULL, err)) {
		ret = run(&f, err);
		finder_deinit(&f.finder);
	}
	for (int i = 0; i < PHASES; i++)
		free(f.queue[i].task);
	u64map_deinit(&f.seen);
	u64map_deinit(&f.tag_of);
	for (size_t i = 0; i < f.tolds; i++)
		tag_known_deinit(&f.told[i].known);
	free(f.told);
	u64map_deinit(&f.told_of);
	u64map_deinit(&f.inner_of);
	u64map_deinit(&f.in_type);
	u64map_deinit(&f.variables);
	u64map_deinit(&f.pointer_of);
	u64map_deinit(&f.object_of);
	outside_deinit(&f.outside);
	free(f.object);
	return ret;
}

void paths_destroy(struct paths *paths)
{
	if (!paths)
		return;
	for (size_t i = 0; i < paths->roots; i++)
		free(paths->root[i].name);
	bitmap_deinit(&paths->guessed);
	nodes_deinit(&paths->nodes);
	free(paths->area);
	u64map_deinit(&paths->led);
	free(paths->node);
	free(paths->form);
	free(paths->skip);
	free(paths->place);
	free(paths->link);
	free(paths->root);
	free(paths->claim);
	for (size_t i = 0; i < paths->proofs; i++)
		free(paths->proof[i]);
	free(paths->proof);
	free(paths->proven);
	free(paths->inner);
	for (size_t i = 0; i < paths->casts; i++)
		free(paths->cast[i].how);
	free(paths->cast);
	u64map_deinit(&paths->cast_of);
	free(paths);
}
