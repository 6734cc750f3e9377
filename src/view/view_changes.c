#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "view/chunk_cells.h"
#include "view/views.h"

struct changes {
	const struct snapshot *before, *after;
	uint32_t *added, *removed; /* owned */
	uint32_t added_count;
	struct symbols *symbols;
	char preview[160];
};

static const struct snapshot *snap_of(const struct view *view, uint32_t row,
				      uint32_t *index)
{
	const struct changes *c = view->state;

	*index = row < c->added_count ? c->added[row]
				      : c->removed[row - c->added_count];
	return row < c->added_count ? c->after : c->before;
}

static void change_cell(const struct view *view, uint32_t row,
			struct value *out)
{
	const struct changes *c = view->state;

	*out = value_text(row < c->added_count ? "new" : "gone");
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
	{"change", "CHANGE", "new or gone", V_TEXT, .cell = change_cell},
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

	if (row >= c->added_count)
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
	return row < c->added_count;
}

static void changes_release(struct view *view)
{
	struct changes *c = view->state;

	free(c->added);
	free(c->removed);
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

int view_changes(const struct diff *diff, uint32_t *added, uint32_t added_count,
		 uint32_t *removed, uint32_t removed_count,
		 struct symbols *symbols, struct view **out, struct error *err)
{
	struct changes *c = xcalloc(1, sizeof(*c));
	struct view *view;

	*c = (struct changes){.before = diff->before,
			      .after = diff->after,
			      .added = added,
			      .removed = removed,
			      .added_count = added_count,
			      .symbols = symbols};
	if (view_create(&changes_ops, added_count + removed_count, c, &view,
			err))
		return -1;
	view_of_snapshot(view, diff->after);
	view->complete &= snapshot_complete(diff->before);
	snprintf(view->title, sizeof(view->title),
		 "new and gone chunks from snapshot %s to %s",
		 diff->before->name, diff->after->name);
	view_total(view, NULL, "new_count", "chunks new",
		   value_u(V_COUNT, added_count));
	view_total(view, NULL, "new_bytes", "new",
		   value_u(V_BYTES, sum(diff->after, added, added_count)));
	view_total(view, NULL, "gone_count", "chunks gone",
		   value_u(V_COUNT, removed_count));
	view_total(view, NULL, "gone_bytes", "gone",
		   value_u(V_BYTES, sum(diff->before, removed, removed_count)));
	*out = view;
	return 0;
}
