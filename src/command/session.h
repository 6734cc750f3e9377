/*
 * A session: one target, the snapshots taken of it, and the settings.  Owned by
 * main; batch and ui borrow it.
 */
#ifndef COMMAND_SESSION_H
#define COMMAND_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/diff.h"
#include "base/error.h"
#include "malloc/allocator.h"
#include "snapshot/snapshot.h"
#include "symbols/disasm.h"
#include "symbols/symbols.h"
#include "target/target.h"
#include "view/render.h"
#include "view/view.h"

struct session_opts {
	const char *debug_dir, *sysroot; /* or NULL */
	uint64_t content_budget; /* bytes; 0: a quarter of MemAvailable, at most
				  * 4 GiB.  "set contents 2G" */
	unsigned max_pause_ms;	 /* 0: no limit */
	bool exact;
	uint32_t limit;	  /* rows; UINT32_MAX: not said (screenful) */
	const char *sort; /* --sort, or NULL */
	enum render_format format;
	bool color;
	bool verbose;
};

#define SESSION_MAX_SNAPSHOTS 64

struct session {
	struct session_opts opts;
	struct target *target;		   /* owned; NULL: none */
	struct symbols *symbols;	   /* owned; opened with the target */
	const struct allocator *allocator; /* NULL: no heap we can read */
	void *allocator_state;		   /* owned */
	char no_heap[300]; /* why there is no heap, for messages */
	struct snapshot *snapshot[SESSION_MAX_SNAPSHOTS]; /* owned, by age */
	uint32_t snapshot_count;
	uint32_t taken;		  /* ever: names are "1", "2", ... */
	struct snapshot *current; /* borrowed from the list, or NULL */
	struct diff *diff;	  /* owned: the last one made, or NULL */
	/* Addresses of the last table's rows, for #1, #2 ... */
	uint64_t *row_addr; /* owned */
	uint32_t row_addr_count;
	uint64_t examine_next; /* where a bare "x" goes on */
	char last_line[1024];  /* as understood */
	bool quit;	       /* "quit" was run */
	bool interactive;      /* prompt or TUI: questions may be asked */
	/* Incomplete or condition seen so far: batch's exit status. */
	bool incomplete, condition;
};

int session_open_pid(struct session *session, const char *pid_or_name,
		     struct error *err) MUST_CHECK;
void session_close(struct session *session);

/* Takes one (name NULL: the next number), makes it current, drops contents of
 * older ones.  Works with no allocator too: threads and maps are there. */
int session_snapshot(struct session *session, const char *name,
		     struct error *err) MUST_CHECK;
struct snapshot *session_find_snapshot(struct session *session,
				       const char *name);
int session_drop(struct session *session, const char *name,
		 struct error *err) MUST_CHECK;
/* The diff of the last two (or of before and current), made if need be. */
int session_diff(struct session *session, const struct snapshot *before,
		 const struct snapshot *after, struct error *err) MUST_CHECK;

/*
 * 0x..., a decimal number, symbol, symbol+off, #row of the last table, $reg
 * ($rsp, $pc of the current thread), $_ (the last address).
 */
int session_address(struct session *session, const char *text, uint64_t *out,
		    struct error *err) MUST_CHECK;

/* Bytes as the current snapshot had them; if it has none, as they are now:
 * *now says which. */
int session_read(struct session *session, uint64_t addr, void *buf, size_t len,
		 bool *now, struct error *err) MUST_CHECK;

#endif
