/*
 * The child of the self test.  What it allocates is written down in static
 * arrays: nothing here calls malloc() but for the ledger's sake.
 *
 * Asked to, it lies in one respect, so that it can be seen that each of the
 * claims can fail.
 */
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

#include "command/selftest.h"

enum {
	PER_THREAD = LEDGER_BLOCKS / LEDGER_THREADS,
	MIB = 1 << 20,
	IS_MMAPPED = 2, /* in the word before a block, in every glibc */
	EXIT_LIE = 3
};

struct book {
	struct ledger_block block[PER_THREAD];
	unsigned count;
	void *kept; /* a global that points at a block */
};

static struct book book[LEDGER_THREADS];
static struct ledger ledger;
/* The blocks of the answer, and whether it is to be given yet. */
static struct ledger_block list[LEDGER_BLOCKS];
static bool pending;
static atomic_ulong beats, cut;
static atomic_int ready, stop;
static const char *lie;
static struct mallinfo2 (*ask_mallinfo2)(void);

static const char *const lies[] = {
	"size",	   "state",  "extra", "missing", "content", "pointer",
	"arena",   "thread", "stack", "totals",	 "growth",  "shrink",
	"version", "pulse",  "cut",   "exit",	 NULL,
};

const char *selftest_lie(unsigned i)
{
	return i < sizeof lies / sizeof *lies ? lies[i] : NULL;
}

static bool lying(const char *what)
{
	return !strcmp(lie, what);
}

/* Freed ones whose memory this one has got are no more. */
static void forget(struct book *b, uint64_t addr, uint64_t size)
{
	for (unsigned i = 0; i < b->count;) {
		const struct ledger_block *old = &b->block[i];

		if (!old->used && old->addr + 16 > addr &&
		    old->addr < addr + size + 16)
			b->block[i] = b->block[--b->count];
		else
			i++;
	}
}

static struct ledger_block *note(unsigned thread, void *p)
{
	struct book *b = &book[thread];
	uint64_t addr = (uintptr_t)p, usable = malloc_usable_size(p);
	volatile uint8_t *byte = p;

	if (!p || b->count == PER_THREAD)
		abort();
	for (unsigned i = 0; i < LEDGER_THREADS; i++)
		forget(&book[i], addr, usable);
	for (uint64_t i = 0; i < usable; i++)
		byte[i] = ledger_byte(addr, i);
	b->block[b->count] = (struct ledger_block){
		.addr = addr,
		.usable = usable,
		.thread = thread,
		.used = true,
		.mapped = ((const size_t *)p)[-1] & IS_MMAPPED,
	};
	return &b->block[b->count++];
}

static struct ledger_block *find(unsigned thread, const void *p)
{
	struct book *b = &book[thread];

	for (unsigned i = 0; i < b->count; i++)
		if (b->block[i].addr == (uintptr_t)p && b->block[i].used)
			return &b->block[i];
	abort();
}

static void note_freed(unsigned thread, void *p)
{
	struct ledger_block *block = find(thread, p);

	block->used = false;
	free(p);
}

static void *aligned(size_t align, size_t size)
{
	void *p = NULL;

	if (posix_memalign(&p, align, size))
		abort();
	return p;
}

static void resize(unsigned thread, void *p, size_t size)
{
	struct ledger_block *block = find(thread, p);

	*block = book[thread].block[--book[thread].count];
	p = realloc(p, size);
	note(thread, p);
}

/* Sizes of every kind of list and bin; what is freed stays in them. */
static void plain(unsigned thread)
{
	static const size_t size[] = {1,   24,	 25,   40,   100,  500,
				      900, 1000, 1040, 4000, 20000};
	void *p[40];

	for (unsigned i = 0; i < sizeof size / sizeof *size; i++)
		for (unsigned k = 0; k < 3; k++)
			note(thread, malloc(size[i] + k));
	note(thread, calloc(3, 50));
	note(thread, aligned(32, 100));
	note(thread, aligned(64, 5000));
	note(thread, aligned(4096, 100));
	/* More than a tcache takes of one size. */
	for (unsigned i = 0; i < 40; i++)
		note(thread, p[i] = malloc(60));
	for (unsigned i = 0; i < 40; i++)
		note_freed(thread, p[i]);
	/* And with used ones between them: bins. */
	for (unsigned i = 0; i < 24; i++)
		note(thread, p[i] = malloc(1200 + 100 * i));
	for (unsigned i = 0; i < 24; i += 2)
		note_freed(thread, p[i]);
	note(thread, malloc(9000));
	note(thread, p[0] = malloc(70));
	resize(thread, p[0], 700);
	note(thread, p[0] = malloc(7000));
	resize(thread, p[0], 300);
}

/* What is mapped by itself; freed last, since that raises the threshold. */
static void large(void)
{
	void *p;

	note(0, p = malloc(100));
	resize(0, p, 3 * MIB);
	note(0, malloc(2 * MIB));
	note(0, calloc(1, 3 * MIB));
	note(0, aligned(MIB, 2 * MIB));
	note(0, p = malloc(2 * MIB));
	resize(0, p, 5 * MIB);
	note(0, p = malloc(6 * MIB));
	note_freed(0, p);
}

/* A chain through the blocks of a thread, begun by a global. */
static void point(unsigned thread)
{
	struct book *b = &book[thread];
	struct ledger_block *last = NULL;

	for (unsigned i = 0; i < b->count; i += 3) {
		struct ledger_block *block = &b->block[i];

		if (!block->used || block->usable < 24)
			continue;
		if (last) {
			last->points_to = block->addr;
			memcpy((char *)(uintptr_t)last->addr + 8, &block->addr,
			       8);
		} else {
			b->kept = (void *)(uintptr_t)block->addr;
			ledger.global[thread] = (uintptr_t)&b->kept;
			ledger.held[thread] = block->addr;
		}
		last = block;
	}
}

/* The last thread sleeps and counts until the end. */
static void beat(void)
{
	struct timespec nap = {.tv_nsec = 1000000};

	while (!atomic_load(&stop)) {
		if (nanosleep(&nap, NULL) || lying("cut"))
			atomic_fetch_add(&cut, 1);
		if (!lying("pulse"))
			atomic_fetch_add(&beats, 1);
	}
}

static void write_all(const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len) {
		ssize_t n = write(1, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			abort();
		at += n;
		len -= (size_t)n;
	}
}

static void answer(void)
{
	if (!pending)
		return;
	pending = false;
	write_all(&ledger, sizeof ledger);
	write_all(list, ledger.blocks * sizeof *list);
}

/*
 * Where the threads are while a snapshot is taken: in functions that have said
 * where they return to.
 */
static __attribute__((noinline)) void wait_in(unsigned thread, int fd,
					      char *command)
{
	ledger.frame[thread][0] = (uintptr_t)__builtin_return_address(0);
	if (thread)
		atomic_fetch_add(&ready, 1);
	else
		answer(); /* from here, where it is looked at */
	if (thread == LEDGER_THREADS - 1)
		beat();
	else if (read(fd, command, 1) != 1)
		*command = '\0';
	atomic_signal_fence(memory_order_seq_cst);
}

static __attribute__((noinline)) void stay(unsigned thread, int fd,
					   char *command)
{
	ledger.frame[thread][1] = (uintptr_t)__builtin_return_address(0);
	wait_in(thread, fd, command);
	atomic_signal_fence(memory_order_seq_cst);
}

static pthread_t started[LEDGER_THREADS];
static int hold[2];

static void *worker(void *arg)
{
	unsigned thread = (unsigned)(uintptr_t)arg;
	char ignored;

	plain(thread);
	point(thread);
	ledger.tid[thread] = (pid_t)syscall(SYS_gettid);
	stay(thread, hold[0], &ignored);
	return NULL;
}

static void make_ledger(void)
{
	void *given;

	if (pipe(hold))
		abort();
	plain(0);
	large();
	point(0);
	/* One after the other: the books are everybody's. */
	for (int i = 1; i < LEDGER_THREADS; i++) {
		if (pthread_create(&started[i], NULL, worker,
				   (void *)(uintptr_t)i))
			abort();
		while (atomic_load(&ready) != i)
			usleep(100);
	}
	/* What one thread allocated, another frees. */
	given = (void *)(uintptr_t)book[1].block[book[1].count - 1].addr;
	note_freed(1, given);
}

/* 50 of a class that was not there, then five of the old ones go. */
static void grow(void)
{
	unsigned gone = 0;

	for (unsigned i = 0; i < 50; i++)
		note(0, malloc(777))->fresh = true;
	for (unsigned i = 1; gone < 5; i++) {
		struct ledger_block *block = &book[0].block[i];

		if (!block->used || block->mapped || block->fresh ||
		    block->points_to)
			continue;
		block->fresh = true;
		note_freed(0, (void *)(uintptr_t)block->addr);
		gone++;
	}
}

/* Old ones have it in ints. */
static void take_mallinfo(void)
{
	struct mallinfo2_totals *out = &ledger.mallinfo;

	if (ask_mallinfo2) {
		struct mallinfo2 m = ask_mallinfo2();

		*out = (struct mallinfo2_totals){
			m.arena,    m.ordblks, m.smblks,  m.hblks,
			m.hblkhd,   m.usmblks, m.fsmblks, m.uordblks,
			m.fordblks, m.keepcost};
	} else {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
		struct mallinfo m = mallinfo();
#pragma GCC diagnostic pop

		*out = (struct mallinfo2_totals){
			(unsigned)m.arena,    (unsigned)m.ordblks,
			(unsigned)m.smblks,   (unsigned)m.hblks,
			(unsigned)m.hblkhd,   (unsigned)m.usmblks,
			(unsigned)m.fsmblks,  (unsigned)m.uordblks,
			(unsigned)m.fordblks, (unsigned)m.keepcost};
	}
}

/* One block of the ledger that a lie is about; the last that fits. */
static struct ledger_block *victim(bool used, bool fresh)
{
	unsigned n = ledger.blocks;

	while (n--)
		if (list[n].used == used && list[n].fresh == fresh &&
		    !list[n].mapped)
			return &list[n];
	abort();
}

static void lie_about_blocks(void)
{
	if (lying("size"))
		victim(true, false)->usable += 16;
	if (lying("state"))
		victim(true, false)->used = false;
	if (lying("extra")) {
		*victim(true, false) = list[ledger.blocks - 1];
		ledger.blocks--;
	}
	if (lying("missing"))
		victim(false, false)->used = true;
	if (lying("content"))
		*(uint8_t *)(uintptr_t)victim(true, false)->addr ^= 1;
	if (lying("pointer"))
		ledger.held[1] = ledger.held[0];
	if (lying("arena"))
		victim(true, false)->thread = 0;
}

static void lie_about_growth(void)
{
	if (lying("growth"))
		victim(true, true)->fresh = false;
	if (lying("shrink"))
		victim(false, true)->fresh = false;
}

static void lie_in_general(void)
{
	if (lying("thread"))
		ledger.tid[1] = getppid();
	if (lying("stack"))
		ledger.frame[1][1] += 1;
	if (lying("totals"))
		ledger.mallinfo.uordblks += 16;
	if (lying("version"))
		strcpy(ledger.version, "0.0");
}

static void prepare_answer(char command)
{
	ledger.blocks = 0;
	for (unsigned i = 0; i < LEDGER_THREADS && command != ASK_PULSE; i++) {
		memcpy(list + ledger.blocks, book[i].block,
		       book[i].count * sizeof *list);
		ledger.blocks += book[i].count;
	}
	take_mallinfo();
	ledger.beats = atomic_load(&beats);
	ledger.cut = atomic_load(&cut);
	if (command == ASK_LEDGER)
		lie_about_blocks();
	if (command == ASK_GROWTH)
		lie_about_growth();
	lie_in_general();
	pending = true;
}

static void introduce(void)
{
	ledger.magic = LEDGER_MAGIC;
	ledger.tid[0] = getpid();
	ledger.malloc_code = (uintptr_t)dlsym(RTLD_DEFAULT, "malloc");
	*(void **)&ask_mallinfo2 = dlsym(RTLD_DEFAULT, "mallinfo2");
	ledger.has_mallinfo2 = ask_mallinfo2;
#ifdef __GLIBC__
	strncpy(ledger.version, gnu_get_libc_version(),
		sizeof ledger.version - 1);
#endif
}

int selftest_child(const char *told)
{
	char command;

	lie = told;
	/* ^C is for who asks. */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	signal(SIGTSTP, SIG_IGN);
	introduce();
	for (;;) {
		stay(0, 0, &command);
		if (command == ASK_LEDGER)
			make_ledger();
		else if (command == ASK_GROWTH)
			grow();
		else if (command != ASK_HELLO && command != ASK_PULSE)
			break;
		prepare_answer(command);
	}
	atomic_store(&stop, 1);
	close(hold[1]);
	for (unsigned i = 1; i < LEDGER_THREADS; i++)
		if (started[i])
			pthread_join(started[i], NULL);
	return lying("exit") ? EXIT_LIE : 0;
}
