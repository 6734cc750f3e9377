/*
 * Addresses of split units: an index into .debug_addr (DWARF 5, 7.27; before,
 * GNU's), which the program itself has, where the unit's other half says.
 */
#include <string.h>

#include "symbols/dwarf_impl.h"

bool dwarf_other_half(const struct die *die, struct die *out)
{
	struct dwarf *d = die->dwarf;
	Dwarf_Off off = 0;
	Dwarf_Error e = NULL;
	uint64_t key;

	if (dwarf_CU_dieoffset_given_die(die->die, &off, &e) != DW_DLV_OK) {
		dwarf_forget(die->dbg, e);
		return false;
	}
	key = key_make(die->file, die->types, off);
	for (size_t i = 0; i < d->units; i++)
		if (d->unit[i].whole == key && d->unit[i].die != key)
			return die_open(d, d->unit[i].die, out);
	return false;
}

/* An offset in a section, as the forms of two times have it. */
bool die_section_offset(const struct die *die, unsigned attr, uint64_t *out)
{
	Dwarf_Attribute a = die_attr(die, attr);
	Dwarf_Off off = 0;
	Dwarf_Error e = NULL;
	bool ok = a && dwarf_global_formref(a, &off, &e) == DW_DLV_OK;

	if (a && !ok)
		dwarf_forget(die->dbg, e);
	attr_free(die, a);
	*out = off;
	return ok;
}

/* libdwarf before 0.11 finds no .debug_addr for a package. */
static bool read_address(const struct die *die, uint64_t index, uint64_t *out)
{
	struct dwarf *d = die->dwarf;
	struct die half;
	const void *data;
	uint64_t base;
	size_t size;
	bool ok;

	if (!dwarf_other_half(die, &half))
		return false;
	ok = die_section_offset(&half, DW_AT_addr_base, &base) ||
	     die_section_offset(&half, DW_AT_GNU_addr_base, &base);
	die_close(&half);
	if (!ok || !elf_section(d->file[0].elf, ".debug_addr", &data, &size) ||
	    base > size || index >= (size - base) / d->word)
		return false;
	*out = 0;
	memcpy(out, (const char *)data + base + index * d->word, d->word);
	return true;
}

bool die_indexed_address(const struct die *die, uint64_t index, uint64_t *out)
{
	Dwarf_Addr addr = 0;
	Dwarf_Error e = NULL;

	if (dwarf_debug_addr_index_to_addr(die->die, index, &addr, &e) ==
	    DW_DLV_OK) {
		*out = addr;
		return true;
	}
	dwarf_forget(die->dbg, e);
	return die->dwarf->file[die->file].kind != FILE_MAIN &&
	       read_address(die, index, out);
}
