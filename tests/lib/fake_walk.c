#include "tests/lib/fake_heap.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "tests/lib/marks.h"

static int pushed(struct fake_walk *w, struct error *err)
{
	if (++w->pushes == w->stop_after)
		return error_set(err, ERR_INTERRUPTED, "no more");
	return 0;
}

static int on_chunks(void *ctx, const struct chunk *c, size_t count,
		     struct error *err)
{
	struct fake_walk *w = ctx;

	ck_assert(w->chunks + count <= FAKE_MAX);
	memcpy(w->chunk + w->chunks, c, count * sizeof *c);
	w->chunks += count;
	return pushed(w, err);
}

#define ON(noun, cap)                                                          \
	static int on_##noun(void *ctx, const struct noun *x,                  \
			     struct error *err)                                \
	{                                                                      \
		struct fake_walk *w = ctx;                                     \
                                                                               \
		ck_assert(w->noun##s < (cap));                                 \
		w->noun[w->noun##s++] = *x;                                    \
		return pushed(w, err);                                         \
	}
ON(arena, 16)
ON(defect, FAKE_DEFECTS)
ON(check, 64)
ON(tcache, 16)

static int on_inside(void *ctx, const struct inside_malloc *x,
		     struct error *err)
{
	struct fake_walk *w = ctx;

	w->inside = *x;
	w->insides++;
	return pushed(w, err);
}

int fake_walk(struct fake_heap *f, struct fake_walk *w, struct error *err)
{
	uint64_t without = w->without;
	struct malloc_sink sink = {.arena = on_arena,
				   .chunks = on_chunks,
				   .tcache = on_tcache,
				   .defect = on_defect,
				   .check = on_check,
				   .inside = on_inside,
				   .ctx = w,
				   .stack = &f->stack,
				   .stacks = f->stack.count ? 1 : 0};
	struct target *target = fake_target(f, without);

	/* It is large: what is behind the counts is left. */
	w->word = f->word;
	w->chunks = w->arenas = w->defects = w->checks = w->tcaches = 0;
	w->insides = 0;
	w->inside = (struct inside_malloc){0};
	w->pushes = 0;
	int rc = glibc_walk(target, &f->g, &sink, err);

	w->steps = sink.steps;
	target_close(target);
	return rc;
}

const struct chunk *fake_chunk(const struct fake_walk *w, uint64_t user)
{
	for (size_t i = 0; i < w->chunks; i++)
		if (w->chunk[i].addr == user)
			return &w->chunk[i];
	return NULL;
}

const struct defect *fake_defect(const struct fake_walk *w, uint64_t addr)
{
	for (size_t i = 0; i < w->defects; i++)
		if (w->defect[i].addr == addr)
			return &w->defect[i];
	return NULL;
}

size_t fake_failed(const struct fake_walk *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->checks; i++)
		n += w->check[i].result == CHECK_FAILED ||
		     w->check[i].result == CHECK_BUSY;
	return n;
}

static bool in_region(const struct chunk *c, unsigned word)
{
	for (unsigned i = 0; i < FAKE_REGIONS; i++) {
		uint64_t base = fake_region(i);

		if (word == 4)
			base = (uint32_t)base;
		if (c->addr - base < FAKE_REGION_SIZE)
			/* What a top would use of the next chunk is not. */
			return c->addr + c->size - base <=
			       FAKE_REGION_SIZE +
				       (c->state == CHUNK_TOP ? word : 0u);
	}
	return false;
}

static int by_addr(const void *a, const void *b)
{
	const struct chunk *x = a, *y = b;

	return (x->addr > y->addr) - (x->addr < y->addr);
}

void fake_invariants(const struct fake_walk *w)
{
	struct chunk *c = xmalloc(w->chunks * sizeof *c + 1);

	memcpy(c, w->chunk, w->chunks * sizeof *c);
	qsort(c, w->chunks, sizeof *c, by_addr);
	for (size_t i = 0; i < w->chunks; i++) {
		ck_assert_msg(in_region(&c[i], w->word),
			      "chunk 0x%lx of 0x%lx bytes is in no memory",
			      (unsigned long)c[i].addr,
			      (unsigned long)c[i].size);
		ck_assert(c[i].arena < w->arenas || c[i].arena == 4095);
		/* Usable bytes end before the next chunk's size word. */
		if (i + 1 < w->chunks)
			ck_assert_msg(c[i].addr + c[i].size + w->word <=
					      c[i + 1].addr,
				      "0x%lx reaches into 0x%lx",
				      (unsigned long)c[i].addr,
				      (unsigned long)c[i + 1].addr);
	}
	free(c);
}
