#include "symbols/modules.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "symbols/module_file.h"

struct scan {
	struct target *target;
	const char *sysroot;
	struct modules *old, *new;
	struct error *err;
};

static void entry_destroy(struct entry *e)
{
	if (!e)
		return;
	dwarf_lines_close(e->lines);
	dwarf_close(e->dwarf);
	symtab_deinit(&e->tab);
	symtab_deinit(&e->before);
	symtab_deinit(&e->own);
	elf_close(e->debug);
	elf_close(e->mini);
	elf_close(e->m.elf);
	free((char *)e->m.path);
	free((char *)e->m.why);
	free((char *)e->m.debug_path);
	free((char *)e->m.debug_note);
	free(e);
}

void modules_deinit(struct modules *modules)
{
	for (size_t i = 0; i < modules->count; i++)
		entry_destroy(modules->entry[i]);
	free(modules->entry);
	*modules = (struct modules){0};
}

struct entry *modules_at(const struct modules *modules, uint64_t addr)
{
	size_t lo = 0, hi = modules->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (modules->entry[mid]->m.start <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo || addr >= modules->entry[lo - 1]->m.end)
		return NULL;
	return modules->entry[lo - 1];
}

static bool same_file(const struct map *a, const struct map *b)
{
	return a->inode == b->inode && a->dev_major == b->dev_major &&
	       a->dev_minor == b->dev_minor && !strcmp(a->path, b->path);
}

static bool is_of(const struct entry *e, const struct map *map)
{
	return e->header == map->start && e->inode == map->inode &&
	       e->dev_major == map->dev_major &&
	       e->dev_minor == map->dev_minor && !strcmp(e->m.path, map->path);
}

/* Could an ELF file's first bytes be mapped here? */
static bool may_start(struct scan *s, const struct map *map)
{
	char magic[SELFMAG];

	if (!(map->prot & MAP_R) || (map->prot & MAP_S) || map->offset)
		return false;
	if (strcmp(map->path, "[vdso]") && map->path[0] != '/')
		return false;
	/* what cannot be read may still be; its file will tell */
	return target_read_some(s->target, map->start, magic, sizeof magic) <
		       sizeof magic ||
	       !memcmp(magic, ELFMAG, SELFMAG);
}

static uint64_t page_down(const struct target *t, uint64_t addr)
{
	return addr & ~(uint64_t)(t->page_size - 1);
}

/* Where the file lies: [lowest, highest) file address, whole pages. */
static bool extent(const struct target *t, const struct elf *elf, uint64_t *lo,
		   uint64_t *hi)
{
	const struct elf_segment *seg;
	size_t n = elf_segments(elf, &seg);

	*lo = UINT64_MAX;
	*hi = 0;
	for (size_t i = 0; i < n; i++) {
		if (seg[i].type != PT_LOAD || !seg[i].memsz)
			continue;
		if (seg[i].vaddr < *lo)
			*lo = page_down(t, seg[i].vaddr);
		if (seg[i].vaddr + seg[i].memsz > *hi)
			*hi = seg[i].vaddr + seg[i].memsz;
	}
	*hi = page_down(t, *hi + t->page_size - 1);
	return *lo < *hi;
}

/*
 * A program may map an ELF file as it maps any other, to read it.  A loaded one
 * has its code executable; one without code has its last segment, writable if
 * that is to be, where the headers say.
 */
static bool is_loaded(const struct scan *s, const struct elf *elf,
		      const struct map *first, uint64_t bias)
{
	const struct elf_segment *seg, *last = NULL;
	size_t n = elf_segments(elf, &seg);
	bool has_code = false;

	for (size_t i = 0; i < n; i++) {
		const struct map *map;

		if (seg[i].type != PT_LOAD || !seg[i].memsz)
			continue;
		last = &seg[i];
		if (!(seg[i].flags & PF_X))
			continue;
		has_code = true;
		map = maps_find(&s->target->maps, bias + seg[i].vaddr);
		if (map && (map->prot & MAP_X))
			return true;
	}
	if (!last || has_code)
		return false;

	uint64_t page = page_down(s->target, bias + last->vaddr);
	const struct map *map = maps_find(&s->target->maps, page);

	if (map && (last->flags & PF_W) && !(map->prot & MAP_W) &&
	    map->offset == 0)
		return false;
	return map && same_file(map, first) &&
	       map->offset + (page - map->start) ==
		       page_down(s->target, last->offset);
}

/* The file could be read neither on disk nor in memory: all we have is maps. */
static void extent_by_maps(const struct scan *s, const struct map *first,
			   struct module *m)
{
	const struct maps *maps = &s->target->maps;
	const struct map *end = maps->map + maps->count;

	m->start = m->bias = first->start;
	m->end = first->end;
	for (const struct map *map = first + 1; map < end; map++) {
		if (!same_file(map, first) || !map->offset)
			break;
		m->end = map->end;
	}
}

static struct entry *entry_create(const struct map *map)
{
	struct entry *e = xcalloc(1, sizeof *e);
	const char *slash = strrchr(map->path, '/');
	size_t len = strlen(map->path), cut = strlen(" (deleted)");

	e->header = map->start;
	e->inode = map->inode;
	e->dev_major = map->dev_major;
	e->dev_minor = map->dev_minor;
	e->m.path = xstrdup(map->path);
	e->m.name = e->m.path + (slash ? slash + 1 - map->path : 0);
	e->m.deleted =
		len > cut && !strcmp(map->path + len - cut, " (deleted)");
	e->m.debug_path = xstrdup("");
	e->m.debug_note = xstrdup("");
	return e;
}

/* A new entry for the file mapped at "map", or NULL if it is no module. */
static struct entry *examine(struct scan *s, const struct map *map)
{
	struct entry *e = entry_create(map);
	uint64_t lo, hi;
	char *why = NULL;

	e->m.elf = module_file_open(s->target, map, s->sysroot,
				    &e->m.overwritten, &why);
	e->m.why = why ? why : xstrdup("");
	if (!e->m.elf) {
		extent_by_maps(s, map, &e->m);
		if (map->prot & MAP_X || e->m.end != map->end)
			return e;
		entry_destroy(e); /* data, as far as one can see */
		return NULL;
	}
	if (!extent(s->target, e->m.elf, &lo, &hi) ||
	    !is_loaded(s, e->m.elf, map, map->start - lo)) {
		entry_destroy(e);
		return NULL;
	}
	e->m.bias = map->start - lo;
	e->m.start = map->start;
	e->m.end = e->m.bias + hi;
	return e;
}

static struct entry *keep_or_examine(struct scan *s, const struct map *map)
{
	for (size_t i = 0; i < s->old->count; i++) {
		struct entry *e = s->old->entry[i];

		if (e && is_of(e, map)) {
			s->old->entry[i] = NULL;
			return e;
		}
	}
	return examine(s, map);
}

static int add(struct scan *s, const struct map *map)
{
	struct modules *new = s->new;
	struct entry *e;

	/* a part of the module before */
	if (new->count && map->start < new->entry[new->count - 1]->m.end)
		return 0;
	if (!may_start(s, map))
		return 0;
	if (GROW(new->entry, new->cap, new->count + 1, "modules", s->err))
		return -1;
	e = keep_or_examine(s, map);
	if (e)
		new->entry[new->count++] = e;
	return 0;
}

/* Its place among the others. */
static int insert(struct modules *modules, struct entry *e, struct error *err)
{
	size_t at = modules->count;

	if (GROW(modules->entry, modules->cap, at + 1, "modules", err))
		return -1;
	for (; at && modules->entry[at - 1]->m.start > e->m.start; at--)
		modules->entry[at] = modules->entry[at - 1];
	modules->entry[at] = e;
	modules->count++;
	return 0;
}

int modules_add_listed(struct modules *modules, struct target *target,
		       uint64_t addr, struct error *err)
{
	const struct maps *maps = &target->maps;
	const struct map *map = maps_find(maps, addr), *first = map;
	struct scan s = {.target = target};
	char magic[SELFMAG];
	struct entry *e;

	if (!map || map->path[0] != '/' || map->prot & MAP_S)
		return 0;
	while (first > maps->map && same_file(first - 1, map))
		first--;
	if (first->offset ||
	    target_read_some(target, first->start, magic, SELFMAG) < SELFMAG ||
	    !memcmp(magic, ELFMAG, SELFMAG))
		return 0;
	e = entry_create(first);
	e->m.overwritten = true;
	e->m.why = xstrdup("its file is no ELF file any more");
	extent_by_maps(&s, first, &e->m);
	if (!insert(modules, e, err))
		return 0;
	entry_destroy(e);
	return -1;
}

int modules_scan(struct modules *modules, struct target *target,
		 const char *sysroot, struct error *err)
{
	struct modules new = {0};
	struct scan s = {target, sysroot, modules, &new, err};
	int ret = 0;

	for (size_t i = 0; i < target->maps.count && !ret; i++)
		ret = add(&s, &target->maps.map[i]);
	modules_deinit(modules);
	if (ret)
		modules_deinit(&new);
	*modules = new;
	if (!ret)
		ret = link_maps_note(modules, target, err);
	return ret;
}
