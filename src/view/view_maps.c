#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "view/views.h"

struct map_rows {
	struct maps maps; /* owned */
	char text[64];
};

static const struct map *map_of(const struct view *view, uint32_t row)
{
	const struct map_rows *rows = view->state;

	return &rows->maps.map[row];
}

static void start_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_u(V_ADDR, map_of(view, row)->start);
}

static void end_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_u(V_ADDR, map_of(view, row)->end);
}

static void size_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_u(V_BYTES,
		       map_of(view, row)->end - map_of(view, row)->start);
}

static void perms_cell(const struct view *view, uint32_t row, struct value *out)
{
	struct map_rows *rows = view->state;
	unsigned prot = map_of(view, row)->prot;

	snprintf(rows->text, sizeof(rows->text), "%c%c%c%c",
		 prot & MAP_R ? 'r' : '-', prot & MAP_W ? 'w' : '-',
		 prot & MAP_X ? 'x' : '-', prot & MAP_S ? 's' : 'p');
	*out = value_text(rows->text);
}

static void offset_cell(const struct view *view, uint32_t row,
			struct value *out)
{
	*out = value_u(V_HEX, map_of(view, row)->offset);
}

static void inode_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_u(V_COUNT, map_of(view, row)->inode);
}

static void path_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_text(map_of(view, row)->path);
}

/* What a mapping without a file is for, as far as the heap and the threads
 * tell. */
static bool use_of(const struct view *view, const struct map *map, char *buf,
		   size_t cap)
{
	const struct snapshot *snap = view->snap;

	if (!snap || *map->path == '/')
		return false;
	for (uint32_t i = 0; i < snap->region_count; i++)
		if (snap->region[i].start < map->end &&
		    snap->region[i].end > map->start) {
			snprintf(buf, cap, "heap of arena %u",
				 snap->region[i].arena);
			return true;
		}
	for (uint32_t i = 0; i < snap->thread_count; i++)
		if (snap->thread[i].stack_end > map->start &&
		    snap->thread[i].stack_start < map->end) {
			snprintf(buf, cap, "stack of thread %d",
				 (int)snap->thread[i].thread.tid);
			return true;
		}
	for (uint32_t i = 0; i < snap->ended_count; i++)
		if (snap->ended[i].end > map->start &&
		    snap->ended[i].start < map->end) {
			snprintf(buf, cap, "stack of a thread that has ended");
			return true;
		}
	return false;
}

static void use_cell(const struct view *view, uint32_t row, struct value *out)
{
	struct map_rows *rows = view->state;
	const struct map *map = map_of(view, row);
	uint32_t at;

	if (use_of(view, map, rows->text, sizeof(rows->text))) {
		*out = value_text(rows->text);
		return;
	}
	/* A block that malloc mapped lies 16 bytes into its mapping. */
	at = view->snap && !*map->path
		     ? snapshot_find(view->snap, map->start + 16)
		     : CHUNK_NONE;
	if (at != CHUNK_NONE && view->snap->chunk[at].arena == ARENA_MMAPPED)
		*out = value_text("mmapped chunk");
}

static void what_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_text("");
	use_cell(view, row, out);
	/* The file's own name: its folder would fill a line of 80 columns. */
	if (*map_of(view, row)->path == '/')
		*out = value_text(strrchr(map_of(view, row)->path, '/') + 1);
	else if (*map_of(view, row)->path && *map_of(view, row)->path != '[')
		*out = value_text(map_of(view, row)->path);
	else if (!*out->text)
		*out = value_text(*map_of(view, row)->path
					  ? map_of(view, row)->path
					  : "(anonymous)");
}

static const struct column maps_columns[] = {
	{"start", "START", "first address", V_ADDR, .cell = start_cell},
	{"end", "END", "the address after the last", V_ADDR, .cell = end_cell},
	{"size", "SIZE", "bytes of address space", V_BYTES, .cell = size_cell},
	{"perms", "PERM", "r read, w write, x execute, p private, s shared",
	 V_TEXT, .cell = perms_cell},
	{"offset", "OFFSET", "in the file", V_HEX, .cell = offset_cell,
	 .json_only = true},
	{"inode", "INODE", "of the file", V_COUNT, .cell = inode_cell,
	 .json_only = true},
	{"path", "PATH", "as /proc names it", V_TEXT, .cell = path_cell,
	 .json_only = true},
	{"use", "USE", "heap of an arena, stack of a thread, mmapped chunk",
	 V_TEXT, .cell = use_cell, .json_only = true},
	{"what", "WHAT", "the file's name, or what it is used for", V_TEXT,
	 .cell = what_cell, .stretch = true},
};

static bool maps_drill(const struct view *view, uint32_t row, char *line,
		       size_t cap)
{
	snprintf(line, cap, "x/32gx 0x%" PRIx64, map_of(view, row)->start);
	return true;
}

static bool maps_bytes(const struct view *view, uint32_t row, uint64_t *addr,
		       uint64_t *len)
{
	*addr = map_of(view, row)->start;
	*len = map_of(view, row)->end - *addr;
	return map_of(view, row)->prot & MAP_R;
}

static void maps_release(struct view *view)
{
	struct map_rows *rows = view->state;

	maps_deinit(&rows->maps);
	free(rows);
}

static const struct view_ops maps_ops = {
	.name = "maps",
	.column = maps_columns,
	.column_count = sizeof(maps_columns) / sizeof(*maps_columns),
	.default_sort = 0,
	.section = -1,
	.drill = maps_drill,
	.bytes = maps_bytes,
	.release = maps_release,
};

int view_maps(const struct maps *maps, const struct snapshot *snap,
	      struct view **out, struct error *err)
{
	struct map_rows *rows = xcalloc(1, sizeof(*rows));
	uint64_t bytes = 0;
	struct view *view;

	if (maps_copy(maps, &rows->maps, err)) {
		free(rows);
		return -1;
	}
	if (view_create(&maps_ops, (uint32_t)maps->count, rows, &view, err))
		return -1;
	if (snap)
		view_of_snapshot(view, snap);
	snprintf(view->title, sizeof(view->title), "mappings%s%s",
		 snap ? ", snapshot " : " as they are now",
		 snap ? snap->name : "");
	for (size_t i = 0; i < maps->count; i++)
		bytes += maps->map[i].end - maps->map[i].start;
	view_total(view, NULL, "count", "mappings",
		   value_u(V_COUNT, maps->count));
	view_total(view, NULL, "size", "of address space",
		   value_u(V_BYTES, bytes));
	*out = view;
	return 0;
}
