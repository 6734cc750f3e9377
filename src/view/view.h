/*
 * A view: a table that answers one question, shown as text, JSON, CSV or on
 * screen.
 *
 * A view says what its rows and columns are and nothing about how they are
 * drawn.  Adding a column is one element of a column array; adding a view is
 * one file.  Every command's answer is a view, also a sentence (view_text).
 */
#ifndef VIEW_VIEW_H
#define VIEW_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct view;
struct snapshot;

enum value_kind {
	V_NONE,	   /* "-"; null in JSON */
	V_BYTES,   /* u: human on screen, integer in JSON */
	V_COUNT,   /* u: with separators on screen */
	V_ADDR,	   /* u: 0x...; a string in JSON */
	V_TEXT,	   /* text */
	V_PERCENT, /* f: 0..100 */
	V_RATIO,   /* f: 0..1 */
	V_USEC,	   /* u: microseconds */
	V_DELTA,   /* i: signed bytes */
	V_CHANGE,  /* i: by how many there are more or fewer */
	V_BOOL,	   /* u */
	V_HEX,	   /* u: hex integer as text, as x/ prints it */
	V_NUMBER   /* u: a number that is a name, digits alone: class, thread */
};

struct value {
	enum value_kind kind;
	union {
		uint64_t u;
		int64_t i;
		double f;
		const char *text; /* borrowed until the next cell() call */
	};
};

struct column {
	const char *key;   /* in JSON and in --sort */
	const char *title; /* on screen */
	const char *help;  /* one line */
	enum value_kind kind;
	void (*cell)(const struct view *, uint32_t row, struct value *out);
	bool json_only; /* not drawn: keys for scripts */
	bool stretch;	/* takes what width is left; cut last */
	bool wrap; /* the last drawn one: goes on below rather than be cut */
};

struct view_ops {
	const char *name; /* "chunks": also the crumb */
	const struct column *column;
	uint32_t column_count;
	int default_sort; /* column index, or -1: the order of the rows */
	bool default_descending;
	/* Index of a V_TEXT column whose changes start a new section (drawn as
	 * a heading, sorted within), or -1. */
	int section;
	/* The command line that opens this row; false if there is none. */
	bool (*drill)(const struct view *, uint32_t row, char *line,
		      size_t cap);
	/* What the bytes pane shows for this row; false if nothing. */
	bool (*bytes)(const struct view *, uint32_t row, uint64_t *addr,
		      uint64_t *len);
	void (*release)(struct view *);
};

struct total {
	const char *group; /* NULL, or the JSON object it goes in */
	const char *key, *title;
	struct value value; /* text is borrowed from static storage */
};

#define VIEW_MAX_TOTALS 120

struct view {
	const struct view_ops *ops;
	char title[200]; /* what is shown: "new chunks of class 64" */
	uint32_t row_count;
	uint32_t *order; /* owned: rows as displayed, after filter and sort */
	uint32_t shown;	 /* how many of order count */
	int sort;	 /* column, -1 none */
	bool descending;
	char filter[100]; /* "" when none */
	struct total total[VIEW_MAX_TOTALS];
	uint32_t total_count;
	bool complete;	/* nothing skipped, damaged or guessed */
	char *warnings; /* owned: one a line, NULL if none */
	/* A condition asked for with --fail holds: exit status 1. */
	bool condition;
	bool fault; /* we were found to be wrong: exit status 70 */
	const struct snapshot
		*snap;	    /* borrowed: the one it speaks of, or NULL */
	const void *source; /* borrowed: snapshot, diff... */
	void *state;	    /* owned by ops->release */
};

/*
 * Rows come in the order that default_sort names: nothing is sorted here.
 * Takes over state: ops->release gets it, also when this fails.
 */
int view_create(const struct view_ops *ops, uint32_t row_count, void *state,
		struct view **out, struct error *err) MUST_CHECK;
void view_destroy(struct view *view);
void view_warn(struct view *view, const char *fmt, ...) PRINTF(2, 3);
/* "12 chunks used", "1 chunk used", as people read a total; cap bytes. */
void view_total_text(const struct total *total, bool exact, char *buf,
		     size_t cap);
void view_total(struct view *view, const char *group, const char *key,
		const char *title, struct value value);

/* Index of the column with this key, or -1. */
int view_column(const struct view *view, const char *key);
/* How people want such a column: most first; names and addresses upwards. */
bool view_sorts_down(const struct column *column);
/* Stable, within sections; cells without a value come last. */
int view_sort(struct view *view, const char *key, bool descending,
	      struct error *err) MUST_CHECK;
/* Rows in which some drawn cell contains text (case ignored); "" shows all. */
int view_filter(struct view *view, const char *text,
		struct error *err) MUST_CHECK;

/* A cell as people read it; exact: bytes as integers.  Returns its length. */
size_t view_format(const struct value *value, bool exact, char *buf,
		   size_t cap);
const char *value_kind_name(enum value_kind kind); /* "bytes": as in JSON */

/*
 * Text from a target made fit to be shown: bytes that are no UTF-8 become
 * \xNN, and so do control characters unless keep_controls.  Cut at a
 * character when cap is too small.  Returns the length.
 */
size_t view_clean(const char *text, bool keep_controls, char *buf, size_t cap);
/* Columns that such clean text takes: its characters. */
size_t view_width(const char *text);

static inline struct value value_none(void)
{
	return (struct value){.kind = V_NONE};
}

static inline struct value value_u(enum value_kind kind, uint64_t u)
{
	return (struct value){.kind = kind, .u = u};
}

static inline struct value value_text(const char *text)
{
	return (struct value){.kind = V_TEXT, .text = text};
}

#endif
