#include "analysis/typing_proof.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/holders.h"
#include "analysis/shared.h"
#include "analysis/typing_owner.h"
#include "analysis/typing_packed.h"
#include "base/alloc.h"
#include "snapshot/place.h"
#include "target/x86_64.h"

enum { SHOWN_MAX = 12 };

static const char section[] = "held by";

/* The words that are in one place. */
struct group {
	char *place; /* owned */
	bool certain;
	uint64_t words;
	struct ref first;
	bool inside, start; /* they point inside, at the start */
};

struct groups {
	struct group *group; /* owned */
	size_t count, cap;
};

static int add(struct groups *g, const struct typing *t, const struct ref *ref,
	       uint32_t chunk, struct error *err)
{
	struct strbuf sb = {0};
	bool certain = owner_of_word(t, ref, &sb);
	size_t i = 0;

	while (i < g->count &&
	       (g->group[i].certain != certain ||
		strcmp(g->group[i].place, strbuf_str(&sb)) != 0))
		i++;
	if (i == g->count) {
		if (GROW(g->group, g->cap, g->count + 1, "holders", err)) {
			strbuf_deinit(&sb);
			return -1;
		}
		g->group[g->count++] =
			(struct group){.place = xstrdup(strbuf_str(&sb)),
				       .certain = certain,
				       .first = *ref};
	}
	strbuf_deinit(&sb);
	g->group[i].words++;
	if (ref->value == t->snap->chunk[chunk].addr)
		g->group[i].start = true;
	else
		g->group[i].inside = true;
	return 0;
}

static int by_words(const void *pa, const void *pb)
{
	const struct group *a = pa, *b = pb;

	if (a->words != b->words)
		return a->words > b->words ? -1 : 1;
	return strcmp(a->place, b->place);
}

/* A register has a name and no address: 0 is where nothing is. */
static void tell_first(const struct typing *t, const struct group *g,
		       char *text, struct why *why)
{
	const struct ref *first = &g->first;

	if (first->thread == UINT32_MAX) {
		why_add_at(why, section, first->from, text);
		return;
	}
	why_add(why, section,
		xasprintf("%s, %sin register %s", text,
			  g->words == 1 ? "" : "the first ",
			  thread_reg_name(first->reg, t->snap->word == 4)));
	free(text);
}

static void tell_group(const struct typing *t, const struct group *g,
		       struct why *why)
{
	struct place place = place_of(t->snap, g->first.from);
	bool in_chunk =
		g->first.thread == UINT32_MAX && place.kind == PLACE_CHUNK;
	char *text = xasprintf(
		"%s: %" PRIu64 " %s%s%s", g->place, g->words,
		g->words == 1 ? "word" : "words",
		!g->inside  ? ""
		: !g->start ? ", all into the middle of it"
			    : ", some into the middle of it",
		in_chunk && g->certain && !owner_is_here(t, &g->first)
			? ", in blocks that it holds, which have no type"
			: "");

	tell_first(t, g, text, why);
}

struct kept {
	const struct chunk *chunk;
	uint64_t words;
};

static int kernel_word(void *ctx, uint64_t value, struct error *err)
{
	struct kept *k = ctx;

	(void)err;
	k->words += value - k->chunk->addr < k->chunk->size;
	return 0;
}

/* True: the kernel has some. */
static bool tell_kernel(const struct typing *t, uint32_t chunk,
			struct holders *holders, struct why *why)
{
	struct kept kept = {.chunk = &t->snap->chunk[chunk]};
	struct error err;

	if (kernel_scan(t->snap, kernel_word, &kept, &holders->complete,
			holders->note, sizeof(holders->note), &err))
		why_add(why, section, xasprintf("not told: %s", err.msg));
	if (kept.words)
		why_add(why, section,
			xasprintf("the kernel (epoll, timers): %" PRIu64 " %s",
				  kept.words,
				  kept.words == 1 ? "word" : "words"));
	return kept.words;
}

struct asked {
	struct groups *groups;
	const struct typing *t;
	uint32_t chunk;
};

static int add_packed(void *ctx, uint32_t chunk, const struct ref *ref,
		      struct error *err)
{
	struct asked *a = ctx;

	(void)chunk;
	return ref->target == a->chunk
		       ? add(a->groups, a->t, ref, a->chunk, err)
		       : 0;
}

static int tell_packed(const struct typing *t, uint32_t chunk,
		       struct groups *groups, struct error *err)
{
	struct asked asked = {groups, t, chunk};
	struct finder finder;
	int ret = -1;

	if (!finder_init(&finder, t->snap, NULL, err)) {
		ret = packed_each(t, &finder, add_packed, &asked, err);
		finder_deinit(&finder);
	}
	return ret;
}

static void tell(const struct typing *t, uint32_t chunk, struct groups *g,
		 struct holders *holders, struct why *why)
{
	bool kernel = tell_kernel(t, chunk, holders, why);

	if (g->count)
		qsort(g->group, g->count, sizeof(*g->group), by_words);
	for (size_t i = 0; i < g->count && i < SHOWN_MAX; i++)
		tell_group(t, &g->group[i], why);
	if (g->count > SHOWN_MAX)
		why_add(why, section,
			xasprintf("and %zu more", g->count - SHOWN_MAX));
	if (t->owner[chunk] == OWNER_SEVERAL)
		why_add(why, section,
			xstrdup(g->count + kernel > 1
					? "these disagree: it has no one owner"
					: "that is no one owner"));
	else if (!t->owner[chunk])
		why_add(why, section,
			xstrdup("no variable or typed block leads to it"));
}

void typing_proof(const struct typing *t, uint32_t chunk, struct why *why)
{
	const struct chunk *c = &t->snap->chunk[chunk];
	uint64_t high = c->addr + c->size;
	struct groups g = {0};
	struct holders holders;
	struct error err;

	if (holders_make(t->snap, c->addr, high, &holders, &err)) {
		why_add(why, section, xasprintf("not told: %s", err.msg));
		return;
	}
	for (size_t i = 0; i < holders.count; i++) {
		const struct ref *ref = &holders.ref[i];

		if (ref->thread == UINT32_MAX && ref->from >= c->addr &&
		    ref->from < high)
			continue;
		if (add(&g, t, ref, chunk, &err))
			break;
	}
	if (tell_packed(t, chunk, &g, &err))
		why_add(why, section, xasprintf("not told: %s", err.msg));
	tell(t, chunk, &g, &holders, why);
	if (!holders.complete)
		why_add(why, section,
			xasprintf("some may be missing: %s", holders.note));
	for (size_t i = 0; i < g.count; i++)
		free(g.group[i].place);
	free(g.group);
	holders_deinit(&holders);
}
