/* The self test's claims on chunks: one by one, as bytes, as sums, as growth.
 */
#include "command/selftest_claims.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/diff.h"
#include "analysis/refs.h"
#include "base/alloc.h"
#include "base/u64map.h"

/*
 * A thread's vector of thread-local blocks, allocated by libc: the second word
 * of what the thread pointer leads to is the address behind its first entry.
 */
enum { DTV_WORD = 8, DTV_SKIP = 16 };

const struct snapshot_thread *judge_thread(const struct snapshot *snap,
					   pid_t tid)
{
	for (uint32_t i = 0; i < snap->thread_count; i++)
		if (snap->thread[i].thread.tid == tid)
			return &snap->thread[i];
	return NULL;
}

/* The chunk that begins there, or NULL. */
static const struct chunk *chunk_at(const struct snapshot *snap, uint64_t addr)
{
	uint32_t i = snapshot_find(snap, addr);

	return i != CHUNK_NONE && snap->chunk[i].addr == addr ? &snap->chunk[i]
							      : NULL;
}

/* A malloc that checks tells less than the chunk has; once the bytes are gone,
 * it is not known how much less. */
static bool has_told_size(const struct snapshot *snap, const struct chunk *c,
			  const struct ledger_block *b)
{
	uint64_t asked;

	if (snapshot_asked(snap, c, &asked))
		return asked == b->usable;
	return snap->checked && !snap->memory ? c->size > b->usable
					      : c->size == b->usable;
}

static bool is_as_told(const struct snapshot *snap,
		       const struct ledger_block *b)
{
	const struct chunk *c = chunk_at(snap, b->addr);

	return c && c->state == CHUNK_USED && has_told_size(snap, c, b) &&
	       (c->arena == ARENA_MMAPPED) == b->mapped;
}

/* The arena of the thread's first block, where its tcache does not say.  A
 * malloc that checks has one for all. */
static bool in_own_arena(const struct judge *j, const struct ledger_block *b)
{
	const struct snapshot *snap = j->snap[AT_LEDGER];
	const struct snapshot_thread *t =
		judge_thread(snap, j->ledger.tid[b->thread]);
	const struct chunk *c = chunk_at(snap, b->addr), *first;

	if (!c)
		return false;
	if (t && t->arena != ARENA_MMAPPED && !snap->checked)
		return c->arena == t->arena;
	first = chunk_at(snap, j->ledger.held[b->thread]);
	return first && c->arena == first->arena;
}

static bool is_tcache(const struct snapshot *snap, uint64_t addr)
{
	for (uint32_t i = 0; i < snap->thread_count; i++)
		if (snap->thread[i].tcache == addr)
			return true;
	return false;
}

static bool is_thread_vector(const struct snapshot *snap, uint64_t addr)
{
	for (uint32_t i = 0; i < snap->thread_count; i++) {
		const struct thread *t = &snap->thread[i].thread;
		struct error ignored;
		uint64_t word;

		if (t->has_regs &&
		    !target_read_word(snap->memory,
				      thread_regs_tp(&t->regs) + DTV_WORD,
				      &word, &ignored) &&
		    word - DTV_SKIP == addr)
			return true;
	}
	return false;
}

/* libc allocates a little for itself, also where the ledger's was freed. */
static bool is_libcs_own(const struct snapshot *snap, uint64_t addr)
{
	return is_tcache(snap, addr) || is_thread_vector(snap, addr);
}

static bool is_free(const struct snapshot *snap, uint64_t addr)
{
	uint32_t i = snapshot_find(snap, addr);

	return i == CHUNK_NONE || snap->chunk[i].state != CHUNK_USED ||
	       is_libcs_own(snap, snap->chunk[i].addr);
}

static void claim_each(struct judge *j)
{
	const struct snapshot *snap = j->snap[AT_LEDGER];
	uint64_t used = 0, as_told = 0, freed = 0, unused = 0, own = 0,
		 home = 0;
	uint64_t odd = 0;

	for (uint32_t i = 0; i < j->ledger.blocks; i++) {
		const struct ledger_block *b = &j->block[i];
		bool fits = b->used && is_as_told(snap, b);

		used += b->used;
		as_told += fits;
		freed += !b->used;
		unused += !b->used && is_free(snap, b->addr);
		own += b->used && !b->mapped;
		home += b->used && !b->mapped && in_own_arena(j, b);
		if (b->used && !fits && !odd)
			odd = b->addr;
	}
	if (odd)
		claim(j, "used blocks, their sizes", as_told, used,
		      "not so: 0x%" PRIx64, odd);
	else
		claim(j, "used blocks, their sizes", as_told, used,
		      "each there, used, and of the usable size told");
	claim(j, "freed blocks", unused, freed,
	      "none shows as used by the program");
	claim(j, "blocks in the arena of their thread", home, own,
	      "in %u arenas; %" PRIu64 " more mapped by themselves",
	      snap->arena_count, used - own);
}

static int note_told(const struct judge *j, struct u64map *told,
		     struct error *err)
{
	for (uint32_t i = 0; i < j->ledger.blocks; i++)
		if (j->block[i].used &&
		    u64map_put(told, j->block[i].addr, i, err))
			return -1;
	return 0;
}

/* All that is used must be of the ledger, of before, or of libc's own. */
static int claim_nobodys(struct judge *j, struct error *err)
{
	const struct snapshot *snap = j->snap[AT_LEDGER];
	uint64_t before = 0, tcaches = 0, vectors = 0, nobodys = 0, value;
	struct u64map told = {0};

	if (note_told(j, &told, err)) {
		u64map_deinit(&told);
		return -1;
	}
	for (uint32_t i = 0; i < snap->chunk_count; i++) {
		const struct chunk *c = &snap->chunk[i], *old;

		if (c->state != CHUNK_USED ||
		    u64map_get(&told, c->addr, &value))
			continue;
		old = chunk_at(j->snap[AT_START], c->addr);
		if (old && old->state == CHUNK_USED && old->size == c->size)
			before++;
		else if (is_tcache(snap, c->addr))
			tcaches++;
		else if (is_thread_vector(snap, c->addr))
			vectors++;
		else
			nobodys++;
	}
	u64map_deinit(&told);
	claim(j, "used blocks that nobody knows", nobodys, 0,
	      "besides the ledger: %" PRIu64 " of before it, %" PRIu64
	      " tcache structs, %" PRIu64 " vectors of threads",
	      before, tcaches, vectors);
	return 0;
}

int claim_blocks(struct judge *j, struct error *err)
{
	claim_each(j);
	return claim_nobodys(j, err);
}

static uint64_t right_bytes(const struct ledger_block *b, const uint8_t *byte)
{
	uint64_t right = 0;

	for (uint64_t i = 0; i < b->usable; i++) {
		bool pointer = b->points_to && i >= 8 && i < 16;

		right += pointer || byte[i] == ledger_byte(b->addr, i);
	}
	return right;
}

static int claim_bytes(struct judge *j, struct error *err)
{
	const struct snapshot *snap = j->snap[AT_LEDGER];
	uint64_t right = 0, all = 0;
	uint8_t *buf = NULL;
	size_t cap = 0;

	for (uint32_t i = 0; i < j->ledger.blocks; i++) {
		const struct ledger_block *b = &j->block[i];
		struct error ignored;

		if (!b->used)
			continue;
		if (GROW(buf, cap, b->usable, "a block's bytes", err)) {
			free(buf);
			return -1;
		}
		all += b->usable;
		if (!target_read(snap->memory, b->addr, buf, b->usable,
				 &ignored))
			right += right_bytes(b, buf);
	}
	free(buf);
	claim(j, "bytes of used blocks", right, all, "as they were written");
	return 0;
}

static bool has_ref(const struct refs *refs, uint64_t from, uint64_t value)
{
	for (size_t i = 0; i < refs->count; i++)
		if (refs->ref[i].from == from && refs->ref[i].value == value)
			return true;
	return false;
}

static void aim(const struct snapshot *snap, struct bitmap *targets,
		uint64_t addr)
{
	uint32_t i = snapshot_find(snap, addr);

	if (i != CHUNK_NONE)
		bitmap_set(targets, i);
}

static int claim_pointers(struct judge *j, struct error *err)
{
	const struct snapshot *snap = j->snap[AT_LEDGER];
	uint64_t found = 0, planted = LEDGER_THREADS;
	struct bitmap targets = {0};
	struct refs refs = {0};
	int ret;

	if (bitmap_init(&targets, snap->chunk_count, "pointer targets", err))
		return -1;
	for (uint32_t i = 0; i < j->ledger.blocks; i++)
		if (j->block[i].points_to)
			aim(snap, &targets, j->block[i].points_to);
	for (unsigned t = 0; t < LEDGER_THREADS; t++)
		aim(snap, &targets, j->ledger.held[t]);
	ret = refs_make(snap, &targets, &refs, err);
	for (uint32_t i = 0; !ret && i < j->ledger.blocks; i++) {
		const struct ledger_block *b = &j->block[i];

		if (!b->points_to || !b->used)
			continue;
		planted++;
		found += has_ref(&refs, b->addr + 8, b->points_to);
	}
	for (unsigned t = 0; !ret && t < LEDGER_THREADS; t++)
		found += has_ref(&refs, j->ledger.global[t], j->ledger.held[t]);
	if (!ret)
		claim(j, "planted pointers", found, planted,
		      "in blocks, and %d globals", LEDGER_THREADS);
	refs_deinit(&refs);
	bitmap_deinit(&targets);
	return ret;
}

int claim_contents(struct judge *j, struct error *err)
{
	return claim_bytes(j, err) || claim_pointers(j, err) ? -1 : 0;
}

void claim_totals(struct judge *j)
{
	static const char *const name[] = {
		"arena",   "ordblks", "smblks",	  "hblks",    "hblkhd",
		"usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"};
	enum { FIELDS = sizeof name / sizeof *name };
	uint64_t found[FIELDS], told[FIELDS];
	uint64_t mask = j->ledger.has_mallinfo2 ? UINT64_MAX : UINT32_MAX;
	unsigned same = 0;

	memcpy(found, &j->snap[AT_LEDGER]->mallinfo, sizeof found);
	memcpy(told, &j->ledger.mallinfo, sizeof told);
	while (same < FIELDS && (found[same] & mask) == told[same])
		same++;
	if (same < FIELDS)
		claim(j, "totals of the child's own mallinfo",
		      found[same] & mask, told[same], "%s differs", name[same]);
	else
		claim(j, "totals of the child's own mallinfo", same, FIELDS,
		      "all fields of %s() are the same",
		      j->ledger.has_mallinfo2 ? "mallinfo2" : "mallinfo");
}

static uint64_t planted(const struct judge *j, bool used)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < j->ledger.blocks; i++)
		n += j->block[i].fresh && j->block[i].used == used;
	return n;
}

/* How many of these chunks are planted ones; more than there are, if others
 * are among them. */
static uint64_t recognised(const struct judge *j, const struct snapshot *snap,
			   const uint32_t *index, uint32_t count, bool used)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < count; i++)
		for (uint32_t k = 0; k < j->ledger.blocks; k++) {
			const struct ledger_block *b = &j->block[k];
			const struct chunk *c = &snap->chunk[index[i]];

			if (b->fresh && b->used == used && b->addr == c->addr &&
			    has_told_size(snap, c, b))
				n++;
		}
	return n < count && n == planted(j, used) ? count : n;
}

int claim_growth(struct judge *j, struct error *err)
{
	const struct diff *d;

	if (session_diff(&j->inner, j->snap[AT_LEDGER], j->snap[AT_GROWTH],
			 err))
		return -1;
	d = j->inner.diff;
	claim(j, "new blocks in a diff",
	      recognised(j, d->after, d->added, d->added_count, true),
	      planted(j, true), "just those that it allocated meanwhile");
	claim(j, "gone blocks in a diff",
	      recognised(j, d->before, d->removed, d->removed_count, false),
	      planted(j, false), "just those that it freed meanwhile");
	return 0;
}
