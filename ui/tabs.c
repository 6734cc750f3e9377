#include "ui/tabs.h"

#include <string.h>

const struct tab_kind tab_kinds[TAB_COUNT] = {
	[TAB_HEAP] = {"Heap", "heap", false},
	[TAB_SIZES] = {"Sizes", "sizes", false},
	[TAB_DIFF] = {"Diff", "diff", true},
	[TAB_CHUNKS] = {"Chunks", "chunks", false},
	[TAB_LEAKS] = {"Leaks", "leaks", false},
	[TAB_RETAINED] = {"Retained", "retained", false},
	[TAB_THREADS] = {"Threads", "threads", false},
	[TAB_MAPS] = {"Maps", "maps", false},
	[TAB_GROWTH] = {"Growth", "growth", true},
	[TAB_TYPES] = {"Types", "types", false},
};

int tab_digit(int tab)
{
	return (tab + 1) % 10;
}

int tab_of_line(const char *line)
{
	for (int i = 0; i < TAB_COUNT; i++) {
		size_t len = strlen(tab_kinds[i].line);

		if (strncmp(line, tab_kinds[i].line, len))
			continue;
		if (!line[len] ||
		    (tab_kinds[i].takes_words && line[len] == ' '))
			return i;
	}
	return -1;
}
