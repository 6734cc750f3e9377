/*
 * Structs that a program declares and defines nowhere: who hands them out has
 * a struct of another name for them, and casts.  A function in a table of
 * operations that takes a pointer to such a T, and has it in a variable that
 * points to a U as well, says that T is U.  None may say otherwise, and at each
 * place that is reached as a T, what is there must fit a U.
 */
#include <stdlib.h>
#include <string.h>

#include "analysis/typing_fit.h"
#include "analysis/typing_tags.h"
#include "base/alloc.h"
#include "base/progress.h"

enum {
	NESTED_MAX = 8,	      /* structs in a table */
	FUNCTIONS_MAX = 1024, /* with more that take a T, nothing is said */
	CODE_LOOKED = 24,     /* bytes from a function's start */
	LOCALS_MAX = 32,
	REGS = 17,
	STEP = 1 << 10
};

/* What registers hold: no address, and none is another one and a bit. */
#define REGISTER(n) (UINT64_C(0x8e58000000000000) | (uint64_t)(n) << 40)
#define ENTERED(n)  (REGISTER(n) | UINT64_C(1) << 32)

/* A pointer to a function that takes a pointer to an opaque struct. */
struct taker {
	uint64_t offset; /* in the struct that is the table */
	uint32_t opaque; /* node */
};

struct takers {
	struct taker *taker; /* owned */
	size_t count, cap;
};

/* The opaque structs that the parameters of a function are pointers to. */
static int add_takers(struct follow *f, struct takers *all, struct type *type,
		      uint64_t offset, struct error *err)
{
	const struct member *m;
	size_t n = type_members(type, &m);

	for (size_t i = 0; i < n; i++) {
		struct type *t = type_strip(m[i].type);
		uint32_t node;

		if (t->kind != TYPE_POINTER)
			continue;
		if (!node_of(&f->p->nodes, type_target(t), &node, err))
			return -1;
		if (f->p->nodes.node[node].kind != NODE_OPAQUE)
			continue;
		if (GROW(all->taker, all->cap, all->count + 1, "functions",
			 err))
			return -1;
		all->taker[all->count++] = (struct taker){offset, node};
	}
	return 0;
}

static int list_takers(struct follow *f, struct takers *all, struct type *type,
		       uint64_t base, unsigned depth, struct error *err)
{
	const struct member *m;
	size_t n = type_members(type, &m);

	for (size_t i = 0; i < n; i++) {
		struct type *t = type_strip(m[i].type), *function;
		uint64_t offset = base + m[i].offset;
		int ret = 0;

		if (m[i].bit_size)
			continue;
		if (t->kind == TYPE_STRUCT && depth < NESTED_MAX) {
			ret = list_takers(f, all, t, offset, depth + 1, err);
		} else if (t->kind == TYPE_POINTER) {
			function = type_strip(type_target(t));
			if (function->kind == TYPE_FUNCTION)
				ret = add_takers(f, all, function, offset, err);
		}
		if (ret)
			return -1;
	}
	return 0;
}

struct seen_local {
	const char *name;
	uint64_t value;
	uint32_t node; /* that it points to */
	bool parameter;
};

struct seeing { /* a function's variables at one pc */
	struct follow *f;
	struct seen_local local[LOCALS_MAX];
	size_t locals;
	struct error *err;
};

static bool entered(void *ctx, const struct entry_place *at, uint64_t *value)
{
	(void)ctx;
	if (at->parameter || at->on_stack || at->at < 0 || at->at >= REGS)
		return false;
	*value = ENTERED(at->at);
	return true;
}

static int see_local(void *ctx, const struct local *l)
{
	struct seeing *s = ctx;
	struct type *type = type_strip(l->type);
	struct seen_local *seen = &s->local[s->locals];

	if (type->kind != TYPE_POINTER || s->locals == LOCALS_MAX || !l->name ||
	    (l->where.kind != LOCATION_REGISTER &&
	     l->where.kind != LOCATION_VALUE) ||
	    l->where.value < REGISTER(0) || l->where.value > ENTERED(REGS))
		return 0;
	if (!node_of(&s->f->p->nodes, type_target(type), &seen->node, s->err))
		return -1;
	seen->name = l->name;
	seen->value = l->where.value;
	seen->parameter = l->is_parameter && !l->level;
	s->locals++;
	return 0;
}

/* One more that T is said to be: what all of them begin with is certain. */
static void meet(struct follow *f, struct typed_cast *cast, uint32_t node)
{
	struct nodes *nodes = &f->p->nodes;

	if (node == cast->node || cast->differ)
		return;
	if (!cast->node || node_begins(nodes, cast->node, node))
		cast->node = node;
	else if (!node_begins(nodes, node, cast->node))
		cast->differ = true;
}

static void compare(struct seeing *s, struct typed_cast *cast,
		    const struct symbol *function)
{
	struct follow *f = s->f;

	for (size_t i = 0; i < s->locals; i++) {
		const struct seen_local *p = &s->local[i];

		if (!p->parameter || p->node != cast->opaque)
			continue;
		for (size_t k = 0; k < s->locals; k++) {
			const struct seen_local *l = &s->local[k];
			uint32_t before = cast->node;

			if (l->value != p->value ||
			    f->p->nodes.node[l->node].kind != NODE_STRUCT)
				continue;
			meet(f, cast, l->node);
			if (cast->node == before)
				continue;
			free(cast->how);
			cast->how = xasprintf(
				"%s has its parameter %s in %s as well",
				function->name ? function->name : "a function",
				p->name, l->name);
		}
	}
}

static bool read_nothing(void *ctx, uint64_t addr, void *buf, size_t len)
{
	(void)ctx;
	(void)addr;
	(void)buf;
	(void)len;
	return false;
}

static bool is_in(struct follow *f, const struct symbol *function, uint64_t pc)
{
	struct symbol symbol;

	return symbols_at(f->t->symbols, pc, &symbol) &&
	       symbol.addr == function->addr;
}

/* A variable may be there a few instructions after the parameter. */
static int look_at(struct follow *f, struct typed_cast *cast, uint64_t addr,
		   struct error *err)
{
	struct frame_state frame = {.entry = entered,
				    .read = read_nothing,
				    .has_reg = (1u << REGS) - 1};
	struct seeing s = {.f = f, .err = err};
	struct symbol function;

	if (!symbols_at(f->t->symbols, addr, &function))
		return 0;
	for (unsigned i = 0; i < REGS; i++)
		frame.reg[i] = REGISTER(i);
	for (unsigned i = 0; i < CODE_LOOKED; i++) {
		frame.pc = addr + i;
		if (!is_in(f, &function, frame.pc))
			break;
		s.locals = 0;
		if (symbols_local_each(f->t->symbols, &frame, see_local, &s))
			return -1;
		if (nodes_note(&f->p->nodes, err))
			return -1;
		compare(&s, cast, &function);
		cast->differ |= s.locals == LOCALS_MAX;
	}
	return 0;
}

static struct typed_cast *cast_of(struct follow *f, uint32_t opaque)
{
	uint64_t index;

	return u64map_get(&f->p->cast_of, opaque, &index)
		       ? &f->p->cast[index - 1]
		       : NULL;
}

/* The functions of one table. */
static int look_at_table(struct follow *f, const struct takers *all,
			 uint64_t addr, struct u64map *done, struct error *err)
{
	for (size_t i = 0; i < all->count; i++) {
		struct typed_cast *cast = cast_of(f, all->taker[i].opaque);
		uint64_t value, *seen;

		if (!cast || cast->differ ||
		    !follow_word(f, addr + all->taker[i].offset, &value) ||
		    !value)
			continue;
		seen = u64map_at(done, node_mix(value, cast->opaque), err);
		if (!seen)
			return -1;
		if (*seen)
			continue;
		*seen = 1;
		cast->differ |= ++cast->functions > FUNCTIONS_MAX;
		if (look_at(f, cast, value, err))
			return -1;
	}
	return 0;
}

static int look_at_tables(struct follow *f, struct error *err)
{
	struct takers *of = try_calloc(f->p->nodes.count, sizeof(*of),
				       "tables of operations", err);
	size_t n = f->p->nodes.count;
	bool *listed = try_calloc(n, 1, "tables of operations", err);
	struct u64map done = {0};
	int ret = !of || !listed;

	for (size_t i = 0; i < f->p->roots && !ret; i++) {
		const struct typed_root root = f->p->root[i];

		if (i % STEP == 0)
			ret = progress_tick("looking for operations", i,
					    f->p->roots, err);
		if (ret || !root.addr || root.node >= n ||
		    f->p->nodes.node[root.node].kind != NODE_STRUCT)
			continue;
		if (!listed[root.node])
			ret = list_takers(f, &of[root.node],
					  f->p->nodes.node[root.node].type, 0,
					  0, err);
		listed[root.node] = true;
		ret = ret ||
		      look_at_table(f, &of[root.node], root.addr, &done, err);
	}
	for (size_t i = 0; of && i < n; i++)
		free(of[i].taker);
	free(of);
	free(listed);
	u64map_deinit(&done);
	return ret ? -1 : 0;
}

/* *found: it is asked for the first time. */
static int want(struct follow *f, uint32_t node, bool *found, struct error *err)
{
	struct paths *p = f->p;
	uint64_t *index;

	if (p->nodes.node[node].kind != NODE_OPAQUE)
		return 0;
	index = u64map_at(&p->cast_of, node, err);
	if (!index)
		return -1;
	if (*index)
		return 0;
	if (GROW(p->cast, p->cast_cap, p->casts + 1, "opaque types", err))
		return -1;
	p->cast[p->casts++] = (struct typed_cast){.opaque = node};
	*index = p->casts;
	*found = true;
	return 0;
}

static int want_all(struct follow *f, bool *found, struct error *err)
{
	struct paths *p = f->p;

	for (uint32_t i = 0; i < f->snap->chunk_count; i++)
		if (p->node[i] && want(f, p->node[i], found, err))
			return -1;
	for (size_t i = 0; i < p->claims; i++)
		if (want(f, p->claim[i].node, found, err))
			return -1;
	return 0;
}

uint32_t opaque_real(const struct paths *p, uint32_t node)
{
	uint64_t index;

	if (!u64map_get(&p->cast_of, node, &index) || p->cast[index - 1].differ)
		return 0;
	return p->cast[index - 1].node;
}

/* The node that what is there is; 0: it does not fit. */
static uint32_t real_of(struct follow *f, uint32_t opaque, uint32_t chunk,
			uint32_t at)
{
	const struct chunk *c = follow_block(f, chunk);
	struct tag_place place = {.chunk = chunk, .at = at};
	uint32_t node = opaque_real(f->p, opaque);

	if (!node || at + f->p->nodes.node[node].size > c->size ||
	    !fit_plausible(f, node, c->addr + at, c->addr + c->size) ||
	    tag_number_leads(f, &place, node))
		return 0;
	return node;
}

/* The pointer at link leads there. */
static int apply(struct follow *f, uint32_t chunk, uint32_t at, uint32_t opaque,
		 struct typed_link link, struct error *err)
{
	uint32_t node = real_of(f, opaque, chunk, at);

	if (!node || u64map_get(&f->seen, follow_key(f, chunk, node, at), NULL))
		return 0;
	f->found = true;
	f->phase = PHASE_MEMBER;
	f->link = link;
	return follow_pointer(f, follow_block(f, chunk)->addr + at, node, err);
}

/* It was taken for such a one, whatever its size. */
static void forget(struct follow *f, uint32_t chunk)
{
	f->p->node[chunk] = 0;
	f->p->skip[chunk] = 0;
	f->t->type[chunk] = 0;
	f->t->by[chunk] = TYPED_NOT;
}

int follow_opaques(struct follow *f, struct error *err)
{
	struct paths *p = f->p;
	bool found = false;

	if (want_all(f, &found, err) || (found && look_at_tables(f, err)))
		return -1;
	if (!p->casts)
		return 0;
	for (size_t i = 0; i < p->casts; i++)
		if (p->cast[i].node &&
		    node_lay(&p->nodes, p->cast[i].node, err))
			return -1;
	for (uint32_t i = 0; i < f->snap->chunk_count; i++) {
		uint32_t node = p->node[i], at = p->skip[i];

		if (!node || p->nodes.node[node].kind != NODE_OPAQUE ||
		    f->t->by[i] == TYPED_VTABLE || !real_of(f, node, i, at))
			continue;
		forget(f, i);
		if (apply(f, i, at, node, p->link[i], err))
			return -1;
	}
	for (size_t i = 0, n = p->claims; i < n; i++) {
		struct typed_claim c = p->claim[i];

		if (!c.against && p->nodes.node[c.node].kind == NODE_OPAQUE &&
		    apply(f, c.chunk, c.at, c.node, c.link, err))
			return -1;
	}
	return 0;
}
