#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "view/retention_totals.h"
#include "view/views.h"

struct heap_row {
	uint64_t count[4], bytes[4]; /* by enum chunk_state; chunk sizes */
	uint64_t doubtful; /* told by threads that were inside malloc */
};

struct heap {
	struct heap_row *row; /* owned: arenas, then mmapped */
	char malloc[256];     /* what malloc_cell() names */
	struct retention_words retention;
};

/* Beside the program's own: those whose mallinfo2 is shown. */
enum { MAX_COPIES = 8 };

static const struct heap_row *row_of(const struct view *view, uint32_t row)
{
	const struct heap *heap = view->state;

	return &heap->row[row];
}

static const struct arena *arena_of(const struct view *view, uint32_t row)
{
	return row < view->snap->arena_count ? &view->snap->arena[row] : NULL;
}

static void arena_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = arena_of(view, row) ? value_u(V_COUNT, row)
				   : value_text("mmapped");
}

static void addr_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (arena_of(view, row))
		*out = value_u(V_ADDR, arena_of(view, row)->addr);
}

static uint64_t mmapped_bytes(const struct snapshot *snap)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < snap->copy_count; i++)
		bytes += snap->copy[i].malloc.params.mmapped_bytes;
	return snap->copy_count ? bytes : snap->params.mmapped_bytes;
}

static uint64_t system_bytes(const struct view *view, uint32_t row)
{
	return arena_of(view, row) ? arena_of(view, row)->system_bytes
				   : mmapped_bytes(view->snap);
}

static void copy_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (arena_of(view, row))
		*out = value_u(V_COUNT, arena_of(view, row)->copy);
}

static void module_cell(const struct view *view, uint32_t row,
			struct value *out)
{
	const struct snapshot *snap = view->snap;
	const struct arena *arena = arena_of(view, row);

	if (arena && arena->copy < snap->copy_count)
		*out = value_text(snap->copy[arena->copy].malloc.module);
}

static void malloc_cell(const struct view *view, uint32_t row,
			struct value *out)
{
	struct heap *heap = view->state;
	const struct arena *arena = arena_of(view, row);
	char name[200];

	if (!arena) {
		*out = value_text("all copies of malloc");
		return;
	}
	if (arena->copy >= view->snap->copy_count)
		return;
	view_copy_name(view->snap, arena->copy, name, sizeof(name));
	snprintf(heap->malloc, sizeof(heap->malloc), "copy %u of malloc, %s",
		 arena->copy, name);
	*out = value_text(heap->malloc);
}

static void system_cell(const struct view *view, uint32_t row,
			struct value *out)
{
	*out = value_u(V_BYTES, system_bytes(view, row));
}

static void top_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_u(V_BYTES, row_of(view, row)->bytes[CHUNK_TOP]);
}

static void heaps_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (arena_of(view, row))
		*out = value_u(V_COUNT, arena_of(view, row)->heaps);
}

static void doubtful_cell(const struct view *view, uint32_t row,
			  struct value *out)
{
	*out = value_u(V_COUNT, row_of(view, row)->doubtful);
}

static void threads_cell(const struct view *view, uint32_t row,
			 struct value *out)
{
	if (arena_of(view, row))
		*out = value_u(V_COUNT, arena_of(view, row)->attached_threads);
}

#define STATE_CELLS(name, state)                                               \
	static void name##_count_cell(const struct view *view, uint32_t row,   \
				      struct value *out)                       \
	{                                                                      \
		*out = value_u(V_COUNT, row_of(view, row)->count[state]);      \
	}                                                                      \
	static void name##_bytes_cell(const struct view *view, uint32_t row,   \
				      struct value *out)                       \
	{                                                                      \
		*out = value_u(V_BYTES, row_of(view, row)->bytes[state]);      \
	}

STATE_CELLS(used, CHUNK_USED)
STATE_CELLS(free, CHUNK_FREE)
STATE_CELLS(cached, CHUNK_CACHED)

static const struct column heap_columns[] = {
	{"arena", "ARENA", "index of the arena; mmapped: blocks of their own",
	 V_COUNT, .cell = arena_cell},
	{"addr", "ADDRESS", "where the arena's struct malloc_state is", V_ADDR,
	 .cell = addr_cell, .json_only = true},
	{"system_bytes", "SYSTEM", "taken from the kernel", V_BYTES,
	 .cell = system_cell},
	{"used_count", "USED", "chunks in use", V_COUNT,
	 .cell = used_count_cell},
	{"used_bytes", "BYTES", "their chunk sizes: payload and header",
	 V_BYTES, .cell = used_bytes_cell},
	{"free_count", "FREE", "chunks in bins and fastbins", V_COUNT,
	 .cell = free_count_cell, .json_only = true},
	{"free_bytes", "FREE", "chunk sizes in bins and fastbins", V_BYTES,
	 .cell = free_bytes_cell},
	{"cached_count", "CACHED", "free chunks that a thread's tcache keeps",
	 V_COUNT, .cell = cached_count_cell, .json_only = true},
	{"cached_bytes", "CACHED",
	 "chunk sizes in tcaches (mallinfo2 counts them as used)", V_BYTES,
	 .cell = cached_bytes_cell},
	{"top_bytes", "TOP", "the free end of the arena", V_BYTES,
	 .cell = top_cell},
	{"heaps", "HEAPS", "pieces of address space it consists of", V_COUNT,
	 .cell = heaps_cell},
	{"threads", "THREADS", "threads attached to it", V_COUNT,
	 .cell = threads_cell, .json_only = true},
	{"doubtful", "NOT SURE", "what threads inside malloc were working on",
	 V_COUNT, .cell = doubtful_cell, .json_only = true},
	{"copy", "", "of malloc: 0 is the program's own", V_COUNT,
	 .cell = copy_cell, .json_only = true},
	{"module", "", "the file whose malloc it is", V_TEXT,
	 .cell = module_cell, .json_only = true},
	{"malloc", "", "the same in words", V_TEXT, .cell = malloc_cell,
	 .json_only = true},
};

enum { MALLOC_COLUMN = sizeof(heap_columns) / sizeof(*heap_columns) - 1 };

static bool heap_drill(const struct view *view, uint32_t row, char *line,
		       size_t cap)
{
	if (arena_of(view, row))
		snprintf(line, cap, "sizes used arena=%u", row);
	else
		snprintf(line, cap, "sizes used mmapped");
	return true;
}

static bool heap_bytes(const struct view *view, uint32_t row, uint64_t *addr,
		       uint64_t *len)
{
	if (!arena_of(view, row))
		return false;
	*addr = arena_of(view, row)->addr;
	*len = 256;
	return true;
}

static void heap_release(struct view *view)
{
	struct heap *heap = view->state;

	free(heap->row);
	free(heap);
}

static const struct view_ops heap_ops = {
	.name = "heap",
	.column = heap_columns,
	.column_count = sizeof(heap_columns) / sizeof(*heap_columns),
	.default_sort = -1,
	.section = -1,
	.drill = heap_drill,
	.bytes = heap_bytes,
	.release = heap_release,
};

/* Several copies of malloc in the process: a section each. */
static const struct view_ops copies_ops = {
	.name = "heap",
	.column = heap_columns,
	.column_count = sizeof(heap_columns) / sizeof(*heap_columns),
	.default_sort = -1,
	.section = MALLOC_COLUMN,
	.drill = heap_drill,
	.bytes = heap_bytes,
	.release = heap_release,
};

static void add_mallinfo(struct view *view, const char *group,
			 const struct mallinfo2_totals *m)
{
	const struct {
		const char *name;
		enum value_kind kind;
		uint64_t value;
	} field[] = {
		{"arena", V_BYTES, m->arena},
		{"ordblks", V_COUNT, m->ordblks},
		{"smblks", V_COUNT, m->smblks},
		{"hblks", V_COUNT, m->hblks},
		{"hblkhd", V_BYTES, m->hblkhd},
		{"usmblks", V_BYTES, m->usmblks},
		{"fsmblks", V_BYTES, m->fsmblks},
		{"uordblks", V_BYTES, m->uordblks},
		{"fordblks", V_BYTES, m->fordblks},
		{"keepcost", V_BYTES, m->keepcost},
	};

	for (size_t i = 0; i < sizeof(field) / sizeof(*field); i++)
		view_total(view, group, field[i].name, field[i].name,
			   value_u(field[i].kind, field[i].value));
}

static void add_copies(struct view *view)
{
	static const char *const group[MAX_COPIES] = {
		NULL,	       "mallinfo2_1", "mallinfo2_2", "mallinfo2_3",
		"mallinfo2_4", "mallinfo2_5", "mallinfo2_6", "mallinfo2_7"};
	const struct snapshot *snap = view->snap;

	for (uint32_t i = 1; i < snap->copy_count && i < MAX_COPIES; i++)
		add_mallinfo(view, group[i], &snap->copy[i].mallinfo);
	if (snap->copy_count > MAX_COPIES)
		view_warn(view,
			  "mallinfo2 is shown of %d of %u copies of malloc",
			  MAX_COPIES, snap->copy_count);
}

static void add_totals(struct view *view)
{
	struct heap_row all = {0};
	uint64_t system = 0, heaps = 0, unknown = 0;
	double spare;

	for (uint32_t i = 0; i < view->row_count; i++) {
		for (unsigned s = 0; s < 4; s++) {
			all.count[s] += row_of(view, i)->count[s];
			all.bytes[s] += row_of(view, i)->bytes[s];
		}
		system += system_bytes(view, i);
		if (!arena_of(view, i))
			continue;
		heaps += arena_of(view, i)->heaps;
		unknown += arena_of(view, i)->unknown_bytes;
	}
	view_total(view, NULL, "system_bytes", "from the system",
		   value_u(V_BYTES, system));
	view_total(view, NULL, "used_count", "chunks used",
		   value_u(V_COUNT, all.count[CHUNK_USED]));
	view_total(view, NULL, "used_bytes", "used",
		   value_u(V_BYTES, all.bytes[CHUNK_USED]));
	view_total(view, NULL, "free_count", "chunks free",
		   value_u(V_COUNT, all.count[CHUNK_FREE]));
	view_total(view, NULL, "free_bytes", "free",
		   value_u(V_BYTES, all.bytes[CHUNK_FREE]));
	view_total(view, NULL, "cached_count", "chunks cached",
		   value_u(V_COUNT, all.count[CHUNK_CACHED]));
	view_total(view, NULL, "cached_bytes", "cached",
		   value_u(V_BYTES, all.bytes[CHUNK_CACHED]));
	view_total(view, NULL, "top_bytes", "top",
		   value_u(V_BYTES, all.bytes[CHUNK_TOP]));
	view_total(view, NULL, "heaps", "heaps", value_u(V_COUNT, heaps));
	if (unknown)
		view_total(view, NULL, "unknown_bytes",
			   "in no chunk that is known, behind damage",
			   value_u(V_BYTES, unknown));
	spare = (double)all.bytes[CHUNK_FREE];
	view_total(
		view, NULL, "fragmentation", "free between used chunks",
		(struct value){.kind = V_PERCENT,
			       .f = system ? 100 * spare / (double)system : 0});
}

static void count_doubtful(const struct snapshot *snap, struct heap *heap)
{
	for (uint32_t i = 0; i < snap->defect_count; i++) {
		const struct defect *d = &snap->defect[i];
		uint32_t at = d->arena < snap->arena_count ? d->arena
							   : snap->arena_count;

		heap->row[at].doubtful += d->kind == DEFECT_BUSY;
	}
}

/* All zeros need a word: is it the program, or is it us? */
static bool never_called(const struct snapshot *snap)
{
	return !snap->chunk_count && !snap->foreign_count &&
	       snap->arena_count && !snap->arena[0].initialised;
}

int view_heap(const struct snapshot *snap, const struct snapshot *from,
	      struct view **out, struct error *err)
{
	struct heap *heap = xcalloc(1, sizeof(*heap));
	uint32_t rows = snap->arena_count + 1;
	struct trim trim;
	struct view *view;

	heap->row = xcalloc(rows, sizeof(*heap->row));
	for (uint32_t i = 0; i < snap->chunk_count; i++) {
		const struct chunk *c = &snap->chunk[i];
		uint32_t at = c->arena < snap->arena_count ? (uint32_t)c->arena
							   : rows - 1;

		heap->row[at].count[c->state & 3]++;
		heap->row[at].bytes[c->state & 3] +=
			snapshot_chunk_size(snap, i);
	}
	count_doubtful(snap, heap);
	if (view_create(snap->copy_count > 1 ? &copies_ops : &heap_ops, rows,
			heap, &view, err))
		return -1;
	view_of_snapshot(view, snap);
	snprintf(view->title, sizeof(view->title),
		 "heap of %s %d, %s%s%s, %u arena%s, snapshot %s%s", snap->comm,
		 (int)snap->pid, snap->allocator ? snap->allocator : "?",
		 *snap->glibc ? " " : "", snap->glibc, snap->arena_count,
		 snap->arena_count == 1 ? "" : "s", snap->name,
		 never_called(snap) ? ": malloc was never called" : "");
	if (snap->copy_count > 1) {
		size_t len = strlen(view->title);

		snprintf(view->title + len, sizeof(view->title) - len,
			 ": %u copies of malloc", snap->copy_count);
	}
	retention_totals(view, from, true, &heap->retention);
	add_totals(view);
	add_mallinfo(view, "mallinfo2", &snap->mallinfo);
	add_copies(view);
	if (trim_make(snap, &trim, err)) {
		view_destroy(view);
		return -1;
	}
	view_trim_totals(view, &trim);
	trim_deinit(&trim);
	view_foreign_totals(view);
	*out = view;
	return 0;
}
