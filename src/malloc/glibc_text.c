/*
 * Which code is malloc's (GLIBC.md 11.4): the largest cluster of instructions
 * that refer to main_arena.  Operands are looked for as the four bytes they
 * are, without decoding: a stray match is alone and joins no cluster.  i386's
 * are not that telling, so there the register counts, too.
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
	FUNCTION_MAX = 8 << 10, /* bytes for which a register keeps the GOT */
	ESP = 4,		/* number in ModRM; never the GOT's */
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

/* The code of a segment, by file addresses, and what it may refer to. */
struct code {
	const uint8_t *text;
	uint64_t vaddr, len;
	uint64_t arena, size;
};

static void scan(const struct code *c, struct cluster *best)
{
	struct cluster now = {0};

	for (uint64_t i = 0; i + 4 <= c->len; i++) {
		int32_t disp = (int32_t)load32(c->text + i);
		/* An immediate of up to four bytes may follow. */
		uint64_t to =
			c->vaddr + i + 4 + (uint64_t)(int64_t)disp - c->arena;

		if (to < c->size)
			add_hit(&now, best, c->vaddr + i);
	}
}

/*
 * i386 code that may lie anywhere: "call thunk; add $X, %reg" leaves the
 * address after the call plus X in reg: the GOT's.
 */
static bool takes_got(const struct code *c, uint64_t i, uint32_t *got,
		      unsigned *reg)
{
	const uint8_t *p = c->text + i;
	bool eax;

	if (i + 11 > c->len || p[0] != 0xe8)
		return false;
	eax = p[5] == 0x05;
	if (!eax && (p[5] != 0x81 || p[6] >> 3 != 0x18))
		return false;
	*reg = eax ? 0 : p[6] & 7;
	*got = (uint32_t)(c->vaddr + i + 5) + load32(p + (eax ? 6 : 7));
	return true;
}

/* What most of the code says; 0: it is linked to a fixed address. */
static uint32_t find_got(const struct code *c)
{
	uint32_t got = 0, says;
	unsigned votes = 0, reg;

	for (uint64_t i = 0; i < c->len; i++) {
		if (!takes_got(c, i, &says, &reg))
			continue;
		if (!votes)
			got = says;
		votes += says == got ? 1u : -1u;
	}
	return got;
}

/* Opcodes that a ModRM byte follows, those that compilers use. */
static bool takes_modrm(const uint8_t *text, uint64_t i)
{
	static const uint8_t opcodes[] = {
		0x01, 0x03, 0x09, 0x0b, 0x21, 0x23, 0x29, 0x2b,
		0x31, 0x33, 0x38, 0x39, 0x3a, 0x3b, 0x80, 0x81,
		0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a,
		0x8b, 0x8d, 0xc6, 0xc7, 0xf6, 0xf7, 0xff};

	return memchr(opcodes, text[i], sizeof opcodes) ||
	       (i && text[i - 1] == 0x0f);
}

/* Is what stands before text[i], with or without a SIB byte, the beginning of
 * an instruction that refers to "reg plus 32 bits"? */
static bool is_based(const uint8_t *text, uint64_t i, unsigned reg)
{
	uint8_t one = text[i - 1], two = text[i - 2];

	if (reg == ESP)
		return false;
	if (one >> 6 == 2 && (one & 7) == reg)
		return takes_modrm(text, i - 2);
	return two >> 6 == 2 && (two & 7) == ESP && (one & 7) == reg &&
	       takes_modrm(text, i - 3);
}

/* "ret", and what fills the room up to where the next function begins. */
static bool ends_function(const struct code *c, uint64_t i)
{
	static const uint8_t fill[] = {0x00, 0x0f, 0x1f, 0x26, 0x27, 0x2e,
				       0x40, 0x44, 0x66, 0x74, 0x76, 0x80,
				       0x84, 0x8d, 0x90, 0xb4, 0xb6, 0xbc};
	uint64_t next = ((c->vaddr + i) | 15) + 1 - c->vaddr;

	if (c->text[i] != 0xc3 || next == i + 1 || next > c->len)
		return false;
	while (++i < next)
		if (!memchr(fill, c->text[i], sizeof fill))
			return false;
	return true;
}

/*
 * i386: relative to the GOT, in the register that the function was last given
 * its address, or, where there is no GOT, absolute.  The former are small
 * numbers, of which there are many.
 */
static void scan32(const struct code *c, bool absolute, struct cluster *best)
{
	struct cluster now = {0};
	uint32_t got = find_got(c), says;
	uint64_t since = 0; /* the GOT's address was last taken; 0: never */
	unsigned reg = ESP, r;

	for (uint64_t i = 3; i + 4 <= c->len; i++) {
		uint32_t to = load32(c->text + i) - (uint32_t)c->arena;

		if (takes_got(c, i, &says, &r) && says == got) {
			reg = r;
			since = i;
		} else if (ends_function(c, i)) {
			since = 0;
		}
		if ((absolute && to < c->size) ||
		    (since && i - since < FUNCTION_MAX && to + got < c->size &&
		     is_based(c->text, i, reg)))
			add_hit(&now, best, c->vaddr + i);
	}
}

static void find_cluster(const struct module *module, struct glibc *g)
{
	const struct elf_segment *seg;
	size_t n = elf_segments(module->elf, &seg);
	struct cluster best = {0};
	struct error err;

	for (size_t i = 0; i < n; i++) {
		if (seg[i].type != ELF_LOAD || !(seg[i].flags & ELF_EXEC) ||
		    seg[i].filesz > MAX_TEXT || !seg[i].filesz)
			continue;
		AUTO_FREE uint8_t *text = malloc(seg[i].filesz);

		struct code c = {
			.text = text,
			.vaddr = seg[i].vaddr,
			.len = seg[i].filesz,
			.arena = g->main_arena - module->bias,
			.size = g->state->size,
		};

		if (!text || elf_read(module->elf, c.vaddr, text, c.len, &err))
			continue;
		if (elf_word(module->elf) == 4)
			scan32(&c, !elf_is_pic(module->elf), &best);
		else
			scan(&c, &best);
	}
	g->text_start = g->text_end = 0;
	if (best.hits >= LEAST_HITS) {
		g->text_start = module->bias + best.first - MARGIN;
		g->text_end = module->bias + best.last + MARGIN;
	}
}

/* Of two names of one function the first is shown. */
static const char *const names[] = {
	"malloc",	"free",		  "calloc",	"realloc",
	"memalign",	"posix_memalign", "valloc",	"pvalloc",
	"malloc_trim",	"mallinfo2",	  "mallinfo",	"mallopt",
	"malloc_stats", "malloc_info",	  "free_sized", "free_aligned_sized",
	"aligned_alloc"};

void glibc_text_probe(const struct module *module, struct glibc *g)
{
	struct elf_symbol symbol;

	find_cluster(module, g);
	g->abort_start = g->abort_end = 0;
	if (elf_dynsym(module->elf, "abort", &symbol)) {
		g->abort_start = module->bias + symbol.value;
		g->abort_end = g->abort_start + symbol.size;
	}
	g->functions = 0;
	/* The exported functions belong to it, or are all there is. */
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		uint64_t lo, *start = &g->text_start, *end = &g->text_end;

		if (!elf_dynsym(module->elf, names[i], &symbol) || !symbol.size)
			continue;
		lo = module->bias + symbol.value;
		if (*end && (lo + GAP < *start || lo > *end + GAP))
			continue;
		if (!*end || lo < *start)
			*start = lo;
		if (lo + symbol.size > *end)
			*end = lo + symbol.size;
		g->function[g->functions++] =
			(struct glibc_function){names[i], lo, lo + symbol.size};
	}
}

_Static_assert(sizeof names / sizeof *names <= GLIBC_FUNCTIONS,
	       "there is room for all of them");
