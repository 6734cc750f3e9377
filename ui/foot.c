#include "ui/foot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "base/strbuf.h"
#include "ui/draw.h"

/* A blank at which no line is broken: between a number and its name. */
#define STICKY '\1'

enum { STICKY_MAX = 60, MARGIN = 2, INDENT = 2 };

static void add_item(struct strbuf *sb, const char *text)
{
	size_t from = sb->len;

	strbuf_add(sb, text);
	/* A sentence is broken anywhere. */
	if (draw_width(text) > STICKY_MAX)
		return;
	for (size_t i = from; i < sb->len; i++)
		if (sb->s[i] == ' ')
			sb->s[i] = STICKY;
}

static void unstick(char *line)
{
	for (; *line; line++)
		if (*line == STICKY)
			*line = ' ';
}

/* A filter hides rows, of which the totals speak all the same. */
static void add_total_word(struct strbuf *sb, const struct view *view)
{
	char shown[FMT_MAX], all[FMT_MAX];

	if (!*view->filter)
		strbuf_add(sb, "total");
	else
		strbuf_addf(sb, "total of all %s rows (%s shown)",
			    fmt_count(all, sizeof(all), view->row_count),
			    fmt_count(shown, sizeof(shown), view->shown));
}

static void add_warnings(struct strbuf *sb, const struct view *view)
{
	for (const char *s = view->warnings; s && *s;) {
		size_t len = strcspn(s, "\n");

		strbuf_addf(sb, "%s! %.*s", sb->len ? "\n" : "", (int)len, s);
		s += len + (s[len] == '\n');
	}
}

/*
 * Totals, one group a paragraph, then a paragraph a warning: these first where
 * not all has room, since they say what the numbers are worth.
 */
static char *compose(const struct view *view, bool exact, bool all)
{
	const char *group = NULL;
	struct strbuf sb = {0};
	char text[300];

	if (!all)
		add_warnings(&sb, view);

	for (uint32_t i = 0; i < view->total_count; i++) {
		const struct total *total = &view->total[i];
		const char *name = total->group ? total->group : "";

		if (!total->title)
			continue;
		view_total_text(total, exact, text, sizeof(text));
		if (group && !strcmp(name, group)) {
			strbuf_add(&sb, ", ");
		} else {
			strbuf_add(&sb, sb.len ? "\n" : "");
			if (*name)
				strbuf_add(&sb, name);
			else
				add_total_word(&sb, view);
			strbuf_add(&sb, ": ");
		}
		add_item(&sb, text);
		group = name;
	}
	if (all)
		add_warnings(&sb, view);
	return strbuf_take(&sb);
}

/* The length of the next line of a paragraph, fresh: its first one; behind that
 * they are indented, and have less room. */
static size_t wrap(const char *text, int width, bool fresh, size_t *next)
{
	return draw_wrap(text, width - (fresh ? 3 : MARGIN + INDENT), next);
}

/* What was taken up to next ended a paragraph. */
static bool ends(const char *text, size_t len, size_t next)
{
	return next > len && text[next - 1] == '\n';
}

static int count_lines(const char *text, int width)
{
	bool fresh = true;
	int lines = 0;
	size_t next;

	for (; *text; text += next, lines++) {
		size_t len = wrap(text, width, fresh, &next);

		fresh = ends(text, len, next);
	}
	return lines;
}

int foot_lines(const struct view *view, bool exact, int width)
{
	char *text = compose(view, exact, true);
	int lines = text && width > 4 ? count_lines(text, width) : 0;

	free(text);
	return lines;
}

void foot_draw(const struct view *view, const struct theme *theme, bool exact,
	       int y, int lines, int width)
{
	char *all = compose(view, exact, true);
	enum theme_role role = THEME_TEXT;
	int wanted = all && width > 4 ? count_lines(all, width) : 0;
	bool fresh = true;
	char line[1024];
	size_t next;

	if (lines < 1 || !wanted) {
		free(all);
		return;
	}
	if (lines < wanted) {
		free(all);
		all = compose(view, exact, false);
	}
	for (const char *s = all; *s && lines > 0; s += next, lines--) {
		size_t len = wrap(s, width, fresh, &next);

		if (fresh)
			role = *s == '!' ? THEME_WARNING : THEME_TEXT;
		if (lines == 1 && s[next]) {
			snprintf(line, sizeof(line),
				 "! %d more lines: make the screen higher",
				 wanted);
			draw_in(theme, THEME_WARNING, y, MARGIN, width - MARGIN,
				line);
			break;
		}
		snprintf(line, sizeof(line), "%*s%.*s", fresh ? 0 : INDENT, "",
			 (int)len, s);
		unstick(line);
		draw_in(theme, role, y++, MARGIN, width - MARGIN, line);
		fresh = ends(s, len, next);
		wanted--;
	}
	free(all);
}
