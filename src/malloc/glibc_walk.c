/*
 * The walk in its order (GLIBC.md 4.5): arenas, chunks of every heap, mmapped
 * chunks, bins, tcaches and fastbins; then the sums, then everything is pushed.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/sort.h"
#include "malloc/walk.h"

enum { BATCH = 8192 };

/* What is told is kept until the end: see walk_all(). */
static int push_defect(struct walk *w, const struct defect *d,
		       struct error *err)
{
	if (GROW(w->defect, w->defect_cap, w->defect_count + 1, "defects",
		 err) < 0)
		return -1;
	w->defect[w->defect_count++] = *d;
	return 0;
}

static int tell(struct walk *w, const struct defect *damage, const char *fmt,
		va_list ap, struct error *err)
{
	struct defect d = *damage;

	/* A thread was at work here: not damage, but not to be relied on. */
	if (d.kind != DEFECT_UNREADABLE && walk_is_busy(w) &&
	    !walk_is_settled(w, &d)) {
		d.kind = DEFECT_BUSY;
		if (d.arena < w->arenas)
			w->arena[d.arena].out.busy = true;
	}
	if (w->defects++ >= MAX_DEFECTS)
		return 0;
	vsnprintf(d.what, sizeof d.what, fmt, ap);
	if (d.addr)
		d.byte_count = (unsigned)target_read_some(
			w->target, d.addr, d.bytes, sizeof d.bytes);
	return push_defect(w, &d, err);
}

int walk_damage(struct walk *w, const struct defect *d, struct error *err,
		const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = tell(w, d, fmt, ap, err);
	va_end(ap);
	return rc;
}

int walk_defect(struct walk *w, enum defect_kind kind, uint32_t arena,
		uint64_t addr, struct error *err, const char *fmt, ...)
{
	struct defect d = {.addr = addr, .kind = kind, .arena = arena};
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = tell(w, &d, fmt, ap, err);
	va_end(ap);
	return rc;
}

struct defect wrong_word(enum defect_kind kind, uint32_t arena, uint64_t at,
			 uint64_t found)
{
	return (struct defect){.kind = kind,
			       .arena = arena,
			       .addr = at,
			       .word = at,
			       .has_found = true,
			       .found = found};
}

int walk_check(struct walk *w, const struct check *check, struct error *err)
{
	if (GROW(w->check, w->check_cap, w->check_count + 1, "checks", err) < 0)
		return -1;
	w->check[w->check_count] = *check;
	w->check[w->check_count++].copy = (uint32_t)(w->copy - w->copies);
	return 0;
}

int walk_tell_tcache(struct walk *w, const struct tcache *tcache,
		     struct error *err)
{
	if (GROW(w->tcache, w->tcache_cap, w->tcache_told + 1, "tcaches", err) <
	    0)
		return -1;
	w->tcache[w->tcache_told++] = *tcache;
	return 0;
}

static int push_copy(struct walk *w, const struct walk_copy *c,
		     struct error *err)
{
	struct malloc_copy out = {
		.index = (uint32_t)(c - w->copies),
		.ns = c->g->ns,
		.arena = c->arena,
		.arenas = c->end - c->arena,
		.state_bytes = c->g->state->size,
		.mp = c->g->mp,
		.mp_bytes = c->g->params->size,
		.params = c->params,
	};

	snprintf(out.module, sizeof out.module, "%s", c->g->module);
	snprintf(out.version, sizeof out.version, "%s", c->g->version);
	return w->sink->copy ? w->sink->copy(w->sink->ctx, &out, err) : 0;
}

static int push_told(struct walk *w, struct error *err)
{
	struct malloc_sink *s = w->sink;

	for (size_t i = 0; s->check && i < w->check_count; i++)
		if (s->check(s->ctx, &w->check[i], err) < 0)
			return -1;
	for (size_t i = 0; s->defect && i < w->defect_count; i++)
		if (s->defect(s->ctx, &w->defect[i], err) < 0)
			return -1;
	for (size_t i = 0; s->tcache && i < w->tcache_told; i++)
		if (s->tcache(s->ctx, &w->tcache[i], err) < 0)
			return -1;
	for (size_t i = 0; i < w->copy_count; i++)
		if (push_copy(w, &w->copies[i], err) < 0)
			return -1;
	return 0;
}

/* Of the copy at hand. */
static int walk_heaps(struct walk *w, struct error *err)
{
	const struct heap_arena *a;

	if (walk_arenas(w, err) < 0)
		return -1;
	w->under_lock = true;
	a = &w->arena[w->copy->arena];
	if (a->out.initialised && walk_main_arena(w, err) < 0)
		return -1;
	for (uint32_t i = w->copy->arena + 1; i < w->copy->end; i++)
		if (w->arena[i].out.initialised &&
		    walk_thread_arena(w, i, err) < 0)
			return -1;
	w->under_lock = false;
	w->copy->segments = a->out.initialised &&
			    (a->out.noncontiguous || !a->top_reached ||
			     a->covered != a->out.system_bytes);
	return 0;
}

static int walk_memory(struct walk *w, struct error *err)
{
	bool mmapped = false;

	for (size_t i = 0; i < w->copy_count; i++) {
		walk_enter(w, i);
		if (walk_heaps(w, err) < 0)
			return -1;
		mmapped |= w->copy->params.n_mmaps > 0 ||
			   w->copy->params.mmapped_bytes > 0;
	}
	return walk_pages(w, mmapped, err);
}

/* What was counted of it is no more. */
static void uncount(struct walk *w, const struct stretch *s)
{
	struct heap_arena *a = &w->arena[s->arena];
	uint64_t bytes;

	a->out.bin_count -=
		frees_forget(&w->free, s->arena, s->start, s->end, &bytes);
	a->out.bin_bytes -= bytes;
	if (s->count && s->chunk[s->count - 1].state == CHUNK_TOP) {
		a->top_reached = false;
		a->out.top_bytes = 0;
	}
}

static int drop_stretch(struct walk *w, struct stretch *s, bool tell,
			struct error *err)
{
	struct defect d = {.kind = DEFECT_LINK,
			   .arena = s->arena,
			   .addr = s->start,
			   .unknown = s->end - s->start};
	uint64_t end = s->end;

	w->arena[s->arena].lost += d.unknown;
	uncount(w, s);
	s->count = 0;
	s->end = s->start;
	return !tell ? 0
		     : walk_damage(w, &d, err,
				   "memory from here to 0x%" PRIx64
				   " is another heap's, too",
				   end);
}

/*
 * Sound heaps do not overlap.  If a damaged pointer made two of them, the one
 * of a thread arena stays, since it says itself whose it is; else the first.
 */
static int part_stretches(struct walk *w, struct error *err)
{
	struct stretch *kept = NULL, *dropped = NULL;

	for (size_t i = 0; i < w->stretches; i++) {
		struct stretch *s = &w->stretch[i];
		uint64_t end = kept ? kept->end : 0;
		bool tell;

		if (s->start >= end) {
			kept = s;
			continue;
		}
		if (w->arena[kept->arena].out.is_main &&
		    !w->arena[s->arena].out.is_main) {
			if (drop_stretch(w, kept, true, err) < 0)
				return -1;
			kept = s;
			continue;
		}
		/* Once for a heap that was walked in parts. */
		tell = !(s->goes_on && dropped && dropped->arena == s->arena);
		if (drop_stretch(w, s, tell, err) < 0)
			return -1;
		s->start = s->end = end;
		dropped = s;
	}
	return 0;
}

static int push_chunks(struct walk *w, const struct chunk *c, size_t count,
		       struct error *err)
{
	struct malloc_sink *s = w->sink;

	while (s->chunks && count) {
		size_t n = count < BATCH ? count : BATCH;

		if (s->chunks(s->ctx, c, n, err) < 0)
			return -1;
		c += n;
		count -= n;
	}
	return 0;
}

/* And gives it away: all of them twice would be the most memory of all. */
static int push_stretch(struct walk *w, struct stretch *s, struct error *err)
{
	int rc = push_chunks(w, s->chunk, s->count, err);

	free(s->chunk);
	free(s->first);
	s->chunk = NULL;
	s->first = NULL;
	return rc;
}

static int push_all(struct walk *w, struct error *err)
{
	struct malloc_sink *s = w->sink;

	for (size_t i = 0, n; i < w->stretches; i += n) {
		const struct stretch *t = &w->stretch[i];
		struct heap_region region = {t->start, t->end, t->arena};

		/* One heap may have been walked in several parts. */
		for (n = 1; i + n < w->stretches && t[n].goes_on &&
			    t[n].start == region.end && t[n].arena == t->arena;
		     n++)
			region.end = t[n].end;
		if (region.start < region.end && s->region &&
		    s->region(s->ctx, &region, err) < 0)
			return -1;
		for (size_t j = 0; j < n; j++)
			if (push_stretch(w, &w->stretch[i + j], err) < 0)
				return -1;
	}
	if (push_chunks(w, w->mmapped, w->mmappeds, err) < 0)
		return -1;
	for (size_t i = 0; i < w->arenas; i++)
		w->arena[i].out.unknown_bytes = w->arena[i].lost;
	for (size_t i = 0; s->arena && i < w->arenas; i++)
		if (s->arena(s->ctx, &w->arena[i].out, err) < 0)
			return -1;
	return 0;
}

/* What is said of the stop and of too many defects. */
static int push_remarks(struct walk *w, struct error *err)
{
	struct defect d = {.kind = DEFECT_COUNT, .arena = ARENA_NONE};
	const struct walk_copy *copy = w->copy;
	struct check c = {.name = "links of free lists"};

	if (w->copy == w->copies && w->defects > MAX_DEFECTS) {
		snprintf(d.what, sizeof d.what,
			 "%" PRIu64 " further defects are not listed",
			 w->defects - MAX_DEFECTS);
		if (push_defect(w, &d, err) < 0)
			return -1;
	}
	snprintf(c.text, sizeof c.text, "%s: %u lists say so, %u not",
		 copy->protected_links ? "protected" : "plain",
		 copy->protected_links ? copy->votes_protected
				       : copy->votes_plain,
		 copy->protected_links ? copy->votes_plain
				       : copy->votes_protected);
	if (!copy->votes_plain && !copy->votes_protected) {
		c.result = CHECK_SKIPPED;
		snprintf(c.text, sizeof c.text, "no list has a chunk");
	}
	if (walk_check(w, &c, err) < 0)
		return -1;
	if (!copy->threads_unknown)
		return 0;
	c = (struct check){.result = CHECK_SKIPPED,
			   .name = "tcaches of all threads"};
	snprintf(c.text, sizeof c.text,
		 "%" PRIu64 " threads without registers or thread-local "
		 "block: what they cache shows as used",
		 copy->threads_unknown);
	return walk_check(w, &c, err);
}

/* All chunks are known: what the copy's lists say of them. */
static int walk_lists(struct walk *w, struct error *err)
{
	for (unsigned i = 0; i < w->g->checks; i++)
		if (walk_check(w, &w->g->check[i], err) < 0)
			return -1;
	return walk_tcaches(w, err);
}

static int walk_sums(struct walk *w, struct error *err)
{
	return walk_gaps_verify(w, err) < 0 || walk_verify(w, err) < 0
		       ? -1
		       : push_remarks(w, err);
}

static bool will_walk_again(const struct walk *w)
{
	return w->hiddens && !w->knows_hidden;
}

static int walk_all(struct walk *w, const struct glibc *first,
		    struct error *err)
{
	struct malloc_sink *s = w->sink;

	if (walk_copies(w, first, err) < 0)
		return -1;
	s->params = w->copy->params;
	s->word = w->form.word;
	s->mmapped_overhead =
		w->g->state->mmapped_tail ? w->form.word : w->form.header;
	if (walk_look_for_busy(w, err) < 0 || walk_memory(w, err) < 0 ||
	    sort_by_u64(w->stretch, w->stretches, sizeof *w->stretch, 0, err) <
		    0 ||
	    part_stretches(w, err) < 0 ||
	    sort_by_u64(w->mmapped, w->mmappeds, sizeof *w->mmapped, 0, err) <
		    0 ||
	    walk_index(w, err) < 0 || walk_bins(w, err) < 0)
		return -1;
	for (size_t i = 0; i < w->copy_count; i++) {
		walk_enter(w, i);
		if (walk_lists(w, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < w->copy_count; i++) {
		walk_enter(w, i);
		if (walk_sums(w, err) < 0)
			return -1;
	}
	if (walk_verify_all(w, err) < 0 || walk_mcheck(w, err) < 0 ||
	    walk_checked(w, err) < 0)
		return -1;
	/* It pushes, and all will be walked again. */
	return will_walk_again(w) ? 0 : walk_hands(w, err);
}

static void walk_init(struct walk *w, struct target *target,
		      struct malloc_sink *sink)
{
	*w = (struct walk){.target = target, .sink = sink};
	w->free.keep_links = !target->ops->peek || target->stands;
	window_init(&w->window, target);
	pages_init(&w->pages, target);
}

static void walk_deinit(struct walk *w)
{
	for (size_t i = 0; i < w->arenas; i++)
		free(w->arena[i].raw);
	free(w->arena);
	free(w->copies);
	for (size_t i = 0; i < w->stretches; i++) {
		free(w->stretch[i].chunk);
		free(w->stretch[i].first);
	}
	free(w->stretch);
	frees_deinit(&w->free);
	free(w->mmapped);
	free(w->claim);
	free(w->gap);
	free(w->member);
	for (size_t i = 0; i < w->insides; i++)
		free(w->inside[i].word);
	free(w->inside);
	u64map_deinit(&w->hand);
	free(w->outside);
	free(w->hidden);
	free(w->defect);
	free(w->check);
	free(w->tcache);
	window_deinit(&w->window);
	pages_deinit(&w->pages);
}

int walk_hide(struct walk *w, uint64_t chunk, struct error *err)
{
	if (w->knows_hidden)
		return 0;
	if (GROW(w->hidden, w->hidden_cap, w->hiddens + 1, "hidden chunks",
		 err) < 0)
		return -1;
	w->hidden[w->hiddens++] = chunk;
	return 0;
}

/*
 * The lists may lead to chunks that the walk passed over: a size before them is
 * wrong, and nothing else told so.  Then all is walked once more, with these
 * known, and what the first walk would have told is forgotten.
 */
static int walk_again(struct walk *w, const struct glibc *first,
		      struct error *err)
{
	struct walk again;

	walk_init(&again, w->target, w->sink);
	again.hidden = w->hidden;
	again.hiddens = w->hiddens;
	again.knows_hidden = true;
	again.steps = w->steps;
	w->hidden = NULL;
	walk_deinit(w);
	*w = again;
	if (sort_by_u64(w->hidden, w->hiddens, sizeof *w->hidden, 0, err) < 0)
		return -1;
	return walk_all(w, first, err);
}

int glibc_walk(struct target *target, void *state, struct malloc_sink *sink,
	       struct error *err)
{
	struct walk w;
	int rc;

	walk_init(&w, target, sink);
	rc = walk_all(&w, state, err);
	if (!rc && will_walk_again(&w))
		rc = walk_again(&w, state, err);
	if (!rc && push_told(&w, err) < 0)
		rc = -1;
	if (!rc)
		rc = push_all(&w, err);
	sink->steps = w.steps;
	walk_deinit(&w);
	return rc;
}
