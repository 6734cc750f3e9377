#include "view/view.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/progress.h"
#include "base/sort.h"
#include "base/strbuf.h"

int view_create(const struct view_ops *ops, uint32_t row_count, void *state,
		struct view **out, struct error *err)
{
	struct view *view = xcalloc(1, sizeof(*view));

	view->ops = ops;
	view->state = state;
	view->complete = true;
	view->sort = ops->default_sort;
	view->descending = ops->default_descending;
	view->order = try_calloc(row_count, sizeof(*view->order),
				 "order of the rows", err);
	if (!view->order) {
		view_destroy(view);
		return -1;
	}
	view->row_count = row_count;
	view->shown = row_count;
	for (uint32_t i = 0; i < row_count; i++)
		view->order[i] = i;
	*out = view;
	return 0;
}

void view_destroy(struct view *view)
{
	if (!view)
		return;
	if (view->ops->release)
		view->ops->release(view);
	free(view->order);
	free(view->warnings);
	free(view);
}

void view_warn(struct view *view, const char *fmt, ...)
{
	struct strbuf sb = {0};
	va_list ap;

	if (view->warnings)
		strbuf_addf(&sb, "%s\n", view->warnings);
	va_start(ap, fmt);
	strbuf_addv(&sb, fmt, ap);
	va_end(ap);
	free(view->warnings);
	view->warnings = strbuf_take(&sb);
}

void view_total(struct view *view, const char *group, const char *key,
		const char *title, struct value value)
{
	if (view->total_count == VIEW_MAX_TOTALS)
		abort(); /* a fixed list in our own code outgrew its room */
	view->total[view->total_count++] =
		(struct total){group, key, title, value};
}

void view_total_text(const struct total *total, bool exact, char *buf,
		     size_t cap)
{
	size_t word = strcspn(total->title, " "), ending = 0;
	char number[400];

	/* mallinfo2's names, in their group, are no English words. */
	if (total->value.kind == V_COUNT && total->value.u == 1 &&
	    (!total->group || strncmp(total->group, "mallinfo2", 9) != 0) &&
	    word && total->title[word - 1] == 's')
		ending = word > 4 && !memcmp(total->title + word - 4, "sses", 4)
				 ? 2
				 : 1;
	view_format(&total->value, exact, number, sizeof(number));
	snprintf(buf, cap, "%s %.*s%s", number, (int)(word - ending),
		 total->title, total->title + word);
}

int view_column(const struct view *view, const char *key)
{
	for (uint32_t i = 0; i < view->ops->column_count; i++)
		if (!strcmp(view->ops->column[i].key, key))
			return (int)i;
	return -1;
}

bool view_sorts_down(const struct column *column)
{
	switch (column->kind) {
	case V_BYTES:
	case V_COUNT:
	case V_PERCENT:
	case V_USEC:
	case V_DELTA:
	case V_CHANGE:
	case V_RATIO:
	case V_NUMBER:
		return true;
	default:
		return false;
	}
}

/* A number that sorts as the value does. */
static uint64_t number_key(const struct value *value)
{
	uint64_t bits;

	switch (value->kind) {
	case V_NONE:
		return UINT64_MAX;
	case V_TEXT: /* "mmapped" among arena numbers */
		return UINT64_MAX - 1;
	case V_DELTA:
	case V_CHANGE:
		return (uint64_t)value->i ^ UINT64_C(1) << 63;
	case V_PERCENT:
	case V_RATIO:
		memcpy(&bits, &value->f, sizeof(bits));
		return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
	default:
		return value->u;
	}
}

static int sort_numbers(struct view *view, const struct column *column,
			bool descending, struct error *err)
{
	AUTO_FREE struct sort_pair *pair =
		try_calloc(view->shown, sizeof(*pair), "rows to sort", err);

	if (!pair)
		return -1;
	for (uint32_t i = 0; i < view->shown; i++) {
		struct value value = value_none();
		uint64_t key;

		column->cell(view, view->order[i], &value);
		key = number_key(&value);
		if (descending && value.kind != V_NONE)
			key = ~key;
		pair[i] = (struct sort_pair){key, view->order[i]};
		if (i % 4096 == 0 &&
		    progress_tick("sorting", i, view->shown, err))
			return -1;
	}
	if (sort_pairs(pair, view->shown, err))
		return -1;
	for (uint32_t i = 0; i < view->shown; i++)
		view->order[i] = (uint32_t)pair[i].value;
	return 0;
}

struct text_key {
	char *text;
	uint32_t row, at;
};

static int compare_texts(const void *a, const void *b, void *ctx)
{
	const struct text_key *left = a, *right = b;
	const bool *descending = ctx;
	int order;

	if (!*left->text != !*right->text)
		return *left->text ? -1 : 1;
	order = strcmp(left->text, right->text);
	if (order)
		return *descending ? -order : order;
	return left->at < right->at ? -1 : 1;
}

static int sort_texts(struct view *view, const struct column *column,
		      bool descending, struct error *err)
{
	struct text_key *key =
		try_calloc(view->shown, sizeof(*key), "rows to sort", err);
	char text[1024];

	if (!key)
		return -1;
	for (uint32_t i = 0; i < view->shown; i++) {
		if (i % 4096 == 0 &&
		    progress_tick("sorting", i, view->shown, err)) {
			while (i)
				free(key[--i].text);
			free(key);
			return -1;
		}

		struct value value = value_none();

		column->cell(view, view->order[i], &value);
		text[0] = '\0';
		if (value.kind != V_NONE)
			view_format(&value, true, text, sizeof(text));
		key[i] = (struct text_key){xstrdup(text), view->order[i], i};
	}
	qsort_r(key, view->shown, sizeof(*key), compare_texts, &descending);
	for (uint32_t i = 0; i < view->shown; i++) {
		view->order[i] = key[i].row;
		free(key[i].text);
	}
	free(key);
	return 0;
}

/* Puts the rows back into their sections, whose order is that of the rows. */
static int restore_sections(struct view *view, struct error *err)
{
	const struct column *column = &view->ops->column[view->ops->section];
	AUTO_FREE uint64_t *ordinal =
		try_calloc(view->row_count, sizeof(*ordinal), "sections", err);
	AUTO_FREE struct sort_pair *pair =
		try_calloc(view->shown, sizeof(*pair), "rows to sort", err);
	char last[256] = "", text[256];
	uint64_t n = 0;

	if (!ordinal || !pair)
		return -1;
	for (uint32_t i = 0; i < view->row_count; i++) {
		struct value value = value_none();

		column->cell(view, i, &value);
		view_format(&value, true, text, sizeof(text));
		if (strcmp(text, last))
			n++;
		memcpy(last, text, sizeof(last));
		ordinal[i] = n;
	}
	for (uint32_t i = 0; i < view->shown; i++)
		pair[i] = (struct sort_pair){ordinal[view->order[i]],
					     view->order[i]};
	if (sort_pairs(pair, view->shown, err))
		return -1;
	for (uint32_t i = 0; i < view->shown; i++)
		view->order[i] = (uint32_t)pair[i].value;
	return 0;
}

static int no_column(const struct view *view, const char *key,
		     struct error *err)
{
	struct strbuf sb = {0};

	for (uint32_t i = 0; i < view->ops->column_count; i++)
		strbuf_addf(&sb, "%s%s", i ? ", " : "",
			    view->ops->column[i].key);
	error_set(err, ERR_USAGE, "%s has no column \"%s\"; it has %s",
		  view->ops->name, key, strbuf_str(&sb));
	strbuf_deinit(&sb);
	return -1;
}

int view_sort(struct view *view, const char *key, bool descending,
	      struct error *err)
{
	int index = view_column(view, key);
	const struct column *column;
	int ret;

	if (index < 0)
		return no_column(view, key, err);
	column = &view->ops->column[index];
	if (column->kind == V_TEXT)
		ret = sort_texts(view, column, descending, err);
	else
		ret = sort_numbers(view, column, descending, err);
	if (!ret && view->ops->section >= 0)
		ret = restore_sections(view, err);
	if (ret)
		return -1;
	view->sort = index;
	view->descending = descending;
	return 0;
}

static bool row_has(const struct view *view, uint32_t row, const char *text)
{
	char cell[1024];

	for (uint32_t c = 0; c < view->ops->column_count; c++) {
		const struct column *column = &view->ops->column[c];
		struct value value = value_none();

		if (column->json_only)
			continue;
		column->cell(view, row, &value);
		view_format(&value, false, cell, sizeof(cell));
		if (strcasestr(cell, text))
			return true;
		/* 4096 is found whether it is shown as 4.0 KiB or not. */
		view_format(&value, true, cell, sizeof(cell));
		if (strcasestr(cell, text))
			return true;
	}
	return false;
}

int view_filter(struct view *view, const char *text, struct error *err)
{
	uint32_t shown = 0;

	for (uint32_t row = 0; row < view->row_count; row++) {
		if (!*text || row_has(view, row, text))
			view->order[shown++] = row;
		if (row % 4096 == 0 &&
		    progress_tick("filtering", row, view->row_count, err)) {
			view->filter[0] = '\0';
			for (uint32_t i = 0; i < view->row_count; i++)
				view->order[i] = i;
			view->shown = view->row_count;
			return -1;
		}
	}
	view->shown = shown;
	snprintf(view->filter, sizeof(view->filter), "%s", text);
	if (view->sort < 0 ||
	    (view->sort == view->ops->default_sort &&
	     view->descending == view->ops->default_descending))
		return 0;
	return view_sort(view, view->ops->column[view->sort].key,
			 view->descending, err);
}
