#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/interrupt.h"
#include "snapshot/place.h"
#include "snapshot/snapshot.h"
#include "tests/lib/builder.h"
#include "tests/lib/hs_test.h"

static struct error err;

#define EXE   UINT64_C(0x400000)
#define HEAP  UINT64_C(0x600000)
#define ARENA UINT64_C(0x7f4000000000)
#define STACK UINT64_C(0x7f8000000000)

static const struct capture_opts opts = {
	.name = "one",
	.keep_contents = true,
	.max_bytes = UINT64_C(1) << 30,
};

static void make(struct builder *b)
{
	builder_map(b, EXE, EXE + 0x1000, "r-xp", 7, "/usr/bin/made");
	builder_map(b, EXE + 0x1000, EXE + 0x2000, "rw-p", 7, "/usr/bin/made");
	builder_map(b, HEAP, HEAP + 0x10000, "rw-p", 0, "[heap]");
	builder_map(b, ARENA, ARENA + 0x10000, "rw-p", 0, "");
	builder_map(b, STACK, STACK + 0x4000, "rw-p", 0, "[stack]");
	builder_map(b, STACK + 0x8000, STACK + 0xa000, "rw-s", 5, "/dev/shm/x");
	builder_map(b, STACK + 0xa000, STACK + 0xb000, "rw-p", 6, "/dev/mem");
	/* The arena first: heaps come in any order. */
	builder_heap(b, 0, ARENA + 0x800, ARENA + 0x10000);
	for (int i = 0; i < 100; i++)
		builder_chunk(b, 64, i % 5 ? CHUNK_USED : CHUNK_FREE);
	builder_heap(b, 1, HEAP, HEAP + 0x10000);
	for (int i = 0; i < 100; i++)
		builder_chunk(b, 96, CHUNK_USED);
	for (size_t i = 0; i < b->chunk_count; i++) {
		uint64_t size = b->chunk[i].size + 8;

		builder_put(b, b->chunk[i].addr - 8, size | 1);
		builder_put(b, b->chunk[i].addr, i);
	}
	builder_thread(b, 4711, "made", STACK + 0x2000, 0);
	b->thread[0].regs.r[REG_RIP_] = EXE + 0x10;
}

static int capture(struct builder *b, const struct capture_opts *o,
		   struct snapshot **out)
{
	struct target *target = builder_target(b);
	int ret = snapshot_capture(target, NULL, &builder_allocator, b, o, out,
				   &err);

	ck_assert_int_eq(target->state, TARGET_RUNNING);
	if (!ret)
		snapshot_detach(*out);
	target_close(target);
	return ret;
}

static void check_chunks(const struct builder *b, const struct snapshot *s)
{
	ck_assert_uint_eq(s->chunk_count, b->chunk_count);
	for (uint32_t i = 1; i < s->chunk_count; i++)
		ck_assert_uint_lt(s->chunk[i - 1].addr, s->chunk[i].addr);
	for (size_t i = 0; i < b->chunk_count; i++) {
		uint32_t at = snapshot_find(s, b->chunk[i].addr);

		ck_assert_uint_ne(at, CHUNK_NONE);
		ck_assert(
			!memcmp(&s->chunk[at], &b->chunk[i], sizeof *s->chunk));
	}
}

TEST(a_snapshot_has_all_chunks_sorted_and_their_bytes)
{
	struct builder b = {0};
	struct snapshot *s;
	uint64_t word;

	make(&b);
	OK(capture(&b, &opts, &s));
	check_chunks(&b, s);
	for (size_t i = 0; i < b.chunk_count; i++) {
		OK(target_read_word(s->memory, b.chunk[i].addr, &word, &err));
		ck_assert_uint_eq(word, i);
	}
	ck_assert_str_eq(s->name, "one");
	ck_assert_str_eq(s->kind, "test");
	ck_assert_str_eq(s->allocator, "glibc");
	ck_assert_str_eq(s->glibc, "2.36");
	ck_assert_str_eq(s->comm, "made");
	ck_assert_int_eq(s->pid, 4711);
	ck_assert_uint_eq(s->attempts, 1);
	ck_assert_uint_eq(s->stopped_us, 1);
	ck_assert_uint_eq(s->arena_count, 2);
	ck_assert_uint_eq(s->region_count, 2);
	ck_assert_uint_lt(s->region[0].start, s->region[1].start);
	ck_assert_str_eq(s->notes, "");
	ck_assert(snapshot_complete(s));
	snapshot_destroy(s);
	builder_deinit(&b);
}

TEST(only_private_writable_memory_that_is_no_device_is_copied)
{
	struct builder b = {0};
	struct snapshot *s;
	uint64_t word;

	make(&b);
	OK(capture(&b, &opts, &s));
	ck_assert_uint_eq(s->copied_bytes, 0x1000 + 0x10000 + 0x10000 + 0x4000);
	ck_assert_uint_eq(snapshot_content_bytes(s), s->copied_bytes);
	FAILS(ERR_FAULT, target_read_word(s->memory, EXE, &word, &err));
	FAILS(ERR_FAULT,
	      target_read_word(s->memory, STACK + 0x8000, &word, &err));
	FAILS(ERR_FAULT,
	      target_read_word(s->memory, STACK + 0xa000, &word, &err));
	OK(target_read_word(s->memory, EXE + 0x1000, &word, &err));
	snapshot_destroy(s);
	builder_deinit(&b);
}

TEST(a_thread_has_its_stack_and_its_innermost_frame)
{
	struct builder b = {0};
	struct snapshot *s;

	make(&b);
	OK(capture(&b, &opts, &s));
	ck_assert_uint_eq(s->thread_count, 1);
	ck_assert_str_eq(s->thread[0].thread.name, "made");
	ck_assert_uint_eq(s->thread[0].stack_start, STACK + 0x2000 - RED_ZONE);
	ck_assert_uint_eq(s->thread[0].stack_end, STACK + 0x4000);
	ck_assert_uint_ge(s->thread[0].frame_count, 1);
	ck_assert_uint_eq(s->thread[0].frame[0].pc, EXE + 0x10);
	ck_assert_int_eq(place_of(s, STACK + 0x2000).kind, PLACE_STACK);
	snapshot_destroy(s);
	builder_deinit(&b);
}

TEST(over_the_budget_small_parts_are_kept_and_the_table_is_whole)
{
	struct capture_opts small = opts;
	struct builder b = {0};
	struct snapshot *s;
	uint64_t word;

	make(&b);
	small.max_bytes = 0x1000 + 0x4000 + 0x10000 + 0x3000;
	OK(capture(&b, &small, &s));
	check_chunks(&b, s);
	ck_assert_uint_eq(s->copied_bytes, small.max_bytes);
	ck_assert_uint_eq(s->skipped_bytes, 0x10000 - 0x3000);
	ck_assert_ptr_nonnull(strstr(s->notes, "limit"));
	ck_assert(!snapshot_complete(s));
	OK(target_read_word(s->memory, EXE + 0x1000, &word, &err));
	OK(target_read_word(s->memory, STACK, &word, &err));
	OK(target_read_word(s->memory, HEAP, &word, &err));
	OK(target_read_word(s->memory, ARENA, &word, &err));
	FAILS(ERR_FAULT,
	      target_read_word(s->memory, ARENA + 0x3000, &word, &err));
	snapshot_destroy(s);
	builder_deinit(&b);
}

TEST(with_no_budget_at_all_the_table_is_still_whole)
{
	struct capture_opts none = opts;
	struct builder b = {0};
	struct snapshot *s;

	make(&b);
	none.max_bytes = 0;
	none.keep_contents = false;
	OK(capture(&b, &none, &s));
	check_chunks(&b, s);
	ck_assert_uint_eq(s->copied_bytes, 0);
	ck_assert_ptr_null(s->contents);
	ck_assert_ptr_null(s->memory);
	snapshot_destroy(s);
	builder_deinit(&b);
}

TEST(without_an_allocator_threads_and_maps_are_there)
{
	struct builder b = {0};
	struct target *target;
	struct snapshot *s;

	make(&b);
	target = builder_target(&b);
	OK(snapshot_capture(target, NULL, NULL, NULL, &opts, &s, &err));
	ck_assert_ptr_null(s->allocator);
	ck_assert_uint_eq(s->chunk_count, 0);
	ck_assert_uint_eq(s->thread_count, 1);
	ck_assert_uint_eq(s->maps.count, b.map_count);
	snapshot_destroy(s);
	target_close(target);
	builder_deinit(&b);
}

TEST(an_interrupt_leaves_the_target_running)
{
	struct builder b = {0};
	struct snapshot *s;

	make(&b);
	interrupt_raise();
	FAILS(ERR_INTERRUPTED, capture(&b, &opts, &s));
	builder_deinit(&b);
}

/* An allocator that is found at work some times. */
static int busy_for, busy_walks, busy_defects;

static int busy_walk(struct target *target, void *state,
		     struct malloc_sink *sink, struct error *e)
{
	struct builder *b = state;
	struct defect defect = {.kind = DEFECT_BUSY, .what = "inside malloc"};
	int n = busy_walks == 2 ? 1 : busy_defects;

	if (builder_allocator.walk(target, state, sink, e))
		return -1;
	for (int i = 0; busy_walks < busy_for && i < n; i++) {
		defect.addr = b->chunk[i].addr;
		if (sink->defect(sink->ctx, &defect, e))
			return -1;
	}
	busy_walks++;
	return 0;
}

static struct snapshot *busy(int times, unsigned max_attempts, uint64_t max)
{
	struct allocator allocator = builder_allocator;
	struct capture_opts o = opts;
	struct builder b = {0};
	struct target *target;
	struct snapshot *s;

	make(&b);
	target = builder_target(&b);
	allocator.walk = busy_walk;
	busy_for = times;
	busy_walks = 0;
	busy_defects = 3;
	o.max_attempts = max_attempts;
	o.max_bytes = max;
	OK(snapshot_capture(target, NULL, &allocator, &b, &o, &s, &err));
	snapshot_detach(s);
	target_close(target);
	builder_deinit(&b);
	return s;
}

TEST(a_stop_inside_malloc_is_tried_again_until_it_is_quiet)
{
	struct snapshot *s = busy(3, 0, opts.max_bytes);

	ck_assert_uint_eq(s->attempts, 4);
	ck_assert_uint_eq(s->stopped_us, 4);
	ck_assert_uint_eq(s->longest_us, 1);
	ck_assert_uint_eq(s->defect_count, 0);
	ck_assert(snapshot_complete(s));
	snapshot_destroy(s);
}

TEST(when_it_is_never_quiet_the_best_attempt_is_kept_and_it_is_said)
{
	struct snapshot *s = busy(100, 5, opts.max_bytes);

	ck_assert_uint_eq(s->attempts, 5);
	ck_assert_uint_eq(s->defect_count, 1); /* the third attempt's */
	ck_assert_ptr_nonnull(strstr(s->notes, "each of 5 stops"));
	ck_assert(!snapshot_complete(s));
	ck_assert_ptr_nonnull(s->contents);
	snapshot_destroy(s);
}

TEST(two_copies_are_never_held_where_only_one_fits)
{
	struct snapshot *s = busy(100, 4, 0x1000 + 0x10000 * 2 + 0x4000);

	ck_assert_uint_eq(s->attempts, 4);
	ck_assert_ptr_nonnull(s->contents);
	ck_assert_uint_eq(s->skipped_bytes, 0);
	snapshot_destroy(s);
}

/* Chunks that a damaged heap makes the walk tell twice, or inside another. */
static int twice_walk(struct target *target, void *state,
		      struct malloc_sink *sink, struct error *e)
{
	struct builder *b = state;
	struct chunk inside = b->chunk[150];

	inside.addr += 16;
	inside.size = 24;
	return builder_allocator.walk(target, state, sink, e) ||
	       sink->chunks(sink->ctx, &b->chunk[7], 1, e) ||
	       sink->chunks(sink->ctx, &inside, 1, e);
}

TEST(chunks_told_twice_or_inside_others_are_defects)
{
	struct allocator allocator = builder_allocator;
	struct builder b = {0};
	struct target *target;
	struct snapshot *s;

	make(&b);
	target = builder_target(&b);
	allocator.walk = twice_walk;
	OK(snapshot_capture(target, NULL, &allocator, &b, &opts, &s, &err));
	ck_assert_uint_eq(s->chunk_count, b.chunk_count + 1);
	ck_assert_uint_eq(s->defect_count, 2);
	for (uint32_t i = 1; i < s->chunk_count; i++)
		ck_assert_uint_lt(s->chunk[i - 1].addr, s->chunk[i].addr);
	snapshot_destroy(s);
	target_close(target);
	builder_deinit(&b);
}

/* Reads fail from the k-th on, once or for good. */
static uint64_t fail_at, reads;
static bool fail_for_good;
static const struct target_ops *sound;

static ssize_t failing_read(struct target *target, uint64_t addr, void *buf,
			    size_t len)
{
	reads++;
	if (reads == fail_at || (fail_for_good && reads > fail_at)) {
		errno = EFAULT;
		return -1;
	}
	return sound->read(target, addr, buf, len);
}

static void fail_each(bool for_good, uint64_t max_bytes)
{
	struct capture_opts o = opts;

	o.max_bytes = max_bytes;
	fail_for_good = for_good;
	for (fail_at = 1;; fail_at++) {
		struct builder b = {0};
		struct target *target;
		struct target_ops ops;
		struct snapshot *s = NULL;
		int ret;

		make(&b);
		target = builder_target(&b);
		sound = target->ops;
		ops = *sound;
		ops.read = failing_read;
		target->ops = &ops;
		reads = 0;
		err = (struct error){0};
		ret = snapshot_capture(target, NULL, &builder_allocator, &b, &o,
				       &s, &err);
		ck_assert_int_eq(target->state, TARGET_RUNNING);
		/* A clean error, or a snapshot that says what is missing. */
		if (ret)
			ck_assert_str_ne(err.msg, "");
		else if (reads >= fail_at && max_bytes)
			ck_assert(s->unreadable_bytes || s->defect_count ||
				  s->thread[0].frame_count == 1);
		snapshot_destroy(s);
		target_close(target);
		builder_deinit(&b);
		if (reads < fail_at)
			break;
	}
	ck_assert_uint_gt(fail_at, 5);
}

TEST(whichever_read_fails_it_ends_well)
{
	fail_each(false, opts.max_bytes);
	fail_each(true, opts.max_bytes);
}

TEST(whichever_read_fails_under_the_stop_it_ends_well)
{
	fail_each(false, 0);
	fail_each(true, 0x8000);
}

TEST(whichever_allocation_fails_it_ends_well)
{
	bool failed = true;

	for (uint64_t k = 1; failed; k++) {
		struct builder b = {0};
		struct target *target;
		struct snapshot *s = NULL;

		make(&b);
		target = builder_target(&b);
		alloc_fail_checked_at(k);
		failed = snapshot_capture(target, NULL, &builder_allocator, &b,
					  &opts, &s, &err);
		alloc_fail_checked_at(0);
		ck_assert_int_eq(target->state, TARGET_RUNNING);
		if (failed)
			ck_assert_int_eq(err.code, ERR_NO_MEMORY);
		else
			ck_assert_uint_gt(k, 5);
		/* One that is survived: the unwinder's. */
		if (!failed && k < 40)
			failed = true;
		snapshot_destroy(s);
		target_close(target);
		builder_deinit(&b);
	}
}
