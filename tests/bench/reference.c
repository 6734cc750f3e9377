/*
 * What reading a process' heap costs at least on this machine, now.
 *
 *   reference PID
 *
 * Reads all private writable memory without a file behind it, those pages of
 * it that are there, once, with process_vm_readv in windows of 256 KB into one
 * buffer that stays warm, and says "bytes N us N".  What is not reading (maps,
 * pagemap) is not timed.
 */
#define _GNU_SOURCE 1
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define WINDOW	((size_t)256 << 10)
#define PRESENT (3ULL << 62) /* in memory, or in swap */

struct run {
	uint64_t start, end;
};

static struct run *run;
static size_t run_count;

static void run_add(uint64_t start, uint64_t end)
{
	if (run_count > 0 && run[run_count - 1].end == start) {
		run[run_count - 1].end = end;
		return;
	}
	if ((run_count & (run_count - 1)) == 0) {
		size_t cap = run_count ? run_count * 2 : 1;

		run = realloc(run, cap * sizeof(*run));
		if (!run)
			abort();
	}
	run[run_count++] = (struct run){start, end};
}

/* The pages of [start, end) that were ever touched. */
static void add_present(int pagemap, uint64_t start, uint64_t end)
{
	static uint64_t entry[4096];
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	while (start < end) {
		size_t want = (end - start) / page;
		ssize_t got;

		if (want > 4096)
			want = 4096;
		got = pread(pagemap, entry, want * 8,
			    (off_t)(start / page * 8));
		if (got <= 0)
			return;
		for (size_t i = 0; i < (size_t)got / 8; i++, start += page)
			if (entry[i] & PRESENT)
				run_add(start, start + page);
	}
}

static int find_runs(const char *pid)
{
	char path[64], line[4400], prot[5], name[4100];
	uint64_t start, end, inode;
	int pagemap;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%s/pagemap", pid);
	pagemap = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/%s/maps", pid);
	maps = fopen(path, "re");
	if (!maps || pagemap < 0) {
		perror(path);
		return -1;
	}
	while (fgets(line, sizeof(line), maps)) {
		*name = '\0';
		if (sscanf(line, "%lx-%lx %4s %*s %*s %lu %4095s", &start, &end,
			   prot, &inode, name) < 4)
			continue;
		if (inode == 0 && prot[0] == 'r' && prot[1] == 'w' &&
		    prot[3] == 'p' && strcmp(name, "[vvar]") != 0)
			add_present(pagemap, start, end);
	}
	fclose(maps);
	close(pagemap);
	return 0;
}

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static uint64_t read_all(pid_t pid, void *buffer)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < run_count; i++)
		for (uint64_t at = run[i].start; at < run[i].end;) {
			size_t want = run[i].end - at;
			struct iovec here = {buffer, 0}, there;
			ssize_t got;

			if (want > WINDOW)
				want = WINDOW;
			here.iov_len = want;
			there.iov_base = (void *)(uintptr_t)at;
			there.iov_len = want;
			got = process_vm_readv(pid, &here, 1, &there, 1, 0);
			if (got <= 0)
				break;
			bytes += (uint64_t)got;
			at += (uint64_t)got;
		}
	return bytes;
}

int main(int argc, char **argv)
{
	void *buffer = malloc(WINDOW);
	uint64_t begin, bytes;

	if (argc != 2 || !buffer) {
		fprintf(stderr, "usage: reference PID\n");
		return 2;
	}
	memset(buffer, 1, WINDOW);
	if (find_runs(argv[1]))
		return 1;
	begin = now_us();
	bytes = read_all((pid_t)atoi(argv[1]), buffer);
	printf("bytes %ju us %ju\n", (uintmax_t)bytes,
	       (uintmax_t)(now_us() - begin));
	free(buffer);
	return 0;
}
