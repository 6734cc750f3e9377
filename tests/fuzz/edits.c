#include "tests/fuzz/edits.h"

#include <string.h>

#include "tests/lib/families.h"

unsigned take8(struct bytes *b)
{
	if (!b->size)
		return 0;
	b->size--;
	return *b->data++;
}

unsigned take16(struct bytes *b)
{
	unsigned low = take8(b);

	return low | take8(b) << 8;
}

const struct fake_family *take_family(struct bytes *b)
{
	const struct fake_family *family = families;

	for (unsigned n = take8(b); n; n--)
		family = family[1].releases ? family + 1 : families;
	return family;
}

static uint64_t word_at(struct fake_heap *f, uint64_t at)
{
	uint64_t word = 0;

	memcpy(&word, fake_word(f, at), f->word);
	return word;
}

/* Mostly where malloc keeps something. */
static uint64_t take_place(struct bytes *b, struct fake_heap *f)
{
	unsigned kind = take8(b) % 10, n = take16(b), word = f->word;
	uint64_t brk = fake_at(f, FAKE_BRK), heap = fake_at(f, FAKE_HEAP);
	uint64_t used[2] = {f->top[0] - brk, f->top[1] - heap};

	switch (kind) {
	case 0:
		return fake_at(f, FAKE_MAIN) +
		       n % (f->family->state_size / word) * word;
	case 1:
		return fake_at(f, FAKE_MP) + n % 17 * word;
	case 2:
		return heap + n % 400 * word;
	case 3:
		return f->cache ? f->cache + n % 100 * word : brk;
	case 4:
		return fake_at(f, FAKE_TP) - 0x90 + n % 18 * word;
	case 5:
		return fake_at(f, FAKE_MAPPED) + 0x1000 + n % 16 * 0x800u +
		       n / 16 % 4 * word;
	case 6:
		return f->top[n % 2] + n / 2 % 2 * word;
	case 7:
		return heap + n % (used[1] / word) * word;
	default:
		return brk + n % (used[0] / word) * word;
	}
}

static uint64_t take_value(struct bytes *b, const struct fake_heap *f,
			   uint64_t now)
{
	const uint64_t odd[] = {0,
				1,
				UINT64_MAX,
				0x4141414141414141,
				fake_at(f, FAKE_BRK),
				fake_at(f, FAKE_HEAP),
				0x21,
				0x10011,
				fake_at(f, FAKE_MAIN),
				f->arena,
				0x31,
				fake_at(f, FAKE_MAPPED) + 0x1010,
				fake_at(f, FAKE_BRK) + 32,
				0xdeadbeefdeadbeef};
	unsigned kind = take8(b) % 6, n = take16(b);

	switch (kind) {
	case 0:
		return odd[n % (sizeof odd / sizeof *odd)];
	case 1:
		return now ^ UINT64_C(1) << n % 64;
	case 2:
		return now + f->family->align * (n % 64) - 512;
	case 3:
		return fake_at(f, FAKE_BRK) + n;
	case 4:
		return now & ~UINT64_C(0xff);
	default:
		return n;
	}
}

size_t take_edits(struct bytes *b, struct fake_heap *f, struct edit *out)
{
	size_t n = 0, changed = 0;

	while (b->size && n < MAX_EDITS) {
		uint64_t at = take_place(b, f), was = word_at(f, at);

		fake_poke(f, at, take_value(b, f, was));
		out[n++] = (struct edit){.at = at, .was = was};
	}
	for (size_t i = 0; i < n; i++) {
		out[changed] = out[i];
		out[changed].now = word_at(f, out[i].at);
		/* A word that was changed twice counts once, from the first. */
		for (size_t j = 0; j < changed; j++)
			if (out[j].at == out[i].at)
				out[changed].now = out[changed].was;
		changed += out[changed].now != out[changed].was;
	}
	return changed;
}
