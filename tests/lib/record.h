/*
 * The file of tests/lib/recorder.c: the live allocations of a process, in a
 * table of open addressing.  compare_recorded.py reads it, too.
 */
#ifndef TESTS_LIB_RECORD_H
#define TESTS_LIB_RECORD_H

#include <stdint.h>

/* Ten times what any test keeps at once. */
enum { RECORD_SLOTS = 1 << 18, RECORD_GONE = 1 };

struct record {
	uint32_t lock, overflow; /* overflow: blocks are missing */
	/* Whose it is: exec() keeps the pid, and makes program another one. */
	int64_t pid;
	uint64_t program;
	/* addr 0: free; RECORD_GONE: was freed.  size: usable bytes */
	struct {
		uint64_t addr, size;
	} slot[RECORD_SLOTS];
};

#endif
