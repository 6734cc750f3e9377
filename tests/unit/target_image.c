#include "target/image.h"

#include <stdlib.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/parallel.h"
#include "target/pagemap.h"
#include "tests/lib/hs_test.h"

static struct error err;

TEST(an_image_gives_back_what_was_put_in)
{
	struct image *image = image_create();
	char buf[32] = "";
	size_t len;

	OK(image_add(image, 0x2000, "world", 5, &err));
	OK(image_add(image, 0x1000, "hello ", 6, &err));
	OK(image_add(image, 0x1006, "there", 5, &err));
	ck_assert_uint_eq(image_bytes(image), 16);
	ck_assert_uint_eq(image_read(image, 0x1000, buf, sizeof buf), 11);
	ck_assert_mem_eq(buf, "hello there", 11);
	ck_assert_uint_eq(image_read(image, 0x2003, buf, sizeof buf), 2);
	ck_assert_mem_eq(buf, "ld", 2);
	ck_assert_ptr_null(image_at(image, 0xfff, &len));
	ck_assert_ptr_null(image_at(image, 0x2005, &len));
	ck_assert_mem_eq(image_at(image, 0x2001, &len), "orld", 4);
	ck_assert_uint_eq(len, 4);
	ck_assert_uint_eq(image_next(image, 0), 0x1000);
	ck_assert_uint_eq(image_next(image, 0x1100), 0x2000);
	ck_assert_uint_eq(image_next(image, 0x2000), UINT64_MAX);
	FAILS(ERR_USAGE, image_add(image, 0x1003, "x", 1, &err));
	FAILS(ERR_USAGE, image_add(image, 0xfff, "xy", 2, &err));
	image_destroy(image);
	image_destroy(NULL);
}

TEST(bytes_stay_where_they_are_when_the_image_grows)
{
	struct image *image = image_create();
	char *block = malloc(3 << 20);
	const uint8_t *first;
	size_t len;

	OK(image_add(image, 8, "stay", 4, &err));
	first = image_at(image, 8, &len);
	for (uint64_t i = 1; i <= 8; i++) {
		memset(block, (int)i, 3 << 20);
		OK(image_add(image, i << 32, block, 3 << 20, &err));
	}
	ck_assert_ptr_eq(image_at(image, 8, &len), first);
	for (uint64_t i = 1; i <= 8; i++) {
		const uint8_t *at = image_at(image, i << 32, &len);

		ck_assert_uint_eq(len, 3 << 20);
		ck_assert_uint_eq(at[0], i);
		ck_assert_uint_eq(at[len - 1], i);
	}
	free(block);
	image_destroy(image);
}

/* 16 pages at PAGES; 2 and 9 to 11 unreadable, odd ones never touched. */
enum { PAGE = 4096, COUNT = 16 };
#define PAGES 0x100000ul

static ssize_t fake_read(struct target *target, uint64_t addr, void *buf,
			 size_t len)
{
	uint64_t page = (addr - PAGES) / PAGE;
	size_t left = PAGE - addr % PAGE;

	(void)target;
	if (addr < PAGES || page >= COUNT || page == 2 ||
	    (page >= 9 && page <= 11))
		return -1;
	if (len > left)
		len = left;
	memset(buf, (int)page + 1, len);
	return (ssize_t)len;
}

static size_t fake_runs(struct target *target, uint64_t start, uint64_t end,
			struct page_run *run, size_t max, uint64_t *walked)
{
	(void)target, (void)max;
	/* One page at a time: the caller must go on from *walked. */
	*walked = start + PAGE;
	ck_assert_uint_eq(start % PAGE, 0);
	ck_assert_uint_le(*walked, end);
	run[0] = (struct page_run){start, start + PAGE};
	return (start - PAGES) / PAGE % 2 == 0;
}

static const struct target_ops fake_ops = {
	.kind = "fake", .read = fake_read, .touched_runs = fake_runs};

static struct target fake = {.ops = &fake_ops, .page_size = PAGE, .word = 8};

TEST(a_copy_skips_what_is_unreadable_and_counts_it)
{
	struct image *image = image_create();
	uint8_t buf[PAGE];

	OK(image_copy(image, &fake, PAGES, PAGES + COUNT * PAGE, false,
		      UINT64_MAX, &err));
	ck_assert_uint_eq(image_bytes(image), 12 * PAGE);
	ck_assert_uint_eq(image->skipped_bytes, 4 * PAGE);
	ck_assert_uint_eq(image_read(image, PAGES + PAGE, buf, PAGE), PAGE);
	ck_assert_uint_eq(buf[0], 2);
	ck_assert_uint_eq(image_read(image, PAGES + 9 * PAGE, buf, PAGE), 0);
	image_destroy(image);
}

/* 12 megabytes and a bit, all touched; a page in the eighth is not readable. */
#define LONG	 (UINT64_C(12) << 20)
#define LONG_END (PAGES + LONG + PAGE)
#define LONG_BAD (PAGES + (UINT64_C(7) << 20) + 5 * PAGE)

static _Atomic unsigned long_calls;

static size_t long_touched(struct target *target, uint64_t addr, void *buf,
			   size_t len)
{
	(void)target;
	long_calls++;
	for (size_t i = 0; i < len; i += 8) {
		uint64_t at = addr + i;

		if (at >= LONG_BAD && at < LONG_BAD + PAGE)
			return i;
		memcpy((char *)buf + i, &at, 8);
	}
	return len;
}

static ssize_t long_read(struct target *target, uint64_t addr, void *buf,
			 size_t len)
{
	unsigned calls = long_calls;
	size_t n = long_touched(target, addr, buf, len);

	long_calls = calls;
	return n ? (ssize_t)n : -1;
}

static size_t long_runs(struct target *target, uint64_t start, uint64_t end,
			struct page_run *run, size_t max, uint64_t *walked)
{
	(void)target, (void)max;
	run[0] = (struct page_run){start, end};
	*walked = end;
	return 1;
}

static const struct target_ops long_ops = {.kind = "fake",
					   .read = long_read,
					   .read_touched = long_touched,
					   .touched_runs = long_runs};

/* Whoever reads it; budget: a part of it only. */
static void copy_long(unsigned threads, uint64_t reserve, uint64_t budget)
{
	struct target from = {.ops = &long_ops, .page_size = PAGE, .word = 8};
	struct image *image = image_create();
	uint64_t kept = 0;

	parallel_threads(threads);
	long_calls = 0;
	OK(image_reserve(image, reserve, &err));
	OK(image_copy(image, &from, PAGES, LONG_END, IMAGE_ANONYMOUS, budget,
		      &err));
	for (uint64_t at = PAGES; at < LONG_END; at += 8) {
		uint64_t word;

		if (image_read(image, at, &word, 8) != 8)
			continue;
		ck_assert_uint_eq(word, at);
		kept += 8;
	}
	ck_assert_uint_eq(kept, budget < LONG ? budget : LONG);
	ck_assert_uint_eq(image_bytes(image), kept);
	ck_assert_uint_eq(image->skipped_bytes, LONG + PAGE - kept);
	ck_assert_uint_eq(from.bytes_read, kept);
	image_destroy(image);
}

TEST(a_long_run_is_the_same_whoever_reads_it)
{
	for (unsigned threads = 1; threads <= 4; threads++) {
		copy_long(threads, LONG + PAGE, UINT64_MAX);
		ck_assert_uint_ge(long_calls, 8);
		/* No room for all of it, and no leave to take it. */
		copy_long(threads, LONG / 2, UINT64_MAX);
		copy_long(threads, LONG + PAGE, LONG / 2);
		ck_assert_uint_eq(long_calls, LONG / 2 >> 20);
		copy_long(threads, 0, UINT64_MAX);
		ck_assert_uint_eq(long_calls, 0);
	}
}

TEST(an_interrupt_ends_a_copy_by_several)
{
	struct target from = {.ops = &long_ops, .page_size = PAGE, .word = 8};
	struct image *image = image_create();

	OK(image_reserve(image, LONG, &err));
	interrupt_raise();
	FAILS(ERR_INTERRUPTED, image_copy(image, &from, PAGES, LONG_END,
					  IMAGE_ANONYMOUS, UINT64_MAX, &err));
	ck_assert_uint_eq(long_calls, 0);
	ck_assert_uint_eq(image_bytes(image), 0);
	image_destroy(image);
	image = image_create();
	FAILS(ERR_INTERRUPTED, image_reserve(image, LONG, &err));
	image_destroy(image);
}

TEST(pages_never_touched_are_zeros_without_room)
{
	struct image *image = image_create();
	uint8_t buf[2 * PAGE];

	OK(image_copy(image, &fake, PAGES + 100, PAGES + 8 * PAGE - 100, true,
		      UINT64_MAX, &err));
	ck_assert_uint_eq(image_bytes(image), 3 * PAGE - 100);
	ck_assert_uint_eq(image->skipped_bytes, PAGE);
	ck_assert_uint_eq(image_read(image, PAGES + 99, buf, 1), 0);
	ck_assert_uint_eq(image_read(image, PAGES + 100, buf, sizeof buf),
			  2 * PAGE - 100);
	ck_assert_uint_eq(buf[0], 1);
	ck_assert_uint_eq(buf[PAGE], 0);
	ck_assert_uint_eq(image_read(image, PAGES + 7 * PAGE, buf, PAGE),
			  PAGE - 100);
	ck_assert_uint_eq(buf[0], 0);
	/* From within zeros the next is behind them, never the same again. */
	ck_assert_uint_eq(image_next(image, PAGES + PAGE), PAGES + 3 * PAGE);
	ck_assert_uint_eq(image_next(image, PAGES + 2 * PAGE - 1),
			  PAGES + 3 * PAGE);
	ck_assert_uint_eq(image_next(image, PAGES + 3 * PAGE),
			  PAGES + 4 * PAGE);
	ck_assert_uint_eq(image_next(image, PAGES + 7 * PAGE), UINT64_MAX);
	image_destroy(image);
}

TEST(a_budget_is_kept_and_the_rest_counted)
{
	struct image *image = image_create();

	OK(image_copy(image, &fake, PAGES + 3 * PAGE, PAGES + 9 * PAGE, false,
		      4 * PAGE + 17, &err));
	ck_assert_uint_eq(image_bytes(image), 4 * PAGE);
	ck_assert_uint_eq(image->skipped_bytes, 2 * PAGE);
	image_destroy(image);
}

TEST(a_copy_obeys_an_interrupt)
{
	struct image *image = image_create();

	interrupt_raise();
	FAILS(ERR_INTERRUPTED, image_copy(image, &fake, PAGES, PAGES + PAGE,
					  false, UINT64_MAX, &err));
	image_destroy(image);
}

TEST(reserved_room_takes_what_it_was_made_for)
{
	struct image *image = image_create();
	size_t pools;

	OK(image_reserve(image, COUNT * PAGE, &err));
	pools = image->pool_count;
	OK(image_reserve(image, PAGE, &err));
	OK(image_copy(image, &fake, PAGES, PAGES + COUNT * PAGE, false,
		      UINT64_MAX, &err));
	ck_assert_uint_eq(image->pool_count, pools);
	FAILS(ERR_NO_MEMORY, image_reserve(image, 1ull << 60, &err));
	image_destroy(image);
}

TEST(an_image_is_a_target)
{
	struct image *image = image_create();
	struct target *target;
	uint8_t buf[16];
	uint64_t word;
	size_t len;

	OK(image_add(image, 0x1000, "\1\2\3\4\5\6\7\10more", 12, &err));
	OK(target_open_image(image, true, NULL, false, &target, &err));
	ck_assert_int_eq(target->state, TARGET_STOPPED);
	OK(target_stop(target, &err));
	OK(target_resume(target, &err));
	OK(target_read_word(target, 0x1000, &word, &err));
	ck_assert_uint_eq(word, 0x0807060504030201);
	target->word = 4;
	OK(target_read_word(target, 0x1004, &word, &err));
	ck_assert_uint_eq(word, 0x08070605);
	FAILS(ERR_FAULT, target_read(target, 0x1008, buf, 5, &err));
	ck_assert_uint_eq(err.addr, 0x100c);
	ck_assert_uint_eq(target_read_some(target, 0x1008, buf, 16), 4);
	/* In place and as long as it is, however small the buffer. */
	const uint8_t *at = target_window(target, 0x1002, 100, buf, 1, &len);
	ck_assert_uint_eq(len, 10);
	ck_assert_ptr_eq(at, image_at(image, 0x1002, &len));
	ck_assert_int_eq(target_pidfd(target), -1);
	target_window(target, 0x5000, 100, buf, 16, &len);
	ck_assert_uint_eq(len, 0);
	target_window(target, UINT64_MAX - 3, 100, buf, 16, &len);
	ck_assert_uint_eq(len, 0);
	target_close(target);
}

/* text at page 0 (read only), data at page 4 (writable). */
static struct target *over_fake(struct image *image, bool writable)
{
	static const char maps[] = "100000-101000 r-xp 00000000 00:00 1 /a\n"
				   "104000-106000 rw-p 00000000 00:00 0 \n";
	struct target *target;

	maps_deinit(&fake.maps);
	OK(maps_parse(maps, sizeof maps - 1, &fake.maps, &err));
	OK(target_open_image(image, true, &fake, writable, &target, &err));
	return target;
}

TEST(what_the_image_lacks_comes_from_below_if_it_cannot_change)
{
	struct image *image = image_create();
	uint8_t buf[2 * PAGE];

	OK(image_add(image, PAGES + 4 * PAGE + 8, "snap", 4, &err));
	struct target *target = over_fake(image, false);
	OK(target_read(target, PAGES, buf, PAGE, &err));
	ck_assert_uint_eq(buf[0], 1);
	OK(target_read(target, PAGES + 4 * PAGE + 8, buf, 4, &err));
	FAILS(ERR_FAULT, target_read(target, PAGES + 4 * PAGE, buf, 16, &err));
	FAILS(ERR_FAULT, target_read(target, PAGES + 2 * PAGE, buf, 1, &err));
	target_close(target);
}

TEST(the_images_bytes_win_over_those_below)
{
	struct image *image = image_create();
	uint8_t buf[2 * PAGE];

	OK(image_add(image, PAGES + 4 * PAGE + 8, "snap", 4, &err));
	struct target *target = over_fake(image, true);
	OK(target_read(target, PAGES + 4 * PAGE, buf, 2 * PAGE, &err));
	ck_assert_mem_eq(buf, "\5\5\5\5\5\5\5\5snap\5\5\5\5", 16);
	ck_assert_uint_eq(buf[PAGE], 6);
	target_close(target);
}

TEST(an_image_tells_its_runs_as_touched)
{
	struct image *image = image_create();
	struct page_run run[4];
	uint64_t walked;

	OK(image_add(image, PAGES + 8, "a", 1, &err));
	OK(image_add(image, PAGES + 2 * PAGE, "b", 1, &err));
	OK(image_add(image, PAGES + 5 * PAGE, "c", 1, &err));
	struct target *target = over_fake(image, false);

	ck_assert_uint_eq(target->ops->touched_runs(target, PAGES,
						    PAGES + 5 * PAGE, run, 4,
						    &walked),
			  2);
	ck_assert_uint_eq(walked, PAGES + 5 * PAGE);
	ck_assert_uint_eq(run[0].start, PAGES);
	ck_assert_uint_eq(run[0].end, PAGES + PAGE);
	ck_assert_uint_eq(run[1].start, PAGES + 2 * PAGE);
	/* No room for more: on from where it says. */
	ck_assert_uint_eq(target->ops->touched_runs(target, PAGES,
						    PAGES + 6 * PAGE, run, 1,
						    &walked),
			  1);
	ck_assert_uint_eq(walked, PAGES + 2 * PAGE);
	target_close(target);
	/* What is read from below may be anywhere. */
	target = over_fake(image_create(), true);
	ck_assert_uint_eq(target->ops->touched_runs(target, PAGES,
						    PAGES + 6 * PAGE, run, 4,
						    &walked),
			  1);
	ck_assert_uint_eq(run[0].end, PAGES + 6 * PAGE);
	target_close(target);
}
