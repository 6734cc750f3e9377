#include "analysis/typing_follow.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/typing_outside.h"
#include "analysis/typing_places.h"
#include "analysis/typing_tags.h"
#include "base/alloc.h"
#include "base/progress.h"

enum { STEP = 1 << 12, ROUNDS_MAX = 64 };

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
	return follow_say(f, chunk, number, at,
			  !f->p->node[chunk] &&
				  follow_denied(f, chunk, number, at, FORM_ONE),
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
		return follow_later(f, PHASE_ELEMENT, chunk, 0, err) ||
				       follow_later(f, PHASE_TAIL, chunk, 0,
						    err)
			       ? -1
			       : 0;
	}
	/* Since this was put off, it was found to be something else. */
	if (f->p->form[chunk] == FORM_BEGINS)
		return 0;
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
	uint32_t node = f->p->node[c->chunk], part = said_node(f->p, c);
	uint64_t at = c->at, size = f->p->nodes.node[node].size;

	if (!node || at < f->p->skip[c->chunk])
		return false;
	at -= f->p->skip[c->chunk];
	if (f->p->form[c->chunk] == FORM_ARRAY && size)
		at %= size;
	return node_has(&f->p->nodes, node, at, part) ||
	       (!at && node_begins(&f->p->nodes, node, part));
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

void follow_watch(struct follow *f, struct follow_news *out)
{
	f->assigneds = 0;
	f->watches = true;
	*out = (struct follow_news){.claim = f->p->claims};
}

void follow_unwatch(struct follow *f)
{
	f->watches = false;
}

int follow_on(struct follow *f, struct follow_news *news, follow_news_fn *fn,
	      void *ctx, struct error *err)
{
	for (;;) {
		if (drain(f, PHASE_TAIL, err))
			return -1;
		news->chunks = f->assigneds;
		news->claims = f->p->claims;
		if (news->chunk == news->chunks && news->claim == news->claims)
			return 0;
		if (fn(ctx, news, err))
			return -1;
		news->chunk = news->chunks;
		news->claim = news->claims;
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

/* By what is surer first.  If rules should ever undo what others told, it ends
 * nevertheless, and that is said. */
static int refine_all(struct follow *f, struct error *err)
{
	unsigned round = 0;
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
	} while (more && ++round < ROUNDS_MAX);
	f->p->cut |= more;
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
	free(f.settled);
	u64map_deinit(&f.settled_of);
	free(f.assigned);
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
