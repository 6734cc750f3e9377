#include "target/pagemap.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/*
 * linux/fs.h has these since Linux 6.7; the headers we build with may be older
 * than the kernel we run on.
 */
struct scan_region {
	uint64_t start, end, categories;
};

struct scan_arg {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask;
	uint64_t return_mask;
};

#define PAGEMAP_SCAN_ _IOWR('f', 16, struct scan_arg)

enum {
	SCAN_PRESENT = 1 << 3,
	SCAN_SWAPPED = 1 << 4,
	SCAN_REGIONS = 256,
	ENTRIES = 4096, /* of /proc/PID/pagemap, at a time */
};

#define ENTRY_TOUCHED (3ull << 62) /* present or swapped */
#define ENTRY_PRESENT (1ull << 63)
#define ENTRY_SWAPPED (1ull << 62)
#define ENTRY_UFFD_WP (1ull << 57) /* or a mark where there is no page */
#define ENTRY_GUARD   (1ull << 58) /* Linux 6.15; zero before */

void pagemap_open(struct pagemap *pagemap, pid_t tid, bool no_scan)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/pagemap", tid);
	pagemap->fd = open(path, O_RDONLY | O_CLOEXEC);
	pagemap->no_scan = no_scan;
	pagemap->page_size = (uint32_t)sysconf(_SC_PAGESIZE);
	pagemap_forget(pagemap);
}

void pagemap_close(struct pagemap *pagemap)
{
	if (pagemap->fd >= 0)
		close(pagemap->fd);
	pagemap->fd = -1;
}

void pagemap_forget(struct pagemap *pagemap)
{
	for (size_t i = 0; i < PAGEMAP_CACHED; i++)
		pagemap->block[i].start = 1;
}

static size_t all_of_it(uint64_t start, uint64_t end, struct page_run *run,
			uint64_t *walked)
{
	run[0] = (struct page_run){start, end};
	*walked = end;
	return 1;
}

/* Joins the run to the one before when they touch. */
static size_t append(struct page_run *run, size_t count, uint64_t start,
		     uint64_t end)
{
	if (count && run[count - 1].end == start) {
		run[count - 1].end = end;
		return count;
	}
	run[count] = (struct page_run){start, end};
	return count + 1;
}

/* -1: this kernel has no PAGEMAP_SCAN, or not for this memory. */
static ssize_t scan(struct pagemap *pagemap, uint64_t start, uint64_t end,
		    struct page_run *run, size_t max, uint64_t *walked)
{
	struct scan_region region[SCAN_REGIONS];
	struct scan_arg arg = {
		.size = sizeof arg,
		.start = start,
		.end = end,
		.vec = (uintptr_t)region,
		.vec_len = max < SCAN_REGIONS ? max : SCAN_REGIONS,
		.category_anyof_mask = SCAN_PRESENT | SCAN_SWAPPED,
		/* Nothing else, or the regions would be cut into pieces. */
		.return_mask = SCAN_PRESENT,
	};
	int n = ioctl(pagemap->fd, PAGEMAP_SCAN_, &arg);
	size_t count = 0;

	if (n < 0 || arg.walk_end <= start)
		return -1;
	for (int i = 0; i < n; i++)
		count = append(run, count, region[i].start, region[i].end);
	*walked = arg.walk_end < end ? arg.walk_end : end;
	return (ssize_t)count;
}

static bool is_touched(uint64_t entry)
{
	return entry & ENTRY_TOUCHED;
}

static bool is_filled(uint64_t entry)
{
	return entry & ENTRY_PRESENT ||
	       (entry & ENTRY_SWAPPED && !(entry & ENTRY_UFFD_WP));
}

/* *walked < end and no run: it was cut short, nothing is known of the rest. */
static size_t read_entries(struct pagemap *pagemap, bool (*is)(uint64_t entry),
			   uint64_t start, uint64_t end, struct page_run *run,
			   size_t max, uint64_t *walked)
{
	uint64_t entry[ENTRIES], page = pagemap->page_size;
	size_t count = 0;

	while (start < end) {
		size_t want = (end - start) / page;
		ssize_t got;

		if (want > ENTRIES)
			want = ENTRIES;
		got = pread(pagemap->fd, entry, want * sizeof *entry,
			    (off_t)(start / page * sizeof *entry));
		if (got < (ssize_t)sizeof *entry)
			break;
		for (size_t i = 0; i < (size_t)got / sizeof *entry; i++) {
			if (is(entry[i])) {
				if (count == max &&
				    run[count - 1].end != start) {
					*walked = start;
					return count;
				}
				count = append(run, count, start, start + page);
			}
			start += page;
		}
	}
	*walked = start;
	return count;
}

size_t pagemap_runs(struct pagemap *pagemap, uint64_t start, uint64_t end,
		    struct page_run *run, size_t max, uint64_t *walked)
{
	size_t count;

	if (start >= end) {
		*walked = end;
		return 0;
	}
	if (pagemap->fd < 0)
		return all_of_it(start, end, run, walked);
	if (!pagemap->no_scan) {
		ssize_t n = scan(pagemap, start, end, run, max, walked);

		if (n >= 0)
			return (size_t)n;
		/* Not EFAULT and the like for one range alone: for good. */
		pagemap->no_scan = true;
	}
	count = read_entries(pagemap, is_touched, start, end, run, max, walked);
	return *walked < end && !count ? all_of_it(*walked, end, run, walked)
				       : count;
}

size_t pagemap_filled(struct pagemap *pagemap, uint64_t start, uint64_t end,
		      struct page_run *run, size_t max, uint64_t *walked)
{
	size_t n = 0;

	*walked = end;
	if (start < end && pagemap->fd >= 0)
		n = read_entries(pagemap, is_filled, start, end, run, max,
				 walked);
	if (!n)
		*walked = end;
	return n;
}

bool pagemap_is_guard(struct pagemap *pagemap, uint64_t addr)
{
	uint64_t entry;

	return pagemap->fd >= 0 &&
	       pread(pagemap->fd, &entry, sizeof entry,
		     (off_t)(addr / pagemap->page_size * sizeof entry)) ==
		       sizeof entry &&
	       entry & ENTRY_GUARD;
}

static void fill(struct pagemap *pagemap, struct pagemap_block *block,
		 uint64_t start)
{
	uint64_t page = pagemap->page_size, at = start, walked;
	uint64_t end = start + PAGEMAP_BLOCK_PAGES * page;
	struct page_run run[PAGEMAP_BLOCK_PAGES / 2];

	*block = (struct pagemap_block){.start = start};
	while (at < end) {
		size_t n = pagemap_runs(pagemap, at, end, run,
					sizeof run / sizeof *run, &walked);

		for (size_t i = 0; i < n; i++)
			for (uint64_t a = run[i].start; a < run[i].end;
			     a += page) {
				uint64_t bit = (a - start) / page;

				block->bits[bit / 64] |= 1ull << bit % 64;
			}
		at = walked;
	}
}

const struct pagemap_block *pagemap_block(struct pagemap *pagemap,
					  uint64_t addr)
{
	uint64_t size = (uint64_t)PAGEMAP_BLOCK_PAGES * pagemap->page_size;
	uint64_t start = addr - addr % size;
	struct pagemap_block *block =
		&pagemap->block[start / size % PAGEMAP_CACHED];

	if (block->start != start)
		fill(pagemap, block, start);
	return block;
}
