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

uint64_t dwarf_function_entry(struct dwarf *d, uint64_t pc)
{
	struct dwarf_unit *unit = dwarf_unit_at(d, pc);
	struct die function;
	uint64_t entry;

	if (!unit || !dwarf_function_at(d, unit, pc, &function))
		return 0;
	entry = die_entry(&function);
	die_close(&function);
	return entry;
}

static bool origin_of(const struct die *call, struct die *out)
{
	uint64_t key = die_ref(call, DW_AT_call_origin);

	if (!key)
		key = die_ref(call, DW_AT_abstract_origin);
	return key && die_open(call->dwarf, key, out);
}

/* Is the function elsewhere?  Link-time optimization says it of what the DIE is
 * a copy of. */
static bool is_declared(const struct die *function, int depth)
{
	struct die origin;
	bool is = die_flag(function, DW_AT_declaration);

	if (is || depth > 3 || !die_origin(function, &origin))
		return is;
	is = is_declared(&origin, depth + 1);
	die_close(&origin);
	return is;
}

/* What it calls, as far as that is the same at all times. */
static void set_target(const struct die *call, const struct module *module,
		       struct call_site *out)
{
	struct die origin;

	if (!origin_of(call, &origin))
		return;
	out->target = die_entry(&origin);
	if (out->target) {
		out->target += module->bias;
	} else if (is_declared(&origin, 0)) {
		out->name = die_linkage_name(&origin);
		if (!out->name)
			out->name = die_any_name(&origin);
	}
	die_close(&origin);
}

static void set_site(const struct die *call, const struct module *module,
		     struct call_site *out)
{
	*out = (struct call_site){0};
	if (!die_address(call, DW_AT_call_return_pc, &out->ret) &&
	    !die_address(call, DW_AT_low_pc, &out->ret))
		return;
	out->ret += module->bias;
	set_target(call, module, out);
}

/* All tail calls in a function and in what was inlined into it. */
static bool each_tail_call(const struct die *block, int depth,
			   const struct module *module, call_site_fn *fn,
			   void *ctx)
{
	struct call_site site;
	struct die die;
	bool go_on = true;

	for (bool ok = die_child(block, &die); ok; ok = die_next(&die)) {
		unsigned tag = die_tag(&die);

		if (is_call(tag) && (die_flag(&die, DW_AT_call_tail_call) ||
				     die_flag(&die, DW_AT_GNU_tail_call))) {
			set_site(&die, module, &site);
			go_on = fn(ctx, &site);
		} else if ((tag == DW_TAG_lexical_block ||
			    tag == DW_TAG_inlined_subroutine) &&
			   depth < BLOCKS) {
			go_on = each_tail_call(&die, depth + 1, module, fn,
					       ctx);
		}
		if (!go_on) {
			die_close(&die);
			return false;
		}
	}
	return true;
}

bool dwarf_each_tail_call(struct dwarf *d, const struct module *module,
			  uint64_t entry, call_site_fn *fn, void *ctx)
{
	uint64_t pc = entry - module->bias;
	struct dwarf_unit *unit = dwarf_unit_at(d, pc);
	struct die function;
	bool known;

	if (!unit || !dwarf_function_at(d, unit, pc, &function))
		return false;
	known = die_entry(&function) == pc;
	if (known)
		each_tail_call(&function, 0, module, fn, ctx);
	die_close(&function);
	return known;
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
	struct die origin;
	uint64_t target;
	const char *linkage, *name;
	bool same;

	if (!origin_of(call, &origin))
		return from->caller &&
		       value_of(call, DW_AT_call_target,
				DW_AT_GNU_call_site_target, where, &target) &&
		       target == from->callee;
	target = die_entry(&origin);
	linkage = die_linkage_name(&origin);
	name = die_any_name(&origin);
	if (target)
		same = target + where->bias == from->callee;
	else if (linkage && from->linkage_name)
		same = !strcmp(linkage, from->linkage_name);
	else
		same = name && from->name && !strcmp(name, from->name);
	die_close(&origin);
	return same;
}

static bool is_for(const struct die *argument, const struct entry_place *place)
{
	struct entry_place at;

	if (place->parameter)
		return die_ref(argument, DW_AT_call_parameter) ==
			       place->parameter ||
		       die_ref(argument, DW_AT_abstract_origin) ==
			       place->parameter;
	return die_entry_place(argument, DW_AT_location, 0, &at) &&
	       at.on_stack == place->on_stack && at.at == place->at;
}

static bool parameter_value(const struct die *call,
			    const struct entry_place *place,
			    struct dwarf_where *where, uint64_t *out)
{
	struct die die;
	bool known;

	for (bool ok = die_child(call, &die); ok; ok = die_next(&die)) {
		unsigned tag = die_tag(&die);

		if ((tag != DW_TAG_call_site_parameter &&
		     tag != DW_TAG_GNU_call_site_parameter) ||
		    !is_for(&die, place))
			continue;
		known = value_of(&die, DW_AT_call_value,
				 DW_AT_GNU_call_site_value, where, out);
		die_close(&die);
		return known;
	}
	return false;
}

/* Where a call returns to, in the function that has it: both to be closed. */
struct returned {
	struct die function, call;
	struct dwarf_where where;
};

static bool open_call(struct dwarf *d, const struct module *module,
		      const struct call *from, struct returned *out)
{
	uint64_t pc = from->ret - module->bias;
	struct dwarf_unit *unit = dwarf_unit_at(d, pc - 1);

	if (!unit || !dwarf_function_at(d, unit, pc - 1, &out->function))
		return false;
	out->where = (struct dwarf_where){.dwarf = d,
					  .bias = module->bias,
					  .frame = from->caller,
					  .function = &out->function};
	if (find_call(&out->function, 0, returns_to, pc, &out->call))
		return true;
	die_close(&out->function);
	return false;
}

static void close_call(struct returned *at)
{
	die_close(&at->call);
	die_close(&at->function);
}

bool dwarf_call_value(struct dwarf *d, const struct module *module,
		      const struct call *from, const struct entry_place *at,
		      uint64_t *out)
{
	struct returned to;
	bool found;

	if (!open_call(d, module, from, &to))
		return false;
	found = parameter_value(&to.call, at, &to.where, out);
	close_call(&to);
	return found;
}

bool dwarf_call_site(struct dwarf *d, const struct module *module,
		     const struct call *from, struct call_site *out)
{
	struct returned to;

	if (!open_call(d, module, from, &to))
		return false;
	set_site(&to.call, module, out);
	if (calls(&to.call, &to.where, from))
		out->target = from->callee;
	close_call(&to);
	return true;
}
