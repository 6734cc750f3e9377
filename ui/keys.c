#include "ui/keys.h"

#include <string.h>
#include <strings.h>

#include "ui/curses.h"

#define CTRL(c) ((c)&0x1f)

/* The help shows them in this order, the key line those with a label. */
/* One row a key: clang-format would make seven lines of each. */
/* clang-format off */
const struct key keys[] = {
	{{'S'}, "S", ACTION_LINE, "snapshot", "snapshot", 0,
	 "take a snapshot: the target stops while it is read"},
	{{'d'}, "d", ACTION_LINE, "diff", "diff", 0,
	 "what is new and gone between the last two snapshots"},
	{{'+'}, "+", ACTION_LINE, "growth", "growth", 3,
	 "what grows steadily over three snapshots or more"},
	{{'\r', '\n', KEY_ENTER}, "Enter", ACTION_OPEN, NULL, "open", 1,
	 "go into the row: class, its chunks, a chunk, what it points at"},
	{{KEY_BACKSPACE, 127, 8}, "Bksp", ACTION_LINE, "back", "back", 1,
	 "Backspace: to where you came from, to the same row"},
	{{'R'}, "R", ACTION_LINE, "retained", "retained", 3,
	 "who holds the heap: what would be freed with a chunk"},
	{{'s'}, "s", ACTION_LINE, "suspects", "suspects", 4,
	 "who holds so much that it deserves a look"},
	{{'w'}, "w", ACTION_NEAR, NULL, "near", 2,
	 "who holds, and what surrounds, the chunks of the row's class"},
	{{'l'}, "l", ACTION_LINE, "leaks", "leaks", 2,
	 "what nothing holds, by who leads it"},
	{{'r'}, "r", ACTION_ADDRESS, "refs", "refs", 4,
	 "who points at the row's chunk"},
	{{'p'}, "p", ACTION_ADDRESS, "path", "path", 4,
	 "why it is still there: a chain to it from a root"},
	{{'v'}, "v", ACTION_LINE, "verify", NULL, 0,
	 "why these numbers can be trusted"},
	{{'D'}, "D", ACTION_LINE, "defects", NULL, 0,
	 "what is damaged, and who may have done it"},
	{{'/'}, "/", ACTION_FILTER, NULL, "filter", 3,
	 "only rows with some text; in text: search"},
	{{'n'}, "n", ACTION_NEXT, NULL, NULL, 0,
	 "the next row with the text looked for last"},
	{{'N'}, "N", ACTION_PREVIOUS, NULL, NULL, 0,
	 "the one before"},
	{{'o'}, "o", ACTION_SORT, NULL, "sort", 3,
	 "sort by the next column"},
	{{'O'}, "O", ACTION_REVERSE, NULL, NULL, 0,
	 "the other way round"},
	{{'x'}, "x", ACTION_LINE, "bytes", "bytes", 4,
	 "show or hide the bytes of the row"},
	{{'['}, "[", ACTION_BYTES_UP, NULL, NULL, 0,
	 "earlier bytes of the row"},
	{{']'}, "]", ACTION_BYTES_DOWN, NULL, NULL, 0,
	 "later bytes of the row"},
	{{'1'}, "1", ACTION_TAB, "heap", NULL, 0,
	 "tab Heap: arenas, totals"},
	{{'2'}, "2", ACTION_TAB, "sizes", NULL, 0,
	 "tab Sizes: used chunks by size class"},
	{{'3'}, "3", ACTION_TAB, "diff", NULL, 0,
	 "tab Diff: new and gone chunks by size class"},
	{{'4'}, "4", ACTION_TAB, "chunks", NULL, 0,
	 "tab Chunks: every used chunk"},
	{{'5'}, "5", ACTION_TAB, "leaks", NULL, 0,
	 "tab Leaks: what nothing holds"},
	{{'6'}, "6", ACTION_TAB, "retained", NULL, 0,
	 "tab Retained: what would be freed with a chunk"},
	{{'7'}, "7", ACTION_TAB, "threads", NULL, 0,
	 "tab Threads: where they are, what they cache"},
	{{'8'}, "8", ACTION_TAB, "maps", NULL, 0,
	 "tab Maps: the mappings"},
	{{'9'}, "9", ACTION_TAB, "growth", NULL, 0,
	 "tab Growth: what grows over all snapshots held"},
	{{'0'}, "0", ACTION_TAB, "types", NULL, 0,
	 "tab Types: what used chunks are, and why"},
	{{'\t'}, "Tab", ACTION_PANE, NULL, NULL, 0,
	 "the other pane: keys move in the table, or in the bytes"},
	{{'>'}, ">", ACTION_TAB_NEXT, NULL, NULL, 0,
	 "the next tab"},
	{{'<', KEY_BTAB}, "<", ACTION_TAB_PREVIOUS, NULL, NULL, 0,
	 "the tab before; also Shift-Tab"},
	{{KEY_UP, 'k', CTRL('p')}, "Up", ACTION_UP, NULL, NULL, 0,
	 "a row up; also k"},
	{{KEY_DOWN, 'j', CTRL('n')}, "Down", ACTION_DOWN, NULL, NULL, 0,
	 "a row down; also j"},
	{{KEY_PPAGE, CTRL('b')}, "PgUp", ACTION_PAGE_UP, NULL, NULL, 0,
	 "a page up; also ^B"},
	{{KEY_NPAGE, CTRL('f'), ' '}, "PgDn", ACTION_PAGE_DOWN, NULL, NULL, 0,
	 "a page down; also ^F and the space bar"},
	{{KEY_HOME, 'g'}, "Home", ACTION_FIRST, NULL, NULL, 0,
	 "the first row; also g"},
	{{KEY_END, 'G'}, "End", ACTION_LAST, NULL, NULL, 0,
	 "the last row; also G"},
	{{KEY_LEFT}, "Left", ACTION_LEFT, NULL, NULL, 0,
	 "columns to the left"},
	{{KEY_RIGHT}, "Right", ACTION_RIGHT, NULL, NULL, 0,
	 "columns to the right, where the screen is too narrow"},
	{{':'}, ":", ACTION_PROMPT, NULL, "command", 0,
	 "type a command: history with Up, completion with Tab"},
	{{'?', KEY_F(1)}, "?", ACTION_LINE, "keys", "help", 0,
	 "this list"},
	{{27}, "Esc", ACTION_ESCAPE, NULL, NULL, 0,
	 "no message, then no filter"},
	{{CTRL('l')}, "^L", ACTION_REDRAW, NULL, NULL, 0,
	 "draw the screen anew"},
	{{'q'}, "q", ACTION_LINE, "quit", "quit", 0,
	 "leave; the target goes on"},
};
/* clang-format on */

const size_t key_count = sizeof(keys) / sizeof(*keys);

const struct key *key_find(int code)
{
	for (size_t i = 0; i < key_count && code; i++)
		for (size_t j = 0; j < KEY_CODES; j++)
			if (keys[i].code[j] == code)
				return &keys[i];
	return NULL;
}

int key_code(const char *name)
{
	for (size_t i = 0; i < key_count; i++)
		if (!strcmp(keys[i].name, name))
			return keys[i].code[0];
	if (!strcasecmp(name, "Backspace"))
		return KEY_BACKSPACE;
	for (size_t i = 0; i < key_count; i++)
		if (name[1] && !strcasecmp(keys[i].name, name))
			return keys[i].code[0];
	return name[0] && !name[1] ? (unsigned char)name[0] : 0;
}
