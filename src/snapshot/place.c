#include "snapshot/frame_number.h"
#include "snapshot/place.h"

#include <stdio.h>
#include <string.h>

#include "symbols/symbols.h"

static uint32_t frame_of(const struct snapshot_thread *t, uint64_t addr)
{
	bool under = addr >= t->under_start && addr < t->under_end;

	if (addr < t->stack_start && !under)
		return UINT32_MAX;
	for (uint32_t i = 0; i < t->frame_count; i++) {
		uint64_t cfa = t->frame[i].cfa;

		if (addr < cfa &&
		    (!under || (cfa > t->under_start && cfa <= t->under_end)))
			return i;
	}
	return UINT32_MAX;
}

struct place place_of(const struct snapshot *snap, uint64_t addr)
{
	struct place place = {.addr = addr,
			      .chunk = CHUNK_NONE,
			      .thread = UINT32_MAX,
			      .frame = UINT32_MAX};
	const struct span *span;

	place.chunk = snapshot_find(snap, addr);
	if (place.chunk != CHUNK_NONE) {
		place.kind = PLACE_CHUNK;
		place.offset = addr - snap->chunk[place.chunk].addr;
		return place;
	}
	span = span_find(snap, addr);
	if (!span)
		return place;
	place.kind = span->kind;
	place.offset = addr - snap->maps.map[span->map].start;
	if (span->kind == PLACE_STACK || span->kind == PLACE_TLS)
		place.thread = span->thread;
	if (span->kind == PLACE_STACK)
		place.frame = frame_of(&snap->thread[span->thread], addr);
	return place;
}

const char *place_kind_name(enum place_kind kind)
{
	static const char *const name[] = {
		[PLACE_NONE] = "none",	   [PLACE_CHUNK] = "chunk",
		[PLACE_HEAP] = "heap",	   [PLACE_GLOBAL] = "global",
		[PLACE_CODE] = "code",	   [PLACE_STACK] = "stack",
		[PLACE_TLS] = "tls",	   [PLACE_REGISTER] = "register",
		[PLACE_ANON] = "anon",	   [PLACE_FILE] = "file",
		[PLACE_SHARED] = "shared",
	};

	return (unsigned)kind < sizeof name / sizeof *name ? name[kind] : "?";
}

const char *chunk_state_name(enum chunk_state state)
{
	static const char *const name[] = {
		[CHUNK_USED] = "used",
		[CHUNK_FREE] = "free",
		[CHUNK_CACHED] = "cached",
		[CHUNK_TOP] = "top",
	};

	return (unsigned)state < sizeof name / sizeof *name ? name[state] : "?";
}

static void add_thread(const struct snapshot_thread *t, char *buf, size_t cap)
{
	if (t->thread.name[0])
		snprintf(buf, cap, "thread %d \"%s\"", t->thread.tid,
			 t->thread.name);
	else
		snprintf(buf, cap, "thread %d", t->thread.tid);
}

static void format_stack(const struct place *place, const struct snapshot *snap,
			 struct symbols *symbols, char *buf, size_t cap)
{
	const struct snapshot_thread *t = &snap->thread[place->thread];
	const char *below_stack = t->thread.regs.is32
					  ? "stack below esp (stale)"
					  : "stack below rsp (stale)";
	const struct span *span = span_find(snap, place->addr);
	bool stale = span && !span->holds;
	char who[64], where[120];

	add_thread(t, who, sizeof who);
	if (place->frame >= t->frame_count) {
		snprintf(buf, cap, "%s %s", who, stale ? below_stack : "stack");
		return;
	}
	if (!symbols || !symbols_format(symbols, t->frame[place->frame].pc,
					where, sizeof where))
		snprintf(where, sizeof where, "0x%llx",
			 (unsigned long long)t->frame[place->frame].pc);
	snprintf(buf, cap, "%s frame #%u %s", who,
		 frame_number(t, symbols, place->frame, 0), where);
}

/* "libc.so.6+0x1d2cc0", "[vdso]+0x10", "0x7f.. (anonymous)" */
static void format_map(const struct place *place, const struct snapshot *snap,
		       char *buf, size_t cap)
{
	const struct map *map = maps_find(&snap->maps, place->addr);
	unsigned long long addr = place->addr;
	const char *slash;

	if (!map || !map->path[0]) {
		snprintf(buf, cap, "0x%llx (%s)", addr,
			 map ? place_kind_name(place->kind) : "not mapped");
		return;
	}
	slash = map->path[0] == '/' ? strrchr(map->path, '/') : NULL;
	snprintf(buf, cap, "%s+0x%llx", slash ? slash + 1 : map->path,
		 (unsigned long long)(place->addr - map->start + map->offset));
}

static void format_chunk(const struct place *place, const struct snapshot *snap,
			 char *buf, size_t cap)
{
	const struct chunk *c = &snap->chunk[place->chunk];
	char off[32] = "";

	if (place->offset)
		snprintf(off, sizeof off, "+%llu",
			 (unsigned long long)place->offset);
	snprintf(buf, cap, "chunk 0x%llx%s (%llu B, %s)",
		 (unsigned long long)c->addr, off,
		 (unsigned long long)snapshot_chunk_size(snap, place->chunk),
		 chunk_state_name((enum chunk_state)c->state));
}

const char *place_tls_register(const struct snapshot *snap)
{
	return snap->word == 4 ? "gs" : "fs";
}

/* The offset is the one that disassembly shows. */
static void format_tls(const struct place *place, const struct snapshot *snap,
		       char *buf, size_t cap)
{
	const struct snapshot_thread *t = &snap->thread[place->thread];
	uint64_t tp = thread_regs_tp(&t->thread.regs);
	bool below = place->addr < tp;
	char who[64];

	add_thread(t, who, sizeof who);
	snprintf(buf, cap, "%s thread-local storage %s:%s0x%llx", who,
		 place_tls_register(snap), below ? "-" : "",
		 (unsigned long long)(below ? tp - place->addr
					    : place->addr - tp));
}

void place_format(const struct place *place, const struct snapshot *snap,
		  struct symbols *symbols, char *buf, size_t cap)
{
	const struct span *span;
	char who[64];

	if (!cap)
		return;
	buf[0] = '\0';
	switch (place->kind) {
	case PLACE_CHUNK:
		format_chunk(place, snap, buf, cap);
		return;
	case PLACE_STACK:
		format_stack(place, snap, symbols, buf, cap);
		return;
	case PLACE_TLS:
		format_tls(place, snap, buf, cap);
		return;
	case PLACE_REGISTER:
		add_thread(&snap->thread[place->thread], who, sizeof who);
		snprintf(buf, cap, "%s register %s", who,
			 thread_reg_name(place->reg, snap->word == 4));
		return;
	case PLACE_HEAP:
		snprintf(buf, cap, "0x%llx (heap, in no chunk)",
			 (unsigned long long)place->addr);
		return;
	case PLACE_GLOBAL:
	case PLACE_CODE:
	case PLACE_FILE:
	case PLACE_SHARED:
		if (symbols && symbols_format(symbols, place->addr, buf, cap))
			return;
		break;
	case PLACE_ANON:
		span = span_find(snap, place->addr);
		if (!span || !span->ended)
			break;
		snprintf(buf, cap, "0x%llx (stack of a thread that has ended)",
			 (unsigned long long)place->addr);
		return;
	case PLACE_NONE:
		break;
	}
	format_map(place, snap, buf, cap);
}
