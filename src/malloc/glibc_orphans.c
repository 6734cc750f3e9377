/*
 * Tcaches whose thread is no more: a forked child has those of all its
 * parent's threads (GLIBC.md 5.7).  Nothing leads to them, so blocks of their
 * size are looked at.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "malloc/cache.h"

/*
 * How far a list of a tcache without a thread is from what is counted; -1 if
 * it is no such list.  A fork() in the midst of another thread's malloc leaves
 * one that is off by one for ever.
 */
static int list_off(struct walk *w, const struct cache *c, unsigned bin,
		    uint64_t *key)
{
	uint64_t user = c->entry[bin], size = cache_bin_size(w, c, bin);
	uint64_t stored, mark;
	uint32_t n = 0;

	for (; user; n++) {
		struct chunk *m = chunk_fits_user(&w->form, user)
					  ? walk_find(w, user)
					  : NULL;

		if (n > c->count[bin] || !m || m->state != CHUNK_USED ||
		    (size && m->size + w->form.word != size) ||
		    !pages_word(&w->pages, user, &stored) ||
		    !pages_word(&w->pages, user + w->form.word, &mark))
			return -1;
		/* Every cached chunk carries the same mark (5.8). */
		if (*key && mark != *key)
			return -1;
		*key = mark;
		user = w->copy->protected_links ? link_reveal(stored, user)
						: stored;
	}
	return n == c->count[bin]				  ? 0
	       : n == c->count[bin] + 1 || n + 1 == c->count[bin] ? 1
								  : -1;
}

static uint32_t list_length(struct walk *w, const struct cache *c, unsigned bin)
{
	uint64_t user = c->entry[bin], stored;
	uint32_t n = 0;

	for (; user && pages_word(&w->pages, user, &stored); n++)
		user = w->copy->protected_links ? link_reveal(stored, user)
						: stored;
	return n;
}

/* One count that fork() left wrong is put right. */
static bool is_orphan(struct walk *w, struct cache *c)
{
	unsigned off = TCACHE_MAX_BINS;
	uint64_t key = 0;

	if (!c->filled)
		return false;
	for (unsigned i = 0; i < c->layout->bins; i++) {
		int by = list_off(w, c, i, &key);

		if (by < 0 || (by && off < TCACHE_MAX_BINS))
			return false;
		if (by)
			off = i;
	}
	if (off == TCACHE_MAX_BINS)
		return true;
	/* With little else in it, that would be too easily believed. */
	if (c->filled < 3)
		return false;
	c->count[off] = list_length(w, c, off);
	return true;
}

/*
 * Most blocks of this size are something else, and the first bytes tell: no
 * bin counts more than it may, and one counts something.
 */
static bool may_be_orphan(struct walk *w, const struct chunk *c,
			  const struct tcache_layout *l)
{
	uint16_t count[TCACHE_SMALL_BINS];
	uint64_t any = 0;

	if (!cache_size_fits(w, c, l) ||
	    !pages_read(&w->pages, c->addr, count, sizeof count))
		return false;
	for (unsigned i = 0; i < TCACHE_SMALL_BINS; i++) {
		any |= count[i];
		if (l->count_bytes == 2 && count[i] > w->copy->tcache_count)
			return false;
	}
	/* What fits may be nothing in all of them, what is there not. */
	return any || l->slots_left;
}

static bool may_be_any_orphan(struct walk *w, const struct chunk *c)
{
	for (const struct tcache_layout *l = tcache_layouts; l->word; l++)
		if (may_be_orphan(w, c, l))
			return true;
	return false;
}

/* Could this chunk be one, as far as it can be told by itself? */
static bool is_candidate(struct walk *w, const struct chunk *c,
			 const struct u64map *owned, struct cache *cache)
{
	/* The counts take at least a byte each. */
	uint64_t least = TCACHE_SMALL_BINS * (1 + (uint64_t)w->form.word);

	/* Between the least and the largest of table 5. */
	return c->state == CHUNK_USED && c->size >= least &&
	       c->size <= TCACHE_MAX_SIZE && may_be_any_orphan(w, c) &&
	       !u64map_get(owned, c->addr, NULL) && cache_decode(w, c, cache);
}

typedef int orphan_fn(struct walk *w, struct cache *cache, struct error *err);

static int take_orphan(struct walk *w, struct cache *cache, struct error *err)
{
	return is_orphan(w, cache) ? cache_take(w, cache, 0, ARENA_NONE, err)
				   : 0;
}

static int vote_of_orphan(struct walk *w, struct cache *cache,
			  struct error *err)
{
	(void)err;
	cache_vote(w, cache);
	return 0;
}

static int each_candidate(struct walk *w, const struct u64map *owned,
			  orphan_fn *fn, struct error *err)
{
	struct cache *cache = xmalloc(sizeof *cache);
	/* Where malloc has no tcache, blocks that look so are the program's. */
	bool any = w->g->params->tcache_bins;
	int rc = 0;

	for (size_t i = 0; any && !rc && i < w->stretches; i++) {
		const struct stretch *s = &w->stretch[i];

		if (walk_copy_of(w, s->arena) != w->copy)
			continue;
		for (size_t j = 0; !rc && j < s->count; j++)
			if (is_candidate(w, &s->chunk[j], owned, cache))
				rc = fn(w, cache, err);
	}
	free(cache);
	return rc;
}

int walk_orphans_vote(struct walk *w, const struct u64map *owned,
		      struct error *err)
{
	return each_candidate(w, owned, vote_of_orphan, err);
}

int walk_orphans_take(struct walk *w, const struct u64map *owned,
		      struct error *err)
{
	return each_candidate(w, owned, take_orphan, err);
}
