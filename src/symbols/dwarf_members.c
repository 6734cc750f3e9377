/* What a type consists of: members, parameters, enumerators. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "symbols/dwarf_impl.h"
#include "symbols/dwarf_vars.h"

enum { NESTED_MAX = 32, DEPTH_MAX = 256 };

/* DW_AT_data_member_location: a number, or DW_OP_plus_uconst in a block. */
static uint64_t member_offset(const struct die *die)
{
	uint64_t offset = 0;
	Dwarf_Attribute attr;
	Dwarf_Block *block = NULL;
	Dwarf_Error e = NULL;

	if (die_unsigned(die, DW_AT_data_member_location, &offset))
		return offset;
	attr = die_attr(die, DW_AT_data_member_location);
	if (!attr)
		return 0;
	if (dwarf_formblock(attr, &block, &e) != DW_DLV_OK) {
		dwarf_forget(die->dbg, e);
	} else {
		const uint8_t *at = block->bl_data;

		offset = 0;
		if (block->bl_len > 1 && at[0] == DW_OP_plus_uconst)
			for (unsigned i = 1, shift = 0;
			     i < block->bl_len && shift < 64; i++, shift += 7) {
				offset |= (uint64_t)(at[i] & 0x7f) << shift;
				if (!(at[i] & 0x80))
					break;
			}
		dwarf_dealloc(die->dbg, block, DW_DLA_BLOCK);
	}
	attr_free(die, attr);
	return offset;
}

static void bit_field(struct member *m, const struct die *die, uint64_t size)
{
	uint64_t bits = 0, at = 0;
	int64_t from_top = 0;

	if (!die_unsigned(die, DW_AT_bit_size, &bits) || !bits || bits > 64)
		return;
	m->bit_size = (unsigned)bits;
	if (die_unsigned(die, DW_AT_data_bit_offset, &at)) {
		/* may come along with the storage unit's offset, too */
		at += 8 * m->offset;
	} else if (die_signed(die, DW_AT_bit_offset, &from_top)) {
		/* DWARF 2 and 3: from the storage unit's highest bit */
		die_unsigned(die, DW_AT_byte_size, &size);
		at = 8 * (m->offset + size) - bits - (uint64_t)from_top;
	} else {
		at = 8 * m->offset;
	}
	m->offset = at / 8;
	m->bit_offset = at % 8;
}

/* How a class is derived from a base.  What is not said is the default, a
 * class's private, a struct's public. */
static const char *inheritance(const struct die *base, unsigned parent)
{
	static const char *const how[][2] = {
		{"public ", "public virtual "},
		{"protected ", "protected virtual "},
		{"private ", "private virtual "}};
	uint64_t access, virtuality;
	bool is_virtual =
		die_unsigned(base, DW_AT_virtuality, &virtuality) && virtuality;

	if (!die_unsigned(base, DW_AT_accessibility, &access) || access < 1 ||
	    access > 3)
		access = parent == DW_TAG_class_type ? DW_ACCESS_private
						     : DW_ACCESS_public;
	return how[access - 1][is_virtual];
}

static void add_member(struct type *t, const struct die *die, size_t *cap)
{
	struct member m = {.name = die_name(die)};
	uint64_t virtuality = 0;

	m.type = dwarf_type(die->dwarf, die_any_type(die));
	m.is_base = die_tag(die) == DW_TAG_inheritance;
	if (m.is_base && die_unsigned(die, DW_AT_virtuality, &virtuality) &&
	    virtuality) {
		m.is_virtual = true;
		m.die = die_key(die);
	} else if (t->kind != TYPE_FUNCTION) {
		m.offset = member_offset(die);
		if (die_has(die, DW_AT_bit_size))
			bit_field(&m, die, type_size(m.type));
	}
	if (t->members == *cap) {
		*cap = *cap ? 2 * *cap : 8;
		t->member = xrealloc(t->member, *cap * sizeof m);
	}
	t->member[t->members++] = m;
}

static void add_enumerator(struct type *t, const struct die *die, size_t *cap)
{
	struct enumerator e = {.name = die_name(die)};

	if (!die_signed(die, DW_AT_const_value, &e.value) || !e.name)
		return;
	if (t->enumerators == *cap) {
		*cap = *cap ? 2 * *cap : 8;
		t->enumerator = xrealloc(t->enumerator, *cap * sizeof e);
	}
	t->enumerator[t->enumerators++] = e;
}

static void constant_bytes(struct static_member *m, const struct die *die)
{
	Dwarf_Attribute attr;
	Dwarf_Block *block = NULL;
	Dwarf_Error e = NULL;
	int64_t value;

	m->is_constant = die_signed(die, DW_AT_const_value, &value);
	if (m->is_constant) {
		memcpy(m->value, &value, sizeof value);
		return;
	}
	attr = die_attr(die, DW_AT_const_value);
	if (!attr)
		return;
	if (dwarf_formblock(attr, &block, &e) == DW_DLV_OK) {
		m->is_constant = block->bl_len <= sizeof m->value;
		if (m->is_constant)
			memcpy(m->value, block->bl_data, block->bl_len);
		dwarf_dealloc(die->dbg, block, DW_DLA_BLOCK);
	} else {
		dwarf_forget(die->dbg, e);
	}
	attr_free(die, attr);
}

static void add_static(struct type *t, const struct die *die)
{
	struct static_member m = {.name = die_name(die), .before = t->members};

	if (!m.name)
		return;
	m.type = dwarf_type(die->dwarf, die_any_type(die));
	constant_bytes(&m, die);
	t->shared = xrealloc(t->shared, (t->shareds + 1) * sizeof m);
	t->shared[t->shareds++] = m;
}

static void load_children_at(struct type *t, int depth);

/* What lies in it: a struct or union, itself or as an array; or NULL. */
static struct type *held_by(const struct member *m)
{
	struct type *t = type_strip(m->type);

	for (int i = 0; i < NESTED_MAX && t->kind == TYPE_ARRAY; i++)
		t = type_strip(type_target(t));
	return t->kind == TYPE_STRUCT || t->kind == TYPE_UNION ? t : NULL;
}

/* Nothing lies in itself: who walks into members comes to an end, also of what
 * a damaged file says.  Such a member is of no type. */
static void cut_cycles(struct type *t, int depth)
{
	t->loading = true;
	for (size_t i = 0; i < t->members; i++) {
		struct type *held = held_by(&t->member[i]);

		if (!held)
			continue;
		if (held->loading || depth == DEPTH_MAX)
			t->member[i].type = dwarf_type(t->set->dwarf, 0);
		else
			load_children_at(held, depth + 1);
	}
	t->loading = false;
}

static void load_children(struct type *t)
{
	load_children_at(t, 0);
}

/* "this" is const, which compilers say of definitions alone. */
static void set_this(struct type *t, const struct die *die)
{
	struct type *self = t->member[0].type;

	if (t->kind == TYPE_FUNCTION && t->members == 1 &&
	    die_flag(die, DW_AT_artificial) && self->kind == TYPE_POINTER)
		t->member[0].type = type_qualify(self, TYPE_CONST);
}

static void load_children_at(struct type *t, int depth)
{
	struct die parent, die;
	size_t cap = 0, enum_cap = 0;

	if (t->children_loaded)
		return;
	t->children_loaded = true;
	if (!t->set->dwarf || !die_open(t->set->dwarf, t->die, &parent))
		return;
	for (bool ok = die_child(&parent, &die); ok; ok = die_next(&die)) {
		switch (die_tag(&die)) {
		case DW_TAG_member:
			/* a static one lies elsewhere */
			if (die_flag(&die, DW_AT_external) ||
			    die_flag(&die, DW_AT_declaration))
				add_static(t, &die);
			else
				add_member(t, &die, &cap);
			break;
		case DW_TAG_variable: /* the same in DWARF 5 */
			add_static(t, &die);
			break;
		case DW_TAG_inheritance:
			add_member(t, &die, &cap);
			t->member[t->members - 1].inherited =
				inheritance(&die, die_tag(&parent));
			break;
		case DW_TAG_formal_parameter:
			add_member(t, &die, &cap);
			set_this(t, &die);
			break;
		case DW_TAG_unspecified_parameters:
			t->varargs = true;
			break;
		case DW_TAG_enumerator:
			add_enumerator(t, &die, &enum_cap);
			break;
		}
	}
	die_close(&parent);
	if (t->kind == TYPE_STRUCT || t->kind == TYPE_UNION)
		cut_cycles(t, depth);
}

size_t type_members(struct type *t, const struct member **out)
{
	t = type_strip(t);
	load_children(t);
	*out = t->member;
	return t->members;
}

size_t type_statics(struct type *t, const struct static_member **out)
{
	t = type_strip(t);
	load_children(t);
	*out = t->shared;
	return t->shareds;
}

bool type_virtual_base(struct type *t, const struct member *base, uint64_t addr,
		       bool (*read)(void *ctx, uint64_t addr, void *buf,
				    size_t len),
		       void *ctx, uint64_t *out)
{
	struct dwarf *d = type_strip(t)->set->dwarf;
	struct frame_state state = {.read = read, .ctx = ctx};
	struct dwarf_where where = {
		.dwarf = d, .frame = &state, .object = addr};
	struct location at;
	struct die die;

	if (!base->is_virtual || !d || !addr || !die_open(d, base->die, &die))
		return false;
	die_locate(&die, DW_AT_data_member_location, &where, &at);
	die_close(&die);
	*out = at.addr;
	return at.kind == LOCATION_MEMORY;
}

size_t type_enumerators(struct type *t, const struct enumerator **out)
{
	t = type_strip(t);
	load_children(t);
	*out = t->enumerator;
	return t->enumerators;
}

static bool find_member(struct type *t, const char *name, uint64_t base,
			unsigned depth, struct member *out)
{
	const struct member *m;
	size_t n = type_members(t, &m);

	t = type_strip(t);
	if (depth > NESTED_MAX ||
	    (t->kind != TYPE_STRUCT && t->kind != TYPE_UNION))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (m[i].name && !m[i].is_base && !strcmp(m[i].name, name)) {
			*out = m[i];
			out->offset += base;
			return true;
		}
	}
	for (size_t i = 0; i < n; i++)
		if ((!m[i].name || m[i].is_base) && !m[i].is_virtual &&
		    find_member(m[i].type, name, base + m[i].offset, depth + 1,
				out))
			return true;
	return false;
}

bool type_member(struct type *t, const char *name, struct member *out)
{
	return find_member(t, name, 0, 0, out);
}
