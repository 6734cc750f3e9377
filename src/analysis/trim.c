#include "analysis/trim.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/progress.h"
#include "snapshot/touched.h"

/* x86-64 and i386 have no other. */
#define PAGE UINT64_C(4096)

/* Chunks between two looks at ^C. */
enum { STEP = 1 << 16 };

struct making {
	const struct snapshot *snap;
	struct trim *out;
};

static uint64_t header(const struct snapshot *snap, uint32_t i)
{
	return snap->chunk[i].addr - 2 * snap->word;
}

static uint64_t end_of(const struct snapshot *snap, uint32_t i)
{
	return header(snap, i) + snapshot_chunk_size(snap, i);
}

static bool in_arena(const struct snapshot *snap, uint32_t i)
{
	return snap->chunk[i].arena < snap->arena_count;
}

/* i and i + 1 lie side by side in one arena. */
static bool touches_next(const struct snapshot *snap, uint32_t i)
{
	return i + 1 < snap->chunk_count && in_arena(snap, i) &&
	       snap->chunk[i].arena == snap->chunk[i + 1].arena &&
	       end_of(snap, i) == header(snap, i + 1);
}

static void give(struct making *m, struct trim_arena *a, uint64_t start,
		 uint64_t end)
{
	a->bytes += end - start;
	if (m->out->touched_known)
		a->touched += touched_bytes(m->snap, start, end);
}

/* mtrim(): the whole pages inside of a free chunk. */
static void give_inside(struct making *m, struct trim_arena *a, uint64_t start,
			uint64_t end)
{
	uint64_t first = start + 6 * m->snap->word;

	first = (first + PAGE - 1) & ~(PAGE - 1);
	end &= ~(PAGE - 1);
	if (end > first)
		give(m, a, first, end);
}

/* Whether brk ends where the top does: where the mapping does that holds both
 * the first byte from brk and the top; or, where the program has made holes
 * between the two, the one that as many bytes as malloc has lead to. */
static bool ends_brk(const struct snapshot *snap, const struct arena *arena,
		     uint64_t top_end)
{
	const struct malloc_params *params =
		arena->copy < snap->copy_count
			? &snap->copy[arena->copy].malloc.params
			: &snap->params;
	const struct map *first = maps_find(&snap->maps, params->sbrk_base);
	const struct map *end = snap->maps.map + snap->maps.count,
			 *last = first;

	if (first && !arena->noncontiguous &&
	    params->sbrk_base + arena->system_bytes == top_end)
		first = last = maps_find(&snap->maps, top_end - 1);
	while (last && last + 1 < end && last[1].start == last->end &&
	       !strcmp(last[1].path, first->path))
		last++;
	return first && last->end == top_end;
}

/* systrim(): the pages of the top but MINSIZE, four words, and a byte. */
static void give_top(struct making *m, struct trim_arena *a,
		     const struct arena *arena, uint64_t start, uint64_t end)
{
	uint64_t keep = 4 * m->snap->word + 1, extra;

	if (!arena->is_main || end - start <= keep)
		return;
	extra = (end - start - keep) & ~(PAGE - 1);
	if (!extra)
		return;
	a->foreign_brk = !ends_brk(m->snap, arena, end);
	if (a->foreign_brk)
		return;
	a->top_bytes += extra;
	give(m, a, end - extra, end);
}

/* i: the top, or the first of the free chunks that lie before it. */
static void find_pin(const struct snapshot *snap, uint32_t i,
		     struct trim_arena *a)
{
	uint64_t bytes = 0;

	if (!i || !touches_next(snap, i - 1))
		return;
	a->pin = --i;
	bytes += snapshot_chunk_size(snap, i);
	while (i && touches_next(snap, i - 1) &&
	       snap->chunk[i - 1].state == CHUNK_FREE)
		bytes += snapshot_chunk_size(snap, --i);
	a->pinned_bytes = bytes;
}

static int visit(struct making *m, struct error *err)
{
	const struct snapshot *snap = m->snap;

	for (uint32_t i = 0; i < snap->chunk_count; i++) {
		struct trim_arena *a;
		uint64_t start;
		uint32_t first = i;

		if (i % STEP == 0 &&
		    progress_tick("trimming", i, snap->chunk_count, err))
			return -1;
		if (!in_arena(snap, i) || snap->chunk[i].state == CHUNK_USED ||
		    snap->chunk[i].state == CHUNK_CACHED)
			continue;
		a = &m->out->arena[snap->chunk[i].arena];
		start = header(snap, i);
		while (snap->chunk[i].state == CHUNK_FREE) {
			a->free_bytes += snapshot_chunk_size(snap, i);
			if (!touches_next(snap, i) ||
			    (snap->chunk[i + 1].state != CHUNK_FREE &&
			     snap->chunk[i + 1].state != CHUNK_TOP))
				break;
			i++;
		}
		if (snap->chunk[i].state != CHUNK_TOP) {
			give_inside(m, a, start, end_of(snap, i));
			continue;
		}
		find_pin(snap, first, a);
		for (uint32_t j = first; a->pin != CHUNK_NONE && j < i; j++)
			a->pinned_bytes += snapshot_chunk_size(snap, j);
		give_top(m, a, &snap->arena[snap->chunk[i].arena], start,
			 end_of(snap, i));
	}
	return 0;
}

int trim_make(const struct snapshot *snap, struct trim *out, struct error *err)
{
	struct making m = {.snap = snap, .out = out};

	*out = (struct trim){.touched_known = touched_known(snap)};
	out->arena = try_calloc(snap->arena_count, sizeof *out->arena,
				"free pages", err);
	if (!out->arena)
		return -1;
	for (uint32_t i = 0; i < snap->arena_count; i++)
		out->arena[i].pin = CHUNK_NONE;
	if (visit(&m, err)) {
		trim_deinit(out);
		return -1;
	}
	out->total.pin = CHUNK_NONE;
	for (uint32_t i = 0; i < snap->arena_count; i++) {
		if (snap->arena[i].copy)
			continue;
		out->total.bytes += out->arena[i].bytes;
		out->total.top_bytes += out->arena[i].top_bytes;
		out->total.touched += out->arena[i].touched;
		out->total.free_bytes += out->arena[i].free_bytes;
		out->total.foreign_brk |= out->arena[i].foreign_brk;
	}
	return 0;
}

void trim_deinit(struct trim *trim)
{
	free(trim->arena);
	*trim = (struct trim){0};
}

static uint64_t used_bytes(const struct snapshot *snap)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < snap->chunk_count; i++)
		if (snap->chunk[i].state == CHUNK_USED)
			bytes += snapshot_chunk_size(snap, i);
	return bytes;
}

struct retention retention_of(const struct snapshot *from,
			      const struct snapshot *to)
{
	const int64_t least = 1 << 20;
	struct retention r = {.known = from->rss_bytes && to->rss_bytes &&
				       from->free_touched_known &&
				       to->free_touched_known};

	if (!r.known)
		return r;
	r.rss = (int64_t)(to->rss_bytes - from->rss_bytes);
	r.kept = (int64_t)(to->free_touched - from->free_touched);
	r.used = (int64_t)(used_bytes(to) - used_bytes(from));
	r.holds = r.rss >= least && r.kept >= r.rss / 2 && r.used <= r.rss / 10;
	return r;
}
