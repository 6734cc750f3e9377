#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "view/views.h"

struct snapshot_row {
	char name[32], taken[24];
	uint64_t used_count, used_bytes, stopped_us, table_bytes, content_bytes;
	uint64_t graph_bytes;
	uint32_t threads, attempts;
	bool current, heap;
};

static const struct snapshot_row *row_of(const struct view *view, uint32_t row)
{
	const struct snapshot_row *rows = view->state;

	return &rows[row];
}

#define CELL(name, kind)                                                       \
	static void name##_cell(const struct view *view, uint32_t row,         \
				struct value *out)                             \
	{                                                                      \
		*out = value_u(kind, row_of(view, row)->name);                 \
	}

CELL(stopped_us, V_USEC)
CELL(table_bytes, V_BYTES)
CELL(content_bytes, V_BYTES)
CELL(graph_bytes, V_BYTES)
CELL(threads, V_COUNT)
CELL(attempts, V_COUNT)
CELL(current, V_BOOL)

static void name_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_text(row_of(view, row)->name);
}

static void taken_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_text(row_of(view, row)->taken);
}

static void used_count_cell(const struct view *view, uint32_t row,
			    struct value *out)
{
	if (row_of(view, row)->heap)
		*out = value_u(V_COUNT, row_of(view, row)->used_count);
}

static void used_bytes_cell(const struct view *view, uint32_t row,
			    struct value *out)
{
	if (row_of(view, row)->heap)
		*out = value_u(V_BYTES, row_of(view, row)->used_bytes);
}

static const struct column snapshots_columns[] = {
	{"name", "SNAPSHOT", "its name, for use and drop", V_TEXT,
	 .cell = name_cell},
	{"taken", "TAKEN", "local time", V_TEXT, .cell = taken_cell},
	{"used_count", "USED", "used chunks in it", V_COUNT,
	 .cell = used_count_cell},
	{"used_bytes", "BYTES", "their chunk sizes", V_BYTES,
	 .cell = used_bytes_cell},
	{"stopped_us", "STOPPED", "how long the process stood", V_USEC,
	 .cell = stopped_us_cell},
	{"table_bytes", "TABLES", "what it takes of our memory", V_BYTES,
	 .cell = table_bytes_cell},
	{"content_bytes", "CONTENTS", "bytes of the process that it keeps",
	 V_BYTES, .cell = content_bytes_cell},
	{"current", "NOW", "the one that commands speak of", V_BOOL,
	 .cell = current_cell},
	{"threads", "THREADS", "threads seen", V_COUNT, .cell = threads_cell,
	 .json_only = true},
	{"graph_bytes", "GRAPH", "of the tables: who points at whom", V_BYTES,
	 .cell = graph_bytes_cell, .json_only = true},
	{"attempts", "ATTEMPTS", "stops until malloc was found quiet", V_COUNT,
	 .cell = attempts_cell, .json_only = true},
};

static bool snapshots_drill(const struct view *view, uint32_t row, char *line,
			    size_t cap)
{
	snprintf(line, cap, "use %s", row_of(view, row)->name);
	return true;
}

static void snapshots_release(struct view *view)
{
	free(view->state);
}

static const struct view_ops snapshots_ops = {
	.name = "snapshots",
	.column = snapshots_columns,
	.column_count = sizeof(snapshots_columns) / sizeof(*snapshots_columns),
	.default_sort = -1,
	.section = -1,
	.drill = snapshots_drill,
	.release = snapshots_release,
};

static void fill(struct snapshot_row *row, const struct snapshot *snap)
{
	char seconds[16];
	struct tm tm;

	snprintf(row->name, sizeof(row->name), "%s", snap->name);
	localtime_r(&snap->taken.tv_sec, &tm);
	strftime(seconds, sizeof(seconds), "%H:%M:%S", &tm);
	snprintf(row->taken, sizeof(row->taken), "%s", seconds);
	row->heap = snap->allocator;
	for (uint32_t i = 0; i < snap->chunk_count; i++)
		if (snap->chunk[i].state == CHUNK_USED) {
			row->used_count++;
			row->used_bytes += snapshot_chunk_size(snap, i);
		}
	row->stopped_us = snap->stopped_us;
	row->attempts = snap->attempts;
	row->threads = snap->thread_count;
	row->table_bytes = snapshot_table_bytes(snap);
	row->content_bytes = snapshot_content_bytes(snap);
}

int view_snapshots(const struct snapshot *const *snap, uint32_t count,
		   const struct snapshot *current, uint64_t graph_bytes,
		   struct view **out, struct error *err)
{
	struct snapshot_row *rows = xcalloc(count + 1, sizeof(*rows));

	for (uint32_t i = 0; i < count; i++) {
		fill(&rows[i], snap[i]);
		rows[i].current = snap[i] == current;
		if (!rows[i].current)
			continue;
		rows[i].graph_bytes = graph_bytes;
		rows[i].table_bytes += graph_bytes;
	}
	return view_create(&snapshots_ops, count, rows, out, err);
}
