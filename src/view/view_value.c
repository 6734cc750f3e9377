/* One value of the program's: print. */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "view/views.h"

struct shown {
	char *expr, *value, *type; /* owned */
	uint64_t addr;		   /* 0: in no memory */
};

static void expr_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct shown *s = view->state;

	(void)row;
	*out = value_text(s->expr);
}

static void type_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct shown *s = view->state;

	(void)row;
	*out = value_text(s->type);
}

static void addr_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct shown *s = view->state;

	(void)row;
	*out = s->addr ? value_u(V_ADDR, s->addr) : value_none();
}

static void value_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct shown *s = view->state;

	(void)row;
	*out = value_text(s->value);
}

static const struct column value_columns[] = {
	{"expr", "", "the expression", V_TEXT, .cell = expr_cell,
	 .json_only = true},
	{"type", "", "its type", V_TEXT, .cell = type_cell, .json_only = true},
	{"addr", "", "where it is, if it is in memory", V_ADDR,
	 .cell = addr_cell, .json_only = true},
	{"value", "", "as gdb prints it", V_TEXT, .cell = value_cell,
	 .stretch = true, .wrap = true},
};

static bool value_bytes(const struct view *view, uint32_t row, uint64_t *addr,
			uint64_t *len)
{
	const struct shown *s = view->state;

	(void)row;
	*addr = s->addr;
	*len = 256;
	return s->addr != 0;
}

static void value_release(struct view *view)
{
	struct shown *s = view->state;

	free(s->expr);
	free(s->value);
	free(s->type);
	free(s);
}

static const struct view_ops value_ops = {
	.name = "print",
	.column = value_columns,
	.column_count = sizeof(value_columns) / sizeof(*value_columns),
	.default_sort = -1,
	.section = -1,
	.bytes = value_bytes,
	.release = value_release,
};

int view_value(const char *expr, const char *value, const char *type,
	       uint64_t addr, struct view **out, struct error *err)
{
	struct shown *s = xcalloc(1, sizeof(*s));

	s->expr = xstrdup(expr);
	s->value = xstrdup(value);
	s->type = xstrdup(type);
	s->addr = addr;
	return view_create(&value_ops, 1, s, out, err);
}
