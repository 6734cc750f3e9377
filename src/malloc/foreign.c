#include "malloc/foreign.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "base/fmt.h"
#include "malloc/foreign_kind.h"
#include "symbols/symbols.h"
#include "target/target.h"

enum { MAX_MATCHES = 16 };

struct search {
	struct target *target;
	struct symbols *symbols;
	const struct module *exe;    /* or NULL */
	const struct module *malloc; /* whose malloc the program's is; NULL */
	struct foreign_allocator *out;
	size_t cap, count;
};

/* The functions of a program's own .symtab that tell of an allocator. */
struct inside {
	const struct foreign_kind *kind;
	const char *function;
	bool malloc, glibc;
};

static int note_symbol(void *ctx, const struct elf_symbol *symbol)
{
	struct inside *in = ctx;

	if (!symbol->defined || !symbol->name)
		return 0;
	in->malloc |= !strcmp(symbol->name, "malloc");
	in->glibc |= !strcmp(symbol->name, "_int_malloc");
	for (size_t i = 0; !in->kind && foreign_kinds[i].name; i++)
		for (size_t j = 0; foreign_kinds[i].function[j]; j++)
			if (!strcmp(symbol->name,
				    foreign_kinds[i].function[j])) {
				in->kind = &foreign_kinds[i];
				in->function = in->kind->function[j];
			}
	return 0;
}

/* glibc's own, also its checking malloc: these are walked. */
static bool is_glibc(const struct module *m)
{
	struct elf_symbol symbol;

	return (elf_dynsym(m->elf, "__libc_start_main", &symbol) &&
		elf_dynsym(m->elf, "malloc_trim", &symbol)) ||
	       !strncmp(m->name, "libc_malloc_debug.", 18);
}

/* The first in the program's order of search that has a malloc. */
static const struct module *find_malloc(const struct search *s)
{
	const struct module *best = NULL;
	struct elf_symbol symbol;

	for (size_t i = 0; i < symbols_module_count(s->symbols); i++) {
		const struct module *m = symbols_module(s->symbols, i);

		if (m->elf && m->ns == 0 && (!best || m->order < best->order) &&
		    elf_dynsym(m->elf, "malloc", &symbol) &&
		    symbol.type == STT_FUNC)
			best = m;
	}
	return best;
}

struct import {
	const struct foreign_kind *kind;
	const struct module *from;
	bool found;
};

static int note_import(void *ctx, const struct elf_symbol *symbol)
{
	struct import *import = ctx;
	struct elf_symbol there;

	if (symbol->defined || !symbol->name)
		return 0;
	for (size_t i = 0; import->kind->prefix[i]; i++)
		if (!strncmp(symbol->name, import->kind->prefix[i],
			     strlen(import->kind->prefix[i])) &&
		    elf_dynsym(import->from->elf, symbol->name, &there))
			import->found = true;
	return import->found;
}

/* A module that is linked to functions which only this allocator has. */
static const struct module *find_user(const struct search *s,
				      const struct foreign_kind *kind,
				      const struct module *from)
{
	struct import import = {.kind = kind, .from = from};

	for (size_t i = 0; from->elf && i < symbols_module_count(s->symbols);
	     i++) {
		const struct module *m = symbols_module(s->symbols, i);

		if (m->elf && m != from) {
			elf_each_dynsym(m->elf, note_import, &import);
			if (import.found)
				return m;
		}
	}
	return NULL;
}

static void add(struct search *s, const struct foreign_allocator *f)
{
	size_t at = s->count;

	/* The program's malloc goes first. */
	if (f->role == FOREIGN_MALLOC)
		at = 0;
	for (size_t i = s->count; i > at; i--)
		if (i < s->cap)
			s->out[i] = s->out[i - 1];
	if (at < s->cap)
		s->out[at] = *f;
	s->count++;
}

/* A heap may be an array of the module's own. */
static void set_module(struct foreign_allocator *f, const struct module *m)
{
	const struct elf_segment *segment;
	size_t n = m->elf ? elf_segments(m->elf, &segment) : 0;

	snprintf(f->module, sizeof f->module, "%.79s", m->name);
	for (size_t i = 0; i < n; i++)
		if (segment[i].type == PT_LOAD && segment[i].flags & PF_W)
			f->data_bytes += segment[i].memsz;
}

static void found(struct search *s, const struct foreign_kind *kind,
		  const struct module *m, const char *function, bool inside)
{
	struct foreign_allocator f = {.name = kind->name,
				      .advice = kind->advice};
	const struct module *user = find_user(s, kind, m);

	f.role = m == s->malloc	  ? FOREIGN_MALLOC
		 : inside || user ? FOREIGN_CALLED
				  : FOREIGN_MAPPED;
	foreign_version(kind, m, f.version, sizeof f.version);
	set_module(&f, m);
	if (!function && user)
		snprintf(f.evidence, sizeof f.evidence,
			 "%.80s is mapped, %.50s uses it", m->name, user->name);
	else if (!function)
		snprintf(f.evidence, sizeof f.evidence, "%.140s is mapped",
			 m->name);
	else if (user)
		snprintf(f.evidence, sizeof f.evidence,
			 "%.60s has %.30s, %.50s uses it", m->name, function,
			 user->name);
	else
		snprintf(f.evidence, sizeof f.evidence, "%.100s has %s",
			 m->name, function);
	add(s, &f);
}

/* By the name of the library, or a function that it exports. */
static bool find_kind(struct search *s, const struct foreign_kind *kind)
{
	for (size_t i = 0; i < symbols_module_count(s->symbols); i++) {
		const struct module *m = symbols_module(s->symbols, i);
		struct elf_symbol symbol;

		if (kind->library &&
		    !strncmp(m->name, kind->library, strlen(kind->library))) {
			found(s, kind, m, NULL, false);
			return true;
		}
		for (size_t j = 0; m->elf && kind->function[j]; j++)
			if (elf_dynsym(m->elf, kind->function[j], &symbol)) {
				found(s, kind, m, kind->function[j],
				      m == s->exe);
				return true;
			}
	}
	return false;
}

/* Not exported, or stripped: what the file of the program has inside. */
static bool find_inside(struct search *s, const struct inside *in,
			bool *is_known)
{
	const struct foreign_kind *kind;
	struct foreign_allocator f = {0};
	const struct module *m =
		s->malloc && !is_glibc(s->malloc) ? s->malloc : s->exe;
	const char *text;
	bool sure;

	if (in->kind) {
		found(s, in->kind, s->exe, in->function, true);
		return true;
	}
	kind = m && m->elf ? foreign_by_text(m, &text, &sure) : NULL;
	if (!kind)
		return false;
	f.name = kind->name;
	f.advice = kind->advice;
	f.probably = !sure;
	/* A program that has it inside and no malloc for others has it as its
	 * own if there is no other. */
	f.role = m == s->malloc || !s->malloc ? FOREIGN_MALLOC : FOREIGN_CALLED;
	foreign_version(kind, m, f.version, sizeof f.version);
	set_module(&f, m);
	snprintf(f.evidence, sizeof f.evidence, "%.100s has the text \"%.40s\"",
		 m->name, text);
	add(s, &f);
	*is_known |= f.role == FOREIGN_MALLOC;
	return true;
}

static void add_unknown(struct search *s)
{
	struct foreign_allocator f = {
		.name = "", .advice = "", .role = FOREIGN_MALLOC};

	set_module(&f, s->malloc);
	snprintf(f.evidence, sizeof f.evidence,
		 "%.100s is the first that exports malloc", s->malloc->name);
	add(s, &f);
}

static bool program_malloc_is_known(const struct search *s)
{
	for (size_t i = 0; i < s->count && i < s->cap; i++)
		if (s->out[i].role == FOREIGN_MALLOC)
			return true;
	return false;
}

size_t foreign_find(struct target *target, struct symbols *symbols,
		    struct foreign_allocator *out, size_t cap)
{
	struct foreign_allocator list[MAX_MATCHES];
	struct search s = {.target = target,
			   .symbols = symbols,
			   .exe = symbols_exe(symbols),
			   .out = list,
			   .cap = MAX_MATCHES};
	struct inside in = {0};
	bool any = false, known = false;

	s.malloc = find_malloc(&s);
	if (s.exe && s.exe->elf)
		elf_each_symtab(s.exe->elf, note_symbol, &in);
	if (!s.malloc && in.malloc)
		s.malloc = s.exe;
	for (size_t i = 0; foreign_kinds[i].name; i++)
		any |= find_kind(&s, &foreign_kinds[i]);
	known = program_malloc_is_known(&s);
	if (!any)
		find_inside(&s, &in, &known);
	known |= program_malloc_is_known(&s);
	if (!known && s.malloc && s.malloc->elf && !is_glibc(s.malloc) &&
	    !(s.malloc == s.exe && in.glibc))
		add_unknown(&s);
	for (size_t i = 0; i < s.count && i < cap && i < MAX_MATCHES; i++)
		out[i] = list[i];
	return s.count;
}

void foreign_name(const struct foreign_allocator *f, char *buf, size_t cap)
{
	if (!*f->name)
		snprintf(buf, cap, "the malloc of %s", f->module);
	else if (strlen(f->version))
		snprintf(buf, cap, "%s%s %s", f->probably ? "probably " : "",
			 f->name, f->version);
	else
		snprintf(buf, cap, "%s%s", f->probably ? "probably " : "",
			 f->name);
}

void foreign_data(const struct foreign_allocator *f, char *buf, size_t cap)
{
	char bytes[FMT_MAX];

	fmt_bytes(bytes, sizeof bytes, f->data_bytes, false);
	*buf = '\0';
	if (!*f->name && f->data_bytes)
		snprintf(buf, cap, ", or in %s of data of %s", bytes,
			 f->module);
}
