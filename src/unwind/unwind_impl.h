/* What the files of unwind/ share.  Nobody else includes it. */
#ifndef UNWIND_UNWIND_IMPL_H
#define UNWIND_UNWIND_IMPL_H

#include <libunwind.h>

#include "unwind/stack.h"

enum {
	PAGE = 4096,
	CACHE_PAGES = 64, /* a power of two */
	/* Reads that one step may make: tables are the target's word, and an
	 * expression in them can jump in circles. */
	STEP_READS = 100000,
};

/* A page of the target; of writable memory it is true for one stack only. */
struct cached_page {
	uint64_t addr; /* UINT64_MAX: none */
	uint64_t epoch;
	size_t len; /* readable bytes from its start */
	bool writable;
	uint8_t bytes[PAGE];
};

/* The unwind tables of one mapped file, as its PT_GNU_EH_FRAME says. */
struct tables {
	uint64_t start, end; /* the file's segments in the target */
	unsigned word;	     /* 8, or 4 of an i386 file */
	uint64_t hdr;	     /* what its entries are relative to; 0: none */
	uint64_t search;     /* address of the sorted table */
	uint64_t count;	     /* entries in it */
	/* Owned: the table, made by us, that stands at OWN_TABLES; or NULL. */
	int32_t *index;
};

/*
 * Tables of ours look to libunwind as if they were the target's, at addresses
 * that belong to no process: table i at OWN_TABLES + i * OWN_TABLE_ROOM.
 */
#define OWN_TABLES     UINT64_C(0xffff000000000000)
#define OWN_TABLE_ROOM (UINT64_C(1) << 32)

struct unwinder {
	struct target *target; /* borrowed */
	unw_addr_space_t as;   /* owned */
	struct cached_page *page;
	uint64_t epoch;
	struct tables *tables; /* owned */
	size_t table_count, table_cap;
	/* of the step that is running */
	struct thread_regs regs;
	uint64_t reads_left;
	bool no_tables; /* it came upon a pc without any */
};

void cache_flush(struct unwinder *u);
/* len bytes (at most PAGE) at addr, all or false. */
bool cache_read(struct unwinder *u, uint64_t addr, void *buf, size_t len);

/* The tables for a pc, or NULL. */
const struct tables *tables_find(struct unwinder *u, uint64_t pc);

/* Indexes the .eh_frame in a segment [start, start + size) of the file of t. */
void eh_frame_index(struct unwinder *u, struct tables *t, uint64_t start,
		    uint64_t size);

extern const unw_accessors_t unwind_accessors;

/*
 * cfi32.c: one frame of i386 code outward by its unwind tables.  lookup: the
 * pc, or of a return address the byte before it.
 */
enum cfi32 { CFI32_NONE, CFI32_FRAME, CFI32_END };
enum cfi32 cfi32_step(struct unwinder *u, uint64_t lookup,
		      struct thread_regs *regs);
/* Is that code the kernel's trampoline out of a signal handler? */
bool cfi32_is_signal(struct unwinder *u, uint64_t lookup);

/*
 * One frame outward without tables: changes pc, sp and bp in regs.  False if
 * nothing on the stack looks like a return address.
 */
bool guess_step(struct unwinder *u, struct thread_regs *regs);

#endif
