#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "view/views.h"

static const struct code_line *line_of(const struct view *view, uint32_t row)
{
	const struct code_line *line = view->state;

	return &line[row];
}

static void addr_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_u(V_ADDR, line_of(view, row)->addr);
}

static void label_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_text(line_of(view, row)->label);
}

static void text_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_text(line_of(view, row)->text);
}

static const struct column lines_columns[] = {
	{"addr", "", "where it begins", V_ADDR, .cell = addr_cell},
	{"label", "", "symbol and offset, where known", V_TEXT,
	 .cell = label_cell, .stretch = true},
	{"text", "", "values or instruction", V_TEXT, .cell = text_cell,
	 .stretch = true},
};

static bool lines_drill(const struct view *view, uint32_t row, char *line,
			size_t cap)
{
	snprintf(line, cap, "symbol 0x%" PRIx64, line_of(view, row)->addr);
	return true;
}

static bool lines_bytes(const struct view *view, uint32_t row, uint64_t *addr,
			uint64_t *len)
{
	*addr = line_of(view, row)->addr;
	*len = 256;
	return true;
}

static void lines_release(struct view *view)
{
	free(view->state);
}

static const struct view_ops memory_ops = {
	.name = "x",
	.column = lines_columns,
	.column_count = sizeof(lines_columns) / sizeof(*lines_columns),
	.default_sort = -1,
	.section = -1,
	.drill = lines_drill,
	.bytes = lines_bytes,
	.release = lines_release,
};

int view_lines(const char *title, struct code_line *line, uint32_t count,
	       struct view **out, struct error *err)
{
	if (view_create(&memory_ops, count, line, out, err))
		return -1;
	snprintf((*out)->title, sizeof((*out)->title), "%s", title);
	return 0;
}
