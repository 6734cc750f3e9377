#include "symbols/symbols_calls.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/u64map.h"
#include "symbols/dwarf_module.h"
#include "symbols/symbols_name.h"

/* Beyond these nobody is sure: it is not known then. */
enum { STEPS = 1024, DEPTH = 64, REACHED = 256 };

/* A function and the tail calls in it. */
struct caller {
	uint64_t entry;		/* of the process */
	struct call_site *site; /* owned */
	size_t count, cap;
	bool known; /* else some of its calls, or all, are not */
	bool asked; /* repeats is set */
	bool repeats;
};

struct way {
	uint64_t ret, at; /* at: the pc that was asked for */
	uint64_t pc[TAIL_CALLS_MAX];
	size_t count, next; /* index plus one of one with the same ret; 0 */
};

/* Of a process as long as its modules are the same. */
struct call_graph {
	struct caller **caller; /* owned, each too */
	size_t callers, caller_cap;
	struct u64map by_entry; /* index of caller */
	struct way *way;	/* owned */
	size_t ways, way_cap;
	struct u64map by_ret; /* index of way plus one */
};

void call_graph_destroy(struct call_graph *g)
{
	if (!g)
		return;
	for (size_t i = 0; i < g->callers; i++) {
		free(g->caller[i]->site);
		free(g->caller[i]);
	}
	free(g->caller);
	free(g->way);
	u64map_deinit(&g->by_entry);
	u64map_deinit(&g->by_ret);
	free(g);
}

static struct call_graph *graph_of(struct symbols *s)
{
	struct call_graph **g = symbols_call_graph(s);

	if (!*g)
		*g = xcalloc(1, sizeof **g);
	return *g;
}

static bool function_named(struct symbols *s, size_t i, const char *name,
			   uint64_t *addr)
{
	struct sym *sym = symtab_find(symbols_table(s, i), name, false);

	if (sym && !sym->is_object)
		*addr = sym->addr + symbols_module(s, i)->bias;
	return sym && !sym->is_object;
}

/* Its own module's, or the one that the program would find. */
static uint64_t find_function(struct symbols *s, const struct module *module,
			      const char *name)
{
	uint64_t addr = 0;

	for (size_t i = 0; i < symbols_module_count(s); i++)
		if (symbols_module(s, i) == module &&
		    function_named(s, i, name, &addr))
			return addr;
	for (size_t i = 0; i < symbols_module_count(s); i++)
		if (function_named(s, symbols_nth(s, i), name, &addr))
			return addr;
	return 0;
}

struct listing {
	struct symbols *s;
	const struct module *module;
	struct caller *caller;
};

static bool add_site(void *ctx, const struct call_site *site)
{
	struct listing *l = ctx;
	struct caller *c = l->caller;
	struct error err;

	if (GROW(c->site, c->cap, c->count + 1, "tail calls", &err)) {
		c->known = false;
		return false;
	}
	c->site[c->count] = *site;
	if (!site->target && site->name)
		c->site[c->count].target =
			find_function(l->s, l->module, site->name);
	/* One that may lead anywhere. */
	if (!site->ret || !c->site[c->count].target)
		c->known = false;
	c->count++;
	return c->known;
}

static const struct module *described(struct symbols *s, uint64_t pc,
				      struct dwarf **dwarf)
{
	const struct module *m = symbols_module_at(s, pc);

	*dwarf = m ? symbols_types_of(s, m) : NULL;
	return *dwarf ? m : NULL;
}

/* NULL: no memory. */
static struct caller *caller_at(struct symbols *s, uint64_t entry)
{
	struct call_graph *g = graph_of(s);
	struct listing l = {.s = s};
	struct dwarf *dwarf;
	struct caller *c;
	struct error err;
	uint64_t i;

	if (u64map_get(&g->by_entry, entry, &i))
		return g->caller[i];
	if (GROW(g->caller, g->caller_cap, g->callers + 1, "calls", &err) ||
	    u64map_put(&g->by_entry, entry, g->callers, &err))
		return NULL;
	c = xcalloc(1, sizeof *c);
	g->caller[g->callers++] = c;
	c->entry = entry;
	c->known = true;
	l.caller = c;
	l.module = described(s, entry, &dwarf);
	if (!l.module ||
	    !dwarf_each_tail_call(dwarf, l.module, entry, add_site, &l))
		c->known = false;
	return c;
}

static uint64_t entry_at(struct symbols *s, uint64_t pc)
{
	struct dwarf *dwarf;
	const struct module *m = described(s, pc, &dwarf);
	uint64_t entry = m ? dwarf_function_entry(dwarf, pc - m->bias) : 0;

	return entry ? entry + m->bias : 0;
}

/* --- Which tail calls lead from a function to another one? */

struct search {
	struct symbols *s;
	uint64_t wanted;
	unsigned steps;
	const struct call_site *at[DEPTH]; /* where the search is */
	size_t depth;
	/* Found so far: the first one, of which so many calls from either end
	 * are in all others, too. */
	bool found;
	uint64_t way[DEPTH];
	size_t length, outer, inner;
};

static void take_way(struct search *w)
{
	size_t n = w->depth, same = 0;

	if (!w->found) {
		w->found = true;
		w->length = w->outer = w->inner = n;
		for (size_t i = 0; i < n; i++)
			w->way[i] = w->at[i]->ret;
		return;
	}
	while (same < n && same < w->outer && w->way[same] == w->at[same]->ret)
		same++;
	w->outer = same;
	for (same = 0; same < n && same < w->inner &&
		       w->way[w->length - 1 - same] == w->at[n - 1 - same]->ret;
	     same++)
		;
	w->inner = same;
}

static bool is_on_way(const struct search *w, uint64_t ret)
{
	for (size_t i = 0; i < w->depth; i++)
		if (w->at[i]->ret == ret)
			return true;
	return false;
}

/* False: there is something on the way that is not known. */
static bool seek(struct search *w, uint64_t entry)
{
	const struct caller *c;

	if (entry == w->wanted) {
		take_way(w);
		return true;
	}
	c = caller_at(w->s, entry);
	if (!c || !c->known || w->depth == DEPTH || w->steps++ == STEPS)
		return false;
	for (size_t i = 0; i < c->count; i++) {
		bool known;

		if (is_on_way(w, c->site[i].ret))
			continue;
		w->at[w->depth++] = &c->site[i];
		known = seek(w, c->site[i].target);
		w->depth--;
		if (!known)
			return false;
	}
	return true;
}

/* What is certain of it, the innermost first. */
static void tell_way(const struct search *w, struct way *out)
{
	size_t outer = w->inner == w->length ? 0 : w->outer;

	if (!w->found || w->inner + outer > TAIL_CALLS_MAX)
		return;
	for (size_t i = 0; i < w->inner; i++)
		out->pc[out->count++] = w->way[w->length - 1 - i];
	for (size_t i = outer; i-- > 0;)
		out->pc[out->count++] = w->way[i];
}

static bool names_at(struct symbols *s, uint64_t pc, struct call *out)
{
	struct dwarf *dwarf;
	const struct module *m = described(s, pc, &dwarf);
	struct inlined function;
	uint64_t unit;

	if (!m || !dwarf_inlined_at(dwarf, pc - m->bias, &function, 1, &unit))
		return false;
	out->name = function.name;
	out->linkage_name = function.linkage_name;
	return true;
}

/* Where the call leads that returns to ret; 0: that is not known.  from: who is
 * asked about, its caller's frame where that is known. */
static uint64_t target_of(struct symbols *s, uint64_t pc, struct call *from)
{
	struct dwarf *dwarf;
	const struct module *m = described(s, from->ret - 1, &dwarf);
	struct call_site site;

	if (!m || !from->callee || !names_at(s, pc, from) ||
	    !dwarf_call_site(dwarf, m, from, &site))
		return 0;
	return site.target || !site.name ? site.target
					 : find_function(s, m, site.name);
}

static void find_way(struct symbols *s, struct way *out)
{
	struct call from = {.ret = out->ret, .callee = entry_at(s, out->at)};
	struct search w = {.s = s, .wanted = from.callee};
	uint64_t target = target_of(s, out->at, &from);

	if (target && seek(&w, target))
		tell_way(&w, out);
}

size_t symbols_tail_calls(struct symbols *s, uint64_t ret, uint64_t pc,
			  uint64_t out[TAIL_CALLS_MAX])
{
	struct call_graph *g = graph_of(s);
	struct way way = {.ret = ret, .at = pc};
	uint64_t first = 0;
	struct error err;

	u64map_get(&g->by_ret, ret, &first);
	for (size_t i = first; i; i = g->way[i - 1].next) {
		if (g->way[i - 1].at != pc)
			continue;
		way = g->way[i - 1];
		memcpy(out, way.pc, sizeof way.pc);
		return way.count;
	}
	find_way(s, &way);
	way.next = first;
	/* Without memory for it the next one asks again: no harm. */
	if (GROW(g->way, g->way_cap, g->ways + 1, "tail calls", &err) ||
	    u64map_put(&g->by_ret, ret, g->ways + 1, &err))
		log_info("tail calls: %s", err.msg);
	else
		g->way[g->ways++] = way;
	memcpy(out, way.pc, sizeof way.pc);
	return way.count;
}

/* --- May a function have called itself by tail calls? */

static bool reaches(struct symbols *s, const struct caller *self)
{
	const struct caller *reached[REACHED] = {self};
	size_t count = 1;

	for (size_t i = 0; i < count; i++) {
		if (!reached[i]->known)
			return true; /* nobody knows */
		for (size_t k = 0; k < reached[i]->count; k++) {
			uint64_t target = reached[i]->site[k].target;
			size_t at = 0;

			if (target == self->entry)
				return true;
			while (at < count && reached[at]->entry != target)
				at++;
			if (at < count)
				continue;
			if (count == REACHED)
				return true;
			reached[count] = caller_at(s, target);
			if (!reached[count++])
				return true;
		}
	}
	return false;
}

static bool may_repeat(struct symbols *s, uint64_t entry)
{
	struct caller *c = caller_at(s, entry);

	if (!c)
		return true;
	if (!c->asked)
		c->repeats = reaches(s, c);
	c->asked = true;
	return c->repeats;
}

bool symbols_entry_value(struct symbols *s, const struct frame_state *caller,
			 uint64_t ret, uint64_t pc,
			 const struct entry_place *at, uint64_t *value)
{
	struct call from = {
		.caller = caller, .ret = ret, .callee = entry_at(s, pc)};
	struct dwarf *dwarf;
	const struct module *m = described(s, ret - 1, &dwarf);

	return m && from.callee && target_of(s, pc, &from) == from.callee &&
	       !may_repeat(s, from.callee) &&
	       dwarf_call_value(dwarf, m, &from, at, value);
}
