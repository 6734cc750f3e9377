/* Chains from words of which it is doubtful that they hold anything. */
#include <stdlib.h>

#include "analysis/path.h"
#include "analysis/words.h"
#include "base/alloc.h"
#include "base/sort.h"
#include "snapshot/finder.h"

struct stale {
	struct finder finder;
	struct ref *ref; /* owned */
	size_t count, cap;
};

static int add(struct stale *s, const struct ref *ref, struct error *err)
{
	if (GROW(s->ref, s->cap, s->count + 1, "list of roots", err))
		return -1;
	s->ref[s->count] = *ref;
	s->ref[s->count].target = finder_find(&s->finder, ref->value);
	if (s->ref[s->count].target != CHUNK_NONE)
		s->count++;
	return 0;
}

static int scan(struct stale *s, const struct snapshot *snap,
		const struct root_range *range, struct error *err)
{
	struct pieces pieces = {0};
	const uint8_t *bytes;
	uint64_t addr, len;

	pieces_begin(&pieces, snap->contents, range->start, range->end);
	while ((bytes = pieces_next(&pieces, UINT64_MAX, &addr, &len)))
		for (uint64_t i = -addr & (snap->word - 1);
		     i + snap->word <= len; i += snap->word) {
			struct ref ref = {
				.from = addr + i,
				.value = load_word(bytes + i, snap->word),
				.thread = UINT32_MAX};

			if (ref.value && add(s, &ref, err))
				return -1;
		}
	return 0;
}

static int collect(struct stale *s, const struct snapshot *snap,
		   const struct roots *roots, struct error *err)
{
	for (size_t i = 0; i < roots->count; i++)
		if (roots->range[i].stale &&
		    scan(s, snap, &roots->range[i], err))
			return -1;
	for (size_t i = 0; i < roots->words; i++) {
		const struct root_word *w = &roots->word[i];
		struct ref ref = {
			.value = w->value, .thread = w->thread, .reg = w->reg};

		if (w->stale && add(s, &ref, err))
			return -1;
	}
	return sort_by_bits(s->ref, s->count, sizeof *s->ref,
			    offsetof(struct ref, target), 32, err);
}

int path_of_stale(const struct graph *g, uint32_t target,
		  const struct path_opts *opts, struct paths *out,
		  struct error *err)
{
	struct path_opts one = *opts;
	struct graph stale = *g;
	struct stale s = {0};
	struct roots roots;
	int ret = -1;

	*out = (struct paths){0};
	one.max = 1;
	if (roots_make(g->snap, opts->classes ? opts->classes : ROOTS_ALL,
		       &roots, err))
		return -1;
	if (finder_init(&s.finder, g->snap, NULL, err) ||
	    collect(&s, g->snap, &roots, err))
		goto out;
	stale.root = s.ref;
	stale.roots = s.count;
	ret = paths_find(&stale, target, &one, out, err);
out:
	roots_deinit(&roots);
	finder_deinit(&s.finder);
	free(s.ref);
	return ret;
}
