#include "symbols/dwarf_lists.h"

#include <string.h>

#include "symbols/dwarf_check.h"
#include "symbols/elf_bytes.h"

uint64_t list_take(struct list *l, size_t len)
{
	uint64_t value = 0;

	if ((size_t)(l->end - l->at) < len) {
		l->failed = true;
		return 0;
	}
	memcpy(&value, l->at, len);
	l->at += len;
	return value;
}

uint64_t list_take_uleb(struct list *l)
{
	uint64_t value = 0;
	unsigned shift = 0;

	for (;;) {
		uint64_t byte = list_take(l, 1);

		if (shift < 64)
			value |= (byte & 0x7f) << shift;
		shift += 7;
		if (l->failed || !(byte & 0x80))
			return value;
	}
}

static uint64_t take_index(struct list *l)
{
	uint64_t addr = 0;

	if (!die_indexed_address(l->die, list_take_uleb(l), &addr))
		l->failed = true;
	return addr;
}

/* Where the unit's part of the section starts: not at 0 in a package. */
static uint64_t part_of(const struct die *die, enum list_kind kind)
{
	Dwarf_Debug_Fission_Per_CU part;
	Dwarf_Error e = NULL;
	int ret;

	memset(&part, 0, sizeof part);
	if (die->dwarf->file[die->file].kind != FILE_PACKAGE)
		return 0;
	ret = dwarf_get_debugfission_for_die(die->die, &part, &e);
	if (ret == DW_DLV_ERROR)
		dwarf_forget(die->dbg, e);
	if (ret != DW_DLV_OK)
		return 0;
	/* DW_SECT_LOC of GNU's and DW_SECT_LOCLISTS are one number. */
	return part.pcu_offset[kind == LIST_RANGES ? DW_SECT_RNGLISTS
						   : DW_SECT_LOCLISTS];
}

/* The DIE of the unit that a DIE is of. */
static bool unit_of(const struct die *die, struct die *out)
{
	Dwarf_Off off = 0;
	Dwarf_Error e = NULL;

	if (dwarf_CU_dieoffset_given_die(die->die, &off, &e) != DW_DLV_OK) {
		dwarf_forget(die->dbg, e);
		return false;
	}
	return die_open(die->dwarf, key_make(die->file, die->types, off), out);
}

/* Its low_pc: of a split unit, that of its other half. */
static uint64_t base_of(const struct die *die, bool split)
{
	struct die unit;
	uint64_t base;

	if (split ? !dwarf_other_half(die, &unit) : !unit_of(die, &unit))
		return 0;
	if (!die_address(&unit, DW_AT_low_pc, &base))
		base = 0;
	die_close(&unit);
	return base;
}

/* Where the table of the lists' offsets is: behind the header.  A whole unit
 * says so itself. */
static bool table_of(const struct die *die, enum list_kind kind, bool split,
		     uint64_t *out)
{
	struct die unit;
	bool ok;

	if (split) {
		*out = part_of(die, kind) + 12;
		return true;
	}
	if (!unit_of(die, &unit))
		return false;
	ok = die_section_offset(&unit,
				kind == LIST_RANGES ? DW_AT_rnglists_base
						    : DW_AT_loclists_base,
				out);
	die_close(&unit);
	return ok;
}

/* The section of that name; false: there is none that can be read. */
static bool load_lists(const struct die *die, enum list_kind kind,
		       const char *name, const void **data, size_t *size)
{
	struct dwarf_file *file = &die->dwarf->file[die->file];
	size_t index = elf_section_find(file->elf, name);
	struct error err;

	if (!index ||
	    dwarf_load_section(die->dwarf, file->elf, index, data, size,
			       &err) ||
	    !*data)
		return false;
	if (kind == LIST_OLD_LOCATIONS)
		return true;
	if (!file->lists_checked[kind])
		file->lists_damaged[kind] = !dwarf_check_lists(*data, *size);
	file->lists_checked[kind] = true;
	if (file->lists_damaged[kind])
		dwarf_note_file(die->dwarf, name, "is damaged: not used");
	return true;
}

bool list_open(const struct die *die, enum list_kind kind, unsigned form,
	       uint64_t value, struct list *out, bool *there)
{
	const struct dwarf_file *file = &die->dwarf->file[die->file];
	bool split = file->kind == FILE_SPLIT || file->kind == FILE_PACKAGE;
	static const char *const section[][2] = {
		{".debug_rnglists", ".debug_rnglists.dwo"},
		{".debug_loclists", ".debug_loclists.dwo"},
		{".debug_loc", ".debug_loc.dwo"}};
	const void *data;
	uint64_t table, offset;
	size_t size;
	bool indexed = form == DW_FORM_rnglistx || form == DW_FORM_loclistx;

	*there = load_lists(die, kind, section[kind][split], &data, &size);
	if (!*there ||
	    (kind != LIST_OLD_LOCATIONS && file->lists_damaged[kind]))
		return false;
	*out = (struct list){
		.die = die, .at = data, .end = (const uint8_t *)data + size};
	if (indexed) {
		/* Offsets of 4 bytes: DWARF of 32 bits, as compilers make. */
		if (!table_of(die, kind, split, &table) || table > size ||
		    value >= (size - table) / 4)
			return false;
		out->at += table + value * 4;
		offset = list_take(out, 4);
		value = table + offset;
	}
	if (kind == LIST_OLD_LOCATIONS && split)
		value += part_of(die, kind);
	if (value >= size)
		return false;
	out->split = split;
	out->at = (const uint8_t *)data + value;
	out->base = base_of(die, split);
	return true;
}

/* The codes of ranges and those of locations mean the same, but for these. */
enum {
	LLE_DEFAULT = 5,
	LLE_BASE = 6,
	LLE_START_END = 7,
	LLE_START_LENGTH = 8,
	LLE_VIEWS = 9 /* GNU's, of views within an instruction */
};

static unsigned take_code(struct list *l, enum list_kind kind, bool *is_default)
{
	unsigned code = (unsigned)list_take(l, 1);

	*is_default = false;
	if (kind == LIST_RANGES)
		return code;
	switch (code) {
	case LLE_DEFAULT:
		*is_default = true;
		return DW_RLE_offset_pair;
	case LLE_BASE:
		return DW_RLE_base_address;
	case LLE_START_END:
		return DW_RLE_start_end;
	case LLE_START_LENGTH:
		return DW_RLE_start_length;
	case LLE_VIEWS:
		return LLE_VIEWS;
	default:
		if (code <= DW_RLE_offset_pair)
			return code;
		l->failed = true;
		return DW_RLE_end_of_list;
	}
}

/* The addresses of one entry; *has_more: an expression may follow. */
static bool take_range(struct list *l, unsigned code, struct list_entry *out,
		       bool *has_more)
{
	unsigned word = l->die->dwarf->word;

	*has_more = true;
	switch (code) {
	case DW_RLE_base_addressx:
		l->base = take_index(l);
		*has_more = false;
		break;
	case DW_RLE_startx_endx:
		out->low = take_index(l);
		out->high = take_index(l);
		break;
	case DW_RLE_startx_length:
		out->low = take_index(l);
		out->high = out->low + list_take_uleb(l);
		break;
	case DW_RLE_offset_pair:
		out->low = l->base + list_take_uleb(l);
		out->high = l->base + list_take_uleb(l);
		break;
	case DW_RLE_base_address:
		l->base = list_take(l, word);
		*has_more = false;
		break;
	case DW_RLE_start_end:
		out->low = list_take(l, word);
		out->high = list_take(l, word);
		break;
	case DW_RLE_start_length:
		out->low = list_take(l, word);
		out->high = out->low + list_take_uleb(l);
		break;
	case LLE_VIEWS:
		list_take_uleb(l);
		list_take_uleb(l);
		*has_more = false;
		break;
	default: /* DW_RLE_end_of_list */
		return false;
	}
	return !l->failed;
}

/* The bytes of out->length that come next. */
static bool take_expression(struct list *l, struct list_entry *out)
{
	if (out->length > (size_t)(l->end - l->at))
		l->failed = true;
	if (l->failed)
		return false;
	out->expression = l->at;
	l->at += out->length;
	return true;
}

/* Words until DWARF 4; codes of GNU's in split units. */
static bool next_old(struct list *l, struct list_entry *out)
{
	unsigned word = l->die->dwarf->word;
	uint64_t none = word == 8 ? UINT64_MAX : UINT32_MAX;

	if (!l->split) {
		out->low = list_take(l, word);
		out->high = list_take(l, word);
		if (l->failed || (!out->low && !out->high))
			return false;
		if (out->low == none) {
			l->base = out->high;
			out->low = out->high = 0;
			return true;
		}
		out->low += l->base;
		out->high += l->base;
	} else {
		switch (list_take(l, 1)) {
		case 1:
			l->base = take_index(l);
			return !l->failed;
		case 2:
			out->low = take_index(l);
			out->high = take_index(l);
			break;
		case 3:
			out->low = take_index(l);
			out->high = out->low + list_take(l, 4);
			break;
		case 0:
			return false;
		default:
			l->failed = true;
			return false;
		}
	}
	out->length = list_take(l, 2);
	return take_expression(l, out);
}

bool list_next(struct list *l, enum list_kind kind, struct list_entry *out)
{
	bool has_more;
	unsigned code;

	*out = (struct list_entry){0};
	if (kind == LIST_OLD_LOCATIONS)
		return next_old(l, out);
	code = take_code(l, kind, &out->everywhere);
	if (l->failed)
		return false;
	if (out->everywhere)
		has_more = true;
	else if (!take_range(l, code, out, &has_more))
		return false;
	if (kind == LIST_RANGES || !has_more)
		return true;
	out->length = list_take_uleb(l);
	return take_expression(l, out);
}
