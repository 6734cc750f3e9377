/*
 * What the dynamic linker lists for debuggers (<link.h>: struct r_debug): the
 * modules of each namespace, in the order in which symbols are looked for.
 * The program's dynamic segment leads there; since glibc 2.35 the list of one
 * namespace leads to the next.
 */
#include <elf.h>

#include "symbols/modules.h"

enum {
	MAX_DYNAMIC = 1024,
	MAX_NAMESPACES = 64,
	MAX_MAPS = 1 << 14,
	/* words of struct r_debug and struct link_map */
	DEBUG_MAP = 1,
	DEBUG_NEXT = 5,
	MAP_LD = 2,
	MAP_NEXT = 3
};

static bool word_at(struct target *t, uint64_t base, unsigned index,
		    uint64_t *out)
{
	struct error err;

	return !target_read_word(t, base + (uint64_t)index * t->word, out,
				 &err);
}

/* What the linker wrote into this dynamic segment; 0 if it is no program's. */
static uint64_t debug_of(struct target *t, const struct module *m)
{
	const struct elf_segment *seg;
	size_t n = m->elf ? elf_segments(m->elf, &seg) : 0;
	uint64_t tag, value;

	for (size_t i = 0; i < n; i++) {
		if (seg[i].type != PT_DYNAMIC)
			continue;
		for (unsigned j = 0; j < MAX_DYNAMIC; j++) {
			uint64_t at = m->bias + seg[i].vaddr;

			if (!word_at(t, at, 2 * j, &tag) || tag == DT_NULL ||
			    !word_at(t, at, 2 * j + 1, &value))
				break;
			if (tag == DT_DEBUG)
				return value;
		}
	}
	return 0;
}

static int note_namespace(struct modules *modules, struct target *t,
			  uint64_t map, int ns, struct error *err)
{
	uint64_t ld;

	for (int i = 0; map && i < MAX_MAPS; i++) {
		struct entry *e;

		if (!word_at(t, map, MAP_LD, &ld))
			break;
		if (!modules_at(modules, ld) &&
		    modules_add_listed(modules, t, ld, err))
			return -1;
		e = modules_at(modules, ld);
		/* The linker itself is in each of them. */
		if (e && e->m.ns < 0) {
			e->m.ns = ns;
			e->m.order = i;
		}
		if (!word_at(t, map, MAP_NEXT, &map))
			break;
	}
	return 0;
}

int link_maps_note(struct modules *modules, struct target *t, struct error *err)
{
	uint64_t debug = 0, map, version;

	for (size_t i = 0; i < modules->count; i++)
		modules->entry[i]->m.ns = modules->entry[i]->m.order = -1;
	for (size_t i = 0; i < modules->count && !debug; i++)
		debug = debug_of(t, &modules->entry[i]->m);
	for (int ns = 0; debug && ns < MAX_NAMESPACES; ns++) {
		if (!word_at(t, debug, DEBUG_MAP, &map))
			break;
		if (note_namespace(modules, t, map, ns, err))
			return -1;
		if (!word_at(t, debug, 0, &version) || (uint32_t)version < 2 ||
		    !word_at(t, debug, DEBUG_NEXT, &debug))
			break;
	}
	return 0;
}
