#include "symbols/module_file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"

/* Symbols are worth a copy of that much of the target's memory, not more. */
enum { IMAGE_MAX = 64 << 20, NOTE_MAX = 4096, DYNAMIC_MAX = 8192 };

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

/* Do the bytes of the file's notes, the build-id among them, lie there? */
static bool has_notes(struct target *target, const struct elf *elf,
		      uint64_t bias)
{
	const struct elf_segment *seg;
	size_t n = elf_segments(elf, &seg);
	char there[NOTE_MAX], in_file[NOTE_MAX];
	struct error err;

	for (size_t i = 0; i < n; i++) {
		uint64_t len = seg[i].filesz;

		if (seg[i].type != PT_NOTE || len > NOTE_MAX ||
		    elf_read(elf, seg[i].vaddr, in_file, len, &err))
			continue;
		if (target_read_some(target, bias + seg[i].vaddr, there, len) <
		    len)
			continue; /* what cannot be read tells nothing */
		if (memcmp(there, in_file, len))
			return false;
	}
	return true;
}

static uint64_t word_at(const char *bytes, size_t i, unsigned word)
{
	uint32_t narrow;
	uint64_t wide;

	memcpy(&wide, bytes + i * word, word == 8 ? 8 : 4);
	if (word == 8)
		return wide;
	memcpy(&narrow, bytes + i * word, 4);
	return narrow;
}

/*
 * The dynamic section: ld.so writes to its page, so the process has a page of
 * its own there, which keeps what was loaded even if somebody writes into the
 * file afterwards.  ld.so may have added the bias to addresses.
 */
static bool has_dynamic(struct target *target, const struct elf *elf,
			uint64_t bias)
{
	const struct elf_segment *seg;
	size_t n = elf_segments(elf, &seg);
	char there[DYNAMIC_MAX], in_file[DYNAMIC_MAX];
	unsigned word = elf_word(elf);
	struct error err;
	uint64_t len;

	while (n && seg->type != PT_DYNAMIC) {
		seg++;
		n--;
	}
	len = n && seg->filesz < DYNAMIC_MAX ? seg->filesz : 0;
	if (!len || elf_read(elf, seg->vaddr, in_file, len, &err) ||
	    target_read_some(target, bias + seg->vaddr, there, len) < len)
		return true;
	for (size_t i = 0; (i + 2) * word <= len; i += 2) {
		uint64_t tag = word_at(in_file, i, word);
		uint64_t was = word_at(in_file, i + 1, word);
		uint64_t is = word_at(there, i + 1, word);

		if (word_at(there, i, word) != tag)
			return false;
		if (tag == DT_NULL)
			break;
		if (tag != DT_DEBUG && is != was &&
		    is != (word == 8 ? was + bias : (uint32_t)(was + bias)))
			return false;
	}
	return true;
}

/* Were its segments mapped from where it has them now?  A place that is no
 * longer the file's (a program may copy its code to huge pages) tells nothing.
 */
static bool has_segments(const struct target *target, const struct map *first,
			 const struct elf *elf, uint64_t bias)
{
	uint64_t mask = ~(uint64_t)(target->page_size - 1);
	const struct elf_segment *seg;
	size_t n = elf_segments(elf, &seg);

	for (size_t i = 0; i < n; i++) {
		uint64_t addr = (bias + seg[i].vaddr) & mask;
		const struct map *map = maps_find(&target->maps, addr);

		if (seg[i].type != PT_LOAD || !seg[i].filesz || !map ||
		    map->inode != first->inode ||
		    strcmp(map->path, first->path))
			continue;
		if (map->offset + (addr - map->start) !=
			    (seg[i].offset & mask) ||
		    (seg[i].flags & PF_X && !(map->prot & MAP_X)))
			return false;
	}
	return true;
}

/* The end of the file's code that begins at addr or before; 0 if it has none
 * there. */
static uint64_t code_end(const struct target *target, const struct elf *elf,
			 uint64_t bias, uint64_t addr)
{
	uint64_t mask = ~(uint64_t)(target->page_size - 1);
	const struct elf_segment *seg;
	size_t n = elf_segments(elf, &seg);

	for (size_t i = 0; i < n; i++) {
		uint64_t start = bias + seg[i].vaddr;
		uint64_t end = (start + seg[i].filesz + ~mask) & mask;

		if (seg[i].type == PT_LOAD && seg[i].flags & PF_X &&
		    addr >= (start & mask) && addr < end)
			return end;
	}
	return 0;
}

/* Is code mapped only where the file has some?  Where its first page is mapped
 * as code, and has none, so is all that can be read (READ_IMPLIES_EXEC): that
 * tells nothing. */
static bool has_code(const struct target *target, const struct map *first,
		     const struct elf *elf, uint64_t bias)
{
	const struct map *end = target->maps.map + target->maps.count;
	uint64_t last = image_end(target, first);

	if (first->prot & MAP_X && !code_end(target, elf, bias, first->start))
		return true;
	for (const struct map *map = first; map < end && map->start < last;
	     map++) {
		if (!(map->prot & MAP_X) || map->prot & MAP_W ||
		    map->inode != first->inode ||
		    strcmp(map->path, first->path))
			continue;
		for (uint64_t at = map->start; at < map->end;) {
			at = code_end(target, elf, bias, at);
			if (!at)
				return false;
		}
	}
	return true;
}

/* Is this file what was loaded at map? */
static bool is_what_was_loaded(struct target *target, const struct map *map,
			       const struct elf *elf)
{
	uint64_t bias = map->start - lowest_vaddr(elf, target->page_size);

	return has_segments(target, map, elf, bias) &&
	       has_code(target, map, elf, bias) &&
	       has_notes(target, elf, bias) && has_dynamic(target, elf, bias);
}

/* A file that nothing but its name speaks for: the build-id must, too. */
static struct elf *from_path(struct target *target, const struct map *map,
			     const char *root)
{
	static const char deleted[] = " (deleted)";
	size_t len = strlen(map->path), cut = strlen(deleted);
	AUTO_FREE char *path = NULL;
	struct error err;
	struct elf *elf;
	int fd;

	if (len > cut && !strcmp(map->path + len - cut, deleted))
		len -= cut;
	path = xasprintf("%s%.*s", root, (int)len, map->path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return NULL;
	if (elf_open(fd, &elf, &err)) {
		log_info("%s: %s", path, err.msg);
		return NULL;
	}
	if (*elf_build_id(elf) && is_what_was_loaded(target, map, elf))
		return elf;
	log_info("%s is of another build than what is mapped", path);
	elf_close(elf);
	return NULL;
}

/* Under a sysroot a file without a build-id is taken by its name. */
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
	if (is_what_was_loaded(target, map, elf))
		return elf;
	log_warn("%s is of another build than what is mapped", path);
	elf_close(elf);
	return NULL;
}

/*
 * The very file, unless somebody wrote into it since.  Where it cannot be had
 * (overlays hide which it is; it was deleted or replaced, and only root can
 * open it) one of the same build will do, as the process sees it or as we do.
 */
static struct elf *from_file(struct target *target, const struct map *map,
			     bool *overwritten, struct error *err)
{
	char root[40];
	struct elf *elf;
	int fd = -1;

	if (target->ops->open_map)
		fd = target->ops->open_map(target, map, err);
	else
		error_set(err, ERR_UNSUPPORTED,
			  "only the memory is at hand, not the files");
	if (fd >= 0) {
		if (elf_open(fd, &elf, err))
			return NULL;
		if (target->ops->proves_files ||
		    is_what_was_loaded(target, map, elf))
			return elf;
		elf_close(elf);
		*overwritten = true;
		error_set(err, ERR_NOT_FOUND,
			  "%s was written to after process %d had loaded it",
			  map->path, (int)target->pid);
		return NULL;
	}
	if (!target->ops->open_map || target->ops->proves_files || !target->pid)
		return NULL;
	snprintf(root, sizeof root, "/proc/%d/root", (int)target->pid);
	elf = from_path(target, map, root);
	return elf ? elf : from_path(target, map, "");
}

struct elf *module_file_open(struct target *target, const struct map *map,
			     const char *sysroot, bool *overwritten, char **why)
{
	struct error err, memory_err;
	struct elf *elf = NULL;

	if (map->path[0] == '/') {
		if (sysroot && *sysroot && !target->ops->proves_files)
			elf = from_sysroot(target, map, sysroot);
		if (!elf)
			elf = from_file(target, map, overwritten, &err);
		if (elf)
			return elf;
		*why = xstrdup(err.msg);
		log_info("%s: %s", map->path, err.msg);
		/* What is in memory is half of one and half of the other. */
		if (*overwritten)
			return NULL;
	}
	elf = from_memory(target, map, &memory_err);
	if (!elf && !*why)
		*why = xstrdup(memory_err.msg);
	return elf;
}
