/* Where chains begin: variables, locals of frames, objects of known classes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/typing_follow.h"
#include "base/alloc.h"
#include "snapshot/place.h"

enum { ELF_TLS = 7 }; /* PT_TLS */

struct over {
	struct follow *f;
	const struct frame_state *frame;
	uint32_t thread;
	struct error *err;
};

static int add_root(struct follow *f, char *name, uint64_t addr, uint32_t node,
		    struct error *err)
{
	struct paths *p = f->p;

	if (GROW(p->root, p->root_cap, p->roots + 1, "variables", err)) {
		free(name);
		return -1;
	}
	f->link = (struct typed_link){.from = FROM_ROOT | (uint32_t)p->roots};
	p->root[p->roots++] =
		(struct typed_root){.name = name, .addr = addr, .node = node};
	return 0;
}

/* An array is followed as one: elements that are structs, or pointers. */
static int follow_variable(struct follow *f, struct type *type, uint64_t addr,
			   char *name, struct error *err)
{
	uint64_t count = 1, size;
	uint32_t node;

	type = type_strip(type);
	while (type->kind == TYPE_ARRAY) {
		count *= type->has_count ? type->count : 0;
		type = type_strip(type_target(type));
	}
	size = type_size(type);
	if (!count || !size || type->kind < TYPE_POINTER) {
		free(name);
		return 0;
	}
	if (!node_of(&f->p->nodes, type, &node, err) ||
	    add_root(f, name, addr, node, err))
		return -1;
	f->p->root[f->p->roots - 1].end = addr + count * size;
	if (!node)
		return 0;
	for (uint64_t i = 0; i < count; i++)
		if (follow_object(f, node, addr + i * size,
				  addr + (i + 1) * size, i * size, err))
			return -1;
	return 0;
}

/*
 * The program's thread-local block of a thread, below its pointer (variant II,
 * as glibc's _dl_determine_tlsoffset() lays out the first module).
 */
static bool tls_block(const struct follow *f, const struct module *m,
		      const struct snapshot_thread *t, uint64_t *out)
{
	const struct elf_segment *seg;
	size_t n = m->elf ? elf_segments(m->elf, &seg) : 0;

	if (m != symbols_exe(f->t->symbols) || !t->thread.has_regs)
		return false;
	for (size_t i = 0; i < n; i++) {
		uint64_t mask = seg[i].align ? seg[i].align - 1 : 0;
		uint64_t first = -seg[i].vaddr & mask;

		if (seg[i].type != ELF_TLS)
			continue;
		*out = thread_regs_tp(&t->thread.regs) - first -
		       ((seg[i].memsz - first + mask) & ~mask);
		return true;
	}
	return false;
}

static int global(void *ctx, const struct global *g)
{
	struct over *o = ctx;
	const char *in = g->function ? g->function : "";
	bool program = g->module == symbols_exe(o->f->t->symbols);
	uint64_t block;

	if (g->thread_local != (o->f->phase == PHASE_LOCAL))
		return 0;
	if (!g->thread_local)
		return follow_variable(o->f, g->type, g->addr,
				       xasprintf("%s%s%s%s%s",
						 program ? "" : g->module->name,
						 program ? "" : ":", in,
						 *in ? "::" : "", g->name),
				       o->err);
	for (uint32_t i = 0; i < o->f->snap->thread_count; i++) {
		const struct snapshot_thread *t = &o->f->snap->thread[i];

		if (tls_block(o->f, g->module, t, &block) &&
		    follow_variable(o->f, g->type, block + g->addr,
				    xasprintf("%s%s%s (thread %d)", in,
					      *in ? "::" : "", g->name,
					      (int)t->thread.tid),
				    o->err))
			return -1;
	}
	return 0;
}

/* What libc itself has on the heap is little beside the debug information that
 * would be read for it. */
bool follow_module(const struct follow *f, const struct module *m)
{
	if (m == symbols_exe(f->t->symbols))
		return true;
	for (uint32_t i = 0; i < f->snap->copy_count; i++) {
		uint32_t arena = f->snap->copy[i].malloc.arena;
		uint64_t addr = f->snap->arena[arena].addr;

		if (addr >= m->start && addr < m->end)
			return false;
	}
	return true;
}

int follow_globals(struct follow *f, struct error *err)
{
	struct over o = {.f = f, .err = err};

	for (size_t i = 0; i < symbols_module_count(f->t->symbols); i++) {
		const struct module *m = symbols_module(f->t->symbols, i);

		if (follow_module(f, m) &&
		    symbols_global_each(f->t->symbols, m, global, &o, err))
			return -1;
	}
	return 0;
}

static int local_value(struct over *o, const struct local *l, char *name)
{
	struct type *type = type_strip(l->type);
	uint64_t value = 0;
	uint32_t node = 0;

	if (type->kind != TYPE_POINTER ||
	    !location_read(&l->where, o->frame, &value, o->f->snap->word) ||
	    !value) {
		free(name);
		return 0;
	}
	if (!node_of(&o->f->p->nodes, type, &node, o->err) ||
	    add_root(o->f, name, 0, node, o->err) ||
	    node_lay(&o->f->p->nodes, node, o->err))
		return -1;
	return follow_pointer(o->f, value, o->f->p->nodes.node[node].slot->node,
			      o->err);
}

static int local(void *ctx, const struct local *l)
{
	struct over *o = ctx;
	char *name;
	int ret;

	if (l->where.kind == LOCATION_NONE || !l->name)
		return 0;
	name = xasprintf("%s::%s (thread %d)", l->function ? l->function : "?",
			 l->name,
			 (int)o->f->snap->thread[o->thread].thread.tid);
	o->f->parameter = l->is_parameter && !l->level;
	if (l->where.kind == LOCATION_MEMORY)
		ret = follow_variable(o->f, l->type, l->where.addr, name,
				      o->err);
	else
		ret = local_value(o, l, name);
	o->f->parameter = false;
	return ret;
}

static bool read_memory(void *ctx, uint64_t addr, void *buf, size_t len)
{
	const struct snapshot *snap = ctx;

	return target_read_some(snap->memory, addr, buf, len) == len;
}

static int follow_frames(struct follow *f, uint32_t thread, struct error *err)
{
	const struct snapshot_thread *t = &f->snap->thread[thread];

	for (uint32_t i = 0; i < t->frame_count; i++) {
		struct frame_state state = {.pc = frame_lookup(&t->frame[i]),
					    .cfa = t->frame[i].cfa,
					    .read = read_memory,
					    .ctx = (void *)f->snap};
		struct over o = {f, &state, thread, err};

		if (t->frame[i].guess)
			break;
		if (!i) {
			memcpy(state.reg, t->thread.regs.r, sizeof(state.reg));
			state.has_reg = (1u << REG_COUNT_) - 1;
		} else {
			state.reg[REG_RSP_] = t->frame[i].sp;
			state.has_reg = 1u << REG_RSP_;
		}
		if (symbols_local_each(f->t->symbols, &state, local, &o))
			return -1;
	}
	return 0;
}

int follow_locals(struct follow *f, struct error *err)
{
	/* Thread-local ones: nothing proves where the block begins. */
	if (follow_globals(f, err))
		return -1;
	for (uint32_t i = 0; i < f->snap->thread_count; i++)
		if (f->snap->thread[i].thread.has_regs &&
		    follow_frames(f, i, err))
			return -1;
	return 0;
}

int follow_classes(struct follow *f, struct error *err)
{
	/* A name of typing -> its node + 1. */
	struct u64map known = {0};
	int ret = 0;

	for (uint32_t i = 0; i < f->snap->chunk_count && !ret; i++) {
		uint64_t *slot;
		struct type *type;
		struct error none;

		if (f->t->by[i] != TYPED_VTABLE)
			continue;
		slot = u64map_at(&known, f->t->type[i], err);
		ret = slot ? 0 : -1;
		if (slot && !*slot) {
			uint32_t node = 0;

			if (!symbols_type_find(f->t->symbols,
					       typing_name(f->t, i), &type,
					       &none) &&
			    !node_of(&f->p->nodes, type, &node, err))
				ret = -1;
			*slot = (uint64_t)node + 1;
		}
		if (!ret && *slot > 1)
			ret = follow_class(f, i, (uint32_t)*slot - 1, err);
	}
	u64map_deinit(&known);
	return ret;
}
