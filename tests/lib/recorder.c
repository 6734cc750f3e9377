/*
 * Preloaded into a fixture: keeps the set of live allocations in a file that
 * is mapped shared, $RECORD.  A test reads it while the fixture waits; nothing
 * in it comes from heapscope.
 *
 * It calls the allocator through __libc_malloc and its kin, so it sees every
 * block from the first on (ld.so's dtv, stdio's buffers) and allocates none.
 * The file (record.h) is begun anew by another program, also one that exec()
 * starts in the same process.  A forked child goes on in a copy, $RECORD.PID.
 * Where it is in several namespaces of one process all write into one file.
 */
#define _GNU_SOURCE 1
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "record.h"

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void __libc_free(void *);

static struct record *record;
static bool off;
static char path[512];

/* environ may not be set up yet when ld.so calls us first. */
static bool find_path(void)
{
	static const char name[] = "RECORD=";
	static char environment[65536];
	int fd = open("/proc/self/environ", O_RDONLY | O_CLOEXEC);
	ssize_t len = 0, n;

	if (fd < 0)
		return false;
	while ((n = read(fd, environment + len,
			 sizeof environment - 1 - (size_t)len)) > 0)
		len += n;
	close(fd);
	for (char *at = environment; at < environment + len;
	     at += strlen(at) + 1)
		if (strncmp(at, name, sizeof name - 1) == 0 &&
		    strlen(at) < sizeof path) {
			strcpy(path, at + sizeof name - 1);
			return true;
		}
	return false;
}

/*
 * What exec() gave this program, and no other: bytes that are random, which all
 * copies of libc in it find, loaded however.  0 where /proc is not to be had.
 */
static uint64_t program_mark(void)
{
	int fd = open("/proc/self/auxv", O_RDONLY | O_CLOEXEC);
	unsigned long pair[2];
	uint64_t mark = 0;

	while (!mark && fd >= 0 && read(fd, pair, sizeof pair) == sizeof pair)
		if (pair[0] == AT_RANDOM)
			memcpy(&mark, (void *)pair[1], sizeof mark);
	if (fd >= 0)
		close(fd);
	return mark;
}

static struct record *map_file(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct {
		uint32_t state[2];
		int64_t pid;
		uint64_t program;
	} owner = {0};
	void *map = MAP_FAILED;

	/* Of another run: begin anew. */
	if (fd >= 0 && read(fd, &owner, sizeof owner) == sizeof owner &&
	    (owner.pid != syscall(SYS_getpid) ||
	     owner.program != program_mark()) &&
	    ftruncate(fd, 0) != 0)
		off = true;
	if (fd >= 0 && ftruncate(fd, sizeof(struct record)) == 0)
		map = mmap(NULL, sizeof(struct record), PROT_READ | PROT_WRITE,
			   MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	return map == MAP_FAILED ? NULL : map;
}

/* Whoever forked goes on in a file of its own. */
static void follow_fork(int64_t pid)
{
	struct record *parent = record;
	char name[sizeof path + 24];

	snprintf(name, sizeof name, "%s.%lld", path, (long long)pid);
	record = map_file(name);
	if (!record) {
		off = true;
		return;
	}
	for (size_t i = 0; i < RECORD_SLOTS; i++)
		if (parent->slot[i].addr)
			record->slot[i] = parent->slot[i];
	record->pid = pid;
	record->program = parent->program;
	munmap(parent, sizeof *parent);
}

static bool begin(void)
{
	int64_t pid = syscall(SYS_getpid);

	if (off)
		return false;
	if (!record) {
		if (!find_path() || !(record = map_file(path))) {
			off = true;
			return false;
		}
		record->pid = pid;
		record->program = program_mark();
	}
	if (record->pid != pid)
		follow_fork(pid);
	if (off)
		return false;
	while (__atomic_exchange_n(&record->lock, 1, __ATOMIC_ACQUIRE))
		syscall(SYS_sched_yield);
	return true;
}

static void end(void)
{
	__atomic_store_n(&record->lock, 0, __ATOMIC_RELEASE);
}

/*
 * Blocks of one page lie in one page of the table: whoever reads it, or copies
 * the process, has no more pages to read than the heap has.
 */
static size_t first_slot(uint64_t addr)
{
	uint64_t page = (addr >> 12) * 0x9e3779b97f4a7c15 >> 40;

	return (page << 8 | (addr >> 4 & 255)) & (RECORD_SLOTS - 1);
}

static void fill(size_t i, void *p, size_t size)
{
	record->slot[i].addr = (uintptr_t)p;
	record->slot[i].size = size;
}

static void add(void *p)
{
	int saved = errno;
	size_t size = p ? malloc_usable_size(p) : 0;
	size_t i = first_slot((uintptr_t)p), tries = 0;

	if (!p || !begin())
		return;
	while (record->slot[i].addr > RECORD_GONE && ++tries < RECORD_SLOTS)
		i = (i + 1) & (RECORD_SLOTS - 1);
	if (tries < RECORD_SLOTS)
		fill(i, p, size);
	else
		record->overflow = 1;
	end();
	errno = saved;
}

static void forget(void *p)
{
	int saved = errno;
	size_t i = first_slot((uintptr_t)p);

	if (!p || !begin())
		return;
	for (size_t n = 0; n < RECORD_SLOTS && record->slot[i].addr; n++) {
		if (record->slot[i].addr == (uintptr_t)p) {
			record->slot[i].addr = RECORD_GONE;
			break;
		}
		i = (i + 1) & (RECORD_SLOTS - 1);
	}
	end();
	errno = saved;
}

void *malloc(size_t size)
{
	void *p = __libc_malloc(size);

	add(p);
	return p;
}

void *calloc(size_t n, size_t size)
{
	void *p = __libc_calloc(n, size);

	add(p);
	return p;
}

void *realloc(void *old, size_t size)
{
	void *p;

	forget(old);
	p = __libc_realloc(old, size);
	if (p)
		add(p);
	else if (old && size)
		add(old);
	return p;
}

void *memalign(size_t alignment, size_t size)
{
	void *p = __libc_memalign(alignment, size);

	add(p);
	return p;
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
	int saved = errno;
	void *p;

	if (alignment % sizeof(void *) || alignment & (alignment - 1) ||
	    !alignment)
		return EINVAL;
	p = memalign(alignment, size);
	errno = saved;
	if (!p)
		return ENOMEM;
	*out = p;
	return 0;
}

void *valloc(size_t size)
{
	return memalign((size_t)sysconf(_SC_PAGESIZE), size);
}

void free(void *p)
{
	int saved = errno;

	forget(p);
	__libc_free(p);
	errno = saved;
}
