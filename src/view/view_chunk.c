/* One chunk in sections: itself, neighbours, pointers both ways, its bytes. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/typing_chain.h"
#include "base/alloc.h"
#include "base/fmt.h"
#include "snapshot/place.h"
#include "view/cached_by.h"
#include "view/chunk_cells.h"
#include "view/chunk_members.h"
#include "view/views.h"

enum {
	POINTERS_MAX = 200, /* rows of pointers out, and of pointers in */
	SCAN_MAX = 1 << 20, /* bytes searched for pointers out */
	DUMP_MAX = 256	    /* bytes shown */
};

struct chunk_row {
	const char *section; /* static */
	bool has_offset, has_addr;
	uint64_t offset, addr;
	enum place_kind kind;
	char *what; /* owned */
};

struct chunk_parts {
	struct chunk_row *row; /* owned */
	size_t count, cap;
	bool complete;
};

static const struct chunk_row *row_of(const struct view *view, uint32_t row)
{
	const struct chunk_parts *state = view->state;

	return &state->row[row];
}

static void section_cell(const struct view *view, uint32_t row,
			 struct value *out)
{
	*out = value_text(row_of(view, row)->section);
}

static void offset_cell(const struct view *view, uint32_t row,
			struct value *out)
{
	if (row_of(view, row)->has_offset)
		*out = value_u(V_HEX, row_of(view, row)->offset);
}

static void addr_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (row_of(view, row)->has_addr)
		*out = value_u(V_ADDR, row_of(view, row)->addr);
}

static void kind_cell(const struct view *view, uint32_t row, struct value *out)
{
	if (row_of(view, row)->kind != PLACE_NONE)
		*out = value_text(place_kind_name(row_of(view, row)->kind));
}

static void what_cell(const struct view *view, uint32_t row, struct value *out)
{
	*out = value_text(row_of(view, row)->what);
}

static const struct column chunk_columns[] = {
	{"section", "", "which part of the answer", V_TEXT,
	 .cell = section_cell},
	{"offset", "",
	 "bytes from the start of the chunk (of the holder, "
	 "where it is pointed at)",
	 V_HEX, .cell = offset_cell},
	{"addr", "", "the other side", V_ADDR, .cell = addr_cell},
	{"kind", "", "chunk, global, stack, register, ...", V_TEXT,
	 .cell = kind_cell, .json_only = true},
	{"what", "", "what is there", V_TEXT, .cell = what_cell,
	 .stretch = true},
};

static bool chunk_drill(const struct view *view, uint32_t row, char *line,
			size_t cap)
{
	const struct chunk_row *r = row_of(view, row);

	/* The first row is the chunk itself: we are there. */
	if (!r->has_addr || (row == 0 && r->kind == PLACE_CHUNK))
		return false;
	snprintf(line, cap, "%s 0x%" PRIx64,
		 r->kind == PLACE_CHUNK	 ? "chunk"
		 : r->kind == PLACE_CODE ? "disas"
					 : "x/8gx",
		 r->addr);
	return true;
}

static bool chunk_bytes(const struct view *view, uint32_t row, uint64_t *addr,
			uint64_t *len)
{
	const struct chunk_row *r = row_of(view, row);
	uint32_t i = CHUNK_NONE;

	if (!r->has_addr)
		return false;
	if (r->kind == PLACE_CHUNK)
		i = snapshot_find(view->snap, r->addr);
	*addr = i == CHUNK_NONE ? r->addr : view->snap->chunk[i].addr;
	*len = i == CHUNK_NONE ? 64 : view->snap->chunk[i].size;
	return true;
}

static void state_free(struct chunk_parts *state)
{
	for (size_t i = 0; i < state->count; i++)
		free(state->row[i].what);
	free(state->row);
	free(state);
}

static void chunk_release(struct view *view)
{
	state_free(view->state);
}

static const struct view_ops chunk_ops = {
	.name = "chunk",
	.column = chunk_columns,
	.column_count = sizeof(chunk_columns) / sizeof(*chunk_columns),
	.default_sort = -1,
	.section = 0,
	.drill = chunk_drill,
	.bytes = chunk_bytes,
	.release = chunk_release,
};

static struct chunk_row *add(struct chunk_parts *state, const char *section,
			     char *what)
{
	if (state->count == state->cap) {
		state->cap = state->cap ? 2 * state->cap : 32;
		state->row =
			xrealloc(state->row, state->cap * sizeof(*state->row));
	}
	state->row[state->count] =
		(struct chunk_row){.section = section, .what = what};
	return &state->row[state->count++];
}

static struct chunk_row *add_at(struct chunk_parts *state, const char *section,
				uint64_t addr, enum place_kind kind, char *what)
{
	struct chunk_row *row = add(state, section, what);

	row->has_addr = true;
	row->addr = addr;
	row->kind = kind;
	return row;
}

static void add_cached(struct chunk_parts *state, const char *section,
		       const struct chunk_question *q)
{
	const struct snapshot *snap = q->snap;
	uint32_t t = UINT32_MAX;

	if (!snap->contents) {
		add(state, section,
		    xasprintf("cached: free, kept in a tcache; in whose is not "
			      "known: %s",
			      q->why_no_refs));
		return;
	}
	t = cached_by(snap, q->index);
	if (t == UINT32_MAX)
		add(state, section,
		    xstrdup("cached: free, kept in a tcache; no list of a "
			    "thread that is there leads to it"));
	else
		add_at(state, section, snap->thread[t].tcache, PLACE_CHUNK,
		       xasprintf("cached: free, kept in the tcache of thread "
				 "%d \"%s\"",
				 (int)snap->thread[t].thread.tid,
				 snap->thread[t].thread.name));
}

static char *where_it_is(const struct chunk_question *q)
{
	const struct chunk *c = &q->snap->chunk[q->index];

	switch ((enum chunk_state)c->state) {
	case CHUNK_FREE:
		return xasprintf("free: in a bin or fastbin of arena %u",
				 (unsigned)c->arena);
	case CHUNK_TOP:
		return xasprintf("top: the free end of arena %u",
				 (unsigned)c->arena);
	case CHUNK_CACHED: /* add_cached() */
	case CHUNK_USED:
		break;
	}
	for (uint32_t i = 0; i < q->snap->thread_count; i++)
		if (q->snap->thread[i].tcache == c->addr)
			return xasprintf("used: the tcache struct of thread %d",
					 (int)q->snap->thread[i].thread.tid);
	return xstrdup("used");
}

/* What the program has of it, where malloc checks. */
static void add_asked(struct chunk_parts *state, const char *section,
		      const struct chunk_question *q)
{
	const struct chunk *c = &q->snap->chunk[q->index];
	char bytes[FMT_MAX];
	uint64_t asked;

	if (c->state != CHUNK_USED || !q->snap->checked)
		return;
	if (snapshot_asked(q->snap, c, &asked))
		add_at(state, section, c->addr + asked, PLACE_CHUNK,
		       xasprintf("%s of them asked for: the mark of the "
				 "checking malloc is here",
				 fmt_count(bytes, sizeof(bytes), asked)));
	else
		add(state, section,
		    xstrdup("no mark of the checking malloc in its last "
			    "4 MiB: written over, or never put there"));
}

/* What type says at length. */
static void add_type(struct chunk_parts *state, const char *section,
		     const struct chunk_question *q)
{
	const char *name = typing_name(q->typing, q->index);
	struct strbuf sb = {0};

	typing_chain(q->typing, q->index, &sb);
	if (q->typing->by[q->index] == TYPED_VTABLE &&
	    typing_is_whole(q->typing, q->index))
		add(state, section,
		    xasprintf("seems to be an object of %s", name));
	else
		add(state, section,
		    xasprintf("%s %s%s%s",
			      q->typing->by[q->index] == TYPED_SIZE
				      ? "may be"
				      : "seems to be",
			      name, sb.len ? ": " : "", strbuf_str(&sb)));
	strbuf_deinit(&sb);
}

static void add_itself(struct chunk_parts *state,
		       const struct chunk_question *q)
{
	const struct chunk *c = &q->snap->chunk[q->index];
	const char *section = "the chunk";
	char usable[FMT_MAX], text[160];
	uint32_t name;

	add_at(state, section, c->addr, PLACE_CHUNK,
	       xasprintf("%s usable bytes, class %" PRIu64,
			 fmt_count(usable, sizeof(usable), c->size),
			 snapshot_chunk_size(q->snap, q->index)));
	add_asked(state, section, q);
	if (c->state == CHUNK_CACHED)
		add_cached(state, section, q);
	else
		add(state, section, where_it_is(q));
	if (c->arena == ARENA_MMAPPED)
		add(state, section, xstrdup("mmapped: in no arena"));
	else
		add_at(state, section, q->snap->arena[c->arena].addr,
		       PLACE_HEAP,
		       xasprintf("in arena %u", (unsigned)c->arena));
	if (q->diff && q->diff->after == q->snap && c->state == CHUNK_USED)
		add(state, section,
		    xasprintf(bitmap_test(&q->diff->fresh, q->index)
				      ? "new since snapshot %s"
				      : "was there in snapshot %s already",
			      q->diff->before->name));
	if (q->typing && q->typing->by[q->index] >= TYPED_SIZE) {
		add_type(state, section, q);
		return;
	}
	if (q->typing && typing_best(q->typing, q->index, &name) == TYPED_OWNER)
		add(state, section, xstrdup(q->typing->name[name].text));
	chunk_preview(q->snap, q->symbols, q->index, false, text, sizeof(text));
	if (*text)
		add(state, section, xasprintf("begins with %s", text));
}

static void take_member(void *ctx, uint64_t offset, const char *text)
{
	struct chunk_row *row = add(ctx, "its members", xstrdup(text));

	row->has_offset = true;
	row->offset = offset;
}

/* By what its type says, not where that is a guess. */
static void add_members(struct chunk_parts *state,
			const struct chunk_question *q)
{
	if (q->snap->contents && q->typing &&
	    q->typing->by[q->index] > TYPED_SIZE)
		chunk_members_each(q->snap, q->symbols, q->index,
				   typing_name(q->typing, q->index),
				   take_member, state);
}

/* Chunk j lies at once behind chunk i: no gap, one arena. */
static bool adjacent(const struct snapshot *snap, uint32_t i, uint32_t j)
{
	return snap->chunk[i].arena != ARENA_MMAPPED &&
	       snap->chunk[i].arena == snap->chunk[j].arena &&
	       snap->chunk[i].addr + snapshot_chunk_size(snap, i) ==
		       snap->chunk[j].addr;
}

static void add_neighbour(struct chunk_parts *state,
			  const struct chunk_question *q, bool before)
{
	const struct snapshot *snap = q->snap;
	uint32_t at = before ? q->index - 1 : q->index + 1;
	char text[160];
	bool is_there = before ? q->index > 0 : at < snap->chunk_count;

	if (is_there)
		is_there = before ? adjacent(snap, at, q->index)
				  : adjacent(snap, q->index, at);
	if (!is_there) {
		add(state, "neighbours",
		    xasprintf("%s it: no chunk", before ? "before" : "after"));
		return;
	}
	chunk_preview(snap, q->symbols, at, false, text, sizeof(text));
	add_at(state, "neighbours", snap->chunk[at].addr, PLACE_CHUNK,
	       xasprintf("%s it: class %" PRIu64 ", %s%s%s",
			 before ? "before" : "after",
			 snapshot_chunk_size(snap, at),
			 chunk_state_name(
				 (enum chunk_state)snap->chunk[at].state),
			 *text ? ", " : "", text));
}

static bool is_target(const struct place *place)
{
	switch (place->kind) {
	case PLACE_CHUNK:
	case PLACE_HEAP:
	case PLACE_GLOBAL:
	case PLACE_CODE:
	case PLACE_STACK:
	case PLACE_TLS:
	case PLACE_ANON:
		return true;
	default:
		return false;
	}
}

static void add_pointers_out(struct chunk_parts *state,
			     const struct chunk_question *q)
{
	const struct chunk *c = &q->snap->chunk[q->index];
	const char *section = "points at";
	unsigned word = q->snap->word, found = 0;
	uint64_t end = c->size < SCAN_MAX ? c->size : SCAN_MAX;
	char what[320];

	for (uint64_t at = 0; at + word <= end; at += word) {
		struct chunk_row *row;
		struct place place;
		uint64_t value = 0;

		if (image_read(q->snap->contents, c->addr + at, &value, word) !=
		    word)
			break;
		place = place_of(q->snap, value);
		if (!is_target(&place))
			continue;
		if (found++ == POINTERS_MAX) {
			add(state, section,
			    xasprintf("... the first %d are shown",
				      POINTERS_MAX));
			return;
		}
		place_format(&place, q->snap, q->symbols, what, sizeof(what));
		row = add_at(state, section, value, place.kind, xstrdup(what));
		row->has_offset = true;
		row->offset = at;
	}
	if (end < c->size)
		add(state, section, xstrdup("... the first MiB was searched"));
	else if (!found)
		add(state, section, xstrdup("nothing"));
}

static struct place place_of_ref(const struct snapshot *snap,
				 const struct ref *ref)
{
	if (ref->thread != UINT32_MAX)
		return (struct place){.kind = PLACE_REGISTER,
				      .thread = ref->thread,
				      .reg = ref->reg};
	return place_of(snap, ref->from);
}

static void add_pointers_in(struct chunk_parts *state,
			    const struct chunk_question *q)
{
	const char *section = "pointed at by";
	char what[320];

	if (!q->refs) {
		add(state, section, xasprintf("not known: %s", q->why_no_refs));
		return;
	}
	for (size_t i = 0; i < q->refs->count; i++) {
		const struct ref *ref = &q->refs->ref[i];
		struct place place = place_of_ref(q->snap, ref);
		uint64_t into = ref->value - q->snap->chunk[q->index].addr;
		struct chunk_row *row;
		char *text;

		if (i == POINTERS_MAX) {
			add(state, section,
			    xasprintf("... the first %d of %zu are shown",
				      POINTERS_MAX, q->refs->count));
			break;
		}
		place_format(&place, q->snap, q->symbols, what, sizeof(what));
		text = into ? xasprintf("%s, to +%" PRIu64 " in it", what, into)
			    : xstrdup(what);
		if (place.kind == PLACE_REGISTER) {
			row = add(state, section, text);
			row->kind = place.kind;
			continue;
		}
		row = add_at(state, section, ref->from, place.kind, text);
		row->has_offset = place.kind == PLACE_CHUNK;
		row->offset = place.offset;
	}
	if (!q->refs->count)
		add(state, section,
		    xstrdup("nothing that was searched: used chunks, globals, "
			    "stacks, thread-local storage, registers"));
	state->complete &= q->refs->complete;
}

static void add_dump(struct chunk_parts *state, const struct chunk_question *q)
{
	const struct chunk *c = &q->snap->chunk[q->index];
	uint64_t end = c->size < DUMP_MAX ? c->size : DUMP_MAX;
	uint8_t bytes[16];

	for (uint64_t at = 0; at < end; at += 16) {
		size_t want = end - at < 16 ? end - at : 16, n = 0;
		size_t got = image_read(q->snap->contents, c->addr + at, bytes,
					want);
		struct chunk_row *row;
		char line[100];

		if (!got)
			break;
		for (size_t i = 0; i < 16; i++)
			n += i < got ? (size_t)sprintf(line + n, "%02x ",
						       bytes[i])
				     : (size_t)sprintf(line + n, "   ");
		line[n++] = ' ';
		for (size_t i = 0; i < got; i++)
			line[n++] = bytes[i] < 0x80 && isprint(bytes[i])
					    ? (char)bytes[i]
					    : '.';
		line[n] = '\0';
		row = add(state, "its bytes", xstrdup(line));
		row->has_offset = true;
		row->offset = at;
	}
	if (end < c->size)
		add(state, "its bytes",
		    xasprintf("... x/%" PRIu64 "xb 0x%" PRIx64
			      " shows all of them",
			      (uint64_t)c->size, c->addr));
}

int view_chunk(const struct chunk_question *q, struct view **out,
	       struct error *err)
{
	struct chunk_parts *state = xcalloc(1, sizeof(*state));
	struct view *view;

	state->complete = true;
	add_itself(state, q);
	add_members(state, q);
	add_neighbour(state, q, true);
	add_neighbour(state, q, false);
	if (q->snap->contents)
		add_pointers_out(state, q);
	else
		add(state, "points at",
		    xasprintf("not known: %s", q->why_no_refs));
	add_pointers_in(state, q);
	if (q->snap->contents)
		add_dump(state, q);
	if (view_create(&chunk_ops, (uint32_t)state->count, state, &view, err))
		return -1;
	view_of_snapshot(view, q->snap);
	snprintf(view->title, sizeof(view->title),
		 "chunk 0x%" PRIx64 ", snapshot %s",
		 q->snap->chunk[q->index].addr, q->snap->name);
	if (!q->refs)
		view_warn(view, "who points at it is not known: %s",
			  q->why_no_refs);
	else if (!state->complete)
		view_warn(view, "%s: some who point at it may be missing",
			  q->refs->note);
	view->complete &= state->complete && q->refs;
	*out = view;
	return 0;
}
