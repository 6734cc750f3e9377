/*
 * A session: one target, the snapshots taken of it, and the settings.  Owned by
 * main; batch and ui borrow it.
 */
#ifndef COMMAND_SESSION_H
#define COMMAND_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "analysis/diff.h"
#include "analysis/leaks.h"
#include "base/error.h"
#include "malloc/allocator.h"
#include "snapshot/frame_number.h"
#include "snapshot/snapshot.h"
#include "symbols/disasm.h"
#include "symbols/symbols.h"
#include "target/target.h"
#include "view/render.h"
#include "view/view.h"

struct session_opts {
	const char *debug_dir, *sysroot; /* or NULL */
	const char *exe;		 /* of a core; or NULL */
	uint64_t content_budget; /* bytes; 0: a quarter of MemAvailable, at most
				  * 4 GiB.  "set contents 2G" */
	bool no_contents;	 /* "set contents none" */
	unsigned max_pause_ms;	 /* 0: no limit */
	bool exact;
	bool types;	  /* "set types on": name blocks by them */
	uint32_t limit;	  /* rows; UINT32_MAX: not said (screenful) */
	const char *sort; /* --sort, or NULL */
	enum render_format format;
	unsigned width; /* of text tables; 0: the terminal's */
	bool color;
	bool verbose;
	bool debuginfod; /* "set debuginfod on" */
};

#define SESSION_MAX_SNAPSHOTS 64

struct retained;
struct session_graph;
struct typing;

struct session {
	struct session_opts opts;
	struct target *target;		   /* owned; NULL: none */
	struct symbols *symbols;	   /* owned; opened with the target */
	const struct allocator *allocator; /* NULL: no heap we can read */
	uint64_t program;      /* where the program lay when it was sought */
	uint64_t modules;      /* which there were then: a sum over them */
	void *allocator_state; /* owned */
	char no_heap[1000];    /* why there is no heap, for messages; "" */
	struct snapshot *snapshot[SESSION_MAX_SNAPSHOTS]; /* owned, by age */
	uint32_t snapshot_count;
	uint32_t taken;		      /* ever: names are "1", "2", ... */
	struct snapshot *current;     /* borrowed from the list, or NULL */
	struct diff *diff;	      /* owned: the last one made, or NULL; made
				       * anew when wanted after a snapshot */
	struct session_graph *graph;  /* owned, or NULL: see session_graph.h */
	struct leaks *leaks;	      /* owned: the last ones found, or NULL */
	struct retained *retained[2]; /* the same: see session_retained.h */
	struct typing *typing;	      /* the same: see session_typing.h */
	struct typing *earlier[SESSION_MAX_SNAPSHOTS]; /* owned; the same */
	uint32_t earlier_count;
	/* Addresses of the last table's rows, for #1, #2 ... */
	uint64_t *row_addr; /* owned */
	uint32_t row_addr_count;
	uint64_t last_addr;		   /* "$_" */
	uint64_t examine_next;		   /* where a bare "x" goes on */
	char examine_format, examine_size; /* of the last x: 'x', 'g' */
	pid_t tid;	      /* whose registers "$rsp" means; 0: the first */
	uint32_t frame;	      /* of its stack, as bt numbers them, whose
			       * variables and registers are meant */
	char last_line[1024]; /* as understood */
	const char *rest;     /* what follows the command's name; borrowed
			       * while a command runs */
	unsigned depth;	      /* of "source" within "source" */
	/*
	 * Shows the view of a line that another command ran (source) and
	 * takes it over; NULL: nobody looks.  -1 ends the run.
	 */
	int (*show)(struct session *, struct view *, struct error *);
	void *show_ctx; /* borrowed, of whoever set show */
	/* Grows whenever a snapshot or a diff is freed: views made before it
	 * changed may point into them. */
	uint32_t generation;
	bool gave_up_contents; /* of the last snapshot, for max_pause_ms */
	bool said_gone;	       /* the end of the target was told */
	bool sorted;	       /* some table had the column of opts.sort */
	bool quit;	       /* "quit" was run */
	bool interactive;      /* prompt or TUI: questions may be asked */
	/* Seen so far, of any view: batch's exit status. */
	bool incomplete, condition, fault;
};

/* Its one snapshot is taken at once. */
int session_open_core(struct session *session, const char *path,
		      struct error *err) MUST_CHECK;
/* Some of one process: snapshots 1, 2 ...  ERR_USAGE if they are not. */
int session_open_cores(struct session *session, char *const *path, size_t count,
		       struct error *err) MUST_CHECK;
int session_open_pid(struct session *session, const char *pid_or_name,
		     struct error *err) MUST_CHECK;
void session_close(struct session *session);

/* Another allocator than ours, or no snapshot of a heap: ERR_UNSUPPORTED. */
int session_need_heap(const struct session *session,
		      struct error *err) MUST_CHECK;
/* ERR_GONE once the process ended, ERR_USAGE where there is none: a core. */
int session_need_live(struct session *session, struct error *err) MUST_CHECK;

/* Takes one (name NULL: the next number), makes it current, drops contents of
 * older ones.  Works with no allocator too: threads and maps are there. */
int session_snapshot(struct session *session, const char *name,
		     struct error *err) MUST_CHECK;
struct snapshot *session_find_snapshot(struct session *session,
				       const char *name);
/* Makes it the current one. */
void session_use(struct session *session, struct snapshot *snap);
/* If the last stop was longer than asked for, or contents were given up for
 * its sake, the view says so. */
void session_pause_warning(const struct session *session, struct view *view);
/* Lets go of the process for good; the snapshots stay. */
void session_detach(struct session *session);
int session_drop(struct session *session, const char *name,
		 struct error *err) MUST_CHECK;
/* before and after, or (both NULL) the current one and the one before it: made
 * unless session->diff is just that. */
int session_diff(struct session *session, const struct snapshot *before,
		 const struct snapshot *after, struct error *err) MUST_CHECK;

/* ERR_USAGE: there are too few snapshots, fewer than least, 2 or 3; what:
 * "growth looks at three snapshots".  It says how to get more. */
int session_few(const struct session *session, uint32_t least, const char *what,
		struct error *err) MUST_CHECK;

/* Bytes of an address of the program: 8, or 4 of an i386 one. */
unsigned session_word(const struct session *session);

/* Bytes of contents a snapshot may keep, after the settings and the memory. */
uint64_t session_budget(const struct session *session);
/* The addresses of the view's rows become #1, #2 ... */
void session_remember(struct session *session, const struct view *view);

/*
 * 0x..., a decimal number, symbol, symbol+off, #row of the last table, $reg
 * ($rsp, $pc of the current thread), $_ (the last address); an expression of
 * these and of variables ("g_server.clients->next").
 */
int session_address(struct session *session, const char *text, uint64_t *out,
		    struct error *err) MUST_CHECK;
/* The chunk of the current snapshot that such an address is in. */
int session_chunk(struct session *session, const char *text, uint32_t *chunk,
		  struct error *err) MUST_CHECK;

/* $name (without the $) of the current thread; takes a snapshot if there is
 * none. */
int session_register(struct session *session, const char *name, uint64_t *out,
		     struct error *err) MUST_CHECK;
/* The thread whose registers those are; NULL and err: none were read. */
/* The current frame of t; the innermost where the one that was chosen in
 * another snapshot is past the end.  False: t has no stack. */
bool session_frame(struct session *session, const struct snapshot_thread *t,
		   struct numbered_frame *out);
const struct snapshot_thread *session_thread(struct session *session,
					     struct error *err);
/* "#3": the address of a row of the last table. */
int session_row(struct session *session, uint64_t row, uint64_t *out,
		struct error *err) MUST_CHECK;

/* Bytes as the current snapshot had them; if it has none, as they are now:
 * *now says which. */
int session_read(struct session *session, uint64_t addr, void *buf, size_t len,
		 bool *now, struct error *err) MUST_CHECK;

#endif
