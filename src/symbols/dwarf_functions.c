/*
 * Which unit and which function has the code at an address: found once for all
 * units, once for each unit that is asked for, and kept as sorted ranges.
 */
#include <stddef.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/log.h"
#include "symbols/dwarf_impl.h"

enum { NESTED = 16, BACK = 8 };

struct adding {
	struct code_map *map;
	uint64_t what;
	int failed;
	struct error *err;
};

void code_map_deinit(struct code_map *map)
{
	free(map->range);
	*map = (struct code_map){0};
}

static bool add_range(void *ctx, uint64_t low, uint64_t high)
{
	struct adding *a = ctx;
	struct code_map *map = a->map;

	a->failed = GROW(map->range, map->cap, map->count + 1, "code ranges",
			 a->err);
	if (a->failed)
		return false;
	map->range[map->count++] = (struct code_range){low, high, a->what};
	return true;
}

static int add_code(struct code_map *map, const struct die *die, uint64_t what,
		    struct error *err)
{
	struct adding a = {.map = map, .what = what, .err = err};

	die_each_range(die, add_range, &a);
	return a.failed;
}

static int sort_code(struct code_map *map, struct error *err)
{
	return sort_by_u64(map->range, map->count, sizeof *map->range,
			   offsetof(struct code_range, low), err);
}

/* The last range that starts at or before pc; they seldom overlap. */
static const struct code_range *range_at(const struct code_map *map,
					 uint64_t pc)
{
	size_t lo = 0, hi = map->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (map->range[mid].low <= pc)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (size_t back = 0; lo && back < BACK; lo--, back++)
		if (pc < map->range[lo - 1].high)
			return &map->range[lo - 1];
	return NULL;
}

static int list_unit_code(void *ctx, struct dwarf_unit *u, struct error *err)
{
	struct dwarf *d = ctx;
	struct die die;
	int ret;

	if (u->partial || key_file(u->die) || key_types(u->die) ||
	    !die_open(d, u->die, &die))
		return 0;
	ret = add_code(&d->code, &die, (uint64_t)(u - d->unit), err);
	die_close(&die);
	return ret;
}

static int list_code(struct dwarf *d, struct error *err)
{
	if (dwarf_each_unit(d, "reading where debug units have code",
			    list_unit_code, d, err))
		return -1;
	return sort_code(&d->code, err);
}

struct dwarf_unit *dwarf_unit_at(struct dwarf *d, uint64_t pc)
{
	const struct code_range *range;
	struct error err;

	if (!d->code_listed) {
		code_map_deinit(&d->code);
		if (list_code(d, &err)) {
			log_info("dwarf: %s", err.msg);
			return NULL;
		}
		d->code_listed = true;
	}
	range = range_at(&d->code, pc);
	return range ? &d->unit[range->what] : NULL;
}

static bool is_scope(unsigned tag)
{
	return tag == DW_TAG_namespace || tag == DW_TAG_module ||
	       tag == DW_TAG_structure_type || tag == DW_TAG_class_type ||
	       tag == DW_TAG_union_type;
}

/* Functions within functions (GNU C, Ada, D) only when "nested": reading all
 * that is in functions is most of the work. */
static int list_functions(struct code_map *map, const struct die *parent,
			  bool nested, int depth, struct error *err)
{
	struct die die;
	int ret = 0;

	for (bool ok = die_child(parent, &die); ok; ok = die_next(&die)) {
		unsigned tag = die_tag(&die);

		if (tag == DW_TAG_subprogram)
			ret = add_code(map, &die, die_key(&die), err);
		if (!ret && depth < NESTED &&
		    (is_scope(tag) ||
		     (nested && (tag == DW_TAG_subprogram ||
				 tag == DW_TAG_lexical_block))))
			ret = list_functions(map, &die, nested, depth + 1, err);
		if (ret) {
			die_close(&die);
			return ret;
		}
	}
	return 0;
}

static int list_unit(struct dwarf *d, struct dwarf_unit *u, bool nested,
		     struct error *err)
{
	struct die die;
	int ret;

	code_map_deinit(&u->functions);
	if (!die_open(d, dwarf_unit_whole(d, u), &die))
		return 0;
	ret = list_functions(&u->functions, &die, nested, 0, err);
	die_close(&die);
	return ret ? ret : sort_code(&u->functions, err);
}

bool dwarf_function_at(struct dwarf *d, struct dwarf_unit *u, uint64_t pc,
		       struct die *out)
{
	const struct code_range *range = NULL;
	struct error err;

	for (int nested = 0; nested < 2 && !range; nested++) {
		bool *listed =
			nested ? &u->nested_listed : &u->functions_listed;

		if (!*listed && list_unit(d, u, nested, &err)) {
			log_info("dwarf: %s", err.msg);
			return false;
		}
		*listed = true;
		range = range_at(&u->functions, pc);
	}
	return range && die_open(d, range->what, out);
}
