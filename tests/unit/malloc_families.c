/*
 * One heap, laid out as each family of glibc releases does: what is in memory
 * tells which one it is, and the walk finds the same chunks everywhere.  The
 * releases that can be had run for real in tests/glibc.
 */
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
