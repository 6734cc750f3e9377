#include "analysis/sizes.h"

#include <stdlib.h>

#include "tests/lib/builder.h"
#include "tests/lib/hs_test.h"

static struct error err;

TEST(classes_count_what_was_chosen_largest_first)
{
	struct builder b = {0};
	struct snapshot *s;
	struct size_class *row;
	uint64_t count_of[512] = {0}, bytes = 0, total = 0;
	uint32_t *chunk, n = 0, rows;

	srand(5);
	builder_map(&b, 0x100000, 0x900000, "rw-p", 0, "[heap]");
	builder_map(&b, 0xa00000, 0xc00000, "rw-p", 0, "");
	builder_heap(&b, 0, 0x100000, 0x900000);
	for (int i = 0; i < 3000; i++)
		builder_chunk(&b, 32 + 16 * (uint64_t)(rand() % 100),
			      CHUNK_USED);
	builder_chunk(&b, 0x200000, CHUNK_USED);
	builder_mmapped(&b, 0xa00000, 0x200000);
	s = builder_snapshot(&b);
	chunk = calloc(s->chunk_count, sizeof *chunk);
	for (uint32_t i = 0; i < s->chunk_count; i++) {
		uint64_t size = snapshot_chunk_size(s, i);

		if (i % 7 == 0 && size < 0x100000)
			continue;
		chunk[n++] = i;
		bytes += size;
		if (size < 0x100000)
			count_of[size / 16]++;
	}
	OK(sizes_make(s, chunk, n, &row, &rows, &err));
	for (uint32_t i = 0; i < rows; i++) {
		if (i)
			ck_assert_uint_le(row[i].bytes, row[i - 1].bytes);
		ck_assert_uint_eq(row[i].bytes, row[i].count * row[i].size);
		if (row[i].size < 0x100000) {
			ck_assert_uint_eq(row[i].count,
					  count_of[row[i].size / 16]);
			count_of[row[i].size / 16] = 0;
		}
		total += row[i].bytes;
	}
	/* One in the heap, one mmapped: the same class. */
	ck_assert_uint_eq(row[0].size, 0x200000);
	ck_assert_uint_eq(row[0].count, 2);
	ck_assert_uint_eq(total, bytes);
	for (size_t i = 0; i < 512; i++)
		ck_assert_uint_eq(count_of[i], 0);
	free(row);
	free(chunk);
	snapshot_destroy(s);
	builder_deinit(&b);
}

TEST(no_chunks_make_no_classes)
{
	struct snapshot s = {.word = 8};
	struct size_class *row;
	uint32_t rows;

	OK(sizes_make(&s, NULL, 0, &row, &rows, &err));
	ck_assert_uint_eq(rows, 0);
	free(row);
}
