#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "snapshot/place.h"
#include "view/chunk_cells.h"
#include "view/views.h"

struct chunks {
	uint32_t *index; /* owned */
	struct bitmap fresh;
	bool has_fresh;
	uint8_t *leak; /* owned: enum leak_kind + 1 of each row; or NULL */
	bool by_type;
	const struct typing *typing; /* borrowed, or NULL */
	struct symbols *symbols;     /* borrowed */
	char preview[160];	     /* of the last cell() */
};

static uint32_t index_of(const struct view *view, uint32_t row)
{
	const struct chunks *chunks = view->state;

	return chunks->index[row];
}

static const struct chunk *chunk_of(const struct view *view, uint32_t row)
{
	return &view->snap->chunk[index_of(view, row)];
}

static void addr_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_u(V_ADDR, chunk_of(view, row)->addr);
}

static void size_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_u(V_NUMBER, chunk_of(view, row)->size);
}

static void chunk_size_cell(const struct view *view, uint32_t row,
			    struct value *out)
{
	*out = value_u(V_NUMBER,
		       snapshot_chunk_size(view->snap, index_of(view, row)));
}

static void state_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_text(
		chunk_state_name((enum chunk_state)chunk_of(view, row)->state));
}

static void arena_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = chunk_arena_value(chunk_of(view, row));
}

static void new_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct chunks *chunks = view->state;

	if (chunks->has_fresh)
		*out = value_u(V_BOOL, bitmap_test(&chunks->fresh,
						   index_of(view, row)));
}

static void leak_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct chunks *chunks = view->state;

	if (chunks->leak && chunks->leak[row])
		*out = value_text(leak_kind_name(
			(enum leak_kind)(chunks->leak[row] - 1)));
}

static void named_by_cell(const struct view *view, uint32_t row,
			  struct value *out)
{
	const struct chunks *chunks = view->state;
	uint32_t i = index_of(view, row);

	if (chunks->typing && chunk_of(view, row)->state == CHUNK_USED)
		*out = value_text(typed_by_name(chunks->typing->by[i]));
}

static void content_cell(const struct view *view, uint32_t row,
			 struct value *out)
{
	struct chunks *chunks = view->state;

	chunk_preview(view->snap, chunks->symbols, index_of(view, row), true,
		      chunks->preview, sizeof(chunks->preview));
	*out = value_text(chunks->preview);
}

static void type_cell(const struct view *view, uint32_t row, struct value *out)
{
	struct chunks *chunks = view->state;

	uint32_t i = index_of(view, row);

	if (!chunks->typing)
		*out = chunk_type_value(view->snap, chunks->symbols, i,
					chunks->preview,
					sizeof(chunks->preview));
	else if (chunks->typing->by[i])
		*out = value_text(typing_name(chunks->typing, i));
}

static const struct column chunks_columns[] = {
	{"addr", "ADDRESS", "what malloc returned", V_ADDR, .cell = addr_cell},
	{"size", "SIZE", "usable bytes (malloc_usable_size)", V_NUMBER,
	 .cell = size_cell},
	{"chunk_size", "CHUNK", "the chunk's own size: its class", V_NUMBER,
	 .cell = chunk_size_cell},
	{"state", "STATE", "used, free (in a bin), cached (in a tcache) or top",
	 V_TEXT, .cell = state_cell},
	{"arena", "ARENA", "index, or mmapped", V_COUNT, .cell = arena_cell},
	{"new", "NEW", "allocated between the two snapshots of the last diff",
	 V_BOOL, .cell = new_cell, .json_only = true},
	{"leak", "LEAK", "definite, indirect, possible or reachable", V_TEXT,
	 .cell = leak_cell, .json_only = true},
	{"type", "TYPE", "class or symbol that tells what it is, or text",
	 V_TEXT, .cell = type_cell, .json_only = true},
	{"named_by", "NAMED BY", "why we think so", V_TEXT,
	 .cell = named_by_cell, .json_only = true},
	{"content", "CONTENT", "how it begins: text, symbol or words", V_TEXT,
	 .cell = content_cell, .stretch = true},
};

static bool chunks_drill(const struct view *view, uint32_t row, char *line,
			 size_t cap)
{
	const struct chunks *chunks = view->state;

	snprintf(line, cap, "%s 0x%" PRIx64, chunks->by_type ? "type" : "chunk",
		 chunk_of(view, row)->addr);
	return true;
}

static bool chunks_bytes(const struct view *view, uint32_t row, uint64_t *addr,
			 uint64_t *len)
{
	*addr = chunk_of(view, row)->addr;
	*len = chunk_of(view, row)->size;
	return true;
}

static void chunks_release(struct view *view)
{
	struct chunks *chunks = view->state;

	free(chunks->index);
	free(chunks->leak);
	bitmap_deinit(&chunks->fresh);
	free(chunks);
}

static const struct view_ops chunks_ops = {
	.name = "chunks",
	.column = chunks_columns,
	.column_count = sizeof(chunks_columns) / sizeof(*chunks_columns),
	.default_sort = 0,
	.section = -1,
	.drill = chunks_drill,
	.bytes = chunks_bytes,
	.release = chunks_release,
};

static int copy_fresh(struct chunks *chunks, const struct bitmap *fresh,
		      struct error *err)
{
	if (!fresh)
		return 0;
	if (bitmap_init(&chunks->fresh, fresh->bits, "map of new chunks", err))
		return -1;
	if (fresh->bits)
		memcpy(chunks->fresh.word, fresh->word,
		       (fresh->bits + 63) / 64 * sizeof(*fresh->word));
	chunks->has_fresh = true;
	return 0;
}

static int copy_leaks(struct chunks *chunks, const struct chunk_list *list,
		      struct error *err)
{
	if (!list->leaks)
		return 0;
	chunks->leak = try_calloc(list->count, 1, "kinds of leaks", err);
	if (!chunks->leak)
		return -1;
	for (uint32_t i = 0; i < list->count; i++)
		chunks->leak[i] = list->leaks->kind[list->index[i]];
	return 0;
}

int view_chunks(const struct chunk_list *list, struct view **out,
		struct error *err)
{
	struct chunks *chunks = xcalloc(1, sizeof(*chunks));
	uint64_t bytes = 0, usable = 0;
	struct view *view;

	chunks->index = list->index;
	chunks->symbols = list->symbols;
	chunks->typing = list->typing;
	chunks->by_type = list->by_type;
	if (copy_fresh(chunks, list->fresh, err) ||
	    copy_leaks(chunks, list, err)) {
		bitmap_deinit(&chunks->fresh);
		free(chunks->index);
		free(chunks);
		return -1;
	}
	if (view_create(&chunks_ops, list->count, chunks, &view, err))
		return -1;
	view_of_snapshot(view, list->snap);
	snprintf(view->title, sizeof(view->title), "chunks %.120s, snapshot %s",
		 list->set, list->snap->name);
	for (uint32_t i = 0; i < list->count; i++) {
		usable += chunk_of(view, i)->size;
		bytes += snapshot_chunk_size(list->snap, index_of(view, i));
	}
	view_total(view, NULL, "count", "chunks",
		   value_u(V_COUNT, list->count));
	view_total(view, NULL, "bytes", "with headers",
		   value_u(V_BYTES, bytes));
	view_total(view, NULL, "usable_bytes", "usable",
		   value_u(V_BYTES, usable));
	*out = view;
	return 0;
}
