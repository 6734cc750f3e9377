#include "analysis/refs.h"

#include <stdlib.h>

#include "base/interrupt.h"
#include "tests/lib/builder.h"
#include "tests/lib/hs_test.h"

static struct error err;

#define EXE   UINT64_C(0x400000)
#define HEAP  UINT64_C(0x600000)
#define ARENA UINT64_C(0x7f4000000000)
#define STACK UINT64_C(0x7f8000000000)
#define ANON  UINT64_C(0x7f9000000000)

struct world {
	struct builder b;
	struct snapshot *s;
	struct bitmap targets;
};

static void open_world(struct world *w)
{
	*w = (struct world){0};
	builder_map(&w->b, EXE, EXE + 0x1000, "r-xp", 7, "/usr/bin/made");
	builder_map(&w->b, EXE + 0x1000, EXE + 0x2000, "rw-p", 7,
		    "/usr/bin/made");
	builder_map(&w->b, EXE + 0x2000, EXE + 0x3000, "rw-p", 0, "");
	builder_map(&w->b, HEAP, HEAP + 0x40000, "rw-p", 0, "[heap]");
	builder_map(&w->b, ARENA, ARENA + 0x20000, "rw-p", 0, "");
	builder_map(&w->b, STACK, STACK + 0x10000, "rw-p", 0, "");
	builder_map(&w->b, ANON, ANON + 0x4000, "rw-p", 0, "");
	builder_heap(&w->b, 0, HEAP, HEAP + 0x40000);
}

static void close_world(struct world *w)
{
	bitmap_deinit(&w->targets);
	snapshot_destroy(w->s);
	builder_deinit(&w->b);
}

/* Every chunk is a target, or only those with a size that is odd in 16s. */
static void seal(struct world *w, bool all)
{
	w->s = builder_snapshot(&w->b);
	OK(bitmap_init(&w->targets, w->s->chunk_count, "test", &err));
	for (uint32_t i = 0; i < w->s->chunk_count; i++)
		if (all || snapshot_chunk_size(w->s, i) / 16 % 2)
			bitmap_set(&w->targets, i);
}

/* The target that the word at addr points into, as the rules say. */
static uint32_t wanted_at(const struct world *w, uint64_t addr)
{
	uint32_t in = snapshot_find(w->s, addr), to;
	const struct span *span = span_find(w->s, addr);

	to = snapshot_find(w->s, builder_get(&w->b, addr));
	if (to == CHUNK_NONE || !bitmap_test(&w->targets, to))
		return CHUNK_NONE;
	if (in != CHUNK_NONE)
		return w->s->chunk[in].state == CHUNK_USED ? to : CHUNK_NONE;
	return span->holds ? to : CHUNK_NONE;
}

static size_t count_wanted(const struct world *w, const struct refs *refs)
{
	size_t n = 0;

	for (size_t m = 0; m < w->b.map_count; m++)
		for (uint64_t a = w->b.map[m].start; a < w->b.map[m].end;
		     a += 8) {
			uint32_t to = wanted_at(w, a);
			bool found = false;

			if (to == CHUNK_NONE)
				continue;
			n++;
			for (size_t i = 0; i < refs->count && !found; i++)
				found = refs->ref[i].from == a &&
					refs->ref[i].target == to;
			ck_assert_msg(found, "the word at 0x%jx is missed",
				      (uintmax_t)a);
		}
	return n;
}

static void fill_at_random(struct world *w)
{
	uint64_t target[600];
	size_t n = 0;

	srand(11);
	for (int i = 0; i < 300; i++)
		target[n++] = builder_chunk(
			&w->b, 32 + 16 * (uint64_t)(rand() % 8),
			rand() % 3 ? CHUNK_USED : rand() % 2 + 1u);
	builder_heap(&w->b, 1, ARENA + 0x8d0, ARENA + 0x20000);
	for (int i = 0; i < 300; i++)
		target[n++] = builder_chunk(
			&w->b, 32 + 16 * (uint64_t)(rand() % 30), CHUNK_USED);
	for (size_t m = 0; m < w->b.map_count; m++)
		for (int i = 0; i < 400; i++) {
			uint64_t size = w->b.map[m].end - w->b.map[m].start;
			uint64_t at = (uint64_t)rand() % (size / 8) * 8;

			builder_put(&w->b, w->b.map[m].start + at,
				    target[(size_t)rand() % n] +
					    (uint64_t)(rand() % 4 * 8));
		}
	builder_thread(&w->b, 1, "t", STACK + 0x8000, STACK + 0xf000);
}

TEST(all_words_that_point_are_found_and_no_others)
{
	for (int all = 0; all < 2; all++) {
		struct world w;
		struct refs refs;

		open_world(&w);
		fill_at_random(&w);
		seal(&w, all);
		OK(refs_make(w.s, &w.targets, &refs, &err));
		ck_assert(refs.complete);
		ck_assert_uint_gt(refs.count, 200);
		ck_assert_uint_eq(refs.count, count_wanted(&w, &refs));
		for (size_t i = 1; i < refs.count; i++) {
			const struct ref *r = &refs.ref[i];

			ck_assert(r[-1].target < r->target ||
				  (r[-1].target == r->target &&
				   r[-1].from < r->from));
		}
		refs_deinit(&refs);
		close_world(&w);
	}
}

TEST(registers_hold)
{
	struct world w;
	struct refs refs;
	uint64_t a, b;

	open_world(&w);
	a = builder_chunk(&w.b, 48, CHUNK_USED);
	b = builder_chunk(&w.b, 48, CHUNK_USED);
	builder_thread(&w.b, 1, "one", STACK + 0x8000, 0);
	builder_thread(&w.b, 2, "two", STACK + 0xa000, 0);
	w.b.thread[1].regs.r[3] = b + 8;
	w.b.thread[0].regs.r[REG_R15_] = a;
	seal(&w, true);
	OK(refs_make(w.s, &w.targets, &refs, &err));
	ck_assert_uint_eq(refs.count, 2);
	ck_assert_uint_eq(refs.ref[0].target, snapshot_find(w.s, a));
	ck_assert_uint_eq(refs.ref[0].thread, 0);
	ck_assert_uint_eq(refs.ref[0].reg, REG_R15_);
	ck_assert_uint_eq(refs.ref[0].from, 0);
	ck_assert_uint_eq(refs.ref[1].thread, 1);
	ck_assert_uint_eq(refs.ref[1].reg, 3);
	ck_assert_uint_eq(refs.ref[1].value, b + 8);
	refs_deinit(&refs);
	close_world(&w);
}

TEST(without_contents_or_with_a_part_of_them_it_says_so)
{
	struct world w;
	struct refs refs;

	open_world(&w);
	builder_chunk(&w.b, 48, CHUNK_USED);
	seal(&w, true);
	w.s->skipped_bytes = 4096;
	OK(refs_make(w.s, &w.targets, &refs, &err));
	ck_assert(!refs.complete);
	refs_deinit(&refs);
	snapshot_drop_contents(w.s);
	FAILS(ERR_UNSUPPORTED, refs_make(w.s, &w.targets, &refs, &err));
	refs_deinit(NULL);
	close_world(&w);
}

TEST(an_interrupt_ends_the_search)
{
	struct builder b = {0};
	struct snapshot *s;
	struct bitmap targets;
	struct refs refs;

	builder_map(&b, HEAP, HEAP + 0x400000, "rw-p", 0, "[heap]");
	builder_heap(&b, 0, HEAP, HEAP + 0x400000);
	builder_chunk(&b, 0x300000, CHUNK_USED);
	s = builder_snapshot(&b);
	OK(bitmap_init(&targets, 1, "test", &err));
	interrupt_raise();
	FAILS(ERR_INTERRUPTED, refs_make(s, &targets, &refs, &err));
	bitmap_deinit(&targets);
	snapshot_destroy(s);
	builder_deinit(&b);
}
