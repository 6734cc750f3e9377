/*
 * Memory that a program took from brk for itself (GLIBC.md 4.4 c).  Nothing
 * says where it ends; malloc goes on where chunks begin that lead to the top.
 * What the program wrote there may look like a chunk, too: what is in a bin
 * tells most of those apart, and where nothing does, that is said.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/sort.h"
#include "malloc/walk.h"

enum { CHAIN_CHUNKS = 4096, MAX_MEMBERS = 1 << 22 };

static int add_members(struct walk *w, uint64_t head, uint64_t at,
		       struct error *err)
{
	while (at != head && chunk_fits_at(&w->form, at) &&
	       w->members < MAX_MEMBERS) {
		if (GROW(w->member, w->member_cap, w->members + 1,
			 "list of free chunks", err) < 0)
			return -1;
		w->member[w->members++] = at;
		if (!pages_word(&w->pages, at + w->form.header, &at))
			return 0;
	}
	return 0;
}

/* All chunks that are in bins of the arena that has brk: there chunks begin. */
static int list_members(struct walk *w, struct error *err)
{
	const struct heap_arena *a = &w->arena[w->copy->arena];
	unsigned word = w->form.word;

	if (w->members_known)
		return 0;
	w->members_known = true;
	for (unsigned i = 0; i < GLIBC_BINS; i++) {
		unsigned at = w->g->state->bins + 2 * word * i;

		if (add_members(w, a->out.addr + at - 2 * word,
				load_word(a->raw + at, word), err) < 0)
			return -1;
	}
	return sort_by_u64(w->member, w->members, sizeof *w->member, 0, err);
}

uint64_t walk_member_after(const struct walk *w, uint64_t addr)
{
	size_t low = 0, high = w->members;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (w->member[mid] <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low < w->members ? w->member[low] : UINT64_MAX;
}

/* Are there words in [from, to) that could be a chunk's size? */
static bool has_headers(struct walk *w, uint64_t from, uint64_t to,
			uint64_t limit)
{
	unsigned word = w->form.word;

	for (uint64_t at = chunk_first(&w->form, from); at < to;
	     at += w->form.align) {
		const uint8_t *p = window_at(&w->window, at, w->form.header);
		uint64_t size = p ? load_word(p + word, word) : 0;

		if ((size & CHUNK_FLAGS) == CHUNK_PREV_INUSE &&
		    chunk_plausible(&w->form, size, limit - at, true))
			return true;
	}
	return false;
}

static int add_gap(struct walk *w, uint64_t start, uint64_t end, uint64_t limit,
		   struct error *err)
{
	uint32_t arena = w->copy->arena;
	bool none = end == chunk_first(&w->form, start);
	/* Malloc would have gone on without posts if this were its own; but
	 * i386's first chunk leaves room for eight bytes that are not. */
	bool own = end == start;

	if (none && w->arena[arena].out.noncontiguous)
		return 0;
	if (GROW(w->gap, w->gap_cap, w->gaps + 1, "list of gaps", err) < 0)
		return -1;
	w->gap[w->gaps++] = (struct gap){
		.start = start,
		.end = end,
		.arena = arena,
		.doubtful = own || has_headers(w, start, end, limit),
	};
	return 0;
}

int walk_behind_gap(struct walk *w, uint64_t from, uint64_t limit,
		    uint64_t *out, struct error *err)
{
	struct u64map bad = {0};
	struct chain chain = {.arena = w->copy->arena,
			      .limit = limit,
			      .enough = CHAIN_CHUNKS,
			      .first_in_use = true,
			      .members = true,
			      .bad = &bad};
	uint64_t member;

	*out = 0;
	if (list_members(w, err) < 0)
		return -1;
	*out = chain_find(w, &chain, from);
	u64map_deinit(&bad);
	/* The first that is in a bin is not passed over. */
	member = walk_member_after(w, from - 1);
	if (member<limit && * out> member)
		*out = member;
	return *out ? add_gap(w, from, *out, limit, err) : 0;
}

/* From a doubtful gap's end to what is surely malloc's: how many in use. */
static uint64_t unproven(struct walk *w, const struct gap *gap)
{
	uint64_t n = 0;

	for (size_t i = 0; i < w->stretches; i++) {
		const struct stretch *s = &w->stretch[i];

		if (s->arena != gap->arena || s->start < gap->end ||
		    (s->start > gap->end && !n))
			continue;
		for (size_t j = 0; j < s->count; j++, n++)
			if (s->chunk[j].state != CHUNK_USED)
				return n;
		if (!s->count || i + 1 == w->stretches ||
		    !w->stretch[i + 1].goes_on)
			break;
	}
	return n;
}

int walk_gaps_verify(struct walk *w, struct error *err)
{
	struct check c = {.name = "the program's own memory in brk",
			  .has_numbers = true};

	for (size_t i = 0; i < w->gaps; i++) {
		uint64_t n = w->gap[i].doubtful ? unproven(w, &w->gap[i]) : 0;

		if (w->gap[i].arena != w->copy->arena)
			continue;
		c.a++;
		if (n && !c.text[0])
			snprintf(c.text, sizeof c.text,
				 "pieces found, pieces whose end is sure: "
				 "%" PRIu64 " chunk%s from 0x%" PRIx64
				 " on may be the program's",
				 n, n == 1 ? "" : "s", w->gap[i].end);
		c.b += !n;
	}
	if (!c.a)
		return 0;
	if (c.a != c.b)
		c.result = CHECK_FAILED;
	else
		snprintf(c.text, sizeof c.text,
			 "pieces found, pieces whose end is sure");
	return walk_check(w, &c, err);
}
