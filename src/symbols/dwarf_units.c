/* The units of a module's debug information, and which covers an address. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/progress.h"
#include "symbols/dwarf_impl.h"

bool dwarf_next_unit(struct die *die, struct dwarf_header *out)
{
	Dwarf_Unsigned length, typeoff, next;
	Dwarf_Half version, addr_size, offset_size, extension, kind = 0;
	Dwarf_Off abbrev;
	Dwarf_Sig8 signature = {{0}};
	Dwarf_Error e = NULL;
	int ret;

	die->die = NULL;
#ifdef HAVE_DWARF_NEXT_CU_HEADER_E
	ret = dwarf_next_cu_header_e(die->dbg, !die->types, &die->die, &length,
				     &version, &abbrev, &addr_size,
				     &offset_size, &extension, &signature,
				     &typeoff, &next, &kind, &e);
#else
	ret = dwarf_next_cu_header_d(die->dbg, !die->types, &length, &version,
				     &abbrev, &addr_size, &offset_size,
				     &extension, &signature, &typeoff, &next,
				     &kind, &e);
	if (ret == DW_DLV_OK)
		ret = dwarf_siblingof_b(die->dbg, NULL, !die->types, &die->die,
					&e);
#endif
	if (ret == DW_DLV_ERROR)
		dwarf_forget(die->dbg, e);
	*out = (struct dwarf_header){0};
	out->is_type_unit = kind == DW_UT_type || kind == DW_UT_split_type;
	if (kind == DW_UT_skeleton || kind == DW_UT_split_compile)
		memcpy(&out->id, &signature, sizeof out->id);
	return ret == DW_DLV_OK;
}

/* DW_AT_low_pc and DW_AT_high_pc of a DIE; false if it has not both. */
static bool extent(const struct die *die, uint64_t *low, uint64_t *high)
{
	Dwarf_Addr end = 0;
	Dwarf_Half form;
	enum Dwarf_Form_Class class;
	Dwarf_Error e = NULL;
	int ret;

	if (!die_address(die, DW_AT_low_pc, low))
		return false;
	ret = dwarf_highpc_b(die->die, &end, &form, &class, &e);
	if (ret == DW_DLV_ERROR)
		dwarf_forget(die->dbg, e);
	if (ret != DW_DLV_OK)
		return false;
	*high = class == DW_FORM_CLASS_CONSTANT ? *low + end : end;
	return true;
}

static int add_unit(struct dwarf *d, const struct die *die, uint64_t id,
		    struct error *err)
{
	struct dwarf_unit u = {.die = die_key(die), .id = id};

	if (!u.die)
		return 0;
	u.partial = die_tag(die) == DW_TAG_partial_unit;
	if (!die_has(die, DW_AT_ranges) && !extent(die, &u.low, &u.high))
		u.low = u.high = 0;
	if (GROW(d->unit, d->unit_cap, d->units + 1, "debug units", err))
		return -1;
	d->unit[d->units++] = u;
	return 0;
}

static int list_units_of(struct dwarf *d, size_t file, bool types,
			 struct error *err)
{
	struct die die = {.dwarf = d,
			  .dbg = d->file[file].dbg,
			  .file = file,
			  .types = types};
	struct dwarf_header header;
	int ret = 0;

	/* To the end in any case: libdwarf would go on from here. */
	while (dwarf_next_unit(&die, &header)) {
		if (!ret)
			ret = add_unit(d, &die, header.id, err);
		if (!ret && d->units % 64 == 0)
			ret = progress_tick("debug units", d->units, 0, err);
		die_close(&die);
	}
	return ret;
}

int dwarf_list_units(struct dwarf *d, struct error *err)
{
	size_t alt;

	if (d->units_listed)
		return 0;
	d->units = 0;
	if (list_units_of(d, 0, false, err) || list_units_of(d, 0, true, err))
		return -1;
	alt = dwarf_alt_file(d);
	if (alt && list_units_of(d, alt, false, err))
		return -1;
	d->units_listed = true;
	return 0;
}

/* DWARF 5: .debug_rnglists. */
static void each_in_rnglist(const struct die *die, Dwarf_Attribute attr,
			    Dwarf_Half form, uint64_t value, range_fn *fn,
			    void *ctx)
{
	Dwarf_Rnglists_Head head = NULL;
	Dwarf_Unsigned count = 0, offset = 0;
	Dwarf_Error e = NULL;
	bool go_on = true;

	if (dwarf_rnglists_get_rle_head(attr, form, value, &head, &count,
					&offset, &e) != DW_DLV_OK) {
		dwarf_forget(die->dbg, e);
		return;
	}
	for (Dwarf_Unsigned i = 0; i < count && go_on; i++) {
		unsigned length = 0, code = 0;
		Dwarf_Unsigned raw1, raw2, low = 0, high = 0;
		Dwarf_Bool no_addr = 0;

		e = NULL;
		if (dwarf_get_rnglists_entry_fields_a(
			    head, i, &length, &code, &raw1, &raw2, &no_addr,
			    &low, &high, &e) != DW_DLV_OK) {
			dwarf_forget(die->dbg, e);
			break;
		}
		if (code == DW_RLE_end_of_list)
			break;
		if (code == DW_RLE_base_address || code == DW_RLE_base_addressx)
			continue;
		go_on = low >= high || fn(ctx, low, high);
	}
	dwarf_dealloc_rnglists_head(head);
}

static uint64_t unit_base(const struct die *die)
{
	Dwarf_Error e = NULL;
	Dwarf_Die cu = NULL;
	Dwarf_Off cu_off;
	uint64_t base = 0;

	if (dwarf_CU_dieoffset_given_die(die->die, &cu_off, &e) == DW_DLV_OK &&
	    dwarf_offdie_b(die->dbg, cu_off, !die->types, &cu, &e) ==
		    DW_DLV_OK) {
		struct die unit = *die;

		unit.die = cu;
		if (!die_address(&unit, DW_AT_low_pc, &base))
			base = 0;
		die_close(&unit);
	}
	dwarf_forget(die->dbg, e);
	return base;
}

/* DWARF 2 to 4: .debug_ranges. */
static void each_in_ranges(const struct die *die, uint64_t value, range_fn *fn,
			   void *ctx)
{
	Dwarf_Ranges *range = NULL;
	Dwarf_Signed count = 0;
	Dwarf_Unsigned bytes = 0;
	Dwarf_Off real = 0;
	Dwarf_Error e = NULL;
	uint64_t base = unit_base(die);
	bool go_on = true;

	if (dwarf_get_ranges_b(die->dbg, value, die->die, &real, &range, &count,
			       &bytes, &e) != DW_DLV_OK) {
		dwarf_forget(die->dbg, e);
		return;
	}
	for (Dwarf_Signed i = 0; i < count && go_on; i++) {
		uint64_t low = base + range[i].dwr_addr1;
		uint64_t high = base + range[i].dwr_addr2;

		if (range[i].dwr_type == DW_RANGES_ADDRESS_SELECTION)
			base = range[i].dwr_addr2;
		else if (range[i].dwr_type == DW_RANGES_ENTRY)
			go_on = low >= high || fn(ctx, low, high);
	}
	dwarf_ranges_dealloc(die->dbg, range, count);
}

void die_each_range(const struct die *die, range_fn *fn, void *ctx)
{
	Dwarf_Attribute attr = die_attr(die, DW_AT_ranges);
	Dwarf_Half form = 0, version = 0, size = 0;
	Dwarf_Unsigned u = 0;
	Dwarf_Off off = 0;
	Dwarf_Error e = NULL;
	uint64_t low, high;

	if (!attr) {
		if (extent(die, &low, &high) && low < high)
			fn(ctx, low, high);
		return;
	}
	dwarf_get_version_of_die(die->die, &version, &size);
	if (dwarf_whatform(attr, &form, &e) != DW_DLV_OK)
		dwarf_forget(die->dbg, e);
	else if (form == DW_FORM_rnglistx || form == DW_FORM_data4 ||
		 form == DW_FORM_data8) {
		if (dwarf_formudata(attr, &u, &e) != DW_DLV_OK)
			dwarf_forget(die->dbg, e);
	} else if (dwarf_global_formref(attr, &off, &e) != DW_DLV_OK) {
		dwarf_forget(die->dbg, e);
	} else {
		u = off;
	}
	if (version >= 5)
		each_in_rnglist(die, attr, form, u, fn, ctx);
	else
		each_in_ranges(die, u, fn, ctx);
	attr_free(die, attr);
}

struct covering {
	uint64_t pc;
	bool covers;
};

static bool not_covered(void *ctx, uint64_t low, uint64_t high)
{
	struct covering *c = ctx;

	c->covers = c->pc >= low && c->pc < high;
	return !c->covers;
}

bool die_covers(const struct die *die, uint64_t pc)
{
	struct covering c = {.pc = pc};

	die_each_range(die, not_covered, &c);
	return c.covers;
}

bool dwarf_unit_cplus(struct dwarf *d, uint64_t key)
{
	struct die die, unit;
	Dwarf_Off off = 0;
	Dwarf_Error e = NULL;
	uint64_t language = 0;

	if (!die_open(d, key, &die))
		return false;
	if (dwarf_CU_dieoffset_given_die(die.die, &off, &e) != DW_DLV_OK)
		dwarf_forget(die.dbg, e);
	else if (die_open(d, key_make(die.file, die.types, off), &unit)) {
		die_unsigned(&unit, DW_AT_language, &language);
		die_close(&unit);
	}
	die_close(&die);
	return language == DW_LANG_C_plus_plus ||
	       language == DW_LANG_C_plus_plus_03 ||
	       language == DW_LANG_C_plus_plus_11 ||
	       language == DW_LANG_C_plus_plus_14 || language == 0x2b;
}

bool dwarf_has_units(struct dwarf *d)
{
	static const char *const sections[] = {".debug_info", ".zdebug_info"};

	for (size_t i = 0; i < 2; i++) {
		Dwarf_Addr addr = 0;
		Dwarf_Unsigned size = 0;
		Dwarf_Error e = NULL;

		if (dwarf_get_section_info_by_name(d->file[0].dbg, sections[i],
						   &addr, &size,
						   &e) == DW_DLV_OK) {
			if (size)
				return true;
		} else {
			dwarf_forget(d->file[0].dbg, e);
		}
	}
	return false;
}
