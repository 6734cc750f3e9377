#include "analysis/disguise.h"

#include "target/maps.h"

/* tcbhead_t's pointer_guard, behind five words and, of 64 bits, two ints less
 * one (glibc 2.4 to 2.42, sysdeps/{x86_64,i386}/nptl/tls.h). */
static uint64_t guard_offset(const struct snapshot *snap)
{
	return snap->word == 8 ? 0x30 : 0x18;
}

void disguise_init(struct disguise *d, const struct snapshot *snap,
		   const struct finder *finder, enum interior interior)
{
	*d = (struct disguise){
		.snap = snap, .finder = finder, .interior = interior};
	/* All threads have the same one. */
	for (uint32_t i = 0; i < snap->thread_count && !d->guard; i++) {
		const struct thread *t = &snap->thread[i].thread;
		uint64_t tp = thread_regs_tp(&t->regs);

		if (t->has_regs && tp &&
		    image_read(snap->contents, tp + guard_offset(snap),
			       &d->guard, snap->word) != snap->word)
			d->guard = 0;
	}
}

/* The chunk that starts at value, or CHUNK_NONE. */
static uint32_t started(const struct disguise *d, uint64_t value)
{
	uint32_t i = finder_find(d->finder, value);

	return i != CHUNK_NONE && d->snap->chunk[i].addr == value ? i
								  : CHUNK_NONE;
}

static int tell(const struct disguise *d, uint32_t i, enum hold hold,
		struct error *err)
{
	return i == CHUNK_NONE ? 0 : d->found(d->ctx, i, hold, err);
}

static bool interesting(const struct disguise *d, uint64_t value)
{
	return value - d->low < d->high - d->low;
}

/* Right behind the usable bytes: the size of the next chunk lies there. */
static int past_end(const struct disguise *d, uint64_t value, struct error *err)
{
	uint32_t i = finder_find(d->finder, value - 1);
	const struct chunk *c = i == CHUNK_NONE ? NULL : &d->snap->chunk[i];

	if (!c || c->addr + c->size != value)
		return 0;
	/* Or where the next mapping begins: then that is what is meant. */
	if (c->arena == ARENA_MMAPPED && maps_find(&d->snap->maps, value))
		return 0;
	return tell(d, i, HOLD_PAST_END, err);
}

static uint64_t demangle(const struct disguise *d, uint64_t value)
{
	unsigned bits = 8 * d->snap->word, by = 2 * d->snap->word + 1;
	uint64_t mask = bits == 64 ? UINT64_MAX : UINT32_MAX;

	return ((value >> by | value << (bits - by)) & mask) ^ d->guard;
}

/* Any number can be taken for something mangled: not what is an address. */
static int mangled(const struct disguise *d, uint64_t value, uint64_t plain,
		   struct error *err)
{
	if (!interesting(d, plain) || maps_find(&d->snap->maps, value))
		return 0;
	return tell(d, started(d, plain), HOLD_MANGLED, err);
}

/* One aligned word, which lies at addr. */
static inline int look_at(const struct disguise *d, uint64_t value,
			  uint64_t addr, struct error *err)
{
	const uint64_t high_bits = UINT64_C(0xffff) << 48;
	uint64_t low_bits = d->snap->word - 1;

	if (!value)
		return 0;
	if (interesting(d, value - 1) && past_end(d, value, err))
		return -1;
	if (d->interior == INTERIOR_NO && value & low_bits &&
	    interesting(d, value & ~low_bits) &&
	    tell(d, started(d, value & ~low_bits), HOLD_TAGGED, err))
		return -1;
	if (value & high_bits && interesting(d, value & ~high_bits) &&
	    tell(d, started(d, value & ~high_bits), HOLD_TAGGED, err))
		return -1;
	/* PTR_MANGLE, glibc 2.36 sysdeps/x86_64/pointer_guard.h */
	if (d->guard && interesting(d, demangle(d, value)) &&
	    mangled(d, value, demangle(d, value), err))
		return -1;
	/* PROTECT_PTR, glibc 2.36 malloc/malloc.c: "safe-linking" */
	return interesting(d, value ^ addr >> 12)
		       ? mangled(d, value, value ^ addr >> 12, err)
		       : 0;
}

static inline __attribute__((always_inline)) int
scan(const struct disguise *d, const uint8_t *bytes, uint64_t addr,
     uint64_t len, uint64_t more, unsigned word, struct error *err)
{
	uint64_t low = d->low, span = d->high - low;
	uint64_t begin = -addr & (word - 1), all = len + more;

	for (uint64_t i = begin; i + word <= len; i += word) {
		if (look_at(d, load_word(bytes + i, word), addr + i, err))
			return -1;
		for (unsigned k = 1; k < word && i + k + word <= all; k++) {
			uint64_t value = load_word(bytes + i + k, word);

			if (value - low < span &&
			    tell(d, started(d, value), HOLD_UNALIGNED, err))
				return -1;
		}
	}
	return 0;
}

int disguise_scan(const struct disguise *d, const uint8_t *bytes, uint64_t addr,
		  uint64_t len, uint64_t more, struct error *err)
{
	return d->snap->word == 8 ? scan(d, bytes, addr, len, more, 8, err)
				  : scan(d, bytes, addr, len, more, 4, err);
}
