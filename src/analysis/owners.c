#include "analysis/owners.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/progress.h"
#include "base/sort.h"
#include "base/u64map.h"
#include "symbols/symbols.h"

/* References between two looks at ^C. */
enum { STEP = 1 << 12 };

struct build {
	const struct snapshot *snap;
	struct symbols *symbols;
	enum owner_by by;
	struct root_owners *out;
	size_t cap;
	struct u64map known; /* key of an owner -> its number + 1 */
	/* Owned: owner, whether the word points inside, target. */
	uint64_t *edge;
	struct symbol last; /* words of one variable often come together */
};

static enum root_class class_of(const struct snapshot *snap,
				const struct ref *ref, uint32_t *thread)
{
	if (ref->thread == UINT32_MAX)
		return root_class_at(snap, ref->from, thread);
	*thread = ref->thread;
	return ROOT_REGISTER;
}

/* Names of code, and those that only mark a place, are no variables. */
static bool find_variable(struct build *b, uint64_t addr)
{
	if (b->last.is_object && addr - b->last.addr < b->last.size)
		return true;
	return b->symbols && symbols_at(b->symbols, addr, &b->last) &&
	       b->last.is_object;
}

static uint64_t mapping_start(const struct snapshot *snap, uint64_t addr)
{
	const struct map *map = maps_find(&snap->maps, addr);

	return map ? map->start : addr;
}

static void by_symbol(struct build *b, uint64_t from, struct owner *owner)
{
	static const enum owner_kind kind[] = {
		[ROOT_REGISTER] = OWNER_REGISTERS,
		[ROOT_STACK] = OWNER_STACK,
		[ROOT_GLOBAL] = OWNER_WORD,
		[ROOT_TLS] = OWNER_TLS,
		[ROOT_OTHER] = OWNER_MAPPING,
		[ROOT_SHARED] = OWNER_MAPPING,
	};

	owner->kind = kind[owner->class];
	if (owner->class == ROOT_GLOBAL && find_variable(b, from)) {
		owner->kind = OWNER_VARIABLE;
		owner->addr = b->last.addr;
	} else if (owner->class == ROOT_GLOBAL) {
		owner->addr = from;
	} else if (owner->class >= ROOT_OTHER) {
		owner->addr = mapping_start(b->snap, from);
	}
}

static void by_module(struct build *b, uint64_t from, struct owner *owner)
{
	const struct module *m;

	if (owner->thread != UINT32_MAX) {
		owner->kind = OWNER_THREAD;
		return;
	}
	m = b->symbols ? symbols_module_at(b->symbols, from) : NULL;
	owner->kind = m ? OWNER_MODULE : OWNER_MAPPING;
	owner->addr = m ? m->start : mapping_start(b->snap, from);
}

static struct owner owner_of(struct build *b, const struct ref *ref)
{
	struct owner owner = {.kind = OWNER_CLASS};

	owner.class = class_of(b->snap, ref, &owner.thread);
	if (b->by == OWNER_BY_SYMBOL)
		by_symbol(b, ref->from, &owner);
	else if (b->by == OWNER_BY_MODULE)
		by_module(b, ref->from, &owner);
	else if (b->by == OWNER_BY_THREAD && owner.thread != UINT32_MAX)
		owner.kind = OWNER_THREAD;
	if (owner.kind == OWNER_CLASS)
		owner.thread = UINT32_MAX;
	return owner;
}

struct owner owner_of_ref(const struct snapshot *snap, struct symbols *symbols,
			  enum owner_by by, const struct ref *ref)
{
	struct build b = {.snap = snap, .symbols = symbols, .by = by};

	return owner_of(&b, ref);
}

static uint64_t key_of(const struct owner *owner)
{
	uint64_t what = owner->addr;

	if (owner->thread != UINT32_MAX)
		what = owner->thread;
	else if (owner->kind == OWNER_CLASS)
		what = owner->class;
	return (uint64_t)owner->kind << 56 | what;
}

static int number_of(struct build *b, const struct owner *owner, uint32_t *out,
		     struct error *err)
{
	uint64_t *n = u64map_at(&b->known, key_of(owner), err);

	if (!n)
		return -1;
	if (!*n) {
		if (GROW(b->out->owner, b->cap, (size_t)b->out->count + 1,
			 "table of owners", err))
			return -1;
		b->out->owner[b->out->count++] = *owner;
		*n = b->out->count;
	}
	*out = (uint32_t)*n - 1;
	return 0;
}

static int number_edges(struct build *b, const struct graph *graph,
			struct error *err)
{
	b->edge = try_calloc(graph->roots, sizeof *b->edge, "owners", err);
	if (!b->edge)
		return -1;
	for (size_t i = 0; i < graph->roots; i++) {
		const struct ref *root = &graph->root[i];
		struct owner owner = owner_of(b, root);
		uint64_t inside = graph_root_steps(graph, root) > 1;
		uint32_t number;

		if (number_of(b, &owner, &number, err))
			return -1;
		b->edge[i] =
			(uint64_t)number << 33 | inside << 32 | root->target;
		if (i % STEP == 0 &&
		    progress_tick("naming owners", i, graph->roots, err))
			return -1;
	}
	return sort_u64(b->edge, graph->roots, err);
}

static bool has_start(const struct root_owners *out, uint32_t owner,
		      uint32_t target)
{
	const struct rows *rows = &out->rows;
	uint64_t low = rows->first[owner], high = out->inside[owner];

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (rows->to[middle] == target)
			return true;
		if (rows->to[middle] < target)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* The edges of one owner, from "at" on; returns where they end. */
static size_t make_row(struct build *b, size_t edges, size_t at, uint32_t owner,
		       uint64_t *n)
{
	struct root_owners *out = b->out;

	out->inside[owner] = UINT64_MAX;
	for (; at < edges && b->edge[at] >> 33 == owner; at++) {
		uint32_t target = (uint32_t)b->edge[at];
		bool inside = b->edge[at] >> 32 & 1;

		if (at && b->edge[at] == b->edge[at - 1])
			continue;
		if (inside && out->inside[owner] == UINT64_MAX)
			out->inside[owner] = *n;
		if (!inside || !has_start(out, owner, target))
			out->rows.to[(*n)++] = target;
	}
	if (out->inside[owner] == UINT64_MAX)
		out->inside[owner] = *n;
	return at;
}

static int make_rows(struct build *b, size_t edges, struct error *err)
{
	struct rows *rows = &b->out->rows;
	uint64_t n = 0;
	size_t at = 0;

	rows->nodes = b->out->count;
	rows->first = try_calloc((uint64_t)rows->nodes + 1, sizeof *rows->first,
				 "owners", err);
	rows->to = try_calloc(edges, sizeof *rows->to, "owners", err);
	b->out->inside =
		try_calloc(rows->nodes, sizeof *b->out->inside, "owners", err);
	if (!rows->first || !rows->to || !b->out->inside)
		return -1;
	for (uint32_t owner = 0; owner < rows->nodes; owner++) {
		at = make_row(b, edges, at, owner, &n);
		rows->first[owner + 1] = n;
	}
	return 0;
}

int root_owners_make(const struct graph *graph, struct symbols *symbols,
		     enum owner_by by, struct root_owners *out,
		     struct error *err)
{
	struct build b = {
		.snap = graph->snap, .symbols = symbols, .by = by, .out = out};
	int ret;

	*out = (struct root_owners){0};
	ret = number_edges(&b, graph, err);
	if (!ret)
		ret = make_rows(&b, graph->roots, err);
	free(b.edge);
	u64map_deinit(&b.known);
	if (ret)
		root_owners_deinit(out);
	return ret;
}

void root_owners_deinit(struct root_owners *owners)
{
	if (!owners)
		return;
	free(owners->owner);
	free(owners->inside);
	rows_deinit(&owners->rows);
	*owners = (struct root_owners){0};
}

unsigned owner_rank(const struct owner *owner)
{
	static const unsigned char rank[] = {
		[ROOT_REGISTER] = 3, [ROOT_STACK] = 2, [ROOT_GLOBAL] = 0,
		[ROOT_TLS] = 0,	     [ROOT_OTHER] = 1, [ROOT_SHARED] = 4,
	};

	return owner->kind == OWNER_THREAD ? 2 : rank[owner->class];
}

const char *owner_kind_name(enum owner_kind kind)
{
	static const char *const name[] = {
		[OWNER_VARIABLE] = "symbol",	 [OWNER_WORD] = "data",
		[OWNER_MODULE] = "module",	 [OWNER_STACK] = "stack",
		[OWNER_REGISTERS] = "registers", [OWNER_TLS] = "tls",
		[OWNER_THREAD] = "thread",	 [OWNER_MAPPING] = "mapping",
		[OWNER_CLASS] = "kind",
	};

	return name[kind];
}

static void name_thread(const struct owner *owner, const struct snapshot *snap,
			char *buf, size_t cap)
{
	static const char *const part[] = {
		[OWNER_STACK] = " stack",
		[OWNER_REGISTERS] = " registers",
		[OWNER_TLS] = " TLS",
		[OWNER_THREAD] = "",
	};
	const struct thread *t = &snap->thread[owner->thread].thread;

	if (t->name[0])
		snprintf(buf, cap, "thread %d \"%s\"%s", t->tid, t->name,
			 part[owner->kind]);
	else
		snprintf(buf, cap, "thread %d%s", t->tid, part[owner->kind]);
}

static void name_mapping(const struct owner *owner, const struct snapshot *snap,
			 char *buf, size_t cap)
{
	const struct map *map = maps_find(&snap->maps, owner->addr);

	if (map && map->path[0])
		snprintf(buf, cap, "%s at 0x%" PRIx64, map->path, owner->addr);
	else
		snprintf(buf, cap, "other memory at 0x%" PRIx64, owner->addr);
}

static void name_word(const struct owner *owner, const struct snapshot *snap,
		      struct symbols *symbols, char *buf, size_t cap)
{
	struct place place = {
		.kind = PLACE_GLOBAL, .addr = owner->addr, .chunk = CHUNK_NONE};
	const struct module *m =
		symbols ? symbols_module_at(symbols, owner->addr) : NULL;
	const char *section =
		symbols ? symbols_section(symbols, owner->addr) : NULL;
	size_t n;

	if (m)
		snprintf(buf, cap, "%s+0x%" PRIx64, m->name,
			 owner->addr - m->start);
	else
		place_format(&place, snap, NULL, buf, cap);
	n = strlen(buf);
	if (section)
		snprintf(buf + n, cap - n, " (%s)", section);
}

void owner_name(const struct owner *owner, const struct snapshot *snap,
		struct symbols *symbols, char *buf, size_t cap)
{
	static const char *const class[] = {
		[ROOT_REGISTER] = "registers",
		[ROOT_STACK] = "stacks",
		[ROOT_GLOBAL] = "static data",
		[ROOT_TLS] = "thread-local storage",
		[ROOT_OTHER] = "other memory",
		[ROOT_SHARED] = "shared memory",
	};
	const struct module *m;
	struct symbol symbol;

	switch (owner->kind) {
	case OWNER_VARIABLE:
		if (symbols && symbols_at(symbols, owner->addr, &symbol))
			snprintf(buf, cap, "%s", symbol.name);
		else
			name_word(owner, snap, symbols, buf, cap);
		return;
	case OWNER_WORD:
		name_word(owner, snap, symbols, buf, cap);
		return;
	case OWNER_MODULE:
		m = symbols ? symbols_module_at(symbols, owner->addr) : NULL;
		snprintf(buf, cap, "%s", m ? m->name : "?");
		return;
	case OWNER_STACK:
	case OWNER_REGISTERS:
	case OWNER_TLS:
	case OWNER_THREAD:
		name_thread(owner, snap, buf, cap);
		return;
	case OWNER_MAPPING:
		name_mapping(owner, snap, buf, cap);
		return;
	case OWNER_CLASS:
		snprintf(buf, cap, "%s", class[owner->class]);
	}
}

void owner_where(const struct owner *owner, struct symbols *symbols, char *buf,
		 size_t cap)
{
	const struct module *m = NULL;
	const char *section;

	buf[0] = '\0';
	if (owner->kind == OWNER_VARIABLE || owner->kind == OWNER_WORD)
		m = symbols ? symbols_module_at(symbols, owner->addr) : NULL;
	if (!m)
		return;
	section = symbols_section(symbols, owner->addr);
	snprintf(buf, cap, "%s%s%s", m->name, section ? " " : "",
		 section ? section : "");
}
