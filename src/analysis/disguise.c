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

static inline bool interesting(const struct disguise *d, uint64_t value)
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

static inline uint64_t demangle(uint64_t value, uint64_t guard, unsigned word)
{
	unsigned bits = 8 * word, by = 2 * word + 1;
	uint64_t mask = bits == 64 ? UINT64_MAX : UINT32_MAX;

	return ((value >> by | value << (bits - by)) & mask) ^ guard;
}

/* Any number can be taken for something mangled: not what is an address. */
static int mangled(const struct disguise *d, uint64_t value, uint64_t plain,
		   struct error *err)
{
	if (maps_find(&d->snap->maps, value))
		return 0;
	return tell(d, started(d, plain), HOLD_MANGLED, err);
}

/* One aligned word, which lies at addr. */
static inline __attribute__((always_inline)) int
look_at(const struct disguise *d, uint64_t value, uint64_t addr, unsigned word,
	struct error *err)
{
	const uint64_t high_bits = UINT64_C(0xffff) << 48, low_bits = word - 1;
	/* PTR_MANGLE, glibc 2.36 sysdeps/x86_64/pointer_guard.h */
	uint64_t mangle = demangle(value, d->guard, word);
	/* PROTECT_PTR, glibc 2.36 malloc/malloc.c: "safe-linking" */
	uint64_t link = value ^ addr >> 12;

	/* A word before the next block, or where a mapping ends. */
	if (interesting(d, value - 1) &&
	    (value % (2 * word) == word || value % 4096 == 0) &&
	    past_end(d, value, err))
		return -1;
	if (d->interior == INTERIOR_NO && value & low_bits &&
	    interesting(d, value & ~low_bits) &&
	    tell(d, started(d, value & ~low_bits), HOLD_TAGGED, err))
		return -1;
	if (value & high_bits && interesting(d, value & ~high_bits) &&
	    tell(d, started(d, value & ~high_bits), HOLD_TAGGED, err))
		return -1;
	if (interesting(d, mangle) && d->guard &&
	    mangled(d, value, mangle, err))
		return -1;
	return interesting(d, link) ? mangled(d, value, link, err) : 0;
}

/*
 * No address has its two highest bytes set.  May one lie across these words of
 * 8 bytes?  Then two bytes side by side are zero, the second of them in the
 * later word and not its last.  (To find zero bytes: Mycroft, 1987; what it
 * finds besides does no harm.)
 */
static inline bool may_lie_across(uint64_t word, uint64_t later, uint64_t low)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;
	uint64_t zero = (later - ones) & ~later & highs;

	if (!later)
		return word >> 8 >= low;
	zero &= zero << 8 | (word >> 56 ? 0 : 0x80);
	return zero & ~(UINT64_C(0xff) << 56);
}

/* Those that lie across the words at "at" and behind it. */
static int look_across(const struct disguise *d, const uint8_t *at,
		       unsigned count, unsigned word, struct error *err)
{
	for (unsigned k = 1; k <= count; k++) {
		uint64_t value = load_word(at + k, word);

		if (interesting(d, value) &&
		    tell(d, started(d, value), HOLD_UNALIGNED, err))
			return -1;
	}
	return 0;
}

static inline __attribute__((always_inline)) int
scan(const struct disguise *d, const uint8_t *bytes, uint64_t addr,
     uint64_t len, uint64_t more, unsigned word, struct error *err)
{
	uint64_t all = len + more;

	for (uint64_t i = -addr & (word - 1); i + word <= len; i += word) {
		uint64_t value = load_word(bytes + i, word);
		uint64_t left = all - i - word;
		unsigned count = left < word ? (unsigned)left : word - 1;

		if (value && look_at(d, value, addr + i, word, err))
			return -1;
		if (word == 8 && left >= word &&
		    !may_lie_across(value, load_word(bytes + i + word, word),
				    d->low))
			continue;
		if (look_across(d, bytes + i, count, word, err))
			return -1;
	}
	return 0;
}

int disguise_scan(const struct disguise *d, const uint8_t *bytes, uint64_t addr,
		  uint64_t len, uint64_t more, struct error *err)
{
	return d->snap->word == 8 ? scan(d, bytes, addr, len, more, 8, err)
				  : scan(d, bytes, addr, len, more, 4, err);
}
