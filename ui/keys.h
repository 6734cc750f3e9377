/*
 * The keys: one table, from which the key line, the help and all behaviour
 * come.  A key runs a command line, or does something to the screen alone.
 */
#ifndef UI_KEYS_H
#define UI_KEYS_H

#include <stddef.h>

enum action {
	ACTION_LINE, /* runs the key's line */
	ACTION_TAB,  /* the tab that the line fills, as it was left */
	ACTION_OPEN, /* runs the selected row's line */
	ACTION_NEAR,
	ACTION_ADDRESS, /* runs the key's line and the row's address */
	ACTION_UP,
	ACTION_DOWN,
	ACTION_PAGE_UP,
	ACTION_PAGE_DOWN,
	ACTION_FIRST,
	ACTION_LAST,
	ACTION_LEFT,
	ACTION_RIGHT,
	ACTION_PANE,
	ACTION_TAB_NEXT,
	ACTION_TAB_PREVIOUS,
	ACTION_FILTER,
	ACTION_NEXT,
	ACTION_PREVIOUS,
	ACTION_SORT,
	ACTION_REVERSE,
	ACTION_BYTES_UP,
	ACTION_BYTES_DOWN,
	ACTION_PROMPT,
	ACTION_ESCAPE,
	ACTION_REDRAW
};

#define KEY_CODES     4
#define KEY_RANK_LAST 4

struct key {
	int code[KEY_CODES]; /* of curses; 0: no more */
	const char *name;    /* "PgDn": for people and for scripts */
	enum action action;
	const char *line;  /* of ACTION_LINE, ACTION_TAB, ACTION_ADDRESS */
	const char *label; /* in the key line; NULL: not there */
	int rank; /* of the labels: 0 is dropped last on a narrow screen */
	const char *help;
};

extern const struct key keys[];
extern const size_t key_count;

/* The key with this code, or NULL. */
const struct key *key_find(int code);
/* A code for the name in the table (or any one letter); 0 unknown. */
int key_code(const char *name);

#endif
