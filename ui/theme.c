#include "ui/theme.h"

#include <langinfo.h>
#include <string.h>

struct look {
	attr_t mono, with_color; /* attributes in either case */
	short fg, bg;		 /* of 8 colours; -1: the terminal's own */
	short fg256, bg256;
};

static const struct look looks[THEME_COUNT] = {
	[THEME_TEXT] = {0, 0, -1, -1, -1, -1},
	[THEME_TITLE] = {A_REVERSE, 0, COLOR_WHITE, COLOR_BLUE, 255, 24},
	[THEME_RUNNING] = {A_REVERSE, A_BOLD, COLOR_GREEN, COLOR_BLUE, 120, 24},
	[THEME_ENDED] = {A_REVERSE | A_BOLD, A_BOLD, COLOR_WHITE, COLOR_RED,
			 255, 124},
	[THEME_TAB] = {0, 0, -1, -1, -1, -1},
	[THEME_TAB_HERE] = {A_REVERSE | A_BOLD, 0, COLOR_BLACK, COLOR_CYAN, 16,
			    73},
	[THEME_CRUMB] = {0, 0, COLOR_CYAN, -1, 30, -1},
	[THEME_HEADING] = {A_BOLD | A_UNDERLINE, A_BOLD | A_UNDERLINE, -1, -1,
			   -1, -1},
	[THEME_SECTION] = {A_BOLD, A_BOLD, COLOR_CYAN, -1, 30, -1},
	[THEME_SELECTED] = {A_REVERSE, 0, COLOR_BLACK, COLOR_CYAN, 16, 73},
	[THEME_DIM] = {A_DIM, 0, -1, -1, 244, -1},
	[THEME_ADDR] = {0, 0, COLOR_CYAN, -1, 30, -1},
	[THEME_MORE] = {A_BOLD, 0, COLOR_RED, -1, 130, -1},
	[THEME_LESS] = {0, 0, COLOR_GREEN, -1, 71, -1},
	[THEME_ERROR] = {A_BOLD, A_BOLD, COLOR_RED, -1, 130, -1},
	[THEME_WARNING] = {A_BOLD, 0, COLOR_MAGENTA, -1, 172, -1},
	[THEME_KEY] = {A_REVERSE, 0, COLOR_BLACK, COLOR_CYAN, 16, 73},
	[THEME_BAR] = {0, 0, COLOR_CYAN, -1, 30, -1},
	[THEME_PROMPT] = {A_BOLD, A_BOLD, -1, -1, -1, -1},
};

static void set_attributes(struct theme *theme)
{
	for (short i = 0; i < THEME_COUNT; i++) {
		const struct look *look = &looks[i];
		bool many = COLORS >= 256;
		short fg = many ? look->fg256 : look->fg;
		short bg = many ? look->bg256 : look->bg;

		theme->attr[i] = theme->color ? look->with_color : look->mono;
		if (theme->color && fg < 0 && bg < 0)
			theme->attr[i] |= look->mono;
		if (!theme->color || (fg < 0 && bg < 0))
			continue;
		init_pair((short)(i + 1), fg, bg);
		theme->attr[i] |= (attr_t)COLOR_PAIR(i + 1);
	}
}

void theme_init(struct theme *theme, bool color)
{
	*theme = (struct theme){
		.rule = "-",
		.ellipsis = "~",
		.up = "^",
		.down = "v",
		.crumb = " > ",
		.arrow = "->",
		.bar = "#",
		.mark = ">",
		.more = ">",
		.dot = ".",
		.separator = " - ",
	};
	theme->utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	if (theme->utf8) {
		theme->rule = "─";
		theme->ellipsis = "…";
		theme->up = "▲";
		theme->down = "▼";
		theme->crumb = " › ";
		theme->arrow = "→";
		theme->bar = "█";
		theme->mark = "▸";
		theme->more = "›";
		theme->dot = "·";
		theme->separator = " ─ ";
	}
	theme->color = color && has_colors();
	if (theme->color) {
		start_color();
		/* The terminal's own background shows through. */
		theme->color = use_default_colors() == OK && COLOR_PAIRS > 32;
	}
	set_attributes(theme);
}
