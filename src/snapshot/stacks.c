#include "snapshot/stacks.h"

/* The thread descriptor lies at and above the thread pointer: glibc's takes
 * 2304 bytes, and the C library's own variables lie below it. */
enum {
	TLS_ABOVE = 4096,
	TLS_BELOW = 4096,
	TLS_SMALL_MAP = 1 << 20,
	PAGE = 4096,
};

uint32_t stacks_chunk(const struct snapshot *snap,
		      const struct snapshot_thread *t)
{
	uint32_t i;

	if (!t->thread.has_regs)
		return CHUNK_NONE;
	i = snapshot_find(snap, t->thread.regs.r[REG_RSP_]);
	return i != CHUNK_NONE && snap->chunk[i].state == CHUNK_USED
		       ? i
		       : CHUNK_NONE;
}

/* A stack's mapping may be shared by others. */
uint64_t stacks_stale_start(const struct snapshot *snap,
			    const struct snapshot_thread *t)
{
	const struct map *map = maps_find(&snap->maps, t->stack_start);
	uint64_t low = map ? map->start : t->stack_start;

	for (uint32_t i = 0; i < snap->thread_count; i++) {
		const struct snapshot_thread *o = &snap->thread[i];

		/* Its own end is its beginning where nothing told of frames. */
		if (o == t)
			continue;
		if (o->stack_end <= t->stack_start && o->stack_end > low)
			low = o->stack_end;
		if (o->tls_end <= t->stack_start && o->tls_end > low)
			low = o->tls_end;
	}
	return low;
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

/* The end of the outermost frame that is known to end below tp, in the stack
 * that begins there.  The very first one has no caller: its end is anybody's
 * guess. */
static uint64_t outermost(const struct snapshot_thread *t, uint64_t start,
			  uint64_t tp)
{
	uint64_t end = start;

	for (uint32_t i = 0; i < t->frame_count; i++)
		if (t->frame[i].cfa > end && t->frame[i].cfa < tp)
			end = t->frame[i].cfa;
	return end;
}

static bool in_map(const struct map *map, uint64_t addr)
{
	return addr >= map->start && addr < map->end;
}

/*
 * The pages with the descriptor and all static blocks: the dynamic linker has
 * mapped them.  What the program maps beside them the kernel makes one mapping
 * with them.
 */
static void whole_pages(const struct snapshot *snap, const struct map *map,
			uint64_t tp, uint64_t *low, uint64_t *high)
{
	*low = map->start;
	*high = map->end;
	if (tp - map->start > snap->tls_size)
		*low = (tp - snap->tls_size) & -(uint64_t)PAGE;
	if (map->end - tp > TLS_ABOVE)
		*high = (tp + TLS_ABOVE + PAGE - 1) & -(uint64_t)PAGE;
}

/*
 * A thread's TLS: around its thread pointer.  In a stack's mapping it begins
 * above the outermost frame that is known; elsewhere, mostly the main thread's,
 * the modules tell how far it can reach.
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
	if (in_map(map, t->under_start) && t->under_start < tp) {
		uint64_t outer = outermost(t, t->under_start, tp);

		if (outer > low || t->stack_complete)
			low = outer;
		t->under_end = low;
	} else if (in_map(map, t->stack_start) && t->stack_start < tp) {
		uint64_t outer = outermost(t, t->stack_start, tp);

		if (outer > low || t->stack_complete)
			low = outer;
		/* The descriptor is what a thread's mapping ends with. */
		t->stack_end = low;
	} else if (snap->tls_size) {
		whole_pages(snap, map, tp, &low, &high);
	} else if (map->end - map->start <= TLS_SMALL_MAP) {
		low = map->start;
		high = map->end;
	}
	t->tls_start = low;
	t->tls_end = heap_above(snap, tp, high);
}

/*
 * The stack that a handler left alone: the frame that a signal interrupted is
 * in another mapping than the stack pointer, or below it.
 */
static void find_under(const struct snapshot *snap, struct snapshot_thread *t)
{
	const struct map *map = maps_find(&snap->maps, t->stack_start);
	uint32_t chunk = stacks_chunk(snap, t);

	t->under_start = t->under_end = 0;
	for (uint32_t i = 1; map && i < t->frame_count; i++) {
		uint64_t sp = t->frame[i].sp;
		const struct map *other;

		if (!t->frame[i - 1].signal)
			continue;
		if (in_map(map, sp) && sp >= t->stack_start &&
		    (chunk == CHUNK_NONE || snapshot_find(snap, sp) == chunk))
			continue;
		other = maps_find(&snap->maps, sp);
		if (!other || !(other->prot & MAP_W) ||
		    snapshot_find(snap, sp) != CHUNK_NONE)
			return;
		sp -= thread_regs_red_zone(&t->thread.regs);
		t->under_start = sp > other->start ? sp : other->start;
		t->under_start &= ~(uint64_t)(snap->word - 1);
		t->under_end = other->end;
		return;
	}
}

void stacks_find(struct snapshot *snap)
{
	for (uint32_t i = 0; i < snap->thread_count; i++) {
		struct snapshot_thread *t = &snap->thread[i];
		uint32_t chunk = stacks_chunk(snap, t);

		if (chunk != CHUNK_NONE)
			t->stack_end = snap->chunk[chunk].addr +
				       snap->chunk[chunk].size;
		find_under(snap, t);
		find_tls(snap, t);
	}
}
