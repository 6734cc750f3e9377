#include "analysis/diff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/interrupt.h"
#include "tests/lib/builder.h"
#include "tests/lib/hs_test.h"

static struct error err;

#define HEAP UINT64_C(0x100000)
#define END  UINT64_C(0x200000)
#define EXE  UINT64_C(0x400000)

static bool same(const struct chunk *a, const struct chunk *b)
{
	return a->addr == b->addr && a->size == b->size;
}

static bool is_in(const struct snapshot *s, const struct chunk *c)
{
	for (uint32_t i = 0; i < s->chunk_count; i++)
		if (s->chunk[i].state == CHUNK_USED && same(&s->chunk[i], c))
			return true;
	return false;
}

/* A heap of chunks of random sizes and states. */
static struct snapshot *random_heap(unsigned seed)
{
	struct builder b = {0};
	struct snapshot *s;

	srand(seed);
	builder_map(&b, HEAP, END, "rw-p", 0, "[heap]");
	builder_heap(&b, 0, HEAP, END);
	for (int i = 0; i < 700; i++)
		builder_chunk(&b, 32 + 16 * (uint64_t)(rand() % 3),
			      rand() % 4 ? CHUNK_USED : rand() % 3 + 1u);
	s = builder_snapshot(&b);
	builder_deinit(&b);
	return s;
}

/* Each chunk of s is rightly in list or rightly not. */
static uint32_t check_side(const struct snapshot *s,
			   const struct snapshot *other, const uint32_t *list,
			   uint32_t count, const struct bitmap *bits)
{
	uint32_t at = 0, kept = 0;

	for (uint32_t i = 0; i < s->chunk_count; i++) {
		bool used = s->chunk[i].state == CHUNK_USED;
		bool both = used && is_in(other, &s->chunk[i]);

		kept += both;
		ck_assert_int_eq(bitmap_test(bits, i), used && !both);
		if (used && !both)
			ck_assert_uint_eq(list[at++], i);
	}
	ck_assert_uint_eq(at, count);
	return kept;
}

TEST(a_diff_is_what_comparing_each_with_each_gives)
{
	for (unsigned seed = 1; seed < 6; seed++) {
		struct snapshot *a = random_heap(seed);
		struct snapshot *b = random_heap(seed + 100);
		struct diff *diff;

		OK(diff_make(a, b, &diff, &err));
		ck_assert_uint_eq(check_side(a, b, diff->removed,
					     diff->removed_count, &diff->lost),
				  diff->kept_count);
		ck_assert_uint_eq(check_side(b, a, diff->added,
					     diff->added_count, &diff->fresh),
				  diff->kept_count);
		ck_assert_uint_gt(diff->added_count, 0);
		ck_assert_uint_gt(diff->kept_count, 0);
		diff_destroy(diff);
		snapshot_destroy(a);
		snapshot_destroy(b);
	}
}

TEST(a_snapshot_does_not_differ_from_itself)
{
	struct snapshot *a = random_heap(9), empty = {.word = 8};
	struct diff *diff;
	uint32_t used = 0;

	for (uint32_t i = 0; i < a->chunk_count; i++)
		used += a->chunk[i].state == CHUNK_USED;
	OK(diff_make(a, a, &diff, &err));
	ck_assert_uint_eq(diff->added_count + diff->removed_count, 0);
	ck_assert_uint_eq(diff->kept_count, used);
	diff_destroy(diff);
	OK(diff_make(&empty, a, &diff, &err));
	ck_assert_uint_eq(diff->added_count, used);
	diff_destroy(diff);
	OK(diff_make(a, &empty, &diff, &err));
	ck_assert_uint_eq(diff->removed_count, used);
	diff_destroy(diff);
	diff_destroy(NULL);
	snapshot_destroy(a);
}

TEST(the_classes_of_a_diff_add_up)
{
	struct snapshot *a = random_heap(20), *b = random_heap(21);
	uint64_t fresh = 0, gone = 0, kept = 0;
	struct diff_class *row;
	struct diff *diff;
	uint32_t rows;

	OK(diff_make(a, b, &diff, &err));
	OK(diff_classes(diff, DIFF_BY_SIZE, NULL, NULL, &row, &rows, NULL, 0,
			&err));
	ck_assert_uint_eq(rows, 3);
	for (uint32_t i = 0; i < rows; i++) {
		uint64_t n = 0;

		for (uint32_t j = 0; j < diff->added_count; j++)
			n += snapshot_chunk_size(b, diff->added[j]) ==
			     row[i].size;
		ck_assert_uint_eq(row[i].new_count, n);
		ck_assert_uint_eq(row[i].new_bytes, n * row[i].size);
		ck_assert_int_eq(row[i].delta_bytes,
				 (int64_t)row[i].new_bytes -
					 (int64_t)row[i].gone_bytes);
		if (i)
			ck_assert_int_le(row[i].delta_bytes,
					 row[i - 1].delta_bytes);
		fresh += row[i].new_count;
		gone += row[i].gone_count;
		kept += row[i].kept_count;
	}
	ck_assert_uint_eq(fresh, diff->added_count);
	ck_assert_uint_eq(gone, diff->removed_count);
	ck_assert_uint_eq(kept, diff->kept_count);
	free(row);
	diff_destroy(diff);
	snapshot_destroy(a);
	snapshot_destroy(b);
}

TEST(a_set_restricts_the_classes)
{
	struct snapshot *a = random_heap(20), *b = random_heap(21);
	const char *words[] = {"new", "class=48"};
	struct diff_class *row;
	struct diff *diff;
	struct set *set;
	uint32_t rows;

	OK(diff_make(a, b, &diff, &err));
	OK(set_parse(words, 2, NULL, &set, &err));
	OK(diff_classes(diff, DIFF_BY_SIZE, set, NULL, &row, &rows, NULL, 0,
			&err));
	ck_assert_uint_eq(rows, 1);
	ck_assert_uint_eq(row[0].size, 48);
	ck_assert_uint_gt(row[0].new_count, 0);
	ck_assert_uint_eq(row[0].kept_count, 0);
	free(row);
	set_destroy(set);
	diff_destroy(diff);
	snapshot_destroy(a);
	snapshot_destroy(b);
}

/* What the new chunks of a made heap begin with. */
enum { VTABLES = 5, NODES = 4, TEXTS = 3, NUMBERS = 2, ZEROS = 6 };

static struct snapshot *with_contents(int times)
{
	struct builder b = {0};
	struct snapshot *s;
	uint64_t a, target;

	builder_map(&b, HEAP, END, "rw-p", 0, "[heap]");
	builder_map(&b, EXE, EXE + 0x1000, "r-xp", 7, "/usr/bin/made");
	builder_heap(&b, 0, HEAP, END);
	target = builder_chunk(&b, 208, CHUNK_USED);
	builder_put(&b, target, 77);
	for (int t = 0; t < times; t++) {
		for (int i = 0; i < VTABLES; i++)
			builder_put(&b, builder_chunk(&b, 64, CHUNK_USED),
				    EXE + 0x540);
		for (int i = 0; i < NODES; i++)
			builder_put(&b, builder_chunk(&b, 32, CHUNK_USED),
				    target);
		for (int i = 0; i < TEXTS; i++) {
			a = builder_chunk(&b, 48, CHUNK_USED);
			builder_text(&b, a, i ? "GET /index" : "abcd");
		}
		for (int i = 0; i < NUMBERS; i++)
			builder_put(&b, builder_chunk(&b, 80, CHUNK_USED),
				    0x123456789a);
		for (int i = 0; i < ZEROS; i++)
			builder_chunk(&b, 96, CHUNK_USED);
	}
	s = builder_snapshot(&b);
	builder_deinit(&b);
	return s;
}

static const struct diff_class *named(const struct diff_class *row,
				      uint32_t rows, const char *name)
{
	for (uint32_t i = 0; i < rows; i++)
		if (strcmp(row[i].name, name) == 0)
			return &row[i];
	for (uint32_t i = 0; i < rows; i++)
		fprintf(stderr, "# row %s\n", row[i].name);
	ck_abort_msg("no row %s", name);
	return NULL;
}

TEST(by_content_what_begins_alike_is_one_row)
{
	struct snapshot *a = with_contents(1), *b = with_contents(3);
	const struct {
		const char *name;
		uint64_t count, class;
	} wanted[] = {
		{"made+0x540", VTABLES, 64},
		{"-> chunk of class 208", NODES, 32},
		{"\"GET /ind\"", TEXTS - 1, 48},
		{"\"abcd\"", 1, 48},
		{"0x123456789a", NUMBERS, 80},
		{"0", ZEROS, 96},
	};
	struct diff_class *row;
	struct diff *diff;
	char warning[200];
	uint32_t rows;

	OK(diff_make(a, b, &diff, &err));
	OK(diff_classes(diff, DIFF_BY_CONTENT, NULL, NULL, &row, &rows, warning,
			sizeof warning, &err));
	ck_assert_str_eq(warning, "");
	ck_assert_uint_eq(rows, sizeof wanted / sizeof *wanted + 1);
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		const struct diff_class *r = named(row, rows, wanted[i].name);

		ck_assert_uint_eq(r->size, 0);
		ck_assert_uint_eq(r->kept_count, wanted[i].count);
		ck_assert_uint_eq(r->new_count, 2 * wanted[i].count);
		ck_assert_uint_eq(r->new_bytes,
				  2 * wanted[i].count * wanted[i].class);
		ck_assert_uint_eq(r->gone_count, 0);
	}
	ck_assert_uint_eq(named(row, rows, "0x4d")->kept_count, 1);
	free(row);
	diff_destroy(diff);
	/* The other way round they are gone, which needs a's contents. */
	OK(diff_make(b, a, &diff, &err));
	OK(diff_classes(diff, DIFF_BY_CONTENT, NULL, NULL, &row, &rows, warning,
			sizeof warning, &err));
	ck_assert_uint_eq(named(row, rows, "made+0x540")->gone_count,
			  2 * VTABLES);
	free(row);
	snapshot_drop_contents(b);
	OK(diff_classes(diff, DIFF_BY_CONTENT, NULL, NULL, &row, &rows, warning,
			sizeof warning, &err));
	ck_assert_uint_eq(named(row, rows, "made+0x540")->gone_count, 0);
	ck_assert_ptr_nonnull(strstr(warning, "gone chunks are not counted"));
	free(row);
	snapshot_drop_contents(a);
	FAILS(ERR_UNSUPPORTED,
	      diff_classes(diff, DIFF_BY_CONTENT, NULL, NULL, &row, &rows,
			   warning, sizeof warning, &err));
	diff_destroy(diff);
	snapshot_destroy(a);
	snapshot_destroy(b);
}

TEST(rare_numbers_share_a_row_when_there_are_very_many)
{
	struct builder b = {0};
	struct snapshot *s, empty = {.word = 8};
	struct diff_class *row;
	struct diff *diff;
	uint64_t sum = 0;
	char warning[200];
	uint32_t rows;

	builder_map(&b, HEAP, END, "rw-p", 0, "[heap]");
	builder_heap(&b, 0, HEAP, END);
	for (uint64_t i = 0; i < 3000; i++)
		builder_put(&b, builder_chunk(&b, 32, CHUNK_USED),
			    (i < 50 ? 7 : i + 1000) << 32);
	s = builder_snapshot(&b);
	builder_deinit(&b);
	OK(diff_make(&empty, s, &diff, &err));
	OK(diff_classes(diff, DIFF_BY_CONTENT, NULL, NULL, &row, &rows, warning,
			sizeof warning, &err));
	ck_assert_uint_lt(rows, 1100);
	ck_assert_uint_eq(named(row, rows, "0x700000000")->new_count, 50);
	for (uint32_t i = 0; i < rows; i++)
		sum += row[i].new_count;
	ck_assert_uint_eq(sum, 3000);
	free(row);
	diff_destroy(diff);
	snapshot_destroy(s);
}

TEST(a_diff_obeys_an_interrupt)
{
	struct snapshot *a = random_heap(1);
	struct diff_class *row;
	struct diff *diff;
	uint32_t rows;

	OK(diff_make(a, a, &diff, &err));
	interrupt_raise();
	FAILS(ERR_INTERRUPTED, diff_classes(diff, DIFF_BY_SIZE, NULL, NULL,
					    &row, &rows, NULL, 0, &err));
	diff_destroy(diff);
	snapshot_destroy(a);
}

static int all_of_it(const struct snapshot *a, const struct snapshot *b)
{
	struct diff_class *row;
	struct diff *diff;
	char warning[200];
	uint32_t rows;
	int ret;

	if (diff_make(a, b, &diff, &err))
		return -1;
	ret = diff_classes(diff, DIFF_BY_SIZE, NULL, NULL, &row, &rows, warning,
			   sizeof warning, &err);
	if (!ret) {
		free(row);
		ret = diff_classes(diff, DIFF_BY_CONTENT, NULL, NULL, &row,
				   &rows, warning, sizeof warning, &err);
	}
	if (!ret)
		free(row);
	diff_destroy(diff);
	return ret;
}

TEST(whichever_allocation_fails_it_is_an_error_and_nothing_leaks)
{
	struct snapshot *a = with_contents(1), *b = with_contents(9);
	uint64_t k;

	for (k = 1;; k++) {
		int ret;

		alloc_fail_checked_at(k);
		ret = all_of_it(a, b);
		alloc_fail_checked_at(0);
		if (!ret)
			break;
		ck_assert_int_eq(err.code, ERR_NO_MEMORY);
	}
	ck_assert_uint_gt(k, 10);
	snapshot_destroy(a);
	snapshot_destroy(b);
}
