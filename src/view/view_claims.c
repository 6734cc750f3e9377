#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "view/views.h"

static const struct check *claim_of(const struct view *view, uint32_t row)
{
	const struct check *check = view->state;

	return &check[row];
}

static void result_cell(const struct view *view, uint32_t row,
			struct value *out)
{
	*out = value_text(check_result_name(claim_of(view, row)->result));
}

static void name_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_text(claim_of(view, row)->name);
}

static void a_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_u(V_COUNT, claim_of(view, row)->a);
}

static void b_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_u(V_COUNT, claim_of(view, row)->b);
}

static void text_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_text(claim_of(view, row)->text);
}

static const struct column claims_columns[] = {
	{"result", "RESULT", "ok, failed or skipped", V_TEXT,
	 .cell = result_cell},
	{"name", "CLAIM", "what was looked at", V_TEXT, .cell = name_cell},
	{"a", "FOUND", "as heapscope found it", V_COUNT, .cell = a_cell},
	{"b", "TOLD", "as the child told it", V_COUNT, .cell = b_cell},
	{"text", "EVIDENCE", "what it is about", V_TEXT, .cell = text_cell,
	 .wrap = true},
};

static void claims_release(struct view *view)
{
	free(view->state);
}

static const struct view_ops claims_ops = {
	.name = "selftest",
	.column = claims_columns,
	.column_count = sizeof(claims_columns) / sizeof(*claims_columns),
	.default_sort = -1,
	.section = -1,
	.release = claims_release,
};

int view_claims(const char *title, const struct check *claim, uint32_t count,
		struct view **out, struct error *err)
{
	struct check *copy = xcalloc(count + 1, sizeof(*copy));
	uint64_t results[3] = {0};
	struct view *view;

	memcpy(copy, claim, count * sizeof(*copy));
	if (view_create(&claims_ops, count, copy, &view, err))
		return -1;
	for (uint32_t i = 0; i < count; i++)
		results[claim[i].result]++;
	snprintf(view->title, sizeof(view->title), "%s", title);
	view_total(view, NULL, "ok", "ok", value_u(V_COUNT, results[CHECK_OK]));
	view_total(view, NULL, "failed", "failed",
		   value_u(V_COUNT, results[CHECK_FAILED]));
	view_total(view, NULL, "skipped", "skipped",
		   value_u(V_COUNT, results[CHECK_SKIPPED]));
	view->fault = results[CHECK_FAILED] > 0;
	view->complete = !view->fault;
	*out = view;
	return 0;
}
