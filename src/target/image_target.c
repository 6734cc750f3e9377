/* A target that reads from an image, and from another below it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "target/image.h"
#include "target/pagemap.h"

struct image_impl {
	struct image *image;
	struct target *below; /* borrowed; NULL: none */
	bool own, writable_below;
};

static ssize_t read_below(struct target *target, uint64_t addr, void *buf,
			  size_t len)
{
	struct image_impl *impl = target->impl;
	const struct map *map;
	uint64_t next;

	errno = EFAULT;
	if (!impl->below)
		return -1;
	map = maps_find(&target->maps, addr);
	if (!impl->writable_below && (!map || map->prot & MAP_W))
		return -1;
	if (map && len > map->end - addr)
		len = map->end - addr;
	/* Not past what the image has: its bytes are the older ones. */
	next = image_next(impl->image, addr);
	if (len > next - addr)
		len = next - addr;
	return impl->below->ops->read(impl->below, addr, buf, len);
}

static ssize_t image_target_read(struct target *target, uint64_t addr,
				 void *buf, size_t len)
{
	struct image_impl *impl = target->impl;
	size_t n = image_read(impl->image, addr, buf, len);

	return n ? (ssize_t)n : read_below(target, addr, buf, len);
}

static const void *image_target_peek(struct target *target, uint64_t addr,
				     size_t *len)
{
	return image_at(((struct image_impl *)target->impl)->image, addr, len);
}

static int image_target_open_map(struct target *target, const struct map *map,
				 struct error *err)
{
	struct image_impl *impl = target->impl;

	if (impl->below && impl->below->ops->open_map)
		return impl->below->ops->open_map(impl->below, map, err);
	return error_set(err, ERR_NOT_FOUND,
			 "an image of memory has no files behind it");
}

/* What cannot be read below may be so because the process is ending. */
static bool image_target_gone(struct target *target)
{
	struct image_impl *impl = target->impl;

	return impl->below && target_gone(impl->below);
}

static void image_target_close(struct target *target)
{
	struct image_impl *impl = target->impl;

	if (impl->own)
		image_destroy(impl->image);
	free(impl);
}

/* What is in no run was never touched, or is not in the image. */
static size_t image_target_touched_runs(struct target *target, uint64_t start,
					uint64_t end, struct page_run *run,
					size_t max, uint64_t *walked)
{
	struct image_impl *impl = target->impl;
	const struct image *image = impl->image;
	uint64_t page = target->page_size;
	size_t low = 0, high = image->run_count, n = 0;

	*walked = end;
	if (impl->below && impl->writable_below) {
		run[0] = (struct page_run){start, end};
		return 1;
	}
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (image->run[mid].end <= start)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < image->run_count && image->run[low].start < end; low++) {
		uint64_t from = image->run[low].start, to = image->run[low].end;

		from -= from % page;
		to = (to + page - 1) / page * page;
		if (from < start)
			from = start;
		if (to > end)
			to = end;
		if (n == max) {
			*walked = from;
			break;
		}
		run[n++] = (struct page_run){from, to};
	}
	return n;
}

static const struct target_ops image_ops = {
	.kind = "image",
	.read = image_target_read,
	.peek = image_target_peek,
	.open_map = image_target_open_map,
	.close = image_target_close,
	.touched_runs = image_target_touched_runs,
	.gone = image_target_gone,
};

static int copy_below(struct target *target, const struct target *below,
		      struct error *err)
{
	size_t count = below->thread_count;

	target->pid = below->pid;
	memcpy(target->exe, below->exe, sizeof target->exe);
	memcpy(target->comm, below->comm, sizeof target->comm);
	target->page_size = below->page_size;
	target->word = below->word;
	target->nameless = below->nameless;
	if (maps_copy(&below->maps, &target->maps, err) < 0)
		return -1;
	target->thread = try_calloc(count, sizeof *target->thread,
				    "list of threads", err);
	if (!target->thread)
		return -1;
	if (count)
		memcpy(target->thread, below->thread,
		       count * sizeof *target->thread);
	target->thread_count = count;
	return 0;
}

int target_open_image(struct image *image, bool own, struct target *below,
		      bool writable_below, struct target **out,
		      struct error *err)
{
	struct target *target = xcalloc(1, sizeof *target);
	struct image_impl *impl = xcalloc(1, sizeof *impl);

	/* Owned only from success on. */
	*impl = (struct image_impl){image, below, false, writable_below};
	target->ops = &image_ops;
	target->impl = impl;
	target->page_size = 4096;
	target->word = 8;
	/* It never runs. */
	target->state = TARGET_STOPPED;
	target->notes = xstrdup("");
	target->stands = below && writable_below;
	if (below && copy_below(target, below, err) < 0) {
		target_close(target);
		return -1;
	}
	impl->own = own;
	*out = target;
	return 0;
}
