/* How wide the columns are, and which line is what. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "ui/draw.h"
#include "ui/pane.h"

/* Sections are looked for in views of at most so many rows. */
enum { SECTIONED_ROWS = 100000, SAMPLE = 96, GAP = 2, MARGIN = 2 };

bool pane_is_drawn(const struct pane *pane, uint32_t column)
{
	const struct view_ops *ops = pane->view->ops;

	return column < PANE_MAX_COLUMNS && !ops->column[column].json_only &&
	       ((int)column != ops->section ||
		pane->view->row_count > SECTIONED_ROWS);
}

size_t pane_cell(const struct pane *pane, uint32_t column, uint32_t row,
		 struct value *value, char *buf, size_t cap)
{
	const struct view *view = pane->view;

	*value = value_none();
	view->ops->column[column].cell(view, row, value);
	if (value->kind == V_NONE && view->ops->section >= 0) {
		*buf = '\0';
		return 0;
	}
	return view_format(value, pane->exact, buf, cap);
}

static void section_name(const struct pane *pane, uint32_t at, char *buf,
			 size_t cap)
{
	const struct view *view = pane->view;
	struct value value = value_none();

	view->ops->column[view->ops->section].cell(view, view->order[at],
						   &value);
	view_format(&value, true, buf, cap);
}

static struct pane_section *add_section(struct pane *pane, uint32_t from)
{
	struct pane_section *section;

	pane->section = xrealloc(pane->section, (pane->section_count + 1) *
							sizeof(*pane->section));
	section = &pane->section[pane->section_count++];
	*section = (struct pane_section){.from = from};
	return section;
}

static void find_sections(struct pane *pane)
{
	const struct view *view = pane->view;
	char name[sizeof(pane->section->name)];
	struct pane_section *section;

	pane->section_count = 0;
	if (view->ops->section < 0 || view->row_count > SECTIONED_ROWS ||
	    !view->shown) {
		add_section(pane, 0)->to = view->shown;
		return;
	}
	for (uint32_t at = 0; at < view->shown; at++) {
		section_name(pane, at, name, sizeof(name));
		if (!at || strcmp(name, section->name)) {
			section = add_section(pane, at);
			memcpy(section->name, name, sizeof(name));
		}
		section->to = at + 1;
	}
}

/* Rows whose cells are measured: the first, the last, and some between. */
static uint32_t sample(const struct pane_section *section, uint32_t i)
{
	uint32_t rows = section->to - section->from;

	if (rows <= SAMPLE)
		return section->from + i;
	if (i < SAMPLE / 3)
		return section->from + i;
	if (i < SAMPLE * 2 / 3)
		return section->to - 1 - (i - SAMPLE / 3);
	return section->from +
	       (uint32_t)((uint64_t)rows * (i - SAMPLE * 2 / 3) / (SAMPLE / 3));
}

static void measure(const struct pane *pane, struct pane_section *section)
{
	const struct view *view = pane->view;
	uint32_t rows = section->to - section->from;
	uint32_t count = rows < SAMPLE ? rows : SAMPLE;
	struct value value;
	char text[1024];

	for (uint32_t c = 0; c < view->ops->column_count; c++) {
		const struct column *column = &view->ops->column[c];
		int title = draw_width(column->title), widest = 0;

		if (!pane_is_drawn(pane, c))
			continue;
		for (uint32_t i = 0; i < count; i++) {
			uint32_t row = view->order[sample(section, i)];
			int width;

			pane_cell(pane, c, row, &value, text, sizeof(text));
			width = draw_width(text);
			widest = width > widest ? width : widest;
		}
		/* A column that says nothing in this section is left out. */
		if (!widest && *section->name)
			continue;
		section->titles |= title > 0;
		widest = title > widest ? title : widest;
		section->width[c] = widest ? widest : 1;
	}
}

static void add_up(struct pane_section *section)
{
	section->total = MARGIN - GAP;
	for (uint32_t c = 0; c < PANE_MAX_COLUMNS; c++)
		if (section->width[c])
			section->total += section->width[c] + GAP;
}

/* Columns that stretch give what is over the screen's width, the last first. */
static void squeeze(struct pane *pane, struct pane_section *section, int width)
{
	const struct view_ops *ops = pane->view->ops;

	add_up(section);
	for (uint32_t c = ops->column_count; c-- > 0;) {
		int least, over = section->total - width;

		if (over <= 0)
			return;
		if (c >= PANE_MAX_COLUMNS ||
		    !(ops->column[c].stretch || ops->column[c].wrap))
			continue;
		least = draw_width(ops->column[c].title);
		least = least < 12 ? 12 : least;
		if (section->width[c] <= least)
			continue;
		if (over > section->width[c] - least)
			over = section->width[c] - least;
		section->width[c] -= over;
		section->total -= over;
		pane->cut = (int)c;
	}
}

static bool is_text(const struct view *view)
{
	if (view->ops->section >= 0 || view->ops->drill)
		return false;
	for (uint32_t c = 0; c < view->ops->column_count; c++)
		if (!view->ops->column[c].json_only &&
		    *view->ops->column[c].title)
			return false;
	return true;
}

/* Sections with the same columns have them at the same places, and the titles
 * once. */
static void align_sections(struct pane *pane)
{
	int widest[PANE_MAX_COLUMNS] = {0};

	for (uint32_t i = 0; i < pane->section_count; i++)
		for (uint32_t c = 0; c < PANE_MAX_COLUMNS; c++) {
			int width = pane->section[i].width[c];

			if (!width != !pane->section->width[c])
				return;
			widest[c] = width > widest[c] ? width : widest[c];
		}
	for (uint32_t i = 0; i < pane->section_count; i++) {
		memcpy(pane->section[i].width, widest, sizeof(widest));
		pane->titles |= pane->section[i].titles;
		pane->section[i].titles = false;
	}
}

void pane_layout(struct pane *pane, int width)
{
	uint32_t line = 0;

	pane->titles = false;
	pane->cut = -1;
	find_sections(pane);
	for (uint32_t i = 0; i < pane->section_count; i++)
		measure(pane, &pane->section[i]);
	align_sections(pane);
	for (uint32_t i = 0; i < pane->section_count; i++) {
		struct pane_section *section = &pane->section[i];

		if (!pane->text)
			squeeze(pane, section, width);
		else
			add_up(section);
		section->line = line;
		line += section->to - section->from;
		if (*section->name)
			line += (i > 0) + 1 + section->titles;
	}
	pane->lines = line;
	pane->width = width;
	if (pane->selected >= pane->view->shown)
		pane->selected = pane->view->shown ? pane->view->shown - 1 : 0;
}

uint32_t pane_line_of(const struct pane *pane, uint32_t at,
		      const struct pane_section **section)
{
	const struct pane_section *in = pane->section;

	for (uint32_t i = 0; i < pane->section_count; i++) {
		in = &pane->section[i];
		if (at < in->to)
			break;
	}
	*section = in;
	if (!*in->name)
		return at;
	return in->line + (in != pane->section) + 1 + in->titles + at -
	       in->from;
}

void pane_init(struct pane *pane, struct view *view, bool exact)
{
	*pane = (struct pane){
		.view = view, .exact = exact, .text = is_text(view)};
	pane_layout(pane, 80);
}

void pane_deinit(struct pane *pane)
{
	free(pane->section);
	pane->section = NULL;
	pane->section_count = 0;
	pane->view = NULL;
}
