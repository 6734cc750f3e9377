/*
 * Taking a snapshot.  While the target stands, nothing happens but the copying
 * of its memory: where the copy goes was reserved and faulted in before, and
 * the walk and the stacks are done on the copy afterwards.  Only when the copy
 * would be larger than the budget is the heap walked under the stop.
 */
#include "snapshot/snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/fmt.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/strbuf.h"
#include "snapshot/busy.h"
#include "snapshot/contents.h"
#include "snapshot/filled.h"
#include "snapshot/holes.h"
#include "snapshot/modules.h"
#include "snapshot/others.h"
#include "snapshot/tables.h"
#include "snapshot/threads.h"
#include "snapshot/touched.h"
#include "symbols/symbols.h"
#include "target/proc.h"

#define DEFAULT_ATTEMPTS 10
#define DEFAULT_STOP_US	 UINT64_C(2000000)
/* So many stops at least copy the memory, whoever is inside malloc. */
#define FULL_ATTEMPTS 3
/* Pages touched between the plan and the stop: this many, and a 16th. */
#define SLACK_BYTES (UINT64_C(4) << 20)

struct capture {
	struct target *target;
	struct symbols *symbols; /* or NULL */
	const struct allocator *allocator;
	void *state;
	const struct capture_opts *opts;
	struct contents_plan plan; /* owned: of before the stop */
	/* Owned: of modules, what is read-only since they were loaded. */
	struct contents_range *relro;
	size_t relros;
	struct foreign_allocator foreign[4];
	size_t foreign_count;
	struct snapshot *best; /* owned */
	uint64_t stopped_us, longest_us;
	uint64_t max_stop_us;
	unsigned attempts, max_attempts;
};

/* While this attempt lasts. */
struct attempt {
	struct capture *c;
	struct snapshot *snap; /* owned until taken */
	struct contents_result copied;
	struct tables tables;
	struct strbuf notes;
};

static void describe(struct attempt *a)
{
	const struct capture *c = a->c;
	struct target *target = c->target;
	struct snapshot *snap = a->snap;

	snprintf(snap->name, sizeof snap->name, "%s",
		 c->opts->name ? c->opts->name : "");
	snprintf(snap->kind, sizeof snap->kind, "%s", target->ops->kind);
	snap->pid = target->pid;
	memcpy(snap->exe, target->exe, sizeof snap->exe);
	memcpy(snap->comm, target->comm, sizeof snap->comm);
	snap->word = target->word;
	snap->partial = target->partial;
	snap->first_tid = target->first_tid;
	snap->signal = target->signal;
	if (c->allocator) {
		snap->allocator = c->allocator->name;
		snprintf(snap->glibc, sizeof snap->glibc, "%s",
			 c->allocator->version(c->state));
	}
	memcpy(snap->foreign, c->foreign, sizeof snap->foreign);
	snap->foreign_count = c->foreign_count;
	if (target->notes && target->notes[0])
		strbuf_addf(&a->notes, "%s\n", target->notes);
}

/* As exact as the kernel counts: it may be off by some pages a thread. */
static void note_resident(struct snapshot *snap, const struct target *target)
{
	struct proc_status status;
	struct error ignored;

	if (!strcmp(target->ops->kind, "live") &&
	    !proc_status(target->pid, 0, &status, &ignored))
		snap->rss_bytes = status.rss_bytes;
}

static int walk_heap(struct attempt *a, struct target *memory,
		     struct malloc_sink *sink, struct error *err)
{
	const struct snapshot *snap = a->snap;
	AUTO_FREE struct malloc_stack *stack =
		xcalloc(snap->thread_count + 1, sizeof *stack);

	for (uint32_t i = 0; i < snap->thread_count; i++)
		stack[i] = (struct malloc_stack){
			.tid = snap->thread[i].thread.tid,
			.frame = snap->thread[i].frame,
			.count = snap->thread[i].frame_count,
			.complete = snap->thread[i].stack_complete,
		};
	sink->stack = stack;
	sink->stacks = snap->thread_count;
	return a->c->allocator->walk(memory, a->c->state, sink, err);
}

/* The stacks and the heap, as memory has them. */
static int examine(struct attempt *a, struct target *memory, struct error *err)
{
	struct malloc_sink sink = tables_sink(&a->tables);
	struct snapshot *snap = a->snap;

	sink.word = memory->word;
	/* Stacks first: they tell who stands inside malloc. */
	if (threads_unwind(snap, memory, err))
		return -1;
	if (a->c->allocator && walk_heap(a, memory, &sink, err))
		return error_wrap(err, "walking the heap");
	if (tables_finish(&a->tables, &sink, snap, err))
		return -1;
	threads_tcaches(snap, a->tables.tcache, a->tables.tcache_count);
	if (a->tables.defects_dropped)
		strbuf_addf(&a->notes,
			    "%llu further defects were found, not kept\n",
			    (unsigned long long)a->tables.defects_dropped);
	return 0;
}

static int examine_stopped(struct attempt *a, struct error *err)
{
	struct target *memory;
	int ret;

	if (target_open_image(a->snap->contents, false, a->c->target, true,
			      &memory, err))
		return -1;
	ret = examine(a, memory, err);
	target_close(memory);
	return ret;
}

/* All that happens while the target stands. */
static int under_stop(struct attempt *a, struct error *err)
{
	struct target *target = a->c->target;
	struct snapshot *snap = a->snap;
	uint64_t max = target->ops->frozen ? UINT64_MAX : a->c->opts->max_bytes;
	const struct contents_plan *earlier = &a->c->plan;
	struct contents_plan plan;
	int ret = -1;

	if (target->ops->frozen)
		snap->taken = target->taken;
	else
		clock_gettime(CLOCK_REALTIME, &snap->taken);
	/* What was counted before the stop serves; parts that are new since
	 * then count with their size.  Where a part gets no more than it needs
	 * the need must be known to the page. */
	if (max && earlier->present > max)
		earlier = NULL;
	if (contents_plan(target, earlier, a->c->relro, a->c->relros, &plan,
			  err))
		return -1;
	contents_budget(&plan, max);
	if (contents_copy(&plan, target, max, snap->contents, &a->copied, err))
		goto out;
	describe(a);
	note_resident(snap, target);
	if (maps_copy(&target->maps, &snap->maps, err) ||
	    threads_take(snap, target, err))
		goto out;
	if (a->copied.cut_bytes && examine_stopped(a, err))
		goto out;
	/* What a core does not hold was left out; nothing ends there. */
	if (!target->ops->frozen &&
	    (a->copied.unreadable_bytes || snap->defect_count) &&
	    !contents_readable(&plan, target)) {
		error_set(err, ERR_GONE, "process %d ended while it was read",
			  target->pid);
		goto out;
	}
	ret = 0;
out:
	contents_plan_deinit(&plan);
	return ret;
}

/*
 * A stop at which some thread's pc is in malloc is let go at once: nothing was
 * copied, so it costs a moment only, and the next may be better.
 */
static bool pass_over(const struct capture *c)
{
	return c->allocator && c->allocator->at_work &&
	       c->attempts + FULL_ATTEMPTS < c->max_attempts &&
	       c->stopped_us < c->max_stop_us / 2 &&
	       c->allocator->at_work(c->target, c->state);
}

static int stop_and_copy(struct attempt *a, bool *copied, struct error *err)
{
	struct capture *c = a->c;
	struct error later;
	int ret = 0;

	if (interrupt_check(err) || target_stop(c->target, err))
		return -1;
	*copied = !pass_over(c);
	if (*copied)
		ret = under_stop(a, err);
	if (target_resume(c->target, ret ? &later : err))
		ret = -1;
	c->attempts++;
	c->stopped_us += c->target->stopped_us;
	if (c->target->stopped_us > c->longest_us)
		c->longest_us = c->target->stopped_us;
	return ret;
}

static void account(struct attempt *a)
{
	struct snapshot *snap = a->snap;
	bool frozen = a->c->target->ops->frozen;
	char kept[FMT_MAX], cut[FMT_MAX];

	snap->copied_bytes = image_bytes(snap->contents);
	snap->skipped_bytes = a->copied.cut_bytes;
	snap->unreadable_bytes = a->copied.unreadable_bytes;
	if (snap->skipped_bytes)
		strbuf_addf(
			&a->notes,
			"contents: %s kept, %s not (the limit is reached): "
			"the heap was walked while the target stood\n",
			fmt_bytes(kept, sizeof kept, snap->copied_bytes, false),
			fmt_bytes(cut, sizeof cut, snap->skipped_bytes, false));
	if (snap->unreadable_bytes)
		strbuf_addf(&a->notes,
			    frozen ? "%s of writable memory are not in the "
				     "core: never touched, or left out when "
				     "it was written\n"
				   : "contents: %s of writable memory cannot "
				     "be read (guard pages, or memory of a "
				     "device)\n",
			    fmt_bytes(cut, sizeof cut, snap->unreadable_bytes,
				      false));
}

static int reserve(struct attempt *a, struct error *err)
{
	const struct capture *c = a->c;
	uint64_t bytes = c->plan.present + c->plan.present / 16 + SLACK_BYTES;

	if (bytes > c->opts->max_bytes)
		bytes = c->opts->max_bytes;
	a->snap->contents = image_create();
	if (c->target->ops->frozen)
		return 0;
	return image_reserve(a->snap->contents, bytes, err);
}

/* A few milliseconds, never the same: malloc's callers have a rhythm. */
static void let_run(void)
{
	struct timespec now, pause = {0};

	clock_gettime(CLOCK_MONOTONIC, &now);
	pause.tv_nsec = 1000000 + now.tv_nsec % 4000037;
	nanosleep(&pause, NULL);
}

static int attempt_run(struct attempt *a, struct error *err)
{
	struct capture *c = a->c;
	struct snapshot *snap = a->snap;
	bool copied = false;

	if (reserve(a, err))
		return -1;
	for (;;) {
		if (stop_and_copy(a, &copied, err))
			return -1;
		if (copied)
			break;
		let_run();
	}
	image_trim(snap->contents);
	account(a);
	if (target_open_image(snap->contents, false, c->target, false,
			      &snap->memory, err))
		return -1;
	snap->now = c->target;
	if (!a->copied.cut_bytes && examine(a, snap->memory, err))
		return -1;
	touched_count(snap);
	if (modules_take(snap, c->symbols, err) || spans_build(snap, err) ||
	    holes_note(snap, err) || filled_note(snap, err) ||
	    others_note(snap, err))
		return -1;
	snap->notes = strbuf_take(&a->notes);
	return 0;
}

static uint32_t count_damage(const struct snapshot *snap)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < snap->defect_count; i++)
		n += snap->defect[i].kind != DEFECT_BUSY;
	return n;
}

/* One that is not busy; else one that proves damage, which is busy where it
 * is not proved; else one that doubts less. */
static bool is_better(const struct snapshot *now, const struct snapshot *best)
{
	uint32_t damage = count_damage(now);

	if (!best || !best->contents || !snapshot_busy(now))
		return true;
	return damage != count_damage(best)
		       ? damage > count_damage(best)
		       : now->defect_count < best->defect_count;
}

/* One stop; the better of it and what there was becomes c->best. */
static int try_once(struct capture *c, struct error *err)
{
	struct attempt a = {.c = c};
	int ret;

	/* Two copies only where both fit. */
	if (c->best && c->plan.present > c->opts->max_bytes / 2)
		snapshot_drop_contents(c->best);
	a.snap = xcalloc(1, sizeof *a.snap);
	ret = attempt_run(&a, err);
	if (!ret && is_better(a.snap, c->best)) {
		snapshot_destroy(c->best);
		c->best = a.snap;
		a.snap = NULL;
	}
	snapshot_destroy(a.snap);
	tables_deinit(&a.tables);
	strbuf_deinit(&a.notes);
	return ret;
}

static int list_relro(struct capture *c, struct error *err)
{
	size_t count = c->symbols ? symbols_module_count(c->symbols) : 0;

	c->relro = try_calloc(count, sizeof *c->relro, "list of modules", err);
	if (!c->relro)
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct contents_range *r = &c->relro[c->relros];

		modules_relro(symbols_module(c->symbols, i), &r->start,
			      &r->end);
		c->relros += r->start < r->end;
	}
	return 0;
}

static int try_until_quiet(struct capture *c, struct error *err)
{
	const struct capture_opts *opts = c->opts;

	c->max_attempts =
		opts->max_attempts ? opts->max_attempts : DEFAULT_ATTEMPTS;
	c->max_stop_us =
		opts->max_stop_us ? opts->max_stop_us : DEFAULT_STOP_US;
	for (;;) {
		if (try_once(c, err))
			return -1;
		if (!snapshot_busy(c->best) || c->attempts >= c->max_attempts ||
		    c->target->ops->frozen ||
		    c->stopped_us + c->target->stopped_us > c->max_stop_us)
			return 0;
		log_info("stopped inside malloc: attempt %u of %u", c->attempts,
			 c->max_attempts);
		let_run();
	}
}

static struct snapshot *finish(struct capture *c)
{
	struct snapshot *snap = c->best;

	snap->attempts = c->attempts;
	snap->stopped_us = c->stopped_us;
	snap->longest_us = c->longest_us;
	if (snapshot_busy(snap))
		busy_note(snap, c->symbols);
	if (!c->opts->keep_contents)
		snapshot_drop_contents(snap);
	c->best = NULL;
	return snap;
}

int snapshot_capture(struct target *target, struct symbols *symbols,
		     const struct allocator *allocator, void *allocator_state,
		     const struct capture_opts *opts, struct snapshot **out,
		     struct error *err)
{
	struct capture c = {
		.target = target,
		.symbols = symbols,
		.allocator = allocator,
		.state = allocator_state,
		.opts = opts,
	};
	int ret = -1;

	if (target_refresh(target, err))
		goto out;
	if (symbols)
		c.foreign_count = foreign_find(target, symbols, c.foreign, 4);
	if (c.foreign_count > 4)
		c.foreign_count = 4;
	if (list_relro(&c, err) ||
	    contents_plan(target, NULL, c.relro, c.relros, &c.plan, err) ||
	    try_until_quiet(&c, err))
		goto out;
	*out = finish(&c);
	ret = 0;
out:
	snapshot_destroy(c.best);
	contents_plan_deinit(&c.plan);
	free(c.relro);
	if (ret && err->code != ERR_INTERRUPTED)
		error_wrap(err, "snapshot of %d", target->pid);
	return ret;
}
