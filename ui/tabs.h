/* The tabs: one question each, in the order they are drawn. */
#ifndef UI_TABS_H
#define UI_TABS_H

#include <stdbool.h>

#include "ui/trail.h"

enum tab {
	TAB_HEAP,
	TAB_SIZES,
	TAB_DIFF,
	TAB_CHUNKS,
	TAB_LEAKS,
	TAB_RETAINED,
	TAB_THREADS,
	TAB_MAPS,
	TAB_GROWTH,
	TAB_TYPES,
	TAB_COUNT
};

struct tab_kind {
	const char *title; /* "Heap" */
	const char *line;  /* "heap": the command that fills it */
	/* The command fills the tab with any words behind it. */
	bool takes_words;
};

extern const struct tab_kind tab_kinds[TAB_COUNT];

/* The digit that leads to a tab: 1 to 9, 0 the tenth. */
int tab_digit(int tab);

/* The tab that this command line belongs to, or -1. */
int tab_of_line(const char *line);

#endif
