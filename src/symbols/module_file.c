#include "symbols/module_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"

/* Symbols are worth a copy of that much of the target's memory, not more. */
enum { IMAGE_MAX = 64 << 20 };

static uint64_t image_end(const struct target *target, const struct map *first)
{
	const struct maps *maps = &target->maps;
	const struct map *end = maps->map + maps->count;
	uint64_t last = first->end;

	for (const struct map *map = first + 1; map < end; map++) {
		if (map->inode != first->inode || !map->offset ||
		    strcmp(map->path, first->path))
			break;
		last = map->end;
	}
	return last;
}

/* The first address of the file's segments, from its header in memory. */
static uint64_t lowest_vaddr(const struct elf *elf, uint32_t page_size)
{
	const struct elf_segment *seg;
	size_t n = elf_segments(elf, &seg);
	uint64_t low = UINT64_MAX;

	for (size_t i = 0; i < n; i++)
		if (seg[i].type == 1 /* PT_LOAD */ && seg[i].vaddr < low)
			low = seg[i].vaddr;
	return low == UINT64_MAX ? 0 : low & ~(uint64_t)(page_size - 1);
}

static struct elf *open_copy(const char *bytes, size_t len, uint64_t vaddr,
			     uint64_t bias, struct error *err)
{
	struct elf *elf;
	char *copy = malloc(len);

	if (!copy) {
		error_set(err, ERR_NO_MEMORY, "no memory for a module's image");
		return NULL;
	}
	memcpy(copy, bytes, len);
	return elf_open_memory(copy, len, vaddr, bias, &elf, err) ? NULL : elf;
}

/* Holes stay zero: the reader finds nothing there. */
static struct elf *from_memory(struct target *target, const struct map *first,
			       struct error *err)
{
	uint64_t start = first->start, end = image_end(target, first), low;
	AUTO_FREE char *bytes = NULL;
	struct elf *elf;

	if (end - start > IMAGE_MAX) {
		error_set(err, ERR_UNSUPPORTED, "its image is too large");
		return NULL;
	}
	bytes = try_calloc(end - start, 1, "a module's image", err);
	if (!bytes)
		return NULL;
	for (const struct map *map = first; map->start < end; map++) {
		target_read_some(target, map->start,
				 bytes + (map->start - start),
				 map->end - map->start);
		if (map->end >= end)
			break;
	}
	elf = open_copy(bytes, end - start, 0, start, err);
	if (!elf)
		return NULL;
	low = lowest_vaddr(elf, target->page_size);
	if (!low)
		return elf;
	elf_close(elf); /* a program linked to a fixed address */
	return open_copy(bytes, end - start, low, start - low, err);
}

/* Under a sysroot nothing tells the file apart but its build-id. */
static bool is_same_build(struct target *target, const struct map *map,
			  const struct elf *elf)
{
	struct error err;
	struct elf *memory = from_memory(target, map, &err);
	bool same = !memory || !*elf_build_id(memory) ||
		    !strcmp(elf_build_id(memory), elf_build_id(elf));

	elf_close(memory);
	return same;
}

static struct elf *from_sysroot(struct target *target, const struct map *map,
				const char *sysroot)
{
	AUTO_FREE char *path = xasprintf("%s%s", sysroot, map->path);
	struct error err;
	struct elf *elf;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return NULL;
	if (elf_open(fd, &elf, &err)) {
		log_info("%s: %s", path, err.msg);
		return NULL;
	}
	if (is_same_build(target, map, elf))
		return elf;
	log_warn("%s is of another build than what is mapped", path);
	elf_close(elf);
	return NULL;
}

static struct elf *from_file(struct target *target, const struct map *map,
			     struct error *err)
{
	struct elf *elf;
	int fd = -1;

	if (target->ops->open_map)
		fd = target->ops->open_map(target, map, err);
	else
		error_set(err, ERR_UNSUPPORTED,
			  "only the memory is at hand, not the files");
	return fd < 0 || elf_open(fd, &elf, err) ? NULL : elf;
}

struct elf *module_file_open(struct target *target, const struct map *map,
			     const char *sysroot, char **why)
{
	struct error err, memory_err;
	struct elf *elf = NULL;

	if (map->path[0] == '/') {
		if (sysroot && *sysroot && !target->ops->proves_files)
			elf = from_sysroot(target, map, sysroot);
		if (!elf)
			elf = from_file(target, map, &err);
		if (elf)
			return elf;
		*why = xstrdup(err.msg);
		log_info("%s: %s", map->path, err.msg);
	}
	elf = from_memory(target, map, &memory_err);
	if (!elf && !*why)
		*why = xstrdup(memory_err.msg);
	return elf;
}
