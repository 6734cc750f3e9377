#include "tests/lib/fake_heap.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "malloc/glibc_chunk.h"

static const struct {
	uint64_t base;
	const char *map;
} regions[FAKE_REGIONS] = {
	{FAKE_DATA, "7f0000100000-7f0000110000 rw-p 00000000 08:01 7 /libc\n"},
	{FAKE_BRK, "555555000000-555555010000 rw-p 00000000 00:00 0 [heap]\n"},
	{FAKE_HEAP, "7e0000000000-7e0000010000 rw-p 00000000 00:00 0 \n"},
	{FAKE_MAPPED, "7f0000200000-7f0000210000 rw-p 00000000 00:00 0 \n"},
	{FAKE_BLOCK, "7f0000400000-7f0000410000 rw-p 00000000 00:00 0 \n"},
};

uint64_t *fake_word(struct fake_heap *f, uint64_t addr)
{
	for (unsigned i = 0; i < FAKE_REGIONS; i++)
		if (addr - regions[i].base < FAKE_REGION_SIZE)
			return (uint64_t *)(f->bytes[i] + addr -
					    regions[i].base);
	ck_abort_msg("no region has 0x%lx", (unsigned long)addr);
	return NULL;
}

uint64_t *fake_size(struct fake_heap *f, uint64_t user)
{
	return fake_word(f, user - 8);
}

static void poke(struct fake_heap *f, uint64_t addr, uint64_t value)
{
	*fake_word(f, addr) = value;
}

static void poke_int(struct fake_heap *f, uint64_t addr, uint32_t value)
{
	memcpy(fake_word(f, addr), &value, sizeof value);
}

struct maker {
	struct fake_heap *f;
	uint64_t at, flag; /* NON_MAIN_ARENA, or 0 */
	bool prev_free;
};

/* The next chunk; free ones get their footer from what follows. */
static uint64_t make(struct maker *m, uint64_t size, bool free_one)
{
	uint64_t user = m->at + 16;
	uint64_t flags = (m->prev_free ? 0 : 1) | (free_one ? 0 : m->flag);

	poke(m->f, m->at + 8, size | flags);
	m->at += size;
	if (free_one)
		poke(m->f, m->at, size);
	m->prev_free = free_one;
	return user;
}

/* The unsorted bin of the arena, in this order. */
static void link_unsorted(struct fake_heap *f, uint64_t arena,
			  const uint64_t *user, unsigned count)
{
	uint64_t head = arena + f->family->bins - 16, before = head;

	for (unsigned i = 0; i < count; i++) {
		uint64_t c = user[i] - 16;

		poke(f, before + 16, c);
		poke(f, c + 24, before);
		before = c;
	}
	poke(f, before + 16, head);
	poke(f, head + 24, before);
}

static void make_state(struct fake_heap *f, uint64_t arena, uint64_t next,
		       uint64_t top, uint64_t system, bool thread)
{
	const struct fake_family *l = f->family;

	for (unsigned i = 0; i < GLIBC_BINS; i++) {
		uint64_t head = arena + l->bins + 16 * i - 16;

		poke(f, head + 16, head);
		poke(f, head + 24, head);
	}
	poke_int(f, arena + 4, thread ? 2 : 0);
	poke(f, arena + l->top, top);
	poke(f, arena + l->next, next);
	if (l->attached)
		poke(f, arena + l->attached, 1);
	poke(f, arena + l->system_mem, system);
	poke(f, arena + l->system_mem + 8, system);
}

/* A list, safe-linked if the family is; skip is 16 for chunk addresses. */
static uint64_t make_list(struct fake_heap *f, const uint64_t *user,
			  unsigned count, unsigned skip)
{
	for (unsigned i = 0; i < count; i++)
		poke(f, user[i],
		     (i + 1 < count ? user[i + 1] - skip : 0) ^
			     (f->family->safe ? user[i] >> 12 : 0));
	return count ? user[0] - skip : 0;
}

/* The struct at f->cache: three chunks in bin 4, of 0x60 bytes. */
static void make_cache(struct fake_heap *f)
{
	const struct fake_family *l = f->family;
	unsigned bins = l->entries / l->counts;
	uint8_t *count = (uint8_t *)fake_word(f, f->cache);

	for (unsigned i = 0; i < bins; i++) {
		unsigned n = i == 4 ? 3 : 0;

		count[i * l->counts] =
			(uint8_t)(l->slots_left ? l->depth - n : n);
	}
	poke(f, f->cache + l->entries + 8 * 4, make_list(f, f->cached, 3, 0));
	poke(f, FAKE_TP - 0x90 + 0x48, f->cache);
	poke(f, FAKE_MP + l->tcache_bins, 64);
	poke(f, FAKE_MP + l->tcache_bins + 16, l->depth);
}

static void make_main(struct fake_heap *f)
{
	const struct fake_family *l = f->family;
	struct maker m = {.f = f, .at = FAKE_BRK};
	unsigned freed = 0;

	if (l->tcache_bins)
		f->cache = make(&m, l->tcache_chunk, false);
	for (unsigned i = 0; i < FAKE_USED; i++) {
		f->used[0][i] = make(&m, 0x40 + 0x10 * i, false);
		if (i % 5 == 3)
			f->freed[0][freed++] = make(&m, 0x80 + 0x100 * i, true);
		if (i % 5 == 1 && i < 15)
			f->fast[i / 5] = make(&m, 0x30, false);
		if (i % 5 == 2 && i < 15)
			f->cached[i / 5] = make(&m, 0x60, false);
	}
	f->top[0] = m.at;
	poke(f, m.at + 8, (FAKE_BRK + FAKE_REGION_SIZE - m.at) | 1);
	make_state(f, FAKE_MAIN, f->arena, m.at, FAKE_REGION_SIZE, false);
	link_unsorted(f, FAKE_MAIN, f->freed[0], 4);
	if (l->fastbins)
		poke(f, FAKE_MAIN + l->fastbins + 8,
		     make_list(f, f->fast, 3, 16));
	if (l->tcache_bins)
		make_cache(f);
}

static void make_thread(struct fake_heap *f)
{
	struct maker m = {.f = f, .flag = CHUNK_NON_MAIN};
	unsigned freed = 0;

	poke(f, FAKE_HEAP, f->arena);
	poke(f, FAKE_HEAP + 16, FAKE_REGION_SIZE);
	poke(f, FAKE_HEAP + 24, FAKE_REGION_SIZE);
	m.at = chunk_first(&f->form, f->arena + f->family->state_size);
	for (unsigned i = 0; i < FAKE_USED; i++) {
		f->used[1][i] = make(&m, 0x50 + 0x20 * i, false);
		if (i % 5 == 3)
			f->freed[1][freed++] = make(&m, 0x90 + 0x10 * i, true);
	}
	f->top[1] = m.at;
	poke(f, m.at + 8, (FAKE_HEAP + FAKE_REGION_SIZE - m.at) | 1);
	make_state(f, f->arena, FAKE_MAIN, m.at, FAKE_REGION_SIZE, true);
	link_unsorted(f, f->arena, f->freed[1], 4);
}

/* A plain chunk of two pages; behind it an aligned one in three. */
static void make_mapped(struct fake_heap *f)
{
	const struct fake_family *l = f->family;
	uint64_t base = FAKE_MAPPED + 0x3000;
	uint64_t tail = l->mapped_tail ? 16 : 0;

	poke(f, FAKE_MAPPED + 0x1008, (0x2000 - tail) | 2);
	f->mapped = FAKE_MAPPED + 0x1010;
	poke(f, f->mapped, 0x1122334455667788);
	poke(f, base + 8, (0x3000 - tail) | 2);
	f->aligned = base + 0x200;
	poke(f, f->aligned - 16, 0x1f0);
	poke(f, f->aligned - 8, (0x3000 - 0x1f0 - tail) | 2);
	for (unsigned i = 0; i < 3; i++)
		poke(f, FAKE_MP + 8 * i, 131072);
	poke(f, FAKE_MP + 24, 8); /* arena_test */
	poke_int(f, FAKE_MP + l->n_mmaps, 2);
	poke_int(f, FAKE_MP + l->n_mmaps + 4, 65536);
	poke_int(f, FAKE_MP + l->n_mmaps + 8, 2);
	poke(f, FAKE_MP + l->mmapped_mem, 0x5000);
	poke(f, FAKE_MP + l->mmapped_mem + 8, 0x5000);
	poke(f, FAKE_MP + l->sbrk_base, FAKE_BRK);
}

void fake_init_as(struct fake_heap *f, const struct fake_family *family)
{
	*f = (struct fake_heap){
		.family = family,
		.arena = FAKE_HEAP + family->heap_info,
		.form = {8, 16, 16, 32},
		.g = {.module = "/libc",
		      .main_arena = FAKE_MAIN,
		      .mp = FAKE_MP,
		      .tls = {true, -0x90, 0x90, -1},
		      .text_start = FAKE_TEXT,
		      .text_end = FAKE_TEXT + 0x1000,
		      .ahead_bytes = UINT64_MAX},
		.thread = {.tid = 1, .has_regs = true},
	};
	for (unsigned i = 0; i < FAKE_REGIONS; i++)
		f->bytes[i] = xcalloc(1, FAKE_REGION_SIZE);
	make_main(f);
	make_thread(f);
	make_mapped(f);
	f->thread.regs.fs_base = FAKE_TP;
	f->thread.regs.r[REG_RSP_] = FAKE_BLOCK + 0x8000;
	poke(f, FAKE_TP - 0x90 + 0x58, FAKE_MAIN);
}

void fake_init(struct fake_heap *f)
{
	static const struct fake_family family = {
		"2.36", 16,  96,    112, 2160, 2176, 2184,  2200, 60,	 80,
		96,	104, 0x290, 2,	 128,  7,    false, true, false, 48};

	fake_init_as(f, &family);
	f->g.state = &state_layouts[0];
	f->g.params = &params_layouts[0];
}

void fake_deinit(struct fake_heap *f)
{
	for (unsigned i = 0; i < FAKE_REGIONS; i++)
		free(f->bytes[i]);
}

static int pushed(struct fake_walk *w, struct error *err)
{
	if (++w->pushes == w->stop_after)
		return error_set(err, ERR_INTERRUPTED, "no more");
	return 0;
}

static int on_chunks(void *ctx, const struct chunk *c, size_t count,
		     struct error *err)
{
	struct fake_walk *w = ctx;

	ck_assert(w->chunks + count <= FAKE_MAX);
	memcpy(w->chunk + w->chunks, c, count * sizeof *c);
	w->chunks += count;
	return pushed(w, err);
}

#define ON(noun, cap)                                                          \
	static int on_##noun(void *ctx, const struct noun *x,                  \
			     struct error *err)                                \
	{                                                                      \
		struct fake_walk *w = ctx;                                     \
                                                                               \
		ck_assert(w->noun##s < (cap));                                 \
		w->noun[w->noun##s++] = *x;                                    \
		return pushed(w, err);                                         \
	}
ON(arena, 16)
ON(defect, FAKE_MAX)
ON(check, 64)
ON(tcache, 16)

static int fill_image(struct fake_heap *f, uint64_t without,
		      struct image *image, struct error *err)
{
	for (unsigned i = 0; i < FAKE_REGIONS; i++)
		for (uint64_t at = 0; at < FAKE_REGION_SIZE; at += 4096)
			if (regions[i].base + at != without &&
			    image_add(image, regions[i].base + at,
				      f->bytes[i] + at, 4096, err) < 0)
				return -1;
	return 0;
}

struct target *fake_target(struct fake_heap *f, uint64_t without)
{
	static const unsigned order[FAKE_REGIONS] = {1, 2, 0, 3, 4};
	struct image *image = image_create();
	struct target *target;
	struct error setup;
	char text[1024] = "";

	for (unsigned i = 0; i < FAKE_REGIONS; i++)
		strcat(text, regions[order[i]].map);
	ck_assert(!fill_image(f, without, image, &setup));
	ck_assert(
		!target_open_image(image, true, NULL, false, &target, &setup));
	ck_assert(!maps_parse(text, strlen(text), &target->maps, &setup));
	target->thread = xmalloc(sizeof f->thread);
	*target->thread = f->thread;
	target->thread_count = 1;
	return target;
}

int fake_walk(struct fake_heap *f, struct fake_walk *w, struct error *err)
{
	uint64_t stop_after = w->stop_after, without = w->without;
	struct malloc_sink sink = {.arena = on_arena,
				   .chunks = on_chunks,
				   .tcache = on_tcache,
				   .defect = on_defect,
				   .check = on_check,
				   .ctx = w};
	struct target *target = fake_target(f, without);

	*w = (struct fake_walk){.stop_after = stop_after, .without = without};
	int rc = glibc_walk(target, &f->g, &sink, err);

	target_close(target);
	return rc;
}

const struct chunk *fake_chunk(const struct fake_walk *w, uint64_t user)
{
	for (size_t i = 0; i < w->chunks; i++)
		if (w->chunk[i].addr == user)
			return &w->chunk[i];
	return NULL;
}

const struct defect *fake_defect(const struct fake_walk *w, uint64_t addr)
{
	for (size_t i = 0; i < w->defects; i++)
		if (w->defect[i].addr == addr)
			return &w->defect[i];
	return NULL;
}

size_t fake_failed(const struct fake_walk *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->checks; i++)
		n += w->check[i].result == CHECK_FAILED;
	return n;
}

static bool in_region(const struct chunk *c)
{
	for (unsigned i = 0; i < FAKE_REGIONS; i++)
		if (c->addr - regions[i].base < FAKE_REGION_SIZE)
			/* What a top would use of the next chunk is not. */
			return c->addr + c->size - regions[i].base <=
			       FAKE_REGION_SIZE +
				       (c->state == CHUNK_TOP ? 8u : 0u);
	return false;
}

static int by_addr(const void *a, const void *b)
{
	const struct chunk *x = a, *y = b;

	return (x->addr > y->addr) - (x->addr < y->addr);
}

void fake_invariants(const struct fake_walk *w)
{
	struct chunk *c = xmalloc(w->chunks * sizeof *c + 1);

	memcpy(c, w->chunk, w->chunks * sizeof *c);
	qsort(c, w->chunks, sizeof *c, by_addr);
	for (size_t i = 0; i < w->chunks; i++) {
		ck_assert_msg(in_region(&c[i]),
			      "chunk 0x%lx of 0x%lx bytes is in no memory",
			      (unsigned long)c[i].addr,
			      (unsigned long)c[i].size);
		ck_assert(c[i].arena < w->arenas || c[i].arena == 4095);
		/* Usable bytes end before the next chunk's size word. */
		if (i + 1 < w->chunks)
			ck_assert_msg(c[i].addr + c[i].size + 8 <=
					      c[i + 1].addr,
				      "0x%lx reaches into 0x%lx",
				      (unsigned long)c[i].addr,
				      (unsigned long)c[i + 1].addr);
	}
	free(c);
}
