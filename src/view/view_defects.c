/* What is damaged in the heap, one row a defect. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/damage.h"
#include "base/alloc.h"
#include "snapshot/place.h"
#include "view/defect_text.h"
#include "view/views.h"

struct defects {
	struct symbols *symbols; /* borrowed, or NULL */
	struct damage *damage;	 /* owned: one a row */
	char text[DEFECT_TEXT];	 /* of the cell asked for last */
};

static const struct damage *damage_at(const struct view *view, uint32_t row)
{
	const struct defects *state = view->state;

	return &state->damage[row];
}

static void addr_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (damage_at(view, row)->defect->addr)
		*out = value_u(V_ADDR, damage_at(view, row)->defect->addr);
}

static void kind_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_text(defect_kind_name(damage_at(view, row)->defect->kind));
}

static void key_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_text(defect_kind_key(damage_at(view, row)->defect->kind));
}

static void arena_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (damage_at(view, row)->defect->arena != ARENA_MMAPPED)
		*out = value_u(V_COUNT, damage_at(view, row)->defect->arena);
}

static void unknown_cell(const struct view *view, uint32_t row,
			 struct value *out)
{
	*out = value_u(V_BYTES, damage_at(view, row)->defect->unknown);
}

static void text_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_text(damage_at(view, row)->defect->what);
}

static void word_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (damage_at(view, row)->defect->word)
		*out = value_u(V_ADDR, damage_at(view, row)->defect->word);
}

static void found_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (damage_at(view, row)->defect->has_found)
		*out = value_u(V_HEX, damage_at(view, row)->defect->found);
}

static void expected_cell(const struct view *view, uint32_t row,
			  struct value *out)
{
	if (damage_at(view, row)->defect->has_expected)
		*out = value_u(V_HEX, damage_at(view, row)->defect->expected);
}

static void chunk_cell(const struct view *view, uint32_t i, char what,
		       struct value *out)
{
	const struct chunk *c;

	if (i == CHUNK_NONE)
		return;
	c = &view->snap->chunk[i];
	*out = what == 'a'   ? value_u(V_ADDR, c->addr)
	       : what == 's' ? value_u(V_BYTES, c->size)
			     : value_text(chunk_state_name(
				       (enum chunk_state)c->state));
}

#define CHUNK_CELLS(side)                                                      \
	static void side##_addr_cell(const struct view *view, uint32_t row,    \
				     struct value *out)                        \
	{                                                                      \
		chunk_cell(view, damage_at(view, row)->side, 'a', out);        \
	}                                                                      \
	static void side##_size_cell(const struct view *view, uint32_t row,    \
				     struct value *out)                        \
	{                                                                      \
		chunk_cell(view, damage_at(view, row)->side, 's', out);        \
	}                                                                      \
	static void side##_state_cell(const struct view *view, uint32_t row,   \
				      struct value *out)                       \
	{                                                                      \
		chunk_cell(view, damage_at(view, row)->side, 't', out);        \
	}
CHUNK_CELLS(before)
CHUNK_CELLS(after)

static void suspect_cell(const struct view *view, uint32_t row,
			 struct value *out)
{
	*out = value_text(suspicion_name(damage_at(view, row)->suspicion));
}

static void wrote_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_text(wrote_name(damage_at(view, row)->wrote));
}

static void wrote_text_cell(const struct view *view, uint32_t row,
			    struct value *out)
{
	struct defects *state = view->state;

	defect_wrote_text(damage_at(view, row), view->snap, state->symbols,
			  state->text, sizeof(state->text));
	if (*state->text)
		*out = value_text(state->text);
}

static void bytes_cell(const struct view *view, uint32_t row, struct value *out)
{
	const struct defect *d = damage_at(view, row)->defect;
	struct defects *state = view->state;

	if (!d->byte_count)
		return;
	for (unsigned i = 0; i < d->byte_count; i++)
		snprintf(state->text + 2 * (size_t)i, 3, "%02x", d->bytes[i]);
	*out = value_text(state->text);
}

#define HIDDEN(key, help, kind, cell_function)                                 \
	{                                                                      \
		key, "", help, kind, .cell = (cell_function),                  \
				     .json_only = true                         \
	}

static const struct column defects_columns[] = {
	{"addr", "ADDRESS", "what is wrong", V_ADDR, .cell = addr_cell},
	{"name", "DEFECT", "what kind of thing is wrong", V_TEXT,
	 .cell = kind_cell},
	{"arena", "ARENA", "index", V_COUNT, .cell = arena_cell},
	{"unknown_bytes", "UNKNOWN", "bytes in which no chunk is known",
	 V_BYTES, .cell = unknown_cell},
	{"text", "WHAT", "one sentence", V_TEXT, .cell = text_cell,
	 .stretch = true},
	HIDDEN("kind", "size, link, loop, ...", V_TEXT, key_cell),
	HIDDEN("word", "the word that is wrong", V_ADDR, word_cell),
	HIDDEN("found", "what it has", V_HEX, found_cell),
	HIDDEN("expected", "what it should have", V_HEX, expected_cell),
	HIDDEN("before", "the chunk before", V_ADDR, before_addr_cell),
	HIDDEN("before_size", "", V_BYTES, before_size_cell),
	HIDDEN("before_state", "", V_TEXT, before_state_cell),
	HIDDEN("after", "the chunk behind", V_ADDR, after_addr_cell),
	HIDDEN("after_size", "", V_BYTES, after_size_cell),
	HIDDEN("after_state", "", V_TEXT, after_state_cell),
	HIDDEN("overflow", "did the chunk before write past its end?", V_TEXT,
	       suspect_cell),
	HIDDEN("wrote", "zeros, text, pattern, pointer, number", V_TEXT,
	       wrote_cell),
	HIDDEN("wrote_text", "the same for people", V_TEXT, wrote_text_cell),
	HIDDEN("bytes", "what lies at addr", V_TEXT, bytes_cell),
};

static bool defects_drill(const struct view *view, uint32_t row, char *line,
			  size_t cap)
{
	if (!damage_at(view, row)->defect->addr)
		return false;
	snprintf(line, cap, "defects 0x%" PRIx64,
		 damage_at(view, row)->defect->addr);
	return true;
}

static bool defects_bytes(const struct view *view, uint32_t row, uint64_t *addr,
			  uint64_t *len)
{
	*addr = damage_at(view, row)->defect->addr;
	*len = 256;
	return *addr;
}

static void defects_release(struct view *view)
{
	struct defects *state = view->state;

	free(state->damage);
	free(state);
}

static const struct view_ops defects_ops = {
	.name = "defects",
	.column = defects_columns,
	.column_count = sizeof(defects_columns) / sizeof(*defects_columns),
	.default_sort = -1,
	.section = -1,
	.drill = defects_drill,
	.bytes = defects_bytes,
	.release = defects_release,
};

int view_defects(const struct snapshot *snap, struct symbols *symbols,
		 struct view **out, struct error *err)
{
	struct defects *state = xcalloc(1, sizeof(*state));
	uint64_t unknown = 0;

	state->symbols = symbols;
	state->damage = xcalloc(snap->defect_count ? snap->defect_count : 1,
				sizeof(*state->damage));
	for (uint32_t i = 0; i < snap->defect_count; i++) {
		state->damage[i] = damage_of(snap, i);
		unknown += snap->defect[i].unknown;
	}
	if (view_create(&defects_ops, snap->defect_count, state, out, err))
		return -1;
	defects_of_snapshot(*out, snap);
	snprintf((*out)->title, sizeof((*out)->title),
		 snap->defect_count ? "what is damaged, snapshot %s"
				    : "nothing is damaged, snapshot %s",
		 snap->name);
	view_total(*out, NULL, "count", "defects",
		   value_u(V_COUNT, snap->defect_count));
	view_total(*out, NULL, "unknown_bytes", "unknown",
		   value_u(V_BYTES, unknown));
	return 0;
}
