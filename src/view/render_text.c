#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fmt.h"
#include "view/render_impl.h"

enum {
	CELL_MAX = 1024,
	GAP = 2,
	WRAP_LEAST = 30, /* narrower, and wrapped text goes below its row */
	WRAP_INDENT = 4
};

/* How one section's columns are drawn. */
struct layout {
	unsigned *width;  /* owned; 0: the column has nothing to show here */
	bool heading;	  /* some column has a title */
	uint32_t wrapped; /* the column that is wrapped; or column_count */
	unsigned indent;  /* where its lines begin, */
	unsigned room;	  /* and what they hold */
	bool below;	  /* the first too is a line of its own */
};

static size_t cell_text(const struct view *view, const struct render_opts *opts,
			uint32_t column, uint32_t row, char *buf,
			enum value_kind *kind)
{
	struct value value = value_none();

	view->ops->column[column].cell(view, row, &value);
	*kind = value.kind;
	if (value.kind == V_NONE && view->ops->section >= 0) {
		*buf = '\0';
		return 0;
	}
	return view_format(&value, opts->exact, buf, CELL_MAX);
}

static bool is_drawn(const struct view *view, uint32_t column)
{
	return !view->ops->column[column].json_only &&
	       (int)column != view->ops->section;
}

/* Rows [from, to) of the display order are measured. */
static void measure(const struct view *view, const struct render_opts *opts,
		    uint32_t from, uint32_t to, struct layout *layout)
{
	const struct view_ops *ops = view->ops;
	enum value_kind kind;
	char text[CELL_MAX];

	layout->heading = false;
	for (uint32_t c = 0; c < ops->column_count; c++) {
		bool shown = ops->section < 0;
		size_t width = 0, len;

		layout->width[c] = 0;
		if (!is_drawn(view, c))
			continue;
		for (uint32_t i = from; i < to; i++) {
			cell_text(view, opts, c, view->order[i], text, &kind);
			len = view_width(text);
			width = len > width ? len : width;
			shown |= len > 0;
		}
		len = strlen(ops->column[c].title);
		if (!shown)
			continue;
		layout->heading |= len > 0;
		width = len > width ? len : width;
		layout->width[c] = width ? (unsigned)width : 1;
	}
}

/* Takes from the columns that stretch what is over the terminal's width. */
static void squeeze(const struct view *view, const struct render_opts *opts,
		    struct layout *layout)
{
	const struct view_ops *ops = view->ops;
	unsigned total = 0;

	if (!opts->width)
		return;
	for (uint32_t c = 0; c < ops->column_count; c++)
		if (layout->width[c])
			total += layout->width[c] + GAP;
	total -= total ? GAP : 0;
	for (uint32_t c = ops->column_count; c-- > 0;) {
		unsigned least = (unsigned)strlen(ops->column[c].title);
		unsigned over = total - opts->width;

		if (total <= opts->width)
			return;
		least = least < 12 ? 12 : least;
		if (!ops->column[c].stretch || layout->width[c] <= least)
			continue;
		if (over > layout->width[c] - least)
			over = layout->width[c] - least;
		layout->width[c] -= over;
		total -= over;
	}
}

/* The last column goes on in further lines where it would not fit. */
static void plan_wrap(const struct view *view, const struct render_opts *opts,
		      struct layout *layout)
{
	const struct view_ops *ops = view->ops;
	uint32_t last = ops->column_count;
	unsigned x = 0;

	layout->wrapped = ops->column_count;
	while (last && !layout->width[last - 1])
		last--;
	if (!last || !opts->width || !ops->column[last - 1].wrap)
		return;
	for (uint32_t c = 0; c + 1 < last; c++)
		x += layout->width[c] ? layout->width[c] + GAP : 0;
	if (x + layout->width[last - 1] <= opts->width)
		return;
	layout->wrapped = last - 1;
	layout->below = x + WRAP_LEAST > opts->width;
	layout->indent = layout->below ? WRAP_INDENT : x;
	layout->room = opts->width > layout->indent + WRAP_LEAST
			       ? opts->width - layout->indent
			       : WRAP_LEAST;
	layout->width[last - 1] = layout->below ? 1 : layout->room;
}

static bool is_left(enum value_kind kind)
{
	return kind == V_TEXT || kind == V_ADDR;
}

/* Cuts clean text to so many characters; what is cut is marked. */
static void cut(char *text, unsigned width)
{
	unsigned seen = 0;
	char *s = text;

	if (view_width(text) <= width)
		return;
	for (; *s; s++) {
		if ((*s & 0xc0) == 0x80)
			continue;
		if (seen++ == (width > 3 ? width - 3 : width))
			break;
	}
	strcpy(s, width > 3 ? "..." : "");
}

/* Blanks are held back until something follows: none ends a line. */
struct pen {
	FILE *out;
	unsigned blanks;
};

static void put_cell(struct pen *pen, char *text, bool left, unsigned width)
{
	unsigned len;

	cut(text, width);
	len = (unsigned)view_width(text);
	if (!left)
		pen->blanks += width - len;
	if (len) {
		fprintf(pen->out, "%*s%s", (int)pen->blanks, "", text);
		pen->blanks = 0;
	}
	pen->blanks += GAP + (left ? width - len : 0);
}

/* The bytes of text that fit into room characters: whole words if possible. */
static size_t line_length(const char *text, unsigned room)
{
	size_t at = 0, blank = 0;
	unsigned seen = 0;

	for (; text[at]; at++) {
		if ((text[at] & 0xc0) == 0x80)
			continue;
		if (text[at] == ' ')
			blank = at;
		if (seen++ == room)
			return blank ? blank : at;
	}
	return at;
}

static void put_wrapped(struct pen *pen, const struct layout *layout,
			const char *text)
{
	if (layout->below && *text)
		fputc('\n', pen->out);
	if (layout->below)
		pen->blanks = layout->indent;
	while (*text) {
		size_t len = line_length(text, layout->room);

		fprintf(pen->out, "%*s%.*s", (int)pen->blanks, "", (int)len,
			text);
		text += len;
		text += strspn(text, " ");
		pen->blanks = layout->indent;
		if (*text)
			fputc('\n', pen->out);
	}
}

static void put_heading(const struct view *view, const struct render_opts *opts,
			const struct layout *layout, FILE *out)
{
	struct pen pen = {.out = out};
	char text[CELL_MAX];

	if (!layout->heading)
		return;
	if (opts->color)
		fputs("\033[1m", out);
	for (uint32_t c = 0; c < view->ops->column_count; c++) {
		const struct column *column = &view->ops->column[c];

		if (!layout->width[c])
			continue;
		if (c == layout->wrapped && layout->below)
			break;
		snprintf(text, sizeof(text), "%s", column->title);
		put_cell(&pen, text, is_left(column->kind), layout->width[c]);
	}
	fputs(opts->color ? "\033[0m\n" : "\n", out);
}

static int put_rows(const struct view *view, const struct render_opts *opts,
		    uint32_t from, uint32_t to, FILE *out, struct error *err)
{
	AUTO_FREE unsigned *width =
		xcalloc(view->ops->column_count, sizeof(*width));
	struct layout layout = {.width = width};
	enum value_kind kind;
	char text[CELL_MAX];

	measure(view, opts, from, to, &layout);
	plan_wrap(view, opts, &layout);
	squeeze(view, opts, &layout);
	put_heading(view, opts, &layout, out);
	for (uint32_t i = from; i < to; i++) {
		struct pen pen = {.out = out};

		if (render_row_check(i, out, err))
			return -1;
		for (uint32_t c = 0; c < view->ops->column_count; c++) {
			bool left = is_left(view->ops->column[c].kind);

			if (!width[c])
				continue;
			cell_text(view, opts, c, view->order[i], text, &kind);
			if (c == layout.wrapped)
				put_wrapped(&pen, &layout, text);
			else
				put_cell(&pen, text, left, width[c]);
		}
		fputc('\n', out);
	}
	return 0;
}

static void section_name(const struct view *view, uint32_t at, char *buf)
{
	struct value value = value_none();

	view->ops->column[view->ops->section].cell(view, view->order[at],
						   &value);
	view_format(&value, true, buf, CELL_MAX);
}

static int put_sections(const struct view *view, const struct render_opts *opts,
			uint32_t rows, FILE *out, struct error *err)
{
	char name[CELL_MAX], next[CELL_MAX];

	for (uint32_t from = 0, to; from < rows; from = to) {
		section_name(view, from, name);
		for (to = from + 1; to < rows; to++) {
			section_name(view, to, next);
			if (strcmp(name, next))
				break;
		}
		fprintf(out, opts->color ? "\n\033[1m%s\033[0m\n" : "\n%s\n",
			name);
		if (put_rows(view, opts, from, to, out, err))
			return -1;
	}
	return 0;
}

/* "total: 12 chunks, 4.0 KiB", a line a group, wrapped at the width. */
static void put_totals(const struct view *view, const struct render_opts *opts,
		       FILE *out)
{
	unsigned limit = opts->width ? opts->width : 80, at = 0;
	const char *group = "";
	char item[CELL_MAX];

	for (uint32_t i = 0; i < view->total_count; i++) {
		const struct total *total = &view->total[i];
		const char *name = total->group ? total->group : "total";
		unsigned len;

		if (!total->title)
			continue;
		view_total_text(total, opts->exact, item, sizeof(item));
		len = (unsigned)view_width(item);
		if (strcmp(name, group)) {
			at = (unsigned)fprintf(out, "%s%s: ", at ? "\n" : "",
					       name) -
			     (at ? 1 : 0);
		} else if (at + len + 2 > limit) {
			fputs(",\n  ", out);
			at = 2;
		} else {
			fputs(", ", out);
			at += 2;
		}
		fputs(item, out);
		at += len;
		group = name;
	}
	if (at)
		fputc('\n', out);
}

/* The title, broken at blanks where it is wider than the terminal. */
static void put_title(const char *title, unsigned width, FILE *out)
{
	unsigned at = 0;

	while (*title) {
		size_t blanks = strspn(title, " "), word;

		word = strcspn(title + blanks, " ");
		if (width && at && at + blanks + word > width) {
			fputs("\n  ", out);
			at = 2;
			title += blanks;
			blanks = 0;
		}
		fprintf(out, "%.*s", (int)(blanks + word), title);
		at += (unsigned)(blanks + word);
		title += blanks + word;
	}
	fputc('\n', out);
}

/* A table; what has none is text. */
static bool has_titles(const struct view *view)
{
	for (uint32_t c = 0; c < view->ops->column_count; c++)
		if (!view->ops->column[c].json_only &&
		    *view->ops->column[c].title)
			return true;
	return false;
}

int render_text(const struct view *view, const struct render_opts *opts,
		uint32_t rows, FILE *out, struct error *err)
{
	char shown[FMT_MAX], all[FMT_MAX], title[CELL_MAX];
	int ret;

	if (*view->title) {
		view_clean(view->title, false, title, sizeof(title));
		put_title(title, opts->width, out);
	}
	if (view->ops->section >= 0)
		ret = put_sections(view, opts, rows, out, err);
	else
		ret = rows ? put_rows(view, opts, 0, rows, out, err) : 0;
	if (ret)
		return -1;
	if (!view->shown && has_titles(view))
		fputs("  none\n", out);
	if (rows < view->shown)
		fprintf(out, "... %s of %s rows; --limit 0 shows all\n",
			fmt_count(shown, sizeof(shown), rows),
			fmt_count(all, sizeof(all), view->shown));
	put_totals(view, opts, out);
	return 0;
}
