#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/damage.h"
#include "base/alloc.h"
#include "view/views.h"

enum { SECTION_MAX = 256 };

static const struct check *check_of(const struct view *view, uint32_t row)
{
	return row < view->snap->check_count ? &view->snap->check[row] : NULL;
}

static const struct defect *defect_of(const struct view *view, uint32_t row)
{
	return &view->snap->defect[row - view->snap->check_count];
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
	char *text = view->state, name[200];

	if (!check || !check->copy || check->copy >= view->snap->copy_count) {
		*out = value_text(check ? "checks"
				  : is_busy(view, row)
					  ? "not sure: a thread was in malloc"
					  : "what does not add up");
		return;
	}
	view_copy_name(view->snap, check->copy, name, sizeof(name));
	snprintf(text, SECTION_MAX, "checks of copy %u of malloc, %s",
		 check->copy, name);
	*out = value_text(text);
}

static void copy_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (check_of(view, row))
		*out = value_u(V_COUNT, check_of(view, row)->copy);
}

static void name_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct check *check = check_of(view, row);

	*out = value_text(check ? check->name
				: defect_kind_name(defect_of(view, row)->kind));
}

static void result_cell(const struct view *view, uint32_t row,
			struct value *out)
{
	const struct check *check = check_of(view, row);

	*out = value_text(check_result_name(check ? check->result
					    : is_busy(view, row)
						    ? CHECK_BUSY
						    : CHECK_FAILED));
}

static void a_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct check *check = check_of(view, row);

	if (check && check->has_numbers)
		*out = value_u(V_COUNT, check->a);
}

static void b_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct check *check = check_of(view, row);

	if (check && check->has_numbers)
		*out = value_u(V_COUNT, check->b);
}

static void addr_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (!check_of(view, row))
		*out = value_u(V_ADDR, defect_of(view, row)->addr);
}

static void arena_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (!check_of(view, row) &&
	    defect_of(view, row)->arena != ARENA_MMAPPED)
		*out = value_u(V_COUNT, defect_of(view, row)->arena);
}

static void text_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct check *check = check_of(view, row);

	*out = value_text(check ? check->text : defect_of(view, row)->what);
}

static const struct column verify_columns[] = {
	{"section", "", "checks, or what does not add up", V_TEXT,
	 .cell = section_cell},
	{"result", "RESULT", "ok, failed, skipped, or busy: not sure yet",
	 V_TEXT, .cell = result_cell},
	{"name", "CHECK", "what was looked at", V_TEXT, .cell = name_cell},
	{"a", "FOUND", "one number", V_COUNT, .cell = a_cell},
	{"b", "SAID", "the number that it must equal", V_COUNT, .cell = b_cell},
	{"addr", "ADDRESS", "of what does not add up", V_ADDR,
	 .cell = addr_cell},
	{"arena", "ARENA", "index", V_COUNT, .cell = arena_cell},
	{"copy", "", "of malloc: 0 is the program's own", V_COUNT,
	 .cell = copy_cell, .json_only = true},
	{"text", "EVIDENCE", "what was found, or why it was skipped", V_TEXT,
	 .cell = text_cell, .wrap = true},
};

static bool verify_drill(const struct view *view, uint32_t row, char *line,
			 size_t cap)
{
	if (check_of(view, row) || !defect_of(view, row)->addr)
		return false;
	snprintf(line, cap, "x/32gx 0x%" PRIx64,
		 (defect_of(view, row)->addr & ~UINT64_C(15)) - 64);
	return true;
}

static bool verify_bytes(const struct view *view, uint32_t row, uint64_t *addr,
			 uint64_t *len)
{
	if (check_of(view, row) || !defect_of(view, row)->addr)
		return false;
	*addr = defect_of(view, row)->addr;
	*len = 64;
	return true;
}

static void verify_release(struct view *view)
{
	free(view->state);
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

int view_verify(const struct snapshot *snap, const char *summary,
		struct view **out, struct error *err)
{
	uint64_t count[4] = {0}, busy = 0;
	struct view *view;

	if (view_create(&verify_ops, snap->check_count + snap->defect_count,
			xcalloc(1, SECTION_MAX), &view, err))
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
