#include "snapshot/span.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/sort.h"
#include "snapshot/snapshot.h"

/* The thread descriptor lies at and above the thread pointer: glibc's takes
 * 2304 bytes, and the C library's own variables lie below it. */
enum { TLS_ABOVE = 4096, TLS_BELOW = 4096, TLS_SMALL_MAP = 1 << 20 };

struct table {
	struct span *span; /* owned */
	size_t count, cap;
};

static int add(struct table *table, const struct span *span, struct error *err)
{
	if (span->start >= span->end)
		return 0;
	if (GROW(table->span, table->cap, table->count + 1,
		 "table of address ranges", err))
		return -1;
	table->span[table->count++] = *span;
	return 0;
}

/* A core has no inodes, but paths. */
static bool same_file(const struct map *a, const struct map *b)
{
	if (!a->inode && !b->inode)
		return !strcmp(a->path, b->path);
	return a->inode && a->inode == b->inode &&
	       a->dev_major == b->dev_major && a->dev_minor == b->dev_minor;
}

/* A file of which some part is mapped for execution, nearby. */
static bool is_module(const struct maps *maps, size_t i)
{
	const struct map *map = &maps->map[i];
	enum { NEAR = 8 };

	if (map->path[0] != '/' || map->prot & MAP_S)
		return false;
	for (size_t j = i < NEAR ? 0 : i - NEAR;
	     j < maps->count && j <= i + NEAR; j++)
		if (maps->map[j].prot & MAP_X && same_file(map, &maps->map[j]))
			return true;
	return false;
}

/* Anonymous, right behind the writable part of a module: its .bss, as far as
 * one can tell without having seen the file. */
static bool is_bss(const struct maps *maps, size_t i)
{
	const struct map *map = &maps->map[i];

	return i && !map->path[0] && map[-1].end == map->start &&
	       map[-1].prot & MAP_W && is_module(maps, i - 1);
}

static enum place_kind kind_of(const struct snapshot *snap, size_t i)
{
	const struct maps *maps = &snap->maps;
	const struct map *map = &maps->map[i];

	if (!(map->prot & (MAP_R | MAP_W | MAP_X)))
		return PLACE_NONE;
	if (map_is_anonymous(map)) {
		if (!snap->module_count && is_bss(maps, i))
			return PLACE_GLOBAL;
		return PLACE_ANON;
	}
	if (!is_module(maps, i))
		return PLACE_FILE;
	return map->prot & MAP_W ? PLACE_GLOBAL : PLACE_CODE;
}

/* How far down a stack's mapping is its own: others may share it. */
static uint64_t stale_start(const struct snapshot *snap,
			    const struct snapshot_thread *t)
{
	const struct map *map = maps_find(&snap->maps, t->stack_start);
	uint64_t low = map ? map->start : t->stack_start;

	for (uint32_t i = 0; i < snap->thread_count; i++) {
		const struct snapshot_thread *o = &snap->thread[i];

		if (o->stack_end <= t->stack_start && o->stack_end > low)
			low = o->stack_end;
		if (o->tls_end <= t->stack_start && o->tls_end > low)
			low = o->tls_end;
	}
	return low;
}

/* What lies over a mapping or a part of it: stacks, TLS, heaps. */
static int overlays(const struct snapshot *snap, struct table *over,
		    struct error *err)
{
	for (uint32_t i = 0; i < snap->thread_count; i++) {
		const struct snapshot_thread *t = &snap->thread[i];
		struct span tls = {.start = t->tls_start,
				   .end = t->tls_end,
				   .kind = PLACE_TLS,
				   .thread = i,
				   .holds = true};
		struct span stack = {.start = t->stack_start,
				     .end = t->stack_end,
				     .kind = PLACE_STACK,
				     .thread = i,
				     .holds = true};

		if (add(over, &tls, err) || add(over, &stack, err))
			return -1;
		/* Left over from calls that have returned. */
		stack.end = stack.start;
		stack.start = stale_start(snap, t);
		stack.holds = false;
		if (t->stack_end && add(over, &stack, err))
			return -1;
	}
	for (uint32_t i = 0; i < snap->region_count; i++) {
		const struct heap_region *r = &snap->region[i];
		struct span heap = {.start = r->start,
				    .end = r->end,
				    .kind = PLACE_HEAP,
				    .thread = SPAN_NO_THREAD};

		/* heap_info and malloc_state: before it, in the same page. */
		if (snap->arena_count > r->arena &&
		    !snap->arena[r->arena].is_main)
			heap.start &= ~(uint64_t)0xfff;
		if (add(over, &heap, err))
			return -1;
	}
	return 0;
}

/* The anonymous memory of modules: .bss. */
static int bss(const struct snapshot *snap, struct table *over,
	       struct error *err)
{
	const struct maps *maps = &snap->maps;
	size_t at = 0;

	for (uint32_t i = 0; i < snap->module_count; i++) {
		const struct snapshot_module *m = &snap->module[i];
		uint64_t end = (m->end + 4095) & ~UINT64_C(4095);

		while (at < maps->count && maps->map[at].end <= m->start)
			at++;
		for (size_t j = at; j < maps->count && maps->map[j].start < end;
		     j++) {
			const struct map *map = &maps->map[j];
			struct span span = {.start = map->start,
					    .end = map->end,
					    .kind = PLACE_GLOBAL,
					    .thread = SPAN_NO_THREAD,
					    .holds = true};

			if (!map_is_anonymous(map) || !(map->prot & MAP_W))
				continue;
			if (span.start < m->start)
				span.start = m->start;
			if (span.end > end)
				span.end = end;
			if (add(over, &span, err))
				return -1;
		}
	}
	return 0;
}

/* malloc's own lists are in the libc's data: what they say is no reference. */
static int main_arena(const struct snapshot *snap, struct table *over,
		      struct error *err)
{
	enum { SIZE = 2112 }; /* malloc_state, the smallest of them */

	for (uint32_t i = 0; i < snap->arena_count; i++) {
		struct span span = {.start = snap->arena[i].addr,
				    .end = snap->arena[i].addr + SIZE,
				    .kind = PLACE_GLOBAL,
				    .thread = SPAN_NO_THREAD};

		if (snap->arena[i].is_main && add(over, &span, err))
			return -1;
	}
	return 0;
}

static int mmapped(const struct snapshot *snap, struct table *over,
		   struct error *err)
{
	for (uint32_t i = 0; i < snap->chunk_count; i++) {
		const struct chunk *c = &snap->chunk[i];

		if (c->arena != ARENA_MMAPPED)
			continue;

		uint64_t size =
			chunk_size(c, snap->word, snap->mmapped_overhead);
		struct span heap = {.start = c->addr - 2 * snap->word,
				    .end = c->addr - 2 * snap->word + size,
				    .kind = PLACE_HEAP,
				    .thread = SPAN_NO_THREAD};

		if (add(over, &heap, err))
			return -1;
	}
	return 0;
}

/*
 * Cuts map i by what lies over it.  over is sorted by start; where two overlap
 * (damage, or a guess of ours about TLS) the earlier one wins.
 */
static int cut(const struct snapshot *snap, size_t i, const struct table *over,
	       size_t *at, struct table *out, struct error *err)
{
	const struct map *map = &snap->maps.map[i];
	struct span base = {.kind = kind_of(snap, i),
			    .thread = SPAN_NO_THREAD,
			    .map = (uint32_t)i};
	uint64_t pos = map->start;

	base.holds = map->prot & MAP_W && !(map->prot & MAP_S) &&
		     (base.kind == PLACE_GLOBAL || base.kind == PLACE_ANON ||
		      base.kind == PLACE_FILE);
	/* One that began in an earlier map may reach into this one. */
	while (*at && over->span[*at - 1].end > map->start)
		--*at;
	for (; *at < over->count && over->span[*at].start < map->end; ++*at) {
		struct span piece = over->span[*at];

		piece.map = (uint32_t)i;
		if (piece.start < pos)
			piece.start = pos;
		if (piece.end > map->end)
			piece.end = map->end;
		if (piece.start >= piece.end)
			continue;
		base.start = pos;
		base.end = piece.start;
		if (add(out, &base, err) || add(out, &piece, err))
			return -1;
		pos = piece.end;
	}
	base.start = pos;
	base.end = map->end;
	return add(out, &base, err);
}

/* Up to where a thread's own stack and TLS can reach: the heap begins there. */
static uint64_t heap_above(const struct snapshot *snap, uint64_t addr,
			   uint64_t end)
{
	for (uint32_t i = 0; i < snap->region_count; i++)
		if (snap->region[i].start > addr && snap->region[i].start < end)
			end = snap->region[i].start;
	return end;
}

/* The end of the outermost frame that is known to end below tp.  The very first
 * one has no caller: its end is anybody's guess. */
static uint64_t outermost(const struct snapshot_thread *t, uint64_t tp)
{
	uint64_t end = t->stack_start;

	for (uint32_t i = 0; i < t->frame_count; i++)
		if (t->frame[i].cfa > end && t->frame[i].cfa < tp)
			end = t->frame[i].cfa;
	return end;
}

/*
 * A thread's TLS: around its thread pointer.  In a stack's mapping it begins
 * above the outermost frame that is known; the main thread's has a small
 * mapping of its own.
 */
static void find_tls(const struct snapshot *snap, struct snapshot_thread *t)
{
	uint64_t tp = thread_regs_tp(&t->thread.regs), low, high;
	const struct map *map = maps_find(&snap->maps, tp);

	t->tls_start = t->tls_end = 0;
	if (!t->thread.has_regs || thread_regs_kernel(&t->thread.regs) || !tp ||
	    !map || !(map->prot & MAP_W) || !map_is_anonymous(map))
		return;
	low = tp - map->start > TLS_BELOW ? tp - TLS_BELOW : map->start;
	high = map->end - tp > TLS_ABOVE ? tp + TLS_ABOVE : map->end;
	if (t->stack_start >= map->start && t->stack_start < map->end) {
		uint64_t outer = outermost(t, tp);

		if (outer > low || t->stack_complete)
			low = outer;
		/* The descriptor is what a thread's mapping ends with. */
		t->stack_end = low;
	} else if (map->end - map->start <= TLS_SMALL_MAP) {
		low = map->start;
		high = map->end;
	}
	t->tls_start = low;
	t->tls_end = heap_above(snap, tp, high);
}

int spans_build(struct snapshot *snap, struct error *err)
{
	struct table over = {0}, out = {0};
	size_t at = 0;
	int ret = -1;

	for (uint32_t i = 0; i < snap->thread_count; i++)
		find_tls(snap, &snap->thread[i]);
	if (overlays(snap, &over, err) || mmapped(snap, &over, err) ||
	    bss(snap, &over, err) || main_arena(snap, &over, err) ||
	    sort_by_u64(over.span, over.count, sizeof *over.span,
			offsetof(struct span, start), err))
		goto out;
	for (size_t i = 0; i < snap->maps.count; i++)
		if (cut(snap, i, &over, &at, &out, err))
			goto out;
	free(snap->span);
	snap->span = out.span;
	snap->span_count = (uint32_t)out.count;
	out.span = NULL;
	ret = 0;
out:
	free(over.span);
	free(out.span);
	return ret;
}

const struct span *span_find(const struct snapshot *snap, uint64_t addr)
{
	uint32_t low = 0, high = snap->span_count;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (snap->span[mid].end <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == snap->span_count || addr < snap->span[low].start)
		return NULL;
	return &snap->span[low];
}
