/*
 * Chunks of which something is known, and not what they are: they begin with a
 * struct and are more, or have one in the middle.  Which types have that there
 * and just this size?  If only one does, it is the candidate.
 */
#include <stdlib.h>

#include "analysis/typing_fit.h"
#include "base/alloc.h"
#include "base/log.h"
#include "base/progress.h"

enum { SEVERAL = UINT32_MAX };

struct search {
	struct follow *f;
	struct u64map known; /* what was asked -> the answer + 1 */
	uint32_t *first;     /* owned, one a chunk: its first claim + 1 */
	uint32_t *next;	     /* owned, one a claim: the chunk's next + 1 */
	size_t claims, cap;  /* that are in these */
};

/* As one, or as several of it. */
static bool could_be(struct follow *f, uint32_t chunk, uint32_t number,
		     uint64_t at, uint32_t part)
{
	const struct node *node = &f->p->nodes.node[number];
	uint64_t size = f->snap->chunk[chunk].size;

	if (node->kind != NODE_STRUCT || !node->size)
		return false;
	if (fit_exact(f, chunk, node->size) ||
	    (node->flex && node->flex <= size))
		return node_has(&f->p->nodes, number, at, part);
	return node->size * 2 <= size && number != part &&
	       fit_exact(f, chunk, size / node->size * node->size) &&
	       node_has(&f->p->nodes, number, at % node->size, part);
}

bool follow_in_type(struct follow *f, uint32_t chunk, uint32_t part,
		    uint64_t at)
{
	const struct chunk *c = &f->snap->chunk[chunk];
	uint64_t key = node_mix(node_mix(node_mix(part, at), c->size),
				c->arena == ARENA_MMAPPED);
	uint64_t known;
	struct error ignored;
	bool found = false;

	/* Types may have come since: their number is a part of the key. */
	key = node_mix(key, f->p->nodes.count);
	if (u64map_get(&f->in_type, key, &known))
		return known;
	for (uint32_t i = 1; i < f->p->nodes.count && !found; i++)
		found = could_be(f, chunk, i, at, part);
	if (u64map_put(&f->in_type, key, found, &ignored))
		log_info("types: %s", ignored.msg);
	return found;
}

/* The one type that has part at offset at; 0: none has; SEVERAL. */
static int find(struct search *s, uint32_t chunk, uint64_t at, uint32_t part,
		uint32_t *out, struct error *err)
{
	struct follow *f = s->f;
	uint32_t n = (uint32_t)f->p->nodes.count;
	/* Types may have come since. */
	uint64_t key =
		node_mix((f->snap->chunk[chunk].size << 24 ^ at) * 0x1000003 ^
				 (uint64_t)part << 40,
			 n);
	uint64_t *slot = u64map_at(&s->known, key, err);

	if (!slot)
		return -1;
	if (*slot) {
		*out = (uint32_t)(*slot - 1);
		return 0;
	}
	*out = 0;
	for (uint32_t i = 1; i < n && *out != SEVERAL; i++)
		if (could_be(f, chunk, i, at, part))
			*out = *out ? SEVERAL : i;
	*slot = (uint64_t)*out + 1;
	return 0;
}

/* Does it agree with all that is said of what is in the chunk? */
static bool agrees(struct search *s, uint32_t chunk, uint32_t number)
{
	struct paths *p = s->f->p;

	for (uint32_t i = s->first[chunk]; i; i = s->next[i - 1])
		if (!node_has(&p->nodes, number, p->claim[i - 1].at,
			      p->claim[i - 1].node))
			return false;
	return true;
}

static int try_chunk(struct search *s, uint32_t chunk, struct error *err)
{
	struct follow *f = s->f;
	const struct chunk *c = &f->snap->chunk[chunk];
	const struct typed_claim *claim = NULL;
	struct typed_link link = f->p->link[chunk];
	uint32_t found, part = f->p->node[chunk];

	if (s->first[chunk])
		claim = &f->p->claim[s->first[chunk] - 1];
	if (!part && claim) {
		part = claim->node;
		link = claim->link;
	}
	if (find(s, chunk, f->p->node[chunk] ? 0 : claim->at, part, &found,
		 err))
		return -1;
	if (!found || found == SEVERAL || found == f->p->node[chunk])
		return 0;
	if (node_lay(&f->p->nodes, found, err))
		return -1;
	if (f->p->nodes.node[found].size * 2 <= c->size &&
	    !f->p->nodes.node[found].flex)
		return 0;
	if (!agrees(s, chunk, found) ||
	    !fit_plausible(f, found, c->addr, c->addr + c->size))
		return 0;
	f->link = link;
	return follow_candidate(f, chunk, found, err);
}

static int index_claims(struct search *s, struct error *err)
{
	struct paths *p = s->f->p;

	if (GROW(s->next, s->cap, p->claims, "candidates", err))
		return -1;
	for (size_t i = s->claims; i < p->claims; i++) {
		const struct typed_claim *c = &p->claim[i];

		s->next[i] = 0;
		if (!c->at || follow_is_area(s->f, c->chunk) ||
		    p->nodes.node[c->node].kind < NODE_STRUCT)
			continue;
		s->next[i] = s->first[c->chunk];
		s->first[c->chunk] = (uint32_t)i + 1;
	}
	s->claims = p->claims;
	return 0;
}

static int look_at(struct search *s, uint32_t chunk, struct error *err)
{
	const struct follow *f = s->f;
	uint32_t node = f->p->node[chunk];

	if (f->snap->chunk[chunk].state != CHUNK_USED ||
	    f->t->by[chunk] == TYPED_VTABLE ||
	    (node ? f->p->form[chunk] != FORM_BEGINS ||
			     f->p->nodes.node[node].kind != NODE_STRUCT
		  : !s->first[chunk]))
		return 0;
	return try_chunk(s, chunk, err);
}

/* What candidates lead to, and that in turn. */
static int look_at_news(void *ctx, const struct follow_news *news,
			struct error *err)
{
	struct search *s = ctx;
	const struct follow *f = s->f;

	if (index_claims(s, err))
		return -1;
	for (size_t i = news->chunk; i < news->chunks; i++)
		if (look_at(s, f->assigned[i], err))
			return -1;
	for (size_t i = news->claim; i < news->claims; i++) {
		uint32_t in = f->p->claim[i].chunk;

		if (!follow_is_area(f, in) && look_at(s, in, err))
			return -1;
	}
	return 0;
}

int follow_candidates(struct follow *f, struct error *err)
{
	struct search s = {.f = f};
	struct follow_news news;
	int ret;

	follow_watch(f, &news);
	s.first = try_calloc(f->snap->chunk_count, sizeof(*s.first),
			     "candidates", err);
	ret = !s.first || index_claims(&s, err);
	for (uint32_t i = 0; i < f->snap->chunk_count && !ret; i++) {
		if (i % 4096 == 0)
			ret = progress_tick("looking for candidates", i,
					    f->snap->chunk_count, err);
		ret = ret || look_at(&s, i, err);
	}
	ret = ret || follow_on(f, &news, look_at_news, &s, err);
	follow_unwatch(f);
	free(s.first);
	free(s.next);
	u64map_deinit(&s.known);
	return ret ? -1 : 0;
}
