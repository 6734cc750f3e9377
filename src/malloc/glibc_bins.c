/*
 * The bins (GLIBC.md 3.4): every list is followed through what the walk has
 * already read of each free chunk, so that a target is not read again.  Each
 * free chunk is counted once, hence no list is followed for ever.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/progress.h"
#include "malloc/walk.h"

/* Chunks between two looks at ^C. */
enum { TICK = 1 << 14 };

static const char doing[] = "following free lists";

/* Chunk address to index in walk.free: open addressing, 0 is empty. */
struct table {
	uint32_t *slot; /* owned: index + 1 */
	uint64_t mask;
};

static uint64_t hash(uint64_t addr)
{
	return (addr >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 20;
}

static void table_put(struct table *t, const struct walk *w, size_t i)
{
	uint64_t at = hash(w->free.chunk[i].addr) & t->mask;

	while (t->slot[at])
		at = (at + 1) & t->mask;
	t->slot[at] = (uint32_t)i + 1;
}

static int table_fill(struct table *t, const struct walk *w, struct error *err)
{
	uint64_t cap = 16;

	while (cap / 4 * 3 < w->free.count)
		cap *= 2;
	t->mask = cap - 1;
	t->slot = try_calloc(cap, sizeof *t->slot, "table of free chunks", err);
	if (!t->slot)
		return -1;
	for (size_t i = 0; i < w->free.count; i++) {
		if (i % TICK == 0 &&
		    progress_tick(doing, 0, w->free.count, err) < 0)
			return -1;
		table_put(t, w, i);
	}
	return 0;
}

/* One more than there were when the table was filled. */
static int table_add(struct table *t, const struct walk *w, struct error *err)
{
	if (w->free.count <= t->mask / 4 * 3) {
		table_put(t, w, w->free.count - 1);
		return 0;
	}
	free(t->slot);
	*t = (struct table){0};
	return table_fill(t, w, err);
}

static struct free_chunk *table_get(const struct table *t, struct walk *w,
				    uint64_t addr)
{
	uint64_t at = hash(addr) & t->mask;

	for (; t->slot[at]; at = (at + 1) & t->mask)
		if (w->free.chunk[t->slot[at] - 1].addr == addr)
			return &w->free.chunk[t->slot[at] - 1];
	return NULL;
}

struct bin {
	struct walk *w;
	struct table *table;
	struct heap_arena *a;
	unsigned number; /* 1..127 */
	uint64_t head;	 /* its pseudo chunk */
};

static bool fits_bin(const struct bin *b, uint64_t size)
{
	unsigned n = chunk_bin(&b->w->form, size);

	return b->number == 1 || n == b->number || (n == 64 && b->number >= 64);
}

/* What is behind the chunk of this bin marks it as in use. */
static int tell_mark(struct bin *b, uint64_t next, struct error *err)
{
	struct defect d = {.kind = DEFECT_FLAGS,
			   .arena = b->a->out.index,
			   .addr = next,
			   .word = next + b->w->form.word,
			   .has_found = true,
			   .has_expected = true};

	/* No chunk there: that was told. */
	if ((!walk_find(b->w, next + b->w->form.header) &&
	     next != b->a->out.top) ||
	    !pages_word(&b->w->pages, d.word, &d.found))
		return 0;
	d.expected = d.found & ~(uint64_t)CHUNK_PREV_INUSE;
	return walk_damage(b->w, &d, err,
			   "marks the chunk before it as in use, but bin %u "
			   "has it",
			   b->number);
}

static bool read_links(struct walk *w, uint64_t addr, struct free_links *out)
{
	return pages_word(&w->pages, addr + 2 * w->form.word, &out->fd) &&
	       pages_word(&w->pages, addr + 3 * w->form.word, &out->bk);
}

/* Of c at addr, as they were when it was walked over.  (addr, which is known
 * while c still is on its way from memory.) */
static struct free_links links_of(struct walk *w, const struct free_chunk *c,
				  uint64_t addr)
{
	struct free_links links = {0};

	if (w->free.keep_links)
		return w->free.link[c - w->free.chunk];
	return read_links(w, addr, &links) ? links : (struct free_links){0};
}

/*
 * A chunk that looks used: free after all if it fits the bin and its links lead
 * back, on the one side or the other.
 */
static int adopt(struct bin *b, uint64_t addr, struct free_chunk **out,
		 struct error *err)
{
	struct walk *w = b->w;
	unsigned word = w->form.word;
	struct chunk *c = walk_find(w, addr + w->form.header);
	struct free_chunk new = {.addr = addr, .arena = b->a->out.index};
	struct free_links links;
	uint64_t back, forth;

	*out = NULL;
	if (!c || c->state != CHUNK_USED || c->arena != b->a->out.index ||
	    !fits_bin(b, c->size + w->form.word) ||
	    !read_links(w, addr, &links))
		return 0;
	if ((!pages_word(&w->pages, links.fd + 3 * word, &back) ||
	     back != addr) &&
	    (!pages_word(&w->pages, links.bk + 2 * word, &forth) ||
	     forth != addr))
		return 0;
	new.size = c->size + w->form.word;
	if (frees_add(&w->free, &new, &links, err) < 0)
		return -1;
	c->state = CHUNK_FREE;
	b->a->out.bin_count++;
	b->a->out.bin_bytes += new.size;
	if (table_add(b->table, w, err) < 0)
		return -1;
	*out = &w->free.chunk[w->free.count - 1];
	return tell_mark(b, addr + new.size, err);
}

/* A member, newly met; false if it cannot be one (a defect was told). */
static int take_member(struct bin *b, uint64_t addr, uint64_t link,
		       struct free_chunk **out, struct error *err)
{
	struct free_chunk *c = table_get(b->table, b->w, addr);
	uint32_t arena = b->a->out.index;

	*out = NULL;
	if (!c && adopt(b, addr, &c, err) < 0)
		return -1;
	if (!c && is_in_bin(b->w, addr) &&
	    !walk_find(b->w, addr + b->w->form.header) &&
	    walk_hide(b->w, addr, err) < 0)
		return -1;
	if (!c || c->arena != arena)
		return walk_defect(b->w, DEFECT_LINK, arena, link, err,
				   "bin %u leads to 0x%" PRIx64
				   ", which is no free chunk of this arena",
				   b->number, addr);
	if (c->seen)
		return walk_defect(b->w, DEFECT_LOOP, arena, link, err,
				   "bin %u comes to 0x%" PRIx64
				   " a second time",
				   b->number, addr);
	c->seen = 1;
	if (++b->a->listed % TICK == 0 &&
	    progress_tick(doing, b->a->listed, b->w->free.count, err) < 0)
		return -1;
	b->a->listed_bytes += c->size;
	*out = c;
	if (fits_bin(b, c->size))
		return 0;
	return walk_defect(b->w, DEFECT_SIZE, arena, addr, err,
			   "chunk of 0x%" PRIx64 " bytes is in bin %u",
			   (uint64_t)c->size, b->number);
}

/* The other way round, for what lies behind a break. */
static int follow_back(struct bin *b, uint64_t at, struct error *err)
{
	unsigned word = b->w->form.word;
	uint64_t link = b->head + 3 * word;

	while (at != b->head) {
		struct free_chunk *c = table_get(b->table, b->w, at);

		if (!c && adopt(b, at, &c, err) < 0)
			return -1;
		/* The break was told from the other side. */
		if (!c || c->seen || c->arena != b->a->out.index)
			return 0;
		if (take_member(b, at, link, &c, err) < 0)
			return -1;
		if (!c)
			return 0;
		link = at + 3 * word;
		at = links_of(b->w, c, at).bk;
	}
	return 0;
}

/*
 * The first of each size in a bin of many sizes is linked to the next size's,
 * in both directions; the others have no such link.
 */
static int check_sizes(struct bin *b, uint64_t at, struct error *err)
{
	struct pages *pages = &b->w->pages;
	unsigned word = b->w->form.word;
	uint64_t link[2], back;

	if (!pages_word(pages, at + 4 * word, &link[0]) || !link[0] ||
	    !pages_word(pages, at + 5 * word, &link[1]))
		return 0;
	for (unsigned i = 0; i < 2; i++) {
		struct defect d = wrong_word(DEFECT_LINK, b->a->out.index,
					     at + (4 + i) * word, link[i]);

		if (table_get(b->table, b->w, link[i]) &&
		    pages_word(pages, link[i] + (5 - i) * word, &back) &&
		    back == at)
			continue;
		if (walk_damage(b->w, &d, err,
				"bin %u: the link to the %s size leads to "
				"0x%" PRIx64 ", which does not lead back",
				b->number, i ? "larger" : "smaller",
				link[i]) < 0)
			return -1;
	}
	return 0;
}

static int follow(struct bin *b, uint64_t fd, uint64_t bk, struct error *err)
{
	unsigned word = b->w->form.word;
	uint64_t before = b->head, at = fd;

	while (at != b->head) {
		struct free_chunk *c;
		struct free_links links;

		/* Its links lie elsewhere than what says that it is free. */
		pages_want(&b->w->pages, at + 2 * word);
		if (take_member(b, at, before + 2 * word, &c, err) < 0)
			return -1;
		if (!c)
			return follow_back(b, bk, err);
		links = links_of(b->w, c, at);
		if (links.bk != before &&
		    walk_defect(b->w, DEFECT_LINK, b->a->out.index,
				at + 3 * word, err,
				"bin %u: leads back to 0x%" PRIx64
				", not to 0x%" PRIx64,
				b->number, links.bk, before) < 0)
			return -1;
		before = at;
		at = links.fd;
		if (b->number >= 64 && check_sizes(b, before, err) < 0)
			return -1;
	}
	if (bk != before)
		return walk_defect(b->w, DEFECT_LINK, b->a->out.index,
				   b->head + 3 * word, err,
				   "bin %u ends with 0x%" PRIx64
				   ", its list with 0x%" PRIx64,
				   b->number, bk, before);
	return 0;
}

static int follow_all(struct walk *w, struct table *table, struct heap_arena *a,
		      struct error *err)
{
	unsigned bins = w->g->state->bins, word = w->form.word;
	struct bin b = {.w = w, .table = table, .a = a};

	if (!a->out.initialised)
		return 0;
	for (b.number = 1; b.number <= GLIBC_BINS; b.number++) {
		unsigned at = bins + 2 * word * (b.number - 1);

		b.head = a->out.addr + at - 2 * word;
		if (follow(&b, load_word(a->raw + at, word),
			   load_word(a->raw + at + word, word), err) < 0)
			return -1;
	}
	return 0;
}

int walk_bins(struct walk *w, struct error *err)
{
	struct table table = {0};
	int rc = table_fill(&table, w, err);

	w->under_lock = true;
	for (uint32_t i = 0; !rc && i < w->arenas; i++) {
		walk_enter(w, w->arena[i].out.copy);
		rc = follow_all(w, &table, &w->arena[i], err);
	}
	for (size_t i = 0; !rc && i < w->free.count; i++)
		if (!w->free.chunk[i].seen)
			rc = walk_defect(w, DEFECT_LINK, w->free.chunk[i].arena,
					 w->free.chunk[i].addr, err,
					 "free chunk of 0x%" PRIx64
					 " bytes is in no bin",
					 (uint64_t)w->free.chunk[i].size);
	w->under_lock = false;
	free(table.slot);
	/* The lists are all that they were for. */
	frees_deinit(&w->free);
	return rc;
}
