/*
 * All the views, one file each.  Every constructor gives a view that the caller
 * destroys; what is said to be borrowed must outlive it.  Unless it says
 * otherwise a snapshot, diff or struct symbols is borrowed.
 */
#ifndef VIEW_VIEWS_H
#define VIEW_VIEWS_H

#include "analysis/diff.h"
#include "analysis/growth.h"
#include "analysis/holders.h"
#include "analysis/leak_groups.h"
#include "analysis/near.h"
#include "analysis/path.h"
#include "analysis/refs.h"
#include "analysis/retained_rows.h"
#include "analysis/suspects.h"
#include "analysis/trim.h"
#include "analysis/typing.h"
#include "snapshot/snapshot.h"
#include "symbols/symbols.h"
#include "view/view.h"

/* Sentences: one row a line of text (copied); "" has no row. */
int view_text(const char *title, const char *text, struct view **out,
	      struct error *err) MUST_CHECK;

/* What an expression came to; addr 0: it is in no memory.  Text is copied. */
int view_value(const char *expr, const char *value, const char *type,
	       uint64_t addr, struct view **out, struct error *err) MUST_CHECK;

/*
 * The view speaks of snap: complete only if snap is, and the snapshot's notes,
 * defects and failed checks become its warnings.
 */
void view_of_snapshot(struct view *view, const struct snapshot *snap);

/* "libc.so.6 in namespace 1": a copy of malloc, as people name it. */
void view_copy_name(const struct snapshot *snap, uint32_t copy, char *buf,
		    size_t cap);

/* "somewhere in 12.0 MiB of anonymous memory (5 mappings, ...)". */
void view_other_memory(const struct snapshot *snap, char *buf, size_t cap);

/* JSON alone: foreign, foreign_2 ..., and other_memory. */
void view_foreign_totals(struct view *view);

/* It shows names: that a debug file was found and not used is a warning. */
void view_of_symbols(struct view *view, struct symbols *symbols);

/* One row an arena, one for the mmapped chunks; totals, mallinfo2.  from: an
 * earlier snapshot, or NULL: if memory is kept that was freed since, that is
 * said. */
int view_heap(const struct snapshot *snap, const struct snapshot *from,
	      struct view **out, struct error *err) MUST_CHECK;

/* One row an arena: what is free in it, what malloc_trim(0) would return and
 * what stands in the way.  from: an earlier snapshot, or NULL: is memory kept
 * that was freed since? */
int view_fragmentation(const struct snapshot *snap, const struct snapshot *from,
		       struct view **out, struct error *err) MUST_CHECK;
/* One row a heap: the chunk that holds its end in place.  symbols may be NULL.
 */
int view_pins(const struct snapshot *snap, struct symbols *symbols,
	      struct view **out, struct error *err) MUST_CHECK;
/* Totals of what malloc_trim(0) would return, in a group of their own. */
void view_trim_totals(struct view *view, const struct trim *trim);

/* What chunk lists and size tables are made of. */
struct chunk_list {
	const struct snapshot *snap;
	uint32_t *index; /* owned, ascending */
	uint32_t count;
	const char *set; /* how they were chosen, for titles and drilling */
	/* A bit a chunk of snap: it is new (or gone, when snap is the older
	 * one).  NULL without a diff; copied. */
	const struct bitmap *fresh;
	const struct leaks *leaks; /* of snap, or NULL; its kinds are copied */
	const struct typing *typing; /* of snap, or NULL */
	struct symbols *symbols;     /* or NULL */
	bool by_type; /* asked for by their type: a row leads to why */
};

/* Each takes list->index over, also when it fails. */
int view_chunks(const struct chunk_list *list, struct view **out,
		struct error *err) MUST_CHECK;
int view_sizes(const struct chunk_list *list, struct view **out,
	       struct error *err) MUST_CHECK;
int view_count(const struct chunk_list *list, struct view **out,
	       struct error *err) MUST_CHECK;

/* One chunk: refs (to it alone; NULL: why says why not) is copied. */
struct chunk_question {
	const struct snapshot *snap;
	struct symbols *symbols;
	uint32_t index;
	const struct diff *diff; /* or NULL */
	const struct refs *refs; /* or NULL */
	const char *why_no_refs;
	const struct typing *typing; /* or NULL: read now */
};
int view_chunk(const struct chunk_question *q, struct view **out,
	       struct error *err) MUST_CHECK;

/* row is taken over; all: classes that did not change are shown too. */
int view_diff(const struct diff *diff, enum diff_by by, struct diff_class *row,
	      uint32_t count, const char *set, bool all, struct view **out,
	      struct error *err) MUST_CHECK;
/* Totals of what diff_judge() told of the kept chunks. */
void view_judged_totals(struct view *view, uint64_t reused, uint64_t unsure,
			uint64_t unknown);

/* Chunks by what became of them.  Gone ones are indices of before, the others
 * of after. */
enum change { CHANGE_NEW, CHANGE_GONE, CHANGE_REUSED, CHANGE_UNSURE, CHANGES };
struct change_list {
	uint32_t *index[CHANGES]; /* owned, ascending */
	uint32_t count[CHANGES];
	/* Kept ones whose bytes were not kept, which are in no list. */
	uint64_t unknown;
	uint64_t unsure; /* all, listed or not */
};
/* One row each; the lists are taken over, also when this fails. */
int view_changes(const struct diff *diff, struct change_list *list,
		 struct symbols *symbols, struct view **out,
		 struct error *err) MUST_CHECK;

/* groups, made with past and types, are taken over; types is borrowed, or NULL;
 * symbols may be NULL. */
int view_leaks(const struct leaks *leaks, struct leak_groups *groups,
	       unsigned kinds, const struct leak_past *past,
	       const struct typing *types, struct symbols *symbols,
	       struct view **out, struct error *err) MUST_CHECK;
/* What a view of chunks chosen by reachability must say. */
void view_of_leaks(struct view *view, const struct leaks *leaks);

/* near is taken over (its rows move); symbols may be NULL; what: "12 new chunks
 * of class 64". */
int view_near(const struct snapshot *snap, struct near *near,
	      struct symbols *symbols, const char *what, struct view **out,
	      struct error *err) MUST_CHECK;

/* holders is taken over (its rows move).  low: where what they point at begins,
 * what: its name. */
int view_refs(const struct snapshot *snap, struct symbols *symbols,
	      struct holders *holders, uint64_t low, const char *what,
	      struct view **out, struct error *err) MUST_CHECK;
/* Warns of the words that were not counted as holders, if there are any. */
void view_doubtful(struct view *view, struct symbols *symbols,
		   const struct holders *holders);
/* The words of [low, high) that are addresses; contents must be there. */
int view_points(const struct snapshot *snap, struct symbols *symbols,
		uint64_t low, uint64_t high, const char *what,
		struct view **out, struct error *err) MUST_CHECK;

/* growth is taken over (its rows move); forecast may be NULL. */
int view_growth(struct growth *growth, const struct snapshot *const *snap,
		uint32_t count, const struct growth_forecast *forecast,
		struct view **out, struct error *err) MUST_CHECK;

/* paths is taken over; all: long ones are not folded.  what: the target. */
int view_path(const struct snapshot *snap, struct symbols *symbols,
	      struct paths *paths, bool all, const char *what,
	      struct view **out, struct error *err) MUST_CHECK;

/* graph_bytes: of the table of who points at whom that current has. */
/* What is said of r wherever it is shown: doubts, and the totals. */
void view_of_retained(struct view *view, const struct retained *r,
		      struct symbols *symbols);
/* Chunks and what each retains, or owners; r is read now, row taken over. */
int view_retained(const struct retained *r, struct retained_chunk *row,
		  uint32_t count, const char *title, struct symbols *symbols,
		  struct view **out, struct error *err) MUST_CHECK;
int view_owners(const struct retained *r, struct retained_owner *row,
		uint32_t count, struct symbols *symbols, struct view **out,
		struct error *err) MUST_CHECK;

/* r is read now; typing is borrowed, symbols may be NULL. */
int view_retained_types(const struct retained *r, const struct typing *typing,
			struct symbols *symbols, struct view **out,
			struct error *err) MUST_CHECK;

/* suspects is taken over (its rows move). */
int view_suspects(const struct retained *r, struct suspects *suspects,
		  bool has_diff, struct symbols *symbols, struct view **out,
		  struct error *err) MUST_CHECK;

/* What they are; list->index is taken over, also when it fails. */
int view_types(const struct typing *typing, const struct chunk_list *list,
	       struct view **out, struct error *err) MUST_CHECK;
/* What one chunk is, and why; typing is read now. */
int view_type(const struct typing *typing, uint32_t chunk, struct view **out,
	      struct error *err) MUST_CHECK;

int view_snapshots(const struct snapshot *const *snap, uint32_t count,
		   const struct snapshot *current, uint64_t graph_bytes,
		   struct view **out, struct error *err) MUST_CHECK;
int view_threads(const struct snapshot *snap, struct symbols *symbols,
		 struct view **out, struct error *err) MUST_CHECK;
struct frame_source;
/* tid 0: of all threads.  ERR_NOT_FOUND: no such thread.  source is borrowed
 * while it is made. */
int view_stacks(const struct snapshot *snap, const struct frame_source *source,
		pid_t tid, struct view **out, struct error *err) MUST_CHECK;
/* The same with the variables of every function. */
int view_full(const struct snapshot *snap, const struct frame_source *source,
	      pid_t tid, struct view **out, struct error *err) MUST_CHECK;
/* One frame of it, by its number: see frame_number.h. */
int view_frame(const struct snapshot *snap, const struct frame_source *source,
	       const struct snapshot_thread *t, uint32_t number,
	       struct view **out, struct error *err) MUST_CHECK;
/* The variables of that frame's function: the parameters, or all others. */
int view_vars(const struct snapshot *snap, const struct frame_source *source,
	      const struct snapshot_thread *thread, uint32_t frame, bool args,
	      struct view **out, struct error *err) MUST_CHECK;
/* snap may be NULL: then the maps alone.  maps are copied. */
int view_maps(const struct maps *maps, const struct snapshot *snap,
	      struct view **out, struct error *err) MUST_CHECK;
/* One check with all of its evidence; index below snap->check_count. */
int view_check(const struct snapshot *snap, uint32_t index, struct view **out,
	       struct error *err) MUST_CHECK;
int view_verify(const struct snapshot *snap, const char *summary,
		struct view **out, struct error *err) MUST_CHECK;
/* What was found against what it must be; claim is copied.  A failed one is our
 * own fault. */
int view_claims(const char *title, const struct check *claim, uint32_t count,
		struct view **out, struct error *err) MUST_CHECK;
const char *check_result_name(enum check_result result); /* "ok" ... */
/* One row a defect; one alone: ERR_NOT_FOUND if none is at addr.  symbols may
 * be NULL. */
int view_defects(const struct snapshot *snap, struct symbols *symbols,
		 struct view **out, struct error *err) MUST_CHECK;
int view_defect(const struct snapshot *snap, struct symbols *symbols,
		uint64_t addr, struct view **out, struct error *err) MUST_CHECK;
/* What is known of one address.  snap may be NULL. */
int view_symbol(const struct snapshot *snap, struct symbols *symbols,
		uint64_t addr, struct view **out, struct error *err) MUST_CHECK;

/* Lines of memory or code: strings are copied. */
struct code_line {
	uint64_t addr;
	char label[160]; /* "main+4", "" unknown */
	char text[320];
};
/* line is taken over. */
int view_lines(const char *title, struct code_line *line, uint32_t count,
	       struct view **out, struct error *err) MUST_CHECK;

/* Settings: name, value, what it is for.  Copied. */
struct setting_line {
	const char *name, *help;
	char value[128];
};
int view_settings(const struct setting_line *line, uint32_t count,
		  struct view **out, struct error *err) MUST_CHECK;

#endif
