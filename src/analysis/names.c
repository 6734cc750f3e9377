#include "analysis/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analysis/describe.h"
#include "snapshot/frame_number.h"
#include "symbols/symbols.h"

struct place name_place_of_ref(const struct snapshot *snap,
			       const struct ref *ref)
{
	if (ref->thread != UINT32_MAX)
		return (struct place){.kind = PLACE_REGISTER,
				      .chunk = CHUNK_NONE,
				      .thread = ref->thread,
				      .frame = UINT32_MAX,
				      .reg = ref->reg};
	return place_of(snap, ref->from);
}

static bool in_frame(const struct snapshot *snap, const struct place *place)
{
	return place->kind == PLACE_STACK && place->thread != UINT32_MAX &&
	       place->frame < snap->thread[place->thread].frame_count;
}

/* A frame begins where the one that it called ends, the innermost one at the
 * stack pointer: its red zone is below. */
static uint64_t frame_start(const struct snapshot_thread *t, uint32_t frame)
{
	return frame ? t->frame[frame - 1].cfa : t->thread.regs.r[REG_RSP_];
}

static bool has_symbol(struct symbols *symbols, const struct place *place,
		       struct symbol *out)
{
	return symbols &&
	       (place->kind == PLACE_GLOBAL || place->kind == PLACE_CODE) &&
	       symbols_at(symbols, place->addr, out) && out->name;
}

bool name_offset(const struct snapshot *snap, struct symbols *symbols,
		 const struct place *place, int64_t *out)
{
	const struct snapshot_thread *t;
	struct symbol symbol;

	switch (place->kind) {
	case PLACE_CHUNK:
		*out = (int64_t)place->offset;
		return true;
	case PLACE_GLOBAL:
	case PLACE_CODE:
		if (!has_symbol(symbols, place, &symbol))
			return false;
		*out = (int64_t)symbol.offset;
		return true;
	case PLACE_STACK:
		if (!in_frame(snap, place))
			return false;
		t = &snap->thread[place->thread];
		*out = (int64_t)(place->addr - frame_start(t, place->frame));
		return true;
	case PLACE_TLS:
		t = &snap->thread[place->thread];
		*out = (int64_t)(place->addr - thread_regs_tp(&t->thread.regs));
		return true;
	default:
		return false;
	}
}

/* Puts " (http::Session)" behind what buf has. */
static void add_description(const struct snapshot *snap,
			    struct symbols *symbols, uint32_t chunk, char *buf,
			    size_t cap)
{
	size_t n = strlen(buf);
	char seems[200];

	if (describe_chunk(snap, symbols, chunk, seems, sizeof seems))
		snprintf(buf + n, cap - n, " (%s)", seems);
}

void name_chunk(const struct snapshot *snap, struct symbols *symbols,
		uint32_t chunk, char *buf, size_t cap)
{
	snprintf(buf, cap, "chunk 0x%" PRIx64, snap->chunk[chunk].addr);
	add_description(snap, symbols, chunk, buf, cap);
}

static void format_chunk(const struct snapshot *snap, struct symbols *symbols,
			 const struct place *place, char *buf, size_t cap)
{
	const struct chunk *c = &snap->chunk[place->chunk];
	char off[32] = "", state[16] = "";

	if (place->offset)
		snprintf(off, sizeof off, " +%" PRIu64, place->offset);
	if (c->state != CHUNK_USED)
		snprintf(state, sizeof state, " (%s)",
			 chunk_state_name((enum chunk_state)c->state));
	snprintf(buf, cap, "chunk 0x%" PRIx64 " class %" PRIu64 "%s%s", c->addr,
		 snapshot_chunk_size(snap, place->chunk), off, state);
	add_description(snap, symbols, place->chunk, buf, cap);
}

static void format_symbol(struct symbols *symbols, const struct symbol *s,
			  char *buf, size_t cap)
{
	char off[32] = "";

	if (s->offset)
		snprintf(off, sizeof off, "+0x%" PRIx64, s->offset);
	if (!s->module || s->module == symbols_exe(symbols))
		snprintf(buf, cap, "%s%s", s->name, off);
	else
		snprintf(buf, cap, "%s%s (%s)", s->name, off, s->module->name);
}

static void format_frame(const struct snapshot *snap, struct symbols *symbols,
			 const struct place *place, char *buf, size_t cap)
{
	const struct snapshot_thread *t = &snap->thread[place->thread];
	uint64_t pc = t->frame[place->frame].pc;
	uint64_t start = frame_start(t, place->frame);
	bool below = place->addr < start;
	struct symbol symbol;
	char function[160];

	/* A return address may lie behind its function's end. */
	if (symbols &&
	    symbols_at(symbols, place->frame ? pc - 1 : pc, &symbol) &&
	    symbol.name)
		snprintf(function, sizeof function, "%s", symbol.name);
	else if (!symbols ||
		 !symbols_format(symbols, pc, function, sizeof function))
		snprintf(function, sizeof function, "0x%" PRIx64, pc);
	snprintf(buf, cap, "thread %d frame #%u %s %c0x%" PRIx64,
		 (int)t->thread.tid, frame_number(t, symbols, place->frame, 0),
		 function, below ? '-' : '+',
		 below ? start - place->addr : place->addr - start);
}

/* The offset is the one that disassembly shows. */
static void format_tls(const struct snapshot *snap, const struct place *place,
		       char *buf, size_t cap)
{
	const struct thread *t = &snap->thread[place->thread].thread;
	uint64_t tp = thread_regs_tp(&t->regs);
	bool below = place->addr < tp;

	snprintf(buf, cap, "thread %d thread-local %s:%s0x%" PRIx64,
		 (int)t->tid, place_tls_register(snap), below ? "-" : "",
		 below ? tp - place->addr : place->addr - tp);
}

void name_format(const struct snapshot *snap, struct symbols *symbols,
		 const struct place *place, char *buf, size_t cap)
{
	struct symbol symbol;

	if (place->kind == PLACE_CHUNK)
		format_chunk(snap, symbols, place, buf, cap);
	else if (in_frame(snap, place))
		format_frame(snap, symbols, place, buf, cap);
	else if (place->kind == PLACE_TLS)
		format_tls(snap, place, buf, cap);
	else if (has_symbol(symbols, place, &symbol))
		format_symbol(symbols, &symbol, buf, cap);
	else
		place_format(place, snap, symbols, buf, cap);
}
