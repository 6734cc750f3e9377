#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fmt.h"
#include "base/words.h"
#include "view/views.h"

struct growth_state {
	struct growth growth;		       /* owned */
	char first[32], last[32];	       /* names of the snapshots */
	char text[900];			       /* what the last cell() gave */
	char until[200], title[80], base[120]; /* of the totals */
};

static const struct growth_row *row_of(const struct view *view, uint32_t row)
{
	const struct growth_state *state = view->state;

	return &state->growth.row[row];
}

#define CELL(name, kind, expression)                                           \
	static void name##_cell(const struct view *view, uint32_t row,         \
				struct value *out)                             \
	{                                                                      \
		const struct growth_row *r = row_of(view, row);                \
                                                                               \
		*out = value_u(kind, expression);                              \
	}

#define SIGNED_CELL(name, kind_, expression)                                   \
	static void name##_cell(const struct view *view, uint32_t row,         \
				struct value *out)                             \
	{                                                                      \
		const struct growth_row *r = row_of(view, row);                \
                                                                               \
		*out = (struct value){.kind = kind_, .i = expression};         \
	}

CELL(class, V_NUMBER, r->size)
CELL(rounds, V_COUNT, r->trend.rounds)
CELL(steady_rounds, V_COUNT, r->trend.within)
CELL(exact_rounds, V_COUNT, r->trend.exact)
CELL(grew_rounds, V_COUNT, r->trend.grew)
CELL(shrank_rounds, V_COUNT, r->trend.shrank)
CELL(steady, V_BOOL, growth_is_steady(r))
CELL(count, V_COUNT, r->count)
CELL(bytes, V_BYTES, r->count * r->size)
SIGNED_CELL(per_round_count, V_CHANGE, r->trend.median)
SIGNED_CELL(per_round_bytes, V_DELTA, r->trend.median *(int64_t)r->size)
SIGNED_CELL(total_count, V_CHANGE, r->trend.total)
SIGNED_CELL(total_bytes, V_DELTA, r->trend.total *(int64_t)r->size)

static void section_cell(const struct view *view, uint32_t row,
			 struct value *out)
{
	const struct growth_row *r = row_of(view, row);

	*out = value_text(!growth_is_steady(r) ? "not steadily"
			  : r->by_content      ? "steadily, within a class"
					       : "steadily");
}

static void size_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (!row_of(view, row)->by_content)
		*out = value_u(V_NUMBER, row_of(view, row)->size);
}

static void type_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (*row_of(view, row)->name)
		*out = value_text(row_of(view, row)->name);
}

static void addr_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (row_of(view, row)->by_content)
		*out = value_u(V_ADDR, row_of(view, row)->example);
}

static void steadiness_cell(const struct view *view, uint32_t row,
			    struct value *out)
{
	*out = (struct value){.kind = V_RATIO,
			      .f = row_of(view, row)->trend.steadiness};
}

/* Not known of a class with chunks whose bytes were not kept. */
static void reused_cell(const struct view *view, uint32_t row,
			struct value *out)
{
	const struct growth_row *r = row_of(view, row);

	if (!r->by_content && !r->unknown)
		*out = value_u(V_COUNT, r->reused);
}

static void unsure_cell(const struct view *view, uint32_t row,
			struct value *out)
{
	const struct growth_row *r = row_of(view, row);

	if (!r->by_content && !r->unknown)
		*out = value_u(V_COUNT, r->unsure);
}

static void what_cell(const struct view *view, uint32_t row, struct value *out)
{
	struct growth_state *state = view->state;

	growth_sentence(row_of(view, row), state->text, sizeof(state->text));
	*out = value_text(state->text);
}

static void deltas_cell(const struct view *view, uint32_t row,
			struct value *out)
{
	struct growth_state *state = view->state;
	const struct growth_row *r = row_of(view, row);
	size_t n = 0;

	for (uint32_t i = 0; i < r->trend.rounds && n < sizeof(state->text);
	     i++)
		n += (size_t)snprintf(state->text + n, sizeof(state->text) - n,
				      "%s%" PRId64, i ? " " : "", r->delta[i]);
	*out = value_text(state->text);
}

static const struct column growth_columns[] = {
	{"section", "", "how it grows", V_TEXT, .cell = section_cell,
	 .json_only = true},
	{"class", "CLASS", "chunk size, header included", V_NUMBER,
	 .cell = class_cell},
	{"size", "SIZE", "the same, of a row that is all of a class", V_NUMBER,
	 .cell = size_cell, .json_only = true},
	{"type", "TYPE", "what the chunks are, or begin with", V_TEXT,
	 .cell = type_cell, .json_only = true},
	{"addr", "", "of a group within a class, one chunk", V_ADDR,
	 .cell = addr_cell, .json_only = true},
	{"per_round_count", "A ROUND", "chunks more in a round: the median",
	 V_CHANGE, .cell = per_round_count_cell},
	{"per_round_bytes", "BYTES", "their chunk sizes", V_DELTA,
	 .cell = per_round_bytes_cell},
	{"total_bytes", "TOTAL", "from the first snapshot to the last", V_DELTA,
	 .cell = total_bytes_cell},
	{"steadiness", "STEADY", "0 to 1: help growth says how", V_RATIO,
	 .cell = steadiness_cell},
	{"rounds", "", "from one snapshot to the next", V_COUNT,
	 .cell = rounds_cell, .json_only = true},
	{"steady", "", "steadiness is 0.8 or more", V_BOOL, .cell = steady_cell,
	 .json_only = true},
	{"steady_rounds", "", "that added the median, or nearly", V_COUNT,
	 .cell = steady_rounds_cell, .json_only = true},
	{"exact_rounds", "", "that added the median itself", V_COUNT,
	 .cell = exact_rounds_cell, .json_only = true},
	{"grew_rounds", "", "that added some", V_COUNT,
	 .cell = grew_rounds_cell, .json_only = true},
	{"shrank_rounds", "", "that took some away", V_COUNT,
	 .cell = shrank_rounds_cell, .json_only = true},
	{"total_count", "", "chunks more in the last than in the first",
	 V_CHANGE, .cell = total_count_cell, .json_only = true},
	{"count", "", "used chunks in the last snapshot", V_COUNT,
	 .cell = count_cell, .json_only = true},
	{"bytes", "", "their chunk sizes", V_BYTES, .cell = bytes_cell,
	 .json_only = true},
	{"reused_count", "", "at the place of another: most likely", V_COUNT,
	 .cell = reused_cell, .json_only = true},
	{"unsure_count", "", "changed: the same ones, or others", V_COUNT,
	 .cell = unsure_cell, .json_only = true},
	{"deltas", "", "chunks more or fewer, round by round", V_TEXT,
	 .cell = deltas_cell, .json_only = true},
	{"sentence", "WHAT", "the same in words", V_TEXT, .cell = what_cell,
	 .stretch = true, .wrap = true},
};

static bool growth_drill(const struct view *view, uint32_t row, char *line,
			 size_t cap)
{
	const struct growth_state *state = view->state;

	if (row_of(view, row)->by_type) {
		const char *name = row_of(view, row)->name;
		AUTO_FREE char *type = xasprintf("type=%s", name);

		snprintf(line, cap, "chunks used and class=%" PRIu64 " and",
			 row_of(view, row)->size);
		return strlen(name) + 1 < sizeof(row_of(view, row)->name) &&
		       words_append(line, cap, type);
	}
	if (row_of(view, row)->by_content) {
		snprintf(line, cap, "growth 0x%" PRIx64,
			 row_of(view, row)->example);
		return true;
	}
	snprintf(line, cap, "diff %s %s --chunks class=%" PRIu64, state->first,
		 state->last, row_of(view, row)->size);
	return true;
}

static void growth_release(struct view *view)
{
	struct growth_state *state = view->state;

	growth_deinit(&state->growth);
	free(state);
}

static const struct view_ops growth_ops = {
	.name = "growth",
	.column = growth_columns,
	.column_count = sizeof(growth_columns) / sizeof(*growth_columns),
	.default_sort = -1,
	.section = 0,
	.drill = growth_drill,
	.release = growth_release,
};

/* "39 days", "5.2 hours": nobody plans by the second. */
static void say_time(double seconds, char *buf, size_t cap)
{
	static const struct {
		double seconds;
		const char *name;
	} unit[] = {{31557600, "year"},
		    {86400, "day"},
		    {3600, "hour"},
		    {60, "minute"},
		    {1, "second"}};
	size_t i = 0;
	double n;

	while (i < 4 && seconds < 2 * unit[i].seconds)
		i++;
	n = seconds / unit[i].seconds;
	snprintf(buf, cap, n < 10 ? "%.1f %ss" : "%.0f %ss", n, unit[i].name);
}

static void add_forecast(struct view *view, const struct growth_forecast *f)
{
	struct growth_state *state = view->state;
	char count[FMT_MAX], bytes[FMT_MAX], time[60] = "";

	snprintf(state->title, sizeof(state->title), "until %s",
		 fmt_bytes(bytes, sizeof(bytes), f->limit, false));
	if (f->has_time)
		say_time((double)f->seconds, time, sizeof(time));
	if (f->reached)
		snprintf(state->until, sizeof(state->until), "nothing left");
	else if (f->never)
		snprintf(state->until, sizeof(state->until),
			 "nothing grows steadily: no forecast");
	else
		snprintf(state->until, sizeof(state->until), "%s round%s%s%s",
			 fmt_count(count, sizeof(count), f->rounds),
			 f->rounds == 1 ? "" : "s", *time ? ", about " : "",
			 time);
	view_total(view, "until", "text", state->title,
		   value_text(state->until));
	view_total(view, "until", "base_bytes",
		   f->of_resident ? "resident now"
				  : "that malloc has from the kernel now "
				    "(what is resident, a core does not tell)",
		   value_u(V_BYTES, f->base));
	view_total(view, "until", "limit_bytes", NULL,
		   value_u(V_BYTES, f->limit));
	view_total(view, "until", "rounds", NULL,
		   f->never ? value_none() : value_u(V_COUNT, f->rounds));
	view_total(view, "until", "seconds", NULL,
		   f->never || (!f->reached && !f->has_time)
			   ? value_none()
			   : value_u(V_COUNT, f->seconds));
}

static void add_totals(struct view *view, const struct growth *g)
{
	uint64_t reused = 0, unsure = 0;

	for (uint32_t i = 0; i < g->count; i++) {
		reused += g->row[i].reused;
		unsure += g->row[i].unsure;
	}
	view_total(view, NULL, "steady", "grow steadily",
		   value_u(V_COUNT, g->steady));
	view_total(view, NULL, "other", "otherwise",
		   value_u(V_COUNT, g->count - g->steady));
	view_total(view, NULL, "flat", "not at all", value_u(V_COUNT, g->flat));
	view_total(view, NULL, "bytes_a_round", "a round, steadily",
		   value_u(V_BYTES, g->bytes_a_round));
	if (g->count && !g->row[0].by_content) {
		view_total(view, NULL, "reused_count",
			   "chunks most likely replaced in place",
			   value_u(V_COUNT, reused));
		view_total(view, NULL, "unsure_count",
			   "changed: the same or others (no count depends on "
			   "it)",
			   value_u(V_COUNT, unsure));
	}
}

static void say_incomplete(struct view *view,
			   const struct snapshot *const *snap, uint32_t count)
{
	for (uint32_t i = 0; i + 1 < count; i++) {
		if (snapshot_complete(snap[i]))
			continue;
		view->complete = false;
		view_warn(view,
			  "snapshot %s is incomplete: what was not seen there "
			  "looks like growth, or hides it",
			  snap[i]->name);
	}
}

static void say_without_content(struct view *view, const struct growth *g)
{
	const struct snapshot *snap = g->without_content;
	char count[FMT_MAX];

	if (snap)
		view_warn(view,
			  "classes alone are looked at, not groups by content: "
			  "the bytes of %s chunk%s of snapshot %s were not "
			  "kept",
			  fmt_count(count, sizeof(count), g->without_count),
			  g->without_count == 1 ? "" : "s", snap->name);
}

static void make_title(struct view *view, const struct snapshot *const *snap,
		       uint32_t count)
{
	const struct timespec *a = &snap[0]->taken,
			      *b = &snap[count - 1]->taken;
	double seconds = (double)(b->tv_sec - a->tv_sec) +
			 (double)(b->tv_nsec - a->tv_nsec) / 1e9;
	char time[60];

	snprintf(view->title, sizeof(view->title),
		 "growth over %u rounds, snapshots %s to %s", count - 1,
		 snap[0]->name, snap[count - 1]->name);
	if (seconds <= 0)
		return;
	say_time(seconds, time, sizeof(time));
	snprintf(view->title + strlen(view->title),
		 sizeof(view->title) - strlen(view->title), ", in %s", time);
}

int view_growth(struct growth *growth, const struct snapshot *const *snap,
		uint32_t count, const struct growth_forecast *forecast,
		struct view **out, struct error *err)
{
	struct growth_state *state = xcalloc(1, sizeof(*state));
	struct view *view;

	state->growth = *growth;
	*growth = (struct growth){0};
	snprintf(state->first, sizeof(state->first), "%s", snap[0]->name);
	snprintf(state->last, sizeof(state->last), "%s", snap[count - 1]->name);
	if (view_create(&growth_ops, state->growth.count, state, &view, err))
		return -1;
	view_of_snapshot(view, snap[count - 1]);
	say_incomplete(view, snap, count);
	say_without_content(view, &state->growth);
	make_title(view, snap, count);
	add_totals(view, &state->growth);
	if (forecast)
		add_forecast(view, forecast);
	*out = view;
	return 0;
}
