/* Decoding, layouts, and what is found in files before anything is walked. */
#include <dlfcn.h>
#include <gnu/libc-version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "malloc/foreign.h"
#include "malloc/glibc.h"
#include "malloc/glibc_chunk.h"
#include "symbols/symbols.h"
#include "tests/lib/hs_test.h"
#include "tests/lib/mapped.h"

#define LIB UINT64_C(0x7f0000000000)

/* x86-64; i386 since 2.26, and before. */
static const struct chunk_form lp64 = {8, 16, 16, 32};
static const struct chunk_form i386 = {4, 16, 8, 16}, old386 = {4, 8, 8, 16};

static struct error err;
static struct mapped m;
static struct symbols *symbols;

static const char *libc_path(void)
{
	Dl_info info;

	ck_assert(dladdr((void *)gnu_get_libc_version, &info));
	return info.dli_fname;
}

static void begin(const char *path)
{
	static const struct symbols_opts no_debug = {.debug_dir =
							     "/nonexistent"};

	if (path)
		mapped_load(&m, path, LIB);
	OK(symbols_open(&m.target, &no_debug, &symbols, &err));
}

static void end(void)
{
	symbols_close(symbols);
	mapped_deinit(&m);
}

TEST(every_arena_layout_is_whole)
{
	for (const struct state_layout *l = state_layouts; l->word; l++) {
		unsigned w = l->word, fast = l->fastbin_count;

		/* top, last_remainder, bins, binmap, next, next_free */
		ck_assert_uint_eq(l->bins, l->top + 2 * w);
		ck_assert_uint_eq(l->next, l->bins + 254 * w + 16);
		ck_assert_uint_eq(l->system_mem,
				  l->next + (l->attached ? 3 : 2) * w);
		if (l->attached)
			ck_assert_uint_eq(l->attached, l->next + 2 * w);
		ck_assert_uint_eq(l->max_system_mem, l->system_mem + w);
		ck_assert_uint_eq(l->size, l->max_system_mem + w);
		ck_assert_uint_eq(l->fastbins + fast * w, fast ? l->top : 0);
		ck_assert_uint_eq(l->mmapped_tail, fast ? 0 : 2 * w);
	}
}

TEST(every_counter_layout_is_whole)
{
	for (const struct params_layout *l = params_layouts; l->word; l++) {
		unsigned w = l->word;

		ck_assert_uint_eq(l->mmap_threshold, 2 * w);
		ck_assert_uint_eq(l->arena_test, 3 * w);
		ck_assert_uint_eq(l->n_mmaps_max, l->n_mmaps + 4);
		ck_assert_uint_eq(l->max_n_mmaps, l->n_mmaps + 8);
		ck_assert_uint_eq(l->no_dyn_threshold, l->n_mmaps + 12);
		ck_assert_uint_ge(l->mmapped_mem, l->n_mmaps + 16);
		ck_assert_uint_eq(l->mmapped_mem % w, 0);
		ck_assert_uint_eq(l->max_mmapped_mem, l->mmapped_mem + w);
		ck_assert_uint_ge(l->sbrk_base, l->max_mmapped_mem + w);
		if (l->tcache_bins)
			ck_assert_uint_eq(l->tcache_bins, l->sbrk_base + w);
		ck_assert_uint_ge(l->size, l->sbrk_base + w);
	}
}

TEST(a_tcache_struct_is_known_by_the_size_of_its_chunk)
{
	for (const struct tcache_layout *l = tcache_layouts; l->word; l++) {
		unsigned bytes = l->bins * (l->count_bytes + l->word);

		/* What malloc makes of such a request, at least. */
		ck_assert_uint_eq(l->chunk, (bytes + l->word + 15) / 16 * 16);
		ck_assert(tcache_layout_fits(l, 16, l->chunk));
		ck_assert(tcache_layout_fits(l, 16, l->chunk + 32));
		ck_assert(!tcache_layout_fits(l, 16, l->chunk - 16));
		ck_assert(!tcache_layout_fits(l, 16, l->chunk + 48));
		ck_assert_uint_lt(l->chunk, TCACHE_MAX_SIZE);
		ck_assert_uint_le(l->bins, TCACHE_MAX_BINS);
	}
}

TEST(a_size_word_is_plausible_or_not)
{
	ck_assert(chunk_plausible(&lp64, 0x21, 0x20, true));
	ck_assert(chunk_plausible(&lp64, 0x20, 0x100, true));
	ck_assert(chunk_plausible(&lp64, 0x25, 0x20, false));
	/* a fencepost, odd sizes, beyond the end, wrong flags */
	ck_assert(!chunk_plausible(&lp64, 0x11, 0x100, true));
	ck_assert(!chunk_plausible(&lp64, 0x29, 0x100, true));
	ck_assert(!chunk_plausible(&lp64, 0x31, 0x20, true));
	ck_assert(!chunk_plausible(&lp64, 0x23, 0x100, false));
	ck_assert(!chunk_plausible(&lp64, 0x25, 0x100, true));
	ck_assert(!chunk_plausible(&lp64, 0, 0x100, true));
	ck_assert(!chunk_plausible(&lp64, UINT64_MAX, UINT64_MAX, true));
}

TEST(a_size_word_of_i386_is_plausible_or_not)
{
	ck_assert(chunk_plausible(&i386, 0x11, 0x100, true));
	ck_assert(!chunk_plausible(&i386, 9, 0x100, true));
	ck_assert(!chunk_plausible(&i386, 0x19, 0x100, true));
	ck_assert(chunk_plausible(&old386, 0x19, 0x100, true));
	ck_assert(!chunk_plausible(&old386, 0x1d, 0x100, true));
	ck_assert(chunk_plausible(&old386, 0x1d, 0x100, false));
	/* the last one may be a top that nobody tells of */
	ck_assert(chunk_plausible(&i386, 0x19, 0x18, true));
}

TEST(chunks_begin_where_what_they_hold_is_aligned)
{
	ck_assert_uint_eq(chunk_first(&lp64, 0x1001), 0x1010);
	ck_assert_uint_eq(chunk_first(&lp64, 0x1000), 0x1000);
	ck_assert_uint_eq(chunk_first(&i386, 0x1000), 0x1008);
	ck_assert_uint_eq(chunk_first(&i386, 0x1009), 0x1018);
	ck_assert_uint_eq(chunk_first(&old386, 0x1001), 0x1008);
	ck_assert(chunk_fits_at(&i386, 0x1008));
	ck_assert(!chunk_fits_at(&i386, 0x1010));
	ck_assert(chunk_fits_at(&old386, 0x1008));
	ck_assert(chunk_fits_user(&i386, 0x1010));
	ck_assert(!chunk_fits_user(&i386, 0x1018));
}

TEST(a_size_tells_its_bin)
{
	/* largebin 64 begins at 1024, 1008 and 512 */
	ck_assert_uint_eq(chunk_bin(&lp64, 32), 2);
	ck_assert_uint_eq(chunk_bin(&lp64, 1008), 63);
	ck_assert_uint_eq(chunk_bin(&lp64, 1024), 64);
	ck_assert_uint_eq(chunk_bin(&i386, 16), 2);
	ck_assert_uint_eq(chunk_bin(&i386, 992), 63);
	ck_assert_uint_eq(chunk_bin(&i386, 1008), 64);
	ck_assert_uint_eq(chunk_bin(&old386, 16), 2);
	ck_assert_uint_eq(chunk_bin(&old386, 504), 63);
	ck_assert_uint_eq(chunk_bin(&old386, 512), 64);
	ck_assert_uint_eq(chunk_bin(&lp64, UINT64_C(1) << 40), 64);
}

TEST(an_mmapped_header_tells_the_length_of_its_mapping)
{
	struct chunk_head plain = {.prev_size = 0, .size = 0x3002};
	struct chunk_head deep = {.prev_size = 0x1f0, .size = 0x2e12};
	/* since 2.43: what is behind the user's bytes is not counted */
	struct chunk_head tail = {.prev_size = 1, .size = 0x2ff2};

	ck_assert_uint_eq(mmapped_total(&lp64, &plain, 0, 0, 4096), 0x3000);
	ck_assert_uint_eq(mmapped_total(&lp64, &plain, 16, 0, 4096), 0);
	ck_assert_uint_eq(mmapped_total(&lp64, &deep, 0x1f0, 0, 4096),
			  0x3002 & ~2);
	ck_assert_uint_eq(mmapped_total(&lp64, &deep, 0, 0, 4096), 0);
	ck_assert_uint_eq(mmapped_total(&lp64, &tail, 0, 16, 4096), 0x3000);
	plain.size |= CHUNK_PREV_INUSE;
	ck_assert_uint_eq(mmapped_total(&lp64, &plain, 0, 0, 4096), 0);
	/* i386: the header is 8 bytes behind the page, or at it */
	plain = (struct chunk_head){.prev_size = 8, .size = 0x2ffa};
	ck_assert_uint_eq(mmapped_total(&i386, &plain, 8, 0, 4096), 0x3000);
	tail = (struct chunk_head){.prev_size = 8, .size = 0x2ff2};
	ck_assert_uint_eq(mmapped_total(&i386, &tail, 8, 8, 4096), 0x3000);
	plain.size = UINT64_MAX - 5;
	ck_assert_uint_eq(mmapped_total(&lp64, &plain, 0, 0, 4096), 0);
}

TEST(a_protected_link_is_revealed)
{
	uint64_t where = 0x55555555b2a0, to = 0x55555555b2c0;

	ck_assert_uint_eq(link_reveal(to ^ where >> 12, where), to);
	ck_assert_uint_eq(link_reveal(where >> 12, where), 0);
}

TEST(main_arena_is_found_in_the_file_and_by_code)
{
	void *state = NULL;

	mapped_init(&m);
	begin(libc_path());
	ck_assert_int_eq(
		allocator_glibc.probe(&m.target, symbols, &state, &err), 1);

	const struct glibc *g = state;
	unsigned agree = 0;

	ck_assert_uint_gt(g->main_arena, LIB);
	ck_assert_uint_gt(g->mp, LIB);
	for (unsigned i = 0; i < g->checks; i++) {
		const struct check *c = &g->check[i];

		/* Nobody relocated this libc: its other words mean nothing. */
		if (strncmp(c->name, "main_arena", 10) &&
		    strncmp(c->name, "mp_", 3))
			continue;
		ck_assert_msg(c->result != CHECK_FAILED, "%s: %s", c->name,
			      c->text);
		ck_assert_msg(c->text[0], "%s: no text", c->name);
		agree += c->result == CHECK_OK &&
			 !strncmp(c->name, "main_arena", 10);
	}
	/* The file, and mallinfo2's code at least. */
	ck_assert_uint_ge(agree, 2);
	ck_assert_str_eq(allocator_glibc.version(state),
			 gnu_get_libc_version());
	ck_assert(strstr(allocator_glibc.summary(state), libc_path()));
	allocator_glibc.release(state);
	end();
}

TEST(a_program_without_libc_has_no_glibc_heap)
{
	void *state = NULL;

	mapped_init(&m);
	begin(NULL);
	ck_assert_int_eq(
		allocator_glibc.probe(&m.target, symbols, &state, &err), 0);
	end();
}

TEST(a_libc_that_cannot_be_read_at_all_is_not_found)
{
	void *state = NULL;

	mapped_init(&m);
	m.no_files = m.no_memory = true;
	begin(libc_path());
	ck_assert_int_eq(
		allocator_glibc.probe(&m.target, symbols, &state, &err), 0);
	end();
}

/* Its memory is that of a libc which nobody started. */
TEST(a_glibc_whose_layout_is_not_proven_is_not_guessed_at)
{
	void *state = NULL;

	mapped_init(&m);
	m.no_files = true;
	begin(libc_path());
	FAILS(ERR_UNSUPPORTED,
	      allocator_glibc.probe(&m.target, symbols, &state, &err));
	ck_assert_msg(strstr(err.msg, "is not known"), "%s", err.msg);
	end();
}

TEST(a_32_bit_process_has_no_64_bit_malloc)
{
	void *state = NULL;

	mapped_init(&m);
	begin(libc_path());
	m.target.word = 4;
	ck_assert_int_eq(
		allocator_glibc.probe(&m.target, symbols, &state, &err), 0);
	m.target.word = 8;
	end();
}

/* A library of tests/fixtures/, by its full path. */
static char *fixture_library(const char *name)
{
	const char *top = getenv("top_builddir");
	char path[4096];
	char *real;

	snprintf(path, sizeof path, "%s/tests/fixtures/%s", top ? top : ".",
		 name);
	real = realpath(path, NULL);
	ck_assert_msg(real, "%s is not built", path);
	return real;
}

TEST(another_allocator_is_known_by_its_function)
{
	struct foreign_allocator found[4];
	char *path = fixture_library("own_malloc.so");

	mapped_init(&m);
	begin(path);
	free(path);
	ck_assert_uint_eq(foreign_find(&m.target, symbols, found, 4), 1);
	ck_assert_str_eq(found[0].name, "mimalloc");
	ck_assert_str_eq(found[0].evidence, "own_malloc.so has mi_malloc");
	/* How many there are is told without room for them. */
	ck_assert_uint_eq(foreign_find(&m.target, symbols, NULL, 0), 1);
	end();
}

TEST(another_allocator_is_known_by_its_library)
{
	struct foreign_allocator found[4];
	char dir[] = "/tmp/heapscope-unit.XXXXXX", to[64];
	char *from = fixture_library("allocating.so");

	ck_assert(mkdtemp(dir));
	snprintf(to, sizeof to, "%s/libjemalloc.so.2", dir);
	ck_assert_int_eq(symlink(from, to), 0);
	free(from);
	mapped_init(&m);
	begin(to);
	ck_assert_uint_eq(foreign_find(&m.target, symbols, found, 4), 1);
	ck_assert_str_eq(found[0].name, "jemalloc");
	ck_assert_str_eq(found[0].evidence, "libjemalloc.so.2 is mapped");
	end();
	unlink(to);
	rmdir(dir);
}

TEST(glibc_itself_is_no_other_allocator)
{
	struct foreign_allocator found[4];

	mapped_init(&m);
	begin(libc_path());
	ck_assert_uint_eq(foreign_find(&m.target, symbols, found, 4), 0);
	end();
}
