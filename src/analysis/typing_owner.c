#include "analysis/typing_owner.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/shared.h"
#include "analysis/typing_blocks.h"
#include "analysis/typing_holder.h"
#include "analysis/typing_impl.h"
#include "analysis/typing_packed.h"
#include "analysis/words.h"
#include "base/alloc.h"
#include "snapshot/finder.h"
#include "snapshot/place.h"
#include "snapshot/roots.h"

static const char held_by[] = "held by ";

struct owning {
	struct typing *t;
	const struct snapshot *snap;
	struct finder finder;
	struct pieces pieces;
	struct u64map members; /* key of a holder -> its number, or SEVERAL */
	struct u64map wholes;  /* number of a member -> that of its type */
	struct bitmap waiting;
	uint32_t *queue; /* owned: chunks that have something to pass on */
	size_t queued;
	bool variables; /* what is looked at now is static data */
	bool packed; /* in blocks without a type, pointers may lie anywhere */
};

typedef int word_fn(struct owning *o, uint32_t chunk, uint64_t from,
		    uint32_t target, uint64_t value, struct error *err);

/* Each word of [start, end), step bytes apart, that points into a used chunk.
 */
static int each_word(struct owning *o, uint64_t start, uint64_t end,
		     unsigned step, uint32_t chunk, word_fn *fn,
		     struct error *err)
{
	unsigned word = o->snap->word;
	const uint8_t *bytes;
	uint64_t addr, len;

	pieces_begin(&o->pieces, o->snap->contents, start, end);
	while ((bytes = pieces_next(&o->pieces, PIECES_STEP, &addr, &len))) {
		for (uint64_t i = -addr & (step - 1); i + word <= len;
		     i += step) {
			uint64_t value = load_word(bytes + i, word);
			uint32_t target = finder_find(&o->finder, value);

			if (target != CHUNK_NONE && target != chunk &&
			    o->snap->chunk[target].state == CHUNK_USED &&
			    fn(o, chunk, addr + i, target, value, err))
				return -1;
		}
		if (pieces_tick(&o->pieces, len, "looking for owners", err))
			return -1;
	}
	return 0;
}

/* Of several members of one type, the type. */
static uint32_t whole_of(const struct owning *o, uint32_t owner)
{
	uint64_t whole = owner;

	u64map_get(&o->wholes, owner, &whole);
	return (uint32_t)whole;
}

static uint32_t both_of(const struct owning *o, uint32_t a, uint32_t b)
{
	if (a == b)
		return a;
	if (a == OWNER_SEVERAL || b == OWNER_SEVERAL)
		return OWNER_SEVERAL;
	a = whole_of(o, a);
	return a == whole_of(o, b) ? a : OWNER_SEVERAL;
}

/* owner is one more that holds target. */
static void meet(struct owning *o, uint32_t target, uint32_t owner)
{
	uint32_t *have = &o->t->owner[target];
	uint32_t both = *have ? both_of(o, *have, owner) : owner;

	if (!owner || *have == both)
		return;
	*have = both;
	/* What is typed to its end passes nothing on. */
	if (bitmap_test(&o->waiting, target) ||
	    (o->t->by[target] >= TYPED_ALIKE &&
	     o->t->by[target] != TYPED_PART &&
	     holder_part(o->t, target, 0) != HOLDER_BLOCK &&
	     holder_part(o->t, target, o->snap->chunk[target].size - 1) !=
		     HOLDER_BLOCK))
		return;
	bitmap_set(&o->waiting, target);
	o->queue[o->queued++] = target;
}

static uint32_t name_number(struct owning *o, struct strbuf *sb, uint64_t place,
			    struct error *err)
{
	AUTO_FREE char *name = xasprintf("%s%s", held_by, strbuf_str(sb));

	return typing_number_at(o->t, name, place, err);
}

/* SEVERAL: it is no member; 0: err. */
static uint32_t member_number(struct owning *o, uint32_t chunk, uint64_t offset,
			      struct error *err)
{
	struct strbuf sb = {0};
	uint64_t place = holder_place(o->t, chunk, offset);
	uint32_t number = OWNER_SEVERAL, whole;

	if (holder_member(o->t, chunk, offset, &sb))
		number = name_number(o, &sb, place, err);
	if (number && number != OWNER_SEVERAL) {
		strbuf_reset(&sb);
		holder_type(o->t, chunk, offset, &sb);
		whole = name_number(o, &sb, place, err);
		if (!whole || u64map_put(&o->wholes, number, whole, err))
			number = 0;
	}
	strbuf_deinit(&sb);
	return number;
}

/* The word at that offset of a chunk, or of an object outside. */
static int meet_member(struct owning *o, uint32_t chunk, uint64_t offset,
		       uint32_t target, struct error *err)
{
	enum holder_part part = holder_part(o->t, chunk, offset);
	uint64_t *number;

	/* No chunk says how much of it was asked for: a word there may be the
	 * program's, or what was there before. */
	if (part == HOLDER_SLACK)
		meet(o, target, OWNER_SEVERAL);
	if (part != HOLDER_TYPED)
		return 0;
	number = u64map_at(&o->members, holder_key(o->t, chunk, offset), err);
	if (!number)
		return -1;
	if (!*number) {
		*number = member_number(o, chunk, offset, err);
		if (!*number)
			return -1;
	}
	meet(o, target, (uint32_t)*number);
	return 0;
}

static int from_member(struct owning *o, uint32_t chunk, uint64_t from,
		       uint32_t target, uint64_t value, struct error *err)
{
	(void)value;
	return meet_member(o, chunk, from - o->snap->chunk[chunk].addr, target,
			   err);
}

static int meet_root(struct owning *o, const struct ref *ref, struct error *err)
{
	struct strbuf sb = {0};
	uint64_t place = holder_root(o->t, ref, &sb);
	uint32_t number = name_number(o, &sb, place, err);

	strbuf_deinit(&sb);
	if (!number)
		return -1;
	meet(o, ref->target, number);
	return 0;
}

static int from_root(struct owning *o, uint32_t chunk, uint64_t from,
		     uint32_t target, uint64_t value, struct error *err)
{
	struct ref ref = {.from = from,
			  .value = value,
			  .target = target,
			  .thread = UINT32_MAX};
	uint64_t offset;

	chunk = holder_area(o->t, from, &offset);
	if (chunk != CHUNK_NONE)
		return meet_member(o, chunk, offset, target, err);
	/* Of variables, names may have to be told apart: all are numbered. */
	return o->t->owner[target] == OWNER_SEVERAL && !o->variables
		       ? 0
		       : meet_root(o, &ref, err);
}

static int from_block(struct owning *o, uint32_t chunk, uint64_t from,
		      uint32_t target, uint64_t value, struct error *err)
{
	(void)value;
	(void)err;
	if (holder_part(o->t, chunk, from - o->snap->chunk[chunk].addr) ==
	    HOLDER_BLOCK)
		meet(o, target, blocks_owner(o->t, chunk));
	return 0;
}

static int over_chunk(struct owning *o, uint32_t chunk, word_fn *fn,
		      struct error *err)
{
	const struct chunk *c = &o->snap->chunk[chunk];

	return each_word(o, c->addr, c->addr + c->size,
			 o->packed && fn == from_block ? 1 : o->snap->word,
			 chunk, fn, err);
}

static int over_roots(struct owning *o, struct error *err)
{
	struct roots roots;
	int ret = 0;

	if (roots_make(o->snap, ROOTS_ALL, &roots, err))
		return -1;
	for (size_t i = 0; i < roots.count && !ret; i++) {
		o->variables = roots.range[i].class == ROOT_GLOBAL;
		if (!roots.range[i].stale)
			ret = each_word(o, roots.range[i].start,
					roots.range[i].end, o->snap->word,
					CHUNK_NONE, from_root, err);
	}
	for (size_t i = 0; i < roots.words && !ret; i++) {
		const struct root_word *w = &roots.word[i];
		struct ref ref = {.value = w->value,
				  .target = finder_find(&o->finder, w->value),
				  .thread = w->thread,
				  .reg = w->reg};

		if (!w->stale && ref.target != CHUNK_NONE &&
		    o->snap->chunk[ref.target].state == CHUNK_USED)
			ret = meet_root(o, &ref, err);
	}
	snprintf(o->t->unsought, sizeof(o->t->unsought), "%s", roots.note);
	roots_deinit(&roots);
	return ret;
}

static int from_packed(void *ctx, uint32_t chunk, const struct ref *ref,
		       struct error *err)
{
	struct owning *o = ctx;

	if (chunk == CHUNK_NONE)
		return meet_root(o, ref, err);
	return meet_member(o, chunk, ref->from - o->snap->chunk[chunk].addr,
			   ref->target, err);
}

/* What it means to the program, nothing says. */
static int kernel_word(void *ctx, uint64_t value, struct error *err)
{
	struct owning *o = ctx;
	uint32_t target = finder_find(&o->finder, value);

	(void)err;
	if (target != CHUNK_NONE && o->snap->chunk[target].state == CHUNK_USED)
		meet(o, target, OWNER_SEVERAL);
	return 0;
}

/* It may be another process' word. */
static int shared_word(void *ctx, uint64_t addr, uint64_t value,
		       struct error *err)
{
	(void)addr;
	return kernel_word(ctx, value, err);
}

static int over_doubtful(struct owning *o, struct error *err)
{
	char *note = o->t->unsought;
	size_t cap = sizeof(o->t->unsought);
	struct shared_scan shared = {
		.snap = o->snap, .word = shared_word, .ctx = o};
	bool complete;

	return shared_scan(&shared, &complete, note, cap, err) ||
			       kernel_scan(o->snap, kernel_word, o, &complete,
					   note, cap, err)
		       ? -1
		       : 0;
}

/* Each chunk's owner changes three times at most, so this ends. */
static int pass_on(struct owning *o, struct error *err)
{
	while (o->queued) {
		uint32_t chunk = o->queue[--o->queued];

		bitmap_clear(&o->waiting, chunk);
		if (over_chunk(o, chunk, from_block, err))
			return -1;
	}
	return 0;
}

static int run(struct owning *o, struct error *err)
{
	if (over_roots(o, err) || over_doubtful(o, err))
		return -1;
	for (uint32_t i = 0; i < o->snap->chunk_count; i++)
		if (o->snap->chunk[i].state == CHUNK_USED &&
		    o->t->by[i] >= TYPED_ALIKE &&
		    over_chunk(o, i, from_member, err))
			return -1;
	o->packed = packed_any(o->t);
	if (packed_each(o->t, &o->finder, from_packed, o, err))
		return -1;
	return pass_on(o, err);
}

int typing_owners(struct typing *t, struct error *err)
{
	struct owning o = {.t = t, .snap = t->snap};
	uint64_t n = t->snap->chunk_count;
	size_t names = t->names;
	int ret = -1;

	free(t->owner);
	t->owner = try_calloc(n, sizeof(*t->owner), "owners of chunks", err);
	o.queue = try_calloc(n, sizeof(*o.queue), "owners of chunks", err);
	if (t->owner && o.queue &&
	    !bitmap_init(&o.waiting, n, "owners of chunks", err) &&
	    !finder_init(&o.finder, t->snap, NULL, err))
		ret = run(&o, err) || holder_tell_apart(t, names, err) ? -1 : 0;
	finder_deinit(&o.finder);
	bitmap_deinit(&o.waiting);
	u64map_deinit(&o.members);
	u64map_deinit(&o.wholes);
	free(o.queue);
	return ret;
}

/* As the owner is called, where it is one. */
static void add_name(const struct typing *t, uint64_t place,
		     struct strbuf *name, struct strbuf *out)
{
	AUTO_FREE char *text = xasprintf("%s%s", held_by, strbuf_str(name));
	uint32_t number = typing_number_known(t, text, place);

	strbuf_add(out, number ? t->name[number].text + strlen(held_by)
			       : strbuf_str(name));
	strbuf_deinit(name);
}

bool owner_of_word(const struct typing *t, const struct ref *ref,
		   struct strbuf *out)
{
	struct place place = place_of(t->snap, ref->from);
	struct strbuf name = {0};
	uint32_t owner;

	if (ref->thread == UINT32_MAX &&
	    root_class_at(t->snap, ref->from, &owner) == ROOT_SHARED) {
		strbuf_add(out, "shared memory, perhaps another process': ");
		holder_root(t, ref, out);
		return false;
	}
	if (ref->thread == UINT32_MAX && place.kind != PLACE_CHUNK) {
		uint32_t area = holder_area(t, ref->from, &place.offset);

		if (area != CHUNK_NONE) {
			place.kind = PLACE_CHUNK;
			place.chunk = area;
		}
	}
	if (ref->thread != UINT32_MAX || place.kind != PLACE_CHUNK) {
		add_name(t, holder_root(t, ref, &name), &name, out);
		return true;
	}
	switch (holder_part(t, place.chunk, place.offset)) {
	case HOLDER_TYPED:
		if (holder_member(t, place.chunk, place.offset, &name)) {
			add_name(t, holder_place(t, place.chunk, place.offset),
				 &name, out);
			return true;
		}
		strbuf_add(out, strbuf_str(&name));
		strbuf_deinit(&name);
		strbuf_addf(out, ", between its members, +%" PRIu64,
			    place.offset);
		return false;
	case HOLDER_SLACK:
		strbuf_addf(out, "behind the end of %s, perhaps left over",
			    typing_name(t, place.chunk));
		return false;
	case HOLDER_TEXT:
		strbuf_addf(out, "the end of a text, no pointer");
		return false;
	case HOLDER_BLOCK:
		break;
	}
	owner = blocks_owner(t, place.chunk);
	if (owner && owner != OWNER_SEVERAL) {
		strbuf_add(out, t->name[owner].text + strlen(held_by));
		return true;
	}
	strbuf_add(out, owner ? "a block that several hold"
			      : "a block that nothing holds");
	return false;
}

bool owner_is_here(const struct typing *t, const struct ref *ref)
{
	struct place place = place_of(t->snap, ref->from);

	return place.kind == PLACE_CHUNK &&
	       (holder_part(t, place.chunk, place.offset) == HOLDER_TYPED ||
		blocks_owner(t, place.chunk) != t->owner[place.chunk]);
}
