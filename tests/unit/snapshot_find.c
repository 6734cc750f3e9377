#include "snapshot/snapshot.h"

#include <stdlib.h>

#include "snapshot/finder.h"
#include "tests/lib/builder.h"
#include "tests/lib/hs_test.h"

static struct error err;

/* The chunk that holds addr, by looking at each. */
static uint32_t by_looking(const struct snapshot *s, uint64_t addr)
{
	for (uint32_t i = 0; i < s->chunk_count; i++)
		if (addr >= s->chunk[i].addr &&
		    addr < s->chunk[i].addr + s->chunk[i].size)
			return i;
	return CHUNK_NONE;
}

static struct snapshot *three_heaps(void)
{
	struct builder b = {0};
	struct snapshot *s;

	srand(3);
	builder_map(&b, 0x10000, 0x30000, "rw-p", 0, "[heap]");
	builder_map(&b, 0x7f0000000000, 0x7f0000020000, "rw-p", 0, "");
	builder_map(&b, 0x7f8000000000, 0x7f8000010000, "rw-p", 0, "");
	builder_map(&b, 0x7f9000000000, 0x7f9000003000, "rw-p", 0, "");
	builder_heap(&b, 1, 0x7f0000000800, 0x7f0000020000);
	while (b.next < 0x7f000001f000)
		builder_chunk(&b, 32 + (uint64_t)(rand() % 20) * 16,
			      rand() % 2 ? CHUNK_USED : CHUNK_FREE);
	builder_heap(&b, 0, 0x10000, 0x30000);
	while (b.next < 0x20000)
		builder_chunk(&b, 32 + (uint64_t)(rand() % 500) * 16,
			      CHUNK_USED);
	builder_heap(&b, 2, 0x7f8000000800, 0x7f8000010000);
	builder_chunk(&b, 0x8000, CHUNK_USED);
	builder_mmapped(&b, 0x7f9000000000, 0x3000);
	s = builder_snapshot(&b);
	builder_deinit(&b);
	return s;
}

static void agree(const struct snapshot *s, const struct finder *finder,
		  const struct bitmap *only, uint64_t addr)
{
	uint32_t wanted = by_looking(s, addr);

	ck_assert_uint_eq(snapshot_find(s, addr), wanted);
	if (wanted != CHUNK_NONE && only && !bitmap_test(only, wanted))
		wanted = CHUNK_NONE;
	ck_assert_uint_eq(finder_find(finder, addr), wanted);
}

static void all_agree(const struct snapshot *s, const struct bitmap *only)
{
	struct finder finder;

	OK(finder_init(&finder, s, only, &err));
	for (size_t i = 0; i < s->maps.count; i++)
		for (uint64_t a = s->maps.map[i].start - 64;
		     a < s->maps.map[i].end + 64; a += 8)
			agree(s, &finder, only, a);
	for (uint32_t i = 0; i < s->chunk_count; i++) {
		uint64_t end = s->chunk[i].addr + s->chunk[i].size;

		agree(s, &finder, only, s->chunk[i].addr - 1);
		agree(s, &finder, only, s->chunk[i].addr + 1);
		agree(s, &finder, only, end - 1);
		agree(s, &finder, only, end);
	}
	agree(s, &finder, only, 0);
	agree(s, &finder, only, UINT64_MAX);
	finder_deinit(&finder);
}

TEST(every_address_is_found_in_its_chunk_and_no_other)
{
	struct snapshot *s = three_heaps();

	ck_assert_uint_gt(s->chunk_count, 100);
	all_agree(s, NULL);
	snapshot_destroy(s);
}

TEST(a_finder_of_some_chunks_knows_no_others)
{
	struct snapshot *s = three_heaps();
	struct bitmap only;

	OK(bitmap_init(&only, s->chunk_count, "test", &err));
	for (uint32_t i = 0; i < s->chunk_count; i += 3)
		bitmap_set(&only, i);
	all_agree(s, &only);
	bitmap_deinit(&only);
	snapshot_destroy(s);
}

TEST(where_there_are_no_chunks_nothing_is_found)
{
	struct snapshot s = {.word = 8};
	struct finder finder;

	ck_assert_uint_eq(snapshot_find(&s, 0x1000), CHUNK_NONE);
	OK(finder_init(&finder, &s, NULL, &err));
	ck_assert_uint_eq(finder_find(&finder, 0), CHUNK_NONE);
	ck_assert_uint_eq(finder_find(&finder, 0x1000), CHUNK_NONE);
	ck_assert_uint_eq(finder_find(&finder, UINT64_MAX), CHUNK_NONE);
	finder_deinit(&finder);
}

TEST(contents_can_be_dropped_and_the_target_let_go)
{
	struct snapshot *s = three_heaps();
	uint64_t tables = snapshot_table_bytes(s);
	uint64_t word;

	ck_assert_uint_ge(tables, 16 * (uint64_t)s->chunk_count);
	ck_assert_uint_eq(snapshot_content_bytes(s),
			  0x20000 + 0x20000 + 0x10000 + 0x3000);
	snapshot_detach(s);
	OK(target_read_word(s->memory, 0x10000, &word, &err));
	snapshot_drop_contents(s);
	ck_assert_uint_eq(snapshot_content_bytes(s), 0);
	ck_assert_uint_eq(snapshot_table_bytes(s), tables);
	ck_assert_ptr_null(s->memory);
	snapshot_drop_contents(s);
	snapshot_detach(s);
	snapshot_destroy(s);
	snapshot_destroy(NULL);
}

TEST(complete_means_nothing_skipped_no_defect_no_failed_check)
{
	struct snapshot s = {.word = 8};
	struct defect defect = {.addr = 1};
	struct check check = {.result = CHECK_SKIPPED};

	ck_assert(snapshot_complete(&s));
	s.check = &check;
	s.check_count = 1;
	ck_assert(snapshot_complete(&s));
	check.result = CHECK_FAILED;
	ck_assert(!snapshot_complete(&s));
	check.result = CHECK_OK;
	s.defect = &defect;
	s.defect_count = 1;
	ck_assert(!snapshot_complete(&s));
	s.defect_count = 0;
	s.skipped_bytes = 4096;
	ck_assert(!snapshot_complete(&s));
}
