#include "symbols/dwarf_lines.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/sort.h"
#include "symbols/dwarf_check.h"
#include "symbols/dwarf_impl.h"

/* No unit has so many; a damaged table has. */
enum { FILES_MAX = 1000000 };

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
	char **file; /* owned, each too, by number; NULL: there is none */
	size_t files, file_cap;
	bool files_listed;
};

struct range {
	uint64_t start, end;
	size_t unit;
};

struct dwarf_lines {
	struct dwarf *dwarf; /* borrowed */
	Dwarf_Debug dbg;     /* its own file's */
	struct unit *unit;   /* owned, sorted by die as they come */
	size_t units, unit_cap;
	struct range *range; /* owned, sorted by start: .debug_aranges */
	size_t ranges, range_cap;
};

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
	free(lines);
}

static int load_units(struct dwarf_lines *lines, struct dwarf *dwarf,
		      struct error *err)
{
	if (dwarf_list_units(dwarf, err))
		return -1;
	for (size_t i = 0; i < dwarf->units; i++) {
		const struct dwarf_unit *from = &dwarf->unit[i];
		struct unit u = {.die = key_offset(from->die),
				 .low = from->low,
				 .high = from->high};

		if (key_file(from->die) || key_types(from->die))
			continue;
		if (GROW(lines->unit, lines->unit_cap, lines->units + 1,
			 "debug units", err))
			return -1;
		lines->unit[lines->units++] = u;
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
		dwarf_forget(lines->dbg, e);
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
		dwarf_forget(lines->dbg, e);
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

struct dwarf_lines *dwarf_lines_open(struct dwarf *dwarf)
{
	struct dwarf_lines *lines = xcalloc(1, sizeof *lines);
	struct error err;

	lines->dwarf = dwarf;
	lines->dbg = dwarf->file[0].dbg;
	if (load_units(lines, dwarf, &err) || load_aranges(lines, &err)) {
		log_warn("%s", err.msg);
		dwarf_lines_close(lines);
		return NULL;
	}
	return lines;
}

/* Room for a file of that number. */
static int grow_files(struct unit *u, size_t number, struct error *err)
{
	size_t old = u->files;

	if (number < old)
		return 0;
	if (GROW(u->file, u->file_cap, number + 1, "source files", err))
		return -1;
	u->files = number + 1;
	memset(u->file + old, 0, (u->files - old) * sizeof *u->file);
	return 0;
}

/* The number of a row's file in the unit's table; first: what the line program
 * begins with. */
static unsigned file_of(Dwarf_Debug dbg, Dwarf_Line line, unsigned first)
{
	Dwarf_Unsigned number = 0;
	Dwarf_Error e = NULL;

	if (dwarf_line_srcfileno(line, &number, &e) == DW_DLV_ERROR)
		dwarf_forget(dbg, e);
	if (number > FILES_MAX)
		return 0;
	return number ? (unsigned)number : first;
}

/*
 * A line program begins with file 1 (DWARF 5, 6.2.2); libdwarf tells 0 of
 * DWARF 5, until the program chooses a file.  GNU's assembler never chooses
 * 0, which is the unit's own source; LLVM's does.
 */
static unsigned first_file(const struct die *die, unsigned version)
{
	const char *producer = die_text(die, DW_AT_producer);

	return version >= 5 && producer && !strncmp(producer, "GNU ", 4);
}

/* Does a statement begin there?  Else the row is a place in the middle. */
static bool is_statement(Dwarf_Debug dbg, Dwarf_Line line)
{
	Dwarf_Bool is = 1;
	Dwarf_Error e = NULL;

	if (dwarf_linebeginstatement(line, &is, &e) == DW_DLV_ERROR)
		dwarf_forget(dbg, e);
	return is;
}

/* One of several blocks of its line. */
static bool is_discriminated(Dwarf_Debug dbg, Dwarf_Line line)
{
	Dwarf_Bool prologue, epilogue;
	Dwarf_Unsigned isa, block = 0;
	Dwarf_Error e = NULL;

	if (dwarf_prologue_end_etc(line, &prologue, &epilogue, &isa, &block,
				   &e) == DW_DLV_ERROR)
		dwarf_forget(dbg, e);
	return block != 0;
}

/* Does the row before go on with r?  The blocks of a line are one row, as they
 * are in gdb. */
static bool goes_on(const struct unit *u, const struct row *r)
{
	const struct row *last = u->rows ? &u->row[u->rows - 1] : NULL;

	return last && last->end == r->addr && last->line == r->line &&
	       last->file == r->file;
}

/*
 * The unit's rows, each up to the next one.  Of several at one address the last
 * counts that begins a statement, as it does in debuggers.
 */
static int take_lines(Dwarf_Debug dbg, struct unit *u, Dwarf_Line *line,
		      Dwarf_Signed count, unsigned first, struct error *err)
{
	bool open = false, statement = false, blocks = false;
	unsigned last = 0;

	for (Dwarf_Signed i = 0; i < count; i++) {
		Dwarf_Error e = NULL;
		Dwarf_Unsigned number = 0;
		Dwarf_Bool ends = 0;
		Dwarf_Addr addr;
		struct row r = {0};

		if (dwarf_lineaddr(line[i], &addr, &e) != DW_DLV_OK ||
		    dwarf_lineendsequence(line[i], &ends, &e) != DW_DLV_OK ||
		    dwarf_lineno(line[i], &number, &e) != DW_DLV_OK) {
			dwarf_forget(dbg, e);
			continue;
		}
		if (open && !ends && statement &&
		    u->row[u->rows - 1].addr == addr &&
		    !is_statement(dbg, line[i]))
			continue;
		statement = is_statement(dbg, line[i]);
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
		r.file = file_of(dbg, line[i], first);
		blocks = (blocks && r.line == last) ||
			 is_discriminated(dbg, line[i]);
		last = r.line;
		if (blocks && goes_on(u, &r))
			continue;
		if (GROW(u->row, u->row_cap, u->rows + 1, "line table", err))
			return -1;
		u->row[u->rows++] = r;
	}
	return sort_by_u64(u->row, u->rows, sizeof *u->row,
			   offsetof(struct row, addr), err);
}

/* The unit's DIE, if libdwarf may be asked for its lines. */
static bool open_unit(struct dwarf_lines *lines, const struct unit *u,
		      struct die *out)
{
	const char *name;

	if (!die_open(lines->dwarf, key_make(0, false, u->die), out))
		return false;
	if (dwarf_check_lines(out))
		return true;
	name = die_name(out);
	dwarf_note_file(lines->dwarf, name ? name : "a unit",
			"has a damaged line table: not used");
	die_close(out);
	return false;
}

static void load_lines(struct dwarf_lines *lines, struct unit *u)
{
	struct die die;
	Dwarf_Unsigned version;
	Dwarf_Small tables;
	Dwarf_Line_Context context = NULL;
	Dwarf_Line *line;
	Dwarf_Signed count;
	Dwarf_Error e = NULL;
	struct error err;
	int ret;

	u->loaded = true;
	if (!open_unit(lines, u, &die))
		return;
	ret = dwarf_srclines_b(die.die, &version, &tables, &context, &e);
	if (ret == DW_DLV_OK)
		ret = dwarf_srclines_from_linecontext(context, &line, &count,
						      &e);
	if (ret == DW_DLV_OK &&
	    take_lines(die.dbg, u, line, count,
		       first_file(&die, (unsigned)version), &err))
		log_warn("%s", err.msg);
	if (ret == DW_DLV_ERROR)
		dwarf_forget(die.dbg, e);
	if (context)
		dwarf_srclines_dealloc_b(context);
	die_close(&die);
}

/* All names of the unit's table. */
static int list_files(Dwarf_Debug dbg, struct unit *u, Dwarf_Die die,
		      struct error *err)
{
	char **name = NULL;
	Dwarf_Signed first = 1, count = 0, end = 0;
	Dwarf_Unsigned version;
	Dwarf_Small tables;
	Dwarf_Line_Context context = NULL;
	Dwarf_Error e = NULL;
	int failed, ret;

	ret = dwarf_srclines_b(die, &version, &tables, &context, &e);
	/* They count from 1 until DWARF 4, from 0 since. */
	if (ret == DW_DLV_OK)
		ret = dwarf_srclines_files_indexes(context, &first, &count,
						   &end, &e);
	if (ret == DW_DLV_OK)
		ret = dwarf_srcfiles(die, &name, &count, &e);
	if (ret != DW_DLV_OK || first < 0 || count > FILES_MAX)
		count = 0;
	failed = grow_files(u, (size_t)(first + count), err);
	for (Dwarf_Signed i = 0; i < count; i++) {
		if (!failed && !u->file[first + i])
			u->file[first + i] = xstrdup(name[i]);
		dwarf_dealloc(dbg, name[i], DW_DLA_STRING);
	}
	if (name)
		dwarf_dealloc(dbg, name, DW_DLA_LIST);
	if (ret == DW_DLV_ERROR)
		dwarf_forget(dbg, e);
	if (context)
		dwarf_srclines_dealloc_b(context);
	return failed;
}

static const char *file_name(struct dwarf_lines *lines, struct unit *u,
			     unsigned number)
{
	struct error err;
	struct die die;

	if (!u->files_listed) {
		u->files_listed = true;
		if (open_unit(lines, u, &die)) {
			if (list_files(die.dbg, u, die.die, &err))
				log_warn("%s", err.msg);
			die_close(&die);
		}
	}
	return number < u->files ? u->file[number] : NULL;
}

static bool find_in(struct dwarf_lines *lines, struct unit *u, uint64_t addr,
		    struct dwarf_line *out)
{
	size_t lo = 0, hi;

	if (!u->loaded)
		load_lines(lines, u);
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

	if (addr >= r->end || !r->line)
		return false;
	*out = (struct dwarf_line){.file = file_name(lines, u, r->file),
				   .line = r->line,
				   .start = r->addr,
				   .end = r->end};
	return out->file != NULL;
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
		      struct dwarf_line *out)
{
	struct unit *u = unit_at(lines, addr);

	if (u && find_in(lines, u, addr, out))
		return true;
	for (size_t i = 0; i < lines->units; i++) {
		u = &lines->unit[i];
		if (u->in_aranges ||
		    (u->high && (addr < u->low || addr >= u->high)))
			continue;
		if (find_in(lines, u, addr, out))
			return true;
	}
	return false;
}

const char *dwarf_lines_file(struct dwarf_lines *lines, uint64_t unit_die,
			     unsigned number)
{
	struct unit *u = unit_by_die(lines, unit_die);

	return u ? file_name(lines, u, number) : NULL;
}
