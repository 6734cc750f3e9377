#include "symbols/dwarf_types.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "symbols/dwarf_impl.h"

enum {
	CHAIN_MAX = 64,	     /* typedefs of typedefs: no program has so many */
	DEFINITIONS_MAX = 64 /* of one name are compared: they cost time */
};

void type_set_init(struct type_set *set, unsigned word, struct dwarf *dwarf)
{
	*set = (struct type_set){.word = word, .dwarf = dwarf};
}

void type_set_deinit(struct type_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		free(set->type[i]->scope);
		free(set->type[i]->member);
		free(set->type[i]->shared);
		free(set->type[i]->enumerator);
		free(set->type[i]);
	}
	free(set->type);
	u64map_deinit(&set->by_die);
	*set = (struct type_set){0};
}

struct type *type_make(struct type_set *set, enum type_kind kind)
{
	struct type *t = xcalloc(1, sizeof *t);

	t->kind = kind;
	t->set = set;
	if (set->count == set->cap) {
		set->cap = set->cap ? 2 * set->cap : 64;
		set->type = xrealloc(set->type, set->cap * sizeof *set->type);
	}
	set->type[set->count++] = t;
	return t;
}

static struct type *void_of(struct type_set *set)
{
	if (!set->void_type) {
		set->void_type = type_make(set, TYPE_VOID);
		set->void_type->name = "void";
	}
	return set->void_type;
}

static enum type_kind kind_of(unsigned tag)
{
	switch (tag) {
	case DW_TAG_base_type:
		return TYPE_INT;
	case DW_TAG_pointer_type:
		return TYPE_POINTER;
	case DW_TAG_reference_type:
	case DW_TAG_rvalue_reference_type:
		return TYPE_REFERENCE;
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
		return TYPE_STRUCT;
	case DW_TAG_union_type:
		return TYPE_UNION;
	case DW_TAG_enumeration_type:
		return TYPE_ENUM;
	case DW_TAG_array_type:
		return TYPE_ARRAY;
	case DW_TAG_subroutine_type:
	case DW_TAG_subprogram:
		return TYPE_FUNCTION;
	case DW_TAG_typedef:
		return TYPE_TYPEDEF;
	case DW_TAG_const_type:
		return TYPE_CONST;
	case DW_TAG_volatile_type:
		return TYPE_VOLATILE;
	case DW_TAG_restrict_type:
		return TYPE_RESTRICT;
	case DW_TAG_atomic_type:
		return TYPE_ATOMIC;
	case DW_TAG_unspecified_type:
		return TYPE_VOID;
	default:
		return TYPE_OTHER;
	}
}

static void load_base(struct type *t, const struct die *die)
{
	uint64_t encoding = 0;

	die_unsigned(die, DW_AT_encoding, &encoding);
	switch (encoding) {
	case DW_ATE_boolean:
		t->kind = TYPE_BOOL;
		break;
	case DW_ATE_float:
		t->kind = TYPE_FLOAT;
		break;
	case DW_ATE_complex_float:
		t->kind = TYPE_COMPLEX;
		break;
	case DW_ATE_signed_char:
		t->is_signed = true;
		t->kind = TYPE_CHAR;
		break;
	case DW_ATE_unsigned_char:
	case DW_ATE_UTF:
		t->kind = TYPE_CHAR;
		break;
	case DW_ATE_signed:
		t->is_signed = true;
		break;
	case DW_ATE_unsigned:
	case DW_ATE_address:
		break;
	default:
		t->kind = TYPE_OTHER;
	}
	/* "long unsigned int" is "unsigned long" in short, as gdb has it. */
	if (t->name && !t->is_class)
		t->name = builtin_name(t->name);
}

/* One dimension; false if its length is not known now. */
static void load_count(struct type *t, const struct die *range)
{
	uint64_t count = 0, low = 0;

	if (die_unsigned(range, DW_AT_count, &count)) {
		t->has_count = true;
	} else if (die_unsigned(range, DW_AT_upper_bound, &count)) {
		die_unsigned(range, DW_AT_lower_bound, &low);
		t->has_count = true;
		count = count - low + 1; /* -1 is none */
	} else {
		t->variable = die_has(range, DW_AT_upper_bound) ||
			      die_has(range, DW_AT_count);
		t->range_die = t->variable ? die_key(range) : 0;
	}
	t->count = count;
}

/* int a[2][3] is one DIE of two dimensions: an array of arrays to us. */
static void load_array(struct type *t, const struct die *die)
{
	struct type *dim = NULL;
	struct die range;

	t->target_die = die_ref(die, DW_AT_type);
	for (bool ok = die_child(die, &range); ok; ok = die_next(&range)) {
		if (die_tag(&range) != DW_TAG_subrange_type &&
		    die_tag(&range) != DW_TAG_enumeration_type)
			continue;
		if (dim) {
			dim->target = type_make(t->set, TYPE_ARRAY);
			dim->target->target_die = t->target_die;
			dim = dim->target;
		} else {
			dim = t;
		}
		load_count(dim, &range);
	}
	if (die_flag(die, DW_AT_GNU_vector) && t->has_count)
		die_unsigned(die, DW_AT_byte_size, &t->size);
}

static void load_scope(struct type *t, const struct die *die)
{
	struct error err;
	struct die origin;

	if (!t->name || !dwarf_unit_cplus(die->dwarf, t->die))
		return;
	t->is_class = t->kind != TYPE_TYPEDEF;
	t->is_scoped = die_flag(die, DW_AT_enum_class);
	if (!t->is_scoped && t->kind == TYPE_ENUM && die_origin(die, &origin)) {
		t->is_scoped = die_flag(&origin, DW_AT_enum_class);
		die_close(&origin);
	}
	if (dwarf_index_names(die->dwarf, &err)) {
		log_info("dwarf: %s", err.msg);
		return;
	}
	t->scope = dwarf_scope_of(die->dwarf, die);
}

static void load(struct type *t, const struct die *die)
{
	t->name = t->kind == TYPE_STRUCT || t->kind == TYPE_UNION ||
				  t->kind == TYPE_ENUM
			  ? die_any_name(die)
			  : die_name(die);
	die_unsigned(die, DW_AT_byte_size, &t->size);
	t->is_declaration = die_flag(die, DW_AT_declaration);
	t->target_die = die_ref(die, DW_AT_type);
	switch (t->kind) {
	case TYPE_INT:
		load_base(t, die);
		break;
	case TYPE_POINTER:
	case TYPE_REFERENCE:
		t->is_rvalue = die_tag(die) == DW_TAG_rvalue_reference_type;
		if (!t->size)
			t->size = t->set->word;
		break;
	case TYPE_VOID: /* std::nullptr_t, "decltype(nullptr)" */
		if (t->name && strstr(t->name, "nullptr")) {
			t->kind = TYPE_INT;
			t->size = t->set->word;
		}
		break;
	case TYPE_ARRAY:
		load_array(t, die);
		break;
	case TYPE_OTHER: /* to a member: an offset; to a method: two words */
		t->to_member = die_tag(die) == DW_TAG_ptr_to_member_type;
		t->class_die = die_ref(die, DW_AT_containing_type);
		if (t->to_member && !t->size)
			t->size = type_target(t)->kind == TYPE_FUNCTION
					  ? 2 * t->set->word
					  : t->set->word;
		break;
	case TYPE_FUNCTION:
		t->prototyped = die_flag(die, DW_AT_prototyped);
		/* of code of its own: declared elsewhere */
		t->target_die = die_any_type(die);
		break;
	case TYPE_STRUCT:
	case TYPE_UNION:
	case TYPE_ENUM:
	case TYPE_TYPEDEF:
		load_scope(t, die);
		break;
	default:
		break;
	}
}

/* A type unit holds what a declaration with DW_AT_signature stands for. */
static uint64_t signed_type(struct dwarf *d, uint64_t key)
{
	struct die die;
	uint64_t other;

	if (!die_open(d, key, &die))
		return key;
	other = die_has(&die, DW_AT_signature) ? die_ref(&die, DW_AT_signature)
					       : 0;
	die_close(&die);
	return other ? other : key;
}

/* The type of that very DIE. */
static struct type *type_at(struct dwarf *d, uint64_t key)
{
	struct type *t;
	struct die die;

	if (!die_open(d, key, &die))
		return void_of(&d->types);
	t = type_make(&d->types, kind_of(die_tag(&die)));
	t->die = key;
	load(t, &die);
	die_close(&die);
	return t;
}

struct type *dwarf_type(struct dwarf *d, uint64_t key)
{
	struct type *t;
	struct error err;
	uint64_t have;

	if (!key)
		return void_of(&d->types);
	if (u64map_get(&d->types.by_die, key, &have))
		return (struct type *)(uintptr_t)have;

	uint64_t real = signed_type(d, key);

	/* Once: signatures of a damaged file stand for one another. */
	if (real != key && u64map_get(&d->types.by_die, real, &have))
		t = (struct type *)(uintptr_t)have;
	else
		t = type_at(d, real);
	/* Without memory for it the next who asks gets another: no harm. */
	if (u64map_put(&d->types.by_die, key, (uintptr_t)t, &err) ||
	    (real != key &&
	     u64map_put(&d->types.by_die, real, (uintptr_t)t, &err)))
		log_warn("types: %s", err.msg);
	return t;
}

static bool is_alias(const struct type *t)
{
	return t->kind >= TYPE_TYPEDEF && t->kind <= TYPE_ATOMIC;
}

static struct type *target_of(struct type *t)
{
	if (t->target)
		return t->target;
	return t->target_die && t->set->dwarf
		       ? dwarf_type(t->set->dwarf, t->target_die)
		       : void_of(t->set);
}

static bool is_same_place(const struct type *t)
{
	return is_alias(t) || t->kind == TYPE_ARRAY;
}

/* Not so of what is an alias or an array of itself: a damaged file. */
static bool comes_to_an_end(struct type *t)
{
	for (int i = 0; i < CHAIN_MAX && is_same_place(t); i++)
		t = target_of(t);
	return !is_same_place(t);
}

struct type *type_target(struct type *t)
{
	if (!t->target)
		t->target = comes_to_an_end(t) ? target_of(t) : void_of(t->set);
	return t->target;
}

const char *type_file(const struct type *t)
{
	return t->die && t->set->dwarf ? dwarf_unit_name(t->set->dwarf, t->die)
				       : NULL;
}

uint64_t type_line(const struct type *t)
{
	struct die die;
	uint64_t line = 0;

	if (t->die && t->set->dwarf && die_open(t->set->dwarf, t->die, &die)) {
		die_unsigned(&die, DW_AT_decl_line, &line);
		die_close(&die);
	}
	return line;
}

struct type *type_unqualified(struct type *t)
{
	for (int i = 0; i < CHAIN_MAX; i++) {
		if (!is_alias(t) || t->kind == TYPE_TYPEDEF)
			break;
		t = type_target(t);
	}
	return t;
}

struct definition {
	struct dwarf *dwarf;
	enum type_kind kind;
	const char *name;
	bool declared; /* the declaration alone is sought */
	struct type *found;
};

static bool take_definition(void *ctx, uint64_t die)
{
	struct definition *def = ctx;
	struct type *t = dwarf_type(def->dwarf, die);

	if (t->kind != def->kind || t->is_declaration != def->declared)
		return false;
	/* The index leaves anonymous namespaces out. */
	if (strstr(def->name, ANONYMOUS_NAMESPACE)) {
		AUTO_FREE char *full = type_qualified(t);

		if (strcmp(full, def->name))
			return false;
	}
	def->found = t;
	return true;
}

struct type *dwarf_type_named(struct dwarf *d, enum type_kind kind,
			      const char *name)
{
	struct definition def = {.dwarf = d, .kind = kind, .name = name};

	dwarf_each_named(d, NAME_TYPE, name, take_definition, &def);
	return def.found;
}

void dwarf_set_elsewhere(struct dwarf *d, dwarf_elsewhere_fn *fn, void *ctx)
{
	d->elsewhere = fn;
	d->elsewhere_ctx = ctx;
}

struct type *dwarf_type_declared(struct dwarf *d, enum type_kind kind,
				 const char *name)
{
	struct definition def = {
		.dwarf = d, .kind = kind, .name = name, .declared = true};

	dwarf_each_named(d, NAME_TYPE, name, take_definition, &def);
	return def.found;
}

void dwarf_forget_definitions(struct dwarf *d)
{
	for (size_t i = 0; i < d->types.count; i++) {
		d->types.type[i]->definition = NULL;
		d->types.type[i]->definition_tried = false;
	}
}

static bool look_alike(struct type *a, struct type *b)
{
	const struct member *ma, *mb;
	size_t n;

	if (a->size != b->size)
		return false;
	n = type_members(a, &ma);
	if (n != type_members(b, &mb))
		return false;
	for (size_t i = 0; i < n; i++)
		if (ma[i].offset != mb[i].offset ||
		    ma[i].bit_size != mb[i].bit_size ||
		    !ma[i].name != !mb[i].name ||
		    (ma[i].name && strcmp(ma[i].name, mb[i].name)))
			return false;
	return true;
}

/* Files may each have a struct of that name: which is meant is not known. */
struct only {
	struct definition def;
	unsigned looked;
	bool several;
};

static bool take_only(void *ctx, uint64_t die)
{
	struct only *only = ctx;
	struct type *first = only->def.found;

	if (!take_definition(&only->def, die) || !first)
		return false;
	if (!look_alike(first, only->def.found))
		only->several = true;
	only->def.found = first;
	return only->several || ++only->looked == DEFINITIONS_MAX;
}

static struct type *definition(struct type *t)
{
	struct dwarf *d = t->set->dwarf;

	if (!t->definition_tried && d && t->name) {
		AUTO_FREE char *name = type_qualified(t);
		struct only only = {
			.def = {.dwarf = d, .kind = t->kind, .name = name}};

		t->definition_tried = true;
		dwarf_each_named(d, NAME_TYPE, name, take_only, &only);
		if (!only.several)
			t->definition = only.def.found;
		if (!t->definition && !only.several && d->elsewhere)
			t->definition =
				d->elsewhere(d->elsewhere_ctx, t->kind, name);
	}
	return t->definition ? t->definition : t;
}

struct type *type_strip(struct type *t)
{
	for (int i = 0; i < CHAIN_MAX && is_alias(t); i++)
		t = type_target(t);
	if (is_alias(t)) /* a damaged file: in a circle */
		return void_of(t->set);
	return t->is_declaration ? definition(t) : t;
}

uint64_t type_size(struct type *t)
{
	t = type_strip(t);
	if (t->size || t->kind != TYPE_ARRAY)
		return t->size;

	uint64_t one = t->has_count ? type_size(type_target(t)) : 0, all;

	return __builtin_mul_overflow(one, t->count, &all) ? 0 : all;
}

struct type *type_class(struct type *t)
{
	return t->class_die ? dwarf_type(t->set->dwarf, t->class_die)
			    : t->set->void_type;
}

struct type *type_pointer_to(struct type *t)
{
	if (!t->pointer) {
		t->pointer = type_make(t->set, TYPE_POINTER);
		t->pointer->size = t->set->word;
		t->pointer->target = t;
	}
	return t->pointer;
}

struct type *type_qualify(struct type *t, enum type_kind kind)
{
	struct type *q;

	for (q = t->derived; q; q = q->next_derived)
		if (q->kind == kind)
			return q;
	q = type_make(t->set, kind);
	q->target = t;
	q->next_derived = t->derived;
	t->derived = q;
	return q;
}

struct type *type_array_of(struct type *t, uint64_t count)
{
	struct type *a;

	for (a = t->derived; a; a = a->next_derived)
		if (a->kind == TYPE_ARRAY && a->count == count)
			return a;
	a = type_make(t->set, TYPE_ARRAY);
	a->target = t;
	a->has_count = true;
	a->count = count;
	a->next_derived = t->derived;
	t->derived = a;
	return a;
}

struct type *type_function_of(struct type *result, struct type *const *param,
			      size_t count)
{
	struct type *f = type_make(result->set, TYPE_FUNCTION);

	f->target = result;
	f->prototyped = count > 0;
	f->children_loaded = true;
	f->member = xcalloc(count + 1, sizeof *f->member);
	for (size_t i = 0; i < count; i++)
		f->member[f->members++].type = param[i];
	return f;
}

bool type_same(struct type *a, struct type *b)
{
	for (int i = 0; i < CHAIN_MAX; i++) {
		a = type_strip(a);
		b = type_strip(b);
		if (a == b)
			return true;
		if (a->kind != b->kind)
			return false;
		if (a->kind == TYPE_ARRAY &&
		    (a->has_count != b->has_count || a->count != b->count))
			return false;
		if (a->kind != TYPE_POINTER && a->kind != TYPE_REFERENCE &&
		    a->kind != TYPE_ARRAY)
			return a->name && b->name && a->size == b->size &&
			       !strcmp(a->name, b->name) &&
			       !strcmp(a->scope ? a->scope : "",
				       b->scope ? b->scope : "");
		a = type_target(a);
		b = type_target(b);
	}
	return false;
}
