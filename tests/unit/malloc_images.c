/*
 * The heaps in tests/images, of real processes on real glibcs: on any machine
 * their memory tells which layout it has, and the walk finds what the processes
 * said that they use.
 */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "tests/lib/hs_test.h"
#include "tests/lib/saved_image.h"

static struct saved_image image;
static struct error err;

struct found {
	struct u64map used, tcaches;
	struct arena arena[16];
	size_t arenas;
	bool wrong;
};

static int on_chunks(void *ctx, const struct chunk *c, size_t count,
		     struct error *e)
{
	struct found *f = ctx;

	for (size_t i = 0; i < count; i++)
		if (c[i].state == CHUNK_USED &&
		    u64map_put(&f->used, c[i].addr, c[i].size, e) < 0)
			return -1;
	return 0;
}

static int on_arena(void *ctx, const struct arena *a, struct error *e)
{
	struct found *f = ctx;

	(void)e;
	ck_assert_uint_lt(f->arenas, 16);
	f->arena[f->arenas++] = *a;
	return 0;
}

static int on_tcache(void *ctx, const struct tcache *t, struct error *e)
{
	struct found *f = ctx;

	return t->addr ? u64map_put(&f->tcaches, t->addr, 1, e) : 0;
}

static int on_defect(void *ctx, const struct defect *d, struct error *e)
{
	(void)ctx;
	(void)e;
	ck_abort_msg("%s: 0x%" PRIx64 ": %s", image.glibc, d->addr, d->what);
	return 0;
}

static int on_check(void *ctx, const struct check *c, struct error *e)
{
	(void)ctx;
	(void)e;
	ck_assert_msg(c->result != CHECK_FAILED, "%s: %s: %s", image.glibc,
		      c->name, c->text);
	return 0;
}

/* Used chunks are those that were told, and the tcaches: no more, no less. */
static void are_equal(struct found *f)
{
	uint64_t addr, told, usable;
	size_t it = 0;

	while (u64map_next(&image.used, &it, &addr, &told)) {
		ck_assert_msg(u64map_get(&f->used, addr, &usable),
			      "%s: 0x%" PRIx64 " is missing", image.glibc,
			      addr);
		ck_assert_msg(usable == told,
			      "%s: 0x%" PRIx64 " has %" PRIu64
			      " bytes, not %" PRIu64,
			      image.glibc, addr, usable, told);
	}
	it = 0;
	while (u64map_next(&f->used, &it, &addr, &usable))
		ck_assert_msg(u64map_get(&image.used, addr, NULL) ||
				      u64map_get(&f->tcaches, addr, NULL),
			      "%s: 0x%" PRIx64 " is not used", image.glibc,
			      addr);
	ck_assert_uint_eq(f->used.count, image.used.count + f->tcaches.count);
}

static void totals_are_equal(const struct found *f,
			     const struct malloc_params *params)
{
	struct mallinfo2_totals t;
	uint64_t ours[SAVED_TOTALS];

	mallinfo2_sum(f->arena, f->arenas, params, &t);
	_Static_assert(sizeof t == sizeof ours, "ten numbers");
	memcpy(ours, &t, sizeof t);
	for (unsigned i = 0; i < SAVED_TOTALS; i++)
		ck_assert_msg(ours[i] == image.totals[i],
			      "%s: mallinfo2 %u: %" PRIu64 ", not %" PRIu64,
			      image.glibc, i, ours[i], image.totals[i]);
}

/* By memory alone; what was found with the files there is only compared. */
static void locate(void)
{
	struct finding arena = {0}, params = {0};

	glibc_locate_memory(image.target, &image.g.data, &arena, &params);
	ck_assert_msg(arena.state && arena.addr == image.g.main_arena, "%s: %s",
		      image.glibc, arena.text);
	ck_assert_msg(params.params && params.addr == image.g.mp, "%s: %s",
		      image.glibc, params.text);
	image.g.state = arena.state;
	image.g.params = params.params;
}

static void walk(void)
{
	struct found f = {0};
	struct malloc_sink sink = {.arena = on_arena,
				   .chunks = on_chunks,
				   .tcache = on_tcache,
				   .defect = on_defect,
				   .check = on_check,
				   .ctx = &f};

	OK(allocator_glibc.walk(image.target, &image.g, &sink, &err));
	are_equal(&f);
	totals_are_equal(&f, &sink.params);
	ck_assert_uint_ge(f.tcaches.count, 1);
	/* The main one, one with several heaps, and one that lost its thread
	 * where as many arenas may be. */
	ck_assert_uint_ge(f.arenas, 2);
	u64map_deinit(&f.used);
	u64map_deinit(&f.tcaches);
}

static int is_image(const struct dirent *e)
{
	return strstr(e->d_name, ".zst") != NULL;
}

TEST(every_image_is_told_from_memory_and_walked_exactly)
{
	static const char *const banners[] = {"", "2.12", "2.99"};
	const char *top = getenv("top_srcdir");
	struct dirent **entry;
	char folder[4096], path[8192];
	unsigned words[9] = {0};
	int n;

	snprintf(folder, sizeof folder, "%s/tests/images", top ? top : ".");
	n = scandir(folder, &entry, is_image, alphasort);
	ck_assert_msg(n > 0, "no image in %s", folder);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, entry[i]->d_name);
		saved_image_load(&image, path);
		strcpy(image.g.version, banners[i % 3]);
		words[image.target->word]++;
		locate();
		walk();
		saved_image_deinit(&image);
		free(entry[i]);
	}
	free(entry);
	/* Five releases for each of the two architectures. */
	ck_assert_uint_ge(words[8], 5);
	ck_assert_uint_ge(words[4], 5);
}
