/*
 * Heaps of real processes, recorded once and kept in tests/images: maps,
 * threads, and the bytes that the walk reads (libc's data, heaps, mmapped
 * chunks, libc's thread-local blocks; no stack, no environment), with what the
 * process itself said that it uses.  tests/lib/saveimage makes them.
 *
 * Compressed (zstd), then: lines of words up to "end", then the bytes of the
 * runs, one behind the other.
 */
#ifndef TESTS_LIB_SAVED_IMAGE_H
#define TESTS_LIB_SAVED_IMAGE_H

#include "base/u64map.h"
#include "malloc/glibc.h"
#include "malloc/mallinfo.h"
#include "target/target.h"

#define SAVED_FIRST "heapscope image 1"

enum { SAVED_TOTALS = 10 }; /* as struct mallinfo2_totals has them */

struct saved_image {
	char glibc[64];	       /* where it ran: "bullseye-i386 2.31" */
	struct target *target; /* owned */
	/* What the tool that saved it had found, by every method; no layouts,
	 * which the memory must tell. */
	struct glibc g;
	struct u64map used; /* user address to usable bytes */
	uint64_t totals[SAVED_TOTALS];
};

/* Any fault of the file fails the test. */
void saved_image_load(struct saved_image *image, const char *path);
void saved_image_deinit(struct saved_image *image);

#endif
