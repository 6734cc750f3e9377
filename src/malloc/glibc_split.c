/*
 * A chunk that a thread was just splitting: what is cut off has its place, and
 * its header is still what was there before.  Going on by that would step over
 * blocks or into the middle of them.
 */
#include "malloc/walk.h"

enum {
	MOST_SEARCHED = 64 << 20,
	/* Chunks that make it likely, or prove, that they go on there. */
	FEW = 3,
	MANY = 64,
	MOST_GUESSES = 512
};

bool walk_in_hand(const struct walk *w, uint64_t chunk)
{
	return w->insides &&
	       (u64map_get(&w->hand, chunk, NULL) ||
		u64map_get(&w->hand, chunk + w->form.header, NULL));
}

static bool goes_on(struct walk *w, const struct split *s, uint64_t at,
		    unsigned chunks)
{
	struct chain chain = {
		.arena = s->arena, .limit = s->limit, .enough = chunks};

	return at == w->arena[s->arena].out.top ||
	       (at < s->limit && chain_holds(w, &chain, at));
}

/* As far as its own size word tells. */
static bool is_header(struct walk *w, const struct split *s, uint64_t at)
{
	uint64_t word;

	return at == w->arena[s->arena].out.top ||
	       (at < s->limit &&
		pages_word(&w->pages, at + w->form.word, &word) &&
		chunk_plausible(&w->form, word, s->limit - at,
				w->arena[s->arena].out.is_main));
}

/* What malloc cuts off it first puts at the head of the unsorted bin. */
static bool is_linked(const struct walk *w, uint32_t arena, uint64_t at)
{
	const uint8_t *raw = w->arena[arena].raw;

	return load_word(raw + w->g->state->bins, w->form.word) == at;
}

bool walk_is_cut(const struct walk *w, uint32_t arena, uint64_t first,
		 uint64_t at)
{
	return walk_in_hand(w, first) && is_linked(w, arena, at);
}

/* Does what lies behind say that it is free and has this size? */
static bool is_free(struct walk *w, uint64_t at, uint64_t size)
{
	uint64_t prev, next;

	return pages_word(&w->pages, at + size, &prev) && prev == size &&
	       pages_word(&w->pages, at + size + w->form.word, &next) &&
	       !(next & CHUNK_PREV_INUSE);
}

/*
 * Does the header say that what is before it was cut off and is free?  Then it
 * is new: that of an aligned block, whose rest is what has no header yet.
 */
static bool is_aligned_block(struct walk *w, const struct split *s,
			     uint64_t word)
{
	uint64_t before;

	return !(word & CHUNK_PREV_INUSE) &&
	       pages_word(&w->pages, s->at, &before) &&
	       before == s->at - s->first;
}

/* Behind a free chunk stands its size: still that of before the split, or that
 * of what is left. */
static uint64_t by_footer(struct walk *w, const struct split *s)
{
	unsigned word = w->form.word;
	uint64_t end = s->limit - s->at > MOST_SEARCHED ? s->at + MOST_SEARCHED
							: s->limit;

	for (uint64_t at = s->at + w->form.min; at < end; at += w->form.align) {
		const uint8_t *p = window_at(&w->window, at, 2 * word);

		if (p &&
		    (load_word(p, word) == at - s->first ||
		     load_word(p, word) == at - s->at) &&
		    !(load_word(p + word, word) & CHUNK_PREV_INUSE) &&
		    goes_on(w, s, at, FEW))
			return at;
	}
	return 0;
}

/* How the words in hand tell that something ends there. */
enum { IS_END = 1, IS_SIZE = 2, IS_WHOLE_SIZE = 4 };

struct guess {
	uint64_t end;
	unsigned how;
};

struct guesses {
	struct guess at[MOST_GUESSES];
	unsigned count;
};

static void add_guess(struct walk *w, const struct split *s, struct guesses *g,
		      uint64_t end, unsigned how)
{
	unsigned i = 0;

	while (i < g->count && g->at[i].end != end)
		i++;
	if (i == g->count &&
	    (i == MOST_GUESSES || end < s->at + w->form.min ||
	     end >= s->limit || !chunk_fits_at(&w->form, end) ||
	     !goes_on(w, s, end, MANY)))
		return;
	if (i == g->count)
		g->at[g->count++] = (struct guess){.end = end};
	g->at[i].how |= how;
}

/* Words that do not know of each other. */
static bool is_told_twice(const struct guess *g)
{
	return g->how & (g->how - 1);
}

/*
 * The size is in a register or on the stack of who splits it, and so are
 * others; and old chunks inside of it go on like those behind it.  The nearest
 * end that two words tell is likely right, else the nearest, so that no block
 * is lost; and what is used from there to the farthest that a size tells is not
 * sure.
 */
static uint64_t by_hand(struct walk *w, struct split *s)
{
	uint64_t key, value, best = 0;
	struct guesses g = {0};
	bool twice = false;
	size_t it = 0;

	while (u64map_next(&w->hand, &it, &key, &value)) {
		uint64_t n = key & CHUNK_SIZE_MASK;

		add_guess(w, s, &g, n, IS_END);
		add_guess(w, s, &g, s->at + n, IS_SIZE);
		add_guess(w, s, &g, s->first + n, IS_WHOLE_SIZE);
	}
	for (unsigned i = 0; i < g.count; i++)
		twice |= is_told_twice(&g.at[i]);
	for (unsigned i = 0; i < g.count; i++) {
		if (g.at[i].how != IS_END && g.at[i].end > s->doubt)
			s->doubt = g.at[i].end;
		if ((!twice || is_told_twice(&g.at[i])) &&
		    (!best || g.at[i].end < best))
			best = g.at[i].end;
	}
	return best;
}

uint64_t walk_split_end(struct walk *w, struct split *s, uint64_t word)
{
	uint64_t size = word & CHUNK_SIZE_MASK, end;
	bool plausible, linked;

	if (!w->insides)
		return 0;
	plausible = chunk_plausible(&w->form, word, s->limit - s->at,
				    w->arena[s->arena].out.is_main);
	/* The common case first: nobody is at it. */
	if (plausible &&
	    (!walk_in_hand(w, s->at) || !walk_in_hand(w, s->first)))
		return 0;
	linked = is_linked(w, s->arena, s->at);
	if (plausible && linked && is_free(w, s->at, size))
		return 0;
	/* Old chunks go on, too: only a size that is in hand is surely new. */
	if (plausible && !linked && goes_on(w, s, s->at, FEW)) {
		if (!walk_in_hand(w, size) && !walk_in_hand(w, s->at + size))
			by_hand(w, s);
		return 0;
	}
	end = linked ? by_footer(w, s) : 0;
	/* As good as any other if what is behind it is. */
	if (end || (plausible && is_header(w, s, s->at + size)))
		return end;
	if (plausible && is_aligned_block(w, s, word))
		return 0;
	return by_hand(w, s);
}
