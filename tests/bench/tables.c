/*
 * What comparing two chunk tables costs, against copying both.
 *
 *   tables CHUNKS     a line a round: "memcpy_us N diff_us N classes_us N"
 *
 * One chunk in a hundred of the second table is new, one is gone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "analysis/diff.h"
#include "base/alloc.h"

enum { ROUNDS = 8 };

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static uint64_t seed = 42;

static uint64_t random_number(void)
{
	/* xorshift64* (Vigna, 2014) */
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return seed * UINT64_C(2685821657736338717);
}

/* Three of ten chunks are free, as in heapgen. */
static void fill(struct snapshot *s, uint32_t count)
{
	uint64_t at = 0x555500000010;

	s->word = 8;
	s->mmapped_overhead = 16;
	s->chunk_count = count;
	s->chunk = xcalloc(count, sizeof *s->chunk);
	for (uint32_t i = 0; i < count; i++) {
		uint64_t class = 32 + random_number() % 128 * 16;

		s->chunk[i] = (struct chunk){
			.addr = at,
			.size = class - 8,
			.state = random_number() % 10 < 7 ? CHUNK_USED
							  : CHUNK_FREE,
		};
		at += class;
	}
}

static uint32_t change(struct snapshot *s)
{
	uint32_t changed = 0;

	for (uint32_t i = 0; i < s->chunk_count; i++) {
		if (random_number() % 100)
			continue;
		s->chunk[i].state = s->chunk[i].state == CHUNK_USED
					    ? CHUNK_FREE
					    : CHUNK_USED;
		changed++;
	}
	return changed;
}

static uint64_t copy(const struct snapshot *a, const struct snapshot *b,
		     struct chunk *room)
{
	uint64_t begin = now_us();

	memcpy(room, a->chunk, a->chunk_count * sizeof *room);
	memcpy(room + a->chunk_count, b->chunk, b->chunk_count * sizeof *room);
	/* The compiler must not think that nobody looks. */
	__asm__ volatile("" : : "r"(room) : "memory");
	return now_us() - begin;
}

int main(int argc, char **argv)
{
	uint32_t count = argc > 1 ? (uint32_t)atof(argv[1]) : 1000000;
	struct snapshot a = {0}, b = {0};
	struct chunk *room = xcalloc(2 * (uint64_t)count, sizeof *room);
	uint32_t changed;

	fill(&a, count);
	b = a;
	b.chunk = xcalloc(count, sizeof *b.chunk);
	memcpy(b.chunk, a.chunk, count * sizeof *b.chunk);
	changed = change(&b);
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t copy_us = copy(&a, &b, room), diff_us, classes_us;
		struct diff_class *row;
		struct diff *diff;
		struct error err;
		uint32_t rows;

		diff_us = now_us();
		if (diff_make(&a, &b, &diff, &err))
			return 1;
		diff_us = now_us() - diff_us;
		classes_us = now_us();
		if (diff_classes(diff, DIFF_BY_SIZE, NULL, NULL, &row, &rows,
				 NULL, 0, &err))
			return 1;
		classes_us = now_us() - classes_us;
		/* A fast wrong answer fails. */
		if (diff->added_count + diff->removed_count != changed)
			return 2;
		/* The first round faults memory in. */
		if (i)
			printf("memcpy_us %ju diff_us %ju classes_us %ju\n",
			       (uintmax_t)copy_us, (uintmax_t)diff_us,
			       (uintmax_t)classes_us);
		free(row);
		diff_destroy(diff);
	}
	free(a.chunk);
	free(b.chunk);
	free(room);
	return 0;
}
