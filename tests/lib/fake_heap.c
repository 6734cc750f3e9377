#include "tests/lib/fake_heap.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "tests/lib/marks.h"

static const struct {
	uint64_t base;
	const char *what; /* of its line in maps, behind the addresses */
} regions[FAKE_REGIONS] = {
	{FAKE_BRK, "rw-p 00000000 00:00 0 [heap]"},
	{FAKE_OTHER, "rw-p 00000000 00:00 0 "},
	{FAKE_HEAP, "rw-p 00000000 00:00 0 "},
	{FAKE_DATA, "rw-p 00000000 08:01 7 /libc"},
	{FAKE_MAPPED, "rw-p 00000000 00:00 0 "},
	{FAKE_BLOCK, "rw-p 00000000 00:00 0 "},
};

uint64_t fake_region(unsigned i)
{
	return regions[i].base;
}

uint64_t fake_at(const struct fake_heap *f, uint64_t addr)
{
	return f->word == 8 ? addr : (uint32_t)addr;
}

uint8_t *fake_bytes(struct fake_heap *f, uint64_t addr)
{
	for (unsigned i = 0; i < FAKE_REGIONS; i++) {
		uint64_t base = fake_at(f, regions[i].base);

		if (addr - base < FAKE_REGION_SIZE)
			return f->bytes[i] + addr - base;
	}
	ck_abort_msg("no region has 0x%lx", (unsigned long)addr);
	return NULL;
}

uint64_t *fake_word(struct fake_heap *f, uint64_t addr)
{
	return (uint64_t *)fake_bytes(f, addr);
}

uint64_t *fake_size(struct fake_heap *f, uint64_t user)
{
	return fake_word(f, user - f->word);
}

void fake_poke(struct fake_heap *f, uint64_t addr, uint64_t word)
{
	memcpy(fake_bytes(f, addr), &word, f->word);
}

uint64_t fake_peek(struct fake_heap *f, uint64_t addr)
{
	uint64_t word = 0; /* x86: the low bytes come first */

	memcpy(&word, fake_bytes(f, addr), f->word);
	return word;
}

static void poke_int(struct fake_heap *f, uint64_t addr, uint32_t value)
{
	memcpy(fake_bytes(f, addr), &value, sizeof value);
}

/* Where a chunk can begin, from addr on. */
static uint64_t first_chunk(const struct fake_heap *f, uint64_t addr)
{
	while ((addr + 2 * f->word) % f->family->align)
		addr++;
	return addr;
}

struct maker {
	struct fake_heap *f;
	uint64_t at, flag; /* NON_MAIN_ARENA, or 0 */
	bool prev_free;
};

/* The next chunk; free ones get their footer from what follows. */
static uint64_t make(struct maker *m, uint64_t size, bool free_one)
{
	unsigned word = m->f->word;
	uint64_t user = m->at + 2 * word;
	uint64_t flags = (m->prev_free ? 0 : 1) | (free_one ? 0 : m->flag);

	fake_poke(m->f, m->at + word, size | flags);
	m->at += size;
	if (free_one)
		fake_poke(m->f, m->at, size);
	m->prev_free = free_one;
	return user;
}

/* The unsorted bin of the arena, in this order. */
static void link_unsorted(struct fake_heap *f, uint64_t arena,
			  const uint64_t *user, unsigned count)
{
	unsigned word = f->word;
	uint64_t head = arena + f->family->bins - 2 * word, before = head;

	for (unsigned i = 0; i < count; i++) {
		uint64_t c = user[i] - 2 * word;

		fake_poke(f, before + 2 * word, c);
		fake_poke(f, c + 3 * word, before);
		before = c;
	}
	fake_poke(f, before + 2 * word, head);
	fake_poke(f, head + 3 * word, before);
}

static void make_state(struct fake_heap *f, uint64_t arena, uint64_t next,
		       uint64_t top, uint64_t system, bool thread)
{
	const struct fake_family *l = f->family;

	for (unsigned i = 0; i < GLIBC_BINS; i++) {
		uint64_t bin = arena + l->bins + 2 * f->word * i;

		fake_poke(f, bin, bin - 2 * f->word);
		fake_poke(f, bin + f->word, bin - 2 * f->word);
	}
	poke_int(f, arena + 4, thread ? 2 : 0);
	fake_poke(f, arena + l->top, top);
	fake_poke(f, arena + l->next, next);
	if (l->attached)
		fake_poke(f, arena + l->attached, 1);
	fake_poke(f, arena + l->system_mem, system);
	fake_poke(f, arena + l->system_mem + f->word, system);
}

/* A list, safe-linked if the family is; skip is a header for chunk addresses.
 */
static uint64_t make_list(struct fake_heap *f, const uint64_t *user,
			  unsigned count, unsigned skip)
{
	for (unsigned i = 0; i < count; i++)
		fake_poke(f, user[i],
			  (i + 1 < count ? user[i + 1] - skip : 0) ^
				  (f->family->safe ? user[i] >> 12 : 0));
	return count ? user[0] - skip : 0;
}

/* The struct at f->cache: three chunks in the bin for six units. */
static void make_cache(struct fake_heap *f)
{
	const struct fake_family *l = f->family;
	unsigned bins = l->entries / l->counts, word = f->word;
	/* Bin 0 is for four words. */
	unsigned at = 6 - 4 * word / l->align;
	uint64_t block = fake_at(f, FAKE_TP) - 0x90;
	uint8_t *count = (uint8_t *)fake_word(f, f->cache);

	for (unsigned i = 0; i < bins; i++) {
		unsigned n = i == at ? 3 : 0;

		count[i * l->counts] =
			(uint8_t)(l->slots_left ? l->depth - n : n);
	}
	fake_poke(f, f->cache + l->entries + (uint64_t)word * at,
		  make_list(f, f->cached, 3, 0));
	for (unsigned i = 0; l->key && i < 3; i++)
		fake_poke(f, f->cached[i] + word,
			  l->key == FAKE_KEY_STRUCT
				  ? f->cache
				  : UINT64_C(0x9e3779b97f4a7c15));
	fake_poke(f, block + 9 * word, f->cache);
	fake_poke(f, fake_at(f, FAKE_MP) + l->tcache_bins, 64);
	fake_poke(f, fake_at(f, FAKE_MP) + l->tcache_bins + 2 * word, l->depth);
}

static void make_main(struct fake_heap *f)
{
	const struct fake_family *l = f->family;
	uint64_t main_arena = fake_at(f, FAKE_MAIN), brk = fake_at(f, FAKE_BRK);
	uint64_t unit = l->align;
	struct maker m = {.f = f, .at = first_chunk(f, brk)};
	unsigned freed = 0;

	if (l->tcache_bins)
		f->cache = make(&m, l->tcache_chunk, false);
	for (unsigned i = 0; i < FAKE_USED; i++) {
		f->used[0][i] = make(&m, (4 + i) * unit, false);
		if (i % 5 == 3)
			f->freed[0][freed++] =
				make(&m, (8 + 16 * i) * unit, true);
		if (i % 5 == 1 && i < 15)
			f->fast[i / 5] = make(&m, 3 * unit, false);
		if (i % 5 == 2 && i < 15)
			f->cached[i / 5] = make(&m, 6 * unit, false);
	}
	f->top[0] = m.at;
	fake_poke(f, m.at + f->word, (brk + FAKE_REGION_SIZE - m.at) | 1);
	make_state(f, main_arena, f->arena, m.at, FAKE_REGION_SIZE, false);
	link_unsorted(f, main_arena, f->freed[0], 4);
	/* Fastbins are two words apart whatever the alignment, from four on. */
	if (l->fastbins)
		fake_poke(f,
			  main_arena + l->fastbins +
				  (3 * unit / (2 * f->word) - 2) * f->word,
			  make_list(f, f->fast, 3, 2 * f->word));
	if (l->tcache_bins)
		make_cache(f);
}

static void make_thread(struct fake_heap *f)
{
	struct maker m = {.f = f, .flag = CHUNK_NON_MAIN};
	unsigned freed = 0;

	uint64_t heap = fake_at(f, FAKE_HEAP), unit = f->family->align;

	fake_poke(f, heap, f->arena);
	fake_poke(f, heap + 2 * f->word, FAKE_REGION_SIZE);
	fake_poke(f, heap + 3 * f->word, FAKE_REGION_SIZE);
	m.at = first_chunk(f, f->arena + f->family->state_size);
	for (unsigned i = 0; i < FAKE_USED; i++) {
		f->used[1][i] = make(&m, (5 + 2 * i) * unit, false);
		if (i % 5 == 3)
			f->freed[1][freed++] = make(&m, (9 + i) * unit, true);
	}
	f->top[1] = m.at;
	fake_poke(f, m.at + f->word, (heap + FAKE_REGION_SIZE - m.at) | 1);
	make_state(f, f->arena, fake_at(f, FAKE_MAIN), m.at, FAKE_REGION_SIZE,
		   true);
	link_unsorted(f, f->arena, f->freed[1], 4);
}

/* A plain chunk of two pages; behind it an aligned one in three. */
static void make_mapped(struct fake_heap *f)
{
	const struct fake_family *l = f->family;
	uint64_t w = f->word, mp = fake_at(f, FAKE_MP);
	uint64_t plain = fake_at(f, FAKE_MAPPED) + 0x1000;
	uint64_t base = plain + 0x2000, deep;
	uint64_t tail = l->mapped_tail ? 2 * w : 0;
	uint64_t skip = first_chunk(f, plain) - plain;

	f->mapped = plain + skip + 2 * w;
	fake_poke(f, f->mapped - 2 * w, skip);
	fake_poke(f, f->mapped - w, (0x2000 - skip - tail) | 2);
	fake_poke(f, f->mapped, 0x1122334455667788);
	fake_poke(f, base + skip, skip);
	fake_poke(f, base + skip + w, (0x3000 - skip - tail) | 2);
	f->aligned = base + 0x200;
	deep = 0x200 - 2 * w;
	fake_poke(f, f->aligned - 2 * w, deep);
	fake_poke(f, f->aligned - w, (0x3000 - deep - tail) | 2);
	for (unsigned i = 0; i < 3; i++)
		fake_poke(f, mp + w * i, 131072);
	fake_poke(f, mp + 3 * w, w == 8 ? 8 : 2); /* arena_test */
	poke_int(f, mp + l->n_mmaps, 2);
	poke_int(f, mp + l->n_mmaps + 4, 65536);
	poke_int(f, mp + l->n_mmaps + 8, 2);
	fake_poke(f, mp + l->mmapped_mem, 0x5000);
	fake_poke(f, mp + l->mmapped_mem + w, 0x5000);
	fake_poke(f, mp + l->sbrk_base, fake_at(f, FAKE_BRK));
}

void fake_init_as(struct fake_heap *f, const struct fake_family *family)
{
	*f = (struct fake_heap){.family = family, .word = family->word};
	f->arena = fake_at(f, FAKE_HEAP) + family->heap_info;
	f->g = (struct glibc){
		.module = "/libc",
		.main_arena = fake_at(f, FAKE_MAIN),
		.mp = fake_at(f, FAKE_MP),
		.tls = {true, -0x90, 0x90, -1},
		.text_start = fake_at(f, FAKE_TEXT),
		.text_end = fake_at(f, FAKE_TEXT) + 0x1000,
		.ahead_bytes = UINT64_MAX,
	};
	f->thread = (struct thread){.tid = 1, .has_regs = true};
	for (unsigned i = 0; i < FAKE_REGIONS; i++)
		f->bytes[i] = xcalloc(1, FAKE_REGION_SIZE);
	make_main(f);
	make_thread(f);
	make_mapped(f);
	f->thread.regs.is32 = f->word == 4;
	f->thread.regs.fs_base = f->thread.regs.gs_base = fake_at(f, FAKE_TP);
	f->thread.regs.r[REG_RSP_] = fake_at(f, FAKE_BLOCK) + 0x8000;
	fake_poke(f, fake_at(f, FAKE_TP) - 0x90 + 11 * f->word,
		  fake_at(f, FAKE_MAIN));
}

void fake_init(struct fake_heap *f)
{
	static const struct fake_family family = {
		.releases = "2.36",
		.word = 8,
		.align = 16,
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
		.heap_info = 48,
	};

	fake_init_as(f, &family);
	f->g.state = &state_layouts[0];
	f->g.params = &params_layouts[0];
}

void fake_deinit(struct fake_heap *f)
{
	for (unsigned i = 0; i < FAKE_REGIONS; i++)
		free(f->bytes[i]);
}

static int fill_image(struct fake_heap *f, uint64_t without,
		      struct image *image, struct error *err)
{
	for (unsigned i = 0; i < FAKE_REGIONS; i++)
		for (uint64_t at = 0; at < FAKE_REGION_SIZE; at += 4096)
			if (fake_at(f, regions[i].base) + at != without &&
			    image_add(image, fake_at(f, regions[i].base) + at,
				      f->bytes[i] + at, 4096, err) < 0)
				return -1;
	return 0;
}

struct target *fake_target(struct fake_heap *f, uint64_t without)
{
	struct image *image = image_create();
	struct target *target;
	struct error setup;
	char text[1024] = "";
	size_t len = 0;

	for (unsigned i = 0; i < FAKE_REGIONS; i++) {
		uint64_t base = fake_at(f, regions[i].base);

		len += (size_t)snprintf(text + len, sizeof text - len,
					"%" PRIx64 "-%" PRIx64 " %s\n", base,
					base + FAKE_REGION_SIZE,
					regions[i].what);
	}
	ck_assert(!fill_image(f, without, image, &setup));
	ck_assert(
		!target_open_image(image, true, NULL, false, &target, &setup));
	ck_assert(!maps_parse(text, strlen(text), &target->maps, &setup));
	target->word = f->word;
	target->thread = xcalloc(1 + FAKE_THREADS, sizeof f->thread);
	target->thread[target->thread_count++] = f->thread;
	for (unsigned i = 0; i < FAKE_THREADS && f->more[i].tid; i++)
		target->thread[target->thread_count++] = f->more[i];
	return target;
}
