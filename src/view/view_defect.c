/* One defect in sections: what is wrong, who lies beside it, its bytes. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/content.h"
#include "base/alloc.h"
#include "base/fmt.h"
#include "snapshot/place.h"
#include "view/defect_text.h"
#include "view/views.h"

enum { LINE = 16, MAX_ROWS = 64 };

struct defect_row {
	const char *section; /* static */
	uint64_t addr;	     /* 0: none */
	bool is_chunk;
	char *what; /* owned */
};

struct defect_parts {
	struct defect_row row[MAX_ROWS];
	uint32_t count;
};

void defect_wrote_text(const struct damage *x, const struct snapshot *snap,
		       struct symbols *symbols, char *buf, size_t cap)
{
	struct place place;
	char what[300];

	*buf = '\0';
	switch (x->wrote) {
	case WROTE_UNKNOWN:
		return;
	case WROTE_ZEROS:
		snprintf(buf, cap, "zeros");
		return;
	case WROTE_TEXT:
		text_quote(x->defect->bytes + x->text, x->text_len, 48, what,
			   sizeof(what));
		snprintf(buf, cap, "text: %s", what);
		return;
	case WROTE_PATTERN:
		snprintf(buf, cap, "0x%" PRIx64 " over and over", x->value);
		return;
	case WROTE_POINTER:
		place = place_of(snap, x->value);
		place_format(&place, snap, symbols, what, sizeof(what));
		snprintf(buf, cap, "a pointer to %s", what);
		return;
	case WROTE_NUMBER:
		snprintf(buf, cap, "0x%" PRIx64, x->value);
	}
}

void defects_of_snapshot(struct view *view, const struct snapshot *snap)
{
	if (!snap->defect_count) {
		view_of_snapshot(view, snap);
		return;
	}
	view->snap = snap;
	view->source = snap;
	view->complete = false;
	view_warn(view, "%u thing%s in the heap did not add up",
		  snap->defect_count, snap->defect_count == 1 ? "" : "s");
}

static const struct defect_row *row_of(const struct view *view, uint32_t row)
{
	const struct defect_parts *state = view->state;

	return &state->row[row];
}

static void section_cell(const struct view *view, uint32_t row,
			 struct value *out)
{
	*out = value_text(row_of(view, row)->section);
}

static void addr_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (row_of(view, row)->addr)
		*out = value_u(V_ADDR, row_of(view, row)->addr);
}

static void what_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_text(row_of(view, row)->what);
}

static const struct column defect_columns[] = {
	{"section", "", "which part of the answer", V_TEXT,
	 .cell = section_cell},
	{"addr", "", "where", V_ADDR, .cell = addr_cell},
	{"what", "", "what is there", V_TEXT, .cell = what_cell,
	 .stretch = true},
};

static bool defect_drill(const struct view *view, uint32_t row, char *line,
			 size_t cap)
{
	const struct defect_row *r = row_of(view, row);

	if (!r->addr)
		return false;
	snprintf(line, cap, "%s 0x%" PRIx64, r->is_chunk ? "chunk" : "x/16gx",
		 r->addr);
	return true;
}

static bool defect_bytes(const struct view *view, uint32_t row, uint64_t *addr,
			 uint64_t *len)
{
	*addr = row_of(view, row)->addr;
	*len = 256;
	return *addr;
}

static void defect_release(struct view *view)
{
	struct defect_parts *state = view->state;

	for (uint32_t i = 0; i < state->count; i++)
		free(state->row[i].what);
	free(state);
}

static const struct view_ops defect_ops = {
	.name = "defect",
	.column = defect_columns,
	.column_count = sizeof(defect_columns) / sizeof(*defect_columns),
	.default_sort = -1,
	.section = 0,
	.drill = defect_drill,
	.bytes = defect_bytes,
	.release = defect_release,
};

static void add(struct defect_parts *state, const char *section, uint64_t addr,
		bool is_chunk, char *what)
{
	if (state->count == MAX_ROWS) {
		free(what);
		return;
	}
	state->row[state->count++] =
		(struct defect_row){section, addr, is_chunk, what};
}

static void add_wrong(struct defect_parts *state, const struct damage *x,
		      const struct snapshot *snap, struct symbols *symbols)
{
	static const char section[] = "what is wrong";
	const struct defect *d = x->defect;
	char wrote[DEFECT_TEXT], count[FMT_MAX];

	add(state, section, d->addr, false, xstrdup(defect_kind_name(d->kind)));
	add(state, section, 0, false, xstrdup(d->what));
	if (d->word && d->has_found)
		add(state, section, d->word, false,
		    d->has_expected
			    ? xasprintf("the word has 0x%" PRIx64
					", and should have 0x%" PRIx64,
					d->found, d->expected)
			    : xasprintf("the word has 0x%" PRIx64, d->found));
	defect_wrote_text(x, snap, symbols, wrote, sizeof(wrote));
	if (*wrote)
		add(state, section, 0, false,
		    xasprintf("what is there is %s", wrote));
	if (d->arena < snap->arena_count)
		add(state, section, snap->arena[d->arena].addr, false,
		    xasprintf("in arena %u", d->arena));
	if (d->unknown)
		add(state, section, 0, false,
		    xasprintf("no chunk is known in %s bytes from there on",
			      fmt_count(count, sizeof(count), d->unknown)));
}

static void add_chunk(struct defect_parts *state, const struct snapshot *snap,
		      uint32_t i, const char *where)
{
	const struct chunk *c = &snap->chunk[i];
	char size[FMT_MAX];

	add(state, "neighbours", c->addr, true,
	    xasprintf("%s: %s bytes, %s", where,
		      fmt_count(size, sizeof(size), c->size),
		      chunk_state_name((enum chunk_state)c->state)));
}

static void add_neighbours(struct defect_parts *state, const struct damage *x,
			   const struct snapshot *snap)
{
	static const char section[] = "neighbours";

	if (x->before != CHUNK_NONE)
		add_chunk(state, snap, x->before,
			  x->just_before ? "the block before it"
					 : "the last one before it");
	if (x->suspicion == SUSPECT_MAY)
		add(state, section, 0, false,
		    xstrdup("which may have written past its end"));
	if (x->suspicion == SUSPECT_PROBABLY)
		add(state, section, 0, false,
		    xstrdup("which probably wrote past its end: what it ends "
			    "with goes on"));
	if (x->here != CHUNK_NONE)
		add_chunk(state, snap, x->here, "the block it is in");
	if (x->after != CHUNK_NONE)
		add_chunk(state, snap, x->after,
			  x->just_after ? "the block behind it"
					: "the next one known");
	if (x->before == CHUNK_NONE && x->here == CHUNK_NONE &&
	    x->after == CHUNK_NONE)
		add(state, section, 0, false, xstrdup("no chunk"));
}

static void add_bytes(struct defect_parts *state, const struct defect *d)
{
	for (unsigned at = 0; at < d->byte_count; at += LINE) {
		unsigned len =
			d->byte_count - at < LINE ? d->byte_count - at : LINE;
		char line[5 * LINE];
		size_t n = 0;

		for (unsigned i = 0; i < LINE; i++)
			n += (size_t)snprintf(line + n, sizeof(line) - n,
					      i < len ? "%02x " : "   ",
					      d->bytes[at + i % len]);
		line[n++] = ' ';
		for (unsigned i = 0; i < len; i++)
			line[n++] = text_run(&d->bytes[at + i], 1) &&
						    d->bytes[at + i] >= ' '
					    ? (char)d->bytes[at + i]
					    : '.';
		line[n] = '\0';
		add(state, "its bytes", d->addr + at, false, xstrdup(line));
	}
}

int view_defect(const struct snapshot *snap, struct symbols *symbols,
		uint64_t addr, struct view **out, struct error *err)
{
	struct defect_parts *state;
	uint32_t n = 0;

	for (uint32_t i = 0; i < snap->defect_count; i++)
		n += snap->defect[i].addr == addr;
	if (!n)
		return error_set(err, ERR_NOT_FOUND,
				 "no defect at 0x%" PRIx64
				 "; \"defects\" lists them",
				 addr);
	state = xcalloc(1, sizeof(*state));
	for (uint32_t i = 0; i < snap->defect_count; i++) {
		struct damage x;

		if (snap->defect[i].addr != addr)
			continue;
		x = damage_of(snap, i);
		add_wrong(state, &x, snap, symbols);
		if (--n)
			continue;
		add_neighbours(state, &x, snap);
		add_bytes(state, x.defect);
	}
	if (view_create(&defect_ops, state->count, state, out, err))
		return -1;
	defects_of_snapshot(*out, snap);
	snprintf((*out)->title, sizeof((*out)->title),
		 "defect at 0x%" PRIx64 ", snapshot %s", addr, snap->name);
	return 0;
}
