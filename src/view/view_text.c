#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "view/views.h"

struct text {
	char *text; /* owned, a NUL for every newline */
	char **line;
};

static void text_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct text *text = view->state;

	*out = value_text(text->line[row]);
}

static void text_release(struct view *view)
{
	struct text *text = view->state;

	free(text->text);
	free(text->line);
	free(text);
}

static const struct column text_columns[] = {
	{"text", "", "one line", V_TEXT, .cell = text_cell, .stretch = true},
};

static const struct view_ops text_ops = {
	.name = "text",
	.column = text_columns,
	.column_count = 1,
	.default_sort = -1,
	.section = -1,
	.release = text_release,
};

int view_text(const char *title, const char *string, struct view **out,
	      struct error *err)
{
	struct text *text = xcalloc(1, sizeof(*text));
	uint32_t count = 0, at = 0;

	for (const char *s = string; *s; s++)
		count += *s == '\n' || !s[1];
	text->text = xstrdup(string);
	text->line = xcalloc(count + 1, sizeof(*text->line));
	for (char *s = text->text; at < count; at++) {
		char *end = strchr(s, '\n');

		text->line[at] = s;
		if (end)
			*end = '\0';
		s = end ? end + 1 : s + strlen(s);
	}
	if (view_create(&text_ops, count, text, out, err))
		return -1;
	snprintf((*out)->title, sizeof((*out)->title), "%s", title);
	return 0;
}
