#include "tests/lib/fake_fill.h"

#include <stdlib.h>
#include <string.h>

#include "malloc/glibc_layout.h"
#include "tests/lib/marks.h"

struct filler {
	struct fake_heap *f;
	struct fill *fill;
	unsigned *seed;
	unsigned word, align;
	uint64_t state; /* of its arena */
	uint32_t arena;
	uint64_t at, top_end;
	bool prev_free;
};

static unsigned any(unsigned *seed, unsigned below)
{
	return (unsigned)rand_r(seed) % below;
}

static uint64_t get(struct filler *m, uint64_t addr)
{
	const uint8_t *p = (const uint8_t *)fake_word(m->f, addr);
	uint64_t word = 0;

	memcpy(&word, p, m->word);
	return word;
}

/* What a program may have in a block. */
static void write_data(struct filler *m, uint64_t user, uint64_t len)
{
	static const char text[] = "the quick brown fox, A1=0 ";
	unsigned kind = any(m->seed, 13) % 9 / 2, n = any(m->seed, 1000);

	for (uint64_t i = 0; i + m->word <= len; i += m->word) {
		uint64_t word = 0;

		switch (kind) {
		case 0:
			break;
		case 1:
			memcpy(&word, text + (n + i) % 18, m->word);
			break;
		case 2:
			word = any(m->seed, 200);
			break;
		case 3:
			word = user + any(m->seed, 4096) * 16u;
			break;
		default: /* as of a chunk that once was here */
			word = i % 48 == m->word ? 0x31 | (m->arena ? 4 : 0)
						 : n;
			break;
		}
		fake_poke(m->f, user + i, word);
	}
}

static void link_last(struct filler *m, uint64_t chunk)
{
	unsigned word = m->word;
	uint64_t head = m->state + m->f->family->bins - 2 * word;
	uint64_t last = get(m, head + 3 * word);

	fake_poke(m->f, last + 2 * word, chunk);
	fake_poke(m->f, chunk + 3 * word, last);
	fake_poke(m->f, chunk + 2 * word, head);
	fake_poke(m->f, head + 3 * word, chunk);
}

static void add(struct filler *m, uint64_t size, bool is_free)
{
	uint64_t flags = m->prev_free ? 0 : CHUNK_PREV_INUSE;
	uint64_t user = m->at + 2 * m->word;
	struct fill *fill = m->fill;

	ck_assert(fill->count < FILL_MAX);
	if (m->arena && !is_free)
		flags |= CHUNK_NON_MAIN;
	fake_poke(m->f, m->at + m->word, size | flags);
	write_data(m, user, size - m->word * (is_free ? 2 : 1));
	if (is_free) {
		link_last(m, m->at);
		fake_poke(m->f, m->at + size, size);
	}
	fill->chunk[fill->count++] =
		(struct fill_chunk){user, size, m->arena, is_free};
	m->prev_free = is_free;
	m->at += size;
}

static uint64_t size_of_next(struct filler *m, uint64_t largest)
{
	uint64_t most = any(m->seed, 10) ? 0x200 : largest;
	uint64_t size = 4 * m->word +
			m->align * any(m->seed, (unsigned)most / m->align);

	return size < largest ? size : largest;
}

static void fill_arena(struct filler *m, uint64_t largest, uint64_t leave)
{
	uint64_t least = 4 * m->word;

	m->top_end = m->at + (get(m, m->at + m->word) & ~(uint64_t)CHUNK_FLAGS);
	while (m->top_end - m->at > leave + largest + least)
		add(m, size_of_next(m, largest),
		    !m->prev_free && !any(m->seed, 6));
	if (m->prev_free)
		add(m, least, false);
	fake_poke(m->f, m->at + m->word,
		  (m->top_end - m->at) | CHUNK_PREV_INUSE);
	fake_poke(m->f, m->state + m->f->family->top, m->at);
	memset(fake_word(m->f, m->at + 2 * m->word), 0,
	       m->top_end - m->at - 2 * m->word);
}

void fake_fill(struct fake_heap *f, struct fill *fill, unsigned *seed,
	       uint64_t largest, uint64_t leave)
{
	fill->count = 0;
	for (uint32_t i = 0; i < 2; i++) {
		struct filler m = {.f = f,
				   .fill = fill,
				   .seed = seed,
				   .word = f->word,
				   .align = f->family->align,
				   .state =
					   i ? f->arena : fake_at(f, FAKE_MAIN),
				   .arena = i,
				   .at = f->top[i]};

		fill->first[i] = fill->count;
		fill_arena(&m, largest, leave);
		f->top[i] = m.at;
	}
	fill->first[2] = fill->count;
}
