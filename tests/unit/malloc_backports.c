/*
 * Releases that never were: vendors carry what came later back to what they
 * ship, each thing on its own.  Whatever is mixed, each property is told from
 * the memory itself.
 */
#include <string.h>

#include "tests/lib/families.h"
#include "tests/lib/hs_test.h"

static struct fake_heap f;
static struct fake_walk w;
static struct error err;

static const struct fake_family *family(const char *releases)
{
	for (const struct fake_family *l = families; l->releases; l++)
		if (!strcmp(l->releases, releases))
			return l;
	ck_abort_msg("no family %s", releases);
	return NULL;
}

static void take_params(struct fake_family *to, const struct fake_family *from)
{
	to->n_mmaps = from->n_mmaps;
	to->mmapped_mem = from->mmapped_mem;
	to->sbrk_base = from->sbrk_base;
	to->tcache_bins = from->tcache_bins;
}

static void take_tcache(struct fake_family *to, const struct fake_family *from)
{
	to->tcache_chunk = from->tcache_chunk;
	to->counts = from->counts;
	to->entries = from->entries;
	to->depth = from->depth;
	to->slots_left = from->slots_left;
}

static void is_exact(const struct fake_family *l)
{
	fake_init_as(&f, l);
	family_locate(&f);
	family_walk(&f, &w);
	fake_deinit(&f);
}

/* mp_ from "params", tcache from "tcache", on the arenas of "state". */
static struct fake_family mix(const char *what, const char *state,
			      const char *params, const char *tcache)
{
	struct fake_family l = *family(state);

	l.releases = what;
	take_params(&l, family(params));
	take_tcache(&l, family(tcache));
	return l;
}

/* 2.28 with the key of 2.29, counts of 2.30, links of 2.32, key of 2.34. */
TEST(the_2_28_of_rhel_8_is_walked_exactly)
{
	struct fake_family l = mix("RHEL 8", "2.27-2.28", "2.26", "2.30-2.31");

	l.safe = true;
	l.key = FAKE_KEY_RANDOM;
	is_exact(&l);
	l = mix("i386 RHEL 8", "i386 2.27-2.28", "i386 2.26", "i386 2.30-2.31");
	l.safe = true;
	l.key = FAKE_KEY_RANDOM;
	is_exact(&l);
}

/* 2.34 has an old mp_; heap_info and mp_ of 2.35 came each on its own. */
TEST(the_2_34_of_el_9_is_walked_exactly)
{
	struct fake_family l = *family("2.34");

	l.heap_info = 48;
	is_exact(&l);
	l = mix("EL 9", "2.34", "2.35-2.41", "2.34");
	is_exact(&l);
	l.heap_info = 48;
	is_exact(&l);
}

static bool has_tcache(const struct fake_family *l)
{
	return l->tcache_bins;
}

/*
 * Every arena with every mp_, tcache and heap_info of its word, links protected
 * or not.  Where one name stands for two families they differ in nothing here.
 */
TEST(whatever_is_mixed_is_told_and_walked_exactly)
{
	unsigned mixes = 0;

	for (const struct fake_family *s = families; s->releases; s++)
		for (const struct fake_family *p = families; p->releases; p++)
			for (const struct fake_family *t = families;
			     t->releases; t++) {
				struct fake_family l = *s;

				if (!has_tcache(s) || !has_tcache(p) ||
				    !has_tcache(t) || s->word != p->word ||
				    s->word != t->word)
					continue;
				l.releases = "a mix";
				take_params(&l, p);
				take_tcache(&l, t);
				l.key = t->key;
				l.safe = t->safe == p->safe;
				is_exact(&l);
				mixes++;
			}
	ck_assert_uint_ge(mixes, 1000);
}

/* What stays behind of a tcache when fork() takes its thread away. */
TEST(a_tcache_without_a_thread_is_found_in_every_family)
{
	for (const struct fake_family *l = families; l->releases; l++) {
		if (!has_tcache(l))
			continue;
		fake_init_as(&f, l);
		family_locate(&f);
		fake_poke(&f, fake_at(&f, FAKE_TP) - 0x90 + 9 * f.word, 0);
		OK(fake_walk(&f, &w, &err));
		ck_assert_msg(w.tcaches == 2 && w.tcache[1].addr == f.cache &&
				      w.tcache[1].count == 3,
			      "%s: %zu tcaches", l->releases, w.tcaches);
		fake_deinit(&f);
	}
}

/*
 * Before 2.26 there is no tcache, and what looks like one that lost its thread
 * is a block of the program's: what it points to is used.
 */
TEST(what_looks_like_a_tcache_is_none_where_malloc_has_none)
{
	for (const struct fake_family *l = families; l->releases; l++) {
		/* Chunks of the size that the struct has in 2.26. */
		unsigned size = l->word == 8 ? 0x250 : 0x158;
		unsigned i = (size / l->align - 5) / 2;

		if (has_tcache(l))
			continue;
		fake_init_as(&f, l);
		family_locate(&f);
		/* One chunk of four units: in bin 2, whatever the word. */
		*(fake_bytes(&f, f.used[1][i]) + 2) = 1;
		fake_poke(&f, f.used[1][i] + 64 + 2 * l->word, f.used[0][0]);
		OK(fake_walk(&f, &w, &err));
		ck_assert_msg(fake_chunk(&w, f.used[1][i])->size + l->word ==
					      size &&
				      w.tcaches == 1 && !w.tcache[0].addr,
			      "%s: %zu tcaches", l->releases, w.tcaches);
		ck_assert_int_eq(fake_chunk(&w, f.used[0][0])->state,
				 CHUNK_USED);
		fake_deinit(&f);
	}
}

/* As if there were so many threads. */
static void locate(struct finding *arena, size_t threads)
{
	struct target *t = fake_target(&f, 0);
	struct glibc_data data = {.start = fake_at(&f, FAKE_DATA)};
	struct finding params = {0};

	data.end = data.start + FAKE_REGION_SIZE;
	*arena = (struct finding){0};
	t->thread_count = threads;
	glibc_locate_memory(t, &data, arena, &params);
	t->thread_count = 1;
	target_close(t);
}

/*
 * Up to 2.22 there is no count of attached threads before system_mem.  What
 * follows the arena may be anything, so one word must not decide.
 */
TEST(an_arena_that_fits_two_layouts_is_not_guessed_at)
{
	static const char *const old[] = {"2.17-2.22", "i386 2.17-2.22"};
	struct finding arena;

	for (unsigned i = 0; i < 2; i++) {
		uint64_t main_arena, system;
		const struct fake_family *l = family(old[i]);

		fake_init_as(&f, l);
		main_arena = fake_at(&f, FAKE_MAIN);
		system = main_arena + l->system_mem;
		fake_poke(&f, main_arena + l->state_size, 0x7fffffff);
		locate(&arena, 1);
		ck_assert_msg(arena.state && !arena.state->attached, "%s: %s",
			      l->releases, arena.text);
		/* so little memory that it could be a number of threads */
		fake_poke(&f, system, 0x1000);
		locate(&arena, 1);
		ck_assert(arena.state && !arena.state->attached);
		locate(&arena, 3000);
		ck_assert_msg(!arena.addr && !arena.state, "%s: %s",
			      l->releases, arena.text);
		ck_assert_int_eq(arena.result, CHECK_SKIPPED);
		ck_assert_msg(strstr(arena.text, "2 layouts"), "%s",
			      arena.text);
		fake_deinit(&f);
	}
}
