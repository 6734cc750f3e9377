/*
 * Whatever words change in a heap: the walk ends, in steps bounded by the
 * memory; what it pushes is in the memory, does not overlap and adds up; an
 * arena none of whose memory changed is as it was; and if nothing is told,
 * nothing is wrong.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/edits.h"
#include "tests/lib/fake_fill.h"
#include "tests/lib/families.h"
#include "tests/lib/marks.h"

enum {
	/* Headers looked at for each 16 bytes of the heaps. */
	MOST_STEPS = 200
};

static struct fake_heap f;
static struct fake_walk sound, w;
static struct fill fill;
static struct edit edit[MAX_EDITS];
static size_t edits;

static bool in_region(uint64_t at, uint64_t region)
{
	return at - fake_at(&f, region) < FAKE_REGION_SIZE;
}

/* Nothing but this region changed. */
static bool only_in(uint64_t region)
{
	for (size_t i = 0; i < edits; i++)
		if (!in_region(edit[i].at, region))
			return false;
	return true;
}

static void show(void)
{
	fprintf(stderr, "family %s\n", f.family->releases);
	for (size_t i = 0; i < edits; i++)
		fprintf(stderr,
			"0x%" PRIx64 ": 0x%" PRIx64 " was 0x%" PRIx64 "\n",
			edit[i].at, edit[i].now, edit[i].was);
	for (size_t i = 0; i < w.defects; i++)
		fprintf(stderr, "told 0x%" PRIx64 ": %s\n", w.defect[i].addr,
			w.defect[i].what);
}

/* Must hold; else says what the damage was. */
static void must(bool holds, const char *what, uint64_t at)
{
	if (holds)
		return;
	show();
	ck_abort_msg("%s: 0x%" PRIx64, what, at);
}

/* What is counted is what was pushed. */
static void sums_agree(void)
{
	uint64_t unknown = 0, told = 0;

	for (size_t i = 0; i < w.arenas; i++) {
		const struct arena *a = &w.arena[i];
		uint64_t count = 0, bytes = 0, tops = 0;

		for (size_t j = 0; j < w.chunks; j++) {
			const struct chunk *c = &w.chunk[j];

			if (c->arena != i)
				continue;
			tops += c->state == CHUNK_TOP;
			if (c->state != CHUNK_FREE)
				continue;
			count++;
			bytes += c->size + f.word;
		}
		must(count == a->bin_count + a->fast_count, "free chunks",
		     a->addr);
		must(bytes == a->bin_bytes + a->fast_bytes, "free bytes",
		     a->addr);
		must(tops <= 1 || w.defects, "tops", a->addr);
		unknown += a->unknown_bytes;
	}
	for (size_t i = 0; i < w.defects; i++)
		if (w.defect[i].arena < w.arenas)
			told += w.defect[i].unknown;
	must(unknown == told, "unknown bytes", unknown);
}

static bool same(const struct chunk *a, const struct chunk *b)
{
	return b && a->size == b->size && a->state == b->state &&
	       a->arena == b->arena;
}

/* All chunks in [start, start + FAKE_REGION_SIZE) are as they were. */
static void region_is_exact(uint64_t region)
{
	for (size_t i = 0; i < sound.chunks; i++)
		if (in_region(sound.chunk[i].addr, region))
			must(same(&sound.chunk[i],
				  fake_chunk(&w, sound.chunk[i].addr)),
			     "a chunk of another arena", sound.chunk[i].addr);
	for (size_t i = 0; i < w.chunks; i++)
		if (in_region(w.chunk[i].addr, region))
			must(fake_chunk(&sound, w.chunk[i].addr),
			     "made up in another arena", w.chunk[i].addr);
}

/* Was the word at this address changed? */
static bool is_edited(uint64_t at)
{
	for (size_t i = 0; i < edits; i++)
		if (edit[i].at == at)
			return true;
	return false;
}

static bool begins(const struct fake_walk *walk, uint64_t addr)
{
	return fake_chunk(walk, addr + 2 * f.word);
}

/* A list's link or head, or the tcache, or a mark: what no second place says
 * may be believed. */
static bool lists_edited(void)
{
	uint64_t state = fake_at(&f, FAKE_MAIN);
	uint64_t bins = f.family->bins;

	for (size_t i = 0; i < edits; i++) {
		uint64_t at = edit[i].at;

		if ((at >= state && at < state + bins) ||
		    (at >= f.arena && at < f.arena + bins) ||
		    (f.cache && at - f.cache < 0x400) ||
		    in_region(at, FAKE_BLOCK) || in_region(at, FAKE_MAPPED) ||
		    (at >= fake_at(&f, FAKE_MP) &&
		     at < fake_at(&f, FAKE_MP) + 200))
			return true;
		for (unsigned j = 0; j < 3; j++)
			if (at == f.fast[j] || at == f.cached[j] ||
			    at == f.cached[j] + f.word)
				return true;
	}
	return false;
}

/*
 * Nothing was told: then every chunk is as it was, or its size word was changed
 * to one that leads to where another chunk begins.
 */
static void silence_is_right(void)
{
	for (size_t i = 0; i < w.chunks; i++) {
		const struct chunk *c = &w.chunk[i];
		const struct chunk *was = fake_chunk(&sound, c->addr);
		uint64_t end = c->addr - 2 * f.word + c->size + f.word;

		if (was && same(c, was))
			continue;
		if (was && is_edited(c->addr - f.word) && begins(&sound, end))
			continue;
		/* Behind it: a mark that is the next one's. */
		if (was && c->size == was->size && is_edited(end + f.word))
			continue;
		must(lists_edited(), "silently wrong", c->addr);
	}
	for (size_t i = 0; i < sound.chunks; i++) {
		const struct chunk *c = &sound.chunk[i];
		bool covered = false;

		for (size_t j = 0; j < w.chunks && !covered; j++)
			covered = c->addr >= w.chunk[j].addr &&
				  c->addr < w.chunk[j].addr + w.chunk[j].size +
						    f.word;
		must(covered || lists_edited(), "silently lost", c->addr);
	}
}

/* Layouts that were located once are the same the next time. */
static void init(const struct fake_family *family)
{
	static const struct state_layout *state[64];
	static const struct params_layout *params[64];
	size_t i = (size_t)(family - families);

	fake_init_as(&f, family);
	ck_assert_uint_lt(i, 64);
	if (!state[i]) {
		family_locate(&f);
		state[i] = f.g.state;
		params[i] = f.g.params;
	}
	f.g.state = state[i];
	f.g.params = params[i];
}

void fuzz_heap(const uint8_t *data, size_t size)
{
	struct bytes b = {data, size};
	struct error err;
	unsigned seed;
	uint64_t slots = 3 * FAKE_REGION_SIZE / 16;

	init(take_family(&b));
	seed = take16(&b);
	fake_fill(&f, &fill, &seed, 0x40 << seed % 6,
		  FAKE_REGION_SIZE / 8 * (1 + seed / 8 % 5));
	f.g.ahead_bytes = seed % 4 ? UINT64_MAX : 0x100;
	ck_assert(!fake_walk(&f, &sound, &err));
	ck_assert_msg(!sound.defects && !fake_failed(&sound), "%s: not sound",
		      f.family->releases);
	edits = take_edits(&b, &f, edit);
	/* main_arena is always there: the walk itself does not fail. */
	ck_assert_msg(!fake_walk(&f, &w, &err), "%s", err.msg);
	fake_invariants(&w);
	sums_agree();
	must(w.steps < MOST_STEPS * slots, "steps", w.steps);
	if (only_in(FAKE_HEAP)) {
		region_is_exact(FAKE_BRK);
		region_is_exact(FAKE_MAPPED);
	}
	if (only_in(FAKE_MAPPED)) {
		region_is_exact(FAKE_BRK);
		region_is_exact(FAKE_HEAP);
	}
	if (!w.defects && !fake_failed(&w))
		silence_is_right();
	fake_deinit(&f);
}

#ifdef FUZZ_TARGET
#include "tests/fuzz/fuzz_main.h"

FUZZ_MAIN(fuzz_heap)
#endif
