/* Who points at the chunks of a group, folded by kind of holder. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/near_impl.h"
#include "base/alloc.h"
#include "base/fmt.h"
#include "base/progress.h"
#include "base/u64map.h"
#include "symbols/symbols.h"

enum { STEP = 1 << 12 };

/* Flags of a pattern. */
enum {
	FROM_GROUP = 1,
	FROM_ITSELF = 2,
	MANY_WORDS = 4, /* offset stands for several */
};

/*
 * Patterns: kind is the holder's enum place_kind.
 * CHUNK: offset of the word, a = class, b = where inside it points.
 * GLOBAL: a = the word's address, or the symbol's with MANY_WORDS.
 * STACK: a = thread, b = function.  REGISTER: a = thread, b = register.
 * TLS: a = thread, b = the word's address.  Others: a = start of the mapping.
 */
struct held {
	struct near_build *b;
	struct refs refs;
	struct u64map words_of; /* holder chunk, or global symbol -> words */
	struct fold fold;
};

static uint64_t function_of(struct held *h, uint64_t pc)
{
	struct symbol symbol;

	/* A return address may lie behind its function's end. */
	if (h->b->symbols && symbols_at(h->b->symbols, pc - 1, &symbol) &&
	    symbol.addr)
		return symbol.addr;
	return pc;
}

static uint64_t global_of(struct held *h, uint64_t addr)
{
	struct symbol symbol;

	if (h->b->symbols && symbols_at(h->b->symbols, addr, &symbol) &&
	    symbol.addr)
		return symbol.addr;
	return addr;
}

/* A holder's key in words_of: chunks are odd, globals even. */
static uint64_t key_of(struct held *h, const struct place *place)
{
	if (place->kind == PLACE_CHUNK)
		return (uint64_t)place->chunk << 1 | 1;
	return global_of(h, place->addr) << 1;
}

/* A word points at one target: each is here once. */
static int count_words(struct held *h, struct error *err)
{
	for (size_t i = 0; i < h->refs.count; i++) {
		const struct ref *ref = &h->refs.ref[i];
		struct place place;
		uint64_t *n;

		if (i % STEP == 0 &&
		    progress_tick("counting holders", i, h->refs.count, err))
			return -1;
		if (ref->thread != UINT32_MAX)
			continue;
		place = place_of(h->b->snap, ref->from);
		if (place.kind != PLACE_CHUNK && place.kind != PLACE_GLOBAL)
			continue;
		n = u64map_at(&h->words_of, key_of(h, &place), err);
		if (!n)
			return -1;
		++*n;
	}
	return 0;
}

static bool holds_many(struct held *h, const struct place *place)
{
	uint64_t words = 0;

	u64map_get(&h->words_of, key_of(h, place), &words);
	return words > NEAR_MANY;
}

static void from_chunk(struct held *h, const struct ref *ref,
		       const struct place *place, struct pattern *p)
{
	p->offset = (uint32_t)place->offset;
	p->a = snapshot_chunk_size(h->b->snap, place->chunk);
	if (place->chunk == ref->target)
		p->flags = FROM_ITSELF;
	else if (bitmap_test(&h->b->group, place->chunk))
		p->flags = FROM_GROUP;
	if (p->flags)
		p->a = h->b->class;
	if (holds_many(h, place) || place->offset >= NEAR_ANY_OFFSET) {
		p->flags |= MANY_WORDS;
		p->offset = NEAR_ANY_OFFSET;
	}
}

static struct pattern pattern_of(struct held *h, const struct ref *ref)
{
	const struct snapshot *snap = h->b->snap;
	struct place place = place_of(snap, ref->from);
	struct pattern p = {.kind = (uint8_t)place.kind, .a = place.thread};
	const struct map *map;

	if (ref->thread != UINT32_MAX) {
		p.kind = PLACE_REGISTER;
		p.a = ref->thread;
		p.b = ref->reg;
		return p;
	}
	switch (place.kind) {
	case PLACE_CHUNK:
		from_chunk(h, ref, &place, &p);
		p.b = ref->value - snap->chunk[ref->target].addr;
		break;
	case PLACE_GLOBAL:
		p.a = ref->from;
		if (holds_many(h, &place)) {
			p.a = global_of(h, ref->from);
			p.flags = MANY_WORDS;
		}
		break;
	case PLACE_STACK:
		if (place.frame != UINT32_MAX)
			p.b = function_of(h, snap->thread[place.thread]
						     .frame[place.frame]
						     .pc);
		break;
	case PLACE_TLS:
		p.b = ref->from;
		break;
	default:
		map = maps_find(&snap->maps, ref->from);
		p.a = map ? map->start : ref->from;
	}
	return p;
}

static int fold_refs(struct held *h, struct error *err)
{
	uint32_t held = 0, last = CHUNK_NONE;

	for (size_t i = 0; i < h->refs.count; i++) {
		const struct ref *ref = &h->refs.ref[i];
		struct pattern p = pattern_of(h, ref);

		if (i % STEP == 0 &&
		    progress_tick("folding holders", i, h->refs.count, err))
			return -1;
		/* The example of a register is the chunk it points at. */
		if (fold_add(&h->fold, &p, ref->target,
			     ref->from ? ref->from : ref->value, err))
			return -1;
		if (p.flags & FROM_ITSELF || ref->target == last)
			continue;
		last = ref->target;
		held++;
	}
	h->b->out->unheld = h->b->chunk_count - held;
	return 0;
}

static void what_chunk(const struct fold_row *f, char *buf, size_t cap)
{
	char inside[48] = "", where[32];
	const struct pattern *p = &f->pattern;

	if (p->b)
		snprintf(inside, sizeof inside, ", pointing %llu inside",
			 (unsigned long long)p->b);
	if (p->flags & MANY_WORDS)
		snprintf(where, sizeof where, "at many offsets");
	else
		snprintf(where, sizeof where, "at +%u", p->offset);
	if (p->flags & FROM_ITSELF)
		snprintf(buf, cap, "themselves %s%s", where, inside);
	else if (p->flags & FROM_GROUP)
		snprintf(buf, cap, "each other %s%s", where, inside);
	else
		snprintf(buf, cap, "chunks of class %llu %s%s",
			 (unsigned long long)p->a, where, inside);
}

/* "other memory at 0x7f.. (1.0 MiB, 300 words of it)" */
static void what_mapping(struct held *h, const struct fold_row *f, char *buf,
			 size_t cap)
{
	const struct map *map = maps_find(&h->b->snap->maps, f->example);
	char size[FMT_MAX];

	if (!map)
		return;
	snprintf(buf, cap, "%s at 0x%llx (%s, %llu words of it)",
		 map->path[0] ? map->path : "other memory",
		 (unsigned long long)map->start,
		 fmt_bytes(size, sizeof size, map->end - map->start, false),
		 (unsigned long long)f->times);
}

static void what(struct held *h, const struct fold_row *f, char *buf,
		 size_t cap)
{
	const struct snapshot *snap = h->b->snap;
	struct place place;
	char name[130];

	if (f->pattern.kind == PLACE_CHUNK) {
		what_chunk(f, buf, cap);
		return;
	}
	if (f->pattern.kind == PLACE_REGISTER)
		place = (struct place){.kind = PLACE_REGISTER,
				       .thread = (uint32_t)f->pattern.a,
				       .reg = (unsigned)f->pattern.b};
	else
		place = place_of(snap, f->pattern.flags & MANY_WORDS
					       ? f->pattern.a
					       : f->example);
	if (f->times > 1 &&
	    (place.kind == PLACE_ANON || place.kind == PLACE_FILE)) {
		what_mapping(h, f, buf, cap);
		return;
	}
	place_format(&place, snap, h->b->symbols, name, sizeof name);
	if (f->pattern.flags & MANY_WORDS)
		snprintf(buf, cap, "%s (%llu words of it)", name,
			 (unsigned long long)f->times);
	else
		snprintf(buf, cap, "%s", name);
}

static int emit(struct held *h, struct error *err)
{
	const struct snapshot *snap = h->b->snap;
	size_t told = 0;

	fold_sort(&h->fold);
	for (; told < h->fold.count; told++) {
		const struct fold_row *f = &h->fold.row[told];
		const struct pattern *p = &f->pattern;
		bool chunk = p->kind == PLACE_CHUNK;
		struct near_row row = {
			.part = NEAR_HELD,
			.count = (uint32_t)f->count,
			.of = h->b->chunk_count,
			.offset = chunk && !(p->flags & MANY_WORDS) ? p->offset
								    : 0,
			.kind = (enum place_kind)p->kind,
			.size = chunk ? p->a : 0,
			.example = f->example,
			.member = snap->chunk[f->member].addr,
			.interior = chunk && p->b,
		};

		if (near_is_rare(told, f->count, h->b->chunk_count))
			break;
		what(h, f, row.what, sizeof row.what);
		if (near_add(h->b, &row, err))
			return -1;
	}
	return near_add_rest(h->b, NEAR_HELD, h->fold.count - told,
			     h->b->chunk_count, err);
}

int near_held(struct near_build *b, struct error *err)
{
	struct held h = {.b = b};
	int ret = -1;

	if (refs_make(b->snap, &b->group, &h.refs, err))
		return -1;
	if (!h.refs.complete) {
		b->out->complete = false;
		near_note(b, "not all memory was kept: some who point at them "
			     "may be missing");
	}
	if (count_words(&h, err) || fold_refs(&h, err) || emit(&h, err))
		goto out;
	ret = 0;
out:
	refs_deinit(&h.refs);
	u64map_deinit(&h.words_of);
	fold_deinit(&h.fold);
	return ret;
}
