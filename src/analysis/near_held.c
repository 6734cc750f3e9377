/* Who points at the chunks of a group, folded by kind of holder. */

#include "analysis/near_held.h"
#include "base/progress.h"
#include "symbols/symbols.h"

enum { STEP = 1 << 12 };

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
		p.b = ref->from -
		      thread_regs_tp(&snap->thread[place.thread].thread.regs);
		break;
	default:
		map = maps_find(&snap->maps, ref->from);
		p.a = map ? map->start : ref->from;
	}
	return p;
}

static int add(struct held *h, struct pattern *p, uint32_t member,
	       uint64_t example, struct error *err)
{
	struct pattern wide = *p;

	if (fold_add(&h->fold, p, member, example, err))
		return -1;
	if (!held_by_thread(p))
		return 0;
	wide.a = ANY_THREAD;
	return fold_add(&h->wide, &wide, member, example, err);
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
		if (add(h, &p, ref->target, ref->from ? ref->from : ref->value,
			err))
			return -1;
		if (p.flags & FROM_ITSELF || ref->target == last)
			continue;
		last = ref->target;
		held++;
	}
	h->b->out->unheld = h->b->chunk_count - held;
	return 0;
}

int near_held(struct near_build *b, struct error *err)
{
	struct held h = {.b = b};
	int ret = -1;

	if (refs_make(b->snap, &b->group, &h.refs, err))
		return -1;
	if (!h.refs.complete) {
		b->out->complete = false;
		near_note(b, "%s: some who point at them may be missing",
			  h.refs.note);
	}
	if (count_words(&h, err) || fold_refs(&h, err) || held_emit(&h, err))
		goto out;
	ret = 0;
out:
	refs_deinit(&h.refs);
	u64map_deinit(&h.words_of);
	fold_deinit(&h.fold);
	fold_deinit(&h.wide);
	fold_deinit(&h.rows);
	return ret;
}
