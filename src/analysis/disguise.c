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

/* One word, and those that lie across it and the next. */
static inline __attribute__((always_inline)) int
look(const struct disguise *d, const struct words_piece *p, uint64_t i,
     unsigned word, struct error *err)
{
	const uint8_t *at = p->bytes + i;
	uint64_t value = load_word(at, word);
	uint64_t left = p->len + p->more - i - word;
	unsigned count = left < word ? (unsigned)left : word - 1;

	if (value && look_at(d, value, p->addr + i, word, err))
		return -1;
	if (word == 8 && left >= word &&
	    !may_lie_across(value, load_word(at + word, word), d->low))
		return 0;
	return look_across(d, at, count, word, err);
}

void disguise_aim(struct disguise *d, uint64_t low, uint64_t high)
{
	struct disguise_sieve *s = &d->sieve;
	/* What is right behind is told, too, and what has low bits set. */
	uint64_t last = high + 8;

	d->low = low;
	d->high = high;
	s->used = d->snap->word == 8 && low < high && last >> 48 == 0;
	if (!s->used)
		return;
	s->range = lanes_of(low, last, 8);
	s->guard = _mm_set1_epi32((int)(uint32_t)(d->guard >> 16));
	s->top = (63 - (unsigned)__builtin_clzll(last)) / 8;
	s->least = _mm_set1_epi8((char)(low >> 8 * s->top));
	s->span = _mm_set1_epi8(
		(char)((last >> 8 * s->top) - (low >> 8 * s->top)));
}

/* A bit for each of the four words at "at" that may name something itself: as
 * it is, with tags, mangled, or as a protected link. */
static inline unsigned may_name(const struct disguise_sieve *s,
				const uint8_t *at, uint64_t addr)
{
	__m128i a = lanes_load(at), b = lanes_load(at + 16), plain, mangle;
	__m128i page = _mm_set1_epi32((int)(uint32_t)(addr >> 28)), outside;

	plain = lanes_lower(_mm_srli_epi64(a, 16), _mm_srli_epi64(b, 16));
	/* demangle(), of the bits that are compared. */
	mangle = lanes_lower(_mm_srli_epi64(a, 33), _mm_srli_epi64(b, 33));
	mangle = _mm_or_si128(mangle, _mm_slli_epi32(lanes_lower(a, b), 31));
	mangle = _mm_xor_si128(mangle, s->guard);
	outside = lanes_outside(&s->range, plain);
	outside = _mm_and_si128(outside, lanes_outside(&s->range, mangle));
	outside = _mm_and_si128(
		outside, lanes_outside(&s->range, _mm_xor_si128(plain, page)));
	return lanes_clear(outside);
}

/*
 * A bit for each of 16 bytes at which an address in the range may begin: its
 * highest byte is that of the range, and above it all are zero.
 */
static inline unsigned may_begin(const struct disguise_sieve *s,
				 const uint8_t *at, unsigned top)
{
	__m128i byte = _mm_sub_epi8(lanes_load(at + top), s->least);

	byte = _mm_subs_epu8(byte, s->span);
	for (unsigned i = top + 1; i < 8; i++)
		byte = _mm_or_si128(byte, lanes_load(at + i));
	return (unsigned)_mm_movemask_epi8(
		_mm_cmpeq_epi8(byte, _mm_setzero_si128()));
}

enum { BLOCK = 64, BLOCK_READ = BLOCK + 7, AHEAD = 2048 };

/* Up to eight words at i, of which BLOCK_READ bytes can be read. */
static inline __attribute__((always_inline)) int
look_block(const struct disguise *d, const struct words_piece *p, uint64_t i,
	   unsigned top, struct error *err)
{
	const struct disguise_sieve *s = &d->sieve;
	const uint64_t starts = UINT64_C(0x0101010101010101);
	const uint8_t *at = p->bytes + i;
	uint64_t addr = p->addr + i, last = p->len + p->more - i - 8;
	uint64_t words = (p->len - i) / 8, across = 0;
	unsigned name = may_name(s, at, addr) | may_name(s, at + 32, addr + 32)
							<< 4;

	/* The processor by itself does not look far enough ahead. */
	__builtin_prefetch(at + AHEAD);
	for (unsigned k = 0; k < BLOCK; k += 16)
		across |= (uint64_t)may_begin(s, at + k, top) << k;
	across &= ~starts;
	if (words < 8) {
		name &= (1u << words) - 1;
		across &= (UINT64_C(1) << 8 * words) - 1;
	}
	if (last < BLOCK)
		across &= UINT64_MAX >> (63 - last);
	for (; name; name &= name - 1) {
		unsigned k = 8 * (unsigned)__builtin_ctz(name);
		uint64_t value = load_word(at + k, 8);

		if (value && look_at(d, value, addr + k, 8, err))
			return -1;
	}
	for (; across; across &= across - 1) {
		uint64_t value =
			load_word(at + (unsigned)__builtin_ctzll(across), 8);

		if (interesting(d, value) &&
		    tell(d, started(d, value), HOLD_UNALIGNED, err))
			return -1;
	}
	return 0;
}

static inline __attribute__((always_inline)) int
scan(const struct disguise *d, const struct words_piece *p, uint64_t i,
     unsigned word, struct error *err)
{
	for (; i + word <= p->len; i += word)
		if (look(d, p, i, word, err))
			return -1;
	return 0;
}

/* From *i on, as far as BLOCK_READ bytes can be read. */
static inline __attribute__((always_inline)) int
scan_blocks(const struct disguise *d, const struct words_piece *p, uint64_t *i,
	    unsigned top, struct error *err)
{
	uint64_t all = p->len + p->more + p->rest;

	while (*i + 8 <= p->len && *i + BLOCK_READ <= all) {
		/* A link is mixed with an address, of which a block shares the
		 * bits that are compared: nearly always. */
		uint64_t first = p->addr + *i;

		if (first >> 28 != (first + BLOCK - 1) >> 28) {
			if (look(d, p, *i, 8, err))
				return -1;
			*i += 8;
			continue;
		}
		if (look_block(d, p, *i, top, err))
			return -1;
		*i += BLOCK;
	}
	return 0;
}

int disguise_scan(const struct disguise *d, const struct words_piece *p,
		  struct error *err)
{
	unsigned word = d->snap->word;
	uint64_t i = -p->addr & (word - 1);

	if (word == 4)
		return scan(d, p, i, 4, err);
	/* Nearly all addresses have six bytes: that loop is unrolled. */
	if (d->sieve.used &&
	    (d->sieve.top == 5 ? scan_blocks(d, p, &i, 5, err)
			       : scan_blocks(d, p, &i, d->sieve.top, err)))
		return -1;
	return scan(d, p, i, 8, err);
}
