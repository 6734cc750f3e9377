#include "snapshot/span.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/sort.h"
#include "snapshot/ended.h"
#include "snapshot/snapshot.h"
#include "snapshot/stacks.h"

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

/* Of a device reading may do things. */
static bool is_shared(const struct map *map)
{
	unsigned all = MAP_S | MAP_R | MAP_W;

	if ((map->prot & all) != all)
		return false;
	return strncmp(map->path, "/dev/", 5) ||
	       !strncmp(map->path, "/dev/zero", 9) ||
	       !strncmp(map->path, "/dev/shm/", 9);
}

enum place_kind span_kind_of_map(const struct snapshot *snap, size_t i)
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
	if (is_shared(map))
		return PLACE_SHARED;
	if (!is_module(maps, i))
		return PLACE_FILE;
	return map->prot & MAP_W ? PLACE_GLOBAL : PLACE_CODE;
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
		stack.start = stacks_stale_start(snap, t);
		stack.holds = false;
		if (t->stack_end && add(over, &stack, err))
			return -1;
		stack.start = t->under_start;
		stack.end = t->under_end;
		stack.holds = true;
		if (add(over, &stack, err))
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

static int ended(const struct snapshot *snap, struct table *over,
		 struct error *err)
{
	for (uint32_t i = 0; i < snap->ended_count; i++) {
		struct span span = {.start = snap->ended[i].start,
				    .end = snap->ended[i].end,
				    .kind = PLACE_ANON,
				    .thread = SPAN_NO_THREAD,
				    .ended = true};

		if (add(over, &span, err))
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

/* Written while a module was loaded, and read-only since: constants, as far as
 * the program is concerned. */
static int relro(const struct snapshot *snap, struct table *over,
		 struct error *err)
{
	for (uint32_t i = 0; i < snap->module_count; i++) {
		struct span span = {.start = snap->module[i].relro_start,
				    .end = snap->module[i].relro_end,
				    .kind = PLACE_CODE,
				    .thread = SPAN_NO_THREAD,
				    .holds = true};

		if (add(over, &span, err))
			return -1;
	}
	return 0;
}

/* malloc's own lists and counters are in the libc's data: what they say is no
 * reference, though the words of a bin do point into blocks. */
static int malloc_own(const struct snapshot *snap, struct table *over,
		      struct error *err)
{
	/* malloc_state, the smallest of them. */
	unsigned least = snap->word == 4 ? 1068 : 2112;
	struct span span = {.kind = PLACE_GLOBAL, .thread = SPAN_NO_THREAD};

	for (uint32_t i = 0; i < snap->arena_count; i++) {
		const struct arena *a = &snap->arena[i];
		unsigned size = a->copy < snap->copy_count
					? snap->copy[a->copy].malloc.state_bytes
					: 0;

		span.start = a->addr;
		span.end = a->addr + (size ? size : least);
		if (a->is_main && add(over, &span, err))
			return -1;
	}
	for (uint32_t i = 0; i < snap->copy_count; i++) {
		const struct malloc_copy *m = &snap->copy[i].malloc;

		span.start = m->mp;
		span.end = m->mp + m->mp_bytes;
		if (m->mp && add(over, &span, err))
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

/* What a program has filled and protected it still reads; of a file such
 * memory has what the file has. */
static bool may_hold(const struct map *map, enum place_kind kind)
{
	if (map->prot & MAP_S)
		return false;
	if (!(map->prot & MAP_W))
		return kind == PLACE_ANON && map->prot & MAP_R &&
		       !(map->prot & MAP_X);
	return kind == PLACE_GLOBAL || kind == PLACE_ANON || kind == PLACE_FILE;
}

/*
 * Cuts map i by what lies over it.  over is sorted by start; where two overlap
 * (damage, or a guess of ours about TLS) the earlier one wins.
 */
static int cut(const struct snapshot *snap, size_t i, const struct table *over,
	       size_t *at, struct table *out, struct error *err)
{
	const struct map *map = &snap->maps.map[i];
	struct span base = {.kind = span_kind_of_map(snap, i),
			    .thread = SPAN_NO_THREAD,
			    .map = (uint32_t)i};
	uint64_t pos = map->start;

	base.holds = may_hold(map, base.kind);
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

int spans_build(struct snapshot *snap, struct error *err)
{
	struct table over = {0}, out = {0};
	size_t at = 0;
	int ret = -1;

	stacks_find(snap);
	if (ended_find(snap, err))
		goto out;
	if (overlays(snap, &over, err) || ended(snap, &over, err) ||
	    mmapped(snap, &over, err) || bss(snap, &over, err) ||
	    relro(snap, &over, err) || malloc_own(snap, &over, err) ||
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

bool span_in_module(const struct snapshot *snap, uint64_t addr)
{
	const struct span *span = span_find(snap, addr);

	return span && (span->kind == PLACE_GLOBAL || span->kind == PLACE_CODE);
}
