#include "snapshot/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "tests/lib/builder.h"
#include "tests/lib/hs_test.h"

static struct error err;

#define EXE   UINT64_C(0x400000)
#define HEAP  UINT64_C(0x600000)
#define LIB   UINT64_C(0x7f0000000000)
#define ARENA UINT64_C(0x7f4000000000)
#define STACK UINT64_C(0x7f8000000000) /* of a thread, TLS at its end */
#define MAIN  UINT64_C(0x7ff000000000)
#define TP    (STACK + 0xf000)

static uint64_t a_chunk, freed, mapped;

static void make(struct builder *b)
{
	builder_map(b, EXE, EXE + 0x1000, "r-xp", 7, "/usr/bin/made");
	builder_map(b, EXE + 0x1000, EXE + 0x2000, "r--p", 7, "/usr/bin/made");
	builder_map(b, EXE + 0x2000, EXE + 0x3000, "rw-p", 7, "/usr/bin/made");
	builder_map(b, EXE + 0x3000, EXE + 0x5000, "rw-p", 0, "");
	builder_map(b, HEAP, HEAP + 0x10000, "rw-p", 0, "[heap]");
	builder_map(b, LIB, LIB + 0x1000, "r--p", 9, "/var/lib/table.dat");
	builder_map(b, LIB + 0x1000, LIB + 0x2000, "---p", 0, "");
	builder_map(b, LIB + 0x2000, LIB + 0x4000, "rw-p", 0, "");
	builder_map(b, LIB + 0x5000, LIB + 0x6000, "rw-s", 11, "/dev/shm/x");
	builder_map(b, ARENA, ARENA + 0x10000, "rw-p", 0, "");
	builder_map(b, STACK, STACK + 0x10000, "rw-p", 0, "");
	builder_map(b, MAIN, MAIN + 0x8000, "rw-p", 0, "[stack]");
	builder_map(b, MAIN + 0x9000, MAIN + 0xb000, "rw-p", 0, "");
	builder_heap(b, 0, HEAP, HEAP + 0x10000);
	a_chunk = builder_chunk(b, 64, CHUNK_USED);
	freed = builder_chunk(b, 96, CHUNK_FREE);
	builder_heap(b, 1, ARENA + 0x8d0, ARENA + 0x10000);
	builder_chunk(b, 128, CHUNK_USED);
	mapped = builder_mmapped(b, MAIN + 0x9000, 0x2000);
	builder_thread(b, 100, "main", MAIN + 0x4000, LIB + 0x3000);
	builder_thread(b, 101, "worker", STACK + 0xc000, TP);
}

static struct snapshot *made(void)
{
	struct builder b = {0};
	struct snapshot *s;

	make(&b);
	s = builder_snapshot(&b);
	builder_deinit(&b);
	return s;
}

/* Two frames: up to rsp + 0x100, up to rsp + 0x800. */
static void add_frames(struct snapshot_thread *t)
{
	uint64_t rsp = t->thread.regs.r[REG_RSP_];

	t->frame = xcalloc(2, sizeof *t->frame);
	t->frame[0] = (struct frame){.pc = EXE + 0x10, .cfa = rsp + 0x100};
	t->frame[1] = (struct frame){.pc = EXE + 0x20, .cfa = rsp + 0x800};
	t->frame_count = 2;
	t->stack_complete = true;
}

TEST(every_kind_of_address_is_told_from_the_others)
{
	struct snapshot *s = made();
	const struct {
		uint64_t addr;
		enum place_kind kind;
	} wanted[] = {
		{0, PLACE_NONE},
		{EXE - 1, PLACE_NONE},
		{EXE, PLACE_CODE},
		{EXE + 0x1800, PLACE_CODE},
		{EXE + 0x2000, PLACE_GLOBAL},
		{EXE + 0x4fff, PLACE_GLOBAL}, /* .bss */
		{EXE + 0x5000, PLACE_NONE},
		{HEAP, PLACE_HEAP}, /* a header */
		{a_chunk, PLACE_CHUNK},
		{a_chunk + 55, PLACE_CHUNK},
		{a_chunk + 56, PLACE_HEAP}, /* the next one's size */
		{freed, PLACE_CHUNK},
		{LIB, PLACE_FILE},
		{LIB + 0x1000, PLACE_NONE}, /* no access */
		{LIB + 0x2000, PLACE_TLS},  /* a small map around the tp */
		{LIB + 0x5000, PLACE_SHARED},
		{ARENA, PLACE_HEAP}, /* heap_info */
		{ARENA + 0x8d0 + 16, PLACE_CHUNK},
		{STACK + 0xc000, PLACE_STACK},
		{STACK + 0x1000, PLACE_STACK}, /* stale, yet a stack */
		{TP, PLACE_TLS},
		{TP + 0xfff, PLACE_TLS},
		{MAIN + 0x7fff, PLACE_STACK},
		{MAIN + 0x9000, PLACE_HEAP},
		{mapped, PLACE_CHUNK},
		{UINT64_MAX, PLACE_NONE},
	};

	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		struct place p = place_of(s, wanted[i].addr);

		ck_assert_msg(p.kind == wanted[i].kind, "0x%jx is %s, not %s",
			      (uintmax_t)wanted[i].addr,
			      place_kind_name(p.kind),
			      place_kind_name(wanted[i].kind));
		ck_assert_uint_eq(p.addr, wanted[i].addr);
	}
	snapshot_destroy(s);
}

TEST(spans_cover_every_mapped_byte_once_and_in_order)
{
	struct snapshot *s = made();
	uint32_t at = 0;

	for (size_t i = 0; i < s->maps.count; i++) {
		uint64_t pos = s->maps.map[i].start;

		for (; at < s->span_count && s->span[at].map == i; at++) {
			ck_assert_uint_eq(s->span[at].start, pos);
			ck_assert_uint_gt(s->span[at].end, pos);
			pos = s->span[at].end;
		}
		ck_assert_uint_eq(pos, s->maps.map[i].end);
	}
	ck_assert_uint_eq(at, s->span_count);
	snapshot_destroy(s);
}

TEST(only_live_private_writable_memory_outside_heaps_holds)
{
	struct snapshot *s = made();
	const struct {
		uint64_t addr;
		bool holds;
	} wanted[] = {
		{EXE, false},
		{EXE + 0x2000, true},
		{EXE + 0x4000, true},
		{HEAP + 0x100, false},
		{LIB, false},
		{LIB + 0x1000, false},
		{LIB + 0x2000, true},
		{LIB + 0x5000, false}, /* shared */
		{ARENA + 0x10, false},
		{STACK + 0xc000 - RED_ZONE, true},
		{STACK + 0xc000 - RED_ZONE - 8, false},
		{STACK + 0xfff8, true},
		{MAIN + 0x7ff8, true},
		{MAIN + 0x1000, false},
	};

	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		const struct span *span = span_find(s, wanted[i].addr);

		ck_assert_ptr_nonnull(span);
		ck_assert_msg(span->holds == wanted[i].holds, "0x%jx",
			      (uintmax_t)wanted[i].addr);
	}
	snapshot_destroy(s);
}

TEST(with_modules_known_bss_ends_where_the_module_does)
{
	struct snapshot *s = made();

	s->module = xcalloc(1, sizeof *s->module);
	s->module_count = 1;
	s->module[0] =
		(struct snapshot_module){.start = EXE, .end = EXE + 0x3800};
	OK(spans_build(s, &err));
	ck_assert_int_eq(place_of(s, EXE + 0x3fff).kind, PLACE_GLOBAL);
	ck_assert_int_eq(place_of(s, EXE + 0x4000).kind, PLACE_ANON);
	ck_assert(span_find(s, EXE + 0x3000)->holds);
	ck_assert(span_find(s, EXE + 0x4000)->holds);
	snapshot_destroy(s);
}

TEST(the_main_arena_s_own_lists_hold_nothing)
{
	struct snapshot *s = made();

	s->arena[0].addr = EXE + 0x2100;
	OK(spans_build(s, &err));
	ck_assert_int_eq(place_of(s, EXE + 0x2100).kind, PLACE_GLOBAL);
	ck_assert(span_find(s, EXE + 0x20f8)->holds);
	ck_assert(!span_find(s, EXE + 0x2100)->holds);
	ck_assert(!span_find(s, EXE + 0x2800)->holds);
	ck_assert(span_find(s, EXE + 0x2fff)->holds);
	snapshot_destroy(s);
}

TEST(a_stack_address_belongs_to_a_thread_and_a_frame)
{
	struct snapshot *s = made();
	uint64_t rsp = STACK + 0xc000;

	add_frames(&s->thread[1]);
	OK(spans_build(s, &err));
	ck_assert_uint_eq(place_of(s, rsp).thread, 1);
	ck_assert_uint_eq(place_of(s, rsp).frame, 0);
	ck_assert_uint_eq(place_of(s, rsp + 0xf8).frame, 0);
	ck_assert_uint_eq(place_of(s, rsp + 0x100).frame, 1);
	ck_assert_uint_eq(place_of(s, rsp + 0x7f8).frame, 1);
	/* Above the outermost frame a thread's own variables begin. */
	ck_assert_int_eq(place_of(s, rsp + 0x800).kind, PLACE_TLS);
	ck_assert_uint_eq(s->thread[1].tls_start, rsp + 0x800);
	ck_assert_uint_eq(s->thread[1].stack_end, rsp + 0x800);
	ck_assert_uint_eq(place_of(s, MAIN + 0x7000).frame, UINT32_MAX);
	ck_assert_uint_eq(place_of(s, MAIN + 0x7000).thread, 0);
	ck_assert_uint_eq(place_of(s, rsp - 0x1000).frame, UINT32_MAX);
	snapshot_destroy(s);
}

TEST(threads_that_share_a_mapping_keep_their_own_stacks)
{
	struct builder b = {0};
	struct snapshot *s;

	builder_map(&b, STACK, STACK + 0x20000, "rw-p", 0, "");
	builder_thread(&b, 1, "low", STACK + 0x4000, STACK + 0x7000);
	builder_thread(&b, 2, "high", STACK + 0x14000, STACK + 0x17000);
	s = builder_snapshot(&b);
	ck_assert_uint_eq(place_of(s, STACK + 0x4000).thread, 0);
	ck_assert(span_find(s, STACK + 0x4000)->holds);
	ck_assert_int_eq(place_of(s, STACK + 0x7000).kind, PLACE_TLS);
	ck_assert_uint_eq(place_of(s, STACK + 0x14000).thread, 1);
	ck_assert(span_find(s, STACK + 0x14000)->holds);
	ck_assert(!span_find(s, STACK + 0x13000)->holds);
	snapshot_destroy(s);
	builder_deinit(&b);
}

static const char *text_of(const struct snapshot *s, uint64_t addr)
{
	static char buf[200];
	struct place place = place_of(s, addr);

	place_format(&place, s, NULL, buf, sizeof buf);
	return buf;
}

TEST(places_read_as_sentences)
{
	struct snapshot *s = made();
	char wanted[100];

	add_frames(&s->thread[1]);
	snprintf(wanted, sizeof wanted, "chunk 0x%jx+16 (64 B, used)",
		 (uintmax_t)a_chunk);
	ck_assert_str_eq(text_of(s, a_chunk + 16), wanted);
	snprintf(wanted, sizeof wanted, "chunk 0x%jx (96 B, free)",
		 (uintmax_t)freed);
	ck_assert_str_eq(text_of(s, freed), wanted);
	ck_assert_str_eq(text_of(s, EXE + 0x2010), "made+0x10");
	ck_assert_str_eq(text_of(s, STACK + 0xc010),
			 "thread 101 \"worker\" frame #0 0x400010");
	ck_assert_str_eq(text_of(s, MAIN + 0x5000),
			 "thread 100 \"main\" stack");
	ck_assert_str_eq(text_of(s, MAIN + 0x100),
			 "thread 100 \"main\" stack below rsp (stale)");
	ck_assert_str_eq(text_of(s, TP),
			 "thread 101 \"worker\" thread-local storage fs:0x0");
	ck_assert_str_eq(text_of(s, 8), "0x8 (not mapped)");
	snapshot_destroy(s);
}
