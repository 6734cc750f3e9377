#include "base/file_map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/emergency.h"

static struct file_map *_Atomic first;

/* By a signal handler: is it one of ours, it is mended. */
static bool mend(uintptr_t addr)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	for (struct file_map *m = atomic_load(&first); m;
	     m = atomic_load(&m->next)) {
		uintptr_t start = (uintptr_t)m->pages;

		if (addr < start || addr - start >= m->length)
			continue;
		/* What is behind it is behind the file's end, too. */
		addr -= addr % page;
		if (mmap((void *)addr, m->length - (addr - start), PROT_READ,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
			 0) == MAP_FAILED)
			return false;
		atomic_store(&m->was_cut, true);
		return true;
	}
	return false;
}

int file_map_open(struct file_map *map, int fd, uint64_t offset, uint64_t size,
		  struct error *err)
{
	uint64_t skip = offset % (uint64_t)sysconf(_SC_PAGESIZE);
	struct stat st;
	void *pages;

	*map = (struct file_map){0};
	if (fstat(fd, &st))
		return error_sys(err, "cannot stat the file");
	if (offset > (uint64_t)st.st_size ||
	    size > (uint64_t)st.st_size - offset)
		return error_set(err, ERR_FORMAT,
				 "it goes past the file's end");
	if (!size)
		return 0;
	if (size > SIZE_MAX - skip)
		return error_set(err, ERR_NO_MEMORY, "%llu bytes to be mapped",
				 (unsigned long long)size);
	pages = mmap(NULL, size + skip, PROT_READ, MAP_PRIVATE, fd,
		     (off_t)(offset - skip));
	if (pages == MAP_FAILED)
		return error_sys(err, "cannot map the file");
	map->pages = pages;
	map->length = size + skip;
	map->data = (const uint8_t *)pages + skip;
	map->size = size;
	emergency_mend(mend);
	atomic_store(&map->next, atomic_load(&first));
	atomic_store(&first, map);
	return 0;
}

void file_map_close(struct file_map *map)
{
	struct file_map *_Atomic *link = &first;

	if (!map->pages)
		return;
	while (atomic_load(link) && atomic_load(link) != map)
		link = &atomic_load(link)->next;
	if (atomic_load(link))
		atomic_store(link, atomic_load(&map->next));
	munmap(map->pages, map->length);
	map->pages = NULL;
	map->data = NULL;
	map->size = 0;
}

int file_map_scratch(int *fd, struct error *err)
{
	const char *folder = getenv("TMPDIR");

	*fd = -1;
	if (folder && *folder)
		*fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (*fd < 0)
		*fd = open("/var/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	return *fd < 0 ? error_sys(err, "no temporary file in %s",
				   folder && *folder ? "$TMPDIR or /var/tmp"
						     : "/var/tmp")
		       : 0;
}

int file_map_write(int fd, const void *bytes, size_t len, struct error *err)
{
	const char *at = bytes;

	while (len) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_sys(err, "cannot write a temporary file");
		at += n;
		len -= (size_t)n;
	}
	return 0;
}
