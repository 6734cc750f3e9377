#include "analysis/diff_groups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/content.h"
#include "analysis/describe.h"
#include "base/alloc.h"
#include "base/u64map.h"
#include "snapshot/prints.h"
#include "symbols/symbols.h"

struct groups {
	const struct diff *diff;
	struct u64map row_of; /* key -> row + 1 */
	struct diff_class *row;
	size_t count, cap;
	/* By type. */
	const struct typing *before, *after;
	uint64_t by_first_word; /* gone chunks */
	/* By holder. */
	const struct retained *r;
	struct symbols *symbols;
	uint32_t *owner; /* owned, one a chunk: of what it is the next of */
};

static void groups_deinit(struct groups *g)
{
	u64map_deinit(&g->row_of);
	free(g->row);
	free(g->owner);
}

/* The row of a key; *is_new: it has no name yet. */
static struct diff_class *row_at(struct groups *g, uint64_t key, bool *is_new,
				 struct error *err)
{
	uint64_t *at = u64map_at(&g->row_of, key, err);

	if (!at)
		return NULL;
	*is_new = !*at;
	if (*at)
		return &g->row[*at - 1];
	if (GROW(g->row, g->cap, g->count + 1, "groups of chunks", err))
		return NULL;
	g->row[g->count] = (struct diff_class){0};
	*at = ++g->count;
	return &g->row[g->count - 1];
}

static void count(const struct groups *g, struct diff_class *row,
		  const struct snapshot *snap, uint32_t chunk,
		  enum diff_side side)
{
	diff_class_add(row, side, snapshot_chunk_size(snap, chunk));
	if (side == DIFF_KEPT)
		diff_class_judge(row, g->diff, chunk);
}

/* FNV-1a.  A name is known by it: two of one hash would share a row. */
static uint64_t hash_of(const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
	return hash;
}

/* What the first word tells of a gone chunk; the tables are where they were. */
static const char *name_first_word(struct groups *g,
				   const struct snapshot *snap, uint32_t chunk,
				   char *buf, size_t cap)
{
	struct symbol symbol;
	uint8_t bytes[8];
	uint64_t word;

	g->by_first_word++;
	if (!print_word(snap, chunk, &word) || !word)
		return "";
	if (describe_class(g->diff->after, word, buf, cap))
		return buf;
	memcpy(bytes, &word, sizeof(bytes));
	if (text_run(bytes, snap->word) >= 4)
		return "text";
	if (g->after->symbols && symbols_at(g->after->symbols, word, &symbol) &&
	    symbol.name && !symbol.offset)
		return symbol.name;
	return "";
}

static int add_by_type(void *ctx, const struct snapshot *snap, uint32_t chunk,
		       enum diff_side side, struct error *err)
{
	struct groups *g = ctx;
	struct diff_class *row;
	char buf[200];
	const char *name;
	bool is_new;

	if (side != DIFF_GONE)
		name = typing_row_name(g->after, chunk);
	else if (g->before)
		name = typing_row_name(g->before, chunk);
	else
		name = name_first_word(g, snap, chunk, buf, sizeof(buf));
	row = row_at(g, hash_of(name), &is_new, err);
	if (!row)
		return -1;
	if (is_new)
		snprintf(row->name, sizeof(row->name), "%s",
			 *name ? name : typed_by_name(TYPED_NOT));
	count(g, row, snap, chunk, side);
	return 0;
}

static int finish(struct groups *g, struct diff_class **out, uint32_t *count)
{
	diff_classes_sort(g->row, (uint32_t)g->count);
	*out = g->row;
	*count = (uint32_t)g->count;
	g->row = NULL;
	groups_deinit(g);
	return 0;
}

int diff_by_type(const struct diff *diff, const struct set *set,
		 const struct typing *after, const struct typing *before,
		 struct diff_class **out, uint32_t *count, char *warning,
		 size_t warning_cap, struct error *err)
{
	struct groups g = {.diff = diff, .after = after, .before = before};

	if (diff_each(diff, set, add_by_type, &g, err)) {
		groups_deinit(&g);
		return -1;
	}
	if (g.by_first_word)
		snprintf(warning, warning_cap,
			 "gone chunks (%llu) are named by their first word "
			 "alone: the other bytes of snapshot %s are not held "
			 "any more (after set types on their types are kept)",
			 (unsigned long long)g.by_first_word,
			 diff->before->name);
	return finish(&g, out, count);
}

/* The owner at the end of the way up, for all that lie on it. */
static uint32_t owner_of(struct groups *g, uint32_t chunk)
{
	const struct retained *r = g->r;
	uint32_t at = chunk, owner, next;

	while (at < r->chunks && g->owner[at] == RETAINED_NONE)
		at = r->holder[at];
	owner = at < r->chunks ? g->owner[at] : at;
	for (at = chunk; at < r->chunks && g->owner[at] == RETAINED_NONE;
	     at = next) {
		next = r->holder[at];
		g->owner[at] = owner;
	}
	return owner;
}

static int add_by_holder(void *ctx, const struct snapshot *snap, uint32_t chunk,
			 enum diff_side side, struct error *err)
{
	struct groups *g = ctx;
	uint32_t owner = RETAINED_NONE;
	struct diff_class *row;
	bool is_new;

	if (side != DIFF_GONE)
		owner = owner_of(g, chunk);
	row = row_at(g, owner, &is_new, err);
	if (!row)
		return -1;
	if (is_new && side == DIFF_GONE) {
		snprintf(row->name, sizeof(row->name), "(gone)");
	} else if (is_new && owner >= g->r->nodes) {
		snprintf(row->name, sizeof(row->name), "%s",
			 owner == RETAINED_SEVERAL ? "shared by several"
						   : "nobody (unreachable)");
	} else if (is_new) {
		const struct owner *o =
			&g->r->owners.owner[owner - g->r->chunks];

		owner_name(o, g->diff->after, g->symbols, row->name,
			   sizeof(row->name));
		row->word = o->addr;
	}
	count(g, row, snap, chunk, side);
	return 0;
}

int diff_by_holder(const struct diff *diff, const struct set *set,
		   const struct retained *r, struct symbols *symbols,
		   struct diff_class **out, uint32_t *count, struct error *err)
{
	struct groups g = {.diff = diff, .r = r, .symbols = symbols};

	g.owner = try_calloc(r->chunks, sizeof(*g.owner), "owners of chunks",
			     err);
	if (!g.owner)
		return -1;
	for (uint32_t i = 0; i < r->chunks; i++)
		g.owner[i] = RETAINED_NONE;
	if (diff_each(diff, set, add_by_holder, &g, err)) {
		groups_deinit(&g);
		return -1;
	}
	return finish(&g, out, count);
}
