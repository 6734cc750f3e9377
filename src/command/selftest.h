/*
 * The self test: a child of our own, on this box's own libc, allocates blocks
 * and keeps a ledger of them; what heapscope then says of it must be the same.
 * The child is this very program in a hidden mode, so that nothing is needed
 * but what is installed anyway.
 *
 * They talk over two pipes: a letter asks, a struct ledger and its blocks
 * answer.  End of file ends the child.
 */
#ifndef COMMAND_SELFTEST_H
#define COMMAND_SELFTEST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "malloc/mallinfo.h"
#include "view/view.h"

struct session;

/* The first word of the child's command line; the second is a lie, or "". */
#define SELFTEST_CHILD "--selftest-child"

enum {
	LEDGER_THREADS = 4, /* the main one is the first */
	LEDGER_BLOCKS = 1024,
	LEDGER_FRAMES = 2,
	LEDGER_MAGIC = 0x6c656467
};

/* What the child is asked for. */
enum { ASK_HELLO = 'h', ASK_LEDGER = 'l', ASK_GROWTH = 'g', ASK_PULSE = 'p' };

struct ledger_block {
	uint64_t addr;	    /* what malloc returned */
	uint64_t usable;    /* malloc_usable_size() of it */
	uint64_t points_to; /* in its second word; 0: no pointer */
	uint32_t thread;    /* whose arena it must be in; by index */
	bool used;	    /* false: freed */
	bool mapped;	    /* too large for an arena */
	bool fresh;	    /* allocated, or freed, by ASK_GROWTH */
};

struct ledger {
	uint32_t magic, blocks; /* of which so many follow */
	pid_t tid[LEDGER_THREADS];
	/* Where calls return to in the functions each thread is in. */
	uint64_t frame[LEDGER_THREADS][LEDGER_FRAMES];
	/* Globals that point at a block, and which. */
	uint64_t global[LEDGER_THREADS], held[LEDGER_THREADS];
	uint64_t malloc_code; /* address of malloc() */
	char version[32];     /* gnu_get_libc_version() */
	bool has_mallinfo2;   /* else its numbers are 32 bits wide */
	struct mallinfo2_totals mallinfo;
	uint64_t beats; /* of a thread that sleeps and counts */
	uint64_t cut;	/* of its sleeps that ended early */
};

/* How a block's byte i was filled. */
static inline uint8_t ledger_byte(uint64_t addr, uint64_t i)
{
	return (uint8_t)((addr >> 4) * 31 + i * 7 + (i >> 8));
}

/* The child: its exit status. */
int selftest_child(const char *lie);
/* The name of the i-th lie it can tell, NULL after the last. */
const char *selftest_lie(unsigned i);

/* selftest_run.c: the child's life, seen from us. */
struct selftest_process {
	pid_t pid; /* 0: not running */
	int to, from;
};
int selftest_start(struct selftest_process *p, const char *lie,
		   struct error *err) MUST_CHECK;
/* block has room for LEDGER_BLOCKS. */
int selftest_ask(struct selftest_process *p, char what, struct ledger *ledger,
		 struct ledger_block *block, struct error *err) MUST_CHECK;
/* Its wait status; -1 if it did not end by itself and was killed. */
int selftest_end(struct selftest_process *p);

/* selftest_judge.c: *out says of each claim what was found and what told. */
int selftest_run(const struct session *session, const char *lie,
		 struct view **out, struct error *err) MUST_CHECK;

#endif
