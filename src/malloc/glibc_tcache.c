/*
 * Every thread's tcache (GLIBC.md 5) through libc's thread-local block (8.4),
 * and those whose thread is no more: a forked child has the tcaches of all its
 * parent's threads (5.7).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "malloc/walk.h"

enum { WRONG_ALLOWED = 1, BAD_ALLOWED = 4 };

/* A tcache struct, decoded. */
struct cache {
	const struct tcache_layout *layout;
	uint64_t addr;
	uint32_t count[TCACHE_MAX_BINS];
	uint64_t entry[TCACHE_MAX_BINS];
	unsigned wrong; /* bins whose count and entry contradict each other */
	unsigned filled;
	/* Bins that are damaged and left out, and what their entries are. */
	unsigned damaged, where[BAD_ALLOWED];
	uint64_t bad[BAD_ALLOWED];
};

static bool decode_as(struct walk *w, const struct chunk *c,
		      const struct tcache_layout *l, unsigned bad_allowed,
		      struct cache *out)
{
	uint8_t raw[TCACHE_MAX_SIZE];
	size_t counts = (size_t)l->bins * l->count_bytes;
	size_t size = counts + (size_t)l->bins * w->form.word;

	*out = (struct cache){.layout = l, .addr = c->addr};
	if (size > sizeof raw || size > c->size ||
	    !pages_read(&w->pages, c->addr, raw, size))
		return false;
	for (unsigned i = 0; i < l->bins; i++) {
		uint32_t n = raw[i];
		uint64_t entry = load_word(
			raw + counts + (size_t)w->form.word * i, w->form.word);

		if (l->count_bytes == 2)
			n = raw[2 * i] | (uint32_t)raw[2 * i + 1] << 8;
		if (l->slots_left)
			n = w->copy->tcache_count - n;
		/* A damaged entry is still one: 0x..01 is not tolerated. */
		if (!chunk_fits_user(&w->form, entry) ||
		    (l->slots_left && n > w->copy->tcache_count)) {
			if (out->damaged++ == bad_allowed)
				return false;
			out->where[out->damaged - 1] = i;
			out->bad[out->damaged - 1] = entry;
			entry = n = 0;
		}
		out->count[i] = n;
		out->entry[i] = entry;
		out->wrong += !n != !entry;
		out->filled += entry != 0;
	}
	return bad_allowed || out->wrong <= WRONG_ALLOWED;
}

static bool size_fits(const struct walk *w, const struct chunk *c,
		      const struct tcache_layout *l)
{
	if (l->word != w->form.word)
		return false;
	/* An mmap_threshold below its size, or no arena to be had: it has a
	 * page of its own, whose size does not tell the layout. */
	return c->arena == ARENA_MMAPPED
		       ? c->size <= w->target->page_size
		       : tcache_layout_fits(l, w->form.align,
					    c->size + w->form.word);
}

/* As the row whose counts and entries agree best. */
static bool decode_with(struct walk *w, const struct chunk *c, unsigned bad,
			struct cache *out)
{
	bool found = false;
	struct cache now;

	for (const struct tcache_layout *l = tcache_layouts; l->word; l++)
		if (c->state == CHUNK_USED && size_fits(w, c, l) &&
		    decode_as(w, c, l, bad, &now) &&
		    (!found ||
		     now.wrong + now.damaged < out->wrong + out->damaged)) {
			*out = now;
			found = true;
		}
	return found;
}

static bool decode(struct walk *w, const struct chunk *c, struct cache *out)
{
	return decode_with(w, c, 0, out);
}

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

			if (c && may_be_ours(w, c) && decode(w, c, cache))
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

static uint64_t bin_size(const struct walk *w, const struct cache *c,
			 unsigned bin)
{
	/* Above the small ones a bin holds a range of sizes. */
	return c->layout->bins > TCACHE_SMALL_BINS && bin >= TCACHE_SMALL_BINS
		       ? 0
		       : w->form.min + (uint64_t)w->form.align * bin;
}

static int take_cache(struct walk *w, const struct cache *c, pid_t tid,
		      uint32_t arena, struct error *err)
{
	struct tcache out = {.tid = tid,
			     .addr = c->addr,
			     .arena = arena,
			     .copy = (uint32_t)(w->copy - w->copies)};
	unsigned entries = c->layout->bins * c->layout->count_bytes;

	w->copy->tcaches++;
	for (unsigned i = 0; i < c->layout->bins; i++) {
		struct list list = {
			.head = c->entry[i],
			.where = c->addr + entries + (uint64_t)w->form.word * i,
			.size = bin_size(w, c, i),
			.arena = ARENA_NONE,
			.state = CHUNK_CACHED,
		};
		uint64_t count, bytes;
		uint32_t mask = c->layout->count_bytes == 1 ? 0xff : 0xffff;

		snprintf(list.name, sizeof list.name, "tcache bin %u of %d", i,
			 tid);
		if (walk_list(w, &list, &count, &bytes, err) < 0)
			return -1;
		out.count += count;
		out.bytes += bytes;
		w->copy->tcache_counted += c->count[i];
		w->copy->tcache_linked += count;
		if ((count & mask) != c->count[i] &&
		    walk_defect(w, DEFECT_COUNT, arena,
				c->addr + (uint64_t)i * c->layout->count_bytes,
				err,
				"tcache bin %u of %d has %" PRIu64
				" chunks and counts %u",
				i, tid, count, c->count[i]) < 0)
			return -1;
	}
	return walk_tell_tcache(w, &out, err);
}

static void vote(struct walk *w, const struct cache *c)
{
	for (unsigned i = 0; i < c->layout->bins; i++)
		if (c->entry[i])
			walk_vote(w, c->entry[i], false);
}

/*
 * How far a list of a tcache without a thread is from what is counted; -1 if
 * it is no such list.  A fork() in the midst of another thread's malloc leaves
 * one that is off by one for ever.
 */
static int list_off(struct walk *w, const struct cache *c, unsigned bin,
		    uint64_t *key)
{
	uint64_t user = c->entry[bin], size = bin_size(w, c, bin);
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

	if (!size_fits(w, c, l) ||
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
	       !u64map_get(owned, c->addr, NULL) && decode(w, c, cache);
}

typedef int orphan_fn(struct walk *w, struct cache *cache, struct error *err);

static int take_orphan(struct walk *w, struct cache *cache, struct error *err)
{
	return is_orphan(w, cache) ? take_cache(w, cache, 0, ARENA_NONE, err)
				   : 0;
}

static int vote_of_orphan(struct walk *w, struct cache *cache,
			  struct error *err)
{
	(void)err;
	vote(w, cache);
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

	*usable = decode_with(w, c, BAD_ALLOWED, out);
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
	*usable = chunk_fits_user(&w->form, addr) && decode(w, &c, out) &&
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
	*usable = decode(w, c, out);
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
		vote(w, t->cache[i]);
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
			if (take_cache(w, t->cache[i], tid, (uint32_t)arena,
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
		rc = each_candidate(w, &t.owned, vote_of_orphan, err);
	w->copy->protected_links =
		w->copy->votes_protected >= w->copy->votes_plain;
	if (!rc)
		rc = walk_fastbins(w, err);
	if (!rc)
		rc = take_threads(w, &t, arena_index, err);
	if (!rc)
		rc = each_candidate(w, &t.owned, take_orphan, err);
out:
	tables_deinit(&t, w->target->thread_count);
	return rc;
}
