/* Variables of one module: those at fixed addresses, and a function's. */
#include <string.h>

#include "base/alloc.h"
#include "symbols/dwarf_impl.h"
#include "symbols/dwarf_module.h"

enum { BLOCKS = 64, COPIED = 512 };

bool dwarf_global(struct dwarf *d, uint64_t key, uint64_t function,
		  const struct module *module, struct global *out)
{
	struct dwarf_where where = {.dwarf = d, .bias = module->bias};
	struct location at;
	struct die die;

	*out = (struct global){.module = module, .die = key};
	if (!die_open(d, key, &die))
		return false;
	if (!die_is_fixed(&die, DW_AT_location)) {
		die_close(&die);
		return false;
	}
	out->name = die_any_name(&die);
	out->type = dwarf_type(d, die_any_type(&die));
	out->external = die_flag(&die, DW_AT_external);
	die_locate(&die, DW_AT_location, &where, &at);
	die_close(&die);
	if (at.kind != LOCATION_MEMORY || !out->name)
		return false;
	out->addr = at.addr;
	out->thread_local = where.tls;
	if (function && die_open(d, function, &die)) {
		out->function = die_any_name(&die);
		die_close(&die);
	}
	return true;
}

int dwarf_global_each(struct dwarf *d, const struct module *module,
		      symbols_global_fn *fn, void *ctx, struct error *err)
{
	if (dwarf_index_vars(d, err))
		return -1;
	for (size_t i = 0; i < d->vars; i++) {
		struct global g;
		int ret;

		if (!dwarf_global(d, d->var[i].var, d->var[i].function, module,
				  &g))
			continue;
		ret = fn(ctx, &g);
		if (ret)
			return ret;
	}
	return 0;
}

const char *dwarf_unit_name(struct dwarf *d, uint64_t key)
{
	struct die die, unit;
	const char *name = NULL;
	Dwarf_Off off = 0;
	Dwarf_Error e = NULL;

	if (!die_open(d, key, &die))
		return NULL;
	if (dwarf_CU_dieoffset_given_die(die.die, &off, &e) != DW_DLV_OK) {
		dwarf_forget(die.dbg, e);
	} else if (die_open(d, key_make(die.file, die.types, off), &unit)) {
		name = die_name(&unit); /* lives in the section */
		die_close(&unit);
	}
	die_close(&die);
	return name;
}

/* Is it the unit of that source, by its whole path or the end of it? */
static bool is_of_file(struct dwarf *d, uint64_t key, const char *file)
{
	const char *name = file ? dwarf_unit_name(d, key) : NULL;
	size_t len, want;

	if (!file)
		return true;
	if (!name)
		return false;
	len = strlen(name);
	want = strlen(file);
	return len >= want && !strcmp(name + len - want, file) &&
	       (len == want || name[len - want - 1] == '/');
}

struct sought {
	struct dwarf *dwarf;
	const struct module *module;
	struct global *out;
	uint64_t found;
	const char *file; /* of this source alone; NULL: of any */
};

static bool take_global(void *ctx, uint64_t die)
{
	struct sought *s = ctx;

	s->found = die;
	return is_of_file(s->dwarf, die, s->file) &&
	       dwarf_global(s->dwarf, die, 0, s->module, s->out);
}

static bool take_other(void *ctx, uint64_t die)
{
	const struct sought *s = ctx;
	struct global other;

	return is_of_file(s->dwarf, die, s->file) &&
	       dwarf_global(s->dwarf, die, 0, s->module, &other) &&
	       (other.addr != s->out->addr ||
		other.thread_local != s->out->thread_local);
}

/* "scope::bare": declared in a namespace or class, and defined outside of it by
 * a DIE that has no name but refers to the declaration. */
struct qualified {
	struct sought *sought;
	const char *bare;
	uint64_t declaration;
};

static bool take_definition(void *ctx, uint64_t key)
{
	struct qualified *q = ctx;
	struct die die;
	bool is;

	if (!die_open(q->sought->dwarf, key, &die))
		return false;
	is = die_ref(&die, DW_AT_specification) == q->declaration;
	die_close(&die);
	return is && take_global(q->sought, key);
}

static bool take_declaration(void *ctx, uint64_t key)
{
	struct qualified *q = ctx;

	q->declaration = key;
	return dwarf_each_named(q->sought->dwarf, NAME_VARIABLE, q->bare,
				take_definition, q);
}

static bool take_class(void *ctx, uint64_t key)
{
	struct qualified *q = ctx;
	struct die class, die;
	bool found = false;

	if (!die_open(q->sought->dwarf, key, &class))
		return false;
	for (bool ok = die_child(&class, &die); ok; ok = die_next(&die)) {
		const char *name = die_name(&die);

		if (!found && name && die_flag(&die, DW_AT_declaration) &&
		    !strcmp(name, q->bare))
			found = take_declaration(q, die_key(&die));
	}
	die_close(&class);
	return found;
}

static bool find_qualified(struct sought *s, const char *name)
{
	struct qualified q = {.sought = s};
	AUTO_FREE char *scope = NULL;

	q.bare = name_bare(name);
	if (q.bare == name)
		return false;
	scope = xstrndup(name, (size_t)(q.bare - 2 - name));
	return dwarf_each_named(s->dwarf, NAME_VARIABLE, name, take_declaration,
				&q) ||
	       dwarf_each_named(s->dwarf, NAME_TYPE, scope, take_class, &q);
}

bool dwarf_global_find(struct dwarf *d, const char *file, const char *name,
		       const struct module *module, struct global *out)
{
	struct sought s = {d, module, out, 0, file};

	if (!dwarf_each_named(d, NAME_VARIABLE, name, take_global, &s))
		return find_qualified(&s, name);
	out->ambiguous =
		dwarf_each_named(d, NAME_VARIABLE, name, take_other, &s);
	out->file = dwarf_unit_name(d, s.found);
	return true;
}

struct function_sought {
	struct dwarf *dwarf;
	const char *file;
	uint64_t pc; /* its code, of the file */
};

static bool take_function(void *ctx, uint64_t key)
{
	struct function_sought *s = ctx;
	struct die die;
	uint64_t high;
	bool is;

	if (!is_of_file(s->dwarf, key, s->file) ||
	    !die_open(s->dwarf, key, &die))
		return false;
	is = die_extent(&die, &s->pc, &high);
	die_close(&die);
	return is;
}

bool dwarf_function_find(struct dwarf *d, const char *file, const char *name,
			 uint64_t *pc)
{
	struct function_sought s = {.dwarf = d, .file = file};
	bool found =
		dwarf_each_named(d, NAME_FUNCTION, name, take_function, &s);

	*pc = s.pc;
	return found;
}

struct type *dwarf_function_type(struct dwarf *d, uint64_t pc)
{
	struct dwarf_unit *unit = dwarf_unit_at(d, pc);
	struct die function;
	struct type *t;

	if (!unit || !dwarf_function_at(d, unit, pc, &function))
		return NULL;
	t = dwarf_type(d, die_key(&function));
	die_close(&function);
	return t;
}

struct enumerator_sought {
	struct dwarf *dwarf;
	const char *name;
	bool scoped; /* the type's scope is to be name's */
	int64_t value;
	struct type *type;
};

static bool take_enumerator(void *ctx, uint64_t die)
{
	struct enumerator_sought *s = ctx;
	const struct enumerator *e;
	struct type *type = dwarf_type(s->dwarf, die);
	size_t n = type_enumerators(type, &e);
	const char *bare = name_bare(s->name);
	AUTO_FREE char *scope = type_enumerator_scope(type);
	size_t len = (size_t)(bare - s->name);

	if (s->scoped &&
	    (!scope || strlen(scope) != len || strncmp(scope, s->name, len)))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(e[i].name, bare)) {
			s->value = e[i].value;
			s->type = type;
			return true;
		}
	}
	return false; /* another of the same hash */
}

struct type *dwarf_enumerator(struct dwarf *d, const char *name, int64_t *value)
{
	struct enumerator_sought s = {.dwarf = d, .name = name};

	s.scoped = name_bare(name) != name;
	/* Of an enum that is defined behind its class the index has no scope.
	 */
	if (!dwarf_each_named(d, NAME_ENUMERATOR, name, take_enumerator, &s) &&
	    s.scoped)
		dwarf_each_named(d, NAME_ENUMERATOR, name_bare(name),
				 take_enumerator, &s);
	*value = s.value;
	return s.type;
}

/* The walk down from a function to the innermost block at the pc. */
struct local_walk {
	struct dwarf_where where;
	uint64_t pc, entry; /* of the file; entry: where its function begins */
	symbols_local_fn *fn;
	void *ctx;
	unsigned depth, level;
	const char *function;
};

/* A constant as the bytes that the variable would have. */
static bool constant_bytes(const struct die *die, struct location *out)
{
	Dwarf_Attribute a = die_attr(die, DW_AT_const_value);
	Dwarf_Form_Data16 both;
	Dwarf_Block *block = NULL;
	char *text = NULL;
	Dwarf_Error e = NULL;

	if (!a)
		return false;
	*out = (struct location){.kind = LOCATION_VALUE, .why = ""};
	if (dwarf_formdata16(a, &both, &e) == DW_DLV_OK) {
		memcpy(&out->value, both.fd_data, 8);
		memcpy(&out->high, both.fd_data + 8, 8);
		attr_free(die, a);
		return true;
	}
	dwarf_forget(die->dbg, e);
	e = NULL;
	if (dwarf_formblock(a, &block, &e) == DW_DLV_OK) {
		out->bytes = block->bl_data;
		out->byte_count = block->bl_len;
		dwarf_dealloc(die->dbg, block, DW_DLA_BLOCK);
	} else {
		dwarf_forget(die->dbg, e);
		e = NULL;
		if (dwarf_formstring(a, &text, &e) == DW_DLV_OK) {
			out->bytes = (const uint8_t *)text;
			out->byte_count = strlen(text) + 1;
		} else {
			dwarf_forget(die->dbg, e);
		}
	}
	attr_free(die, a);
	return out->bytes != NULL;
}

static bool own_constant(const struct die *die, struct location *out)
{
	int64_t value;

	if (!die_signed(die, DW_AT_const_value, &value))
		return constant_bytes(die, out);
	*out = (struct location){.kind = LOCATION_VALUE,
				 .value = (uint64_t)value,
				 .high = value < 0 ? UINT64_MAX : 0,
				 .why = ""};
	return true;
}

/* Its own, or that of what it is a copy of: the same in all copies. */
static bool constant_value(const struct die *die, struct location *out)
{
	struct die origin;
	bool known;

	if (own_constant(die, out))
		return true;
	if (!die_origin(die, &origin))
		return false;
	known = own_constant(&origin, out);
	die_close(&origin);
	return known;
}

/* What it was when the function was entered, if that was in one register or
 * place on the stack.  One that is inlined was not entered. */
static void set_entry(const struct local_walk *w, const struct die *die,
		      struct local *local)
{
	const struct frame_state *frame = w->where.frame;
	struct entry_place place;

	local->has_entry =
		!w->level && frame->entry &&
		type_size(local->type) <= sizeof local->entry &&
		die_entry_place(die, DW_AT_location, w->entry, &place) &&
		frame->entry(frame->entry_ctx, &place, &local->entry);
}

static int tell(struct local_walk *w, const struct die *die, bool parameter)
{
	struct local local = {.name = die_any_name(die),
			      .function = w->function,
			      .is_parameter = parameter,
			      .depth = w->depth,
			      .level = w->level};

	if (!local.name || die_flag(die, DW_AT_declaration))
		return 0;
	local.type = dwarf_type_resolve(
		dwarf_type(w->where.dwarf, die_any_type(die)), &w->where);
	w->where.tls = false;
	if (die_has(die, DW_AT_location))
		die_locate(die, DW_AT_location, &w->where, &local.where);
	else if (!constant_value(die, &local.where))
		local.where = (struct location){.kind = LOCATION_NONE,
						.why = "optimized out"};
	if (parameter)
		set_entry(w, die, &local);
	return w->fn(w->ctx, &local);
}

static bool is_block(unsigned tag)
{
	return tag == DW_TAG_lexical_block || tag == DW_TAG_inlined_subroutine;
}

static bool is_variable(unsigned tag)
{
	return tag == DW_TAG_variable || tag == DW_TAG_formal_parameter;
}

static int tell_own(struct local_walk *w, const struct die *block)
{
	struct die die;
	int ret = 0;

	for (bool ok = die_child(block, &die); ok; ok = die_next(&die)) {
		if (is_variable(die_tag(&die)))
			ret = tell(w, &die,
				   die_tag(&die) == DW_TAG_formal_parameter);
		if (ret) {
			die_close(&die);
			return ret;
		}
	}
	return 0;
}

/* What of an original the block's own DIEs are copies of. */
struct copied {
	uint64_t key[COPIED];
	size_t count;
};

static void list_copied(const struct die *block, struct copied *out)
{
	struct die die;

	for (bool ok = die_child(block, &die); ok; ok = die_next(&die)) {
		uint64_t key = die_ref(&die, DW_AT_abstract_origin);

		if (key && out->count < COPIED)
			out->key[out->count++] = key;
	}
}

static bool is_copied(const struct copied *copied, uint64_t key)
{
	for (size_t i = 0; i < copied->count; i++)
		if (copied->key[i] == key)
			return true;
	return false;
}

/* Variables of the original of which nothing was left in this copy of it, with
 * those of its blocks. */
static int tell_lost(struct local_walk *w, const struct die *original,
		     const struct copied *copied, unsigned depth)
{
	struct die die;
	int ret = 0;

	for (bool ok = die_child(original, &die); ok; ok = die_next(&die)) {
		unsigned tag = die_tag(&die);

		if ((is_variable(tag) || tag == DW_TAG_lexical_block) &&
		    is_copied(copied, die_key(&die)))
			continue;
		if (is_variable(tag))
			ret = tell(w, &die, tag == DW_TAG_formal_parameter);
		else if (tag == DW_TAG_lexical_block && depth < BLOCKS)
			ret = tell_lost(w, &die, copied, depth + 1);
		if (ret) {
			die_close(&die);
			return ret;
		}
	}
	return 0;
}

static int tell_inherited(struct local_walk *w, const struct die *block)
{
	struct copied copied = {.count = 0};
	struct die original;
	int ret;

	if (!die_has(block, DW_AT_abstract_origin) ||
	    !die_origin(block, &original))
		return 0;
	list_copied(block, &copied);
	/* Beyond that many it cannot be told which are lost. */
	ret = copied.count < COPIED ? tell_lost(w, &original, &copied, 0) : 0;
	die_close(&original);
	return ret;
}

/* The inner ones first: they hide the outer ones of the same name. */
static int walk_block(struct local_walk *w, const struct die *block)
{
	struct die die;
	const char *outer = w->function;
	int ret = 0;

	if (w->depth == BLOCKS)
		return 0;
	if (die_tag(block) != DW_TAG_lexical_block)
		w->function = die_any_name(block);
	for (bool ok = die_child(block, &die); ok && !ret;
	     ok = die_next(&die)) {
		if (is_block(die_tag(&die)) && die_covers(&die, w->pc)) {
			bool inlined =
				die_tag(&die) == DW_TAG_inlined_subroutine;

			w->depth++;
			w->level += inlined;
			ret = walk_block(w, &die);
			w->level -= inlined;
			w->depth--;
		}
		if (ret) {
			die_close(&die);
			return ret;
		}
	}
	ret = tell_own(w, block);
	if (!ret)
		ret = tell_inherited(w, block);
	w->function = outer;
	return ret;
}

int dwarf_local_each(struct dwarf *d, const struct module *module,
		     const struct frame_state *frame, symbols_local_fn *fn,
		     void *ctx)
{
	struct local_walk w = {
		.where = {.dwarf = d, .bias = module->bias, .frame = frame},
		.pc = frame->pc - module->bias,
		.fn = fn,
		.ctx = ctx};
	struct dwarf_unit *unit = dwarf_unit_at(d, w.pc);
	struct die function;
	int ret;

	if (!unit || !dwarf_function_at(d, unit, w.pc, &function))
		return 0;
	w.where.function = &function;
	w.entry = die_entry(&function);
	ret = walk_block(&w, &function);
	die_close(&function);
	return ret;
}
