/*
 * What a register held when a function was entered, as the debug information of
 * its caller has it (DW_TAG_call_site; GNU's of DWARF 4): the argument is gone
 * from the register since, but its caller may still have what it was made of.
 */
#include <string.h>

#include "symbols/dwarf_impl.h"
#include "symbols/dwarf_module.h"

enum { BLOCKS = 64 };

static bool is_call(unsigned tag)
{
	return tag == DW_TAG_call_site || tag == DW_TAG_GNU_call_site;
}

/* The first call in a function that "wanted" says yes to, to be closed. */
typedef bool wanted_fn(const struct die *call, uint64_t arg);

static bool find_call(const struct die *block, int depth, wanted_fn *wanted,
		      uint64_t arg, struct die *out)
{
	struct die die;

	for (bool ok = die_child(block, &die); ok; ok = die_next(&die)) {
		unsigned tag = die_tag(&die);

		if (is_call(tag) && wanted(&die, arg)) {
			*out = die;
			return true;
		}
		if ((tag != DW_TAG_lexical_block &&
		     tag != DW_TAG_inlined_subroutine) ||
		    depth == BLOCKS)
			continue;
		if (find_call(&die, depth + 1, wanted, arg, out)) {
			die_close(&die);
			return true;
		}
	}
	return false;
}

static bool returns_to(const struct die *call, uint64_t pc)
{
	uint64_t at;

	return (die_address(call, DW_AT_call_return_pc, &at) ||
		die_address(call, DW_AT_low_pc, &at)) &&
	       at == pc;
}

static bool is_tail_call(const struct die *call, uint64_t unused)
{
	(void)unused;
	return die_flag(call, DW_AT_call_tail_call) ||
	       die_flag(call, DW_AT_GNU_tail_call);
}

bool dwarf_calls_tail(struct dwarf *d, uint64_t pc)
{
	struct dwarf_unit *unit = dwarf_unit_at(d, pc);
	struct die function, call;
	bool does;

	if (!unit || !dwarf_function_at(d, unit, pc, &function))
		return true; /* nobody knows */
	does = find_call(&function, 0, is_tail_call, 0, &call);
	if (does)
		die_close(&call);
	die_close(&function);
	return does;
}

static bool value_of(const struct die *die, unsigned attr, unsigned gnu,
		     struct dwarf_where *where, uint64_t *out)
{
	struct location at;

	die_locate(die, die_has(die, attr) ? attr : gnu, where, &at);
	*out = at.kind == LOCATION_MEMORY ? at.addr : at.value;
	return at.kind == LOCATION_MEMORY || at.kind == LOCATION_VALUE;
}

/* Does it call that function, and no other one that went on to it? */
static bool calls(const struct die *call, struct dwarf_where *where,
		  const struct call *from)
{
	struct die origin = *call;
	uint64_t key = die_ref(call, DW_AT_call_origin), target;
	const char *linkage, *name;
	bool same;

	if (!key)
		key = die_ref(call, DW_AT_abstract_origin);
	if (!key)
		return value_of(call, DW_AT_call_target,
				DW_AT_GNU_call_site_target, where, &target) &&
		       target == from->callee;
	if (!die_open(call->dwarf, key, &origin))
		return false;
	linkage = die_linkage_name(&origin);
	name = die_any_name(&origin);
	if (linkage && from->linkage_name)
		same = !strcmp(linkage, from->linkage_name);
	else
		same = name && from->name && !strcmp(name, from->name);
	die_close(&origin);
	return same;
}

/* The register that an expression of one operation names; -1: none. */
static int register_of(const struct die *die)
{
	Dwarf_Attribute a = die_attr(die, DW_AT_location);
	Dwarf_Unsigned len = 0;
	Dwarf_Ptr bytes = NULL;
	Dwarf_Error e = NULL;
	int reg = -1;

	if (a && dwarf_formexprloc(a, &len, &bytes, &e) == DW_DLV_OK) {
		unsigned op = len == 1 ? *(const uint8_t *)bytes : 0;

		if (op >= DW_OP_reg0 && op <= DW_OP_reg31)
			reg = (int)(op - DW_OP_reg0);
	} else if (a) {
		dwarf_forget(die->dbg, e);
	}
	attr_free(die, a);
	return reg;
}

static bool parameter_value(const struct die *call, unsigned reg,
			    struct dwarf_where *where, uint64_t *out)
{
	struct die die;
	bool found = false;

	for (bool ok = die_child(call, &die); ok && !found;
	     ok = !found && die_next(&die)) {
		unsigned tag = die_tag(&die);

		if ((tag != DW_TAG_call_site_parameter &&
		     tag != DW_TAG_GNU_call_site_parameter) ||
		    register_of(&die) != (int)reg)
			continue;
		found = true;
		break;
	}
	if (!found)
		return false;
	found = value_of(&die, DW_AT_call_value, DW_AT_GNU_call_site_value,
			 where, out);
	die_close(&die);
	return found;
}

bool dwarf_call_value(struct dwarf *d, const struct module *module,
		      const struct call *from, unsigned reg, uint64_t *out)
{
	uint64_t pc = from->ret - module->bias;
	struct dwarf_unit *unit = dwarf_unit_at(d, pc - 1);
	struct die function, call;
	struct dwarf_where where = {.dwarf = d,
				    .bias = module->bias,
				    .frame = from->caller,
				    .function = &function};
	bool found = false;

	if (!unit || !dwarf_function_at(d, unit, pc - 1, &function))
		return false;
	if (find_call(&function, 0, returns_to, pc, &call)) {
		found = calls(&call, &where, from) &&
			parameter_value(&call, reg, &where, out);
		die_close(&call);
	}
	die_close(&function);
	return found;
}
