/* Singly linked lists: fastbins, and what tcaches hold (GLIBC.md 5, 6). */
#include <inttypes.h>
#include <stdio.h>

#include "base/progress.h"
#include "malloc/walk.h"

/* Links between two looks at ^C. */
enum { TICK = 1 << 14 };

/*
 * The first link of a list, read both ways: only the right one leads to the end
 * or to a chunk.
 */
void walk_vote(struct walk *w, uint64_t head, bool fast)
{
	uint64_t skip = fast ? w->form.header : 0, stored, revealed;

	if (!walk_find(w, head) || !pages_word(&w->pages, head, &stored))
		return;
	revealed = link_reveal(stored, head);
	w->copy->votes_plain += !stored || walk_find(w, stored + skip);
	w->copy->votes_protected += !revealed || walk_find(w, revealed + skip);
}

static int astray(struct walk *w, const struct list *l, uint64_t link,
		  uint64_t to, struct error *err)
{
	uint64_t size;

	/* A chunk of just the size that this list has. */
	if (l->size && chunk_fits_user(&w->form, to) &&
	    pages_word(&w->pages, to - w->form.word, &size) &&
	    (size & CHUNK_SIZE_MASK) == l->size &&
	    walk_hide(w, to - w->form.header, err) < 0)
		return -1;
	return walk_defect(w, DEFECT_LINK, l->arena, link, err,
			   "%s leads to 0x%" PRIx64 ", which is no chunk",
			   l->name, to);
}

static int take(struct walk *w, const struct list *l, struct chunk *c,
		uint64_t link, bool *go_on, struct error *err)
{
	uint64_t size = chunk_size(c, w->form.word, w->sink->mmapped_overhead);

	*go_on = false;
	if (c->state != CHUNK_USED)
		return walk_defect(w, DEFECT_LOOP, c->arena, link, err,
				   "%s comes to 0x%" PRIx64
				   ", which is in a list already",
				   l->name, (uint64_t)c->addr);
	/* Of another arena: not of this list, whatever leads there. */
	if (l->arena != ARENA_NONE && c->arena != l->arena)
		return walk_defect(w, DEFECT_LINK, l->arena, link, err,
				   "%s leads to 0x%" PRIx64
				   ", a chunk of another arena",
				   l->name, (uint64_t)c->addr);
	*go_on = true;
	c->state = l->state;
	if (l->size && size != l->size)
		return walk_defect(w, DEFECT_SIZE, c->arena, c->addr, err,
				   "chunk of 0x%" PRIx64 " bytes is in %s",
				   size, l->name);
	return 0;
}

int walk_list(struct walk *w, const struct list *l, uint64_t *count,
	      uint64_t *bytes, struct error *err)
{
	uint64_t user = l->head, link = l->where;

	*count = *bytes = 0;
	while (user) {
		pages_want(&w->pages, user);

		struct chunk *c = chunk_fits_user(&w->form, user)
					  ? walk_find(w, user)
					  : NULL;
		uint64_t stored;
		bool go_on;

		if (!c)
			return astray(w, l, link, user, err);
		/* Each is taken once: no list is followed for ever. */
		if (take(w, l, c, link, &go_on, err) < 0)
			return -1;
		if (!go_on)
			return 0;
		if (++*count % TICK == 0 &&
		    progress_tick("following free lists", *count, 0, err) < 0)
			return -1;
		*bytes +=
			chunk_size(c, w->form.word, w->sink->mmapped_overhead);
		if (!pages_word(&w->pages, user, &stored))
			return walk_defect(w, DEFECT_UNREADABLE, l->arena, user,
					   err, "the link of %s cannot be read",
					   l->name);
		if (w->copy->protected_links)
			stored = link_reveal(stored, user);
		link = user;
		user = stored && l->fast ? stored + w->form.header : stored;
	}
	return 0;
}

static uint64_t fastbin(const struct walk *w, const struct heap_arena *a,
			unsigned i)
{
	uint64_t head = load_word(a->raw + w->g->state->fastbins +
					  (size_t)w->form.word * i,
				  w->form.word);

	return head ? head + w->form.header : 0;
}

void walk_fastbins_vote(struct walk *w)
{
	for (size_t i = w->copy->arena; i < w->copy->end; i++)
		for (unsigned j = 0; j < w->g->state->fastbin_count; j++)
			walk_vote(w, fastbin(w, &w->arena[i], j), true);
}

int walk_fastbins(struct walk *w, struct error *err)
{
	const struct state_layout *s = w->g->state;

	for (size_t i = w->copy->arena; i < w->copy->end; i++) {
		struct heap_arena *a = &w->arena[i];

		for (unsigned j = 0; j < s->fastbin_count; j++) {
			struct list list = {
				.head = fastbin(w, a, j),
				.where = a->out.addr + s->fastbins +
					 (uint64_t)w->form.word * j,
				.fast = true,
				.size = w->form.min +
					(uint64_t)w->form.header * j,
				.arena = a->out.index,
				.state = CHUNK_FREE,
			};
			uint64_t count, bytes;

			snprintf(list.name, sizeof list.name, "fastbin %u", j);
			if (walk_list(w, &list, &count, &bytes, err) < 0)
				return -1;
			a->out.fast_count += count;
			a->out.fast_bytes += bytes;
		}
	}
	return 0;
}
