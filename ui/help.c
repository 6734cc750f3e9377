#include "ui/help.h"

#include <stdio.h>

#include "base/strbuf.h"
#include "ui/draw.h"
#include "ui/keys.h"
#include "view/views.h"

static const char mouse_help[] =
	"  Wheel       rows up and down; over the bytes: earlier and later "
	"ones\n"
	"  Click       selects a row or a tab; twice: goes into the row\n";

int help_view(struct view **out, struct error *err)
{
	struct strbuf sb = {0};
	int ret;

	strbuf_add(&sb,
		   "A key runs a command line and shows it; typed at the "
		   "prompt (:) or given\n"
		   "with -e the line does the same. help lists the commands, "
		   "help diff tells\n"
		   "of one.\n\n");
	for (size_t i = 0; i < key_count; i++) {
		const struct key *key = &keys[i];

		strbuf_addf(&sb, "  %-11s %s", key->name, key->help);
		if (key->line)
			strbuf_addf(&sb, "  (%s)", key->line);
		strbuf_addc(&sb, '\n');
	}
	strbuf_add(&sb, mouse_help);
	strbuf_add(&sb,
		   "  ^C          give up what is going on\n"
		   "  ^Z          suspend heapscope; the target runs on\n\n"
		   "At the prompt also: filter TEXT, sort COLUMN, tab NAME, "
		   "back, bytes, keys.\n"
		   "An empty line there repeats the last one.\n");
	ret = view_text("keys", strbuf_str(&sb), out, err);
	strbuf_deinit(&sb);
	return ret;
}

static int label_width(const struct key *key)
{
	return draw_width(key->name) + 1 + draw_width(key->label) + 2;
}

/* Those there is room for, by rank; drawn in the order of the table. */
void help_draw_keys(const struct theme *theme, int y, int width)
{
	bool shown[100] = {false};
	int used = -2, x = 0;

	for (int rank = 0; rank <= KEY_RANK_LAST; rank++)
		for (size_t i = 0; i < key_count && i < 100; i++) {
			if (!keys[i].label || keys[i].rank != rank ||
			    used + label_width(&keys[i]) > width)
				continue;
			shown[i] = true;
			used += label_width(&keys[i]);
		}
	for (size_t i = 0; i < key_count && i < 100; i++) {
		if (!shown[i])
			continue;
		x += draw_in(theme, THEME_KEY, y, x, width - x, keys[i].name);
		x++;
		x += draw_in(theme, THEME_TEXT, y, x, width - x, keys[i].label);
		x += 2;
	}
}

void help_draw_typing(const struct theme *theme, int y, int width,
		      const char *text)
{
	draw_in(theme, THEME_DIM, y, 0, width, text);
}
