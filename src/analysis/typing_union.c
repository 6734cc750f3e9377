/*
 * Which member of a union is there?  Nothing says, but the data: of the members
 * that are pointers, only one may agree with what is pointed at.
 */
#include "analysis/typing_fit.h"
#include "analysis/words.h"

enum { TEXT_MAX = 256 };

enum verdict {
	AGREES_NOT,
	AGREES_EMPTY, /* it has no pointer that is not null */
	AGREES
};

/* A word of these bytes leads to the start of a chunk, as text's do not. */
static bool has_address(const struct follow *f, const uint8_t *bytes,
			size_t len)
{
	for (size_t i = 0; i + f->snap->word <= len; i += f->snap->word) {
		uint64_t word = load_word(bytes + i, f->snap->word);
		uint32_t chunk = finder_find(&f->finder, word);

		if (chunk != CHUNK_NONE && f->snap->chunk[chunk].addr == word &&
		    f->snap->chunk[chunk].state == CHUNK_USED)
			return true;
	}
	return false;
}

/*
 * Any bytes may be behind a void *, and behind a char * as well, be it a buffer
 * that is still empty: only what has addresses in it is told from that.
 */
static bool agrees_any(struct follow *f, uint64_t value, bool text)
{
	uint32_t chunk = finder_find(&f->finder, value);
	uint8_t bytes[TEXT_MAX];
	size_t len;

	if (chunk == CHUNK_NONE)
		return span_find(f->snap, value);
	if (f->snap->chunk[chunk].state != CHUNK_USED)
		return false;
	if (!text)
		return true;
	len = f->snap->chunk[chunk].addr + f->snap->chunk[chunk].size - value;
	len = image_read(f->snap->contents, value, bytes,
			 len < sizeof(bytes) ? len : sizeof(bytes));
	return !has_address(f, bytes, len);
}

static int agrees_pointer(struct follow *f, const struct slot *s,
			  uint64_t value, bool *out, struct error *err)
{
	uint32_t chunk = finder_find(&f->finder, value), have;
	const struct chunk *c;
	enum fit fit;

	*out = false;
	if (!s->node) {
		*out = agrees_any(f, value, s->text);
		return 0;
	}
	if (chunk == CHUNK_NONE) {
		*out = span_find(f->snap, value);
		return 0;
	}
	c = &f->snap->chunk[chunk];
	if (c->state != CHUNK_USED || c->addr != value)
		return 0;
	have = f->p->node[chunk];
	if (have && f->p->form[chunk] != FORM_BEGINS) {
		*out = node_has(&f->p->nodes, have, 0, s->node);
		return 0;
	}
	if (fit_of(f, chunk, s->node, &fit, err))
		return -1;
	*out = fit >= FIT_ONE &&
	       fit_plausible(f, s->node, c->addr, c->addr + c->size);
	return 0;
}

static int agrees(struct follow *f, const struct slot *slot, size_t n,
		  uint32_t alternative, uint64_t addr, uint64_t end,
		  enum verdict *out, struct error *err)
{
	*out = AGREES_EMPTY;
	for (size_t i = 0; i < n; i++) {
		const struct slot *s = &slot[i];
		uint64_t value;
		bool ok;

		if (s->alternative != alternative || s->kind != SLOT_POINTER)
			continue;
		for (uint64_t k = 0; k < s->count; k++) {
			uint64_t at = addr + s->offset + k * s->stride;

			if (at + f->snap->word > end ||
			    !follow_word(f, at, &value)) {
				*out = AGREES_NOT;
				return 0;
			}
			if (!value)
				continue;
			if (agrees_pointer(f, s, value, &ok, err))
				return -1;
			if (!ok) {
				*out = AGREES_NOT;
				return 0;
			}
			*out = AGREES;
		}
	}
	return 0;
}

int union_alternative(struct follow *f, uint32_t node, uint64_t addr,
		      uint64_t end, uint32_t *out, struct error *err)
{
	uint32_t last = UINT32_MAX, found = UINT32_MAX, count = 0;

	*out = UINT32_MAX;
	for (size_t i = 0; i < f->p->nodes.node[node].slots; i++) {
		/* fit_of() may move the nodes, not their slots. */
		const struct slot *slot = f->p->nodes.node[node].slot;
		uint32_t alternative = slot[i].alternative;
		enum verdict verdict;

		if (alternative == last)
			continue;
		last = alternative;
		if (agrees(f, slot, f->p->nodes.node[node].slots, alternative,
			   addr, end, &verdict, err))
			return -1;
		if (verdict != AGREES)
			continue;
		found = alternative;
		count++;
	}
	if (count == 1)
		*out = found;
	return 0;
}
