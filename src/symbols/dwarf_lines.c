#include "symbols/dwarf_lines.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <libdwarf.h>
#include <dwarf.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/sort.h"

struct row {
	uint64_t addr, end;
	unsigned line;
	unsigned file; /* index in the unit's files */
};

struct unit {
	Dwarf_Off die;
	bool in_aranges;
	bool loaded;
	uint64_t low, high; /* of the whole unit; 0, 0 if not one range */
	struct row *row;    /* owned, sorted by addr */
	size_t rows, row_cap;
	char **file; /* owned, each too; NULL where no row named it */
	size_t files, file_cap;
};

struct range {
	uint64_t start, end;
	size_t unit;
};

struct dwarf_lines {
	Dwarf_Debug dbg;
	struct unit *unit; /* owned, sorted by die as they come */
	size_t units, unit_cap;
	struct range *range; /* owned, sorted by start: .debug_aranges */
	size_t ranges, range_cap;
};

static void forget_error(Dwarf_Debug dbg, Dwarf_Error e)
{
	if (e)
		dwarf_dealloc(dbg, e, DW_DLA_ERROR);
}

static int dwarf_open(int fd, Dwarf_Debug *dbg)
{
	Dwarf_Error e = NULL;
#ifdef HAVE_DWARF_INIT_B_ACCESS
	int ret = dwarf_init_b(fd, DW_DLC_READ, DW_GROUPNUMBER_ANY, NULL, NULL,
			       dbg, &e);
#else
	int ret = dwarf_init_b(fd, DW_GROUPNUMBER_ANY, NULL, NULL, dbg, &e);
#endif

	if (ret == DW_DLV_ERROR) {
		log_info("dwarf: %s", dwarf_errmsg(e));
#ifdef HAVE_DWARF_DEALLOC_ERROR
		dwarf_dealloc_error(NULL, e);
#endif
	}
	return ret == DW_DLV_OK ? 0 : -1;
}

static void dwarf_end(Dwarf_Debug dbg)
{
#ifdef HAVE_DWARF_FINISH_ERROR
	Dwarf_Error e;

	dwarf_finish(dbg, &e);
#else
	dwarf_finish(dbg);
#endif
}

void dwarf_lines_close(struct dwarf_lines *lines)
{
	if (!lines)
		return;
	for (size_t i = 0; i < lines->units; i++) {
		struct unit *u = &lines->unit[i];

		for (size_t k = 0; k < u->files; k++)
			free(u->file[k]);
		free(u->file);
		free(u->row);
	}
	free(lines->unit);
	free(lines->range);
	dwarf_end(lines->dbg);
	free(lines);
}

/* The next unit's header; its DIE in *die.  DW_DLV_OK while there are more. */
static int next_unit(Dwarf_Debug dbg, Dwarf_Die *die)
{
	Dwarf_Unsigned length, types, next;
	Dwarf_Half version, addr_size, offset_size, extension, kind;
	Dwarf_Off abbrev;
	Dwarf_Sig8 signature;
	Dwarf_Error e = NULL;
	int ret;

#ifdef HAVE_DWARF_NEXT_CU_HEADER_E
	ret = dwarf_next_cu_header_e(dbg, 1, die, &length, &version, &abbrev,
				     &addr_size, &offset_size, &extension,
				     &signature, &types, &next, &kind, &e);
#else
	ret = dwarf_next_cu_header_d(dbg, 1, &length, &version, &abbrev,
				     &addr_size, &offset_size, &extension,
				     &signature, &types, &next, &kind, &e);
	if (ret == DW_DLV_OK)
		ret = dwarf_siblingof_b(dbg, NULL, 1, die, &e);
#endif
	if (ret == DW_DLV_ERROR)
		forget_error(dbg, e);
	return ret;
}

/* DW_AT_low_pc and DW_AT_high_pc of the unit; 0, 0 if it has ranges. */
static void unit_extent(Dwarf_Debug dbg, Dwarf_Die die, struct unit *u)
{
	Dwarf_Addr low, high;
	Dwarf_Half form;
	enum Dwarf_Form_Class class;
	Dwarf_Bool has_ranges = 1;
	Dwarf_Error e = NULL;

	if (dwarf_hasattr(die, DW_AT_ranges, &has_ranges, &e) == DW_DLV_ERROR)
		goto failed;
	if (has_ranges)
		return;
	if (dwarf_lowpc(die, &low, &e) == DW_DLV_ERROR)
		goto failed;
	int ret = dwarf_highpc_b(die, &high, &form, &class, &e);
	if (ret == DW_DLV_ERROR)
		goto failed;
	if (ret != DW_DLV_OK)
		return;
	u->low = low;
	u->high = class == DW_FORM_CLASS_CONSTANT ? low + high : high;
	return;
failed:
	forget_error(dbg, e);
}

static int load_units(struct dwarf_lines *lines, struct error *err)
{
	Dwarf_Die die = NULL;

	while (next_unit(lines->dbg, &die) == DW_DLV_OK) {
		struct unit u = {0};
		Dwarf_Error e = NULL;

		if (dwarf_dieoffset(die, &u.die, &e) == DW_DLV_OK) {
			unit_extent(lines->dbg, die, &u);
			if (GROW(lines->unit, lines->unit_cap, lines->units + 1,
				 "debug units", err))
				return -1;
			lines->unit[lines->units++] = u;
		} else {
			forget_error(lines->dbg, e);
		}
		dwarf_dealloc(lines->dbg, die, DW_DLA_DIE);
		die = NULL;
	}
	return 0;
}

static struct unit *unit_by_die(const struct dwarf_lines *lines, Dwarf_Off die)
{
	size_t lo = 0, hi = lines->units;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (lines->unit[mid].die < die)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < lines->units && lines->unit[lo].die == die
		       ? &lines->unit[lo]
		       : NULL;
}

static int take_arange(struct dwarf_lines *lines, Dwarf_Arange arange,
		       struct error *err)
{
	Dwarf_Unsigned segment, segment_size, length;
	Dwarf_Addr start;
	Dwarf_Off die;
	Dwarf_Error e = NULL;
	int ret = dwarf_get_arange_info_b(arange, &segment, &segment_size,
					  &start, &length, &die, &e);

	if (ret == DW_DLV_ERROR)
		forget_error(lines->dbg, e);
	if (ret != DW_DLV_OK || !length)
		return 0;

	struct unit *u = unit_by_die(lines, die);

	if (!u)
		return 0;
	u->in_aranges = true;
	if (GROW(lines->range, lines->range_cap, lines->ranges + 1,
		 "debug ranges", err))
		return -1;
	lines->range[lines->ranges++] = (struct range){
		start, start + length, (size_t)(u - lines->unit)};
	return 0;
}

static int load_aranges(struct dwarf_lines *lines, struct error *err)
{
	Dwarf_Arange *aranges;
	Dwarf_Signed count;
	Dwarf_Error e = NULL;
	int ret = dwarf_get_aranges(lines->dbg, &aranges, &count, &e);

	if (ret == DW_DLV_ERROR)
		forget_error(lines->dbg, e);
	if (ret != DW_DLV_OK)
		return 0;
	ret = 0;
	for (Dwarf_Signed i = 0; i < count; i++) {
		if (!ret)
			ret = take_arange(lines, aranges[i], err);
		dwarf_dealloc(lines->dbg, aranges[i], DW_DLA_ARANGE);
	}
	dwarf_dealloc(lines->dbg, aranges, DW_DLA_LIST);
	if (ret)
		return -1;
	return sort_by_u64(lines->range, lines->ranges, sizeof *lines->range,
			   offsetof(struct range, start), err);
}

struct dwarf_lines *dwarf_lines_open(int fd)
{
	struct dwarf_lines *lines = xcalloc(1, sizeof *lines);
	struct error err;

	if (dwarf_open(fd, &lines->dbg)) {
		free(lines);
		return NULL;
	}
	if (load_units(lines, &err) || load_aranges(lines, &err)) {
		log_warn("%s", err.msg);
		dwarf_lines_close(lines);
		return NULL;
	}
	return lines;
}

/* The index of a row's file in u->file, its name fetched the first time. */
static int file_of(Dwarf_Debug dbg, struct unit *u, Dwarf_Line line,
		   unsigned *out, struct error *err)
{
	Dwarf_Unsigned number = 0;
	Dwarf_Error e = NULL;
	char *name;
	size_t old = u->files;

	if (dwarf_line_srcfileno(line, &number, &e) == DW_DLV_ERROR)
		forget_error(dbg, e);
	if (number > 1000000) /* no unit has so many; a damaged table has */
		number = 0;
	if (number >= u->files) {
		if (GROW(u->file, u->file_cap, number + 1, "source files", err))
			return -1;
		u->files = number + 1;
		memset(u->file + old, 0, (u->files - old) * sizeof *u->file);
	}
	*out = (unsigned)number;
	if (u->file[number])
		return 0;
	e = NULL;
	switch (dwarf_linesrc(line, &name, &e)) {
	case DW_DLV_OK:
		u->file[number] = xstrdup(name);
		dwarf_dealloc(dbg, name, DW_DLA_STRING);
		break;
	case DW_DLV_ERROR:
		forget_error(dbg, e);
	}
	return 0;
}

static int take_lines(Dwarf_Debug dbg, struct unit *u, Dwarf_Line *line,
		      Dwarf_Signed count, struct error *err)
{
	bool open = false;

	for (Dwarf_Signed i = 0; i < count; i++) {
		Dwarf_Error e = NULL;
		Dwarf_Unsigned number = 0;
		Dwarf_Bool ends = 0;
		Dwarf_Addr addr;
		struct row r = {0};

		if (dwarf_lineaddr(line[i], &addr, &e) != DW_DLV_OK ||
		    dwarf_lineendsequence(line[i], &ends, &e) != DW_DLV_OK ||
		    dwarf_lineno(line[i], &number, &e) != DW_DLV_OK) {
			forget_error(dbg, e);
			continue;
		}
		if (open) { /* the row before reaches up to this one */
			u->row[u->rows - 1].end = addr;
			if (u->row[u->rows - 1].addr >= addr)
				u->rows--;
		}
		open = !ends;
		if (ends)
			continue;
		r.addr = r.end = addr;
		r.line = (unsigned)number;
		if (file_of(dbg, u, line[i], &r.file, err) ||
		    GROW(u->row, u->row_cap, u->rows + 1, "line table", err))
			return -1;
		u->row[u->rows++] = r;
	}
	return sort_by_u64(u->row, u->rows, sizeof *u->row,
			   offsetof(struct row, addr), err);
}

static void load_lines(Dwarf_Debug dbg, struct unit *u)
{
	Dwarf_Die die = NULL;
	Dwarf_Unsigned version;
	Dwarf_Small tables;
	Dwarf_Line_Context context = NULL;
	Dwarf_Line *line;
	Dwarf_Signed count;
	Dwarf_Error e = NULL;
	struct error err;

	u->loaded = true;
	int ret = dwarf_offdie_b(dbg, u->die, 1, &die, &e);
	if (ret == DW_DLV_OK)
		ret = dwarf_srclines_b(die, &version, &tables, &context, &e);
	if (ret == DW_DLV_OK)
		ret = dwarf_srclines_from_linecontext(context, &line, &count,
						      &e);
	if (ret == DW_DLV_OK && take_lines(dbg, u, line, count, &err))
		log_warn("%s", err.msg);
	if (ret == DW_DLV_ERROR)
		forget_error(dbg, e);
	if (context)
		dwarf_srclines_dealloc_b(context);
	if (die)
		dwarf_dealloc(dbg, die, DW_DLA_DIE);
}

static bool find_in(struct dwarf_lines *lines, struct unit *u, uint64_t addr,
		    const char **file, unsigned *line)
{
	size_t lo = 0, hi;

	if (!u->loaded)
		load_lines(lines->dbg, u);
	hi = u->rows;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (u->row[mid].addr <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo)
		return false;

	const struct row *r = &u->row[lo - 1];

	if (addr >= r->end || !r->line || !u->file[r->file])
		return false;
	*file = u->file[r->file];
	*line = r->line;
	return true;
}

/* The last range that starts at or before addr; they seldom overlap. */
static struct unit *unit_at(struct dwarf_lines *lines, uint64_t addr)
{
	size_t lo = 0, hi = lines->ranges;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (lines->range[mid].start <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (size_t back = 0; lo && back < 8; lo--, back++)
		if (addr < lines->range[lo - 1].end)
			return &lines->unit[lines->range[lo - 1].unit];
	return NULL;
}

bool dwarf_lines_find(struct dwarf_lines *lines, uint64_t addr,
		      const char **file, unsigned *line)
{
	struct unit *u = unit_at(lines, addr);

	if (u && find_in(lines, u, addr, file, line))
		return true;
	for (size_t i = 0; i < lines->units; i++) {
		u = &lines->unit[i];
		if (u->in_aranges ||
		    (u->high && (addr < u->low || addr >= u->high)))
			continue;
		if (find_in(lines, u, addr, file, line))
			return true;
	}
	return false;
}
