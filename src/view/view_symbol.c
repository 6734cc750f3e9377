#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "snapshot/place.h"
#include "view/views.h"

struct symbol_state {
	uint64_t addr;
	bool has_symbol, has_line;
	struct symbol symbol;
	struct line line;
	enum place_kind kind;
	char what[320], at[300];
};

static void addr_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct symbol_state *s = view->state;

	(void)row;
	*out = value_u(V_ADDR, s->addr);
}

static void what_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct symbol_state *s = view->state;

	(void)row;
	*out = value_text(s->what);
}

static void kind_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct symbol_state *s = view->state;

	(void)row;
	if (s->kind != PLACE_NONE)
		*out = value_text(place_kind_name(s->kind));
}

static void symbol_cell(const struct view *view, uint32_t row,
			struct value *out)
{
	const struct symbol_state *s = view->state;

	(void)row;
	if (s->has_symbol)
		*out = value_text(s->symbol.name);
}

static void offset_cell(const struct view *view, uint32_t row,
			struct value *out)
{
	const struct symbol_state *s = view->state;

	(void)row;
	if (s->has_symbol || s->symbol.module)
		*out = value_u(V_COUNT, s->symbol.offset);
}

static void size_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct symbol_state *s = view->state;

	(void)row;
	if (s->has_symbol && s->symbol.size)
		*out = value_u(V_BYTES, s->symbol.size);
}

static void module_cell(const struct view *view, uint32_t row,
			struct value *out)
{
	const struct symbol_state *s = view->state;

	(void)row;
	if (s->symbol.module)
		*out = value_text(s->symbol.module->path);
}

static void module_name_cell(const struct view *view, uint32_t row,
			     struct value *out)
{
	const struct symbol_state *s = view->state;

	(void)row;
	if (s->symbol.module)
		*out = value_text(s->symbol.module->name);
}

static void at_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct symbol_state *s = view->state;

	(void)row;
	if (s->has_line)
		*out = value_text(s->at);
}

static void file_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct symbol_state *s = view->state;

	(void)row;
	if (s->has_line)
		*out = value_text(s->line.file);
}

static void line_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct symbol_state *s = view->state;

	(void)row;
	if (s->has_line)
		*out = value_u(V_COUNT, s->line.line);
}

static const struct column symbol_columns[] = {
	{"addr", "ADDRESS", "the address asked for", V_ADDR, .cell = addr_cell},
	{"what", "WHAT", "symbol, chunk, stack frame or mapping", V_TEXT,
	 .cell = what_cell, .stretch = true},
	{"module", "", "path of the file it is in", V_TEXT, .cell = module_cell,
	 .json_only = true},
	{"module_name", "MODULE", "the last part of it", V_TEXT,
	 .cell = module_name_cell},
	{"kind", "", "code, global, chunk, heap, stack, tls, anon, file",
	 V_TEXT, .cell = kind_cell, .json_only = true},
	{"symbol", "", "the symbol that covers it", V_TEXT, .cell = symbol_cell,
	 .json_only = true},
	{"offset", "", "in the symbol, or in the module", V_COUNT,
	 .cell = offset_cell, .json_only = true},
	{"size", "", "of the symbol", V_BYTES, .cell = size_cell,
	 .json_only = true},
	{"at", "SOURCE", "source line, from debug information", V_TEXT,
	 .cell = at_cell, .stretch = true},
	{"file", "", "source file", V_TEXT, .cell = file_cell,
	 .json_only = true},
	{"line", "", "source line", V_COUNT, .cell = line_cell,
	 .json_only = true},
};

static bool symbol_drill(const struct view *view, uint32_t row, char *line,
			 size_t cap)
{
	const struct symbol_state *s = view->state;

	(void)row;
	snprintf(line, cap, "%s 0x%" PRIx64,
		 s->kind == PLACE_CHUNK	 ? "chunk"
		 : s->kind == PLACE_CODE ? "disas"
					 : "x/8gx",
		 s->addr);
	return true;
}

static bool symbol_bytes(const struct view *view, uint32_t row, uint64_t *addr,
			 uint64_t *len)
{
	const struct symbol_state *s = view->state;

	(void)row;
	*addr = s->addr;
	*len = s->symbol.size > s->symbol.offset
		       ? s->symbol.size - s->symbol.offset
		       : 64;
	return true;
}

static void symbol_release(struct view *view)
{
	free(view->state);
}

static const struct view_ops symbol_ops = {
	.name = "symbol",
	.column = symbol_columns,
	.column_count = sizeof(symbol_columns) / sizeof(*symbol_columns),
	.default_sort = -1,
	.section = -1,
	.drill = symbol_drill,
	.bytes = symbol_bytes,
	.release = symbol_release,
};

int view_symbol(const struct snapshot *snap, struct symbols *symbols,
		uint64_t addr, struct view **out, struct error *err)
{
	struct symbol_state *s = xcalloc(1, sizeof(*s));
	struct place place;

	s->addr = addr;
	s->has_symbol = symbols_at(symbols, addr, &s->symbol);
	s->has_line = symbols_line(symbols, addr, &s->line);
	if (s->has_line)
		snprintf(s->at, sizeof(s->at), "%.280s:%u", s->line.file,
			 s->line.line);
	if (snap) {
		place = place_of(snap, addr);
		s->kind = place.kind;
		place_format(&place, snap, symbols, s->what, sizeof(s->what));
	} else if (!symbols_format(symbols, addr, s->what, sizeof(s->what))) {
		snprintf(s->what, sizeof(s->what), "in no module");
	}
	if (view_create(&symbol_ops, 1, s, out, err))
		return -1;
	if (snap)
		view_of_snapshot(*out, snap);
	return 0;
}
