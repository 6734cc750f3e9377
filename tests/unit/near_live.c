/* Snapshots, diffs and neighbourhoods of a real process. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/diff.h"
#include "analysis/near.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "snapshot/place.h"
#include "symbols/symbols.h"
#include "tests/lib/fixture.h"
#include "tests/lib/hs_test.h"

static struct error err;
static struct fixture f;
static struct target *target;
static struct symbols *symbols;
static void *state;

static const struct capture_opts opts = {
	.name = "1",
	.keep_contents = true,
	.max_bytes = UINT64_C(1) << 30,
};

static void open_all(void)
{
	struct symbols_opts so = {0};
	struct live_opts lo = {0};

	fixture_start(&f, "holders", NULL, NULL);
	OK(target_open_live(f.pid, &lo, &target, &err));
	OK(symbols_open(target, &so, &symbols, &err));
	ck_assert_int_eq(allocator_glibc.probe(target, symbols, &state, &err),
			 1);
}

static struct snapshot *capture(const struct capture_opts *o)
{
	struct snapshot *s;

	OK(snapshot_capture(target, symbols, &allocator_glibc, state, o, &s,
			    &err));
	for (uint32_t i = 0; i < s->defect_count; i++)
		ck_abort_msg("0x%jx: %s", (uintmax_t)s->defect[i].addr,
			     s->defect[i].what);
	return s;
}

static int is_gone(void *ctx)
{
	(void)ctx;
	return target_gone(target);
}

static void close_all(void)
{
	allocator_glibc.release(state);
	symbols_close(symbols);
	target_close(target);
	fixture_end(&f);
}

struct told {
	uint64_t class, count, addr;
};

static struct told told(const char *name)
{
	const char *line = fixture_line(&f, name);
	unsigned long class, count, addr;

	ck_assert_ptr_nonnull(line);
	ck_assert_int_eq(sscanf(line, "%*s %lu %lu %lx", &class, &count, &addr),
			 3);
	return (struct told){class, count, addr};
}

/* near of the used chunks of the class that the fixture calls name. */
static struct near near_named(const struct snapshot *s, const char *name)
{
	struct told t = told(name);
	uint32_t *chunk = calloc(s->chunk_count, sizeof *chunk), n = 0;
	struct near near;

	for (uint32_t i = 0; i < s->chunk_count; i++)
		if (s->chunk[i].state == CHUNK_USED &&
		    snapshot_chunk_size(s, i) == t.class)
			chunk[n++] = i;
	/* The C library may have some of its own of small classes. */
	ck_assert_uint_ge(n, t.count);
	OK(near_make(s, symbols, chunk, n, &near, &err));
	ck_assert(near.complete);
	free(chunk);
	return near;
}

static void show(const struct near *near)
{
	for (uint32_t i = 0; i < near->count; i++)
		fprintf(stderr, "# part %d: %u of %u at +%ju: %s\n",
			near->row[i].part, near->row[i].count, near->row[i].of,
			(uintmax_t)near->row[i].offset, near->row[i].what);
}

/* The row whose text begins with what. */
static const struct near_row *row(const struct near *near, enum near_part part,
				  const char *what)
{
	for (uint32_t i = 0; i < near->count; i++)
		if (near->row[i].part == part &&
		    strncmp(near->row[i].what, what, strlen(what)) == 0)
			return &near->row[i];
	show(near);
	ck_abort_msg("no row \"%s\"", what);
	return NULL;
}

static uint32_t rows_of(const struct near *near, enum near_part part)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < near->count; i++)
		n += near->row[i].part == part;
	return n;
}

TEST(the_list_its_names_and_its_global_are_seen)
{
	struct snapshot *s;
	struct near near;
	struct told list, name;
	char what[100];

	open_all();
	s = capture(&opts);
	list = told("list");
	name = told("name");
	near = near_named(s, "list");
	ck_assert_uint_eq(row(&near, NEAR_HELD, "each other at +0")->count,
			  list.count - 1);
	ck_assert_uint_eq(row(&near, NEAR_HELD, "list_head")->member,
			  list.addr);
	snprintf(what, sizeof what, "at +8: -> chunk of class %ju \"node 0",
		 (uintmax_t)name.class);
	ck_assert_uint_eq(row(&near, NEAR_POINTS, what)->count, list.count);
	ck_assert_uint_eq(row(&near, NEAR_POINTS, what)->offset, 8);
	ck_assert_uint_eq(
		row(&near, NEAR_POINTS, "at +0: -> each other")->count,
		list.count - 1);
	near_deinit(&near);
	near = near_named(s, "name");
	snprintf(what, sizeof what, "chunks of class %ju at +8",
		 (uintmax_t)list.class);
	ck_assert_uint_eq(row(&near, NEAR_HELD, what)->count, name.count);
	snprintf(what, sizeof what,
		 "at +0: %ju different texts, such as \"node 0",
		 (uintmax_t)name.count);
	ck_assert_uint_eq(row(&near, NEAR_TEXT, what)->count, name.count);
	near_deinit(&near);
	snapshot_destroy(s);
	close_all();
}

TEST(a_hash_table_and_the_operations_of_its_entries_are_named)
{
	struct snapshot *s;
	struct near near;
	struct told entry, buckets;
	char what[100];

	open_all();
	s = capture(&opts);
	entry = told("entry");
	buckets = told("buckets");
	near = near_named(s, "entry");
	ck_assert_uint_eq(
		row(&near, NEAR_POINTS, "at +0: entry_operations")->count,
		entry.count);
	ck_assert_uint_eq(
		row(&near, NEAR_TEXT, "at +16: \"session key\"")->count,
		entry.count);
	ck_assert_uint_eq(
		row(&near, NEAR_TEXT, "at +16: \"session key\"")->offset, 16);
	snprintf(what, sizeof what, "chunks of class %ju at many offsets",
		 (uintmax_t)buckets.class);
	/* One a bucket; the others hang behind them. */
	ck_assert_uint_eq(row(&near, NEAR_HELD, what)->count, 64);
	ck_assert_uint_eq(row(&near, NEAR_HELD, "each other at +8")->count,
			  entry.count - 64);
	ck_assert_uint_eq(near.unheld, 0);
	near_deinit(&near);
	near = near_named(s, "buckets");
	ck_assert_uint_eq(row(&near, NEAR_HELD, "table")->count, 1);
	near_deinit(&near);
	snapshot_destroy(s);
	close_all();
}

TEST(stacks_registers_and_thread_local_variables_are_named)
{
	struct snapshot *s;
	struct near near;

	open_all();
	s = capture(&opts);
	near = near_named(s, "stack");
	ck_assert_int_eq(row(&near, NEAR_HELD, "thread")->kind, PLACE_STACK);
	ck_assert_ptr_nonnull(
		strstr(row(&near, NEAR_HELD, "thread")->what, "hold_on_stack"));
	near_deinit(&near);
	near = near_named(s, "thread");
	ck_assert_int_eq(row(&near, NEAR_HELD, "thread")->kind, PLACE_STACK);
	ck_assert_ptr_nonnull(
		strstr(row(&near, NEAR_HELD, "thread")->what, " worker"));
	near_deinit(&near);
	near = near_named(s, "tls");
	ck_assert_int_eq(row(&near, NEAR_HELD, "thread")->kind, PLACE_TLS);
	ck_assert_uint_eq(rows_of(&near, NEAR_HELD), 1);
	near_deinit(&near);
	near = near_named(s, "register");
	ck_assert_int_eq(row(&near, NEAR_HELD, "thread")->kind, PLACE_REGISTER);
	ck_assert_ptr_nonnull(
		strstr(row(&near, NEAR_HELD, "thread")->what, "rbx"));
	ck_assert_uint_eq(rows_of(&near, NEAR_HELD), 1);
	near_deinit(&near);
	snapshot_destroy(s);
	close_all();
}

TEST(pointers_inside_hold_and_what_nobody_holds_is_counted)
{
	struct snapshot *s;
	struct near near;

	open_all();
	s = capture(&opts);
	near = near_named(s, "inside");
	ck_assert_uint_eq(near.unheld, 0);
	ck_assert_uint_eq(rows_of(&near, NEAR_HELD), told("inside").count);
	ck_assert_int_eq(row(&near, NEAR_HELD, "inside_of")->kind,
			 PLACE_GLOBAL);
	near_deinit(&near);
	near = near_named(s, "lost");
	/* The last one may still be where the compiler put it. */
	ck_assert_uint_ge(near.unheld, told("lost").count - 1);
	near_deinit(&near);
	snapshot_destroy(s);
	close_all();
}

static void grow_and_compare(const struct capture_opts *o)
{
	struct snapshot *before, *after;
	struct diff_class *class;
	struct diff *diff;
	uint32_t rows, seen = 0;

	open_all();
	before = capture(o);
	fixture_ask(&f, "grow 123", "grown 123");
	after = capture(o);
	OK(diff_make(before, after, &diff, &err));
	ck_assert_uint_eq(diff->added_count, 2 * 123);
	ck_assert_uint_eq(diff->removed_count, 0);
	OK(diff_classes(diff, DIFF_BY_SIZE, NULL, symbols, &class, &rows, NULL,
			0, &err));
	for (uint32_t i = 0; i < rows; i++) {
		if (class[i].size == told("list").class)
			ck_assert_uint_ge(class[i].kept_count,
					  told("list").count);
		else if (class[i].size != told("name").class)
			continue;
		ck_assert_uint_eq(class[i].new_count, 123);
		seen++;
	}
	ck_assert_uint_eq(seen, 2);
	free(class);
	diff_destroy(diff);
	snapshot_destroy(before);
	fixture_ask(&f, "free 100", "freed 100");
	before = after;
	after = capture(o);
	OK(diff_make(before, after, &diff, &err));
	ck_assert_uint_eq(diff->removed_count, 2 * 100);
	ck_assert_uint_eq(diff->added_count, 0);
	diff_destroy(diff);
	snapshot_destroy(before);
	snapshot_destroy(after);
	close_all();
}

TEST(what_grew_and_what_went_is_exact)
{
	grow_and_compare(&opts);
}

TEST(it_is_as_exact_when_nothing_is_kept_and_the_walk_is_under_the_stop)
{
	struct capture_opts none = opts;

	none.max_bytes = 0;
	none.keep_contents = false;
	grow_and_compare(&none);
}

TEST(a_small_budget_gives_the_same_table_and_says_what_it_lacks)
{
	struct capture_opts small = opts;
	struct snapshot *whole, *part;
	struct refs refs;
	struct bitmap all;

	open_all();
	whole = capture(&opts);
	ck_assert_uint_eq(whole->skipped_bytes, 0);
	small.max_bytes = whole->copied_bytes / 2;
	part = capture(&small);
	ck_assert_uint_eq(part->chunk_count, whole->chunk_count);
	ck_assert(!memcmp(part->chunk, whole->chunk,
			  whole->chunk_count * sizeof *whole->chunk));
	ck_assert(!memcmp(&part->mallinfo, &whole->mallinfo,
			  sizeof whole->mallinfo));
	ck_assert_uint_eq(part->thread_count, whole->thread_count);
	for (uint32_t i = 0; i < whole->thread_count; i++) {
		struct snapshot_thread *a = &whole->thread[i];
		struct snapshot_thread *b = &part->thread[i];

		ck_assert_uint_eq(a->tcache, b->tcache);
		ck_assert_uint_eq(a->frame_count, b->frame_count);
		ck_assert(!memcmp(a->frame, b->frame,
				  a->frame_count * sizeof *a->frame));
	}
	ck_assert_uint_le(part->copied_bytes, small.max_bytes);
	ck_assert_uint_gt(part->skipped_bytes, 0);
	ck_assert(!snapshot_complete(part));
	OK(bitmap_init(&all, part->chunk_count, "test", &err));
	bitmap_fill(&all);
	OK(refs_make(part, &all, &refs, &err));
	ck_assert(!refs.complete);
	refs_deinit(&refs);
	bitmap_deinit(&all);
	snapshot_destroy(whole);
	snapshot_destroy(part);
	close_all();
}

/* Every call is a second later: progress is always due. */
static uint64_t fast_clock(void)
{
	static uint64_t now;

	return now += 1000000000;
}

static const char *interrupt_at;

static void press(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	(void)ctx, (void)done, (void)total;
	if (what && strcmp(what, interrupt_at) == 0)
		interrupt_raise();
}

TEST(an_interrupt_at_any_time_leaves_the_process_as_it_was)
{
	static const char *const when[] = {"planning", "making room",
					   "reading memory", "walking the heap",
					   "following stacks"};

	progress_clock(fast_clock);
	progress_set(press, NULL);
	for (size_t i = 0; i < sizeof when / sizeof *when; i++) {
		struct capture_opts o = opts;
		struct snapshot *s;

		open_all();
		interrupt_at = when[i];
		progress_begin();
		FAILS(ERR_INTERRUPTED,
		      snapshot_capture(target, symbols, &allocator_glibc, state,
				       &o, &s, &err));
		fixture_unharmed(&f);
		/* The same when that happens under the stop. */
		interrupt_clear();
		o.max_bytes = 0x8000;
		FAILS(ERR_INTERRUPTED,
		      snapshot_capture(target, symbols, &allocator_glibc, state,
				       &o, &s, &err));
		fixture_unharmed(&f);
		progress_end();
		interrupt_clear();
		close_all();
	}
	progress_set(NULL, NULL);
}

TEST(a_process_that_ended_is_an_error_of_its_own)
{
	struct snapshot *s;

	open_all();
	kill(f.pid, SIGKILL);
	wait_until(is_gone, NULL, "the end of the fixture");
	FAILS(ERR_GONE, snapshot_capture(target, symbols, &allocator_glibc,
					 state, &opts, &s, &err));
	allocator_glibc.release(state);
	symbols_close(symbols);
	target_close(target);
	fixture_end_by(&f, SIGKILL);
}

static void strike(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	(void)ctx, (void)done, (void)total;
	if (what && strcmp(what, interrupt_at) == 0)
		kill(f.pid, SIGKILL);
}

TEST(a_process_that_ends_under_the_stop_is_no_riddle)
{
	static const struct {
		const char *when;
		uint64_t max_bytes;
	} how[] = {
		{"reading memory", UINT64_C(1) << 30},
		{"reading memory", 0x8000},
		{"walking the heap", 0},
		{"walking the heap", UINT64_C(1) << 30},
	};

	progress_clock(fast_clock);
	progress_set(strike, NULL);
	for (size_t i = 0; i < sizeof how / sizeof *how; i++) {
		struct capture_opts o = opts;
		struct snapshot *s = NULL;
		int ret;

		open_all();
		interrupt_at = how[i].when;
		o.max_bytes = how[i].max_bytes;
		progress_begin();
		ret = snapshot_capture(target, symbols, &allocator_glibc, state,
				       &o, &s, &err);
		progress_end();
		/* An error, or a snapshot with nothing missing: the kernel may
		 * take a while. */
		if (ret) {
			ck_assert_msg(err.code == ERR_GONE, "%d: %s", err.code,
				      err.msg);
		} else {
			ck_assert_uint_eq(s->unreadable_bytes, 0);
			ck_assert_uint_eq(s->defect_count, 0);
			ck_assert_uint_gt(s->chunk_count, told("list").count);
		}
		snapshot_destroy(s);
		allocator_glibc.release(state);
		symbols_close(symbols);
		target_close(target);
		fixture_end_by(&f, SIGKILL);
	}
	progress_set(NULL, NULL);
}

TEST(a_snapshot_outlives_the_target)
{
	struct snapshot *s;
	struct near near;
	uint64_t word;

	open_all();
	s = capture(&opts);
	snapshot_detach(s);
	allocator_glibc.release(state);
	symbols_close(symbols);
	symbols = NULL;
	target_close(target);
	OK(target_read_word(s->memory, told("list").addr, &word, &err));
	ck_assert_uint_eq(snapshot_find(s, word) == CHUNK_NONE, 0);
	near = near_named(s, "list");
	row(&near, NEAR_HELD, "each other at +0");
	near_deinit(&near);
	snapshot_destroy(s);
	fixture_end(&f);
}
