/*
 * The code of a DIE: DW_AT_low_pc and DW_AT_high_pc, or a list of ranges in
 * .debug_ranges (DWARF 2 to 4) or .debug_rnglists (DWARF 5).
 */
#include <string.h>

#include "symbols/dwarf_lists.h"

/* DW_AT_low_pc and DW_AT_high_pc of a DIE; false if it has not both. */
bool die_extent(const struct die *die, uint64_t *low, uint64_t *high)
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

/* DWARF 5. */
static void each_in_list(const struct die *die, unsigned form, uint64_t value,
			 range_fn *fn, void *ctx)
{
	struct list list;
	struct list_entry e;
	bool there;

	if (!list_open(die, LIST_RANGES, form, value, &list, &there))
		return;
	while (list_next(&list, LIST_RANGES, &e))
		if (e.low < e.high && !fn(ctx, e.low, e.high))
			break;
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
		if (die_extent(die, &low, &high) && low < high)
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
		each_in_list(die, form, u, fn, ctx);
	else
		each_in_ranges(die, u, fn, ctx);
	attr_free(die, attr);
}

/* The first of its ranges. */
static bool take_first(void *ctx, uint64_t low, uint64_t high)
{
	(void)high;
	*(uint64_t *)ctx = low;
	return false;
}

uint64_t die_entry(const struct die *die)
{
	uint64_t entry = 0;

	die_each_range(die, take_first, &entry);
	return entry;
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
