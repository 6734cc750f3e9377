#include "analysis/disguise.h"

#include <stdlib.h>
#include <string.h>

#include "tests/lib/builder.h"
#include "tests/lib/hs_test.h"

static struct error err;

enum { CHUNKS = 40, BYTES = 1 << 16 };

/* Chunks, and bytes that name some of them in every way there is. */
struct field {
	struct builder b;
	struct snapshot *snap;
	struct finder finder;
	uint64_t addr; /* of the bytes */
	uint8_t bytes[BYTES];
	unsigned hits[CHUNKS][HOLD_UNUSED];
};

static int count(void *ctx, uint32_t i, enum hold hold, struct error *e)
{
	struct field *f = ctx;

	(void)e;
	f->hits[i][hold]++;
	return 0;
}

static uint64_t mangle(uint64_t value, uint64_t guard)
{
	value ^= guard;
	return value << 17 | value >> 47;
}

static uint64_t name(struct field *f, uint64_t at, uint64_t guard)
{
	const struct chunk *c = &f->snap->chunk[rand() % CHUNKS];

	switch (rand() % 6) {
	case 0:
		return c->addr;
	case 1:
		return c->addr + c->size;
	case 2:
		return c->addr | (uint64_t)(rand() | 1) << 48;
	case 3:
		return mangle(c->addr, guard);
	case 4:
		return c->addr ^ (f->addr + at) >> 12;
	default:
		return c->addr + (unsigned)rand() % 4096;
	}
}

/* Names at any byte, between zeros, letters or noise. */
static void fill(struct field *f, uint64_t guard)
{
	int what = rand() % 3;

	for (unsigned i = 0; i < BYTES; i++)
		f->bytes[i] = (uint8_t)(what == 0   ? 0
					: what == 1 ? 'T' + rand() % 8
						    : rand());
	for (unsigned n = 0; n < BYTES / 64; n++) {
		uint64_t at = (unsigned)rand() % (BYTES - 8);
		uint64_t value;

		if (rand() % 3)
			at &= ~UINT64_C(7);
		value = name(f, at, guard);
		memcpy(f->bytes + at, &value, 8);
	}
}

/* The last ends where what is compared changes. */
static void open_field(struct field *f, uint64_t heap, unsigned seed)
{
	uint64_t far = ((heap | 0xffff) + 1) + 0x200000;

	memset(f, 0, sizeof(*f));
	srand(seed);
	builder_map(&f->b, heap, heap + 0x100000, "rw-p", 0, "[heap]");
	builder_map(&f->b, far - 0x3000, far, "rw-p", 0, "");
	builder_heap(&f->b, 0, heap, heap + 0x100000);
	for (int i = 0; i < CHUNKS - 1; i++)
		builder_chunk(&f->b, 16 * (2 + (unsigned)rand() % 300),
			      CHUNK_USED);
	builder_mmapped(&f->b, far - 0x3000, 0x3000);
	f->snap = builder_snapshot(&f->b);
	OK(finder_init(&f->finder, f->snap, NULL, &err));
	/* Across one of the borders at which links change in what is
	 * compared. */
	f->addr = (heap & ~((UINT64_C(1) << 28) - 1)) - BYTES / 2 +
		  (unsigned)rand() % 64;
}

static void close_field(struct field *f)
{
	finder_deinit(&f->finder);
	snapshot_destroy(f->snap);
	builder_deinit(&f->b);
}

/* In pieces of any length, of which some more can be read. */
static void scan(struct field *f, const struct disguise *d, unsigned seed)
{
	uint64_t left;

	srand(seed);
	for (uint64_t at = 0; at < BYTES; at += left) {
		struct words_piece p = {.bytes = f->bytes + at,
					.addr = f->addr + at};

		left = (unsigned)rand() % 400;
		if (left > BYTES - at)
			left = BYTES - at;
		p.len = left;
		p.more = (unsigned)rand() % 3 * ((unsigned)rand() % 100);
		if (p.more > BYTES - at - left)
			p.more = BYTES - at - left;
		p.rest = rand() % 3 ? BYTES - at - left - p.more : 0;
		OK(disguise_scan(d, &p, &err));
	}
}

/* Four words at once find what they do one by one, on all kinds of heaps. */
TEST(many_at_once_find_what_one_by_one_does)
{
	static const uint64_t heap[] = {
		UINT64_C(0x555512345000), UINT64_C(0x7ffff0000000), 0x12345000,
		UINT64_C(0xfffff0000), UINT64_C(0x1000000ff0000)};
	static struct field f, g;

	for (unsigned seed = 1; seed <= 150; seed++) {
		enum interior how = seed % 2 ? INTERIOR_YES : INTERIOR_NO;
		struct disguise d;
		uint32_t low, high;
		unsigned hits = 0;

		open_field(&f, heap[seed % 5], seed);
		disguise_init(&d, f.snap, &f.finder, how);
		d.guard = (uint64_t)rand() << 40 | (unsigned)rand() << 8;
		fill(&f, d.guard);
		low = (unsigned)rand() % CHUNKS;
		high = rand() % 2 ? CHUNKS - 1
				  : low + (unsigned)rand() % (CHUNKS - low);
		disguise_aim(&d, f.snap->chunk[low].addr,
			     f.snap->chunk[high].addr +
				     f.snap->chunk[high].size);
		ck_assert_int_eq(d.sieve.used, seed % 5 != 4);
		d.found = count;
		d.ctx = &f;
		scan(&f, &d, seed);
		memcpy(&g, &f, sizeof(f));
		memset(g.hits, 0, sizeof(g.hits));
		d.ctx = &g;
		d.sieve.used = false;
		scan(&g, &d, seed);
		ck_assert_mem_eq(f.hits, g.hits, sizeof(f.hits));
		for (int i = 0; i < CHUNKS; i++)
			for (int k = 0; k < HOLD_UNUSED; k++)
				hits += f.hits[i][k];
		ck_assert_uint_gt(hits, 0);
		close_field(&f);
	}
}
