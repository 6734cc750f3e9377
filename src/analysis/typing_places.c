#include "analysis/typing_places.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/typing_evidence.h"
#include "analysis/typing_fit.h"
#include "analysis/typing_impl.h"
#include "base/alloc.h"

enum {
	HEADERS = 3,	/* with fewer, none is known to be there */
	LOOK_BACK = 16, /* places, of which one may be in the other */
	NAMED_MAX = 3	/* types in a name */
};

/* What points at pointers says of a chunk no more than where an array of them
 * may begin. */
static bool is_object(const struct paths *p, const struct typed_claim *c)
{
	return p->nodes.node[c->node].kind >= NODE_STRUCT;
}

static uint64_t size_of(const struct paths *p, uint32_t claim)
{
	return p->nodes.node[p->claim[claim].node].size;
}

/* Those of nodes of that kind or a higher one. */
static int make(struct paths *p, enum node_kind least, struct error *err)
{
	free(p->place);
	p->places = 0;
	p->place = try_calloc(p->claims, sizeof(*p->place), "objects", err);
	if (!p->place)
		return -1;
	for (size_t i = 0; i < p->claims; i++)
		if (p->claim[i].at && !p->claim[i].against &&
		    !p->claim[i].lone &&
		    p->nodes.node[p->claim[i].node].kind >= least)
			p->place[p->places++] = (struct sort_pair){
				.key = ~size_of(p, (uint32_t)i), .value = i};
	/* The sort is stable: at one place the largest comes first. */
	if (sort_pairs(p->place, p->places, err))
		return -1;
	for (size_t i = 0; i < p->places; i++) {
		const struct typed_claim *c = &p->claim[p->place[i].value];

		p->place[i].key = (uint64_t)c->chunk << 32 | c->at;
	}
	return sort_pairs(p->place, p->places, err);
}

/* The first place with that key or a higher one. */
static size_t lower(const struct paths *p, uint64_t key)
{
	return sort_lower(p->place, p->places, key);
}

size_t places_of(const struct paths *p, uint32_t chunk, size_t *first)
{
	*first = lower(p, (uint64_t)chunk << 32);
	return lower(p, ((uint64_t)chunk + 1) << 32);
}

const struct typed_claim *places_find(const struct paths *p, uint32_t chunk,
				      uint64_t at)
{
	size_t i = lower(p, ((uint64_t)chunk << 32 | at) + 1);
	const struct typed_claim *found = NULL;

	for (unsigned n = 0; i-- > 0 && n < LOOK_BACK; n++) {
		const struct typed_claim *c = &p->claim[p->place[i].value];

		if (c->chunk != chunk)
			break;
		if (at - c->at < p->nodes.node[c->node].size)
			found = c;
	}
	return found;
}

/* All that is said of what is in the chunk is a part of node at "at". */
static bool has_all(struct paths *p, size_t first, size_t end, uint32_t node,
		    uint64_t at, enum typed_form form)
{
	uint64_t size = p->nodes.node[node].size;

	for (size_t i = first; i < end; i++) {
		const struct typed_claim *c = &p->claim[p->place[i].value];
		uint64_t in = c->at - at;
		uint32_t real = opaque_real(p, c->node);

		if (!is_object(p, c) && p->nodes.node[node].kind >= NODE_STRUCT)
			continue;
		if (form == FORM_ARRAY && size)
			in %= size;
		if (!node_has(&p->nodes, node, in, real ? real : c->node))
			return false;
	}
	return true;
}

/* It may as well be one of an array that begins at the start. */
static bool is_element(const struct follow *f, uint32_t chunk,
		       const struct typed_claim *c)
{
	uint64_t size = f->p->nodes.node[c->node].size;
	uint64_t room = f->snap->chunk[chunk].size;

	return size && c->at % size == 0 &&
	       fit_exact(f, chunk, room / size * size);
}

/* Of pointers, any array may begin earlier: unless a word before it is none of
 * them, and all behind it are, or null. */
static bool is_array(struct follow *f, uint32_t chunk,
		     const struct typed_claim *c)
{
	const struct chunk *ch = &f->snap->chunk[chunk];
	unsigned word = f->snap->word;
	uint64_t at = c->at;

	if (fit_plausible(f, c->node, ch->addr + at - word, ch->addr + at))
		return false;
	/* The last one may be there by rounding alone. */
	for (; at + 2 * word <= ch->size; at += word)
		if (!fit_plausible(f, c->node, ch->addr + at,
				   ch->addr + at + word))
			return false;
	return true;
}

/* Before objects there may be pointers that are part of no array. */
static size_t first_object(const struct paths *p, size_t first, size_t end)
{
	for (size_t i = first; i < end; i++)
		if (is_object(p, &p->claim[p->place[i].value]))
			return i;
	return first;
}

/* fit below FIT_ONE: it is no such. */
static int fit_header(struct follow *f, uint32_t chunk, size_t first,
		      size_t end, enum fit *fit, struct error *err)
{
	struct paths *p = f->p;
	struct typed_claim c = p->claim[p->place[first].value];

	*fit = FIT_NOT;
	if (c.at > SKIP_MAX || c.at % f->snap->word)
		return 0;
	if (node_lay(&p->nodes, c.node, err))
		return -1;
	if (is_object(p, &c) ? is_element(f, chunk, &c)
			     : !is_array(f, chunk, &c))
		return 0;
	if (fit_behind(f, chunk, c.at, c.node, fit, err))
		return -1;
	if (*fit < FIT_ONE || follow_in_type(f, chunk, c.node, c.at) ||
	    !has_all(p, first, end, c.node, c.at,
		     *fit == FIT_ARRAY ? FORM_ARRAY : FORM_ONE))
		*fit = FIT_NOT;
	return 0;
}

/* Chunks with places in them, and no type. */
typedef int chunk_fn(struct follow *f, uint32_t chunk, size_t first, size_t end,
		     struct error *err);

static int count_header(struct follow *f, uint32_t chunk, size_t first,
			size_t end, struct error *err)
{
	enum fit fit;

	first = first_object(f->p, first, end);
	if (fit_header(f, chunk, first, end, &fit, err))
		return -1;
	if (fit >= FIT_ONE)
		f->headers[f->p->claim[f->p->place[first].value].at]++;
	return 0;
}

/* In front of what C++ makes with new T[n], n lies. */
static bool has_count(const struct follow *f, const struct typed_claim *c)
{
	uint64_t start = f->snap->chunk[c->chunk].addr, n;
	uint64_t size = f->p->nodes.node[c->node].size;

	return size && follow_word(f, start + c->at - f->snap->word, &n) && n &&
	       n <= f->snap->chunk[c->chunk].size / size &&
	       fit_exact(f, c->chunk, c->at + n * size);
}

/* One pointer may be left over: an allocator has its header before several. */
static int try_header(struct follow *f, uint32_t chunk, size_t first,
		      size_t end, struct error *err)
{
	struct typed_claim c;
	enum fit fit;

	first = first_object(f->p, first, end);
	c = f->p->claim[f->p->place[first].value];
	if (c.at > SKIP_MAX ||
	    (f->headers[c.at] < HEADERS && !has_count(f, &c)))
		return 0;
	if (fit_header(f, chunk, first, end, &fit, err))
		return -1;
	if (fit < FIT_ONE)
		return 0;
	f->found = true;
	f->link = c.link;
	return follow_header(f, chunk, c.node, c.at, fit == FIT_ARRAY, err);
}

static int each_chunk(struct follow *f, enum node_kind least, chunk_fn *fn,
		      struct error *err)
{
	struct paths *p = f->p;

	if (make(p, least, err))
		return -1;
	for (size_t i = 0, end; i < p->places; i = end) {
		uint32_t chunk = (uint32_t)(p->place[i].key >> 32);

		for (end = i + 1;
		     end < p->places && p->place[end].key >> 32 == chunk;)
			end++;
		if (follow_is_area(f, chunk))
			break;
		if (!p->node[chunk] && f->t->by[chunk] == TYPED_NOT &&
		    !f->t->type[chunk] && fn(f, chunk, i, end, err))
			return -1;
	}
	return 0;
}

int follow_headers(struct follow *f, struct error *err)
{
	memset(f->headers, 0, sizeof(f->headers));
	for (uint32_t i = 0; i < f->snap->chunk_count; i++)
		f->headers[f->p->skip[i]] += f->p->skip[i] != 0;
	return each_chunk(f, NODE_POINTER, count_header, err) ||
			       each_chunk(f, NODE_POINTER, try_header, err)
		       ? -1
		       : 0;
}

/* Of one pointer alone, the words must speak for it: it may be left over. */
static bool is_lone(const struct follow *f, size_t first, size_t end)
{
	const struct typed_claim *c = &f->p->claim[f->p->place[first].value];
	uint64_t addr = f->snap->chunk[c->chunk].addr + c->at;
	struct evidence evidence = {0};

	if (f->p->place[first].key != f->p->place[end - 1].key)
		return false;
	evidence_add(f, c->node, addr, addr + f->p->nodes.node[c->node].size,
		     &evidence);
	return !evidence.good;
}

static int drop_lone(struct follow *f, uint32_t chunk, size_t first, size_t end,
		     struct error *err)
{
	(void)chunk;
	(void)err;
	if (is_lone(f, first, end))
		for (size_t i = first; i < end; i++)
			f->p->claim[f->p->place[i].value].lone = true;
	return 0;
}

static int name_chunk(struct follow *f, uint32_t chunk, size_t first,
		      size_t end, struct error *err)
{
	uint32_t seen[NAMED_MAX], n = 0;
	uint64_t covered = 0;
	struct strbuf sb = {0};

	for (size_t i = first; i < end; i++) {
		const struct typed_claim *c =
			&f->p->claim[f->p->place[i].value];
		const struct node *node = &f->p->nodes.node[c->node];
		uint32_t k = 0;

		/* A part of the one before. */
		if (c->at < covered)
			continue;
		covered = c->at + node->size;
		while (k < n && seen[k] != c->node)
			k++;
		if (k < n)
			continue;
		if (n == NAMED_MAX) {
			strbuf_add(&sb, " ...");
			break;
		}
		strbuf_addf(&sb, "%s%s", n ? ", " : "has ", node->name);
		seen[n++] = c->node;
	}
	f->t->type[chunk] = typing_number(f->t, strbuf_str(&sb), err);
	f->t->by[chunk] = TYPED_PART;
	strbuf_deinit(&sb);
	return f->t->type[chunk] ? 0 : -1;
}

int places_name(struct follow *f, struct error *err)
{
	return each_chunk(f, NODE_STRUCT, drop_lone, err) ||
			       each_chunk(f, NODE_STRUCT, name_chunk, err)
		       ? -1
		       : 0;
}
