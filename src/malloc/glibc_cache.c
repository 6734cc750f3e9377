/* A tcache struct (GLIBC.md 5.1 to 5.3): is this one, and what is in it? */
#include <inttypes.h>
#include <stdio.h>

#include "malloc/cache.h"

enum { WRONG_ALLOWED = 1 };

static bool decode_as(struct walk *w, const struct chunk *c,
		      const struct tcache_layout *l, unsigned bad_allowed,
		      struct cache *out)
{
	uint8_t raw[TCACHE_MAX_SIZE];
	size_t counts = (size_t)l->bins * l->count_bytes;
	size_t size = counts + (size_t)l->bins * w->form.word;

	*out = (struct cache){.layout = l, .addr = c->addr};
	if (size > sizeof raw || size > c->size ||
	    !pages_read(&w->pages, c->addr, raw, size))
		return false;
	for (unsigned i = 0; i < l->bins; i++) {
		uint32_t n = raw[i];
		uint64_t entry = load_word(
			raw + counts + (size_t)w->form.word * i, w->form.word);

		if (l->count_bytes == 2)
			n = raw[2 * i] | (uint32_t)raw[2 * i + 1] << 8;
		if (l->slots_left)
			n = w->copy->tcache_count - n;
		/* A damaged entry is still one: 0x..01 is not tolerated. */
		if (!chunk_fits_user(&w->form, entry) ||
		    (l->slots_left && n > w->copy->tcache_count)) {
			if (out->damaged++ == bad_allowed)
				return false;
			out->where[out->damaged - 1] = i;
			out->bad[out->damaged - 1] = entry;
			entry = n = 0;
		}
		out->count[i] = n;
		out->entry[i] = entry;
		out->wrong += !n != !entry;
		out->filled += entry != 0;
	}
	return bad_allowed || out->wrong <= WRONG_ALLOWED;
}

bool cache_size_fits(const struct walk *w, const struct chunk *c,
		     const struct tcache_layout *l)
{
	if (l->word != w->form.word)
		return false;
	/* An mmap_threshold below its size, or no arena to be had: it has a
	 * page of its own, whose size does not tell the layout. */
	return c->arena == ARENA_MMAPPED
		       ? c->size <= w->target->page_size
		       : tcache_layout_fits(l, w->form.align,
					    c->size + w->form.word);
}

/* As the row whose counts and entries agree best. */
bool cache_decode_with(struct walk *w, const struct chunk *c, unsigned bad,
		       struct cache *out)
{
	bool found = false;
	struct cache now;

	for (const struct tcache_layout *l = tcache_layouts; l->word; l++)
		if (c->state == CHUNK_USED && cache_size_fits(w, c, l) &&
		    decode_as(w, c, l, bad, &now) &&
		    (!found ||
		     now.wrong + now.damaged < out->wrong + out->damaged)) {
			*out = now;
			found = true;
		}
	return found;
}

bool cache_decode(struct walk *w, const struct chunk *c, struct cache *out)
{
	return cache_decode_with(w, c, 0, out);
}

uint64_t cache_bin_size(const struct walk *w, const struct cache *c,
			unsigned bin)
{
	/* Above the small ones a bin holds a range of sizes. */
	return c->layout->bins > TCACHE_SMALL_BINS && bin >= TCACHE_SMALL_BINS
		       ? 0
		       : w->form.min + (uint64_t)w->form.align * bin;
}

int cache_take(struct walk *w, const struct cache *c, pid_t tid, uint32_t arena,
	       struct error *err)
{
	struct tcache out = {.tid = tid,
			     .addr = c->addr,
			     .arena = arena,
			     .copy = (uint32_t)(w->copy - w->copies)};
	unsigned entries = c->layout->bins * c->layout->count_bytes;

	w->copy->tcaches++;
	for (unsigned i = 0; i < c->layout->bins; i++) {
		struct list list = {
			.head = c->entry[i],
			.where = c->addr + entries + (uint64_t)w->form.word * i,
			.size = cache_bin_size(w, c, i),
			.arena = ARENA_NONE,
			.state = CHUNK_CACHED,
		};
		uint64_t count, bytes;
		uint32_t mask = c->layout->count_bytes == 1 ? 0xff : 0xffff;

		snprintf(list.name, sizeof list.name, "tcache bin %u of %d", i,
			 tid);
		if (walk_list(w, &list, &count, &bytes, err) < 0)
			return -1;
		out.count += count;
		out.bytes += bytes;
		w->copy->tcache_counted += c->count[i];
		w->copy->tcache_linked += count;
		if ((count & mask) != c->count[i] &&
		    walk_defect(w, DEFECT_COUNT, arena,
				c->addr + (uint64_t)i * c->layout->count_bytes,
				err,
				"tcache bin %u of %d has %" PRIu64
				" chunks and counts %u",
				i, tid, count, c->count[i]) < 0)
			return -1;
	}
	return walk_tell_tcache(w, &out, err);
}

void cache_vote(struct walk *w, const struct cache *c)
{
	for (unsigned i = 0; i < c->layout->bins; i++)
		if (c->entry[i])
			walk_vote(w, c->entry[i], false);
}
