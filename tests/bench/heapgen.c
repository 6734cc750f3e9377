/*
 * A heap of so many chunks, from a seed, and the truth about it.
 *
 *   heapgen CHUNKS [LARGEST [SEED]]
 *
 * Sizes are log-uniform from 16 to LARGEST (4096) bytes; chunks are linked in
 * lists with cross pointers; three of ten that were allocated are freed again
 * at random, so that CHUNKS are live; 16 more are mmapped.  Says "chunks N",
 * "bytes N" (usable), "ready"; then obeys lines on stdin:
 *   step N    N more chunks: "grown N", "stepped"
 *   leak N    N more that nothing holds: "leaked N", "stepped"
 *   small N   N more of 16 to 80 bytes: "small N", "stepped"
 *   free      those again, at random: "freed N", "stepped"
 *   check     by LeakSanitizer, if it was built with it: "check_us N",
 *             "checked"
 *   pause     the longest time that the heartbeat thread stood still since it
 *             was asked last: "longest_us N", "paused"
 * Ends with stdin.
 */
#define _GNU_SOURCE 1
#include <malloc.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define MAPPED 16

struct node {
	struct node *next;
};

struct big_node {
	struct node *next, *cross;
	uint64_t number;
};

static uint64_t seed = 42, numbers;
static double largest = 4096;
static struct node *lists[64];
static struct node *mapped[MAPPED];
static struct node *last;
static atomic_uint_fast64_t longest_us;

static uint64_t random_number(void)
{
	/* xorshift64* (Vigna, 2014) */
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return seed * 2685821657736338717ULL;
}

static struct node *allocate(void)
{
	double share = (double)(random_number() >> 11) / (1ULL << 53);
	size_t size = (size_t)(16 * pow(largest / 16, share));
	struct node *node = malloc(size);

	if (!node)
		abort();
	/* Every page is touched, as a program would. */
	memset(node, 'h', size);
	node->next = NULL;
	if (size >= sizeof(struct big_node)) {
		((struct big_node *)node)->cross = last;
		((struct big_node *)node)->number = numbers++;
		last = node;
	}
	return node;
}

static void link_in(struct node *node)
{
	struct node **list = &lists[random_number() % 64];

	node->next = *list;
	*list = node;
}

/* Allocates count / 0.7 and frees the rest, at random. */
static void fill(uint64_t count)
{
	uint64_t all = count * 10 / 7;
	struct node **victim =
		mmap(NULL, all * sizeof(*victim), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (victim == MAP_FAILED)
		abort();
	for (uint64_t i = 0; i < all; i++)
		victim[i] = allocate();
	for (uint64_t left = all; left > count; left--) {
		uint64_t i = random_number() % left;

		if (victim[i] == last)
			last = NULL;
		free(victim[i]);
		victim[i] = victim[left - 1];
	}
	for (uint64_t i = 0; i < count; i++)
		link_in(victim[i]);
	munmap(victim, all * sizeof(*victim));
	for (int i = 0; i < MAPPED; i++) {
		mapped[i] = calloc(1, 1 << 20);
		if (!mapped[i])
			abort();
	}
}

static void tell_truth(void)
{
	uint64_t count = 0, bytes = 0;

	for (int i = 0; i < 64; i++)
		for (struct node *n = lists[i]; n; n = n->next) {
			count++;
			bytes += malloc_usable_size(n);
		}
	for (int i = 0; i < MAPPED; i++) {
		count++;
		bytes += malloc_usable_size(mapped[i]);
	}
	printf("chunks %ju\nbytes %ju\n", (uintmax_t)count, (uintmax_t)bytes);
}

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static __attribute__((noinline)) void leak(unsigned long count)
{
	for (unsigned long i = 0; i < count; i++) {
		void *volatile block = malloc(100);

		memset(block, 'l', 100);
		block = NULL;
	}
}

/* Held by a mapping of their own, not by the heap. */
static void **small;
static unsigned long smalls;

static void hold_small(unsigned long count)
{
	smalls = count;
	small = mmap(NULL, count * sizeof(*small), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (small == MAP_FAILED)
		abort();
	for (unsigned long i = 0; i < count; i++) {
		small[i] = malloc(16 + random_number() % 65);
		if (!small[i])
			abort();
	}
}

static void free_small(void)
{
	for (unsigned long left = smalls; left; left--) {
		unsigned long i = random_number() % left;

		free(small[i]);
		small[i] = small[left - 1];
	}
}

int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

static void check_leaks(void)
{
	uint64_t before = now_us();

	if (__lsan_do_recoverable_leak_check)
		__lsan_do_recoverable_leak_check();
	printf("check_us %ju\nchecked\n", (uintmax_t)(now_us() - before));
}

static void *beat(void *arg)
{
	struct timespec pause = {0, 200000};
	uint64_t before = now_us();

	(void)arg;
	for (;;) {
		uint64_t now, gap;

		nanosleep(&pause, NULL);
		now = now_us();
		gap = now - before;
		before = now;
		if (gap > atomic_load(&longest_us))
			atomic_store(&longest_us, gap);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static char out_buffer[4096], in_buffer[4096];
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 0) : 1000;
	pthread_t heart;
	char line[64];

	setvbuf(stdout, out_buffer, _IOFBF, sizeof(out_buffer));
	setvbuf(stdin, in_buffer, _IOFBF, sizeof(in_buffer));
	if (argc > 2)
		largest = strtod(argv[2], NULL);
	if (argc > 3)
		seed = strtoul(argv[3], NULL, 0) | 1;
	fill(count);
	if (pthread_create(&heart, NULL, beat, NULL))
		return 1;
	tell_truth();
	printf("ready\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "step %lu", &count) == 1) {
			for (unsigned long i = 0; i < count; i++)
				link_in(allocate());
			printf("grown %lu\nstepped\n", count);
		} else if (sscanf(line, "leak %lu", &count) == 1) {
			leak(count);
			printf("leaked %lu\nstepped\n", count);
		} else if (sscanf(line, "small %lu", &count) == 1) {
			hold_small(count);
			printf("small %lu\nstepped\n", count);
		} else if (!strcmp(line, "free\n")) {
			free_small();
			printf("freed %lu\nstepped\n", smalls);
		} else if (!strcmp(line, "check\n")) {
			check_leaks();
		} else if (!strcmp(line, "pause\n")) {
			printf("longest_us %ju\npaused\n",
			       (uintmax_t)atomic_exchange(&longest_us, 0));
		}
		fflush(stdout);
	}
	return 0;
}
