/*
 * The variables of a function on a stack, as text: what bt, locals and args
 * show.
 */
#ifndef VIEW_FRAME_VARS_H
#define VIEW_FRAME_VARS_H

#include "snapshot/frame_number.h"
#include "snapshot/snapshot.h"
#include "symbols/symbols.h"

/* Where names and bytes come from; borrowed. */
struct frame_source {
	struct symbols *symbols;
	/* Memory as the snapshot had it; false: it was not kept. */
	bool (*read)(void *ctx, uint64_t addr, void *buf, size_t len);
	void *ctx;
};

struct frame_var {
	char *name;		  /* owned */
	char *type, *value;	  /* owned; value as gdb's print has it */
	uint64_t addr;		  /* 0: it is not in memory */
	unsigned level;		  /* 0: of the function itself; 1: of the one
				   * inlined into it, and so on */
	bool is_parameter, known; /* known: it has a value */
	/* Owned: what it was given as; NULL: not known.  same: it is that. */
	char *entry;
	bool same;
};

struct frame_vars {
	struct frame_var *var; /* owned, each too: innermost block first */
	size_t count, cap;
};

/* A function on a stack, of which variables are asked for. */
struct frame_place {
	const struct frame_source *source;
	const struct snapshot *snap;
	const struct snapshot_thread *thread;
	struct numbered_frame at;
	/* Of a caller that was asked: how far out, and for whom. */
	unsigned depth;
	struct frame_place *inner;
	unsigned asked; /* how often callers were, for this one */
};

struct frame_state;
/* Its registers, memory and the frame's address; place stays as long as *out
 * is used. */
void frame_state_of(struct frame_place *place, struct frame_state *out);

enum { FRAME_LEVELS = UINT32_MAX };
enum frame_vars_which { FRAME_ARGS = 1, FRAME_LOCALS = 2 };

/*
 * Those of the function at place->at.level of inlining, or of all that are
 * inlined there and the function itself (FRAME_LEVELS).  brief: "..." for
 * structs and arrays.  None where there is no debug information.
 */
int frame_vars_take(struct frame_vars *vars, struct frame_place *place,
		    unsigned which, bool brief, struct error *err) MUST_CHECK;
void frame_vars_deinit(struct frame_vars *vars);

#endif
