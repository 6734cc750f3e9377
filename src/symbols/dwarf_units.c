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
	if (ret == DW_DLV_ERROR) {
		AUTO_FREE char *why = xasprintf(
			"cannot be read to its end (%s)", dwarf_errmsg(e));

		dwarf_note_file(die->dwarf, "its debug information", why);
		dwarf_forget(die->dbg, e);
	}
	*out = (struct dwarf_header){0};
	out->is_type_unit = kind == DW_UT_type || kind == DW_UT_split_type;
	if (kind == DW_UT_skeleton || kind == DW_UT_split_compile)
		memcpy(&out->id, &signature, sizeof out->id);
	return ret == DW_DLV_OK;
}

static int add_unit(struct dwarf *d, const struct die *die, uint64_t id,
		    struct error *err)
{
	struct dwarf_unit u = {.die = die_key(die), .id = id};

	if (!u.die)
		return 0;
	u.partial = die_tag(die) == DW_TAG_partial_unit;
	if (!die_has(die, DW_AT_ranges) && !die_extent(die, &u.low, &u.high))
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
	if (dwarf_load(d, err))
		return -1;
	d->units = 0;
	if (!d->unreadable &&
	    (list_units_of(d, 0, false, err) || list_units_of(d, 0, true, err)))
		return -1;
	/* A stripped file may still link to what its units shared. */
	alt = d->units ? dwarf_alt_file(d) : 0;
	if (alt && list_units_of(d, alt, false, err))
		return -1;
	d->units_listed = true;
	return 0;
}

struct each_unit {
	struct dwarf *dwarf;
	const char *what;
	dwarf_unit_fn *fn;
	void *ctx;
	size_t next; /* index of the unit to be told next */
};

static int tell_unit(struct each_unit *e, struct error *err)
{
	struct dwarf *d = e->dwarf;

	if (progress_tick(e->what, e->next, d->units, err))
		return -1;
	return e->fn(e->ctx, &d->unit[e->next++], err);
}

/* Those of one section. */
static int each_unit_of(struct each_unit *e, struct error *err)
{
	struct dwarf *d = e->dwarf;
	uint64_t first = d->unit[e->next].die, key;
	struct die die = {.dwarf = d,
			  .dbg = dwarf_handle(d, first),
			  .file = key_file(first),
			  .types = key_types(first)};
	struct dwarf_header header;
	int ret = 0;

	/* To the end in any case, as above. */
	while (dwarf_next_unit(&die, &header)) {
		key = die_key(&die);
		die_close(&die);
		if (!ret && e->next < d->units && d->unit[e->next].die == key)
			ret = tell_unit(e, err);
	}
	/* Behind a damaged unit libdwarf's walk does not begin again. */
	while (!ret && e->next < d->units) {
		key = d->unit[e->next].die;
		if (key_file(key) != die.file || key_types(key) != die.types)
			break;
		ret = tell_unit(e, err);
	}
	return ret;
}

int dwarf_each_unit(struct dwarf *d, const char *what, dwarf_unit_fn *fn,
		    void *ctx, struct error *err)
{
	struct each_unit e = {.dwarf = d, .what = what, .fn = fn, .ctx = ctx};

	if (dwarf_list_units(d, err))
		return -1;
	while (e.next < d->units)
		if (each_unit_of(&e, err))
			return -1;
	return 0;
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
	Dwarf_Addr addr = 0;
	Dwarf_Unsigned size = 0;
	Dwarf_Error e = NULL;

	if (dwarf_get_section_info_by_name(d->file[0].dbg, ".debug_info", &addr,
					   &size, &e) == DW_DLV_OK)
		return size > 0;
	dwarf_forget(d->file[0].dbg, e);
	return false;
}
