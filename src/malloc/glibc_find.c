/*
 * From an address to the chunk that begins there: lists ask it for each of
 * their members, in no order.  So what is looked at is little and near: the few
 * chunks of one slice of memory, which an index leads to.
 */
#include "base/alloc.h"
#include "malloc/walk.h"

enum { PER_SLICE = 8 };

/* The last of count items whose first word is <= key. */
static const void *last_upto(const void *items, size_t count, size_t size,
			     uint64_t key)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (load64((const uint8_t *)items + mid * size) <= key)
			low = mid + 1;
		else
			high = mid;
	}
	return low ? (const uint8_t *)items + (low - 1) * size : NULL;
}

static int index_stretch(struct stretch *s, struct error *err)
{
	uint64_t bytes = s->end - s->start;
	size_t slices, next = 0;

	while (bytes >> s->slice_bits > s->count / PER_SLICE)
		s->slice_bits++;
	slices = (bytes >> s->slice_bits) + 2;
	s->first = try_calloc(slices, sizeof *s->first, "index of chunks", err);
	if (!s->first)
		return -1;
	for (size_t i = 0; i < s->count; i++) {
		size_t in = (s->chunk[i].addr - s->start) >> s->slice_bits;

		while (next <= in)
			s->first[next++] = (uint32_t)i;
	}
	while (next < slices)
		s->first[next++] = (uint32_t)s->count;
	return 0;
}

int walk_index(struct walk *w, struct error *err)
{
	for (size_t i = 0; i < w->stretches; i++)
		if (w->stretch[i].count &&
		    index_stretch(&w->stretch[i], err) < 0)
			return -1;
	return 0;
}

static const struct chunk *find_in(const struct stretch *s, uint64_t user)
{
	size_t slice = (user - s->start) >> s->slice_bits;
	uint32_t first = s->first[slice];

	return last_upto(s->chunk + first, s->first[slice + 1] - first,
			 sizeof *s->chunk, user);
}

struct chunk *walk_find(struct walk *w, uint64_t user)
{
	const struct stretch *s =
		last_upto(w->stretch, w->stretches, sizeof *s, user);
	const struct chunk *c = NULL;

	if (s && user < s->end && s->count)
		c = find_in(s, user);
	if ((!c || c->addr != user) && w->mmappeds)
		c = last_upto(w->mmapped, w->mmappeds, sizeof *c, user);
	return c && c->addr == user ? (struct chunk *)c : NULL;
}

uint64_t walk_hidden(const struct walk *w, uint64_t from, uint64_t to)
{
	const uint64_t *last;

	if (!w->knows_hidden)
		return 0;
	last = last_upto(w->hidden, w->hiddens, sizeof *w->hidden, to - 1);
	return last && *last >= from ? *last : 0;
}
