#include "analysis/near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "tests/lib/builder.h"
#include "tests/lib/hs_test.h"

static struct error err;

/* Of the test that runs; done() undoes them. */
static struct builder b;
static struct snapshot *s;
static struct near near;

#define EXE   UINT64_C(0x400000)
#define HEAP  UINT64_C(0x600000)
#define STACK UINT64_C(0x7f8000000000)
#define ANON  UINT64_C(0x7f9000000000)

static void open_world(void)
{
	builder_map(&b, EXE, EXE + 0x1000, "r-xp", 7, "/usr/bin/made");
	builder_map(&b, EXE + 0x1000, EXE + 0x4000, "rw-p", 7, "/usr/bin/made");
	builder_map(&b, HEAP, HEAP + 0x80000, "rw-p", 0, "[heap]");
	builder_map(&b, STACK, STACK + 0x10000, "rw-p", 0, "");
	builder_map(&b, ANON, ANON + 0x400000, "rw-p", 0, "");
	builder_heap(&b, 0, HEAP, HEAP + 0x80000);
}

/* near of the used chunks of a class. */
static void near_class(uint64_t class)
{
	uint32_t *chunk, n = 0;

	s = builder_snapshot(&b);
	chunk = calloc(s->chunk_count, sizeof *chunk);
	for (uint32_t i = 0; i < s->chunk_count; i++)
		if (snapshot_chunk_size(s, i) == class &&
		    s->chunk[i].state == CHUNK_USED)
			chunk[n++] = i;
	OK(near_make(s, NULL, chunk, n, &near, &err));
	free(chunk);
}

static const struct near_row *row(enum near_part part, const char *what)
{
	for (uint32_t i = 0; i < near.count; i++)
		if (near.row[i].part == part &&
		    strcmp(near.row[i].what, what) == 0)
			return &near.row[i];
	for (uint32_t i = 0; i < near.count; i++)
		fprintf(stderr, "# part %d: %u of %u at +%ju: %s\n",
			near.row[i].part, near.row[i].count, near.row[i].of,
			(uintmax_t)near.row[i].offset, near.row[i].what);
	ck_abort_msg("no row \"%s\"", what);
	return NULL;
}

/* The row, which must be of so many. */
static const struct near_row *counts(uint32_t count, enum near_part part,
				     const char *what)
{
	const struct near_row *r = row(part, what);

	ck_assert_uint_eq(r->count, count);
	return r;
}

static uint32_t rows_of(enum near_part part)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < near.count; i++)
		n += near.row[i].part == part;
	return n;
}

static void done(void)
{
	near_deinit(&near);
	snapshot_destroy(s);
	builder_deinit(&b);
}

TEST(a_linked_list_held_by_a_global_is_seen_as_one)
{
	const struct near_row *r;
	uint64_t before = 0, first = 0;
	enum { N = 340 };

	open_world();
	for (int i = 0; i < N; i++) {
		uint64_t node = builder_chunk(&b, 48, CHUNK_USED);
		uint64_t text = builder_chunk(&b, 32, CHUNK_USED);

		first = i ? first : node;
		builder_put(&b, node, before);
		builder_put(&b, node + 8, text);
		builder_text(&b, text, "a name");
		before = node;
	}
	builder_put(&b, EXE + 0x1100, before);
	near_class(48);
	ck_assert(near.complete);
	ck_assert_uint_eq(near.unheld, 0);
	r = counts(N, NEAR_HEADER, "340 chunks of class 48, 15.9 KiB");
	ck_assert_uint_eq(r->size, 48);
	r = counts(N - 1, NEAR_HELD, "each other at +0");
	ck_assert_uint_eq(r->of, N);
	ck_assert_int_eq(r->kind, PLACE_CHUNK);
	ck_assert_uint_eq(r->member, first);
	r = counts(1, NEAR_HELD, "made+0x100");
	ck_assert_int_eq(r->kind, PLACE_GLOBAL);
	ck_assert_uint_eq(r->example, EXE + 0x1100);
	ck_assert_uint_eq(r->member, before);
	ck_assert_uint_eq(rows_of(NEAR_HELD), 2);
	r = counts(N - 1, NEAR_POINTS, "at +0: -> each other");
	ck_assert_uint_eq(r->offset, 0);
	r = counts(N, NEAR_POINTS, "at +8: -> chunk of class 32 \"a name\"");
	ck_assert_uint_eq(r->offset, 8);
	ck_assert_uint_eq(r->size, 32);
	ck_assert_uint_eq(rows_of(NEAR_POINTS), 2);
	ck_assert_uint_eq(row(NEAR_POINTS, "at +0: -> each other")->size, 48);
	done();
}

TEST(holders_are_folded_by_class_and_offset)
{
	const struct near_row *r;
	uint64_t held[20];

	open_world();
	for (int i = 0; i < 20; i++)
		held[i] = builder_chunk(&b, 96, CHUNK_USED);
	/* 12 by one class, 5 inside by another, one by a free chunk, which
	 * does not count, 2 by nobody. */
	for (int i = 0; i < 12; i++)
		builder_put(&b, builder_chunk(&b, 64, CHUNK_USED) + 16,
			    held[i]);
	for (int i = 12; i < 17; i++)
		builder_put(&b, builder_chunk(&b, 80, CHUNK_USED) + 8,
			    held[i] + 24);
	builder_put(&b, builder_chunk(&b, 80, CHUNK_FREE) + 8, held[17]);
	near_class(96);
	r = counts(12, NEAR_HELD, "chunks of class 64 at +16");
	ck_assert_uint_eq(r->of, 20);
	ck_assert_uint_eq(r->size, 64);
	ck_assert_uint_eq(r->offset, 16);
	ck_assert(!r->interior);
	r = counts(5, NEAR_HELD,
		   "chunks of class 80 at +8, pointing 24 inside");
	ck_assert(r->interior);
	ck_assert_uint_eq(rows_of(NEAR_HELD), 2);
	ck_assert_uint_eq(near.unheld, 3);
	done();
}

TEST(a_table_of_pointers_is_one_row)
{
	const struct near_row *r;
	uint64_t table;
	enum { N = 50 };

	open_world();
	table = builder_chunk(&b, 1024, CHUNK_USED);
	for (uint64_t i = 0; i < N; i++)
		builder_put(&b, table + 8 * i,
			    builder_chunk(&b, 96, CHUNK_USED));
	near_class(96);
	r = counts(N, NEAR_HELD, "chunks of class 1024 at many offsets");
	ck_assert_uint_eq(rows_of(NEAR_HELD), 1);
	near_deinit(&near);
	snapshot_destroy(s);
	near_class(1024);
	r = counts(1, NEAR_POINTS, "-> chunk of class 96 at 50 offsets");
	ck_assert_uint_eq(r->of, 1);
	ck_assert_uint_eq(rows_of(NEAR_POINTS), 1);
	done();
}

TEST(stacks_registers_tls_and_other_memory_hold)
{
	uint64_t held[6];

	open_world();
	for (int i = 0; i < 6; i++)
		held[i] = builder_chunk(&b, 96, CHUNK_USED);
	builder_thread(&b, 5, "work", STACK + 0x8000, STACK + 0xf800);
	b.thread[0].regs.r[3] = held[0];
	builder_put(&b, STACK + 0x8010, held[1]);
	builder_put(&b, STACK + 0xf900, held[2]);
	builder_put(&b, ANON + 0x200000, held[3]);
	builder_put(&b, STACK + 0x1000, held[4]); /* stale */
	builder_put(&b, held[5], held[5]);
	near_class(96);
	ck_assert_uint_eq(
		row(NEAR_HELD, "thread 5 \"work\" register rbx")->kind,
		PLACE_REGISTER);
	ck_assert_uint_eq(row(NEAR_HELD, "thread 5 \"work\" stack")->example,
			  STACK + 0x8010);
	ck_assert_uint_eq(row(NEAR_HELD,
			      "thread 5 \"work\" thread-local storage fs:0x100")
				  ->member,
			  held[2]);
	ck_assert_int_eq(row(NEAR_HELD, "0x7f9000200000 (anon)")->kind,
			 PLACE_ANON);
	ck_assert_uint_eq(row(NEAR_HELD, "themselves at +0")->member, held[5]);
	ck_assert_uint_eq(rows_of(NEAR_HELD), 5);
	/* The stale word does not hold, and nobody holds himself. */
	ck_assert_uint_eq(near.unheld, 2);
	done();
}

TEST(what_many_threads_do_alike_is_one_row)
{
	const struct near_row *r;
	enum { N = 12 };

	open_world();
	builder_map(&b, STACK + 0x100000, STACK + 0x100000 + N * 0x4000, "rw-p",
		    0, "");
	for (uint64_t i = 0; i < N; i++) {
		uint64_t low = STACK + 0x100000 + i * 0x4000;

		builder_thread(&b, (pid_t)(100 + i), "many", low + 0x1000,
			       low + 0x3800);
		b.thread[i].regs.r[3] = builder_chunk(&b, 96, CHUNK_USED);
		builder_put(&b, low + 0x1008,
			    builder_chunk(&b, 96, CHUNK_USED));
		builder_put(&b, low + 0x37f0,
			    builder_chunk(&b, 96, CHUNK_USED));
	}
	near_class(96);
	r = counts(N, NEAR_HELD, "register rbx of 12 threads");
	ck_assert_int_eq(r->kind, PLACE_REGISTER);
	r = counts(N, NEAR_HELD, "stacks of 12 threads");
	ck_assert_int_eq(r->kind, PLACE_STACK);
	r = counts(N, NEAR_HELD,
		   "thread-local storage of 12 threads, fs:-0x10");
	ck_assert_int_eq(r->kind, PLACE_TLS);
	ck_assert_uint_eq(rows_of(NEAR_HELD), 3);
	ck_assert_uint_eq(near.unheld, 0);
	done();
}

TEST(a_vtable_is_named_and_various_addresses_are_summed_up)
{
	const struct near_row *r;
	enum { N = 60 };

	open_world();
	for (uint64_t i = 0; i < N; i++) {
		uint64_t at = builder_chunk(&b, 96, CHUNK_USED);

		builder_put(&b, at, EXE + 0x540);
		builder_put(&b, at + 16, EXE + 8 * i);
	}
	near_class(96);
	r = counts(N, NEAR_POINTS, "at +0: made+0x540");
	ck_assert_int_eq(r->kind, PLACE_CODE);
	r = counts(N, NEAR_POINTS, "at +16: various addresses in made");
	ck_assert_uint_eq(r->offset, 16);
	ck_assert_uint_eq(rows_of(NEAR_POINTS), 2);
	done();
}

TEST(a_pointer_whose_bytes_are_printable_is_no_text)
{
	/* "@@@@@@" as an address. */
	const uint64_t printable = UINT64_C(0x404040404000),
		       to = 0x404040404040;
	uint64_t operations;

	open_world();
	builder_map(&b, printable, printable + 0x1000, "rw-p", 0, "");
	operations = builder_chunk(&b, 32, CHUNK_USED);
	builder_put(&b, operations, to);
	for (int i = 0; i < 3; i++) {
		uint64_t at = builder_chunk(&b, 96, CHUNK_USED);

		builder_put(&b, at, operations);
		builder_put(&b, at + 16, to);
	}
	near_class(96);
	row(NEAR_POINTS, "at +0: -> chunk of class 32");
	row(NEAR_POINTS, "at +16: -> other memory at 0x404040404000");
	ck_assert_uint_eq(rows_of(NEAR_TEXT), 0);
	done();
}

TEST(text_fields_are_found_with_the_commonest_text)
{
	const struct near_row *r;
	char name[20];

	open_world();
	for (int i = 0; i < 30; i++) {
		uint64_t at = builder_chunk(&b, 96, CHUNK_USED);

		builder_put(&b, at, (uint64_t)i);
		builder_text(&b, at + 8, i % 3 ? "session" : "connection");
		snprintf(name, sizeof name, "user number %d", i);
		builder_text(&b, at + 40, name);
	}
	near_class(96);
	r = counts(30, NEAR_TEXT,
		   "at +8: \"session\" (20 times, of 2 different)");
	ck_assert_uint_eq(r->offset, 8);
	r = row(NEAR_TEXT,
		"at +40: 30 different texts, such as \"user number 0\"");
	ck_assert_uint_eq(r->offset, 40);
	ck_assert_uint_eq(rows_of(NEAR_TEXT), 2);
	done();
}

TEST(neighbours_are_told_by_state_and_class)
{

	open_world();
	for (int i = 0; i < 4; i++) {
		builder_chunk(&b, 96, CHUNK_USED);
		builder_chunk(&b, 32, CHUNK_FREE);
	}
	builder_chunk(&b, 96, CHUNK_USED);
	builder_chunk(&b, 96, CHUNK_USED);
	builder_chunk(&b, 4096, CHUNK_TOP);
	builder_mmapped(&b, ANON + 0x1000, 96);
	near_class(96);
	row(NEAR_HEADER, "7 chunks of class 96, 672 B");
	counts(4, NEAR_BEFORE, "free chunks of class 32");
	counts(1, NEAR_BEFORE, "each other");
	counts(1, NEAR_BEFORE, "none: the heap begins");
	counts(1, NEAR_BEFORE, "none: a mapping of its own");
	counts(4, NEAR_AFTER, "free chunks of class 32");
	counts(1, NEAR_AFTER, "each other");
	counts(1, NEAR_AFTER, "the top chunk");
	ck_assert_uint_eq(rows_of(NEAR_BEFORE), 4);
	ck_assert_uint_eq(rows_of(NEAR_AFTER), 4);
	done();
}

TEST(without_contents_the_neighbours_are_left_and_it_is_said)
{
	uint32_t chunk = 0;

	open_world();
	builder_chunk(&b, 96, CHUNK_USED);
	builder_chunk(&b, 64, CHUNK_USED);
	s = builder_snapshot(&b);
	snapshot_drop_contents(s);
	OK(near_make(s, NULL, &chunk, 1, &near, &err));
	ck_assert(!near.complete);
	ck_assert_ptr_nonnull(strstr(near.note, "not kept"));
	row(NEAR_AFTER, "used chunks of class 64");
	ck_assert_uint_eq(near.count, 3);
	done();
}

TEST(chunks_that_were_not_kept_are_not_counted_as_looked_at)
{
	struct snapshot *whole;
	struct image *part = image_create();
	uint32_t chunk[10];
	uint64_t len;

	open_world();
	for (uint32_t i = 0; i < 10; i++) {
		uint64_t at = builder_chunk(&b, 96, CHUNK_USED);

		builder_put(&b, at, EXE + 0x540);
		builder_text(&b, at + 24, "some text");
		chunk[i] = i;
	}
	s = builder_snapshot(&b);
	whole = builder_snapshot(&b);
	/* Four chunks lie in the part that is kept. */
	len = 4 * 96;
	OK(image_add(part, HEAP, image_at(whole->contents, HEAP, &len), 4 * 96,
		     &err));
	snapshot_drop_contents(s);
	s->contents = part;
	s->skipped_bytes = 4096;
	OK(near_make(s, NULL, chunk, 10, &near, &err));
	ck_assert(!near.complete);
	ck_assert_ptr_nonnull(strstr(near.note, "not all memory was kept"));
	counts(4, NEAR_POINTS, "at +0: made+0x540");
	ck_assert_uint_eq(row(NEAR_POINTS, "at +0: made+0x540")->of, 4);
	ck_assert_uint_eq(row(NEAR_TEXT, "at +24: \"some text\"")->of, 4);
	near_deinit(&near);
	snapshot_destroy(whole);
	done();
}

TEST(a_very_large_chunk_is_looked_at_in_part_and_it_is_said)
{

	open_world();
	builder_put(&b, builder_mmapped(&b, ANON, 0x100000) + 8, EXE);
	builder_put(&b, ANON + 0x80000, EXE + 8);
	near_class(0x100000);
	ck_assert(near.complete);
	ck_assert_ptr_nonnull(strstr(near.note, "first 64 KiB"));
	ck_assert_uint_eq(rows_of(NEAR_POINTS), 1);
	done();
}

TEST(a_group_of_none_has_one_row)
{

	open_world();
	builder_chunk(&b, 64, CHUNK_USED);
	near_class(96);
	ck_assert_uint_eq(near.count, 1);
	row(NEAR_HEADER, "no chunks");
	done();
}

/* All kinds of patterns at once. */
static void mixed(uint32_t *chunk, uint32_t *n)
{
	uint64_t before = 0;

	open_world();
	for (uint64_t i = 0; i < 40; i++) {
		uint64_t at = builder_chunk(&b, 96, CHUNK_USED);

		builder_put(&b, at, EXE + 8 * i);
		builder_put(&b, at + 8, before);
		builder_put(&b, at + 16, ANON + 64);
		builder_text(&b, at + 24, "some text");
		builder_put(&b, EXE + 0x1000 + 8 * i, at);
		before = at;
	}
	builder_thread(&b, 5, "work", STACK + 0x8000, STACK + 0xf800);
	builder_put(&b, STACK + 0x8010, before);
	s = builder_snapshot(&b);
	for (*n = 0; *n < s->chunk_count; ++*n)
		chunk[*n] = *n;
}

TEST(whichever_allocation_fails_it_is_an_error_and_nothing_leaks)
{
	uint32_t chunk[64], n;
	uint64_t k;

	mixed(chunk, &n);
	for (k = 1;; k++) {
		int ret;

		alloc_fail_checked_at(k);
		ret = near_make(s, NULL, chunk, n, &near, &err);
		alloc_fail_checked_at(0);
		if (!ret)
			break;
		ck_assert_int_eq(err.code, ERR_NO_MEMORY);
		ck_assert_ptr_null(near.row);
	}
	ck_assert_uint_gt(k, 20);
	done();
}

static int ticks_left;

static void press(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	(void)ctx, (void)what, (void)done, (void)total;
	if (!--ticks_left)
		interrupt_raise();
}

static uint64_t fast_clock(void)
{
	static uint64_t now;

	return now += 1000000000;
}

TEST(an_interrupt_at_any_tick_ends_it)
{
	uint32_t chunk[64], n;
	int k;

	mixed(chunk, &n);
	progress_clock(fast_clock);
	progress_set(press, NULL);
	for (k = 1;; k++) {
		int ret;

		ticks_left = k;
		interrupt_clear();
		progress_begin();
		ret = near_make(s, NULL, chunk, n, &near, &err);
		progress_end();
		if (!ret)
			break;
		ck_assert_int_eq(err.code, ERR_INTERRUPTED);
	}
	ck_assert_int_gt(k, 3);
	done();
}
