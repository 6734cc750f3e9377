/* What a chunk's first words are. */
#include <stdlib.h>
#include <string.h>

#include "analysis/alike.h"
#include "analysis/content.h"
#include "analysis/words.h"
#include "base/alloc.h"
#include "snapshot/modules.h"

enum {
	MIN_TEXT = 3,
	LARGE = 512 /* usable bytes, of a table perhaps */
};

int alike_reader_init(struct alike_reader *r, const struct snapshot *snap,
		      struct error *err)
{
	r->snap = snap;
	return finder_init(&r->finder, snap, NULL, err);
}

void alike_reader_deinit(struct alike_reader *r)
{
	finder_deinit(&r->finder);
	free(r->reach);
}

static uint32_t mix(uint64_t a, uint64_t b)
{
	uint64_t x = (a * UINT64_C(0x9e3779b97f4a7c15)) ^ b;

	x = (x ^ x >> 31) * UINT64_C(0xbf58476d1ce4e5b9);
	return (uint32_t)(x >> 32) | 1;
}

/* A word of holder leads to a chunk: the first that does counts. */
static void reached(struct alike_reader *r, uint32_t holder, uint64_t at,
		    uint64_t value)
{
	const struct snapshot *snap = r->snap;
	uint32_t to = finder_find(&r->finder, value);

	if (to == CHUNK_NONE || to == holder || r->reach[to])
		return;
	/* Of a large one, its elements are not told apart. */
	if (snap->chunk[holder].size >= LARGE)
		at = 0;
	r->reach[to] = mix((uint64_t)r->label[holder] << 16 | at,
			   value - snap->chunk[to].addr);
}

int alike_reach(struct alike_reader *r, struct error *err)
{
	const struct snapshot *snap = r->snap;
	unsigned word = snap->word;
	struct pieces p = {0};

	r->reach = try_calloc(snap->chunk_count, sizeof(*r->reach),
			      "what reaches chunks", err);
	if (!r->reach)
		return -1;
	for (uint32_t i = 0; i < snap->chunk_count; i++) {
		const struct chunk *c = &snap->chunk[i];
		const uint8_t *bytes;
		uint64_t addr, len;

		if (c->state != CHUNK_USED)
			continue;
		pieces_begin(&p, snap->contents, c->addr, c->addr + c->size);
		while ((bytes = pieces_next(&p, PIECES_STEP, &addr, &len))) {
			for (uint64_t k = 0; k + word <= len; k += word)
				reached(r, i, addr + k - c->addr,
					load_word(bytes + k, word));
			if (pieces_tick(&p, len, "looking for holders", err))
				return -1;
		}
	}
	return 0;
}

static enum alike_kind pointer_kind(const struct alike_reader *r,
				    uint32_t chunk, uint64_t value,
				    uint32_t *target, uint32_t *delta)
{
	const struct maps *maps = &r->snap->maps;
	uint32_t to = finder_find(&r->finder, value);

	if (to != CHUNK_NONE)
		*delta = (uint32_t)(value - r->snap->chunk[to].addr);
	if (to == chunk)
		return ALIKE_SELF;
	if (to != CHUNK_NONE) {
		if (r->snap->chunk[to].state != CHUNK_USED)
			return ALIKE_HEAP;
		*target = r->label[to];
		return value == r->snap->chunk[to].addr ? ALIKE_START
							: ALIKE_INSIDE;
	}
	if (!maps->count || value < maps->map[0].start ||
	    value >= maps->map[maps->count - 1].end)
		return ALIKE_NUMBER;
	if (modules_find(r->snap, value))
		return ALIKE_MODULE;
	return maps_find(maps, value) ? ALIKE_MAPPED : ALIKE_NUMBER;
}

/* An exponent as those of numbers between 1e-19 and 1e19. */
static bool is_float(uint64_t value, unsigned word)
{
	unsigned exponent = value >> 52 & 0x7ff;

	return word == 8 && exponent > 0x3ff - 64 && exponent < 0x3ff + 64;
}

static bool is_text(uint64_t value, unsigned word)
{
	uint8_t bytes[8];
	size_t n;

	memcpy(bytes, &value, sizeof(bytes));
	n = text_run(bytes, word);
	if (n >= MIN_TEXT && (n >= word || value >> 8 * n == 0))
		return true;
	return word == 8 && text_run(bytes + 3, 5) == 5;
}

static void read_word(struct alike_reader *r, uint32_t chunk,
		      struct alike_word *w)
{
	unsigned word = r->snap->word;

	w->kind = ALIKE_ZERO;
	if (!w->value)
		return;
	w->kind = pointer_kind(r, chunk, w->value, &w->target, &w->delta);
	if (w->kind != ALIKE_NUMBER)
		return;
	if (is_text(w->value, word))
		w->kind = ALIKE_TEXT;
	else if (is_float(w->value, word))
		w->kind = ALIKE_FLOAT;
}

void alike_read(struct alike_reader *r, uint32_t chunk, struct alike_chunk *out)
{
	const struct chunk *c = &r->snap->chunk[chunk];
	unsigned word = r->snap->word;
	uint8_t bytes[ALIKE_WORDS * 8];
	size_t want = ALIKE_WORDS * word, len;

	if (want > c->size)
		want = c->size;
	len = image_read(r->snap->contents, c->addr, bytes, want);
	out->chunk = chunk;
	for (unsigned i = 0; i < ALIKE_WORDS; i++) {
		struct alike_word *w = &out->word[i];

		*w = (struct alike_word){.kind = ALIKE_NOTHING};
		if ((i + 1) * word > len)
			continue;
		w->value = load_word(bytes + i * word, word);
		read_word(r, chunk, w);
	}
	out->word[ALIKE_REACH] = (struct alike_word){
		.kind = r->reach && r->reach[chunk] ? ALIKE_START : ALIKE_ZERO,
		.target = r->reach ? r->reach[chunk] : 0};
}

uint32_t alike_answer(const struct alike_word *w, unsigned ask)
{
	switch (ask) {
	case ASK_KIND:
		return w->kind;
	case ASK_DELTA:
		return w->delta;
	case ASK_TARGET:
		return w->kind == ALIKE_MODULE ? (uint32_t)w->value : w->target;
	default:
		/* Bytes of addresses tell nothing. */
		if (w->kind > ALIKE_ZERO && w->kind < ALIKE_TEXT)
			return 256;
		return w->value >> 8 * (ask - ASK_BYTE) & 0xff;
	}
}
