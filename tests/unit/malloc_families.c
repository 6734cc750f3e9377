/*
 * One heap, laid out as each family of glibc releases does: what is in memory
 * tells which one it is, and the walk finds the same chunks everywhere.  The
 * releases that can be had run for real in tests/glibc.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/lib/families.h"
#include "tests/lib/hs_test.h"

static struct fake_heap f;
static struct fake_walk w;
static struct error err;

TEST(every_family_is_told_from_memory_and_walked_exactly)
{
	/* What a libc calls itself does not matter. */
	static const char *const banners[] = {"", "2.12", "2.99"};

	for (const struct fake_family *l = families; l->releases; l++) {
		fake_init_as(&f, l);
		strcpy(f.g.version, banners[(l - families) % 3]);
		family_locate(&f);
		family_walk(&f, &w);
		fake_deinit(&f);
	}
}

TEST(a_wild_link_is_damage_in_every_family)
{
	for (const struct fake_family *l = families; l->releases; l++) {
		if (!l->tcache_bins)
			continue;
		fake_init_as(&f, l);
		family_locate(&f);
		fake_poke(&f, f.cached[1], UINT64_C(0x123456789abc));
		OK(fake_walk(&f, &w, &err));
		fake_invariants(&w);
		ck_assert_msg(w.defects, "%s: no defect", l->releases);
		fake_deinit(&f);
	}
}

/* The largest chunk's size word, of each family: the walk goes on behind it. */
TEST(a_size_that_cannot_be_is_damage_in_every_family)
{
	for (const struct fake_family *l = families; l->releases; l++) {
		const struct defect *d;

		fake_init_as(&f, l);
		family_locate(&f);
		fake_poke(&f, f.used[1][7] - f.word, 0x41414141);
		OK(fake_walk(&f, &w, &err));
		fake_invariants(&w);
		d = fake_defect(&w, f.used[1][7] - 2 * f.word);
		ck_assert_msg(d && d->kind == DEFECT_SIZE, "%s: %s",
			      l->releases, d ? d->what : "no defect");
		ck_assert_msg(fake_chunk(&w, f.used[1][FAKE_USED - 1]),
			      "%s: what is behind it is lost", l->releases);
		fake_deinit(&f);
	}
}

static const struct check *check_of(const char *name)
{
	for (size_t i = 0; i < w.checks; i++)
		if (!strcmp(w.check[i].name, name))
			return &w.check[i];
	ck_abort_msg("no check %s", name);
	return NULL;
}

/* One word of an aligned mmapped chunk's header; the base's looks valid. */
TEST(half_a_header_of_an_aligned_chunk_is_enough_in_every_family)
{
	for (const struct fake_family *l = families; l->releases; l++)
		for (unsigned i = 0; i < 6; i++) {
			uint64_t bad[] = {0, 0x41414141, 0x1001};
			const struct chunk *c;
			uint64_t at, was, size;

			fake_init_as(&f, l);
			family_locate(&f);
			OK(fake_walk(&f, &w, &err));
			size = fake_chunk(&w, f.aligned)->size;
			at = f.aligned - (i % 2 + 1) * f.word;
			was = fake_peek(&f, at);
			fake_poke(&f, at, bad[i / 2]);
			OK(fake_walk(&f, &w, &err));
			fake_invariants(&w);
			c = fake_chunk(&w, f.aligned);
			ck_assert_msg(c && c->size == size, "%s", l->releases);
			ck_assert_uint_eq(w.defects, 1);
			ck_assert_uint_eq(w.defect[0].word, at);
			ck_assert_uint_eq(w.defect[0].expected, was);
			ck_assert(fake_failed(&w));
			fake_deinit(&f);
		}
}

/* The same where the program wrote before it: the size alone proves it. */
TEST(a_size_behind_a_stray_word_is_enough_in_every_family)
{
	for (const struct fake_family *l = families; l->releases; l++) {
		uint64_t at, base, size;
		const struct chunk *c;

		fake_init_as(&f, l);
		family_locate(&f);
		OK(fake_walk(&f, &w, &err));
		size = fake_chunk(&w, f.aligned)->size;
		at = f.aligned - 2 * f.word;
		base = at - fake_peek(&f, at);
		fake_poke(&f, base + 6 * f.word, 0x4242);
		fake_poke(&f, at, 0x41414141);
		OK(fake_walk(&f, &w, &err));
		fake_invariants(&w);
		c = fake_chunk(&w, f.aligned);
		ck_assert_msg(c && c->size == size, "%s", l->releases);
		ck_assert_uint_eq(w.defects, 1);
		ck_assert_uint_eq(w.defect[0].word, at);
		ck_assert_uint_eq(w.defect[0].expected, at - base);
		fake_deinit(&f);
	}
}

/* Bytes too many are no proof, from a page on, that none is missing. */
TEST(a_counter_that_drifts_proves_no_more_than_it_can)
{
	static const char *const name = "mmapped bytes and mmapped_mem";

	for (const struct fake_family *l = families; l->releases; l++) {
		uint64_t at;

		fake_init_as(&f, l);
		family_locate(&f);
		at = f.g.mp + l->mmapped_mem;
		fake_poke(&f, at, fake_peek(&f, at) + 2 * l->word);
		OK(fake_walk(&f, &w, &err));
		ck_assert_int_eq(check_of(name)->result,
				 l->mapped_tail ? CHECK_OK : CHECK_FAILED);
		fake_poke(&f, at, fake_peek(&f, at) + 0x1000);
		OK(fake_walk(&f, &w, &err));
		ck_assert_int_eq(check_of(name)->result,
				 l->mapped_tail ? CHECK_SKIPPED : CHECK_FAILED);
		/* No chunk, they say: it is looked for all the same. */
		memset(fake_bytes(&f, f.g.mp + l->n_mmaps), 0, 4);
		OK(fake_walk(&f, &w, &err));
		ck_assert(fake_chunk(&w, f.aligned));
		ck_assert_int_eq(check_of("mmapped chunks and n_mmaps")->result,
				 CHECK_FAILED);
		fake_deinit(&f);
	}
}

/*
 * What brk could not give (GLIBC.md 4.4 d): two pages, from where a chunk can
 * begin to the fenceposts, with what alignment leaves behind them.
 */
static void make_piece(uint64_t *user, unsigned count)
{
	uint64_t word = f.word, align = f.family->align;
	uint64_t base = fake_at(&f, FAKE_MAPPED) + 0x8000, end = base + 0x2000;
	uint64_t at = f.mapped + 0x7000 - 2 * word, size = 10 * align;
	uint64_t system = f.g.main_arena + f.family->system_mem;

	for (unsigned i = 0; i < count; i++, at += size) {
		if (i + 1 == count)
			size = (end - at - 4 * word) & ~(align - 1);
		user[i] = at + 2 * word;
		fake_poke(&f, at + word, size | CHUNK_PREV_INUSE);
	}
	for (unsigned i = 0; i < 2; i++, at += 2 * word)
		fake_poke(&f, at + word, 2 * word | CHUNK_PREV_INUSE);
	ck_assert_uint_lt(end - at, align);
	memset(fake_bytes(&f, f.g.main_arena + 4), 2, 1); /* NONCONTIGUOUS */
	for (unsigned i = 0; i < 2; i++)
		fake_poke(&f, system + i * word, FAKE_REGION_SIZE + 0x2000);
}

TEST(a_piece_that_brk_could_not_give_is_found_in_every_family)
{
	enum { N = 7 };

	for (const struct fake_family *l = families; l->releases; l++) {
		uint64_t user[N];

		fake_init_as(&f, l);
		make_piece(user, N);
		family_locate(&f);
		OK(fake_walk(&f, &w, &err));
		ck_assert_msg(!w.defects && !fake_failed(&w), "%s: %s",
			      l->releases, w.defect[0].what);
		fake_invariants(&w);
		for (unsigned i = 0; i < N; i++) {
			const struct chunk *c = fake_chunk(&w, user[i]);

			ck_assert_msg(c && c->state == CHUNK_USED && !c->arena,
				      "%s: piece %u", l->releases, i);
			ck_assert(i + 1 == N ||
				  c->size == 10 * l->align - l->word);
		}
		fake_deinit(&f);
	}
}

/* A word that the walk reads, somewhere. */
static uint64_t any_place(unsigned r)
{
	const struct fake_family *l = f.family;
	uint64_t brk = fake_at(&f, FAKE_BRK), word = f.word, n = r / 8;

	switch (r % 8) {
	case 0:
		return f.g.main_arena + n % (l->state_size / word) * word;
	case 1:
		return f.g.mp + n % 17 * word;
	case 2:
		return fake_at(&f, FAKE_HEAP) + n % 400 * word;
	case 3:
		return (l->tcache_bins ? f.cache : f.arena) + n % 80 * word;
	case 4:
		return fake_at(&f, FAKE_MAPPED) + 0x1000 + n % 0x4000 / 8 * 8;
	default:
		return brk + n % ((f.top[0] - brk) / word) * word;
	}
}

/*
 * malloc_walk has more of it for one family; here it is what differs between
 * them that must not break the walk.
 */
TEST(random_damage_breaks_the_walk_in_no_family)
{
	for (const struct fake_family *l = families; l->releases; l++)
		for (unsigned round = 1; round <= 60; round++) {
			unsigned seed = round, n;

			fake_init_as(&f, l);
			family_locate(&f);
			n = 1 + (unsigned)rand_r(&seed) % 6;
			while (n--) {
				uint64_t at =
					any_place((unsigned)rand_r(&seed));
				unsigned r = (unsigned)rand_r(&seed);

				fake_poke(
					&f, at,
					r % 3	? r / 3 * UINT64_C(0x10001)
					: r % 2 ? fake_peek(&f, at) ^
							  UINT64_C(1)
								  << r / 6 % 64
						: fake_at(&f, FAKE_BRK) +
							  r / 6 % 0x10000);
			}
			OK(fake_walk(&f, &w, &err));
			fake_invariants(&w);
			fake_deinit(&f);
		}
}
