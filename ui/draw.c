#include "ui/draw.h"

#include <limits.h>
#include <string.h>

/*
 * The character at s, in the locale's code: its bytes in *len, and its columns.
 * What the locale cannot show counts as one column and *shown is false.
 */
static int character(const char *s, size_t *len, bool *shown)
{
	mbstate_t state = {0};
	wchar_t wc;
	int width;

	*len = mbrtowc(&wc, s, MB_LEN_MAX, &state);
	*shown = *len != (size_t)-1 && *len != (size_t)-2;
	if (*shown) {
		width = wcwidth(wc);
		*shown = width >= 0;
		if (*shown)
			return width;
		return 1;
	}
	/* A whole UTF-8 character, so that it becomes one "?". */
	*len = 1;
	if ((*s & 0xc0) == 0xc0)
		while ((s[*len] & 0xc0) == 0x80)
			++*len;
	return 1;
}

int draw_width(const char *text)
{
	int width = 0;
	size_t len;
	bool shown;

	for (; *text; text += len)
		width += character(text, &len, &shown);
	return width;
}

static void put(const char *s, size_t len, bool shown)
{
	if (shown)
		addnstr(s, (int)len);
	else
		addstr("?");
}

int draw_text(const struct theme *theme, int y, int x, int width,
	      const char *text)
{
	int total, room, used = 0;
	size_t len;
	bool shown;

	if (width <= 0 || y < 0 || y >= getmaxy(stdscr))
		return 0;
	if (move(y, x) == ERR)
		return 0;
	total = draw_width(text);
	room = total > width ? width - 1 : width;
	for (; *text; text += len) {
		int columns = character(text, &len, &shown);

		if (used + columns > room)
			break;
		put(text, len, shown);
		used += columns;
	}
	if (total > width && used < width) {
		addstr(theme->ellipsis);
		used++;
	}
	return used;
}

int draw_in(const struct theme *theme, enum theme_role role, int y, int x,
	    int width, const char *text)
{
	int used;

	attrset((int)theme->attr[role]);
	used = draw_text(theme, y, x, width, text);
	attrset(A_NORMAL);
	return used;
}

void draw_right(const struct theme *theme, int y, int x, int width,
		const char *text)
{
	int used = draw_width(text);

	if (used < width)
		draw_text(theme, y, x + width - used, used, text);
	else
		draw_text(theme, y, x, width, text);
}

void draw_fill(int y, int x, int width, const char *glyph)
{
	if (width <= 0 || move(y, x) == ERR)
		return;
	while (width-- > 0)
		addstr(glyph);
}

size_t draw_wrap(const char *text, int width, size_t *next)
{
	size_t at = 0, blank = 0, len;
	int used = 0;
	bool shown;

	while (text[at] && text[at] != '\n') {
		int columns = character(text + at, &len, &shown);

		if (used + columns > width && at) {
			size_t end = blank ? blank : at;

			if (text[at] == ' ')
				end = at;
			*next = end;
			while (text[*next] == ' ')
				++*next;
			return end;
		}
		if (text[at] == ' ' && at)
			blank = at;
		used += columns;
		at += len;
	}
	*next = at + (text[at] == '\n');
	return at;
}
