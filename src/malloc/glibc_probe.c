/*
 * Is glibc's malloc in the target, and where?  Several methods that know
 * nothing of each other are asked (GLIBC.md 8); all must name the same place.
 * Runs while the target runs.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "malloc/glibc.h"
#include "symbols/elf.h"
#include "symbols/symbols.h"

enum {
	MAX_RODATA = 16 << 20,
	AHEAD_BYTES = 4 << 20,
	ELF_LOAD = 1,
	ELF_WRITE = 2
};

struct evidence {
	struct finding file_arena, file_params;
	struct finding code, trim, code_params;
	struct finding memory_arena, memory_params;
	struct finding symbol_arena, symbol_params;
};

/* Which of two functions names the arena: mallinfo2 calls no other. */
static const char *info_function(const struct module *module)
{
	struct elf_symbol symbol;

	return elf_dynsym(module->elf, "mallinfo2", &symbol) ? "mallinfo2"
							     : "mallinfo";
}

static int is_named(void *ctx, const struct elf_symbol *symbol)
{
	(void)ctx;
	return symbol->defined && *symbol->name;
}

/* A core file seldom has more of a library than its headers and its data, and
 * no names: then the data must tell. */
static bool is_nameless(const struct elf *elf)
{
	return elf_is_memory(elf) && !elf_each_dynsym(elf, is_named, NULL);
}

static bool is_candidate(const struct target *target,
			 const struct module *module)
{
	struct elf_symbol symbol;

	return module->elf && elf_word(module->elf) == target->word &&
	       (elf_dynsym(module->elf, "malloc_trim", &symbol) ||
		elf_dynsym(module->elf, "mallinfo", &symbol) ||
		elf_is_static(module->elf) || is_nameless(module->elf));
}

/* Debug symbols, where there are any: a witness, never a need. */
static void by_symbol(struct symbols *symbols, const struct module *module,
		      const struct glibc_data *data, const char *name,
		      struct finding *out)
{
	char qualified[300];
	struct symbol symbol;
	struct error err;

	snprintf(qualified, sizeof qualified, "%s:%s", module->name, name);
	if (symbols_find(symbols, qualified, &symbol, &err) < 0 || !symbol.addr)
		finding_set(out, CHECK_SKIPPED, 0,
			    "no debug symbols of %s with it", module->name);
	else if (symbol.addr < data->start || symbol.addr >= data->end)
		finding_set(out, CHECK_SKIPPED, 0,
			    "they name that of another %s", module->name);
	else
		finding_set(out, CHECK_OK, symbol.addr, "0x%" PRIx64,
			    symbol.addr);
}

static void gather(struct target *target, const struct module *module,
		   const struct glibc_data *data, struct evidence *e)
{
	glibc_locate_file(target, module, &e->file_arena, &e->file_params);
	glibc_locate_code(module, data, info_function(module), &e->code);
	glibc_locate_code(module, data, "malloc_trim", &e->trim);
	glibc_locate_memory(target, data, &e->memory_arena, &e->memory_params);
	if (!e->file_params.addr && !e->memory_params.addr)
		glibc_locate_set_params(target, module, data,
					&e->memory_params);
}

/* The file first; without it the code, and the memory for the layout. */
static bool choose(struct target *target, const struct evidence *e,
		   struct glibc *g)
{
	unsigned fits;

	if (e->file_arena.addr) {
		g->main_arena = e->file_arena.addr;
		g->state = e->file_arena.state;
	} else if (e->file_arena.result == CHECK_SKIPPED) {
		g->main_arena =
			e->code.addr ? e->code.addr : e->memory_arena.addr;
		g->state = e->memory_arena.addr == g->main_arena
				   ? e->memory_arena.state
				   : NULL;
		if (g->main_arena && !g->state)
			g->state =
				glibc_state_row(target, g->main_arena, &fits);
	}
	if (e->file_params.addr) {
		g->mp = e->file_params.addr;
		g->params = e->file_params.params;
	} else if (e->file_params.result == CHECK_SKIPPED) {
		g->mp = e->memory_params.addr;
		g->params = e->memory_params.params;
	}
	return g->main_arena && g->state && g->mp && g->params;
}

/* A witness that names another place than the one chosen has failed. */
static void testify(struct glibc *g, const char *what, const char *by,
		    const struct finding *f, uint64_t chosen)
{
	enum check_result result = f->result;
	char name[48];

	snprintf(name, sizeof name, "%s by %s", what, by);
	if (f->addr && f->addr != chosen)
		result = CHECK_FAILED;
	glibc_add_check(g, result, name, "%s", f->text);
}

static void testify_all(struct glibc *g, const struct module *module,
			struct evidence *e)
{
	char by[40];

	testify(g, "main_arena", "file image", &e->file_arena, g->main_arena);
	snprintf(by, sizeof by, "disassembly of %s", info_function(module));
	testify(g, "main_arena", by, &e->code, g->main_arena);
	testify(g, "main_arena", "disassembly of malloc_trim", &e->trim,
		g->main_arena);
	testify(g, "main_arena", "run-time signature", &e->memory_arena,
		g->main_arena);
	testify(g, "main_arena", "debug symbols", &e->symbol_arena,
		g->main_arena);
	testify(g, "mp_", "file image", &e->file_params, g->mp);
	snprintf(by, sizeof by, "disassembly of %s", info_function(module));
	testify(g, "mp_", by, &e->code_params, g->mp);
	testify(g, "mp_", "run-time signature", &e->memory_params, g->mp);
	testify(g, "mp_", "debug symbols", &e->symbol_params, g->mp);
}

/* "GNU C Library ... version 2.36.": a hint for people. */
static void read_version(const struct module *module, char *out, size_t cap)
{
	const struct elf_segment *seg;
	size_t n = elf_segments(module->elf, &seg);
	struct error err;

	*out = '\0';
	for (size_t i = 0; i < n && !*out; i++) {
		uint64_t len = seg[i].filesz;

		if (seg[i].type != ELF_LOAD || seg[i].flags & ELF_WRITE ||
		    !len || len > MAX_RODATA)
			continue;
		AUTO_FREE char *bytes = xcalloc(1, len + 1);

		if (elf_read(module->elf, seg[i].vaddr, bytes, len, &err) < 0)
			continue;
		const char *banner = memmem(bytes, len, "GNU C Library (", 15);
		const char *v = banner ? strstr(banner, "version ") : NULL;

		if (v && v - banner < 200) {
			size_t digits = strspn(v + 8, "0123456789.");

			while (digits && v[8 + digits - 1] == '.')
				digits--;
			snprintf(out, cap, "%.*s", (int)digits, v + 8);
		}
	}
}

static int contradiction(const struct module *module, const struct evidence *e,
			 struct error *err)
{
	const struct finding *file = &e->file_arena, *code = &e->code;

	if (!file->addr || !code->addr || file->addr == code->addr)
		return 0;
	return error_at(err, ERR_CORRUPT, file->addr,
			"%s: main_arena is at 0x%" PRIx64
			" by its file, at 0x%" PRIx64 " by its code",
			module->path, file->addr, code->addr);
}

/*
 * It is glibc's libc, but no layout that we know is proven: numbers from it
 * would be guesses.  why says so, for when nothing else is found.
 */
static void note_unknown(const struct module *module, const struct evidence *e,
			 struct error *why)
{
	/* Without the file, it is what the memory lacks. */
	bool file = e->file_arena.result != CHECK_SKIPPED;
	struct elf_symbol symbol;

	if (elf_dynsym(module->elf, "malloc_trim", &symbol) &&
	    elf_dynsym(module->elf, "__libc_start_main", &symbol))
		(void)error_set(
			why, ERR_UNSUPPORTED,
			"how malloc of %s is laid out is not known "
			"(main_arena: %s; mp_: %s)",
			module->name,
			file ? e->file_arena.text : e->memory_arena.text,
			file ? e->file_params.text : e->memory_params.text);
}

/* 1: found; 0: not in this module, why perhaps set; -1. */
static int probe_module(struct target *target, struct symbols *symbols,
			const struct module *module, struct glibc *g,
			struct error *why, struct error *err)
{
	struct evidence e = {0};
	struct finding block = {0}, tcache = {0};

	if (!glibc_data_find(module, &g->data))
		return 0;
	gather(target, module, &g->data, &e);
	if (!choose(target, &e, g)) {
		note_unknown(module, &e, why);
		return 0;
	}
	/* Only now: a debug file is opened for them. */
	by_symbol(symbols, module, &g->data, "main_arena", &e.symbol_arena);
	by_symbol(symbols, module, &g->data, "mp_", &e.symbol_params);
	if (contradiction(module, &e, err) < 0)
		return -1;
	glibc_check_params_code(
		module, e.file_params.addr ? &e.file_params : &e.memory_params,
		&e.code_params);
	/* Code that names no arena either goes by ways we do not follow. */
	if (!e.code.addr && e.code_params.result == CHECK_FAILED)
		finding_set(&e.code_params, CHECK_SKIPPED, 0,
			    "%s reaches them by other ways",
			    info_function(module));
	testify_all(g, module, &e);
	glibc_tls_probe(target, module, &g->tls, &block, &tcache);
	glibc_add_check(g, block.result, "libc's thread-local block", "%s",
			block.text);
	glibc_add_check(g, tcache.result, "tcache by disassembly of malloc",
			"%s", tcache.text);
	g->bias = module->bias;
	glibc_text_probe(module, g);
	g->ns = module->ns;
	g->ahead_bytes = AHEAD_BYTES;
	snprintf(g->module, sizeof g->module, "%s", module->path);
	read_version(module, g->version, sizeof g->version);
	return 1;
}

static void summarize(struct glibc *g)
{
	size_t copies = 1;

	snprintf(g->summary, sizeof g->summary,
		 "%.100s: main_arena 0x%" PRIx64
		 " (layout of %s), mp_ 0x%" PRIx64 " (layout of %s)",
		 g->module, g->main_arena, g->state->releases, g->mp,
		 g->params->releases);
	for (const struct glibc *o = g->next; o; o = o->next)
		copies++;
	if (copies > 1) {
		size_t len = strlen(g->summary);

		snprintf(g->summary + len, sizeof g->summary - len,
			 "; and %zu more cop%s of malloc", copies - 1,
			 copies > 2 ? "ies" : "y");
	}
}

/*
 * How much this copy of malloc looks like the program's own: it is in the
 * program's namespace; of two in there one is nobody's until it is called; and
 * only one has the brk area.
 */
static unsigned standing(struct target *target, const struct glibc *g)
{
	unsigned own = g->ns == 0 ? 4 : 0;
	uint64_t top = 0, base = 0;
	struct error err;

	if (target_read_word(target, g->main_arena + g->state->top, &top,
			     &err) < 0 ||
	    !top || top == g->main_arena + g->state->top)
		return own;
	if (target_read_word(target, g->mp + g->params->sbrk_base, &base, &err))
		return own + 1;
	return own + (target_is_brk(target, base) ? 2 : 1);
}

/* Into the list, the program's own first. */
static struct glibc *insert(struct target *target, struct glibc *list,
			    struct glibc *g)
{
	struct glibc **at = &list;

	while (*at && (standing(target, *at) > standing(target, g) ||
		       (standing(target, *at) == standing(target, g) &&
			(*at)->ns <= g->ns)))
		at = &(*at)->next;
	g->next = *at;
	*at = g;
	return list;
}

static void release(void *state)
{
	struct glibc *g = state, *next;

	for (; g; g = next) {
		next = g->next;
		free(g);
	}
}

struct search {
	struct glibc *found; /* owned */
	unsigned lost;
	struct error why; /* of the first that was lost */
};

static void look_in(struct target *target, struct symbols *symbols,
		    const struct module *module, struct search *s)
{
	struct glibc *g = xcalloc(1, sizeof *g);
	struct error why = {0}, err;
	int rc = probe_module(target, symbols, module, g, &why, &err);

	if (rc > 0) {
		s->found = insert(target, s->found, g);
		return;
	}
	free(g);
	if (rc < 0)
		why = err;
	if (why.code && !s->lost++)
		s->why = why;
}

/* One that tells no version is as old as the libc it belongs to. */
static void lend_version(struct glibc *first)
{
	for (const struct glibc *g = first; g; g = g->next)
		if (!first->version[0])
			memcpy(first->version, g->version,
			       sizeof first->version);
}

static int probe(struct target *target, struct symbols *symbols, void **state,
		 struct error *err)
{
	struct search s = {0};

	for (size_t i = 0; i < symbols_module_count(symbols); i++) {
		const struct module *module = symbols_module(symbols, i);

		if (is_candidate(target, module))
			look_in(target, symbols, module, &s);
	}
	if (!s.found && s.lost) {
		*err = s.why;
		return -1;
	}
	if (!s.found)
		return 0;
	s.found->lost = s.lost;
	snprintf(s.found->lost_why, sizeof s.found->lost_why, "%.159s",
		 s.lost ? s.why.msg : "");
	lend_version(s.found);
	summarize(s.found);
	*state = s.found;
	return 1;
}

static const char *version(const void *state)
{
	return ((const struct glibc *)state)->version;
}

static const char *summary(const void *state)
{
	return ((const struct glibc *)state)->summary;
}

const struct allocator allocator_glibc = {
	.name = "glibc",
	.probe = probe,
	.version = version,
	.summary = summary,
	.walk = glibc_walk,
	.at_work = glibc_at_work,
	.release = release,
};
