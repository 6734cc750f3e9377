#include "analysis/mark.h"

#include <stdlib.h>

#include "base/alloc.h"

int marker_init(struct marker *m, const struct snapshot *snap,
		enum interior interior, struct error *err)
{
	*m = (struct marker){.snap = snap, .interior = interior};
	m->mark = try_calloc(snap->chunk_count, 1, "marks of chunks", err);
	if (!m->mark || finder_init(&m->finder, snap, NULL, err) ||
	    sieve_init(&m->sieve, snap, &m->finder, err)) {
		marker_deinit(m);
		return -1;
	}
	return 0;
}

void marker_deinit(struct marker *m)
{
	finder_deinit(&m->finder);
	sieve_deinit(&m->sieve);
	free(m->mark);
	free(m->stack);
	*m = (struct marker){0};
}

void marker_again(struct marker *m, const struct marker *like)
{
	*m = *like;
	m->first_waiting = m->last_waiting = 0;
	m->first_next = m->last_next = 0;
	m->stack = NULL;
	m->depth = m->cap = 0;
	m->pieces = (struct pieces){0};
	m->quiet = true;
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

	if (i == CHUNK_NONE ||
	    __atomic_load_n(&m->mark[i], __ATOMIC_RELAXED) & m->closed)
		return 0;
	if (m->interior != INTERIOR_YES && m->snap->chunk[i].addr != value) {
		if (m->interior == INTERIOR_NO)
			return 0;
		if (m->strict && !interior_accepts(m->snap, i, value)) {
			m->mark[i] |= m->weak;
			return 0;
		}
	}
	return m->found ? m->found(m->ctx, i, err) : mark_chunk(m, i, err);
}

/* The index is there by now: what it leads to is wanted next. */
static inline __attribute__((always_inline)) void
want_chunk(const struct marker *m, uint64_t value)
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

/* The words at [start, end), all of one run, that the sieve has kept. */
static int scan_piece(struct marker *m, const struct image_run *run,
		      uint64_t start, uint64_t end, struct error *err)
{
	const struct sieve *s = &m->sieve;
	unsigned word = s->word;
	uint64_t base = sieve_base(s, run), low = m->finder.low;
	uint64_t span = m->finder.high - low;
	const uint64_t *bits = &s->bits[s->first[run - s->image->run]];
	const uint8_t *bytes = run->bytes + (base - run->start);
	uint64_t at, last;

	if (end < base + word)
		return 0;
	at = start > base ? (start - base + word - 1) / word : 0;
	last = (end - base) / word;
	while (at < last) {
		uint64_t left = bits[at / 64] >> at % 64, value;

		if (!left) {
			at += 64 - at % 64;
			continue;
		}
		at += (unsigned)__builtin_ctzll(left);
		if (at >= last)
			break;
		value = load_word(bytes + at * word, word);
		if (value - low < span && candidate(m, value, err))
			return -1;
		at++;
	}
	return 0;
}

/*
 * Pages that the contents do not have were never touched: they hold nothing.
 * What lies across "end" is looked at, up to "limit".
 */
static int mark_words(struct marker *m, uint64_t start, uint64_t end,
		      uint64_t limit, struct error *err)
{
	struct pieces *p = &m->pieces;
	struct words_piece piece;

	pieces_begin(p, m->snap->contents, start, limit);
	while (pieces_piece(p, PIECES_STEP, &piece) && piece.addr < end) {
		if (piece.len > end - piece.addr) {
			piece.more += piece.len - (end - piece.addr);
			piece.len = end - piece.addr;
		}
		if (!m->only_look &&
		    scan_piece(m, &p->image->run[p->run], piece.addr,
			       piece.addr + piece.len, err))
			return -1;
		if (m->look && m->look(m->ctx, &piece, err))
			return -1;
		if (!m->quiet &&
		    pieces_tick(p, piece.len, "following pointers", err))
			return -1;
	}
	return 0;
}

int mark_range(struct marker *m, uint64_t start, uint64_t end,
	       struct error *err)
{
	return mark_words(m, start, end, end, err);
}

int mark_part(struct marker *m, const struct chunk *c, uint64_t start,
	      uint64_t end, struct error *err)
{
	return mark_words(m, c->addr + start, c->addr + end, c->addr + c->size,
			  err);
}

/* Its words are wanted soon: what the sieve says of them, and the first of
 * them, where it lies in the run at hand. */
static inline __attribute__((always_inline)) void
want_words(const struct marker *m, const struct chunk *c)
{
	const struct pieces *p = &m->pieces;
	const struct sieve *s = &m->sieve;
	const struct image_run *run;
	uint64_t at;

	if (!p->image || p->run >= p->image->run_count)
		return;
	run = &p->image->run[p->run];
	at = c->addr - run->start;
	if (at >= run->end - run->start)
		return;
	__builtin_prefetch(run->bytes + at);
	__builtin_prefetch(&s->bits[s->first[p->run] + at / s->word / 64]);
}

/* From the stack through a short queue, so that memory has time to come. */
static void queue_chunks(struct marker *m)
{
	while (m->depth && m->last_next - m->first_next < MARK_NEXT) {
		uint32_t i = m->stack[--m->depth];

		m->next[m->last_next++ % MARK_NEXT] = i;
		want_words(m, &m->snap->chunk[i]);
	}
}

/* All that waits, and what it leads to.  Words first, while the queue is short:
 * what they lead to is what fills it. */
int mark_follow(struct marker *m, struct error *err)
{
	for (;;) {
		unsigned queued;
		const struct chunk *c;

		queue_chunks(m);
		queued = m->last_next - m->first_next;
		if (queued < MARK_NEXT / 2 &&
		    m->first_waiting != m->last_waiting) {
			if (resolve(m,
				    m->waiting[m->first_waiting++ %
					       MARK_WAITING],
				    err))
				return -1;
			continue;
		}
		if (!queued)
			return 0;
		c = &m->snap->chunk[m->next[m->first_next++ % MARK_NEXT]];
		if (mark_range(m, c->addr, c->addr + c->size, err))
			return -1;
	}
}
