#include "malloc/checked.h"

#include <stdio.h>

#include "malloc/walk.h"

enum {
	FULL_STEP = 255,
	/* 4 MiB: only what is mapped by itself, and aligned, has more than a
	 * few bytes behind its mark. */
	STEPS_MAX = 1 << 14,
	SHORT_STEPS = 2, /* the last ones */
	SAMPLES = 256,
	EVIDENCE = 3 /* bytes that have to be as they are */
};

static bool byte_at(struct pages *pages, const struct chunk *c, uint64_t at,
		    uint8_t *out)
{
	return pages_read(pages, c->addr + at, out, 1);
}

static uint8_t mark_of(uint64_t header)
{
	uint8_t mark = (uint8_t)(header >> 3 ^ header >> 11);

	/* 1 is kept for steps. */
	return mark == 1 ? 2 : mark;
}

/* A step must not look like the mark. */
static uint64_t step(uint64_t from, uint64_t to, uint8_t mark)
{
	uint64_t n = from - to < FULL_STEP ? from - to : FULL_STEP;

	return n == mark ? n - 1 : n;
}

/* Where the first byte that is like the mark lies by the steps from the end. */
static bool follow(struct pages *pages, const struct chunk *c, uint8_t mark,
		   uint64_t *mark_at)
{
	unsigned left = STEPS_MAX, left_short = SHORT_STEPS;
	uint64_t at = c->size - 1;
	uint8_t byte;

	while (byte_at(pages, c, at, &byte)) {
		if (byte == mark) {
			*mark_at = at;
			return true;
		}
		if (!byte || byte > at || !left--)
			return false;
		if (byte < FULL_STEP - 1 && !left_short--)
			return false;
		at -= byte;
	}
	return false;
}

bool checked_size(struct pages *pages, const struct chunk *c, unsigned word,
		  uint64_t *asked)
{
	uint8_t mark = mark_of(c->addr - 2 * word), byte;
	uint64_t end;

	if (!c->size || !follow(pages, c, mark, &end))
		return false;
	for (uint64_t at = c->size - 1; at > end; at -= byte)
		if (!byte_at(pages, c, at, &byte) ||
		    byte != step(at, end, mark))
			return false;
	*asked = end;
	return true;
}

static bool is_marked(struct walk *w, const struct chunk *c, void *ctx)
{
	uint64_t asked, *evidence = ctx;

	if (!checked_size(&w->pages, c, w->form.word, &asked))
		return false;
	*evidence += asked + 1 < c->size ? 2 : 1;
	return true;
}

int walk_checked(struct walk *w, struct error *err)
{
	struct check c = {.name = "blocks of the checking malloc",
			  .has_numbers = true,
			  .caveat = true};
	uint64_t evidence = 0;

	/* By chance a few are alike; its own are so, but for overwritten
	 * ones. */
	c.a = walk_count_used(w, SAMPLES, is_marked, &evidence, &c.b);
	w->sink->checked = evidence >= EVIDENCE && c.a > c.b / 2;
	if (!w->sink->checked)
		return 0;
	c.a = walk_count_used(w, UINT64_MAX, is_marked, &evidence, &c.b);
	snprintf(c.text, sizeof c.text,
		 "have its mark, of all that are used (MALLOC_CHECK_): sizes "
		 "are malloc's own; the program has what it asked for, which "
		 "chunk tells of each");
	return walk_check(w, &c, err);
}
