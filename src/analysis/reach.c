#include "analysis/reach.h"

#include <stdio.h>
#include <string.h>

#include "analysis/disguise.h"
#include "analysis/shared.h"
#include "analysis/sweep.h"
#include "base/fmt.h"
#include "base/progress.h"
#include "snapshot/roots.h"

/*
 * While it is made a mark has, besides the hold, the best doubt that was found
 * so far in its upper half.  WEAK is that of the pointer into a block.
 */
enum { DOUBT_SHIFT = 4, WEAK = HOLD_INTERIOR << DOUBT_SHIFT };

/* Chunks between two looks at ^C. */
enum { STEP = 1 << 16 };

struct build {
	const struct snapshot *snap;
	struct reach *out;
	struct roots roots;
	struct disguise disguise;
	enum hold tier; /* what is being marked */
	const struct reach_opts *opts;
};

const char *hold_name(enum hold hold)
{
	static const char *const name[] = {
		[HOLD_NOTHING] = "nothing",	[HOLD_POINTER] = "pointer",
		[HOLD_INTERIOR] = "interior",	[HOLD_PAST_END] = "past end",
		[HOLD_UNALIGNED] = "unaligned", [HOLD_TAGGED] = "tagged",
		[HOLD_MANGLED] = "mangled",	[HOLD_SHARED] = "shared",
		[HOLD_KERNEL] = "kernel",	[HOLD_STALE] = "stale",
		[HOLD_FREED] = "freed",
	};

	return hold <= HOLD_FREED ? name[hold] : "";
}

static int mark_roots(struct build *b, bool stale, struct error *err)
{
	struct marker *m = &b->out->marker;

	for (size_t i = 0; i < b->roots.count; i++) {
		const struct root_range *r = &b->roots.range[i];

		/* Memcheck passes over what cannot be written. */
		if (r->stale != stale ||
		    (b->opts->interior == INTERIOR_VALGRIND && r->constant &&
		     r->class == ROOT_OTHER))
			continue;
		if (mark_range(m, r->start, r->end, err))
			return -1;
	}
	for (size_t i = 0; i < b->roots.words; i++)
		if (b->roots.word[i].stale == stale &&
		    mark_word(m, b->roots.word[i].value, err))
			return -1;
	return 0;
}

static int mark_address(struct build *b, uint64_t addr, struct error *err)
{
	uint32_t i = finder_find(&b->out->marker.finder, addr);

	return i == CHUNK_NONE ? 0 : mark_chunk(&b->out->marker, i, err);
}

/* Whatever roots are asked for: a tcache struct, and the vector that the word
 * behind the thread descriptor's first leads to.  And where only pointers to
 * the start count, the block that a thread has for its stack: the stack pointer
 * never is one. */
static int mark_own(struct build *b, struct error *err)
{
	const struct snapshot *snap = b->snap;

	for (uint32_t i = 0; i < snap->thread_count; i++) {
		const struct snapshot_thread *t = &snap->thread[i];
		uint64_t tp = thread_regs_tp(&t->thread.regs), vector = 0;

		if (mark_address(b, t->tcache, err) ||
		    (b->opts->interior == INTERIOR_NO && t->thread.has_regs &&
		     mark_address(b, t->thread.regs.r[REG_RSP_], err)))
			return -1;
		if (t->thread.has_regs && tp &&
		    image_read(snap->contents, tp + snap->word, &vector,
			       snap->word) == snap->word &&
		    mark_address(b, vector, err))
			return -1;
	}
	return 0;
}

static int mark_shared_word(void *ctx, uint64_t addr, uint64_t value,
			    struct error *err)
{
	(void)addr;
	return mark_word(ctx, value, err);
}

static int mark_kernel_word(void *ctx, uint64_t value, struct error *err)
{
	return mark_word(ctx, value, err);
}

static bool wants(const struct build *b, enum root_class class)
{
	return !b->opts->classes || b->opts->classes & 1u << class;
}

/* As other roots, if that was asked for in so many words. */
static bool trusts_shared(const struct build *b)
{
	return b->opts->interior == INTERIOR_VALGRIND
		       ? wants(b, ROOT_OTHER) || wants(b, ROOT_SHARED)
		       : b->opts->classes & 1u << ROOT_SHARED;
}

static int mark_shared(struct build *b, struct error *err)
{
	struct shared_scan scan = {
		.snap = b->snap,
		.word = mark_shared_word,
		.ctx = &b->out->marker,
	};

	return shared_scan(&scan, &b->out->complete, b->out->note,
			   sizeof(b->out->note), err);
}

static int mark_kernel(struct build *b, struct error *err)
{
	return wants(b, ROOT_OTHER)
		       ? kernel_scan(b->snap, mark_kernel_word, &b->out->marker,
				     &b->out->complete, b->out->note,
				     sizeof(b->out->note), err)
		       : 0;
}

static int mark_sure(struct build *b, struct error *err)
{
	struct marker *m = &b->out->marker;

	for (uint32_t i = 0; i < b->snap->chunk_count; i++)
		if (b->snap->chunk[i].state != CHUNK_USED)
			m->mark[i] = HOLD_UNUSED;
	m->closed = HOLD_MASK;
	m->sets = HOLD_POINTER;
	m->strict = true;
	m->weak = WEAK;
	if (mark_own(b, err) || mark_roots(b, false, err) ||
	    (trusts_shared(b) && mark_shared(b, err)) || mark_follow(m, err))
		return -1;
	m->strict = false;
	m->weak = 0;
	return 0;
}

/* The best doubt is kept, in whatever order they come. */
static void doubt(struct marker *m, uint32_t i, enum hold hold)
{
	uint8_t known = __atomic_load_n(&m->mark[i], __ATOMIC_RELAXED);

	do {
		if (known & HOLD_MASK ||
		    (known && hold >= known >> DOUBT_SHIFT))
			return;
	} while (!__atomic_compare_exchange_n(
		&m->mark[i], &known, (uint8_t)(hold << DOUBT_SHIFT), true,
		__ATOMIC_RELAXED, __ATOMIC_RELAXED));
}

/* A word of this doubt, found in what is marked now; by any thread while
 * nothing is. */
static int found(void *ctx, uint32_t i, enum hold hold, struct error *err)
{
	struct build *b = ctx;
	struct marker *m = &b->out->marker;

	if (hold <= b->tier && !(m->mark[i] & HOLD_MASK))
		return mark_chunk(m, i, err);
	doubt(m, i, hold);
	return 0;
}

static int look(void *ctx, const struct words_piece *piece, struct error *err)
{
	struct build *b = ctx;

	return disguise_scan(&b->disguise, piece, err);
}

static bool is_sure(void *ctx, uint32_t i)
{
	const struct build *b = ctx;
	uint8_t mark =
		__atomic_load_n(&b->out->marker.mark[i], __ATOMIC_RELAXED);

	return (mark & HOLD_MASK) == HOLD_POINTER;
}

/* One more look at what is sure, for words in disguise. */
static int look_around(struct build *b, struct error *err)
{
	struct marker *m = &b->out->marker;

	m->only_look = true;
	if (sweep_chunks(m, is_sure, b, err) || mark_roots(b, false, err))
		return -1;
	m->only_look = false;
	return mark_follow(m, err);
}

static bool is_free(void *ctx, uint32_t i)
{
	const struct build *b = ctx;

	return b->snap->chunk[i].state != CHUNK_USED;
}

static int found_freed(void *ctx, uint32_t i, struct error *err)
{
	struct build *b = ctx;

	(void)err;
	doubt(&b->out->marker, i, HOLD_FREED);
	return 0;
}

static int found_freed_disguise(void *ctx, uint32_t i, enum hold hold,
				struct error *err)
{
	(void)hold;
	return found_freed(ctx, i, err);
}

/* All that freed memory names, however it does, has this doubt. */
static int look_at_freed(struct build *b, struct error *err)
{
	struct marker *m = &b->out->marker;
	int ret;

	m->closed = HOLD_MASK;
	m->found = found_freed;
	b->disguise.found = found_freed_disguise;
	ret = sweep_chunks(m, is_free, b, err);
	m->found = NULL;
	b->disguise.found = found;
	return ret;
}

/* All that the tier's words name, and what hangs on it. */
static int mark_tier(struct build *b, enum hold tier, struct error *err)
{
	struct marker *m = &b->out->marker;

	if (tier == HOLD_FREED && look_at_freed(b, err))
		return -1;
	b->tier = tier;
	m->closed = HOLD_MASK;
	m->sets = (uint8_t)tier;
	for (uint32_t i = 0; i < b->snap->chunk_count; i++) {
		if (i % STEP == 0 && progress_tick("following pointers", i,
						   b->snap->chunk_count, err))
			return -1;
		if (m->mark[i] == tier << DOUBT_SHIFT && mark_chunk(m, i, err))
			return -1;
	}
	if ((tier == HOLD_SHARED && wants(b, ROOT_OTHER) && !trusts_shared(b) &&
	     mark_shared(b, err)) ||
	    (tier == HOLD_KERNEL && mark_kernel(b, err)) ||
	    (tier == HOLD_STALE && mark_roots(b, true, err)))
		return -1;
	return mark_follow(m, err);
}

/* Only the chunks that nothing holds are of interest: [low, high). */
static uint32_t count_lost(struct build *b)
{
	const struct marker *m = &b->out->marker;
	uint64_t low = 0, high = 0;
	uint32_t lost = 0;

	for (uint32_t i = 0; i < b->snap->chunk_count; i++) {
		const struct chunk *c = &b->snap->chunk[i];

		if (m->mark[i] & HOLD_MASK)
			continue;
		if (!lost++)
			low = c->addr;
		high = c->addr + c->size;
	}
	disguise_aim(&b->disguise, low, high);
	return lost;
}

static int mark_doubtful(struct build *b, enum interior interior,
			 struct error *err)
{
	struct marker *m = &b->out->marker;

	if (interior == INTERIOR_VALGRIND)
		return mark_tier(b, HOLD_INTERIOR, err);
	if (!count_lost(b))
		return 0;
	b->disguise.found = found;
	b->disguise.ctx = b;
	m->look = look;
	m->ctx = b;
	b->tier = HOLD_NOTHING;
	if (look_around(b, err))
		return -1;
	for (enum hold tier = HOLD_PAST_END; tier <= HOLD_FREED; tier++)
		if (mark_tier(b, tier, err))
			return -1;
	m->look = NULL;
	return 0;
}

int reach_make(const struct snapshot *snap, const struct reach_opts *opts,
	       struct reach *out, struct error *err)
{
	struct build b = {.snap = snap, .out = out, .opts = opts};
	int ret = -1;

	*out = (struct reach){.complete = true};
	if (roots_make(snap, opts->classes ? opts->classes : ROOTS_ALL,
		       &b.roots, err))
		return -1;
	out->complete = b.roots.complete;
	snprintf(out->note, sizeof(out->note), "%s", b.roots.note);
	if (marker_init(&out->marker, snap, opts->interior, err))
		goto out;
	disguise_init(&b.disguise, snap, &out->marker.finder, opts->interior);
	if (mark_sure(&b, err) || mark_doubtful(&b, opts->interior, err))
		goto out;
	out->lost = count_lost(&b);
	ret = 0;
out:
	roots_deinit(&b.roots);
	if (ret)
		reach_deinit(out);
	return ret;
}

void reach_deinit(struct reach *reach)
{
	if (!reach)
		return;
	marker_deinit(&reach->marker);
}
