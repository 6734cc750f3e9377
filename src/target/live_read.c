/* Bytes of a live process, never of pages that it never touched. */
#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "target/live.h"

enum { RUNS = 64 };

struct batch {
	struct iovec local[RUNS], remote[RUNS];
	size_t count;
};

static ssize_t read_mem(struct live *live, const struct batch *batch)
{
	ssize_t done = 0;

	for (size_t i = 0; i < batch->count; i++) {
		size_t len = batch->local[i].iov_len, at = 0;

		while (at < len) {
			ssize_t n = pread(
				live->mem_fd,
				(char *)batch->local[i].iov_base + at, len - at,
				(off_t)((uintptr_t)batch->remote[i].iov_base +
					at));

			if (n < 0 && errno == EINTR)
				continue;
			if (n <= 0)
				return done ? done : -1;
			at += (size_t)n;
			done += n;
		}
	}
	return done;
}

static ssize_t read_batch(struct live *live, const struct batch *batch)
{
	ssize_t n;

	if (live->opts.use_proc_mem || live->no_vm_readv)
		return read_mem(live, batch);
	n = process_vm_readv(live->tid, batch->local, batch->count,
			     batch->remote, batch->count, 0);
	if (n < 0 && (errno == ENOSYS || errno == EPERM)) {
		live->no_vm_readv = true;
		return read_mem(live, batch);
	}
	return n;
}

/*
 * Reads the batch; how far from addr the bytes are there without a gap, the
 * zeros between the runs counted: up to "end" if all could be read.
 */
static size_t flush(struct live *live, struct batch *batch, uint64_t addr,
		    uint64_t end)
{
	ssize_t n = batch->count ? read_batch(live, batch) : 0;
	size_t left = n > 0 ? (size_t)n : 0;

	for (size_t i = 0; i < batch->count; i++) {
		if (left < batch->remote[i].iov_len)
			return (uintptr_t)batch->remote[i].iov_base + left -
			       addr;
		left -= batch->remote[i].iov_len;
	}
	batch->count = 0;
	return end - addr;
}

static void batch_add(struct batch *batch, char *to, uint64_t start,
		      uint64_t end)
{
	size_t len = end - start;

	batch->local[batch->count] = (struct iovec){to, len};
	batch->remote[batch->count++] = (struct iovec){(void *)start, len};
}

/* [addr, end) lies in one readable anonymous mapping. */
static size_t read_anonymous(struct target *target, uint64_t addr, char *buf,
			     uint64_t end)
{
	struct live *live = target->impl;
	uint64_t page = target->page_size, at = addr, run = 0;
	uint64_t block_size = PAGEMAP_BLOCK_PAGES * page;
	struct batch batch = {.count = 0};
	const struct pagemap_block *block = NULL;

	if (target->state != TARGET_STOPPED)
		pagemap_forget(&live->pagemap);
	while (at < end) {
		uint64_t next = at - at % page + page, bit;

		if (next > end)
			next = end;
		if (!block || at % block_size == 0)
			block = pagemap_block(&live->pagemap, at);
		bit = at % block_size / page;
		if (block->bits[bit / 64] >> bit % 64 & 1) {
			if (!run)
				run = at;
		} else {
			memset(buf + (at - addr), 0, next - at);
			if (run)
				batch_add(&batch, buf + (run - addr), run, at);
			run = 0;
		}
		if (batch.count == RUNS) {
			size_t n = flush(live, &batch, addr, next);

			if (n < next - addr)
				return n;
		}
		at = next;
	}
	if (run)
		batch_add(&batch, buf + (run - addr), run, end);
	return flush(live, &batch, addr, end);
}

/* [addr, end) lies in a mapping that is filled on demand: what of it is there
 * from addr on. */
static size_t read_filled(struct live *live, uint64_t addr, char *buf,
			  uint64_t end, uint64_t page)
{
	uint64_t from = addr - addr % page, walked;
	uint64_t to = (end + page - 1) / page * page;
	struct batch batch = {.count = 0};
	struct page_run run;

	if (!pagemap_filled(&live->pagemap, from, to, &run, 1, &walked) ||
	    run.start > addr)
		return 0;
	if (run.end < end)
		end = run.end;
	batch_add(&batch, buf, addr, end);
	return flush(live, &batch, addr, end);
}

ssize_t live_read(struct target *target, uint64_t addr, void *buf, size_t len)
{
	struct live *live = target->impl;
	const struct map *map = maps_find(&target->maps, addr);
	uint64_t end = addr + len;
	struct batch batch = {.count = 0};
	size_t n;

	if (map && end > map->end)
		end = map->end;
	errno = EFAULT;
	if (map && !(map->prot & MAP_R))
		return -1;
	if (map && map->prot & MAP_DEMAND) {
		n = read_filled(live, addr, buf, end, target->page_size);
	} else if (map && live->pagemap.fd >= 0 && map_is_anonymous(map)) {
		n = read_anonymous(target, addr, buf, end);
	} else {
		/* Unknown here: a map that came since, while it runs. */
		batch_add(&batch, buf, addr, end);
		n = flush(live, &batch, addr, end);
	}
	return n ? (ssize_t)n : -1;
}

size_t live_touched_runs(struct target *target, uint64_t start, uint64_t end,
			 struct page_run *run, size_t max, uint64_t *walked)
{
	struct live *live = target->impl;
	const struct demand_range *r = live->demand.range, *last;

	last = r + live->demand.count;
	while (r < last && r->end <= start)
		r++;
	if (r < last && r->start <= start)
		return pagemap_filled(&live->pagemap, start,
				      r->end < end ? r->end : end, run, max,
				      walked);
	if (r < last && r->start < end)
		end = r->start;
	return pagemap_runs(&live->pagemap, start, end, run, max, walked);
}

size_t live_read_touched(struct target *target, uint64_t addr, void *buf,
			 size_t len)
{
	const struct live *live = target->impl;
	struct iovec local = {buf, len}, remote = {(void *)addr, len};
	ssize_t n = -1;

	if (!live->opts.use_proc_mem && !live->no_vm_readv)
		n = process_vm_readv(live->tid, &local, 1, &remote, 1, 0);
	return n < 0 ? 0 : (size_t)n;
}

bool live_guard_page(struct target *target, uint64_t addr)
{
	struct live *live = target->impl;

	return pagemap_is_guard(&live->pagemap, addr);
}
