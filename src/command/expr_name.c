/* What a name in an expression means: a local, a global, an enumerator, a
 * function, a symbol; and registers. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/interrupt.h"
#include "command/expr_impl.h"
#include "view/frame_vars.h"

static bool read_frame(void *ctx, uint64_t addr, void *buf, size_t len)
{
	struct expr *x = ctx;
	struct error err;
	bool now;

	if (session_read(x->session, addr, buf, len, &now, &err))
		return false;
	x->now |= now;
	x->read = true;
	return true;
}

/* The current frame of the current thread.  Takes a snapshot. */
static int find_frame(struct expr *x, struct error *err)
{
	const struct snapshot_thread *t;

	if (x->framed)
		return 0;
	t = session_thread(x->session, err);
	if (!t)
		return -1;
	x->framed = true;
	x->source = (struct frame_source){x->session->symbols, read_frame, x};
	x->place = (struct frame_place){
		.source = &x->source, .snap = x->session->current, .thread = t};
	if (session_frame(x->session, t, &x->place.at))
		frame_state_of(&x->place, &x->frame);
	return 0;
}

struct sought {
	const char *name;
	unsigned level;
	struct local local;
	bool found;
};

static int take_local(void *ctx, const struct local *local)
{
	struct sought *s = ctx;

	if (local->level != s->level || strcmp(local->name, s->name))
		return 0;
	s->local = *local;
	s->found = true;
	return 1;
}

static int local_value(struct expr *x, const struct local *local,
		       struct datum *out, struct error *err)
{
	uint64_t len = type_size(local->type);
	uint8_t *bytes;

	if (local->where.kind == LOCATION_MEMORY) {
		*out = datum_at(local->type, local->where.addr);
		return 0;
	}
	if (local->where.kind == LOCATION_NONE)
		return error_set(err, ERR_NOT_FOUND, "%s has no value here: %s",
				 local->name, local->where.why);
	bytes = expr_alloc(x, len < 16 ? 16 : len);
	if (!location_read(&local->where, &x->frame, bytes, len))
		return error_set(err, ERR_NOT_FOUND, "%s has no value here: %s",
				 local->name,
				 location_lacks(&local->where, len));
	*out = (struct datum){.type = local->type,
			      .bytes = bytes,
			      .len = len,
			      .is_register =
				      local->where.kind == LOCATION_REGISTER};
	return 0;
}

static bool find_local(struct expr *x, const char *name, struct datum *out,
		       struct error *err, int *ret)
{
	struct sought s = {.name = name};

	if (find_frame(x, err) || !x->frame.pc)
		return false;
	s.level = x->place.at.level;
	symbols_local_each(x->session->symbols, &x->frame, take_local, &s);
	if (s.found)
		*ret = local_value(x, &s.local, out, err);
	return s.found;
}

/* Thread-local: at the current thread's pointer, in the program's own block,
 * which ends there (x86-64 and i386, ELF TLS variant II). */
static int tls_value(struct expr *x, const struct global *g, struct datum *out,
		     struct error *err)
{
	const struct snapshot_thread *t = session_thread(x->session, err);
	const struct elf_segment *seg;
	size_t n;

	if (!t)
		return -1;
	if (g->module != symbols_exe(x->session->symbols) || !g->module->elf)
		return error_set(err, ERR_UNSUPPORTED,
				 "%s is thread-local in %s: only those of the "
				 "program itself are found",
				 g->name, g->module->name);
	n = elf_segments(g->module->elf, &seg);
	for (size_t i = 0; i < n; i++) {
		uint64_t align = seg[i].align ? seg[i].align : 1;
		uint64_t size = (seg[i].memsz + align - 1) / align * align;

		if (seg[i].type != 7 /* PT_TLS */)
			continue;
		*out = datum_at(g->type, thread_regs_tp(&t->thread.regs) -
						 size + g->addr);
		return 0;
	}
	return error_set(err, ERR_NOT_FOUND, "%s has no block of TLS",
			 g->module->name);
}

/* "function::variable": static in it. */
struct scoped {
	const char *function, *name;
	struct global found;
};

static int take_scoped(void *ctx, const struct global *g)
{
	struct scoped *s = ctx;

	if (!g->function || strcmp(g->function, s->function) ||
	    strcmp(g->name, s->name))
		return 0;
	s->found = *g;
	return 1;
}

static int find_scoped(struct expr *x, const char *name, struct datum *out,
		       struct error *err)
{
	const char *colon = strstr(name, "::");
	AUTO_FREE char *function = NULL;
	struct scoped s = {0};
	int ret;

	if (!colon)
		return 0;
	function = xstrndup(name, (size_t)(colon - name));
	s.function = function;
	s.name = colon + 2;
	ret = symbols_global_each(x->session->symbols, NULL, take_scoped, &s,
				  err);
	if (ret == 1 && s.found.thread_local)
		return tls_value(x, &s.found, out, err) ? -1 : 1;
	if (ret == 1)
		*out = datum_at(s.found.type, s.found.addr);
	return ret;
}

/* "Class::member", static in the class. */
static int find_static(struct expr *x, const char *name, struct datum *out,
		       struct error *err)
{
	const char *bare = name_bare(name);
	AUTO_FREE char *scope = NULL;
	struct type *class;
	struct error ignored;

	if (bare == name)
		return 0;
	scope = xstrndup(name, (size_t)(bare - 2 - name));
	if (symbols_type_find(x->session->symbols, scope, &class, &ignored) ||
	    type_strip(class)->kind != TYPE_STRUCT)
		return 0;
	return datum_static(x, class, bare, out, err);
}

static int by_symbol(struct expr *x, const char *name, struct datum *out,
		     struct error *err)
{
	struct symbols *symbols = x->session->symbols;
	struct symbol symbol;
	struct type *type;
	const char *why;

	if (interrupt_check(err))
		return -1;
	if (symbols_find(symbols, name, &symbol, err)) {
		const struct module *exe = symbols_exe(symbols);

		if (exe && !symbols_has_types(symbols, exe, &why))
			return error_set(err, ERR_NOT_FOUND,
					 "there is no symbol %s (%s: %s)", name,
					 exe->name, why);
		why = symbols_types_note(symbols);
		return error_set(err, ERR_NOT_FOUND,
				 "there is no variable, function or symbol %s "
				 "here%s%s",
				 name, *why ? "; " : "", why);
	}
	if (symbol.is_object) {
		*out = datum_at(expr_builtin(x, "<data variable, no debug "
						"info>"),
				symbol.addr);
		return 0;
	}
	type = symbols_function_type(symbols, symbol.addr);
	*out = datum_at(type ? type
			     : expr_builtin(x, "<text variable, no debug "
					       "info>"),
			symbol.addr);
	return 0;
}

static void note_ambiguous(struct expr *x, const char *name,
			   const struct global *g)
{
	char at[32] = "";

	if (!g->thread_local)
		snprintf(at, sizeof at, " at 0x%" PRIx64, g->addr);
	snprintf(x->note, sizeof x->note,
		 "several variables of %s are called %s: this is the one of "
		 "%s%s",
		 g->module->name, name, g->file ? g->file : "an unnamed unit",
		 at);
}

/* The one variable of that name in any namespace; *err says already that there
 * is none. */
static int bare_variable(struct expr *x, const char *name, struct datum *out,
			 struct error *err)
{
	AUTO_FREE char *whole = NULL;
	struct error several;
	int ret = symbols_bare_variable(x->session->symbols, name, &whole,
					&several);

	if (ret < 0)
		*err = several;
	return ret > 0 && strcmp(whole, name) ? expr_name(x, whole, out, err)
					      : -1;
}

bool expr_is_local(struct expr *x, const char *name)
{
	struct error ignored;
	struct datum datum;
	int ret;

	return x->session->current &&
	       find_local(x, name, &datum, &ignored, &ret);
}

/* In a method: a member of its object. */
static bool find_own(struct expr *x, const char *name, struct datum *out)
{
	struct error ignored;
	struct datum self;
	int ret;

	if (!find_local(x, "this", &self, &ignored, &ret) || ret ||
	    datum_deref(x, &self, &ignored) ||
	    datum_find_member(x, &self, name, &ignored) <= 0)
		return false;
	*out = self;
	return true;
}

int expr_name(struct expr *x, const char *name, struct datum *out,
	      struct error *err)
{
	struct symbols *symbols = x->session->symbols;
	struct error ignored;
	struct global g;
	struct type *type;
	int64_t value;
	bool global = !strncmp(name, "::", 2);
	int ret = 0;

	name += global ? 2 : 0;
	/* Locals hide globals; but no process is stopped to look for them as
	 * long as something else has that name. */
	if (x->session->current && !global &&
	    (find_local(x, name, out, err, &ret) || find_own(x, name, out)))
		return ret;
	if (symbols_global_find(symbols, name, &g)) {
		if (g.ambiguous)
			note_ambiguous(x, name, &g);
		if (g.thread_local)
			return tls_value(x, &g, out, err);
		*out = datum_at(g.type, g.addr);
		return 0;
	}
	type = symbols_enumerator(symbols, name, &value);
	if (type) {
		*out = datum_integer(x, type, (uint64_t)value);
		return 0;
	}
	if (!strcmp(name, "true") || !strcmp(name, "false")) {
		*out = datum_integer(x, expr_builtin(x, "bool"), *name == 't');
		return 0;
	}
	ret = find_static(x, name, out, err);
	if (!ret)
		ret = find_scoped(x, name, out, err);
	if (ret)
		return ret < 0 ? -1 : 0;
	if (!by_symbol(x, name, out, err))
		return 0;
	if (!x->session->current && find_local(x, name, out, &ignored, &ret))
		return ret;
	return bare_variable(x, name, out, err);
}

int expr_name_of_file(struct expr *x, const char *file, const char *name,
		      struct datum *out, struct error *err)
{
	struct symbols *symbols = x->session->symbols;
	struct global g;
	uint64_t addr;

	if (symbols_global_find_in(symbols, file, name, &g)) {
		if (g.ambiguous)
			note_ambiguous(x, name, &g);
		if (g.thread_local)
			return tls_value(x, &g, out, err);
		*out = datum_at(g.type, g.addr);
		return 0;
	}
	if (symbols_function_find_in(symbols, file, name, &addr)) {
		*out = datum_at(symbols_function_type(symbols, addr), addr);
		return 0;
	}
	if (interrupt_check(err))
		return -1;
	return error_set(err, ERR_NOT_FOUND,
			 "no debug information here has a variable or function "
			 "%s of a source file %s",
			 name, file);
}
