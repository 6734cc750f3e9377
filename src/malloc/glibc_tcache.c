/*
 * Every thread's tcache (GLIBC.md 5) through libc's thread-local block (8.4);
 * those whose thread is no more are in glibc_orphans.c.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "malloc/cache.h"

/* A copy of malloc has its tcaches in its own memory; blocks that mapping made
 * do not tell whose they are. */
static bool may_be_ours(const struct walk *w, const struct chunk *c)
{
	return c->arena == ARENA_MMAPPED ||
	       (c->arena >= w->copy->arena && c->arena < w->copy->end);
}

/*
 * Which word of the block points to a tcache wherever it points to anything;
 * -1 if none does.  Of words that fit as well the one nearest to the thread
 * pointer: further down lie other libraries' variables, and what threads that
 * ended have left.
 */
static int64_t find_index(struct walk *w, const struct tls_blocks *b)
{
	struct cache *cache = xmalloc(sizeof *cache);
	int64_t best = -1;
	size_t most = 0;

	for (size_t at = b->size / w->form.word * w->form.word; at;) {
		size_t good = 0, bad = 0;

		at -= w->form.word;
		for (size_t i = 0; i < w->target->thread_count; i++) {
			uint64_t word = tls_blocks_word(w, b, i, at);
			struct chunk *c = chunk_fits_user(&w->form, word)
						  ? walk_find(w, word)
						  : NULL;

			if (c && may_be_ours(w, c) && cache_decode(w, c, cache))
				good++;
			else
				bad += word && !(w->g->state->mmapped_tail);
		}
		if (good > most && bad <= good / 8) {
			most = good;
			best = (int64_t)at;
		}
	}
	free(cache);
	return best;
}

/* Which word points to arenas. */
static int64_t find_arena_index(struct walk *w, const struct tls_blocks *b,
				const struct u64map *arenas)
{
	int64_t best = -1;
	size_t most = 0;

	/* As above. */
	for (size_t at = b->size / w->form.word * w->form.word; at;) {
		size_t good = 0;

		at -= w->form.word;
		for (size_t i = 0; i < w->target->thread_count; i++)
			good += u64map_get(arenas, tls_blocks_word(w, b, i, at),
					   NULL);
		if (good > most) {
			most = good;
			best = (int64_t)at;
		}
	}
	return best;
}

static int check_index(struct walk *w, const struct tls_blocks *b,
		       int64_t scanned, struct error *err)
{
	struct check c = {.name = "tcache by scan of thread-local blocks"};
	int64_t coded = w->g->tls.tcache;

	if (scanned < 0) {
		c.result = CHECK_SKIPPED;
		snprintf(c.text, sizeof c.text, "no thread has one");
	} else {
		c.result = coded >= 0 && coded != scanned ? CHECK_FAILED
							  : CHECK_OK;
		snprintf(c.text, sizeof c.text,
			 "word 0x%" PRIx64 " in %" PRIu64 " threads",
			 (uint64_t)scanned, (uint64_t)b->knowns);
	}
	return walk_check(w, &c, err);
}

struct tables {
	struct tls_blocks blocks;
	struct cache **cache; /* owned, each owned; NULL: the thread has none */
	struct u64map arenas, owned;
};

static void tables_deinit(struct tables *t, size_t threads)
{
	for (size_t i = 0; t->cache && i < threads; i++)
		free(t->cache[i]);
	free(t->cache);
	tls_blocks_deinit(&t->blocks);
	u64map_deinit(&t->arenas);
	u64map_deinit(&t->owned);
}

/*
 * This is the thread's tcache, whose size is right, but what is in it is not:
 * a few of its bins are damaged, or all of it.
 */
static int collect_damaged(struct walk *w, const struct chunk *c, pid_t tid,
			   struct cache *out, bool *usable, struct error *err)
{
	unsigned word = w->form.word;

	*usable = cache_decode_with(w, c, CACHE_BAD_ALLOWED, out);
	if (!*usable)
		return walk_defect(w, DEFECT_COUNT, c->arena, c->addr, err,
				   "tcache of thread %d is damaged", tid);
	for (unsigned i = 0; i < out->damaged; i++) {
		const struct tcache_layout *l = out->layout;
		uint64_t at = c->addr + l->bins * l->count_bytes +
			      (uint64_t)word * out->where[i];
		struct defect d =
			wrong_word(DEFECT_LINK, c->arena, at, out->bad[i]);

		if (walk_damage(w, &d, err,
				"tcache bin %u of %d begins with 0x%" PRIx64
				", which is no chunk",
				out->where[i], tid, out->bad[i]) < 0)
			return -1;
	}
	return 0;
}

/* Each list that it has begins with a chunk in use: of what is no tcache, some
 * word does not. */
static bool lists_begin(struct walk *w, const struct cache *c)
{
	for (unsigned i = 0; i < c->layout->bins; i++) {
		const struct chunk *m =
			c->entry[i] ? walk_find(w, c->entry[i]) : NULL;

		if (c->entry[i] && (!m || m->state != CHUNK_USED))
			return false;
	}
	return c->filled;
}

/*
 * The thread's word leads to no chunk, but into memory that can be written to:
 * the header of its tcache, or one before it, was written over.  What is in it
 * may be whole.  (Since 2.43 who has none points to one that is read only.)
 */
static int collect_lost(struct walk *w, uint64_t addr, pid_t tid,
			struct cache *out, bool *usable, struct error *err)
{
	/* As if it were mapped: its size tells nothing. */
	struct chunk c = {.addr = addr,
			  .size = TCACHE_MAX_SIZE,
			  .arena = ARENA_MMAPPED,
			  .state = CHUNK_USED};
	const struct map *map = maps_find(&w->target->maps, addr);

	*usable = false;
	if (w->g->state->mmapped_tail && map && !(map->prot & MAP_W))
		return 0;
	*usable = chunk_fits_user(&w->form, addr) && cache_decode(w, &c, out) &&
		  lists_begin(w, out);
	return walk_defect(w, DEFECT_LINK, ARENA_NONE, addr, err,
			   "the tcache of thread %d is no chunk: %s", tid,
			   *usable ? "its header was damaged"
				   : "what it caches shows as used");
}

/* A tcache that is a chunk, whole or damaged. */
static int collect_chunk(struct walk *w, const struct chunk *c, pid_t tid,
			 struct cache *out, bool *usable, struct error *err)
{
	*usable = cache_decode(w, c, out);
	return *usable ? 0 : collect_damaged(w, c, tid, out, usable, err);
}

/* All are decoded and heard before any list is followed. */
static int collect(struct walk *w, struct tables *t, int64_t index,
		   struct error *err)
{
	size_t n = w->target->thread_count;

	t->cache = xcalloc(n ? n : 1, sizeof(struct cache *));
	for (size_t i = 0; index >= 0 && i < n; i++) {
		uint64_t word =
			tls_blocks_word(w, &t->blocks, i, (size_t)index);
		struct chunk *c = chunk_fits_user(&w->form, word)
					  ? walk_find(w, word)
					  : NULL;
		pid_t tid = w->target->thread[i].tid;
		uint64_t other;
		bool usable;

		if (!word)
			continue;
		if (u64map_get(&t->owned, word, &other)) {
			if (walk_defect(w, DEFECT_LINK, ARENA_NONE, word, err,
					"thread %d has the tcache of thread %d",
					tid, w->target->thread[other].tid) < 0)
				return -1;
			continue;
		}
		t->cache[i] = xmalloc(sizeof **t->cache);
		if ((c ? collect_chunk(w, c, tid, t->cache[i], &usable, err)
		       : collect_lost(w, word, tid, t->cache[i], &usable,
				      err)) < 0)
			return -1;
		if (!usable) {
			free(t->cache[i]);
			t->cache[i] = NULL;
			continue;
		}
		cache_vote(w, t->cache[i]);
		if (u64map_put(&t->owned, word, i, err) < 0)
			return -1;
	}
	return 0;
}

static int take_threads(struct walk *w, struct tables *t, int64_t arena_index,
			struct error *err)
{
	for (size_t i = 0; i < w->target->thread_count; i++) {
		pid_t tid = w->target->thread[i].tid;
		uint64_t arena = ARENA_NONE;
		struct tcache none = {.tid = tid,
				      .copy = (uint32_t)(w->copy - w->copies)};

		if (arena_index >= 0)
			u64map_get(&t->arenas,
				   tls_blocks_word(w, &t->blocks, i,
						   (size_t)arena_index),
				   &arena);
		none.arena = (uint32_t)arena;
		if (t->cache[i]) {
			if (cache_take(w, t->cache[i], tid, (uint32_t)arena,
				       err) < 0)
				return -1;
		} else if (walk_tell_tcache(w, &none, err) < 0) {
			return -1;
		}
	}
	return 0;
}

int walk_tcaches(struct walk *w, struct error *err)
{
	struct tables t = {0};
	/* Without, what malloc reads first is another thread-local. */
	bool any = w->g->params->tcache_bins;
	int64_t index, arena_index;
	int rc = tls_blocks_read(w, &t.blocks, err);

	for (size_t i = w->copy->arena; !rc && i < w->copy->end; i++)
		rc = u64map_put(&t.arenas, w->arena[i].out.addr, i, err);
	if (rc)
		goto out;
	index = any ? find_index(w, &t.blocks) : -1;
	arena_index = find_arena_index(w, &t.blocks, &t.arenas);
	rc = check_index(w, &t.blocks, index, err);
	if (any && w->g->tls.tcache >= 0)
		index = w->g->tls.tcache;
	if (!rc)
		rc = collect(w, &t, index, err);
	walk_fastbins_vote(w);
	/* Whoever has nothing itself may have inherited lists. */
	if (!rc && !w->copy->votes_plain && !w->copy->votes_protected)
		rc = walk_orphans_vote(w, &t.owned, err);
	w->copy->protected_links =
		w->copy->votes_protected >= w->copy->votes_plain;
	if (!rc)
		rc = walk_fastbins(w, err);
	if (!rc)
		rc = take_threads(w, &t, arena_index, err);
	if (!rc)
		rc = walk_orphans_take(w, &t.owned, err);
out:
	tables_deinit(&t, w->target->thread_count);
	return rc;
}
