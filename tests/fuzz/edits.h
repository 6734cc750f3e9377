/*
 * Words of a fake heap changed as an overflow, a stray write or bad luck would:
 * which ones, and to what, is taken from bytes.
 */
#ifndef TESTS_FUZZ_EDITS_H
#define TESTS_FUZZ_EDITS_H

#include <stdbool.h>

#include "tests/fuzz/fuzz.h"
#include "tests/lib/fake_heap.h"

enum { MAX_EDITS = 12 };

struct edit {
	uint64_t at, was, now;
};

/* Of the bytes: the family, and a seed for what fills the heap. */
const struct fake_family *take_family(struct bytes *b);
/* Changes up to MAX_EDITS words; returns how many have another value now. */
size_t take_edits(struct bytes *b, struct fake_heap *f, struct edit *out);

#endif
