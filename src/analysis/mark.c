#include "analysis/mark.h"

#include <stdlib.h>

#include "base/alloc.h"

int marker_init(struct marker *m, const struct snapshot *snap,
		enum interior interior, struct error *err)
{
	*m = (struct marker){.snap = snap, .interior = interior};
	m->mark = try_calloc(snap->chunk_count, 1, "marks of chunks", err);
	if (!m->mark || finder_init(&m->finder, snap, NULL, err)) {
		marker_deinit(m);
		return -1;
	}
	return 0;
}

void marker_deinit(struct marker *m)
{
	finder_deinit(&m->finder);
	free(m->mark);
	free(m->stack);
	*m = (struct marker){0};
}

void mark_rest(struct marker *m)
{
	free(m->stack);
	m->stack = NULL;
	m->depth = m->cap = 0;
}

int mark_chunk(struct marker *m, uint32_t i, struct error *err)
{
	if (m->mark[i] & m->closed || (m->but_owner && i == m->owner))
		return 0;
	if (GROW(m->stack, m->cap, m->depth + 1, "stack of chunks", err))
		return -1;
	m->mark[i] |= m->sets;
	if (m->owners)
		m->owners[i] = m->owner;
	m->stack[m->depth++] = i;
	return 0;
}

static int resolve(struct marker *m, uint64_t value, struct error *err)
{
	uint32_t i = finder_lookup(&m->finder, value);

	if (i == CHUNK_NONE || m->mark[i] & m->closed)
		return 0;
	if (m->interior != INTERIOR_YES && m->snap->chunk[i].addr != value) {
		if (m->interior == INTERIOR_NO)
			return 0;
		if (m->strict && !interior_accepts(m->snap, i, value)) {
			m->mark[i] |= m->weak;
			return 0;
		}
	}
	return mark_chunk(m, i, err);
}

/* The index is there by now: what it leads to is wanted next. */
static void want_chunk(const struct marker *m, uint64_t value)
{
	const struct finder_granule *g = finder_granule(&m->finder, value);
	uint32_t i = g ? finder_guess(g, value) : CHUNK_NONE;

	if (i == CHUNK_NONE)
		return;
	__builtin_prefetch(&m->snap->chunk[i]);
	__builtin_prefetch(&m->mark[i]);
}

/*
 * Cold: only for words inside the range of the chunks.  Most lead to memory
 * that is in no cache: first of the index, then of the chunk, each asked for
 * some words ahead.
 */
static __attribute__((noinline)) int candidate(struct marker *m, uint64_t value,
					       struct error *err)
{
	unsigned waiting = m->last_waiting - m->first_waiting;

	m->waiting[m->last_waiting++ % MARK_WAITING] = value;
	__builtin_prefetch(finder_granule(&m->finder, value));
	if (waiting < MARK_WAITING / 2)
		return 0;
	want_chunk(m, m->waiting[(m->last_waiting - MARK_WAITING / 2) %
				 MARK_WAITING]);
	if (waiting < MARK_WAITING - 1)
		return 0;
	return resolve(m, m->waiting[m->first_waiting++ % MARK_WAITING], err);
}

int mark_word(struct marker *m, uint64_t value, struct error *err)
{
	if (value - m->finder.low >= m->finder.high - m->finder.low)
		return 0;
	return candidate(m, value, err);
}

static inline __attribute__((always_inline)) int
scan_piece(struct marker *m, const uint8_t *bytes, uint64_t addr, uint64_t len,
	   unsigned word, struct error *err)
{
	uint64_t low = m->finder.low, span = m->finder.high - low;

	for (uint64_t i = -addr & (word - 1); i + word <= len; i += word) {
		uint64_t value = load_word(bytes + i, word);

		if (value - low < span && candidate(m, value, err))
			return -1;
	}
	return 0;
}

/* Pages that the contents do not have were never touched: they hold nothing. */
int mark_range(struct marker *m, uint64_t start, uint64_t end,
	       struct error *err)
{
	struct pieces *p = &m->pieces;
	const uint8_t *bytes;
	uint64_t addr, len;

	pieces_begin(p, m->snap->contents, start, end);
	while ((bytes = pieces_next(p, PIECES_STEP, &addr, &len))) {
		uint64_t run_end = p->image->run[p->run].end;
		uint64_t limit = run_end < end ? run_end : end;

		if (!m->only_look &&
		    (m->snap->word == 8
			     ? scan_piece(m, bytes, addr, len, 8, err)
			     : scan_piece(m, bytes, addr, len, 4, err)))
			return -1;
		if (m->look && m->look(m->look_ctx, bytes, addr, len,
				       limit - addr - len, err))
			return -1;
		if (pieces_tick(p, len, "following pointers", err))
			return -1;
	}
	return 0;
}

/* All that waits, and what it leads to. */
int mark_follow(struct marker *m, struct error *err)
{
	while (m->depth || m->first_waiting != m->last_waiting) {
		const struct chunk *c;

		if (!m->depth) {
			if (resolve(m,
				    m->waiting[m->first_waiting++ %
					       MARK_WAITING],
				    err))
				return -1;
			continue;
		}
		c = &m->snap->chunk[m->stack[--m->depth]];
		if (mark_range(m, c->addr, c->addr + c->size, err))
			return -1;
	}
	return 0;
}
