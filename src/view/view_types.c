/* Used chunks by what they are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/typing_rows.h"
#include "base/alloc.h"
#include "base/words.h"
#include "view/views.h"

struct types {
	struct typing_row *row;	     /* owned */
	const struct typing *typing; /* borrowed */
	uint64_t bytes;
	char set[120];
};

static const struct typing_row *row_of(const struct view *view, uint32_t row)
{
	const struct types *types = view->state;

	return &types->row[row];
}

/* Of a chunk without a type, what the set calls it. */
static const char *name_of(const struct view *view, uint32_t row)
{
	const struct types *types = view->state;
	const struct typing_row *r = row_of(view, row);

	return r->by == TYPED_NOT ? typed_by_name(TYPED_NOT)
				  : types->typing->name[r->name].text;
}

static void type_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_text(name_of(view, row));
}

static void count_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_u(V_COUNT, row_of(view, row)->count);
}

static void bytes_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_u(V_BYTES, row_of(view, row)->bytes);
}

static struct value share_of(const struct types *types, uint64_t bytes)
{
	return (struct value){.kind = V_PERCENT,
			      .f = types->bytes ? 100 * (double)bytes /
							  (double)types->bytes
						: 0};
}

static void share_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = share_of(view->state, row_of(view, row)->bytes);
}

static void named_by_cell(const struct view *view, uint32_t row,
			  struct value *out)
{
	*out = value_text(typed_by_name(row_of(view, row)->by));
}

static const struct column types_columns[] = {
	{"type", "TYPE", "what they are", V_TEXT, .cell = type_cell,
	 .stretch = true},
	{"count", "COUNT", "chunks of this type", V_COUNT, .cell = count_cell},
	{"bytes", "BYTES", "all of them together", V_BYTES, .cell = bytes_cell},
	{"share", "SHARE", "of the bytes of the set", V_PERCENT,
	 .cell = share_cell},
	{"named_by", "NAMED BY", "why we think so: help types", V_TEXT,
	 .cell = named_by_cell},
};

static bool types_drill(const struct view *view, uint32_t row, char *line,
			size_t cap)
{
	const struct types *types = view->state;
	const char *name = name_of(view, row);
	bool plain = !strpbrk(types->set, " ()");
	AUTO_FREE char *type = xasprintf("type=%s", name);

	snprintf(line, cap, "chunks %s%s%s ", plain ? "" : "(", types->set,
		 plain ? "" : ")");
	return words_append(line, cap, type);
}

static void types_release(struct view *view)
{
	struct types *types = view->state;

	free(types->row);
	free(types);
}

static const struct view_ops types_ops = {
	.name = "types",
	.column = types_columns,
	.column_count = sizeof(types_columns) / sizeof(*types_columns),
	.default_sort = 2,
	.default_descending = true,
	.section = -1,
	.drill = types_drill,
	.release = types_release,
};

enum known {
	KNOWN_TYPE,
	KNOWN_OWNER,
	KNOWN_CONTENT,
	KNOWN_ALIKE,
	KNOWN_NOT,
	KNOWNS
};

static enum known known_by(enum typed_by by)
{
	if (by >= TYPED_MEMBER)
		return KNOWN_TYPE;
	if (by == TYPED_OWNER)
		return KNOWN_OWNER;
	if (by == TYPED_ALIKE || by == TYPED_SAME)
		return KNOWN_ALIKE;
	return by ? KNOWN_CONTENT : KNOWN_NOT;
}

/* What of the set has a type, what an owner, and what neither: all of it. */
static void add_totals(struct view *view, const struct types *types,
		       uint32_t rows, uint32_t count)
{
	static const struct {
		const char *count, *bytes, *share, *title;
	} total[] = {
		[KNOWN_TYPE] = {"typed_count", "typed_bytes", "typed_share",
				"have a type"},
		[KNOWN_OWNER] = {"owned_count", "owned_bytes", "owned_share",
				 "a certain owner"},
		[KNOWN_CONTENT] = {"content_count", "content_bytes",
				   "content_share", "are named by contents"},
		[KNOWN_ALIKE] = {"alike_count", "alike_bytes", "alike_share",
				 "alike"},
		[KNOWN_NOT] = {"unknown_count", "unknown_bytes",
			       "unknown_share", "unknown"},
	};
	uint64_t chunks[KNOWNS] = {0}, bytes[KNOWNS] = {0};

	for (uint32_t i = 0; i < rows; i++) {
		enum known known = known_by(types->row[i].by);

		chunks[known] += types->row[i].count;
		bytes[known] += types->row[i].bytes;
	}
	view_total(view, NULL, "count", "chunks", value_u(V_COUNT, count));
	view_total(view, NULL, "bytes", "with headers",
		   value_u(V_BYTES, types->bytes));
	for (int i = 0; i < KNOWNS; i++) {
		view_total(view, NULL, total[i].count, NULL,
			   value_u(V_COUNT, chunks[i]));
		view_total(view, NULL, total[i].bytes, NULL,
			   value_u(V_BYTES, bytes[i]));
		view_total(view, NULL, total[i].share, total[i].title,
			   share_of(types, bytes[i]));
	}
}

static void warn_owners(struct view *view, const struct types *types,
			uint32_t rows)
{
	for (uint32_t i = 0; i < rows && *types->typing->unsought; i++)
		if (types->row[i].by == TYPED_OWNER) {
			view_warn(view,
				  "owners are only as certain as what was "
				  "looked at: %s",
				  types->typing->unsought);
			return;
		}
}

static void warn_cut(struct view *view, const struct typing *typing)
{
	if (typing_is_cut(typing))
		view_warn(view,
			  "pointers lead to more objects, or further, than is "
			  "followed: some chunks may lack the type that they "
			  "would have");
}

int view_types(const struct typing *typing, const struct chunk_list *list,
	       struct view **out, struct error *err)
{
	struct types *types = xcalloc(1, sizeof(*types));
	struct view *view;
	uint32_t rows;
	int ret = typing_rows(typing, list->index, list->count, &types->row,
			      &rows, err);

	free(list->index);
	if (ret) {
		free(types);
		return -1;
	}
	types->typing = typing;
	snprintf(types->set, sizeof(types->set), "%s", list->set);
	for (uint32_t i = 0; i < rows; i++)
		types->bytes += types->row[i].bytes;
	if (view_create(&types_ops, rows, types, &view, err))
		return -1;
	view_of_snapshot(view, list->snap);
	view_of_symbols(view, typing->symbols);
	snprintf(view->title, sizeof(view->title),
		 "types of %.120s chunks, snapshot %s", list->set,
		 list->snap->name);
	add_totals(view, types, rows, list->count);
	warn_owners(view, types, rows);
	warn_cut(view, typing);
	*out = view;
	return 0;
}
