/*
 * Which pages of a process were ever touched.  Reading one that was not would
 * make the kernel map the zero page there, and a page table to hold it: 2 MB a
 * GiB that the target did not have.
 */
#ifndef TARGET_PAGEMAP_H
#define TARGET_PAGEMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	PAGEMAP_BLOCK_PAGES = 512, /* what one page table holds */
	PAGEMAP_CACHED = 64
};

struct pagemap_block {
	uint64_t start; /* address; 1: nothing is cached here */
	uint64_t bits[PAGEMAP_BLOCK_PAGES / 64];
};

struct pagemap {
	int fd; /* -1: unreadable; every page counts as touched */
	bool no_scan;
	uint32_t page_size;
	struct pagemap_block block[PAGEMAP_CACHED];
};

struct page_run {
	uint64_t start, end; /* addresses */
};

/* tid: any live thread of the process. */
void pagemap_open(struct pagemap *pagemap, pid_t tid, bool no_scan);
void pagemap_close(struct pagemap *pagemap);
/* The target ran, or will: what is cached is no longer true. */
void pagemap_forget(struct pagemap *pagemap);

/*
 * The runs of touched pages in [start, end), page-aligned, at most max of them
 * (max >= 1); *walked is how far they tell, end or less.
 */
size_t pagemap_runs(struct pagemap *pagemap, uint64_t start, uint64_t end,
		    struct page_run *run, size_t max, uint64_t *walked);

/*
 * The same for pages that can be read without anybody having to fill them, for
 * memory that is filled on demand: none where pagemap cannot be read.
 */
size_t pagemap_filled(struct pagemap *pagemap, uint64_t start, uint64_t end,
		      struct page_run *run, size_t max, uint64_t *walked);

/* A guard region (MADV_GUARD_INSTALL), as far as this kernel tells. */
bool pagemap_is_guard(struct pagemap *pagemap, uint64_t addr);

/*
 * The block that holds addr (addr rounded down to PAGEMAP_BLOCK_PAGES pages),
 * from the cache if it is there.  Borrowed until the next call.
 */
const struct pagemap_block *pagemap_block(struct pagemap *pagemap,
					  uint64_t addr);

#endif
