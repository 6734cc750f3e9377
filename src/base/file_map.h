/*
 * Bytes of a file without a copy of them: they are in memory only as long as
 * the kernel has room.  Behind the end of a file that is cut short while it is
 * mapped they read as zeros, which was_cut says, where emergency_install() was
 * called; else that is a SIGBUS.
 *
 * A struct file_map that maps something must stay where it is.
 */
#ifndef BASE_FILE_MAP_H
#define BASE_FILE_MAP_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct file_map {
	const uint8_t *data; /* NULL: nothing is mapped */
	size_t size;	     /* bytes */
	atomic_bool was_cut;
	/* Inside: whole pages, and the next of all maps. */
	char *pages;
	size_t length;
	struct file_map *_Atomic next;
};

/* size bytes at offset; ERR_FORMAT: the file has not that many.  size 0 maps
 * nothing. */
int file_map_open(struct file_map *map, int fd, uint64_t offset, uint64_t size,
		  struct error *err) MUST_CHECK;
/* One that maps nothing is fine.  Not while others read through any map. */
void file_map_close(struct file_map *map);

/*
 * An empty file without a name, the caller's to close: in $TMPDIR, else in
 * /var/tmp.  What is written to it and mapped the kernel can put on the disk.
 */
int file_map_scratch(int *fd, struct error *err) MUST_CHECK;
int file_map_write(int fd, const void *bytes, size_t len,
		   struct error *err) MUST_CHECK;

#endif
