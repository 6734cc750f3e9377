/*
 * The memory map: every segment, named and cut where NT_FILE says, and what
 * NT_FILE alone knows (gcore leaves out what it does not dump).  Names that the
 * kernel shows in /proc and a core does not have are given only where something
 * in the core proves them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "target/core_impl.h"

#define VSYSCALL UINT64_C(0xffffffffff600000)

struct building {
	struct target *target;
	struct map *map; /* owned */
	size_t count, cap;
	size_t file; /* the first that may end behind where we are */
};

static int add(struct building *b, const struct map *map, struct error *err)
{
	if (map->start >= map->end)
		return 0;
	if (GROW(b->map, b->cap, b->count + 1, "memory map", err))
		return -1;
	b->map[b->count++] = *map;
	return 0;
}

/* What cannot be private memory, by the name that the kernel gives it. */
static bool is_shared(const char *path)
{
	return !strcmp(path, "/dev/zero (deleted)") ||
	       !strncmp(path, "/SYSV", 5);
}

/*
 * Of a mapping that was not dumped nothing says the protection but the program
 * headers of its file; without them it may be read, that is all.
 */
static unsigned prot_by_header(const struct core *core,
			       const struct core_file *f, uint64_t addr)
{
	const struct core_module *m = core_module_of(core, f->path, addr);

	for (size_t i = 0; m && i < m->loads; i++)
		if (addr >= m->load[i].start && addr < m->load[i].end)
			return m->load[i].prot;
	return MAP_R;
}

static int add_file(struct building *b, const struct core_file *f,
		    uint64_t start, uint64_t end, unsigned prot,
		    struct error *err)
{
	struct map map = {
		.start = start,
		.end = end,
		.offset = f->offset + (start - f->start),
		.prot = prot | (is_shared(f->path) ? MAP_S : 0u),
		.path = f->path,
	};

	return add(b, &map, err);
}

/* Files, as far as they go, between two segments. */
static int add_gap(struct building *b, uint64_t start, uint64_t end,
		   struct error *err)
{
	const struct core *core = b->target->impl;

	for (; b->file < core->files; b->file++) {
		const struct core_file *f = &core->file[b->file];
		uint64_t from = f->start > start ? f->start : start;
		uint64_t to = f->end < end ? f->end : end;

		if (f->start >= end)
			return 0;
		if (from < to && add_file(b, f, from, to,
					  prot_by_header(core, f, from), err))
			return -1;
		if (f->end > end)
			return 0;
	}
	return 0;
}

static int add_segment(struct building *b, const struct core_segment *s,
		       struct error *err)
{
	const struct core *core = b->target->impl;
	struct map rest = {.start = s->start, .prot = s->prot, .path = ""};

	for (; b->file < core->files; b->file++) {
		const struct core_file *f = &core->file[b->file];
		uint64_t from = f->start > s->start ? f->start : s->start;
		uint64_t to = f->end < s->end ? f->end : s->end;

		if (f->start >= s->end)
			break;
		rest.end = from;
		if (add(b, &rest, err) ||
		    (from < to && add_file(b, f, from, to, s->prot, err)))
			return -1;
		rest.start = to;
		if (f->end > s->end)
			break;
	}
	rest.end = s->end;
	return add(b, &rest, err);
}

static void name(struct target *target, uint64_t addr, const char *as)
{
	const struct map *map = addr ? maps_find(&target->maps, addr) : NULL;

	if (map && !map->path[0])
		target->maps.map[map - target->maps.map].path = as;
}

/* The strings that the kernel puts on top of the stack, before the program
 * runs; the page that it tells the address of; the one that never moves. */
static void give_names(struct target *target)
{
	const struct core *core = target->impl;
	const struct map *map;

	name(target, core->execfn ? core->execfn : core->random, "[stack]");
	map = maps_find(&target->maps, core->sysinfo);
	if (core->sysinfo && map && map->start == core->sysinfo)
		name(target, core->sysinfo, "[vdso]");
	if (target->word == 8)
		name(target, VSYSCALL, "[vsyscall]");
}

int core_build_maps(struct target *target, struct error *err)
{
	const struct core *core = target->impl;
	struct building b = {.target = target};
	struct maps maps = {0};
	uint64_t end = 0;
	int ret = 0;

	for (size_t i = 0; i < core->segments && !ret; i++) {
		const struct core_segment *s = &core->segment[i];

		ret = add_gap(&b, end, s->start, err) ||
		      add_segment(&b, s, err);
		end = s->end;
	}
	if (ret || add_gap(&b, end, UINT64_MAX, err)) {
		free(b.map);
		return -1;
	}
	target->maps.map = b.map;
	target->maps.count = b.count;
	give_names(target);
	/* So that the map owns its names, as any other. */
	ret = maps_copy(&target->maps, &maps, err);
	free(b.map);
	target->maps = maps;
	return ret;
}
