/*
 * Owners: who holds blocks from outside of the heap.  Every word of a root
 * belongs to one owner: a variable, a thread's stack, a mapping; how finely
 * they are told apart is the user's.
 */
#ifndef ANALYSIS_OWNERS_H
#define ANALYSIS_OWNERS_H

#include "analysis/graph.h"

struct symbols;

enum owner_by {
	OWNER_BY_SYMBOL, /* variables; of a thread stack, registers, TLS */
	OWNER_BY_THREAD, /* a thread with all it has; static data together */
	OWNER_BY_MODULE, /* the data of a file; threads; mappings */
	OWNER_BY_KIND	 /* enum root_class */
};

enum owner_kind {
	OWNER_VARIABLE, /* addr: of the symbol */
	OWNER_WORD,	/* addr: of a word in static data without a symbol */
	OWNER_MODULE,	/* addr: any in it */
	OWNER_STACK,	/* thread; the same for the next three */
	OWNER_REGISTERS,
	OWNER_TLS,
	OWNER_THREAD,
	OWNER_MAPPING, /* addr: its start */
	OWNER_CLASS    /* class */
};

struct owner {
	enum owner_kind kind;
	enum root_class class; /* of its first word */
	uint32_t thread;       /* index in the snapshot, or UINT32_MAX */
	uint64_t addr;	       /* 0: it has none */
};

struct root_owners {
	struct owner *owner; /* owned */
	uint32_t count;
	/* The chunks that an owner's words point at, each once: those of which
	 * one has the start, ascending; from inside[owner] on, where a row is
	 * cut, those into which words point elsewhere. */
	struct rows rows;
	uint64_t *inside; /* owned */
};

/*
 * How lasting what an owner has is: 0 static data and thread-local storage, 1
 * mappings of which nothing is known, 2 stacks, 3 registers: their words pass
 * with the function that they belong to; 4 shared memory, whose words may be
 * another process'.  A thread as a whole is 2.
 */
enum { OWNER_RANKS = 5 };
unsigned owner_rank(const struct owner *owner);

/* symbols may be NULL: no variables are known then. */
int root_owners_make(const struct graph *graph, struct symbols *symbols,
		     enum owner_by by, struct root_owners *out,
		     struct error *err) MUST_CHECK;
void root_owners_deinit(struct root_owners *owners);

/* Of one word outside of the heap, or a register; whatever it points at. */
struct owner owner_of_ref(const struct snapshot *snap, struct symbols *symbols,
			  enum owner_by by, const struct ref *ref);

/*
 * "g_sessions", "prog+0x1d2cc0 (.bss)", "thread 4711 \"worker\" stack",
 * "libfoo.so", "static data": for people and JSON alike.
 */
void owner_name(const struct owner *owner, const struct snapshot *snap,
		struct symbols *symbols, char *buf, size_t cap);
/* "libfoo.so .bss", "" if it is in no module, or is one. */
void owner_where(const struct owner *owner, struct symbols *symbols, char *buf,
		 size_t cap);
/* "symbol", "data", "module", "stack", ...: as in JSON. */
const char *owner_kind_name(enum owner_kind kind);

#endif
