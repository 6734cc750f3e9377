/*
 * mcheck() puts a header of its own before what a program gets, so that the
 * program's address of a block is not the one that malloc returned.  The last
 * word of that header is its own address, xor-ed with a constant.
 */
#include <stdio.h>

#include "malloc/walk.h"

enum { HEADER_WORDS = 6, SAMPLES = 256 };

#define MAGIC UINT64_C(0xfedabeeb)

static bool is_checked(struct walk *w, const struct chunk *c, void *ctx)
{
	unsigned last = (HEADER_WORDS - 1) * w->form.word;
	uint64_t word, own = c->addr ^ MAGIC;

	(void)ctx;
	if (w->form.word == 4)
		own = (uint32_t)own;
	return c->size > last + w->form.word &&
	       pages_word(&w->pages, c->addr + last, &word) && word == own;
}

uint64_t walk_count_used(struct walk *w, uint64_t most, chunk_has *has,
			 void *ctx, uint64_t *used)
{
	uint64_t n = 0;

	*used = 0;
	for (size_t i = 0; i < w->stretches; i++) {
		const struct stretch *s = &w->stretch[i];

		for (size_t k = 0; k < s->count && *used < most; k++) {
			if (s->chunk[k].state != CHUNK_USED)
				continue;
			++*used;
			n += has(w, &s->chunk[k], ctx);
		}
	}
	for (size_t i = 0; i < w->mmappeds && *used < most; i++) {
		++*used;
		n += has(w, &w->mmapped[i], ctx);
	}
	return n;
}

int walk_mcheck(struct walk *w, struct error *err)
{
	struct check c = {.name = "blocks of mcheck()",
			  .has_numbers = true,
			  .caveat = true};
	unsigned unit = 2 * w->form.word, header = HEADER_WORDS * w->form.word;

	/* Nobody pays for it who does not use it. */
	if (!walk_count_used(w, SAMPLES, is_checked, NULL, &c.b))
		return 0;
	c.a = walk_count_used(w, UINT64_MAX, is_checked, NULL, &c.b);
	header = (header + unit - 1) / unit * unit;
	snprintf(c.text, sizeof c.text,
		 "have its header, of all that are used: the program's own "
		 "address of such a block is %u bytes further on",
		 header);
	return walk_check(w, &c, err);
}
