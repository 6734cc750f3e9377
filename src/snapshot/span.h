/*
 * Spans: the address space of a snapshot cut into pieces of one kind each, so
 * that "what is this address" is one binary search and "where may pointers be"
 * one loop.
 */
#ifndef SNAPSHOT_SPAN_H
#define SNAPSHOT_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct snapshot;

enum place_kind {
	PLACE_NONE,   /* not mapped, or not accessible: not an address */
	PLACE_CHUNK,  /* index, offset from its user address */
	PLACE_HEAP,   /* inside a heap but in no chunk: headers, arenas */
	PLACE_GLOBAL, /* writable data of a module */
	PLACE_CODE,   /* text or constants of a module */
	PLACE_STACK,  /* thread, frame */
	PLACE_TLS, /* thread-local storage or thread descriptor of a thread */
	PLACE_REGISTER, /* thread, reg: only as a holder */
	PLACE_ANON,	/* other private memory without a file */
	PLACE_FILE,	/* other file mapping, vdso */
	PLACE_SHARED	/* written by other processes, too; no device */
};

#define SPAN_NO_THREAD UINT32_MAX

struct span {
	uint64_t start, end;  /* [start, end) */
	enum place_kind kind; /* never CHUNK or REGISTER */
	uint32_t thread;      /* STACK, TLS: index in the snapshot */
	uint32_t map;	      /* index in the snapshot's maps */
	/* A word here counts as a holder: private, writable or protected after
	 * it was written, and, for a stack, above the stack pointer (and its
	 * red zone). */
	bool holds;
	bool ended; /* ANON: the stack of a thread that has ended */
};

/*
 * Fills snap's span table (sorted) from its maps, regions, chunks and threads,
 * and each thread's tls range.  snapshot_capture does it; who makes a struct
 * snapshot by hand calls it last.
 */
int spans_build(struct snapshot *snap, struct error *err) MUST_CHECK;
/* What all of a mapping would be that nothing lies over; map: its index. */
enum place_kind span_kind_of_map(const struct snapshot *snap, size_t map);
/* The span that holds addr, or NULL. */
const struct span *span_find(const struct snapshot *snap, uint64_t addr);
/* Is it in the code, the constants or the data of a module? */
bool span_in_module(const struct snapshot *snap, uint64_t addr);

#endif
