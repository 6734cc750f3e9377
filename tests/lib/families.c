#include "tests/lib/families.h"

#include "tests/lib/marks.h"

/* malloc_state of x86-64. */
#define STATE_2_17                                                             \
	.word = 8, .align = 16, .fastbins = 8, .top = 88, .bins = 104,         \
	.next = 2152, .system_mem = 2168, .state_size = 2184
#define STATE_2_23                                                             \
	.word = 8, .align = 16, .fastbins = 8, .top = 88, .bins = 104,         \
	.next = 2152, .attached = 2168, .system_mem = 2176, .state_size = 2192
#define STATE_2_27                                                             \
	.word = 8, .align = 16, .fastbins = 16, .top = 96, .bins = 112,        \
	.next = 2160, .attached = 2176, .system_mem = 2184, .state_size = 2200
#define STATE_2_43                                                             \
	.word = 8, .align = 16, .top = 8, .bins = 24, .next = 2072,            \
	.attached = 2088, .system_mem = 2096, .state_size = 2112
/* mp_ of x86-64; before 2.26 without what tcache needs. */
#define PARAMS_2_17 .n_mmaps = 40, .mmapped_mem = 56, .sbrk_base = 80
#define PARAMS_2_24 .n_mmaps = 40, .mmapped_mem = 56, .sbrk_base = 72
#define PARAMS_2_26                                                            \
	.n_mmaps = 40, .mmapped_mem = 56, .sbrk_base = 72, .tcache_bins = 80
#define PARAMS_2_35                                                            \
	.n_mmaps = 60, .mmapped_mem = 80, .sbrk_base = 96, .tcache_bins = 104
#define PARAMS_2_43                                                            \
	.n_mmaps = 68, .mmapped_mem = 88, .sbrk_base = 104, .tcache_bins = 112
/* tcache_perthread_struct of x86-64. */
#define TCACHE_2_26                                                            \
	.tcache_chunk = 0x250, .counts = 1, .entries = 64, .depth = 7
#define TCACHE_2_30                                                            \
	.tcache_chunk = 0x290, .counts = 2, .entries = 128, .depth = 7
#define TCACHE_2_42                                                            \
	.tcache_chunk = 0x300, .counts = 2, .entries = 152, .depth = 7,        \
	.slots_left = true
#define TCACHE_2_43                                                            \
	.tcache_chunk = 0x310, .counts = 2, .entries = 152, .depth = 16,       \
	.slots_left = true

/* The same for i386. */
#define I386_STATE_2_17                                                        \
	.word = 4, .align = 8, .fastbins = 8, .top = 48, .bins = 56,           \
	.next = 1088, .system_mem = 1096, .state_size = 1104
#define I386_STATE_2_23                                                        \
	.word = 4, .align = 8, .fastbins = 8, .top = 48, .bins = 56,           \
	.next = 1088, .attached = 1096, .system_mem = 1100, .state_size = 1108
#define I386_STATE_2_26                                                        \
	.word = 4, .align = 16, .fastbins = 8, .top = 52, .bins = 60,          \
	.next = 1092, .attached = 1100, .system_mem = 1104, .state_size = 1112
#define I386_STATE_2_27                                                        \
	.word = 4, .align = 16, .fastbins = 12, .top = 56, .bins = 64,         \
	.next = 1096, .attached = 1104, .system_mem = 1108, .state_size = 1116
#define I386_STATE_2_43                                                        \
	.word = 4, .align = 16, .top = 8, .bins = 16, .next = 1048,            \
	.attached = 1056, .system_mem = 1060, .state_size = 1068
#define I386_PARAMS_2_17 .n_mmaps = 20, .mmapped_mem = 36, .sbrk_base = 48
#define I386_PARAMS_2_24 .n_mmaps = 20, .mmapped_mem = 36, .sbrk_base = 44
#define I386_PARAMS_2_26                                                       \
	.n_mmaps = 20, .mmapped_mem = 36, .sbrk_base = 44, .tcache_bins = 48
#define I386_PARAMS_2_35                                                       \
	.n_mmaps = 32, .mmapped_mem = 48, .sbrk_base = 56, .tcache_bins = 60
#define I386_PARAMS_2_43                                                       \
	.n_mmaps = 36, .mmapped_mem = 52, .sbrk_base = 60, .tcache_bins = 64
#define I386_TCACHE_2_26                                                       \
	.tcache_chunk = 0x150, .counts = 1, .entries = 64, .depth = 7
#define I386_TCACHE_2_30                                                       \
	.tcache_chunk = 0x190, .counts = 2, .entries = 128, .depth = 7
#define I386_TCACHE_2_42                                                       \
	.tcache_chunk = 0x1d0, .counts = 2, .entries = 152, .depth = 7,        \
	.slots_left = true
#define I386_TCACHE_2_43                                                       \
	.tcache_chunk = 0x1d0, .counts = 2, .entries = 152, .depth = 16,       \
	.slots_left = true

const struct fake_family families[] = {
	{"2.17-2.22", STATE_2_17, PARAMS_2_17, .heap_info = 32},
	{"2.23", STATE_2_23, PARAMS_2_17, .heap_info = 32},
	{"2.24-2.25", STATE_2_23, PARAMS_2_24, .heap_info = 32},
	{"2.26", STATE_2_23, PARAMS_2_26, TCACHE_2_26, .heap_info = 32},
	{"2.27-2.28", STATE_2_27, PARAMS_2_26, TCACHE_2_26, .heap_info = 32},
	{"2.29", STATE_2_27, PARAMS_2_26, TCACHE_2_26, .heap_info = 32,
	 .key = FAKE_KEY_STRUCT},
	{"2.30-2.31", STATE_2_27, PARAMS_2_26, TCACHE_2_30, .heap_info = 32,
	 .key = FAKE_KEY_STRUCT},
	{"2.32-2.33", STATE_2_27, PARAMS_2_26, TCACHE_2_30, .safe = true,
	 .heap_info = 32, .key = FAKE_KEY_STRUCT},
	{"2.34", STATE_2_27, PARAMS_2_26, TCACHE_2_30, .safe = true,
	 .heap_info = 32, .key = FAKE_KEY_RANDOM},
	{"2.35-2.41", STATE_2_27, PARAMS_2_35, TCACHE_2_30, .safe = true,
	 .heap_info = 48, .key = FAKE_KEY_RANDOM},
	{"2.42", STATE_2_27, PARAMS_2_35, TCACHE_2_42, .safe = true,
	 .heap_info = 48, .key = FAKE_KEY_RANDOM},
	{"2.43-2.44", STATE_2_43, PARAMS_2_43, TCACHE_2_43, .safe = true,
	 .mapped_tail = true, .heap_info = 48, .key = FAKE_KEY_RANDOM},

	{"i386 2.17-2.22", I386_STATE_2_17, I386_PARAMS_2_17, .heap_info = 16},
	{"i386 2.23", I386_STATE_2_23, I386_PARAMS_2_17, .heap_info = 16},
	{"i386 2.24-2.25", I386_STATE_2_23, I386_PARAMS_2_24, .heap_info = 16},
	{"i386 2.26", I386_STATE_2_26, I386_PARAMS_2_26, I386_TCACHE_2_26,
	 .heap_info = 24},
	{"i386 2.27-2.28", I386_STATE_2_27, I386_PARAMS_2_26, I386_TCACHE_2_26,
	 .heap_info = 24},
	{"i386 2.29", I386_STATE_2_27, I386_PARAMS_2_26, I386_TCACHE_2_26,
	 .heap_info = 24, .key = FAKE_KEY_STRUCT},
	{"i386 2.30-2.31", I386_STATE_2_27, I386_PARAMS_2_26, I386_TCACHE_2_30,
	 .heap_info = 24, .key = FAKE_KEY_STRUCT},
	{"i386 2.32-2.33", I386_STATE_2_27, I386_PARAMS_2_26, I386_TCACHE_2_30,
	 .safe = true, .heap_info = 24, .key = FAKE_KEY_STRUCT},
	{"i386 2.34", I386_STATE_2_27, I386_PARAMS_2_26, I386_TCACHE_2_30,
	 .safe = true, .heap_info = 24, .key = FAKE_KEY_RANDOM},
	{"i386 2.35-2.41", I386_STATE_2_27, I386_PARAMS_2_35, I386_TCACHE_2_30,
	 .safe = true, .heap_info = 24, .key = FAKE_KEY_RANDOM},
	{"i386 2.42", I386_STATE_2_27, I386_PARAMS_2_35, I386_TCACHE_2_42,
	 .safe = true, .heap_info = 24, .key = FAKE_KEY_RANDOM},
	{"i386 2.43-2.44", I386_STATE_2_43, I386_PARAMS_2_43, I386_TCACHE_2_43,
	 .safe = true, .mapped_tail = true, .heap_info = 24,
	 .key = FAKE_KEY_RANDOM},
	{.releases = NULL},
};

void family_locate(struct fake_heap *f)
{
	struct target *t = fake_target(f, 0);
	struct glibc_data data = {.start = fake_at(f, FAKE_DATA)};
	struct finding arena = {0}, params = {0};

	data.end = data.start + FAKE_REGION_SIZE;
	glibc_locate_memory(t, &data, &arena, &params);
	ck_assert_msg(arena.addr == f->g.main_arena && arena.state, "%s: %s",
		      f->family->releases, arena.text);
	ck_assert_msg(params.addr == f->g.mp && params.params, "%s: %s",
		      f->family->releases, params.text);
	f->g.state = arena.state;
	f->g.params = params.params;
	target_close(t);
}

static void is_chunk(const struct fake_heap *f, const struct fake_walk *w,
		     uint64_t user, uint64_t size, enum chunk_state state)
{
	const struct chunk *c = fake_chunk(w, user);

	ck_assert_msg(c, "%s: 0x%lx is missing", f->family->releases,
		      (unsigned long)user);
	ck_assert_msg(c->size == size && c->state == state,
		      "%s: 0x%lx has %lu bytes, not %lu, state %u",
		      f->family->releases, (unsigned long)user,
		      (unsigned long)c->size, (unsigned long)size,
		      (unsigned)c->state);
}

/* Usable bytes of a chunk of so many units. */
static uint64_t units(const struct fake_heap *f, unsigned n)
{
	return (uint64_t)n * f->family->align - f->word;
}

static void are_the_chunks(const struct fake_heap *f, const struct fake_walk *w)
{
	const struct fake_family *l = f->family;
	enum chunk_state cached = l->tcache_bins ? CHUNK_CACHED : CHUNK_USED;
	enum chunk_state fast = l->fastbins ? CHUNK_FREE : CHUNK_USED;
	/* Since 2.43 a word is kept back at the end of a mapping. */
	uint64_t end = l->mapped_tail ? f->word : 0;
	uint64_t plain = f->mapped - fake_at(f, FAKE_MAPPED) - 0x1000;

	for (unsigned i = 0; i < FAKE_USED; i++) {
		is_chunk(f, w, f->used[0][i], units(f, 4 + i), CHUNK_USED);
		is_chunk(f, w, f->used[1][i], units(f, 5 + 2 * i), CHUNK_USED);
	}
	for (unsigned i = 0; i < 4; i++) {
		unsigned n = 5 * i + 3;

		is_chunk(f, w, f->freed[0][i], units(f, 8 + 16 * n),
			 CHUNK_FREE);
		is_chunk(f, w, f->freed[1][i], units(f, 9 + n), CHUNK_FREE);
	}
	for (unsigned i = 0; i < 3; i++) {
		is_chunk(f, w, f->fast[i], units(f, 3), fast);
		is_chunk(f, w, f->cached[i], units(f, 6), cached);
	}
	is_chunk(f, w, f->mapped, 0x2000 - plain - end, CHUNK_USED);
	is_chunk(f, w, f->aligned, 0x3000 - 0x200 - end, CHUNK_USED);
}

void family_walk(struct fake_heap *f, struct fake_walk *w)
{
	const struct fake_family *l = f->family;
	size_t expected = 2 * FAKE_USED + 8 + 3 + 3 + 2 + 2;
	struct error err = {0};

	ck_assert_msg(!fake_walk(f, w, &err), "%s: %s", l->releases, err.msg);
	ck_assert_msg(!w->defects, "%s: 0x%lx: %s", l->releases,
		      (unsigned long)w->defect[0].addr, w->defect[0].what);
	for (size_t i = 0; i < w->checks; i++)
		ck_assert_msg(w->check[i].result != CHECK_FAILED, "%s: %s: %s",
			      l->releases, w->check[i].name, w->check[i].text);
	fake_invariants(w);
	if (l->tcache_bins) {
		expected++;
		is_chunk(f, w, f->cache, l->tcache_chunk - f->word, CHUNK_USED);
		ck_assert_uint_eq(w->tcache[0].addr, f->cache);
		ck_assert_uint_eq(w->tcache[0].count, 3);
	}
	are_the_chunks(f, w);
	ck_assert_uint_eq(w->chunks, expected);
}
