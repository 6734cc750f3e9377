#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "view/chunk_cells.h"
#include "view/views.h"

struct changes {
	const struct snapshot *before, *after;
	struct change_list list; /* owned */
	struct symbols *symbols;
	char preview[160];
};

static enum change change_of(const struct changes *c, uint32_t row,
			     uint32_t *index)
{
	enum change change = CHANGE_NEW;

	while (row >= c->list.count[change])
		row -= c->list.count[change++];
	*index = c->list.index[change][row];
	return change;
}

static const struct snapshot *snap_of(const struct view *view, uint32_t row,
				      uint32_t *index)
{
	const struct changes *c = view->state;

	return change_of(c, row, index) == CHANGE_GONE ? c->before : c->after;
}

static void change_cell(const struct view *view, uint32_t row,
			struct value *out)
{
	static const char *const name[] = {
		[CHANGE_NEW] = "new",
		[CHANGE_GONE] = "gone",
		[CHANGE_REUSED] = "reused",
		[CHANGE_UNSURE] = "unsure",
	};
	uint32_t i;

	*out = value_text(name[change_of(view->state, row, &i)]);
}

static void section_cell(const struct view *view, uint32_t row,
			 struct value *out)
{
	static const char *const name[] = {
		[CHANGE_NEW] = "new",
		[CHANGE_GONE] = "gone",
		[CHANGE_REUSED] = "kept, but most likely replaced in place",
		[CHANGE_UNSURE] = "kept and changed: the same, or another",
	};
	uint32_t i;

	*out = value_text(name[change_of(view->state, row, &i)]);
}

static void addr_cell(const struct view *view, uint32_t row, struct value *out)
{
	uint32_t i;
	const struct snapshot *snap = snap_of(view, row, &i);

	*out = value_u(V_ADDR, snap->chunk[i].addr);
}

static void size_cell(const struct view *view, uint32_t row, struct value *out)
{
	uint32_t i;
	const struct snapshot *snap = snap_of(view, row, &i);

	*out = value_u(V_NUMBER, snap->chunk[i].size);
}

static void chunk_size_cell(const struct view *view, uint32_t row,
			    struct value *out)
{
	uint32_t i;
	const struct snapshot *snap = snap_of(view, row, &i);

	*out = value_u(V_NUMBER, snapshot_chunk_size(snap, i));
}

static void arena_cell(const struct view *view, uint32_t row, struct value *out)
{
	uint32_t i;
	const struct snapshot *snap = snap_of(view, row, &i);

	*out = chunk_arena_value(&snap->chunk[i]);
}

static void content_cell(const struct view *view, uint32_t row,
			 struct value *out)
{
	struct changes *c = view->state;
	uint32_t i;
	const struct snapshot *snap = snap_of(view, row, &i);

	chunk_preview(snap, c->symbols, i, false, c->preview,
		      sizeof(c->preview));
	*out = value_text(c->preview);
}

static void type_cell(const struct view *view, uint32_t row, struct value *out)
{
	struct changes *c = view->state;
	uint32_t i;
	const struct snapshot *snap = snap_of(view, row, &i);

	*out = chunk_type_value(snap, c->symbols, i, c->preview,
				sizeof(c->preview));
}

static const struct column changes_columns[] = {
	{"section", "", "the same in words", V_TEXT, .cell = section_cell},
	{"change", "", "new, gone, reused or unsure", V_TEXT,
	 .cell = change_cell, .json_only = true},
	{"addr", "ADDRESS", "what malloc returned", V_ADDR, .cell = addr_cell},
	{"size", "SIZE", "usable bytes", V_NUMBER, .cell = size_cell},
	{"chunk_size", "CHUNK", "the chunk's own size: its class", V_NUMBER,
	 .cell = chunk_size_cell},
	{"arena", "ARENA", "index, or mmapped", V_COUNT, .cell = arena_cell},
	{"type", "TYPE", "class or symbol that tells what it is, or text",
	 V_TEXT, .cell = type_cell, .json_only = true},
	{"content", "CONTENT", "how it begins, where bytes were kept", V_TEXT,
	 .cell = content_cell, .stretch = true},
};

static bool changes_drill(const struct view *view, uint32_t row, char *line,
			  size_t cap)
{
	const struct changes *c = view->state;
	uint32_t i;
	const struct snapshot *snap = snap_of(view, row, &i);

	if (snap != c->after)
		return false;
	snprintf(line, cap, "chunk 0x%" PRIx64, snap->chunk[i].addr);
	return true;
}

static bool changes_bytes(const struct view *view, uint32_t row, uint64_t *addr,
			  uint64_t *len)
{
	const struct changes *c = view->state;
	uint32_t i;
	const struct snapshot *snap = snap_of(view, row, &i);

	*addr = snap->chunk[i].addr;
	*len = snap->chunk[i].size;
	return snap == c->after;
}

static void changes_release(struct view *view)
{
	struct changes *c = view->state;

	for (int i = 0; i < CHANGES; i++)
		free(c->list.index[i]);
	free(c);
}

static const struct view_ops changes_ops = {
	.name = "changes",
	.column = changes_columns,
	.column_count = sizeof(changes_columns) / sizeof(*changes_columns),
	.default_sort = -1,
	.section = 0,
	.drill = changes_drill,
	.bytes = changes_bytes,
	.release = changes_release,
};

static uint64_t sum(const struct snapshot *snap, const uint32_t *index,
		    uint32_t count)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < count; i++)
		bytes += snapshot_chunk_size(snap, index[i]);
	return bytes;
}

static void add_totals(struct view *view)
{
	const struct changes *c = view->state;
	const struct change_list *l = &c->list;

	view_total(view, NULL, "new_count", "chunks new",
		   value_u(V_COUNT, l->count[CHANGE_NEW]));
	view_total(view, NULL, "new_bytes", "new",
		   value_u(V_BYTES, sum(c->after, l->index[CHANGE_NEW],
					l->count[CHANGE_NEW])));
	view_total(view, NULL, "gone_count", "chunks gone",
		   value_u(V_COUNT, l->count[CHANGE_GONE]));
	view_total(view, NULL, "gone_bytes", "gone",
		   value_u(V_BYTES, sum(c->before, l->index[CHANGE_GONE],
					l->count[CHANGE_GONE])));
	view_judged_totals(view, l->count[CHANGE_REUSED], l->unsure,
			   l->unknown);
}

int view_changes(const struct diff *diff, struct change_list *list,
		 struct symbols *symbols, struct view **out, struct error *err)
{
	struct changes *c = xcalloc(1, sizeof(*c));
	uint64_t rows = 0;
	struct view *view;

	*c = (struct changes){.before = diff->before,
			      .after = diff->after,
			      .list = *list,
			      .symbols = symbols};
	*list = (struct change_list){0};
	for (int i = 0; i < CHANGES; i++)
		rows += c->list.count[i];
	if (view_create(&changes_ops, (uint32_t)rows, c, &view, err))
		return -1;
	view_of_snapshot(view, diff->after);
	view->complete &= snapshot_complete(diff->before);
	snprintf(view->title, sizeof(view->title),
		 "chunk by chunk from snapshot %s to %s", diff->before->name,
		 diff->after->name);
	add_totals(view);
	*out = view;
	return 0;
}
