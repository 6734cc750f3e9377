#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/words.h"
#include "view/views.h"

struct diff_state {
	struct diff_class *row; /* owned */
	char set[100];
};

static const struct diff_class *row_of(const struct view *view, uint32_t row)
{
	const struct diff_state *state = view->state;

	return &state->row[row];
}

#define NUMBER_CELL(name, kind)                                                \
	static void name##_cell(const struct view *view, uint32_t row,         \
				struct value *out)                             \
	{                                                                      \
		*out = value_u(kind, row_of(view, row)->name);                 \
	}

NUMBER_CELL(size, V_NUMBER)
NUMBER_CELL(word, V_HEX)
NUMBER_CELL(new_count, V_COUNT)
NUMBER_CELL(new_bytes, V_BYTES)
NUMBER_CELL(gone_count, V_COUNT)
NUMBER_CELL(gone_bytes, V_BYTES)
NUMBER_CELL(kept_count, V_COUNT)

/* Nothing is known of a class with kept chunks whose bytes were not. */
static void reused_cell(const struct view *view, uint32_t row,
			struct value *out)
{
	if (!row_of(view, row)->unknown_count)
		*out = value_u(V_COUNT, row_of(view, row)->reused_count);
}

static void unsure_cell(const struct view *view, uint32_t row,
			struct value *out)
{
	if (!row_of(view, row)->unknown_count)
		*out = value_u(V_COUNT, row_of(view, row)->unsure_count);
}

static void delta_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = (struct value){.kind = V_DELTA,
			      .i = row_of(view, row)->delta_bytes};
}

static void owner_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (row_of(view, row)->word)
		*out = value_u(V_ADDR, row_of(view, row)->word);
}

static void name_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_text(row_of(view, row)->name);
}

/* clang-format off */
#define DIFF_COLUMNS                                                           \
	{"new_count", "NEW", "chunks of the later snapshot alone", V_COUNT,    \
	 .cell = new_count_cell},                                              \
	{"new_bytes", "BYTES", "their chunk sizes", V_BYTES,                   \
	 .cell = new_bytes_cell},                                              \
	{"gone_count", "GONE", "chunks of the earlier snapshot alone",         \
	 V_COUNT, .cell = gone_count_cell},                                    \
	{"gone_bytes", "BYTES", "their chunk sizes", V_BYTES,                  \
	 .cell = gone_bytes_cell},                                             \
	{"delta_bytes", "GROWTH", "new bytes less gone bytes", V_DELTA,        \
	 .cell = delta_cell},                                                  \
	{"kept_count", "KEPT", "chunks that both snapshots have", V_COUNT,     \
	 .cell = kept_count_cell},                                             \
	{"reused_count", "", "kept, but most likely replaced by another",      \
	 V_COUNT, .cell = reused_cell, .json_only = true},                     \
	{"unsure_count", "", "kept, changed: the same, or another", V_COUNT,   \
	 .cell = unsure_cell, .json_only = true}
/* clang-format on */

static const struct column size_columns[] = {
	{"size", "CLASS", "chunk size, header included", V_NUMBER,
	 .cell = size_cell},
	DIFF_COLUMNS,
};

static const struct column content_columns[] = {
	{"name", "FIRST WORD", "symbol, text or value of the first word",
	 V_TEXT, .cell = name_cell, .stretch = true},
	{"word", "WORD", "the first word itself", V_HEX, .cell = word_cell,
	 .json_only = true},
	DIFF_COLUMNS,
};

static const struct column type_columns[] = {
	{"type", "TYPE", "what they are, or unknown", V_TEXT, .cell = name_cell,
	 .stretch = true},
	DIFF_COLUMNS,
};

static const struct column holder_columns[] = {
	{"name", "NEAREST TO", "variable, thread or mapping", V_TEXT,
	 .cell = name_cell, .stretch = true},
	{"addr", "", "of it, if it has one", V_ADDR, .cell = owner_cell,
	 .json_only = true},
	DIFF_COLUMNS,
};

static const char *which(const struct diff_class *r)
{
	return r->new_count ? "new" : r->gone_count ? "gone" : "used";
}

/* The chunks of a type; gone ones are of another snapshot than types are of. */
static bool type_drill(const struct view *view, uint32_t row, char *line,
		       size_t cap)
{
	const struct diff_state *state = view->state;
	const struct diff_class *r = row_of(view, row);

	AUTO_FREE char *type = xasprintf("type=%s", r->name);
	size_t n;

	if (!strcmp(which(r), "gone") || strlen(r->name) + 1 == sizeof(r->name))
		return false;
	snprintf(line, cap, "chunks %s ", which(r));
	if (!words_append(line, cap, type))
		return false;
	n = strlen(line);
	snprintf(line + n, cap - n, "%s%s%s", *state->set ? " (" : "",
		 state->set, *state->set ? ")" : "");
	return true;
}

static bool holder_drill(const struct view *view, uint32_t row, char *line,
			 size_t cap)
{
	if (!strncmp(row_of(view, row)->name, "nobody", 6)) {
		snprintf(line, cap, "retained nobody");
		return true;
	}
	if (!row_of(view, row)->word)
		return false;
	snprintf(line, cap, "retained --nearest 0x%" PRIx64,
		 row_of(view, row)->word);
	return true;
}

static bool size_drill(const struct view *view, uint32_t row, char *line,
		       size_t cap)
{
	const struct diff_state *state = view->state;
	const struct diff_class *r = row_of(view, row);

	snprintf(line, cap, "chunks %s class=%" PRIu64 "%s%s%s", which(r),
		 r->size, *state->set ? " (" : "", state->set,
		 *state->set ? ")" : "");
	return true;
}

static void diff_release(struct view *view)
{
	struct diff_state *state = view->state;

	free(state->row);
	free(state);
}

static const struct view_ops size_ops = {
	.name = "diff",
	.column = size_columns,
	.column_count = sizeof(size_columns) / sizeof(*size_columns),
	.default_sort = 5,
	.default_descending = true,
	.section = -1,
	.drill = size_drill,
	.release = diff_release,
};

static const struct view_ops content_ops = {
	.name = "diff",
	.column = content_columns,
	.column_count = sizeof(content_columns) / sizeof(*content_columns),
	.default_sort = 6,
	.default_descending = true,
	.section = -1,
	.release = diff_release,
};

static const struct view_ops type_ops = {
	.name = "diff",
	.column = type_columns,
	.column_count = sizeof(type_columns) / sizeof(*type_columns),
	.default_sort = 5,
	.default_descending = true,
	.section = -1,
	.drill = type_drill,
	.release = diff_release,
};

static const struct view_ops holder_ops = {
	.name = "diff",
	.column = holder_columns,
	.column_count = sizeof(holder_columns) / sizeof(*holder_columns),
	.default_sort = 6,
	.default_descending = true,
	.section = -1,
	.drill = holder_drill,
	.release = diff_release,
};

static void add_totals(struct view *view, const struct diff_class *sum)
{
	view_total(view, NULL, "new_count", "chunks new",
		   value_u(V_COUNT, sum->new_count));
	view_total(view, NULL, "new_bytes", "new",
		   value_u(V_BYTES, sum->new_bytes));
	view_total(view, NULL, "gone_count", "chunks gone",
		   value_u(V_COUNT, sum->gone_count));
	view_total(view, NULL, "gone_bytes", "gone",
		   value_u(V_BYTES, sum->gone_bytes));
	view_total(view, NULL, "delta_bytes", "growth",
		   (struct value){.kind = V_DELTA, .i = sum->delta_bytes});
	view_total(view, NULL, "kept_count", "kept",
		   value_u(V_COUNT, sum->kept_count));
	view_judged_totals(view, sum->reused_count, sum->unsure_count,
			   sum->unknown_count);
}

void view_judged_totals(struct view *view, uint64_t reused, uint64_t unsure,
			uint64_t unknown)
{
	view_total(view, NULL, "reused_count",
		   "of the kept most likely replaced in place",
		   value_u(V_COUNT, reused));
	view_total(view, NULL, "unsure_count",
		   "of the kept changed: the same or others",
		   value_u(V_COUNT, unsure));
	view_total(view, NULL, "unknown_count",
		   unknown ? "of the kept not judged: their bytes are not held"
			   : NULL,
		   value_u(V_COUNT, unknown));
}

/*
 * How much of the process' growth malloc's chunks explain: the touched pages
 * of all private writable memory, heaps, other mappings, stacks and data alike.
 * Known when both snapshots read all of it; a core has untouched pages too.
 */
static void add_touched(struct view *view, const struct diff *diff)
{
	const struct snapshot *a = diff->before, *b = diff->after;

	if (a->skipped_bytes || b->skipped_bytes || !a->copied_bytes ||
	    !b->copied_bytes)
		return;
	view_total(view, NULL, "touched_delta_bytes",
		   "growth of touched memory, malloc's or not",
		   (struct value){
			   .kind = V_DELTA,
			   .i = (int64_t)(b->copied_bytes - a->copied_bytes)});
}

/* Sums all rows; those that did not change go, unless all are wanted. */
static uint32_t sum_and_drop(struct diff_class *row, uint32_t count, bool all,
			     struct diff_class *sum)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < count; i++) {
		sum->new_count += row[i].new_count;
		sum->new_bytes += row[i].new_bytes;
		sum->gone_count += row[i].gone_count;
		sum->gone_bytes += row[i].gone_bytes;
		sum->delta_bytes += row[i].delta_bytes;
		sum->kept_count += row[i].kept_count;
		sum->reused_count += row[i].reused_count;
		sum->unsure_count += row[i].unsure_count;
		sum->unknown_count += row[i].unknown_count;
		if (all || row[i].new_count || row[i].gone_count)
			row[kept++] = row[i];
	}
	return kept;
}

int view_diff(const struct diff *diff, enum diff_by by, struct diff_class *row,
	      uint32_t count, const char *set, bool all, struct view **out,
	      struct error *err)
{
	static const struct view_ops *const ops[DIFF_WAYS] = {
		[DIFF_BY_SIZE] = &size_ops,
		[DIFF_BY_CONTENT] = &content_ops,
		[DIFF_BY_TYPE] = &type_ops,
		[DIFF_BY_HOLDER] = &holder_ops,
	};
	static const char *const name[DIFF_WAYS][2] = {
		[DIFF_BY_SIZE] = {"class", "classes"},
		[DIFF_BY_CONTENT] = {"group", "groups"},
		[DIFF_BY_TYPE] = {"type", "types"},
		[DIFF_BY_HOLDER] = {"holder", "holders"},
	};
	struct diff_state *state = xcalloc(1, sizeof(*state));
	struct diff_class sum = {0};
	struct view *view;
	uint32_t shown = sum_and_drop(row, count, all, &sum);

	state->row = row;
	snprintf(state->set, sizeof(state->set), "%s", set);
	if (view_create(ops[by], shown, state, &view, err))
		return -1;
	view_of_snapshot(view, diff->after);
	if (!snapshot_complete(diff->before)) {
		view->complete = false;
		view_warn(view,
			  "snapshot %s is incomplete: chunks may look "
			  "new that are not",
			  diff->before->name);
	}
	snprintf(view->title, sizeof(view->title),
		 "from snapshot %s to %s%s%.100s", diff->before->name,
		 diff->after->name, *set ? ": " : "", set);
	if (shown < count)
		snprintf(view->title + strlen(view->title),
			 sizeof(view->title) - strlen(view->title),
			 " (%u %s did not change)", count - shown,
			 name[by][count - shown != 1]);
	add_totals(view, &sum);
	add_touched(view, diff);
	*out = view;
	return 0;
}
