#include "symbols/symbols_types.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/interrupt.h"
#include "symbols/dwarf_module.h"
#include "symbols/symbols_name.h"

size_t symbols_nth(struct symbols *s, size_t i)
{
	const struct module *exe = symbols_exe(s);
	size_t first = 0;

	if (!exe)
		return i;
	while (symbols_module(s, first) != exe)
		first++;
	return i == 0 ? first : i <= first ? i - 1 : i;
}

static struct type *find_elsewhere(void *ctx, enum type_kind kind,
				   const char *name)
{
	struct symbols *s = ctx;

	for (size_t i = 0; i < symbols_module_count(s); i++) {
		struct dwarf *d = symbols_dwarf(s, symbols_nth(s, i));
		struct type *t = d ? dwarf_type_named(d, kind, name) : NULL;

		if (t)
			return t;
	}
	return NULL;
}

/* The module's debug information, if there is any. */
static struct dwarf *module_dwarf(struct symbols *s, size_t i)
{
	struct dwarf *d = symbols_dwarf(s, i);

	if (!d || !dwarf_has_units(d))
		return NULL;
	dwarf_set_elsewhere(d, find_elsewhere, s);
	return d;
}

struct dwarf *symbols_types_of(struct symbols *s, const struct module *module)
{
	for (size_t i = 0; i < symbols_module_count(s); i++)
		if (symbols_module(s, i) == module)
			return module_dwarf(s, i);
	return NULL;
}

bool symbols_has_types(struct symbols *s, const struct module *module,
		       const char **why)
{
	if (symbols_types_of(s, module)) {
		*why = "";
		return true;
	}
	if (module->debug_note && *module->debug_note)
		*why = module->debug_note;
	else if (*module->why)
		*why = module->why;
	else
		*why = "no debug information: install its -dbgsym package, or "
		       "give --debug-dir";
	return false;
}

struct type *symbols_type_builtin(struct symbols *s, const char *name)
{
	return type_set_builtin(symbols_builtin(s), name);
}

/* "struct conn" is the kind and "conn"; a lone name may be several kinds. */
static const char *split_kind(const char *name, enum type_kind *kind)
{
	static const struct {
		const char *word;
		enum type_kind kind;
	} tags[] = {{"struct ", TYPE_STRUCT},
		    {"class ", TYPE_STRUCT},
		    {"union ", TYPE_UNION},
		    {"enum ", TYPE_ENUM}};

	for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
		size_t len = strlen(tags[i].word);

		if (strncmp(name, tags[i].word, len))
			continue;
		*kind = tags[i].kind;
		return name + len + strspn(name + len, " ");
	}
	return NULL;
}

static struct type *find_in(struct dwarf *d, const char *name)
{
	static const enum type_kind lone[] = {
		TYPE_TYPEDEF, TYPE_STRUCT, TYPE_UNION, TYPE_ENUM,   TYPE_INT,
		TYPE_CHAR,    TYPE_BOOL,   TYPE_FLOAT, TYPE_COMPLEX};
	enum type_kind kind;
	const char *bare = split_kind(name, &kind);

	if (bare)
		return dwarf_type_named(d, kind, bare);
	for (size_t i = 0; i < sizeof lone / sizeof *lone; i++) {
		struct type *t = dwarf_type_named(d, lone[i], name);

		/* In C a struct's name alone is none. */
		if (t && (t->is_class ||
			  (t->kind != TYPE_STRUCT && t->kind != TYPE_UNION &&
			   t->kind != TYPE_ENUM)))
			return t;
	}
	return NULL;
}

const char *symbols_types_note(struct symbols *s)
{
	struct strbuf *all = symbols_note(s);

	strbuf_reset(all);
	for (size_t i = 0; i < symbols_module_count(s); i++) {
		struct dwarf *d = symbols_dwarf(s, i);
		const char *note = d ? dwarf_note(d) : "";

		if (*note)
			strbuf_addf(all, "%s%s: %s", all->len ? "; " : "",
				    symbols_module(s, i)->name, note);
	}
	return strbuf_str(all);
}

static int not_found(struct symbols *s, const char *what, const char *name,
		     size_t with, struct error *err)
{
	const struct module *exe = symbols_exe(s);
	const char *why, *note;

	if (interrupt_check(err))
		return -1;
	if (exe && !symbols_has_types(s, exe, &why))
		return error_set(err, ERR_NOT_FOUND,
				 "no %s %s is known: %s: %s", what, name,
				 exe->name, why);
	note = symbols_types_note(s);
	return error_set(err, ERR_NOT_FOUND,
			 "there is no %s %s in the debug information of the "
			 "%zu module%s that %s some (of %zu)%s%s",
			 what, name, with, with == 1 ? "" : "s",
			 with == 1 ? "has" : "have", symbols_module_count(s),
			 *note ? "; " : "", note);
}

/* "struct opaque" that is defined nowhere: pointers to it are what it is for.
 */
static struct type *find_declared(struct symbols *s, const char *name)
{
	struct type *t = NULL;
	enum type_kind kind;
	const char *bare = split_kind(name, &kind);

	for (size_t i = 0; bare && !t && i < symbols_module_count(s); i++) {
		struct dwarf *d = module_dwarf(s, symbols_nth(s, i));

		t = d ? dwarf_type_declared(d, kind, bare) : NULL;
	}
	return t;
}

int symbols_type_find(struct symbols *s, const char *name, struct type **out,
		      struct error *err)
{
	size_t with = 0;

	*out = symbols_type_builtin(s, name);
	if (*out)
		return 0;
	for (size_t i = 0; i < symbols_module_count(s); i++) {
		struct dwarf *d = module_dwarf(s, symbols_nth(s, i));

		if (!d)
			continue;
		with++;
		if (dwarf_prepare(d, err))
			return -1;
		*out = find_in(d, name);
		if (*out)
			return 0;
	}
	*out = find_declared(s, name);
	return *out ? 0 : not_found(s, "type", name, with, err);
}

int symbols_global_each(struct symbols *s, const struct module *only,
			symbols_global_fn *fn, void *ctx, struct error *err)
{
	for (size_t i = 0; i < symbols_module_count(s); i++) {
		size_t n = symbols_nth(s, i);
		const struct module *module = symbols_module(s, n);
		struct dwarf *d = NULL;
		int ret;

		if (!only || only == module)
			d = module_dwarf(s, n);
		ret = d ? dwarf_global_each(d, module, fn, ctx, err) : 0;
		if (ret)
			return ret;
	}
	return 0;
}

bool symbols_global_find(struct symbols *s, const char *name,
			 struct global *out)
{
	return symbols_global_find_in(s, NULL, name, out);
}

bool symbols_global_find_in(struct symbols *s, const char *file,
			    const char *name, struct global *out)
{
	for (size_t i = 0; i < symbols_module_count(s); i++) {
		size_t n = symbols_nth(s, i);
		struct dwarf *d = module_dwarf(s, n);

		if (d &&
		    dwarf_global_find(d, file, name, symbols_module(s, n), out))
			return true;
	}
	return false;
}

bool symbols_function_find_in(struct symbols *s, const char *file,
			      const char *name, uint64_t *addr)
{
	for (size_t i = 0; i < symbols_module_count(s); i++) {
		size_t n = symbols_nth(s, i);
		struct dwarf *d = module_dwarf(s, n);

		if (!d || !dwarf_function_find(d, file, name, addr))
			continue;
		*addr += symbols_module(s, n)->bias;
		return true;
	}
	return false;
}

struct at {
	uint64_t addr;
	struct global *out;
};

static int take_at(void *ctx, const struct global *g)
{
	struct at *at = ctx;
	uint64_t size;

	if (g->thread_local || at->addr < g->addr)
		return 0;
	size = type_size(g->type);
	if (at->addr - g->addr >= (size ? size : 1))
		return 0;
	*at->out = *g;
	return 1;
}

bool symbols_global_at(struct symbols *s, uint64_t addr, struct global *out)
{
	const struct module *module = symbols_module_at(s, addr);
	struct dwarf *d = module ? symbols_types_of(s, module) : NULL;
	struct at at = {addr, out};
	struct error err;

	return d && dwarf_global_each(d, module, take_at, &at, &err) == 1;
}

const char *symbols_global_file(struct symbols *s, const struct global *global)
{
	struct dwarf *d = symbols_types_of(s, global->module);

	return d ? dwarf_unit_name(d, global->die) : NULL;
}

int symbols_local_each(struct symbols *s, const struct frame_state *frame,
		       symbols_local_fn *fn, void *ctx)
{
	const struct module *module = symbols_module_at(s, frame->pc);
	struct dwarf *d = module ? symbols_types_of(s, module) : NULL;

	return d ? dwarf_local_each(d, module, frame, fn, ctx) : 0;
}

struct type *symbols_function_type(struct symbols *s, uint64_t addr)
{
	const struct module *module = symbols_module_at(s, addr);
	struct dwarf *d = module ? symbols_types_of(s, module) : NULL;

	return d ? dwarf_function_type(d, addr - module->bias) : NULL;
}

int symbols_type_each(struct symbols *s, const struct module *only,
		      symbols_type_fn *fn, void *ctx, struct error *err)
{
	for (size_t i = 0; i < symbols_module_count(s); i++) {
		struct dwarf *d = NULL;

		if (!only || only == symbols_module(s, symbols_nth(s, i)))
			d = module_dwarf(s, symbols_nth(s, i));
		if (d && dwarf_each_type(d, fn, ctx, err))
			return -1;
	}
	return 0;
}

struct type *symbols_enumerator(struct symbols *s, const char *name,
				int64_t *value)
{
	struct type *t = NULL;

	for (size_t i = 0; !t && i < symbols_module_count(s); i++) {
		struct dwarf *d = module_dwarf(s, symbols_nth(s, i));

		t = d ? dwarf_enumerator(d, name, value) : NULL;
	}
	return t;
}
