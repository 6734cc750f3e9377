#include "analysis/trim.h"

#include <stdlib.h>

#include "tests/lib/builder.h"
#include "tests/lib/hs_test.h"

static struct error err;

#define HEAP UINT64_C(0x100000)
#define END  UINT64_C(0x200000)
#define PAGE UINT64_C(4096)

/* A main arena: used, free of a size, used, free, and a top up to the end of
 * brk, or of what malloc knows of it. */
static struct snapshot *heap(uint64_t hole, uint64_t last, uint64_t brk)
{
	struct builder b = {0};
	struct snapshot *s;
	uint64_t at;

	builder_map(&b, HEAP, brk, "rw-p", 0, "[heap]");
	builder_heap(&b, 0, HEAP, END);
	at = builder_chunk(&b, 64, CHUNK_USED);
	builder_chunk(&b, hole, CHUNK_FREE);
	builder_chunk(&b, 48, CHUNK_USED);
	builder_chunk(&b, last, CHUNK_FREE);
	builder_chunk(&b, END - (at - 16 + 64 + hole + 48 + last), CHUNK_TOP);
	s = builder_snapshot(&b);
	s->arena[0].is_main = true;
	s->params.sbrk_base = HEAP;
	for (uint32_t i = 0; i < s->copy_count; i++)
		s->copy[i].malloc.params.sbrk_base = HEAP;
	builder_deinit(&b);
	return s;
}

static struct trim_arena trim_of(struct snapshot *s, uint64_t *pin)
{
	struct trim_arena first;
	struct trim trim;

	OK(trim_make(s, &trim, &err));
	first = trim.arena[0];
	*pin = first.pin == CHUNK_NONE ? 0 : s->chunk[first.pin].addr;
	ck_assert_uint_eq(trim.total.bytes, first.bytes);
	trim_deinit(&trim);
	snapshot_destroy(s);
	return first;
}

TEST(whole_pages_behind_the_header_of_a_free_chunk_go)
{
	uint64_t pin;

	/* The hole begins 64 bytes behind a page's start: its six words end in
	 * that page, and it must reach the end of the next one. */
	ck_assert_uint_eq(HEAP % PAGE, 0);
	for (uint64_t pages = 1; pages < 5; pages++) {
		uint64_t least = PAGE - 64 + pages * PAGE;
		struct trim_arena a = trim_of(heap(least, 32, END), &pin);

		ck_assert_uint_eq(a.bytes - a.top_bytes, pages * PAGE);
		a = trim_of(heap(least - 16, 32, END), &pin);
		ck_assert_uint_eq(a.bytes - a.top_bytes, (pages - 1) * PAGE);
	}
}

TEST(the_top_goes_down_to_the_last_page_that_holds_a_chunk)
{
	/* The top begins where the chunks before it end; free ones there, of a
	 * fastbin, would join it. */
	uint64_t pin, before = 64 + 96 + 48;
	struct trim_arena a = trim_of(heap(96, 32, END), &pin);

	ck_assert_uint_eq(a.top_bytes,
			  (END - HEAP - before - 33) / PAGE * PAGE);
	ck_assert_uint_eq(a.bytes, a.top_bytes);
	/* MINSIZE and a byte stay: one page less from the very byte on. */
	a = trim_of(heap(PAGE - 64 - 48 - 32, 32, END), &pin);
	ck_assert_uint_eq(a.top_bytes, END - HEAP - 2 * PAGE);
}

TEST(a_top_that_is_not_the_end_of_brk_stays)
{
	uint64_t pin;
	struct trim_arena a = trim_of(heap(5 * PAGE, 32, END + PAGE), &pin);

	ck_assert(a.foreign_brk);
	ck_assert_uint_eq(a.top_bytes, 0);
	ck_assert_uint_eq(a.bytes, 4 * PAGE);
}

TEST(the_last_chunk_pins_what_is_free_around_it)
{
	uint64_t pin;
	struct trim_arena a = trim_of(heap(8192, 32, END), &pin);

	ck_assert_uint_eq(pin, HEAP + 16 + 64 + 8192);
	ck_assert_uint_eq(a.pinned_bytes, 8192 + 48 + 32);
	ck_assert_uint_eq(a.free_bytes, 8192 + 32);
}

static struct retention between(uint64_t rss, uint64_t kept)
{
	struct snapshot a = {.rss_bytes = 10 << 20,
			     .free_touched_known = true,
			     .free_touched = 1 << 20};
	struct snapshot b = a;

	b.rss_bytes += rss;
	b.free_touched += kept;
	return retention_of(&a, &b);
}

TEST(retention_is_growth_that_free_chunks_explain)
{
	struct snapshot a = {.rss_bytes = 1}, core = {.rss_bytes = 0};

	ck_assert(between(4 << 20, 4 << 20).holds);
	ck_assert(between(4 << 20, 2 << 20).holds);
	ck_assert(!between(4 << 20, (2 << 20) - 1).holds);
	ck_assert(!between((1 << 20) - 1, 1 << 20).holds);
	ck_assert(!between(4 << 20, 0).holds);
	ck_assert(!retention_of(&a, &core).known);
	ck_assert(!retention_of(&a, &core).holds);
}
