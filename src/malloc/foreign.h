/*
 * Allocators we cannot walk.  Each is recognised by what is mapped and what
 * that exports; whether it is the program's malloc is told by the order in
 * which the dynamic linker looks for one.
 */
#ifndef MALLOC_FOREIGN_H
#define MALLOC_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbols;
struct target;

enum foreign_role {
	FOREIGN_MALLOC, /* malloc() of the program is its */
	FOREIGN_CALLED, /* malloc() is not; it is called by names of its own */
	FOREIGN_MAPPED	/* no file asks for those: used by dlsym() or not */
};

struct foreign_allocator {
	const char *name;    /* "jemalloc", static; "": one we do not know */
	const char *advice;  /* what it can tell itself, static; or "" */
	char version[40];    /* "" if it does not tell */
	char module[80];     /* the name of the file it is in */
	uint64_t data_bytes; /* of its writable data and .bss; 0: not known */
	char evidence[160];  /* "libjemalloc.so.2 is mapped" */
	enum foreign_role role;
	bool probably; /* known by texts in the file alone */
};

/*
 * The one that is the program's malloc first.  At most cap are written; returns
 * how many there are.  One we do not know is there only as the program's
 * malloc: it may well pass everything on to glibc's.
 */
size_t foreign_find(struct target *target, struct symbols *symbols,
		    struct foreign_allocator *out, size_t cap);
/* ", or in 64.0 MiB of data of libfoo.so": where one we do not know may have
 * its heap as well; "" for others. */
void foreign_data(const struct foreign_allocator *f, char *buf, size_t cap);
/* "jemalloc 5.3.0", "probably jemalloc", "the malloc of libfoo.so". */
void foreign_name(const struct foreign_allocator *f, char *buf, size_t cap);

#endif
