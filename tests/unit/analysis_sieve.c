#include "analysis/sieve.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/words.h"
#include "base/interrupt.h"
#include "base/parallel.h"
#include "tests/lib/hs_test.h"

static struct error err;

enum { CHUNKS = 12, BYTES = 5 << 18 };

/* Chunks in so many areas, and memory in which every tenth word is near one. */
struct memory {
	struct chunk chunk[CHUNKS];
	struct snapshot snap;
	struct finder finder;
	uint8_t *bytes;
};

static uint64_t number(void)
{
	return (uint64_t)rand() << 42 ^ (uint64_t)rand() << 21 ^
	       (uint64_t)rand();
}

static void make_chunks(struct memory *m, int areas, uint64_t top)
{
	uint64_t from = m->snap.word == 8 ? UINT64_C(0x300000000) : 0x10000;
	uint64_t far = (top - from) / (uint64_t)areas & ~UINT64_C(15);

	for (int i = 0; i < CHUNKS; i++)
		m->chunk[i] = (struct chunk){
			.addr = from + far * (uint64_t)(i * areas / CHUNKS) +
				0x5000 * (uint64_t)i,
			.size = 0x3000,
			.state = CHUNK_USED,
		};
	m->snap.chunk = m->chunk;
	m->snap.chunk_count = CHUNKS;
	OK(finder_init(&m->finder, &m->snap, NULL, &err));
}

/* Runs that begin and end at any byte, some of them shorter than a word. */
static void make_runs(struct memory *m)
{
	uint64_t at = 0x1000;

	m->snap.contents = image_create();
	m->bytes = malloc(BYTES);
	for (size_t i = 0; i + 8 <= BYTES; i += m->snap.word) {
		uint64_t word = rand() % 10
					? number()
					: m->chunk[rand() % CHUNKS].addr - 64 +
						  (unsigned)rand() % 0x4000;

		memcpy(m->bytes + i, &word, 8);
	}
	for (size_t from = 0; from < BYTES;) {
		size_t len =
			(size_t)(rand() % 7 ? rand() % 3000 : rand() % 900000);

		len = len < BYTES - from ? len : BYTES - from;
		OK(image_add(m->snap.contents, at, m->bytes + from, len, &err));
		from += len;
		at += len + 1 + (unsigned)rand() % 100;
		/* As it was made, in most of them. */
		if (rand() % 4)
			at += (from - at) % 8;
	}
}

static void open_memory(struct memory *m, unsigned word, int areas,
			uint64_t top, unsigned seed)
{
	memset(m, 0, sizeof(*m));
	srand(seed);
	m->snap.word = word;
	make_chunks(m, areas, top);
	make_runs(m);
}

static void close_memory(struct memory *m)
{
	finder_deinit(&m->finder);
	image_destroy(m->snap.contents);
	free(m->bytes);
}

static bool is_kept(const struct sieve *s, size_t run, uint64_t word)
{
	return s->bits[s->first[run] + word / 64] >> word % 64 & 1;
}

/* The words that point at a chunk are all kept, of the others few. */
static void check(const struct memory *m, const struct sieve *s)
{
	const struct image *image = m->snap.contents;
	uint64_t point = 0, kept = 0, words = 0;

	for (size_t r = 0; r < image->run_count; r++) {
		const struct image_run *run = &image->run[r];
		uint64_t base = sieve_base(s, run);

		for (uint64_t i = 0; base + (i + 1) * s->word <= run->end;
		     i++) {
			uint64_t value = load_word(
				run->bytes + base + i * s->word - run->start,
				s->word);

			words++;
			kept += is_kept(s, r, i);
			if (finder_find(&m->finder, value) == CHUNK_NONE)
				continue;
			point++;
			ck_assert(is_kept(s, r, i));
		}
	}
	ck_assert_uint_gt(point, words / 500);
	/* Of 4 bytes many numbers lie between two areas. */
	if (s->word == 8)
		ck_assert_uint_lt(kept, words / 5);
}

static void sift(unsigned word, int areas, uint64_t top, unsigned seed)
{
	struct memory m;
	struct sieve one, more;

	open_memory(&m, word, areas, top, seed);
	parallel_threads(1);
	OK(sieve_init(&one, &m.snap, &m.finder, &err));
	check(&m, &one);
	for (unsigned threads = 2; threads <= 4; threads++) {
		parallel_threads(threads);
		OK(sieve_init(&more, &m.snap, &m.finder, &err));
		ck_assert_mem_eq(one.bits, more.bits,
				 8 * one.first[m.snap.contents->run_count]);
		sieve_deinit(&more);
	}
	sieve_deinit(&one);
	close_memory(&m);
}

TEST(what_may_point_at_a_chunk_is_kept_and_little_else)
{
	for (unsigned seed = 1; seed <= 2; seed++)
		for (int areas = 1; areas <= 4; areas++) {
			sift(8, areas, UINT64_C(0x7fff00000000), seed);
			sift(4, areas, UINT64_C(0xf0000000), seed);
		}
}

/* More areas than are compared one by one, or further up than any program's:
 * it keeps more than it must, but all that it must. */
TEST(odd_heaps_lose_nothing)
{
	static const uint64_t top[] = {UINT64_C(0x7fff00000000),
				       UINT64_C(0xffffffff00000000)};

	for (int i = 0; i < 2; i++) {
		struct memory m;
		struct sieve s;

		open_memory(&m, 8, 6, top[i], 7);
		OK(sieve_init(&s, &m.snap, &m.finder, &err));
		for (size_t r = 0; r < m.snap.contents->run_count; r++) {
			const struct image_run *run = &m.snap.contents->run[r];
			uint64_t base = sieve_base(&s, run);

			for (uint64_t at = base; at + 8 <= run->end; at += 8)
				ck_assert(is_kept(&s, r, (at - base) / 8) ||
					  finder_find(
						  &m.finder,
						  load_word(run->bytes + at -
								    run->start,
							    8)) == CHUNK_NONE);
		}
		sieve_deinit(&s);
		close_memory(&m);
	}
}

TEST(nothing_points_at_a_heap_without_chunks)
{
	struct snapshot snap = {.word = 8, .contents = image_create()};
	struct finder finder;
	struct sieve s;
	uint64_t words[4] = {0};

	OK(finder_init(&finder, &snap, NULL, &err));
	OK(sieve_init(&s, &snap, &finder, &err));
	sieve_deinit(&s);
	OK(image_add(snap.contents, 0x1000, words, sizeof(words), &err));
	OK(sieve_init(&s, &snap, &finder, &err));
	ck_assert(!is_kept(&s, 0, 0));
	sieve_deinit(&s);
	finder_deinit(&finder);
	image_destroy(snap.contents);
}

TEST(an_interrupt_ends_it)
{
	struct memory m;
	struct sieve s;

	open_memory(&m, 8, 1, UINT64_C(0x7fff00000000), 1);
	interrupt_raise();
	FAILS(ERR_INTERRUPTED, sieve_init(&s, &m.snap, &m.finder, &err));
	close_memory(&m);
}
