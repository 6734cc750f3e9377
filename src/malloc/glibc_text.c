/*
 * Which code is malloc's (GLIBC.md 11.4): the largest cluster of instructions
 * that refer to main_arena.  Operands are looked for as the four bytes they
 * are, without decoding: a stray match is alone and joins no cluster.  They
 * count from where the instruction ends, on i386 from the global offset table
 * or, in a program that cannot be moved, from 0.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "malloc/glibc.h"
#include "malloc/reader.h"
#include "symbols/elf.h"
#include "symbols/symbols.h"

enum {
	MAX_TEXT = 64 << 20,
	GAP = 12 << 10, /* larger ones part two clusters */
	MARGIN = 512,	/* the first reference is not the first byte */
	LEAST_HITS = 5,
	ELF_LOAD = 1,
	ELF_EXEC = 1
};

struct cluster {
	uint64_t first, last; /* file addresses */
	unsigned hits;
};

static void add_hit(struct cluster *now, struct cluster *best, uint64_t addr)
{
	if (!now->hits || addr - now->last > GAP)
		*now = (struct cluster){.first = addr};
	now->last = addr;
	now->hits++;
	if (now->hits > best->hits)
		*best = *now;
}

/* What is looked for; file addresses. */
struct wanted {
	uint64_t arena, size;
	bool relative;	/* to the end of the instruction; else */
	uint64_t based; /* to this */
};

static void scan(const uint8_t *text, uint64_t vaddr, uint64_t len,
		 const struct wanted *wanted, struct cluster *best)
{
	struct cluster now = {0};

	for (uint64_t i = 0; i + 4 <= len; i++) {
		int32_t disp = (int32_t)load32(text + i);
		/* An immediate of up to four bytes may follow. */
		uint64_t base =
			wanted->relative ? vaddr + i + 4 : wanted->based;
		uint64_t to = base + (uint64_t)(int64_t)disp - wanted->arena;

		if (!wanted->relative)
			to = (uint32_t)to;
		if (to < wanted->size)
			add_hit(&now, best, vaddr + i);
	}
}

void glibc_text_probe(const struct module *module, uint64_t main_arena,
		      uint64_t state_size, uint64_t *start, uint64_t *end)
{
	static const char *const names[] = {"malloc", "free", "calloc",
					    "realloc", "malloc_trim"};
	const struct elf_segment *seg;
	size_t n = elf_segments(module->elf, &seg);
	const struct wanted wanted = {
		.arena = main_arena - module->bias,
		.size = state_size,
		.relative = elf_word(module->elf) == 8,
		.based = elf_is_pic(module->elf) ? elf_got(module->elf) : 0,
	};
	struct cluster best = {0};
	struct elf_symbol symbol;
	struct error err;

	for (size_t i = 0; i < n; i++) {
		if (seg[i].type != ELF_LOAD || !(seg[i].flags & ELF_EXEC) ||
		    seg[i].filesz > MAX_TEXT || !seg[i].filesz)
			continue;
		AUTO_FREE uint8_t *text = malloc(seg[i].filesz);

		if (text && !elf_read(module->elf, seg[i].vaddr, text,
				      seg[i].filesz, &err))
			scan(text, seg[i].vaddr, seg[i].filesz, &wanted, &best);
	}
	*start = *end = 0;
	if (best.hits >= LEAST_HITS) {
		*start = module->bias + best.first - MARGIN;
		*end = module->bias + best.last + MARGIN;
	}
	/* The exported functions belong to it, or are all there is. */
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (!elf_dynsym(module->elf, names[i], &symbol) || !symbol.size)
			continue;
		uint64_t lo = module->bias + symbol.value;

		if (*end && (lo + GAP < *start || lo > *end + GAP))
			continue;
		if (!*end || lo < *start)
			*start = lo;
		if (lo + symbol.size > *end)
			*end = lo + symbol.size;
	}
}
