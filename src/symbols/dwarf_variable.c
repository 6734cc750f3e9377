/* Arrays whose length the function's own variables tell (C's int a[n]): as long
 * as they are in one frame. */
#include <string.h>

#include "symbols/dwarf_impl.h"
#include "symbols/dwarf_vars.h"

enum { NESTED = 16 };

/* A number in a variable of the compiler's own. */
static bool variable_value(const struct die *die, struct dwarf_where *where,
			   uint64_t *out)
{
	struct type *type = dwarf_type(where->dwarf, die_any_type(die));
	uint64_t size = type_size(type), value = 0;
	struct location at;

	if (!size || size > sizeof value || !where->frame)
		return false;
	die_locate(die, DW_AT_location, where, &at);
	if (!location_read(&at, where->frame, &value, size))
		return false;
	if (type_strip(type)->is_signed)
		value = (uint64_t)((int64_t)(value << (64 - 8 * size)) >>
				   (64 - 8 * size));
	*out = value;
	return true;
}

/* DW_AT_upper_bound and its like: a constant, a variable, an expression. */
static bool bound_value(const struct die *range, unsigned attr,
			struct dwarf_where *where, uint64_t *out)
{
	uint64_t key;
	struct die die;
	struct location at;
	bool known;

	if (!die_has(range, attr))
		return false;
	if (die_unsigned(range, attr, out))
		return true;
	key = die_ref(range, attr);
	if (key) {
		if (!die_open(where->dwarf, key, &die))
			return false;
		known = variable_value(&die, where, out);
		die_close(&die);
		return known;
	}
	die_locate(range, attr, where, &at);
	*out = at.kind == LOCATION_MEMORY ? at.addr : at.value;
	return at.kind == LOCATION_MEMORY || at.kind == LOCATION_VALUE;
}

static bool length_of(const struct type *t, struct dwarf_where *where,
		      uint64_t *out)
{
	struct die range;
	uint64_t low = 0, high;
	bool known;

	if (!t->range_die || !die_open(where->dwarf, t->range_die, &range))
		return false;
	known = bound_value(&range, DW_AT_count, where, out);
	if (!known && bound_value(&range, DW_AT_upper_bound, where, &high)) {
		bound_value(&range, DW_AT_lower_bound, where, &low);
		*out = high - low + 1;
		known = (int64_t)*out >= 0;
	}
	die_close(&range);
	return known;
}

static struct type *resolve(struct type *t, struct dwarf_where *where,
			    int depth)
{
	struct type *whole = type_strip(t), *target;
	uint64_t count = whole->count;

	if (depth > NESTED ||
	    (whole->kind != TYPE_ARRAY && whole->kind != TYPE_POINTER))
		return t;
	/* Not through pointers to pointers: a list would have no end. */
	if (whole->kind == TYPE_POINTER &&
	    type_strip(type_target(whole))->kind != TYPE_ARRAY)
		return t;
	target = resolve(type_target(whole), where, depth + 1);
	if (whole->kind == TYPE_POINTER)
		return target == type_target(whole) ? t
						    : type_pointer_to(target);
	if (whole->variable ? !length_of(whole, where, &count)
			    : target == type_target(whole))
		return t;
	return type_array_of(target, count);
}

struct type *dwarf_type_resolve(struct type *t, struct dwarf_where *where)
{
	return resolve(t, where, 0);
}
