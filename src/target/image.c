#include "target/image.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "target/pagemap.h"

enum {
	STEP = 1 << 20,	    /* bytes between two looks at ^C */
	TOGETHER = 4 << 20, /* of a run, that several threads are worth */
	RUNS = 64,
	FAULT_STEP = 8 << 20,
	PAGE = 4096,
	HUGE = 2 << 20
};

struct image *image_create(void)
{
	return xcalloc(1, sizeof(struct image));
}

void image_destroy(struct image *image)
{
	if (!image)
		return;
	for (size_t i = 0; i < image->pool_count; i++)
		munmap(image->pool[i].bytes, image->pool[i].size);
	free(image->pool);
	free(image->run);
	free(image->zero);
	free(image);
}

static struct image_pool *last_pool(struct image *image)
{
	return image->pool_count ? &image->pool[image->pool_count - 1] : NULL;
}

static uint64_t room(struct image *image)
{
	struct image_pool *pool = last_pool(image);

	return pool ? pool->size - pool->used : 0;
}

struct fault_in {
	uint8_t *at;
	uint64_t bytes;
};

static int fault_in_part(void *ctx, uint64_t part, struct error *err)
{
	const struct fault_in *f = ctx;
	uint64_t done = part * FAULT_STEP;
	uint64_t len =
		f->bytes - done < FAULT_STEP ? f->bytes - done : FAULT_STEP;

	(void)err;
	if (madvise(f->at + done, len, MADV_POPULATE_WRITE) < 0)
		for (uint64_t i = 0; i < len; i += PAGE)
			((volatile uint8_t *)f->at)[done + i] = 0;
	return 0;
}

/* Only what was asked for, page by page where the kernel is old.  It takes
 * seconds for gigabytes where the machine has to find them first. */
static int fault_in(uint8_t *at, uint64_t bytes, struct error *err)
{
	struct fault_in f = {at, bytes};

	return parallel_each("making room",
			     (bytes + FAULT_STEP - 1) / FAULT_STEP,
			     fault_in_part, &f, err);
}

int image_reserve(struct image *image, uint64_t bytes, struct error *err)
{
	uint64_t size = (bytes + HUGE - 1) / HUGE * HUGE;
	uint8_t *at;

	if (bytes <= room(image))
		return 0;
	if (size < bytes)
		return error_set(err, ERR_NO_MEMORY, "no memory for contents");
	if (GROW(image->pool, image->pool_cap, image->pool_count + 1,
		 "table of contents", err) < 0)
		return -1;
	at = mmap(NULL, size, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (at == MAP_FAILED)
		return error_set(err, ERR_NO_MEMORY,
				 "no memory for %llu bytes of contents",
				 (unsigned long long)bytes);
	madvise(at, size, MADV_HUGEPAGE);
	/* An agent that is forked later must not keep it alive. */
	madvise(at, size, MADV_DONTFORK);
	if (fault_in(at, bytes, err) < 0) {
		munmap(at, size);
		return -1;
	}
	image->pool[image->pool_count++] = (struct image_pool){at, size, 0};
	return 0;
}

void image_trim(struct image *image)
{
	struct image_pool *pool = last_pool(image);
	uint64_t from;

	if (!pool)
		return;
	from = (pool->used + PAGE - 1) / PAGE * PAGE;
	if (from < pool->size)
		madvise(pool->bytes + from, pool->size - from, MADV_DONTNEED);
}

/* Where the next len bytes go; they are taken by keep(). */
static uint8_t *place(struct image *image, size_t len, struct error *err)
{
	if (len > room(image) &&
	    image_reserve(image, len > HUGE ? len : HUGE, err) < 0)
		return NULL;
	return last_pool(image)->bytes + last_pool(image)->used;
}

/* The index where a run that starts at addr belongs. */
static size_t run_index(const struct image *image, uint64_t addr)
{
	size_t low = 0, high = image->run_count;

	/* Nearly always at the end. */
	if (high && image->run[high - 1].start <= addr)
		return high;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (image->run[mid].start <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The run [addr, addr + len) lies at "at". */
static int insert(struct image *image, uint64_t addr, const uint8_t *at,
		  size_t len, struct error *err)
{
	size_t i = run_index(image, addr);
	struct image_run *before = i ? &image->run[i - 1] : NULL;

	if (!len)
		return 0;
	if ((before && before->end > addr) ||
	    (i < image->run_count && image->run[i].start < addr + len))
		return error_set(err, ERR_USAGE,
				 "the image has bytes at 0x%lx already",
				 (unsigned long)addr);
	if (before && before->end == addr &&
	    before->bytes + (before->end - before->start) == at) {
		before->end += len;
	} else {
		if (GROW(image->run, image->run_cap, image->run_count + 1,
			 "table of contents", err) < 0)
			return -1;
		memmove(&image->run[i + 1], &image->run[i],
			(image->run_count - i) * sizeof *image->run);
		image->run[i] = (struct image_run){addr, addr + len, at};
		image->run_count++;
	}
	return 0;
}

/* What place() gave now holds [addr, addr + len). */
static int keep(struct image *image, uint64_t addr, uint8_t *at, size_t len,
		struct error *err)
{
	if (insert(image, addr, at, len, err) < 0)
		return -1;
	if (len) {
		last_pool(image)->used += len;
		image->pool_used += len;
	}
	return 0;
}

int image_add(struct image *image, uint64_t addr, const void *bytes, size_t len,
	      struct error *err)
{
	uint8_t *at = place(image, len, err);

	if (!at)
		return -1;
	memcpy(at, bytes, len);
	return keep(image, addr, at, len, err);
}

static int add_zero(struct image *image, uint64_t start, uint64_t end,
		    struct error *err)
{
	size_t n = image->zero_count;

	if (start >= end)
		return 0;
	if (n && image->zero[n - 1].end == start) {
		image->zero[n - 1].end = end;
		return 0;
	}
	if (GROW(image->zero, image->zero_cap, n + 1, "table of contents",
		 err) < 0)
		return -1;
	image->zero[n].start = start;
	image->zero[n].end = end;
	image->zero_count++;
	return 0;
}

/* Reads a run that is there; pages that turn out unreadable are skipped. */
static int copy_run(struct image *image, struct target *from, uint64_t at,
		    uint64_t end, uint64_t *budget, struct error *err)
{
	uint64_t page = from->page_size;

	while (at < end) {
		uint64_t len = end - at < STEP ? end - at : STEP;
		uint8_t *to;
		size_t n;

		if (progress_tick("reading memory", image->pool_used, 0, err) <
		    0)
			return -1;
		if (len > *budget)
			len = *budget / page * page;
		if (!len) {
			image->skipped_bytes += end - at;
			return 0;
		}
		to = place(image, len, err);
		if (!to)
			return -1;
		n = target_read_some(from, at, to, len);
		if (n < len && target_gone(from))
			return error_set(err, ERR_GONE,
					 "process %d ended while it was read",
					 from->pid);
		if (keep(image, at, to, n, err) < 0)
			return -1;
		*budget -= n;
		at += n;
		if (n < len) {
			uint64_t next = at - at % page + page;

			next = next < end ? next : end;
			/* What nobody can read is no gap in what we have. */
			if (!from->ops->guard_page ||
			    !from->ops->guard_page(from, at))
				image->skipped_bytes += next - at;
			at = next;
		}
	}
	return 0;
}

struct together {
	struct target *from;
	uint64_t at;
	uint8_t *to;
};

static int read_step(void *ctx, uint64_t part, struct error *err)
{
	const struct together *t = ctx;
	uint64_t at = t->at + part * STEP;
	size_t n = t->from->ops->read_touched(t->from, at, t->to + part * STEP,
					      STEP);

	return n == STEP ? 0
			 : error_at(err, ERR_FAULT, at + n,
				    "cannot read touched memory");
}

/*
 * As many whole steps of a long run as there is room for, several at a time;
 * *at goes on behind them.  From the first that cannot be read whole the rest
 * is left to copy_run(); those before it have all been begun, so were read.
 */
static int copy_together(struct image *image, struct target *from, uint64_t *at,
			 uint64_t end, uint64_t *budget, struct error *err)
{
	struct together t = {.from = from, .at = *at};
	uint64_t len = end - *at;

	len = len < *budget ? len : *budget;
	len = len < room(image) ? len : room(image);
	len -= len % STEP;
	if (len < TOGETHER || !from->ops->read_touched)
		return 0;
	t.to = place(image, len, err);
	if (!t.to)
		return -1;
	if (parallel_each("reading memory", len / STEP, read_step, &t, err)) {
		if (err->code != ERR_FAULT)
			return -1;
		len = (err->addr - *at) / STEP * STEP;
	}
	if (keep(image, *at, t.to, len, err) < 0)
		return -1;
	from->bytes_read += len;
	*at += len;
	*budget -= len;
	return 0;
}

int image_copy(struct image *image, struct target *from, uint64_t start,
	       uint64_t end, enum image_kind kind, uint64_t budget,
	       struct error *err)
{
	uint64_t page = from->page_size, walked, last = end;
	struct page_run run[RUNS];

	bool zeros = kind == IMAGE_ANONYMOUS;

	if (kind == IMAGE_ALL || !from->ops->touched_runs)
		return copy_run(image, from, start, end, &budget, err);
	if (last % page)
		last += page - last % page;
	for (uint64_t at = start - start % page; at < last; at = walked) {
		uint64_t zero = at;
		size_t n = from->ops->touched_runs(from, at, last, run, RUNS,
						   &walked);

		for (size_t i = 0; i < n; i++) {
			uint64_t s =
				run[i].start > start ? run[i].start : start;
			uint64_t e = run[i].end < end ? run[i].end : end;

			if ((zeros &&
			     add_zero(image, zero > start ? zero : start, s,
				      err) < 0) ||
			    copy_together(image, from, &s, e, &budget, err) <
				    0 ||
			    copy_run(image, from, s, e, &budget, err) < 0)
				return -1;
			zero = e;
		}
		if (zeros && add_zero(image, zero > start ? zero : start,
				      walked < end ? walked : end, err) < 0)
			return -1;
	}
	return 0;
}

static int borrow_run(struct image *image, struct target *from, uint64_t start,
		      uint64_t end, struct error *err)
{
	while (start < end) {
		size_t len = 0;
		const uint8_t *at = from->ops->peek(from, start, &len);

		if (!at)
			break;
		if (len > end - start)
			len = end - start;
		if (insert(image, start, at, len, err) < 0)
			return -1;
		start += len;
	}
	image->skipped_bytes += end - start;
	return 0;
}

int image_borrow(struct image *image, struct target *from, uint64_t start,
		 uint64_t end, struct error *err)
{
	struct page_run run[RUNS];
	uint64_t walked;

	image->borrows = true;
	for (; start < end; start = walked) {
		size_t n = from->ops->touched_runs(from, start, end, run, RUNS,
						   &walked);

		for (size_t i = 0; i < n; i++) {
			image->skipped_bytes += run[i].start - start;
			if (borrow_run(image, from, run[i].start, run[i].end,
				       err) < 0)
				return -1;
			start = run[i].end;
		}
		image->skipped_bytes += walked - start;
	}
	return 0;
}

const uint8_t *image_at(const struct image *image, uint64_t addr, size_t *len)
{
	size_t i = run_index(image, addr);

	*len = 0;
	if (!i || addr >= image->run[i - 1].end)
		return NULL;
	*len = image->run[i - 1].end - addr;
	return image->run[i - 1].bytes + (addr - image->run[i - 1].start);
}

/* The first zero range that ends behind addr. */
static size_t zero_index(const struct image *image, uint64_t addr)
{
	size_t low = 0, high = image->zero_count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (image->zero[mid].end <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* How many bytes from addr on are known to be zero. */
static uint64_t zeros_at(const struct image *image, uint64_t addr)
{
	size_t i = zero_index(image, addr);

	if (i == image->zero_count || addr < image->zero[i].start)
		return 0;
	return image->zero[i].end - addr;
}

uint64_t image_next(const struct image *image, uint64_t addr)
{
	size_t run = run_index(image, addr), zero = zero_index(image, addr);
	uint64_t next = UINT64_MAX;

	/* The range that addr is in began before it: it is not the next. */
	if (zero < image->zero_count && image->zero[zero].start <= addr)
		zero++;
	if (run < image->run_count)
		next = image->run[run].start;
	if (zero < image->zero_count && image->zero[zero].start < next)
		next = image->zero[zero].start;
	return next;
}

size_t image_read(const struct image *image, uint64_t addr, void *buf,
		  size_t len)
{
	size_t done = 0;

	while (done < len) {
		size_t n;
		const uint8_t *bytes = image_at(image, addr + done, &n);

		if (!bytes)
			n = zeros_at(image, addr + done);
		if (!n)
			break;
		if (n > len - done)
			n = len - done;
		if (bytes)
			memcpy((char *)buf + done, bytes, n);
		else
			memset((char *)buf + done, 0, n);
		done += n;
	}
	return done;
}

uint64_t image_bytes(const struct image *image)
{
	return image->pool_used;
}
