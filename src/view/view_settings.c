#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "view/views.h"

static const struct setting_line *line_of(const struct view *view, uint32_t row)
{
	const struct setting_line *line = view->state;

	return &line[row];
}

static void name_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_text(line_of(view, row)->name);
}

static void value_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_text(line_of(view, row)->value);
}

static void help_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_text(line_of(view, row)->help);
}

static const struct column settings_columns[] = {
	{"name", "SETTING", "for set and show", V_TEXT, .cell = name_cell},
	{"value", "VALUE", "as it stands", V_TEXT, .cell = value_cell},
	{"help", "MEANING", "what it is for", V_TEXT, .cell = help_cell,
	 .stretch = true},
};

static void settings_release(struct view *view)
{
	free(view->state);
}

static const struct view_ops settings_ops = {
	.name = "settings",
	.column = settings_columns,
	.column_count = sizeof(settings_columns) / sizeof(*settings_columns),
	.default_sort = -1,
	.section = -1,
	.release = settings_release,
};

int view_settings(const struct setting_line *line, uint32_t count,
		  struct view **out, struct error *err)
{
	struct setting_line *copy = xcalloc(count + 1, sizeof(*copy));

	memcpy(copy, line, count * sizeof(*copy));
	return view_create(&settings_ops, count, copy, out, err);
}
