/*
 * The index of a module: its units' top-level names by hash, and its variables
 * at fixed addresses.  What is kept of a name is 16 bytes, whatever hangs below
 * it is read when it is asked for.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "symbols/dwarf_impl.h"
#include "symbols/dwarf_scan.h"

/* FNV-1a, 64 bits. */
uint64_t name_hash_more(uint64_t hash, const char *s)
{
	for (; *s; s++)
		hash = (hash ^ (uint8_t)*s) * UINT64_C(0x100000001b3);
	return hash;
}

uint64_t name_hash_start(void)
{
	return UINT64_C(0xcbf29ce484222325);
}

enum name_class name_class_of(unsigned tag)
{
	switch (tag) {
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
	case DW_TAG_typedef:
	case DW_TAG_base_type:
		return NAME_TYPE;
	case DW_TAG_variable:
		return NAME_VARIABLE;
	case DW_TAG_subprogram:
		return NAME_FUNCTION;
	default:
		return 0;
	}
}

static int add_name(struct dwarf *d, const struct die *die,
		    enum name_class class, uint64_t scope, struct error *err)
{
	const char *name = die_any_name(die);
	/* What is defined behind its class. */
	bool later = class == NAME_TYPE && die_has(die, DW_AT_specification);

	if (!name)
		return 0;
	if (GROW(d->name, d->name_cap, d->names + 1, "index of names", err))
		return -1;
	d->name[d->names++] = (struct sort_pair){
		later ? HASH_LATER : name_hash_more(scope, name),
		die_key(die) | (uint64_t) class << KEY_CLASS_SHIFT};
	return 0;
}

static int add_var(struct dwarf *d, uint64_t var, uint64_t function,
		   struct error *err)
{
	if (GROW(d->var, d->var_cap, d->vars + 1, "index of variables", err))
		return -1;
	d->var[d->vars++] = (struct dwarf_scope){var, function};
	return 0;
}

/* Enumerators are found by name, and lead to their type. */
static int scan_enum(struct dwarf *d, const struct die *parent, uint64_t scope,
		     struct error *err)
{
	uint64_t key = die_key(parent) | (uint64_t)NAME_ENUMERATOR
						 << KEY_CLASS_SHIFT;
	/* What is defined behind its class is found by the bare name. */
	const char *its = die_flag(parent, DW_AT_enum_class) &&
					  !die_has(parent, DW_AT_specification)
				  ? die_any_name(parent)
				  : NULL;
	struct die die;

	if (its)
		scope = name_hash_more(name_hash_more(scope, its), "::");

	for (bool ok = die_child(parent, &die); ok; ok = die_next(&die)) {
		const char *name = die_name(&die);

		if (!name)
			continue;
		if (GROW(d->name, d->name_cap, d->names + 1, "index of names",
			 err)) {
			die_close(&die);
			return -1;
		}
		d->name[d->names++] =
			(struct sort_pair){name_hash_more(scope, name), key};
	}
	return 0;
}

static int scan_names(struct dwarf *d, const struct die *parent, uint64_t scope,
		      bool cplus, int depth, struct error *err);

bool is_class_tag(unsigned tag)
{
	return tag == DW_TAG_structure_type || tag == DW_TAG_class_type ||
	       tag == DW_TAG_union_type;
}

static int too_deep(struct dwarf *d)
{
	dwarf_note_file(d, "its debug information",
			"is damaged: it is nested without end");
	return 0;
}

/* What is in a namespace or, in C++, in a class; scope is the hash of what that
 * is in. */
static int scan_inner(struct dwarf *d, const struct die *die, uint64_t scope,
		      bool cplus, int depth, struct error *err)
{
	const char *name = die_any_name(die);

	if (die_tag(die) != DW_TAG_namespace &&
	    !(cplus && is_class_tag(die_tag(die))))
		return 0;
	if (name)
		scope = name_hash_more(name_hash_more(scope, name), "::");
	return scan_names(d, die, scope, cplus, depth + 1, err);
}

/* One child of a unit, a namespace or a class. */
static int scan_name(struct dwarf *d, const struct die *die,
		     const struct die *parent, uint64_t scope, bool cplus,
		     int depth, struct error *err)
{
	unsigned tag = die_tag(die), in = die_tag(parent);
	enum name_class class = name_class_of(tag);
	bool nested = is_class_tag(in);

	/* Of a class its types alone: no member, no method. */
	if (nested && class != NAME_TYPE)
		return 0;
	if (cplus && (nested || in == DW_TAG_namespace) &&
	    (class || tag == DW_TAG_namespace) &&
	    dwarf_scope_add(d, die, parent, err))
		return -1;
	if (class && add_name(d, die, nested ? NAME_NESTED : class, scope, err))
		return -1;
	if (tag == DW_TAG_enumeration_type && scan_enum(d, die, scope, err))
		return -1;
	if (class == NAME_VARIABLE && die_has(die, DW_AT_location) &&
	    add_var(d, die_key(die), 0, err))
		return -1;
	return scan_inner(d, die, scope, cplus, depth, err);
}

static int scan_names(struct dwarf *d, const struct die *parent, uint64_t scope,
		      bool cplus, int depth, struct error *err)
{
	struct die die;

	if (depth > SCAN_DEPTH)
		return too_deep(d);
	for (bool ok = die_child(parent, &die); ok; ok = die_next(&die)) {
		if (scan_name(d, &die, parent, scope, cplus, depth, err)) {
			die_close(&die);
			return -1;
		}
	}
	return 0;
}

/* By libdwarf: what dwarf_scan.c does not read itself. */
static int scan_unit(struct dwarf *d, struct dwarf_unit *unit,
		     struct error *err)
{
	struct die die;
	int ret;

	if (!die_open(d, dwarf_unit_whole(d, unit), &die))
		return 0;
	ret = scan_names(d, &die, name_hash_start(), unit->cplus, 0, err);
	die_close(&die);
	return ret;
}

/* What is to be known of all units before several threads read them. */
static int prepare_unit(void *ctx, struct dwarf_unit *unit, struct error *err)
{
	struct dwarf *d = ctx;
	uint64_t whole = dwarf_unit_whole(d, unit);

	unit->cplus = whole && dwarf_unit_cplus(d, whole);
	return interrupt_check(err);
}

static void note_damage(struct dwarf *d, const struct dwarf_unit *unit)
{
	AUTO_FREE char *why = xasprintf(
		"is damaged or nested too deep in the unit at 0x%llx: what "
		"follows in it is not known",
		(unsigned long long)key_offset(unit->whole));

	dwarf_note_file(d, "its debug information", why);
}

struct taking {
	struct dwarf *dwarf;
	struct scan *scan;
};

static int take_unit(void *ctx, struct dwarf_unit *unit, struct error *err)
{
	struct taking *t = ctx;
	struct dwarf *d = t->dwarf;
	struct scanned s;
	int ret = 0;

	scan_take(t->scan, (size_t)(unit - d->unit), &s);
	if (s.by_libdwarf) {
		d->odd_units++;
		ret = scan_unit(d, unit, err);
	} else if (GROW(d->name, d->name_cap, d->names + s.names,
			"index of names", err) ||
		   GROW(d->inside, d->inside_cap, d->insides + s.insides,
			"index of scopes", err) ||
		   GROW(d->var, d->var_cap, d->vars + s.vars,
			"index of variables", err)) {
		ret = -1;
	} else {
		for (size_t i = 0; i < s.names; i++)
			d->name[d->names++] = s.name[i];
		for (size_t i = 0; i < s.insides; i++)
			d->inside[d->insides++] = s.inside[i];
		for (size_t i = 0; i < s.vars; i++)
			d->var[d->vars++] = s.var[i];
	}
	if (s.damaged)
		note_damage(d, unit);
	unit->names_end = d->names;
	return ret;
}

static int take_names(struct dwarf *d, struct error *err)
{
	struct taking t = {.dwarf = d};
	int ret;

	if (dwarf_each_unit(d, "reading debug units", prepare_unit, d, err) ||
	    scan_open(d, SCAN_NAMES, &t.scan, err))
		return -1;
	ret = dwarf_each_unit(d, "taking names of debug information", take_unit,
			      &t, err);
	scan_close(t.scan);
	return ret;
}

/* The scan gives anonymous namespaces no part in the hash. */
static uint64_t hash_named(const char *name)
{
	static const char anonymous[] = ANONYMOUS_NAMESPACE "::";
	uint64_t hash = name_hash_start();

	for (const char *at; (at = strstr(name, anonymous));
	     name = at + sizeof anonymous - 1)
		for (; name < at; name++)
			hash = name_hash_more(hash, (char[]){*name, '\0'});
	return name_hash_more(hash, name);
}

struct late {
	struct dwarf *dwarf;
	size_t next; /* index of a name */
};

/* The names of that unit, now that it is known what all are in. */
static int add_late(void *ctx, struct dwarf_unit *unit, struct error *err)
{
	const uint64_t mask = (UINT64_C(1) << KEY_CLASS_SHIFT) - 1;
	struct late *late = ctx;
	struct dwarf *d = late->dwarf;
	struct die die;

	(void)err;
	for (size_t i = late->next; i < unit->names_end; i++) {
		AUTO_FREE char *scope = NULL;

		if (d->name[i].key != HASH_LATER ||
		    !die_open(d, d->name[i].value & mask, &die))
			continue;
		scope = dwarf_scope_of(d, &die);
		d->name[i].key = name_hash_more(hash_named(scope ? scope : ""),
						die_any_name(&die));
		die_close(&die);
	}
	late->next = unit->names_end;
	return 0;
}

int dwarf_index_names(struct dwarf *d, struct error *err)
{
	struct late late = {.dwarf = d};

	if (d->named)
		return 0;
	d->names = d->vars = d->insides = d->odd_units = 0;
	if (take_names(d, err) || sort_pairs(d->inside, d->insides, err) ||
	    dwarf_each_unit(d, "ordering names of debug information", add_late,
			    &late, err))
		return -1;
	if (sort_pairs(d->name, d->names, err))
		return -1;
	d->named = true;
	log_info("dwarf: %s: %zu names of %zu units, %zu of them through "
		 "libdwarf",
		 d->path, d->names, d->units, d->odd_units);
	return 0;
}

/* Static variables in a function's blocks; inlined copies have the same. */
static int scan_block(struct dwarf *d, const struct die *block,
		      uint64_t function, int depth, struct error *err)
{
	struct die die;
	int ret = 0;

	if (depth > SCAN_DEPTH)
		return too_deep(d);
	for (bool ok = die_child(block, &die); ok; ok = die_next(&die)) {
		unsigned tag = die_tag(&die);

		if (tag == DW_TAG_lexical_block)
			ret = scan_block(d, &die, function, depth + 1, err);
		else if (tag == DW_TAG_variable &&
			 die_is_fixed(&die, DW_AT_location))
			ret = add_var(d, die_key(&die), function, err);
		if (ret) {
			die_close(&die);
			return -1;
		}
	}
	return 0;
}

static int scan_functions(struct dwarf *d, const struct die *parent, int depth,
			  struct error *err)
{
	struct die die;

	if (depth > SCAN_DEPTH)
		return too_deep(d);
	for (bool ok = die_child(parent, &die); ok; ok = die_next(&die)) {
		unsigned tag = die_tag(&die);
		int ret = 0;

		if (tag == DW_TAG_namespace)
			ret = scan_functions(d, &die, depth + 1, err);
		else if (tag == DW_TAG_subprogram)
			ret = scan_block(d, &die, die_key(&die), 0, err);
		if (ret) {
			die_close(&die);
			return -1;
		}
	}
	return 0;
}

/* By libdwarf, again. */
static int scan_unit_functions(struct dwarf *d, struct dwarf_unit *unit,
			       struct error *err)
{
	struct die die;
	int ret;

	if (!die_open(d, dwarf_unit_whole(d, unit), &die))
		return 0;
	ret = scan_functions(d, &die, 0, err);
	die_close(&die);
	return ret;
}

static int take_unit_functions(void *ctx, struct dwarf_unit *unit,
			       struct error *err)
{
	struct taking *t = ctx;
	struct dwarf *d = t->dwarf;
	struct scanned s;

	scan_take(t->scan, (size_t)(unit - d->unit), &s);
	if (s.damaged)
		note_damage(d, unit);
	if (s.by_libdwarf)
		return scan_unit_functions(d, unit, err);
	if (GROW(d->var, d->var_cap, d->vars + s.vars, "index of variables",
		 err))
		return -1;
	for (size_t i = 0; i < s.vars; i++)
		d->var[d->vars++] = s.var[i];
	return 0;
}

int dwarf_index_vars(struct dwarf *d, struct error *err)
{
	struct taking t = {.dwarf = d};
	size_t top;
	int ret;

	if (d->deep)
		return 0;
	if (dwarf_index_names(d, err) ||
	    scan_open(d, SCAN_FUNCTIONS, &t.scan, err))
		return -1;
	top = d->vars;
	ret = dwarf_each_unit(d, "taking variables of functions",
			      take_unit_functions, &t, err);
	scan_close(t.scan);
	if (ret) {
		d->vars = top;
		return -1;
	}
	d->deep = true;
	return 0;
}

bool dwarf_each_named(struct dwarf *d, enum name_class class, const char *name,
		      dwarf_name_fn *fn, void *ctx)
{
	uint64_t hash = hash_named(name);
	size_t len = strlen(name);
	struct error err;

	if (dwarf_index_names(d, &err)) {
		log_info("dwarf: %s", err.msg);
		return false;
	}
	for (size_t i = sort_lower(d->name, d->names, hash);
	     i < d->names && d->name[i].key == hash; i++) {
		uint64_t key = d->name[i].value;
		enum name_class its_class = key >> KEY_CLASS_SHIFT;
		const char *its;
		struct die die;

		if (its_class != class &&
		    !(class == NAME_TYPE && its_class == NAME_NESTED))
			continue;
		key &= (UINT64_C(1) << KEY_CLASS_SHIFT) - 1;
		if (!die_open(d, key, &die))
			continue;
		its = class == NAME_ENUMERATOR ? "" : die_any_name(&die);
		/* "b" of "a::b"; else it is another of the same hash */
		if (its && (strlen(its) > len ||
			    strcmp(its, name + len - strlen(its))))
			its = NULL;
		die_close(&die);
		if (its && fn(ctx, key))
			return true;
	}
	return false;
}

void dwarf_each_bare(struct dwarf *d, enum name_class class, const char *bare,
		     dwarf_name_fn *fn, void *ctx)
{
	struct error err;

	if (dwarf_index_names(d, &err)) {
		log_info("dwarf: %s", err.msg);
		return;
	}
	for (size_t i = 0; d->insides && i < d->names; i++) {
		uint64_t key = d->name[i].value;
		enum name_class its_class = key >> KEY_CLASS_SHIFT;
		const char *its;
		struct die die;
		bool is;

		key &= (UINT64_C(1) << KEY_CLASS_SHIFT) - 1;
		if ((its_class != class &&
		     !(class == NAME_TYPE && its_class == NAME_NESTED)) ||
		    !die_open(d, key, &die))
			continue;
		its = die_name(&die);
		is = its && !strcmp(its, bare);
		die_close(&die);
		if (is && fn(ctx, key))
			return;
	}
}

int dwarf_prepare(struct dwarf *d, struct error *err)
{
	return dwarf_index_names(d, err);
}
