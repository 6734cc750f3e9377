/* The file behind a mapping, whatever its name means by now. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/alloc.h"
#include "target/proc.h"

/*
 * btrfs and overlayfs show another device in maps than stat() does; the inode
 * and a mapping that still lies within the file must do there.  map_files
 * leads to the very file and needs no proof.
 */
static bool same_file(int fd, const struct map *map)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       st.st_ino == map->inode && major(st.st_dev) == map->dev_major &&
	       minor(st.st_dev) == map->dev_minor;
}

/* Opens path if it is that file; *other: a different file is there. */
static int try_path(const char *path, const struct map *map, bool *other)
{
	/* A fifo or a device put at that path must not make us wait. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd >= 0 && !same_file(fd, map)) {
		close(fd);
		fd = -1;
		*other = true;
	}
	return fd;
}

int proc_open_map(pid_t pid, const struct map *map, struct error *err)
{
	static const char deleted[] = " (deleted)";
	char link[128], path[4400];
	size_t len = strlen(map->path);
	bool other = false;
	pid_t tid = proc_live_tid(pid);
	int fd;

	if (!map->inode)
		return error_set(err, ERR_NOT_FOUND,
				 "no file is behind the mapping at 0x%lx",
				 (unsigned long)map->start);
	if (!tid)
		return error_set(err, ERR_GONE, "process %d ended", pid);
	snprintf(link, sizeof link, "/proc/%d/map_files/%lx-%lx", tid,
		 (unsigned long)map->start, (unsigned long)map->end);
	fd = open(link, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd >= 0)
		return fd;
	if (len > strlen(deleted) &&
	    !strcmp(map->path + len - strlen(deleted), deleted))
		return error_set(err, ERR_NOT_FOUND,
				 "%s: only root can open a deleted file's "
				 "mapping",
				 map->path);
	snprintf(path, sizeof path, "/proc/%d/root%s", tid, map->path);
	fd = try_path(path, map, &other);
	if (fd < 0)
		fd = try_path(map->path, map, &other);
	if (fd >= 0)
		return fd;
	if (other)
		return error_set(err, ERR_NOT_FOUND,
				 "%s is not the file that process %d has mapped"
				 " (replaced, or of another container)",
				 map->path, pid);
	return error_sys(err, "cannot open %s of process %d", map->path, pid);
}
