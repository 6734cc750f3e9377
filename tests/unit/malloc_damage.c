/*
 * How much of a heap is kept when parts of it are overwritten: all chunks whose
 * headers are whole, or nearly.  What was made is known chunk by chunk.  (What
 * is lost, and what is made up, comes from data that looks like headers.)
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/fake_fill.h"
#include "tests/lib/families.h"
#include "tests/lib/hs_test.h"

enum { ROUNDS = 60 };

static struct fake_heap f;
static struct fake_walk w;
static struct fill fill;
static struct error err;
static unsigned seed;
static bool hit[FILL_MAX]; /* its header, or the size that led to it */

static unsigned any(unsigned below)
{
	return (unsigned)rand_r(&seed) % below;
}

static void begin(unsigned round, uint64_t largest)
{
	const struct fake_family *family = families;

	/* Each family in turn. */
	for (unsigned i = 0; i < round; i++)
		family = family[1].releases ? family + 1 : families;
	seed = round;
	fake_init_as(&f, family);
	family_locate(&f);
	fake_fill(&f, &fill, &seed, largest, 0x1000);
	memset(hit, 0, sizeof hit);
	OK(fake_walk(&f, &w, &err));
	ck_assert_msg(!w.defects, "0x%lx: %s", (unsigned long)w.defect[0].addr,
		      w.defect[0].what);
	ck_assert_uint_eq(fake_failed(&w), 0);
}

/* A chunk in the first half of this arena. */
static size_t pick(uint32_t arena)
{
	size_t n = fill.first[arena + 1] - fill.first[arena];

	return fill.first[arena] + 2 + any((unsigned)n / 2);
}

/* Which headers the bytes [from, to) are in. */
static void mark(uint64_t from, uint64_t to)
{
	for (size_t i = 0; i < fill.count; i++)
		hit[i] |= fill.chunk[i].user - f.word < to &&
			  from < fill.chunk[i].user;
}

static void overwrite(uint64_t from, uint64_t to, unsigned kind)
{
	for (uint64_t at = from; at < to; at++) {
		uint8_t *p =
			(uint8_t *)fake_word(&f, at & ~UINT64_C(7)) + at % 8;

		*p = kind == 0	 ? 0
		     : kind == 1 ? 'A' + (uint8_t)(at % 26)
		     : kind == 2 ? (uint8_t)any(256)
				 : 0xef;
	}
	mark(from, to);
}

static bool is_ledger(uint64_t user, uint64_t size)
{
	for (size_t i = 0; i < fill.count; i++)
		if (fill.chunk[i].user == user && fill.chunk[i].size == size)
			return true;
	return false;
}

/* Chunks of the filled part that the walk made up. */
static size_t invented(void)
{
	size_t n = 0;

	for (size_t i = 0; i < w.chunks; i++) {
		const struct chunk *c = &w.chunk[i];
		uint64_t end = c->arena == 0   ? f.top[0]
			       : c->arena == 1 ? f.top[1]
					       : 0;
		uint64_t start =
			c->arena > 1 ? 0
				     : fill.chunk[fill.first[c->arena]].user;

		n += c->addr >= start && c->addr < end &&
		     !is_ledger(c->addr, c->size + f.word);
	}
	return n;
}

struct result {
	size_t kept, lost, invented, rounds, inexact;
	double worst; /* of later chunks kept */
};

static struct result all;

static uint64_t size_of(size_t i)
{
	uint64_t size = 0;

	memcpy(&size, fake_word(&f, fill.chunk[i].user - f.word), f.word);
	return size;
}

/* With SHOW in the environment: what is behind a bad result. */
static void show(void)
{
	if (!getenv("SHOW"))
		return;
	fprintf(stderr, "# round %zu\n", all.rounds);
	for (size_t i = 0; i < fill.count; i++)
		if (hit[i])
			fprintf(stderr, "# hit 0x%lx of 0x%lx: 0x%lx\n",
				fill.chunk[i].user - 2 * f.word,
				fill.chunk[i].size, size_of(i));
	for (size_t i = 0; i < w.defects; i++)
		fprintf(stderr, "# defect 0x%lx %s\n", w.defect[i].addr,
			w.defect[i].what);
}

static void walk_and_count(void)
{
	size_t kept[2] = {0}, lost[2] = {0};
	bool before[2] = {true, true};
	uint64_t unknown = 0;
	size_t hits = 0;

	OK(fake_walk(&f, &w, &err));
	fake_invariants(&w);
	for (size_t i = 0; i < fill.count; i++)
		hits += hit[i];
	ck_assert_msg(w.defects || !hits, "nothing told");
	ck_assert(fake_failed(&w) || !hits);
	for (size_t i = 0; i < w.defects; i++)
		unknown += w.defect[i].unknown;
	ck_assert_uint_eq(unknown,
			  w.arena[0].unknown_bytes + w.arena[1].unknown_bytes);
	for (size_t i = 0; i < fill.count; i++) {
		const struct fill_chunk *c = &fill.chunk[i];
		const struct chunk *found = fake_chunk(&w, c->user);

		before[c->arena] &= !hit[i];
		if (hit[i])
			continue;
		if (found && found->size + f.word == c->size &&
		    (found->state == CHUNK_FREE) == c->is_free)
			kept[c->arena] += !before[c->arena];
		else
			lost[c->arena]++;
	}
	for (unsigned i = 0; i < 2; i++) {
		double share =
			lost[i] ? (double)kept[i] / (double)(kept[i] + lost[i])
				: 1;

		if (share < 0.95)
			show();
		if (share < all.worst)
			all.worst = share;
		all.kept += kept[i];
		all.lost += lost[i];
	}
	all.inexact += lost[0] + lost[1] > 0;
	all.invented += invented();
	all.rounds++;
}

static void starts(void)
{
	all = (struct result){.worst = 1};
}

/* At least share of the later chunks is kept, in each round. */
static void ends(const char *what, double share)
{
	fprintf(stderr,
		"# %s: %zu kept, %zu lost in %zu of %zu rounds, "
		"%zu made up, worst %.1f%%\n",
		what, all.kept, all.lost, all.inexact, all.rounds, all.invented,
		100 * all.worst);
	ck_assert_msg(all.worst >= share, "%s: only %.1f%% kept", what,
		      100 * all.worst);
}

TEST(one_size_of_anything_impossible)
{
	static const uint64_t bad[] = {0,
				       1,
				       7,
				       0x8,
				       UINT64_MAX,
				       0x100000001,
				       0x4141414141414141,
				       0x7ffff7dd1b78,
				       0xdeadbeef};

	starts();
	for (unsigned i = 1; i <= ROUNDS; i++) {
		begin(i, 0x800);
		size_t k = pick(i % 2);

		fake_poke(&f, fill.chunk[k].user - f.word,
			  bad[i % (sizeof bad / sizeof *bad)]);
		hit[k] = true;
		walk_and_count();
		if (!fake_defect(&w, fill.chunk[k].user - 2 * f.word))
			show();
		ck_assert(fake_defect(&w, fill.chunk[k].user - 2 * f.word));
		fake_deinit(&f);
	}
	ends("one size", 0.95);
}

/* Sizes that a chunk could have, and this one has not. */
TEST(one_size_that_could_be)
{
	starts();
	for (unsigned i = 1; i <= 4 * ROUNDS; i++) {
		begin(i, 0x800);
		size_t k = pick(i % 2);

		/* Up to nearly all that follows. */
		fake_poke(&f, fill.chunk[k].user - f.word,
			  size_of(k) + f.family->align *
					       (1 + any(i % 4 ? 100 : 2000)));
		hit[k] = true;
		OK(fake_walk(&f, &w, &err));
		/* If it leads to another chunk no evidence is left. */
		if (w.defects)
			walk_and_count();
		fake_deinit(&f);
	}
	ends("one size too large", 0.95);
}

TEST(several_hits_in_one_arena)
{
	starts();
	for (unsigned i = 1; i <= 3 * ROUNDS; i++) {
		begin(i, 0x400);
		for (unsigned n = 2 + i % 7; n; n--) {
			size_t k = pick(i % 2);
			uint64_t at = fill.chunk[k].user - f.word;

			overwrite(at, at + f.word, any(4));
		}
		walk_and_count();
		fake_deinit(&f);
	}
	ends("two to eight hits", 0.95);
}

TEST(hits_on_consecutive_chunks)
{
	starts();
	for (unsigned i = 1; i <= 2 * ROUNDS; i++) {
		begin(i, 0x400);
		size_t k = pick(i % 2);

		for (unsigned n = 0; n < 1 + i % 10; n++) {
			uint64_t at = fill.chunk[k + n].user - f.word;

			overwrite(at, at + f.word, any(4));
		}
		walk_and_count();
		fake_deinit(&f);
	}
	ends("consecutive chunks", 0.95);
}

TEST(a_block_that_overflowed_into_the_next_few)
{
	starts();
	for (unsigned i = 1; i <= 4 * ROUNDS; i++) {
		begin(i, 0x400);
		size_t k = pick(i % 2);
		const struct fill_chunk *last = &fill.chunk[k + 1 + i / 4 % 8];

		/* To somewhere in the last of them, its header or behind. */
		overwrite(fill.chunk[k].user,
			  last->user - f.word +
				  any((unsigned)last->size - f.word) + 1,
			  i % 4);
		walk_and_count();
		fake_deinit(&f);
	}
	ends("overflow into 1 to 8 chunks", 0.95);
}

TEST(a_page_of_other_content)
{
	starts();
	for (unsigned i = 1; i <= 4 * ROUNDS; i++) {
		begin(i, i % 3 ? 0x400 : 0x2000);
		uint64_t base = fake_at(&f, i % 2 ? FAKE_HEAP : FAKE_BRK);
		uint64_t page = base + 0x4000 + any(9) * 0x1000u;

		overwrite(page, page + 0x1000, i % 4);
		walk_and_count();
		fake_deinit(&f);
	}
	ends("a page", 0.95);
}

TEST(sizes_that_could_be_and_sizes_that_could_not)
{
	starts();
	for (unsigned i = 1; i <= 4 * ROUNDS; i++) {
		begin(i, 0x100);
		/* Sizes that could be, and ones that cannot, in one heap. */
		for (unsigned n = 0; n < 3; n++) {
			size_t k = pick(i % 2);
			uint64_t more = f.family->align * (1 + any(60));

			hit[k] = true;
			fake_poke(&f, fill.chunk[k].user - f.word,
				  any(2)   ? size_of(k) + more
				  : any(2) ? 0
					   : 0x6161616161616161);
		}
		OK(fake_walk(&f, &w, &err));
		if (w.defects)
			walk_and_count();
		fake_deinit(&f);
	}
	ends("mixed", 0.95);
}

/*
 * Every other chunk hit, and data that looks like headers all over; how many
 * headers were looked at for each KiB of it.
 */
static uint64_t steps_per_kib(uint64_t leave)
{
	uint64_t bytes = 0;
	unsigned s = 1;

	fake_init(&f);
	fake_fill(&f, &fill, &s, 0x400, leave);
	for (size_t i = 0; i < fill.count; i++) {
		const struct fill_chunk *c = &fill.chunk[i];

		bytes += c->size;
		if (i % 2)
			continue;
		for (uint64_t at = c->user; at + 16 < c->user + c->size;
		     at += 16)
			*fake_word(&f, at) = 0x55;
		*fake_size(&f, c->user) = 0xdead;
	}
	OK(fake_walk(&f, &w, &err));
	fake_invariants(&w);
	fake_deinit(&f);
	return w.steps * 1024 / bytes;
}

/* Reads in proportion to the memory, however much of it is damaged. */
TEST(damage_costs_what_the_memory_is_large)
{
	uint64_t part = steps_per_kib(FAKE_REGION_SIZE / 4 * 3);
	uint64_t whole = steps_per_kib(0x1000);

	ck_assert_uint_gt(part, 0);
	/* There are 64 places for a header in a KiB. */
	ck_assert_msg(whole < 4 * part && whole < 64 * 40, "%lu, %lu",
		      (unsigned long)part, (unsigned long)whole);
}
