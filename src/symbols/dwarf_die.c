#include "symbols/dwarf_impl.h"

#include <string.h>

uint64_t key_make(size_t file, bool types, uint64_t offset)
{
	return (uint64_t)file << KEY_FILE_SHIFT |
	       (uint64_t)types << KEY_TYPES_SHIFT | (offset + 1);
}

size_t key_file(uint64_t key)
{
	return key >> KEY_FILE_SHIFT & 0x7fff;
}

bool key_types(uint64_t key)
{
	return key >> KEY_TYPES_SHIFT & 1;
}

uint64_t key_offset(uint64_t key)
{
	return (key & ((UINT64_C(1) << KEY_TYPES_SHIFT) - 1)) - 1;
}

void dwarf_forget(Dwarf_Debug dbg, Dwarf_Error e)
{
	if (e)
		dwarf_dealloc(dbg, e, DW_DLA_ERROR);
}

bool die_open(struct dwarf *dwarf, uint64_t key, struct die *out)
{
	Dwarf_Error e = NULL;

	*out = (struct die){
		.dwarf = dwarf, .file = key_file(key), .types = key_types(key)};
	if (!key || out->file >= dwarf->files)
		return false;
	out->dbg = dwarf->file[out->file].dbg;
	if (dwarf_offdie_b(out->dbg, key_offset(key), !out->types, &out->die,
			   &e) == DW_DLV_OK)
		return true;
	dwarf_forget(out->dbg, e);
	out->die = NULL;
	return false;
}

void die_close(struct die *die)
{
	if (die->die)
		dwarf_dealloc(die->dbg, die->die, DW_DLA_DIE);
	die->die = NULL;
}

uint64_t die_key(const struct die *die)
{
	Dwarf_Off off = 0;
	Dwarf_Error e = NULL;

	if (dwarf_dieoffset(die->die, &off, &e) != DW_DLV_OK) {
		dwarf_forget(die->dbg, e);
		return 0;
	}
	return key_make(die->file, die->types, off);
}

uint64_t die_sibling_key(const struct die *die, uint64_t offset)
{
	Dwarf_Off unit = 0, len = 0;
	Dwarf_Error e = NULL;

	if (dwarf_die_CU_offset_range(die->die, &unit, &len, &e) != DW_DLV_OK) {
		dwarf_forget(die->dbg, e);
		return 0;
	}
	return offset < len ? key_make(die->file, die->types, unit + offset)
			    : 0;
}

unsigned die_tag(const struct die *die)
{
	Dwarf_Half tag = 0;
	Dwarf_Error e = NULL;

	if (dwarf_tag(die->die, &tag, &e) != DW_DLV_OK)
		dwarf_forget(die->dbg, e);
	return tag;
}

const char *die_name(const struct die *die)
{
	char *name = NULL;
	Dwarf_Error e = NULL;

	if (dwarf_diename(die->die, &name, &e) == DW_DLV_OK)
		return name;
	dwarf_forget(die->dbg, e);
	return NULL;
}

bool die_origin(const struct die *die, struct die *out)
{
	uint64_t key = die_ref(die, DW_AT_abstract_origin);

	if (!key)
		key = die_ref(die, DW_AT_specification);
	return key && die_open(die->dwarf, key, out);
}

/* An inlined copy's origin may complete a declaration in turn. */
enum { ORIGINS = 3 };

static const char *any_name(const struct die *die, int depth)
{
	const char *name = die_name(die);
	struct die origin;

	if (name || depth > ORIGINS || !die_origin(die, &origin))
		return name;
	name = any_name(&origin, depth + 1); /* lives in the section */
	die_close(&origin);
	return name;
}

const char *die_any_name(const struct die *die)
{
	return any_name(die, 0);
}

static uint64_t any_type(const struct die *die, int depth)
{
	uint64_t type = die_ref(die, DW_AT_type);
	struct die origin;

	if (type || depth > ORIGINS || !die_origin(die, &origin))
		return type;
	type = any_type(&origin, depth + 1);
	die_close(&origin);
	return type;
}

uint64_t die_any_type(const struct die *die)
{
	return any_type(die, 0);
}

Dwarf_Attribute die_attr(const struct die *die, unsigned number)
{
	Dwarf_Attribute attr = NULL;
	Dwarf_Error e = NULL;

	if (dwarf_attr(die->die, (Dwarf_Half)number, &attr, &e) == DW_DLV_OK)
		return attr;
	dwarf_forget(die->dbg, e);
	return NULL;
}

void attr_free(const struct die *die, Dwarf_Attribute attr)
{
	if (attr)
		dwarf_dealloc(die->dbg, attr, DW_DLA_ATTR);
}

bool die_has(const struct die *die, unsigned attr)
{
	Dwarf_Bool has = 0;
	Dwarf_Error e = NULL;

	if (dwarf_hasattr(die->die, (Dwarf_Half)attr, &has, &e) == DW_DLV_ERROR)
		dwarf_forget(die->dbg, e);
	return has;
}

const char *die_text(const struct die *die, unsigned attr)
{
	Dwarf_Attribute a = die_attr(die, attr);
	char *text = NULL;
	Dwarf_Error e = NULL;

	if (a && dwarf_formstring(a, &text, &e) != DW_DLV_OK) {
		dwarf_forget(die->dbg, e);
		text = NULL;
	}
	attr_free(die, a);
	return text;
}

bool die_flag(const struct die *die, unsigned number)
{
	Dwarf_Attribute attr = die_attr(die, number);
	Dwarf_Bool flag = 0;
	Dwarf_Error e = NULL;

	if (!attr)
		return false;
	if (dwarf_formflag(attr, &flag, &e) != DW_DLV_OK)
		dwarf_forget(die->dbg, e);
	attr_free(die, attr);
	return flag;
}

/*
 * A constant; is_signed is for the forms that do not say themselves whether it
 * has a sign: -1 of an upper bound has one wherever it is asked for.
 */
static bool die_constant(const struct die *die, unsigned number, bool is_signed,
			 uint64_t *out)
{
	Dwarf_Attribute attr = die_attr(die, number);
	Dwarf_Unsigned u = 0;
	Dwarf_Signed s = 0;
	Dwarf_Half form = 0;
	Dwarf_Error e = NULL;
	int ret;

	if (!attr)
		return false;
	ret = dwarf_whatform(attr, &form, &e);
	if (form == DW_FORM_udata)
		is_signed = false;
	else if (form == DW_FORM_sdata || form == DW_FORM_implicit_const)
		is_signed = true;
	if (ret == DW_DLV_OK)
		ret = is_signed ? dwarf_formsdata(attr, &s, &e)
				: dwarf_formudata(attr, &u, &e);
	if (ret == DW_DLV_ERROR)
		dwarf_forget(die->dbg, e);
	attr_free(die, attr);
	*out = is_signed ? (uint64_t)s : u;
	return ret == DW_DLV_OK;
}

bool die_signed(const struct die *die, unsigned number, int64_t *out)
{
	uint64_t bits = 0;

	if (!die_constant(die, number, true, &bits))
		return false;
	*out = (int64_t)bits;
	return true;
}

bool die_unsigned(const struct die *die, unsigned number, uint64_t *out)
{
	return die_constant(die, number, false, out);
}

bool die_address(const struct die *die, unsigned number, uint64_t *out)
{
	Dwarf_Attribute attr = die_attr(die, number);
	Dwarf_Addr addr = 0;
	Dwarf_Unsigned index;
	Dwarf_Error e = NULL;
	bool ok;

	*out = 0;
	if (!attr)
		return false;
	ok = dwarf_formaddr(attr, &addr, &e) == DW_DLV_OK;
	if (ok) {
		*out = addr;
	} else {
		dwarf_forget(die->dbg, e);
		e = NULL;
		ok = dwarf_get_debug_addr_index(attr, &index, &e) ==
			     DW_DLV_OK &&
		     die_indexed_address(die, index, out);
	}
	attr_free(die, attr);
	return ok;
}

/* A type unit's type by its signature. */
static uint64_t by_signature(const struct die *die, Dwarf_Attribute attr)
{
	Dwarf_Sig8 sig;
	Dwarf_Die found = NULL;
	Dwarf_Bool is_info = 0;
	Dwarf_Off off;
	Dwarf_Error e = NULL;
	uint64_t key = 0;

	if (dwarf_formsig8(attr, &sig, &e) != DW_DLV_OK ||
	    dwarf_find_die_given_sig8(die->dbg, &sig, &found, &is_info, &e) !=
		    DW_DLV_OK) {
		dwarf_forget(die->dbg, e);
		return 0;
	}
	if (dwarf_dieoffset(found, &off, &e) == DW_DLV_OK)
		key = key_make(die->file, !is_info, off);
	else
		dwarf_forget(die->dbg, e);
	dwarf_dealloc(die->dbg, found, DW_DLA_DIE);
	return key;
}

uint64_t die_ref(const struct die *die, unsigned number)
{
	Dwarf_Attribute attr = die_attr(die, number);
	Dwarf_Off off = 0;
	Dwarf_Half form = 0;
	Dwarf_Error e = NULL;
	uint64_t key = 0;
	size_t alt;

	if (!attr)
		return 0;
	if (dwarf_whatform(attr, &form, &e) != DW_DLV_OK) {
		dwarf_forget(die->dbg, e);
	} else if (form == DW_FORM_ref_sig8) {
		key = by_signature(die, attr);
	} else if (dwarf_global_formref(attr, &off, &e) != DW_DLV_OK) {
		dwarf_forget(die->dbg, e);
	} else if (form == DW_FORM_GNU_ref_alt || form == DW_FORM_ref_sup4 ||
		   form == DW_FORM_ref_sup8) {
		alt = dwarf_alt_file(die->dwarf);
		key = alt ? key_make(alt, false, off) : 0;
	} else {
		/* DW_FORM_ref_addr always leads to .debug_info. */
		key = key_make(die->file,
			       die->types && form != DW_FORM_ref_addr, off);
	}
	attr_free(die, attr);
	return key;
}

/* Is it within the list of its kin?  Closed, and noted, if not. */
static bool is_within(struct die *die)
{
	if (!die->limit || die_key(die) < die->limit)
		return true;
	dwarf_note_file(die->dwarf, "its debug information",
			"is damaged: entries lie in one another");
	die_close(die);
	return false;
}

bool die_child(const struct die *parent, struct die *out)
{
	uint64_t sibling = die_ref(parent, DW_AT_sibling);
	Dwarf_Error e = NULL;

	*out = *parent;
	out->die = NULL;
	if (sibling > die_key(parent) && (!out->limit || sibling < out->limit))
		out->limit = sibling;
	if (dwarf_child(parent->die, &out->die, &e) == DW_DLV_OK)
		return is_within(out);
	dwarf_forget(parent->dbg, e);
	out->die = NULL;
	return false;
}

bool die_next(struct die *die)
{
	uint64_t before = die_key(die);
	Dwarf_Die next = NULL;
	Dwarf_Error e = NULL;
	int ret = dwarf_siblingof_b(die->dbg, die->die, !die->types, &next, &e);

	if (ret == DW_DLV_ERROR)
		dwarf_forget(die->dbg, e);
	die_close(die);
	if (ret != DW_DLV_OK)
		return false;
	die->die = next;
	/* A damaged DW_AT_sibling that leads back would lead there for ever. */
	if (die_key(die) > before)
		return is_within(die);
	die_close(die);
	return false;
}
