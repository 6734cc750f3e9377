/*
 * Roots: the words outside of the heap by which a program reaches its blocks.
 *
 * A class each for registers, stacks (from the red zone below the stack pointer
 * to the stack's end), writable data of modules, thread-local storage, and
 * whatever else is private, writable (or was, before it was protected) and no
 * heap.  Memory that is shared with other processes is a class that no snapshot
 * has: roots_make() gives none of it, analysis/shared.h does.  Malloc's own
 * structures are no roots: main_arena's top and bins name chunk headers, which
 * lie in the tail of the block before.  Neither are stacks of threads that have
 * ended, nor what cannot be accessed.
 */
#ifndef SNAPSHOT_ROOTS_H
#define SNAPSHOT_ROOTS_H

#include "snapshot/snapshot.h"

enum root_class {
	ROOT_REGISTER,
	ROOT_STACK,
	ROOT_GLOBAL,
	ROOT_TLS,
	ROOT_OTHER,
	ROOT_SHARED,
	ROOT_CLASSES
};

#define ROOTS_ALL ((1u << ROOT_CLASSES) - 1)

struct root_range {
	uint64_t start, end; /* [start, end), word-aligned */
	enum root_class class;
	uint32_t thread; /* STACK, TLS: index in snap, else SPAN_NO_THREAD */
	/* Below the live part of a stack, or in that of a thread that has
	 * ended: a word here proves little. */
	bool stale;
	bool constant; /* may only be read, now */
};

struct root_word {
	uint64_t value;
	uint32_t thread; /* index in snap */
	uint32_t reg;	 /* as thread_reg_name() has it; vector ones, too */
	bool stale;	 /* a register whose value is dead */
};

struct roots {
	struct root_range *range; /* owned, ascending, not overlapping */
	size_t count;
	struct root_word *word; /* owned: registers */
	size_t words;
	bool complete;	/* false: memory that may hold roots was not kept */
	char note[400]; /* what is missing, "" if nothing is */
};

/*
 * classes: a bit (1 << enum root_class) each.  Stale ranges and words come
 * with their class; who does not want them skips them.  Needs snap's contents:
 * ERR_UNSUPPORTED without.
 */
int roots_make(const struct snapshot *snap, unsigned classes, struct roots *out,
	       struct error *err) MUST_CHECK;
void roots_deinit(struct roots *roots);

/* Of a word outside of the heap; *thread: whose, or SPAN_NO_THREAD. */
enum root_class root_class_at(const struct snapshot *snap, uint64_t addr,
			      uint32_t *thread);

/* "register", "stack", "global", "tls", "other", "shared": as options and JSON
 * have it. */
const char *root_class_name(enum root_class class);

#endif
