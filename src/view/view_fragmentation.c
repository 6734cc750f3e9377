#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fmt.h"
#include "view/retention_totals.h"
#include "view/views.h"

struct fragmentation {
	struct trim trim; /* owned */
	struct retention_words words;
};

static const struct trim_arena *row_of(const struct view *view, uint32_t row)
{
	const struct fragmentation *f = view->state;

	return &f->trim.arena[row];
}

static const struct chunk *pin_of(const struct view *view, uint32_t row)
{
	uint32_t pin = row_of(view, row)->pin;

	return pin == CHUNK_NONE ? NULL : &view->snap->chunk[pin];
}

static void arena_cell(const struct view *view, uint32_t row, struct value *out)
{
	(void)view;
	*out = value_u(V_COUNT, row);
}

static void free_bytes_cell(const struct view *view, uint32_t row,
			    struct value *out)
{
	*out = value_u(V_BYTES, row_of(view, row)->free_bytes);
}

static void share_cell(const struct view *view, uint32_t row, struct value *out)
{
	uint64_t system = view->snap->arena[row].system_bytes;

	*out = (struct value){
		.kind = V_PERCENT,
		.f = system ? 100 * (double)row_of(view, row)->free_bytes /
				      (double)system
			    : 0};
}

static void top_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_u(V_BYTES, view->snap->arena[row].top_bytes);
}

static void trim_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_u(V_BYTES, row_of(view, row)->bytes);
}

static void trim_top_cell(const struct view *view, uint32_t row,
			  struct value *out)
{
	*out = value_u(V_BYTES, row_of(view, row)->top_bytes);
}

static void touched_cell(const struct view *view, uint32_t row,
			 struct value *out)
{
	const struct fragmentation *f = view->state;

	if (f->trim.touched_known)
		*out = value_u(V_BYTES, row_of(view, row)->touched);
}

static void pin_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (pin_of(view, row))
		*out = value_u(V_ADDR, pin_of(view, row)->addr);
}

static void pin_state_cell(const struct view *view, uint32_t row,
			   struct value *out)
{
	const struct chunk *pin = pin_of(view, row);

	if (pin)
		*out = value_text(pin->state == CHUNK_CACHED ? "cached"
							     : "used");
}

static void pinned_cell(const struct view *view, uint32_t row,
			struct value *out)
{
	if (pin_of(view, row))
		*out = value_u(V_BYTES, row_of(view, row)->pinned_bytes);
}

static const struct column fragmentation_columns[] = {
	{"arena", "ARENA", "index of the arena", V_COUNT, .cell = arena_cell},
	{"free_bytes", "FREE", "chunk sizes of free chunks, without the top",
	 V_BYTES, .cell = free_bytes_cell},
	{"share", "SHARE", "of what the arena has from the kernel", V_PERCENT,
	 .cell = share_cell},
	{"top_bytes", "TOP", "the free end of the arena", V_BYTES,
	 .cell = top_cell},
	{"trim_bytes", "TRIM", "whole pages that malloc_trim(0) would return",
	 V_BYTES, .cell = trim_cell},
	{"trim_top_bytes", "", "of these, at the end of brk", V_BYTES,
	 .cell = trim_top_cell, .json_only = true},
	{"trim_touched_bytes", "TOUCHED",
	 "of these, in memory or swapped: what would be won", V_BYTES,
	 .cell = touched_cell},
	{"pin", "LAST CHUNK", "before the top, used or cached", V_ADDR,
	 .cell = pin_cell},
	{"pin_state", "", "used or cached", V_TEXT, .cell = pin_state_cell,
	 .json_only = true},
	{"pinned_bytes", "BEHIND",
	 "what would join the top if that chunk were freed", V_BYTES,
	 .cell = pinned_cell},
};

static bool fragmentation_drill(const struct view *view, uint32_t row,
				char *line, size_t cap)
{
	if (!pin_of(view, row))
		return false;
	snprintf(line, cap, "chunk 0x%" PRIx64, pin_of(view, row)->addr);
	return true;
}

static void fragmentation_release(struct view *view)
{
	struct fragmentation *f = view->state;

	trim_deinit(&f->trim);
	free(f);
}

static const struct view_ops fragmentation_ops = {
	.name = "fragmentation",
	.column = fragmentation_columns,
	.column_count =
		sizeof(fragmentation_columns) / sizeof(*fragmentation_columns),
	.default_sort = -1,
	.section = -1,
	.drill = fragmentation_drill,
	.release = fragmentation_release,
};

void view_trim_totals(struct view *view, const struct trim *trim)
{
	view_total(view, "malloc_trim", "bytes", "would be given back",
		   value_u(V_BYTES, trim->total.bytes));
	view_total(view, "malloc_trim", "touched_bytes",
		   trim->touched_known ? "of them in memory" : NULL,
		   trim->touched_known ? value_u(V_BYTES, trim->total.touched)
				       : value_none());
	view_total(view, "malloc_trim", "top_bytes",
		   trim->total.foreign_brk
			   ? "of them from the top, which brk does not end with"
			   : "of them from the top",
		   value_u(V_BYTES, trim->total.top_bytes));
	view_total(view, "malloc_trim", "top_stays", NULL,
		   value_u(V_BOOL, trim->total.foreign_brk));
}

int view_fragmentation(const struct snapshot *snap, const struct snapshot *from,
		       struct view **out, struct error *err)
{
	struct fragmentation *f = xcalloc(1, sizeof(*f));
	struct view *view;

	if (trim_make(snap, &f->trim, err)) {
		free(f);
		return -1;
	}
	if (view_create(&fragmentation_ops, snap->arena_count, f, &view, err))
		return -1;
	view_of_snapshot(view, snap);
	snprintf(view->title, sizeof(view->title),
		 "fragmentation of %s %d, snapshot %s", snap->comm,
		 (int)snap->pid, snap->name);
	if (snap->region_count > snap->arena_count) {
		size_t len = strlen(view->title);

		snprintf(view->title + len, sizeof(view->title) - len,
			 " (%u heaps: --heaps)", snap->region_count);
	}
	view_total(view, NULL, "rss_bytes", "resident, all of the process",
		   snap->rss_bytes ? value_u(V_BYTES, snap->rss_bytes)
				   : value_none());
	view_total(view, NULL, "free_touched_bytes",
		   "free, cached and top on pages that are there",
		   snap->free_touched_known
			   ? value_u(V_BYTES, snap->free_touched)
			   : value_none());
	view_trim_totals(view, &f->trim);
	retention_totals(view, from, false, &f->words);
	*out = view;
	return 0;
}
