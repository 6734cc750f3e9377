/*
 * What threads inside malloc have in their hands.  All may add up and be wrong
 * all the same: a list that was taken from its place to be worked on is in no
 * list, and what was in it looks used.  So the words in the registers of such a
 * thread and in malloc's frames on its stack are looked at: used chunks that
 * they point at, and what hangs from those, are not to be relied on.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/progress.h"
#include "malloc/walk.h"

/* Links between two looks at ^C. */
enum { TICK = 1 << 14 };

struct hands {
	struct walk *w;
	struct inside *in;
	struct u64map told; /* user addresses */

	/* User addresses, + 1 of a fastbin, to the number of the follow() that
	 * met them; those that came to an end. */
	struct u64map met, whole;
	uint64_t follows;
	const struct chunk **member; /* owned: of the last */
	size_t members, cap;
};

static int tell(struct hands *h, const struct chunk *c, const char *how,
		struct error *err)
{
	struct walk *w = h->w;
	const struct inside_malloc *in = &h->in->out;
	char call[sizeof in->function + 2];
	size_t before = h->told.count;

	if (!u64map_at(&h->told, c->addr, err))
		return -1;
	if (h->told.count == before)
		return 0;
	snprintf(call, sizeof call, "%s()", in->function);
	h->in->out.chunks++;
	return walk_defect(w, DEFECT_BUSY, c->arena, c->addr, err,
			   "used, or free: %s thread %d inside %s", how,
			   (int)in->tid,
			   *in->function ? call : "malloc's code");
}

/* The member of such a list at user, and where its link leads; or NULL. */
static const struct chunk *member(struct hands *h, uint64_t user, uint64_t size,
				  bool fast, uint64_t *next)
{
	struct walk *w = h->w;
	const struct chunk *c =
		chunk_fits_user(&w->form, user) ? walk_find(w, user) : NULL;

	w->steps++;
	if (!c || c->state != CHUNK_USED || c->size != size ||
	    !pages_word(&w->pages, user, next))
		return NULL;
	if (w->copy->protected_links)
		*next = link_reveal(*next, user);
	if (*next && fast)
		*next += w->form.header;
	return c;
}

/*
 * Is it a list to its end?  Its members are h->member then, but for those that
 * were met before: many words may lead into one long list, and each link is
 * followed once.  A ring comes to itself, and is none.
 */
static int follow(struct hands *h, uint64_t user, uint64_t size, bool fast,
		  bool *whole, struct error *err)
{
	h->members = 0;
	for (h->follows++; user; *whole = !user) {
		uint64_t at = user | fast; /* addresses of chunks are even */
		const struct chunk *c = member(h, user, size, fast, &user);
		uint64_t *by;

		if (!c)
			return 0;
		by = u64map_at(&h->met, at, err);
		if (!by || GROW(h->member, h->cap, h->members + 1,
				"list in hand", err) < 0)
			return -1;
		if (*by) {
			*whole = u64map_get(&h->whole, *by, NULL);
			break;
		}
		if (h->members % TICK == 0 &&
		    progress_tick("following free lists", h->members, 0, err) <
			    0)
			return -1;
		*by = h->follows;
		h->member[h->members++] = c;
	}
	return *whole ? u64map_put(&h->whole, h->follows, 1, err) : 0;
}

/*
 * A fastbin's list, taken off to be consolidated, or a bin of the tcache of a
 * thread that ends: each of it is told.
 */
static int take_list(struct hands *h, uint64_t user, uint64_t size, bool fast,
		     struct error *err)
{
	bool whole = false;

	if (follow(h, user, size, fast, &whole, err) < 0)
		return -1;
	if (!whole)
		return 0;
	for (size_t i = 0; i < h->members; i++)
		if (tell(h, h->member[i], "in a list of", err) < 0)
			return -1;
	return 0;
}

static int take_cache_as(struct hands *h, const struct chunk *c,
			 const struct tcache_layout *l, struct error *err)
{
	const struct chunk_form *form = &h->w->form;

	for (unsigned i = 0; i < l->bins && i < TCACHE_SMALL_BINS; i++) {
		uint64_t size = form->min + (uint64_t)form->align * i, user;
		uint64_t at = c->addr + (uint64_t)l->bins * l->count_bytes +
			      (uint64_t)form->word * i;

		if (pages_word(&h->w->pages, at, &user) && user &&
		    take_list(h, user, size - form->word, false, err) < 0)
			return -1;
	}
	return 0;
}

/* A tcache struct that no thread has any more: its thread is ending. */
static int take_cache(struct hands *h, const struct chunk *c, struct error *err)
{
	const struct chunk_form *form = &h->w->form;

	for (const struct tcache_layout *l = tcache_layouts; l->word; l++)
		if (l->word == form->word &&
		    tcache_layout_fits(l, form->align, c->size + form->word) &&
		    take_cache_as(h, c, l, err) < 0)
			return -1;
	return 0;
}

static int take_used(struct hands *h, const struct chunk *c, struct error *err)
{
	struct walk *w = h->w;

	if (tell(h, c, "held by", err) < 0 || take_cache(h, c, err) < 0)
		return -1;
	return w->g->state->fastbin_count && c->arena != ARENA_MMAPPED
		       ? take_list(h, c->addr, c->size, true, err)
		       : 0;
}

/* A free chunk may be about to be joined with the one behind it. */
static int take_free(struct hands *h, const struct chunk *c, struct error *err)
{
	struct chunk *next =
		walk_find(h->w, c->addr + c->size + h->w->form.word);
	uint64_t size;

	/* What is in a fastbin is joined by nobody. */
	return next && next->state == CHUNK_USED &&
			       pages_word(&h->w->pages, c->addr + c->size,
					  &size) &&
			       !(size & CHUNK_PREV_INUSE)
		       ? tell(h, next, "behind a chunk of", err)
		       : 0;
}

/* Where mremap() put it: the header has the offset of the mapping's base. */
static int take_base(struct hands *h, uint64_t base, struct error *err)
{
	struct walk *w = h->w;
	size_t low = 0, high = w->mmappeds;
	uint64_t offset;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (w->mmapped[mid].addr > base)
			high = mid;
		else
			low = mid + 1;
	}
	if (low == w->mmappeds ||
	    !pages_word(&w->pages, w->mmapped[low].addr - w->form.header,
			&offset) ||
	    base + (offset & ~UINT64_C(1)) + w->form.header !=
		    w->mmapped[low].addr)
		return 0;
	return tell(h, &w->mmapped[low], "held by", err);
}

static int take_word(struct hands *h, uint64_t word, struct error *err)
{
	struct walk *w = h->w;
	int rc = 0;

	if (word % (2 * w->form.word))
		return 0;
	if (word && word % w->target->page_size == 0 &&
	    take_base(h, word, err) < 0)
		return -1;
	/* A user's address, or a chunk's. */
	for (unsigned i = 0; word && !rc && i < 2;
	     i++, word += w->form.header) {
		struct chunk *c = walk_find(w, word);

		if (c && c->arena != ARENA_MMAPPED)
			walk_enter(w, w->arena[c->arena].out.copy);
		if (c && c->state == CHUNK_USED)
			rc = take_used(h, c, err);
		else if (c && c->state == CHUNK_FREE)
			rc = take_free(h, c, err);
	}
	return rc;
}

int walk_hands(struct walk *w, struct error *err)
{
	struct hands h = {.w = w};
	int rc = 0;

	for (size_t i = 0; !rc && i < w->insides; i++) {
		h.in = &w->inside[i];
		for (size_t k = 0; !rc && k < h.in->words; k++)
			rc = take_word(&h, h.in->word[k], err);
		if (!rc && w->sink->inside)
			rc = w->sink->inside(w->sink->ctx, &h.in->out, err);
	}
	u64map_deinit(&h.told);
	u64map_deinit(&h.met);
	u64map_deinit(&h.whole);
	free(h.member);
	return rc;
}
