/*
 * One heap, laid out as each family of glibc releases does: what is in memory
 * tells which one it is, and the walk finds the same chunks everywhere.
 *
 * The offsets are those of the releases' own sources; the releases that can be
 * had run for real in tests/glibc.
 */
#include <stdlib.h>
#include <string.h>

#include "malloc/mallinfo.h"
#include "tests/lib/fake_heap.h"
#include "tests/lib/hs_test.h"

static const struct fake_family families[] = {
	{.releases = "2.17-2.22",
	 .fastbins = 8,
	 .top = 88,
	 .bins = 104,
	 .next = 2152,
	 .system_mem = 2168,
	 .state_size = 2184,
	 .n_mmaps = 40,
	 .mmapped_mem = 56,
	 .sbrk_base = 80,
	 .heap_info = 32},
	{.releases = "2.23",
	 .fastbins = 8,
	 .top = 88,
	 .bins = 104,
	 .next = 2152,
	 .attached = 2168,
	 .system_mem = 2176,
	 .state_size = 2192,
	 .n_mmaps = 40,
	 .mmapped_mem = 56,
	 .sbrk_base = 80,
	 .heap_info = 32},
	{.releases = "2.24-2.25",
	 .fastbins = 8,
	 .top = 88,
	 .bins = 104,
	 .next = 2152,
	 .attached = 2168,
	 .system_mem = 2176,
	 .state_size = 2192,
	 .n_mmaps = 40,
	 .mmapped_mem = 56,
	 .sbrk_base = 72,
	 .heap_info = 32},
	{.releases = "2.26",
	 .fastbins = 8,
	 .top = 88,
	 .bins = 104,
	 .next = 2152,
	 .attached = 2168,
	 .system_mem = 2176,
	 .state_size = 2192,
	 .n_mmaps = 40,
	 .mmapped_mem = 56,
	 .sbrk_base = 72,
	 .tcache_bins = 80,
	 .tcache_chunk = 0x250,
	 .counts = 1,
	 .entries = 64,
	 .depth = 7,
	 .heap_info = 32},
	{.releases = "2.27-2.29",
	 .fastbins = 16,
	 .top = 96,
	 .bins = 112,
	 .next = 2160,
	 .attached = 2176,
	 .system_mem = 2184,
	 .state_size = 2200,
	 .n_mmaps = 40,
	 .mmapped_mem = 56,
	 .sbrk_base = 72,
	 .tcache_bins = 80,
	 .tcache_chunk = 0x250,
	 .counts = 1,
	 .entries = 64,
	 .depth = 7,
	 .heap_info = 32},
	{.releases = "2.30-2.31",
	 .fastbins = 16,
	 .top = 96,
	 .bins = 112,
	 .next = 2160,
	 .attached = 2176,
	 .system_mem = 2184,
	 .state_size = 2200,
	 .n_mmaps = 40,
	 .mmapped_mem = 56,
	 .sbrk_base = 72,
	 .tcache_bins = 80,
	 .tcache_chunk = 0x290,
	 .counts = 2,
	 .entries = 128,
	 .depth = 7,
	 .heap_info = 32},
	{.releases = "2.32-2.34, and 2.28 with backports",
	 .fastbins = 16,
	 .top = 96,
	 .bins = 112,
	 .next = 2160,
	 .attached = 2176,
	 .system_mem = 2184,
	 .state_size = 2200,
	 .n_mmaps = 40,
	 .mmapped_mem = 56,
	 .sbrk_base = 72,
	 .tcache_bins = 80,
	 .tcache_chunk = 0x290,
	 .counts = 2,
	 .entries = 128,
	 .depth = 7,
	 .safe = true,
	 .heap_info = 32},
	{.releases = "2.35-2.41",
	 .fastbins = 16,
	 .top = 96,
	 .bins = 112,
	 .next = 2160,
	 .attached = 2176,
	 .system_mem = 2184,
	 .state_size = 2200,
	 .n_mmaps = 60,
	 .mmapped_mem = 80,
	 .sbrk_base = 96,
	 .tcache_bins = 104,
	 .tcache_chunk = 0x290,
	 .counts = 2,
	 .entries = 128,
	 .depth = 7,
	 .safe = true,
	 .heap_info = 48},
	{.releases = "2.42",
	 .fastbins = 16,
	 .top = 96,
	 .bins = 112,
	 .next = 2160,
	 .attached = 2176,
	 .system_mem = 2184,
	 .state_size = 2200,
	 .n_mmaps = 60,
	 .mmapped_mem = 80,
	 .sbrk_base = 96,
	 .tcache_bins = 104,
	 .tcache_chunk = 0x300,
	 .counts = 2,
	 .entries = 152,
	 .depth = 7,
	 .slots_left = true,
	 .safe = true,
	 .heap_info = 48},
	{.releases = "2.43-2.44",
	 .top = 8,
	 .bins = 24,
	 .next = 2072,
	 .attached = 2088,
	 .system_mem = 2096,
	 .state_size = 2112,
	 .n_mmaps = 68,
	 .mmapped_mem = 88,
	 .sbrk_base = 104,
	 .tcache_bins = 112,
	 .tcache_chunk = 0x310,
	 .counts = 2,
	 .entries = 152,
	 .depth = 16,
	 .slots_left = true,
	 .safe = true,
	 .mapped_tail = true,
	 .heap_info = 48},
	{.releases = NULL},
};

static struct fake_heap f;
static struct fake_walk w;
static struct error err;

/* By what is in memory alone; no file, no name, no version. */
static void locate(const struct fake_family *l)
{
	struct target *t = fake_target(&f, 0);
	struct glibc_data data = {.start = FAKE_DATA,
				  .end = FAKE_DATA + FAKE_REGION_SIZE};
	struct finding arena = {0}, params = {0};

	glibc_locate_memory(t, &data, &arena, &params);
	ck_assert_msg(arena.addr == FAKE_MAIN && arena.state, "%s: %s",
		      l->releases, arena.text);
	ck_assert_msg(params.addr == FAKE_MP && params.params, "%s: %s",
		      l->releases, params.text);
	f.g.state = arena.state;
	f.g.params = params.params;
	target_close(t);
}

static void is_chunk(const struct fake_family *l, uint64_t user, uint64_t size,
		     enum chunk_state state)
{
	const struct chunk *c = fake_chunk(&w, user);

	ck_assert_msg(c, "%s: 0x%lx is missing", l->releases,
		      (unsigned long)user);
	ck_assert_msg(c->size == size && c->state == state,
		      "%s: 0x%lx has %lu bytes, state %u", l->releases,
		      (unsigned long)user, (unsigned long)c->size,
		      (unsigned)c->state);
}

static void are_the_chunks(const struct fake_family *l)
{
	enum chunk_state cached = l->tcache_bins ? CHUNK_CACHED : CHUNK_USED;
	enum chunk_state fast = l->fastbins ? CHUNK_FREE : CHUNK_USED;
	/* A word more is kept back where there is a tail. */
	uint64_t less = l->mapped_tail ? 0x18 : 0x10;
	size_t expected = 2 * FAKE_USED + 8 + 3 + 3 + 2 + 2;

	if (l->tcache_bins) {
		expected++;
		is_chunk(l, f.cache, l->tcache_chunk - 8, CHUNK_USED);
		ck_assert_uint_eq(w.tcache[0].addr, f.cache);
		ck_assert_uint_eq(w.tcache[0].count, 3);
	}
	ck_assert_uint_eq(w.chunks, expected);
	for (unsigned i = 0; i < FAKE_USED; i++) {
		is_chunk(l, f.used[0][i], 0x38 + 0x10 * i, CHUNK_USED);
		is_chunk(l, f.used[1][i], 0x48 + 0x20 * i, CHUNK_USED);
	}
	for (unsigned i = 0; i < 4; i++) {
		is_chunk(l, f.freed[0][i], 0x78 + 0x100 * (5 * i + 3),
			 CHUNK_FREE);
		is_chunk(l, f.freed[1][i], 0x88 + 0x10 * (5 * i + 3),
			 CHUNK_FREE);
	}
	for (unsigned i = 0; i < 3; i++) {
		is_chunk(l, f.fast[i], 0x28, fast);
		is_chunk(l, f.cached[i], 0x58, cached);
	}
	is_chunk(l, f.mapped, 0x2000 - less, CHUNK_USED);
	is_chunk(l, f.aligned, 0x3000 - 0x1f0 - less, CHUNK_USED);
}

static void is_walked(const struct fake_family *l)
{
	OK(fake_walk(&f, &w, &err));
	ck_assert_msg(!w.defects, "%s: 0x%lx: %s", l->releases,
		      (unsigned long)w.defect[0].addr, w.defect[0].what);
	for (size_t i = 0; i < w.checks; i++)
		ck_assert_msg(w.check[i].result != CHECK_FAILED, "%s: %s: %s",
			      l->releases, w.check[i].name, w.check[i].text);
	fake_invariants(&w);
	are_the_chunks(l);
}

TEST(every_family_is_told_from_memory_and_walked_exactly)
{
	for (const struct fake_family *l = families; l->releases; l++) {
		fake_init_as(&f, l);
		locate(l);
		is_walked(l);
		fake_deinit(&f);
	}
}

/* The numbers that say what is where must not be those of other releases. */
TEST(what_a_libc_calls_itself_does_not_matter)
{
	for (const struct fake_family *l = families; l->releases; l++) {
		fake_init_as(&f, l);
		locate(l);
		strcpy(f.g.version, "2.99");
		is_walked(l);
		strcpy(f.g.version, "2.12");
		is_walked(l);
		fake_deinit(&f);
	}
}

TEST(a_wild_link_is_damage_in_every_family)
{
	for (const struct fake_family *l = families; l->releases; l++) {
		uint64_t *link;

		if (!l->tcache_bins)
			continue;
		fake_init_as(&f, l);
		locate(l);
		link = fake_word(&f, f.cached[1]);
		*link = UINT64_C(0x123456789abc);
		OK(fake_walk(&f, &w, &err));
		fake_invariants(&w);
		ck_assert_msg(w.defects, "%s: no defect", l->releases);
		fake_deinit(&f);
	}
}
