#include "symbols/symbols.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "base/u64map.h"
#include "symbols/debugfile.h"
#include "symbols/dwarf_module.h"
#include "symbols/minidebug.h"
#include "symbols/modules.h"
#include "symbols/symbols_name.h"

struct symbols {
	struct target *target; /* borrowed */
	char *debug_dir;       /* owned */
	char *sysroot;	       /* owned, or NULL */
	bool debuginfod;
	struct modules modules;
	uint64_t low, high; /* of all modules: a quick "no" for the heap */
	struct entry *last; /* asked for last */
	struct type_set *builtin; /* owned, or NULL */
	struct strbuf note;	  /* of symbols_types_note() */
	struct u64map inlined;	  /* by address: see symbols_inlined() */
	struct call_graph *calls; /* owned: see symbols_calls.h; or NULL */
};

static void note_extent(struct symbols *s)
{
	s->last = NULL;
	s->low = s->high = 0;
	if (!s->modules.count)
		return;
	s->low = s->modules.entry[0]->m.start;
	s->high = s->modules.entry[s->modules.count - 1]->m.end;
}

int symbols_open(struct target *target, const struct symbols_opts *opts,
		 struct symbols **out, struct error *err)
{
	struct symbols *s = xcalloc(1, sizeof *s);
	const char *dir = opts ? opts->debug_dir : NULL;

	s->target = target;
	s->debug_dir = xstrdup(dir ? dir : "/usr/lib/debug");
	if (opts && opts->sysroot)
		s->sysroot = xstrdup(opts->sysroot);
	s->debuginfod = opts && opts->debuginfod;
	if (symbols_refresh(s, err)) {
		symbols_close(s);
		return -1;
	}
	*out = s;
	return 0;
}

void symbols_close(struct symbols *s)
{
	if (!s)
		return;
	modules_deinit(&s->modules);
	type_set_destroy(s->builtin);
	strbuf_deinit(&s->note);
	u64map_deinit(&s->inlined);
	call_graph_destroy(s->calls);
	free(s->debug_dir);
	free(s->sysroot);
	free(s);
}

int symbols_refresh(struct symbols *s, struct error *err)
{
	int ret;

	u64map_deinit(&s->inlined);
	call_graph_destroy(s->calls);
	s->calls = NULL;
	ret = modules_scan(&s->modules, s->target, s->sysroot, err);

	for (size_t i = 0; i < s->modules.count; i++)
		if (s->modules.entry[i]->dwarf)
			dwarf_forget_definitions(s->modules.entry[i]->dwarf);
	if (ret) {
		note_extent(s);
		return error_wrap(err, "modules of %d", (int)s->target->pid);
	}
	note_extent(s);
	return 0;
}

struct u64map *symbols_inlined_map(struct symbols *s)
{
	return &s->inlined;
}

struct call_graph **symbols_call_graph(struct symbols *s)
{
	return &s->calls;
}

size_t symbols_module_count(const struct symbols *s)
{
	return s->modules.count;
}

const struct module *symbols_module(const struct symbols *s, size_t i)
{
	return &s->modules.entry[i]->m;
}

static struct entry *entry_at(const struct symbols *s, uint64_t addr)
{
	if (addr < s->low || addr >= s->high)
		return NULL;
	if (s->last && addr >= s->last->m.start && addr < s->last->m.end)
		return s->last;
	return modules_at(&s->modules, addr);
}

const struct module *symbols_module_at(const struct symbols *s, uint64_t addr)
{
	struct entry *e = entry_at(s, addr);

	return e ? &e->m : NULL;
}

const struct module *symbols_exe(const struct symbols *s)
{
	for (size_t i = 0; i < s->modules.count; i++) {
		const struct module *m = &s->modules.entry[i]->m;

		if (!strcmp(m->path, s->target->exe))
			return m;
	}
	return NULL;
}

/* Where the files that the target knows by a path may lie. */
struct roots {
	char proc[40];
	const char *root[3]; /* NULL-terminated */
};

/* Does it see other files than we do under the same names? */
static bool has_own_files(const char *root, pid_t pid)
{
	char there[64], own[2][64], path[40];
	ssize_t n = readlink(root, there, sizeof there), ours, its;

	/* its own root may hold what ours does not */
	if (n > 1 || (n == 1 && there[0] != '/'))
		return true;
	/* and of one in another namespace the kernel says "/", too */
	snprintf(path, sizeof path, "/proc/%d/ns/mnt", (int)pid);
	its = readlink(path, own[0], sizeof own[0]);
	ours = readlink("/proc/self/ns/mnt", own[1], sizeof own[1]);
	return its > 0 && (its != ours || memcmp(own[0], own[1], (size_t)its));
}

static void find_roots(const struct symbols *s, struct roots *r)
{
	*r = (struct roots){.root = {"", NULL, NULL}};
	if (s->sysroot) {
		r->root[0] = s->sysroot;
		r->root[1] = "";
	} else if (s->target->pid) {
		snprintf(r->proc, sizeof r->proc, "/proc/%d/root",
			 (int)s->target->pid);
		if (has_own_files(r->proc, s->target->pid)) {
			r->root[0] = r->proc;
			r->root[1] = "";
		}
	}
}

static void load_mini(struct entry *e, struct strbuf *note)
{
	e->mini_tried = true;
	e->mini = minidebug_open(e->m.elf, note);
}

static void keep_note(struct entry *e, struct strbuf *note)
{
	free((char *)e->m.debug_note);
	e->m.debug_note = xstrdup(strbuf_str(note));
	strbuf_deinit(note);
}

static void find_debug_file(struct symbols *s, struct entry *e)
{
	struct strbuf path = {0}, note = {0};
	struct roots roots;
	struct debugfile_where where = {roots.root, s->debug_dir, e->m.path};

	e->debug_tried = true;
	if (!e->m.elf)
		return;
	find_roots(s, &roots);
	e->debug = debugfile_find(e->m.elf, &where, &path, &note);
	if (!e->debug) /* it has all that the other one has */
		load_mini(e, &note);
	free((char *)e->m.debug_path);
	e->m.debug_path = xstrdup(strbuf_str(&path));
	strbuf_deinit(&path);
	keep_note(e, &note);
}

/* True if it is there now: names are read anew, those given away stay. */
static bool fetch_debug_file(struct symbols *s, struct entry *e)
{
	struct strbuf path = {0}, note = {0};
	struct error err;

	if (!s->debuginfod || e->fetch_tried || e->debug)
		return false;
	strbuf_add(&note, e->m.debug_note);
	/* Asked again if ^C ended it. */
	e->fetch_tried = !debugfile_fetch(e->m.elf, e->m.name, &e->debug, &path,
					  &note, &err);
	keep_note(e, &note);
	if (e->debug) {
		free((char *)e->m.debug_path);
		e->m.debug_path = xstrdup(strbuf_str(&path));
		e->before = e->tab;
		e->tab = (struct symtab){0};
		e->tab_tried = false;
	}
	strbuf_deinit(&path);
	return e->debug != NULL;
}

static struct symtab *table_of(struct symbols *s, struct entry *e)
{
	struct error err;

	if (e->tab_tried)
		return &e->tab;
	e->tab_tried = true;
	if (!e->debug_tried)
		find_debug_file(s, e);
	if (e->m.elf && symtab_build(&e->tab, e->m.elf,
				     e->debug ? e->debug : e->mini, &err))
		log_warn("%s: %s", e->m.path, err.msg);
	return &e->tab;
}

/* What the mapped file itself says. */
static struct symtab *own_table_of(struct symbols *s, struct entry *e)
{
	struct symtab *all = table_of(s, e);
	struct strbuf note = {0};
	struct error err;

	if (!e->debug || !e->m.elf)
		return all;
	if (!e->mini_tried)
		load_mini(e, &note);
	strbuf_deinit(&note);
	if (!e->own_tried && symtab_build(&e->own, e->m.elf, e->mini, &err))
		log_warn("%s: %s", e->m.path, err.msg);
	e->own_tried = true;
	return &e->own;
}

static struct entry *entry_of(struct symbols *s, const struct module *module)
{
	for (size_t i = 0; i < s->modules.count; i++)
		if (&s->modules.entry[i]->m == module)
			return s->modules.entry[i];
	return NULL;
}

void symbols_load(struct symbols *s, const struct module *module)
{
	struct entry *e = entry_of(s, module);

	if (e)
		table_of(s, e);
}

void symbols_find_debug_files(struct symbols *s)
{
	for (size_t i = 0; i < s->modules.count; i++)
		if (!s->modules.entry[i]->debug_tried)
			find_debug_file(s, s->modules.entry[i]);
}

/* The end of the segment that holds a file address; 0 if none does. */
static const struct elf_segment *segment_at(const struct elf *elf,
					    uint64_t addr)
{
	const struct elf_segment *seg;
	size_t n = elf_segments(elf, &seg);

	for (size_t i = 0; i < n; i++)
		if (seg[i].type == 1 /* PT_LOAD */ && addr >= seg[i].vaddr &&
		    addr - seg[i].vaddr < seg[i].memsz)
			return &seg[i];
	return NULL;
}

static void fill(const struct entry *e, struct sym *sym, struct symbol *out)
{
	out->name = sym_name(sym);
	out->raw = sym->raw;
	out->addr = sym->addr + e->m.bias;
	out->size = sym->size;
	out->module = &e->m;
	out->is_object = sym->is_object;
}

static struct dwarf *dwarf_of(struct symbols *s, struct entry *e);

static bool find_at(struct symbols *s, uint64_t addr, bool own,
		    struct symbol *out)
{
	struct entry *e = entry_at(s, addr);
	const struct elf_segment *segment;
	struct sym *sym;
	uint64_t in_file;

	*out = (struct symbol){.name = "", .raw = ""};
	if (!e)
		return false;
	s->last = e;
	if (s->debuginfod && !own)
		dwarf_of(s, e);
	out->module = &e->m;
	out->offset = addr - e->m.start;
	if (!e->m.elf)
		return false;
	in_file = addr - e->m.bias;
	segment = segment_at(e->m.elf, in_file);
	sym = symtab_at(own ? own_table_of(s, e) : table_of(s, e), in_file,
			segment ? segment->vaddr + segment->memsz : 0);
	if (!sym)
		return false;
	fill(e, sym, out);
	out->is_code = segment && segment->flags & PF_X;
	out->offset = in_file - sym->addr;
	return true;
}

static struct dwarf *open_dwarf(struct symbols *s, const struct entry *e,
				const struct elf *elf, const char *path)
{
	struct roots roots;
	struct dwarf_from from = {.elf = elf,
				  .path = path,
				  .module = e->m.path,
				  .roots = roots.root,
				  .debug_dir = s->debug_dir,
				  .word = elf_word(e->m.elf)};

	find_roots(s, &roots);
	return dwarf_open(&from);
}

static struct dwarf *dwarf_of(struct symbols *s, struct entry *e)
{
	if (e->dwarf_tried || !e->m.elf)
		return e->dwarf;
	if (!e->debug_tried)
		find_debug_file(s, e);
	if (e->debug)
		e->dwarf = open_dwarf(s, e, e->debug, e->m.debug_path);
	if (!e->dwarf)
		e->dwarf = open_dwarf(s, e, e->m.elf, e->m.path);
	if ((!e->dwarf || !dwarf_has_units(e->dwarf)) &&
	    fetch_debug_file(s, e)) {
		dwarf_close(e->dwarf);
		e->dwarf = open_dwarf(s, e, e->debug, e->m.debug_path);
	}
	e->dwarf_tried = !s->debuginfod || e->debug || e->fetch_tried ||
			 (e->dwarf && dwarf_has_units(e->dwarf));
	return e->dwarf;
}

void symbols_use_debuginfod(struct symbols *s, bool on)
{
	s->debuginfod = on;
	for (size_t i = 0; on && i < s->modules.count; i++) {
		struct entry *e = s->modules.entry[i];

		e->fetch_tried = false;
		if (e->dwarf && dwarf_has_units(e->dwarf))
			continue;
		dwarf_lines_close(e->lines);
		dwarf_close(e->dwarf);
		e->lines = NULL;
		e->dwarf = NULL;
		e->dwarf_tried = e->lines_tried = false;
	}
}

const char *symbols_missing(const struct symbols *s, size_t i)
{
	const struct entry *e = s->modules.entry[i];

	return e->dwarf ? dwarf_note(e->dwarf) : "";
}

struct dwarf *symbols_dwarf(struct symbols *s, size_t i)
{
	return dwarf_of(s, s->modules.entry[i]);
}

struct strbuf *symbols_note(struct symbols *s)
{
	return &s->note;
}

struct type_set *symbols_builtin(struct symbols *s)
{
	if (!s->builtin)
		s->builtin = type_set_create(s->target->word);
	return s->builtin;
}

static struct dwarf_lines *lines_of(struct symbols *s, struct entry *e)
{
	if (!e->lines_tried) {
		e->lines_tried = true;
		if (dwarf_of(s, e))
			e->lines = dwarf_lines_open(e->dwarf);
	}
	return e->lines;
}

bool symbols_line(struct symbols *s, uint64_t addr, struct line *out)
{
	struct entry *e = entry_at(s, addr);
	struct dwarf_line found;

	if (!e || !e->m.elf || !lines_of(s, e) ||
	    !dwarf_lines_find(e->lines, addr - e->m.bias, &found))
		return false;
	*out = (struct line){.file = found.file,
			     .line = found.line,
			     .start = found.start + e->m.bias,
			     .end = found.end + e->m.bias};
	return true;
}

struct dwarf *symbols_module_dwarf(struct symbols *s,
				   const struct module *module,
				   struct dwarf_lines **lines)
{
	struct entry *e = entry_of(s, module);

	*lines = e ? lines_of(s, e) : NULL;
	return e ? dwarf_of(s, e) : NULL;
}

bool symbols_at(struct symbols *s, uint64_t addr, struct symbol *out)
{
	return find_at(s, addr, false, out);
}

const char *symbols_section(struct symbols *s, uint64_t addr)
{
	struct entry *e = entry_at(s, addr);

	if (!e || !e->m.elf)
		return NULL;
	return elf_section_name(e->m.elf, addr - e->m.bias);
}

static bool format(struct symbols *s, uint64_t addr, bool own, char *buf,
		   size_t cap)
{
	struct symbol sym;
	bool found = find_at(s, addr, own, &sym);
	const char *name = found ? sym.name : NULL;

	if (!found && sym.module)
		name = sym.module->name;
	if (!name) {
		if (cap)
			buf[0] = '\0';
		return false;
	}
	if (found && !sym.offset)
		snprintf(buf, cap, "%s", name);
	else
		snprintf(buf, cap, "%s+0x%lx", name, (unsigned long)sym.offset);
	return true;
}

bool symbols_format(struct symbols *s, uint64_t addr, char *buf, size_t cap)
{
	return format(s, addr, false, buf, cap);
}

bool symbols_format_own(struct symbols *s, uint64_t addr, char *buf, size_t cap)
{
	return format(s, addr, true, buf, cap);
}

struct symtab *symbols_table(struct symbols *s, size_t i)
{
	return table_of(s, s->modules.entry[i]);
}

void symbols_fill(const struct symbols *s, size_t i, struct sym *sym,
		  struct symbol *out)
{
	*out = (struct symbol){0};
	fill(s->modules.entry[i], sym, out);
}
