#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/damage.h"
#include "analysis/leftover.h"
#include "base/alloc.h"
#include "base/fmt.h"
#include "base/strbuf.h"
#include "view/views.h"

enum { SECTION_MAX = 256, TEXT_MAX = 160, LEFTOVERS_SHOWN = 12 };

struct verify {
	char section[SECTION_MAX], text[TEXT_MAX];
	struct leftovers left; /* owned */
};

/* The last rows: what remains unexplained; the first two are sums. */
enum leftover_row { LEFT_HEAP, LEFT_ANON, LEFT_ITEMS };

static const struct check *check_of(const struct view *view, uint32_t row)
{
	return row < view->snap->check_count ? &view->snap->check[row] : NULL;
}

/* NULL: neither a check nor a defect, but what remains. */
static const struct defect *defect_of(const struct view *view, uint32_t row)
{
	row -= view->snap->check_count;
	return row < view->snap->defect_count ? &view->snap->defect[row] : NULL;
}

/* Which of the remaining rows it is. */
static uint32_t left_of(const struct view *view, uint32_t row)
{
	return row - view->snap->check_count - view->snap->defect_count;
}

static const struct leftover *item_of(const struct view *view, uint32_t row)
{
	const struct verify *v = view->state;

	return left_of(view, row) < LEFT_ITEMS
		       ? NULL
		       : &v->left.item[left_of(view, row) - LEFT_ITEMS];
}

const char *check_result_name(enum check_result result)
{
	static const char *const name[] = {
		[CHECK_OK] = "ok",
		[CHECK_FAILED] = "failed",
		[CHECK_SKIPPED] = "skipped",
		[CHECK_BUSY] = "busy",
	};

	return name[result];
}

static bool is_busy(const struct view *view, uint32_t row)
{
	return defect_of(view, row)->kind == DEFECT_BUSY;
}

static void section_cell(const struct view *view, uint32_t row,
			 struct value *out)
{
	const struct check *check = check_of(view, row);
	struct verify *v = view->state;
	char name[200];

	if (check && check->copy && check->copy < view->snap->copy_count) {
		view_copy_name(view->snap, check->copy, name, sizeof(name));
		snprintf(v->section, SECTION_MAX,
			 "checks of copy %u of malloc, %s", check->copy, name);
		*out = value_text(v->section);
	} else if (check) {
		*out = value_text("checks");
	} else if (!defect_of(view, row)) {
		*out = value_text("what remains unexplained");
	} else {
		*out = value_text(is_busy(view, row)
					  ? "not sure: a thread was in malloc"
					  : "what does not add up");
	}
}

static void copy_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (check_of(view, row))
		*out = value_u(V_COUNT, check_of(view, row)->copy);
}

static void name_cell(const struct view *view, uint32_t row, struct value *out)
{
	static const char *const left[] = {
		[LEFT_HEAP] = "heap bytes in no chunk",
		[LEFT_ANON] = "anonymous memory of nobody",
		[LEFT_ITEMS] = "of it",
	};
	const struct check *check = check_of(view, row);
	uint32_t l = left_of(view, row);

	if (check)
		*out = value_text(check->name);
	else if (defect_of(view, row))
		*out = value_text(defect_kind_name(defect_of(view, row)->kind));
	else
		*out = value_text(left[l < LEFT_ITEMS ? l : LEFT_ITEMS]);
}

static void result_cell(const struct view *view, uint32_t row,
			struct value *out)
{
	const struct check *check = check_of(view, row);

	if (check)
		*out = value_text(check_result_name(check->result));
	else if (defect_of(view, row))
		*out = value_text(check_result_name(
			is_busy(view, row) ? CHECK_BUSY : CHECK_FAILED));
}

static void a_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct check *check = check_of(view, row);
	const struct verify *v = view->state;
	const struct leftover *item;
	int64_t bytes;

	if (check || defect_of(view, row)) {
		if (check && check->has_numbers)
			*out = value_u(V_COUNT, check->a);
		return;
	}
	item = item_of(view, row);
	bytes = leftover_heap_bytes(&v->left);
	if (item)
		*out = value_u(V_COUNT, item->bytes);
	else if (left_of(view, row) == LEFT_ANON)
		*out = value_u(V_COUNT, v->left.anon_bytes);
	else
		*out = value_u(V_COUNT, (uint64_t)(bytes < 0 ? 0 : bytes));
}

static void b_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct check *check = check_of(view, row);

	if (check && check->has_numbers)
		*out = value_u(V_COUNT, check->b);
}

static void addr_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (check_of(view, row))
		return;
	if (defect_of(view, row))
		*out = value_u(V_ADDR, defect_of(view, row)->addr);
	else if (item_of(view, row))
		*out = value_u(V_ADDR, item_of(view, row)->addr);
}

static void arena_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct defect *defect =
		check_of(view, row) ? NULL : defect_of(view, row);

	if (defect && defect->arena != ARENA_MMAPPED)
		*out = value_u(V_COUNT, defect->arena);
}

static void left_text(const struct view *view, uint32_t row, char *buf)
{
	const struct verify *v = view->state;
	const struct leftovers *l = &v->left;
	const struct leftover *item = item_of(view, row);

	if (item) {
		const struct map *map = &view->snap->maps.map[item->map];

		snprintf(buf, TEXT_MAX, "%c%c%c%c %.120s",
			 map->prot & MAP_R ? 'r' : '-',
			 map->prot & MAP_W ? 'w' : '-',
			 map->prot & MAP_X ? 'x' : '-',
			 map->prot & MAP_S ? 's' : 'p',
			 *map->path ? map->path : "no name");
	} else if (left_of(view, row) == LEFT_ANON) {
		snprintf(buf, TEXT_MAX,
			 "bytes in %u places: no heap, no mmapped chunk, no "
			 "stack, no module's data%s",
			 l->count,
			 l->count > LEFTOVERS_SHOWN ? "; the largest follow"
						    : "");
	} else {
		snprintf(buf, TEXT_MAX,
			 "of %" PRIu64 " from the system: %" PRIu64
			 " are chunks, %" PRIu64 " overhead (arenas, heap "
			 "headers, fenceposts, gaps)",
			 l->system_bytes, l->chunk_bytes, l->overhead_bytes);
	}
}

static void text_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct check *check = check_of(view, row);
	struct verify *v = view->state;

	if (check) {
		*out = value_text(check->text);
	} else if (defect_of(view, row)) {
		*out = value_text(defect_of(view, row)->what);
	} else {
		left_text(view, row, v->text);
		*out = value_text(v->text);
	}
}

static const struct column verify_columns[] = {
	{"section", "", "checks, what does not add up, what remains", V_TEXT,
	 .cell = section_cell},
	{"result", "RESULT", "ok, failed, skipped, or busy: not sure yet",
	 V_TEXT, .cell = result_cell},
	{"name", "CHECK", "what was looked at", V_TEXT, .cell = name_cell},
	{"a", "FOUND", "one number", V_COUNT, .cell = a_cell},
	{"b", "SAID", "the number that it must equal", V_COUNT, .cell = b_cell},
	{"addr", "ADDRESS", "of what does not add up or remains", V_ADDR,
	 .cell = addr_cell},
	{"arena", "ARENA", "index", V_COUNT, .cell = arena_cell},
	{"copy", "", "of malloc: 0 is the program's own", V_COUNT,
	 .cell = copy_cell, .json_only = true},
	{"text", "EVIDENCE", "what was found, or why it was skipped", V_TEXT,
	 .cell = text_cell, .wrap = true},
};

/* The address of a row, 0 if it has none. */
static uint64_t row_addr(const struct view *view, uint32_t row)
{
	struct value value = value_none();

	addr_cell(view, row, &value);
	return value.kind == V_ADDR ? value.u : 0;
}

static bool verify_drill(const struct view *view, uint32_t row, char *line,
			 size_t cap)
{
	uint64_t addr = row_addr(view, row);

	if (check_of(view, row)) {
		snprintf(line, cap, "verify %u", row + 1);
		return true;
	}
	if (!addr)
		return false;
	if (defect_of(view, row))
		addr = (addr & ~UINT64_C(15)) - 64;
	snprintf(line, cap, "x/32gx 0x%" PRIx64, addr);
	return true;
}

static bool verify_bytes(const struct view *view, uint32_t row, uint64_t *addr,
			 uint64_t *len)
{
	*addr = row_addr(view, row);
	*len = 64;
	return *addr != 0;
}

static void verify_release(struct view *view)
{
	struct verify *v = view->state;

	leftovers_deinit(&v->left);
	free(v);
}

static const struct view_ops verify_ops = {
	.name = "verify",
	.column = verify_columns,
	.column_count = sizeof(verify_columns) / sizeof(*verify_columns),
	.default_sort = -1,
	.section = 0,
	.drill = verify_drill,
	.bytes = verify_bytes,
	.release = verify_release,
};

enum { EVIDENCE_WIDTH = 70 };

/* In lines that fit any screen. */
static void add_wrapped(struct strbuf *sb, const char *text)
{
	size_t at = 0;

	while (*text) {
		size_t blanks = strspn(text, " "), word;

		word = strcspn(text + blanks, " ");
		if (at && at + blanks + word > EVIDENCE_WIDTH) {
			strbuf_addc(sb, '\n');
			text += blanks;
			blanks = at = 0;
		}
		strbuf_addn(sb, text, blanks + word);
		at += blanks + word;
		text += blanks + word;
	}
	strbuf_addc(sb, '\n');
}

int view_check(const struct snapshot *snap, uint32_t index, struct view **out,
	       struct error *err)
{
	const struct check *c = &snap->check[index];
	struct strbuf sb = {0};
	char title[200];
	int ret;

	if (c->has_numbers)
		strbuf_addf(&sb, "found %" PRIu64 "\nsaid  %" PRIu64 "\n", c->a,
			    c->b);
	add_wrapped(&sb, c->text);
	snprintf(title, sizeof(title), "check %u, %s: %s", index + 1, c->name,
		 check_result_name(c->result));
	ret = view_text(title, strbuf_str(&sb), out, err);
	strbuf_deinit(&sb);
	return ret;
}

int view_verify(const struct snapshot *snap, const char *summary,
		struct view **out, struct error *err)
{
	uint64_t count[4] = {0}, busy = 0;
	struct verify *v = xcalloc(1, sizeof(*v));
	uint32_t rows = snap->check_count + snap->defect_count + LEFT_ITEMS;
	struct view *view;

	if (leftovers_make(snap, &v->left, err)) {
		free(v);
		return -1;
	}
	rows += v->left.count < LEFTOVERS_SHOWN ? v->left.count
						: LEFTOVERS_SHOWN;
	if (view_create(&verify_ops, rows, v, &view, err))
		return -1;
	view_of_snapshot(view, snap);
	for (uint32_t i = 0; i < snap->check_count; i++)
		count[snap->check[i].result]++;
	for (uint32_t i = 0; i < snap->defect_count; i++)
		busy += snap->defect[i].kind == DEFECT_BUSY;
	snprintf(view->title, sizeof(view->title), "snapshot %s: %s",
		 snap->name, summary);
	view_total(view, NULL, "ok", "ok", value_u(V_COUNT, count[CHECK_OK]));
	view_total(view, NULL, "failed", "failed",
		   value_u(V_COUNT, count[CHECK_FAILED]));
	view_total(view, NULL, "skipped", "skipped",
		   value_u(V_COUNT, count[CHECK_SKIPPED]));
	view_total(view, NULL, "defects", "defects",
		   value_u(V_COUNT, snap->defect_count - busy));
	if (snapshot_busy(snap))
		view_total(view, NULL, "busy", "not sure",
			   value_u(V_COUNT, busy));
	view_foreign_totals(view);
	*out = view;
	return 0;
}
