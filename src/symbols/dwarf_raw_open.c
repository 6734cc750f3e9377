/* The units of .debug_info and the abbreviations that they share. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/progress.h"
#include "symbols/dwarf_impl.h"
#include "symbols/dwarf_raw_impl.h"

/* Codes are numbers from 1 on, as compilers give them. */
enum { CODES_SPARE = 1024 };

/* Tables of a hostile file may overlap: all of them are read that many times at
 * most. */
enum { PARSED_TIMES = 8 };

static struct raw_bytes section(const struct elf *elf, const char *name)
{
	const void *data;
	size_t size;

	if (!elf_section(elf, name, &data, &size))
		return (struct raw_bytes){0};
	return (struct raw_bytes){data, size};
}

/* One whose last string does not end is not used. */
static struct raw_bytes strings(const struct elf *elf, const char *name)
{
	struct raw_bytes b = section(elf, name);

	return b.size && !b.data[b.size - 1] ? b : (struct raw_bytes){0};
}

static int add_attr(struct raw_table *t, struct raw_abbrev *abbrev,
		    const struct raw_unit *u, uint64_t at, uint64_t form,
		    struct error *err)
{
	int size = form <= UINT16_MAX ? raw_form_size((unsigned)form, u) : -1;

	if (size < 0)
		t->odd = true;
	if (GROW(t->attr, t->attr_cap, t->attrs + 1, "abbreviations", err))
		return -1;
	t->attr[t->attrs++] = (struct raw_attr){
		at <= UINT16_MAX ? (uint16_t)at : 0, (uint16_t)form,
		size < 0 ? 0 : (uint16_t)size};
	abbrev->count++;
	if (size == RAW_VARIES || abbrev->fixed == RAW_VARIES ||
	    abbrev->fixed + (uint32_t)size >= RAW_VARIES)
		abbrev->fixed = RAW_VARIES;
	else
		abbrev->fixed += (uint32_t)size;
	return 0;
}

static int add_abbrev(struct raw_table *t, struct raw_cursor *c, uint64_t code,
		      struct error *err)
{
	struct raw_abbrev a = {.first = (uint32_t)t->attrs};
	uint64_t tag = raw_take_uleb(c), at, form;

	a.tag = tag <= UINT16_MAX ? (uint16_t)tag : 0;
	a.children = raw_take(c, 1);
	for (;;) {
		at = raw_take_uleb(c);
		form = raw_take_uleb(c);
		if (c->failed || (!at && !form))
			break;
		if (form == DW_FORM_implicit_const)
			raw_take_uleb(c);
		if (add_attr(t, &a, c->unit, at, form, err))
			return -1;
	}
	if (code > t->abbrevs + CODES_SPARE || t->attrs > UINT32_MAX / 2)
		t->odd = true;
	if (t->odd)
		return 0;
	if (GROW(t->abbrev, t->abbrev_cap, t->abbrevs + 1, "abbreviations",
		 err))
		return -1;
	t->abbrev[t->abbrevs++] = a;
	while (t->codes <= code) {
		if (GROW(t->by_code, t->code_cap, t->codes + 1, "abbreviations",
			 err))
			return -1;
		t->by_code[t->codes++] = 0;
	}
	if (!t->by_code[code])
		t->by_code[code] = (uint32_t)t->abbrevs;
	return 0;
}

static int read_table(struct raw_table *t, struct raw_file *f,
		      const struct raw_unit *u, uint64_t offset,
		      struct error *err)
{
	struct raw_cursor c = {.file = f, .unit = u};
	uint64_t code;

	*t = (struct raw_table){0};
	if (offset >= f->abbrev.size ||
	    f->parsed / PARSED_TIMES > f->abbrev.size) {
		t->odd = true;
		return 0;
	}
	c.at = f->abbrev.data + offset;
	c.end = f->abbrev.data + f->abbrev.size;
	while (!t->odd && c.at < c.end && (code = raw_take_uleb(&c)))
		if (add_abbrev(t, &c, code, err))
			return -1;
	t->odd |= c.failed;
	f->parsed += (uint64_t)(c.at - f->abbrev.data) - offset;
	return 0;
}

/* The same abbreviations mean other sizes in units of other kinds. */
static int table_of(struct raw_file *f, struct raw_unit *u, uint64_t offset,
		    struct error *err)
{
	uint64_t key = offset << 8 | u->format << 4 | (u->address == 8) << 1 |
		       (u->word == 8);
	uint64_t have;

	if (u64map_get(&f->by_offset, key, &have)) {
		u->table = have;
		return 0;
	}
	if (GROW(f->table, f->table_cap, f->tables + 1, "abbreviations", err))
		return -1;
	u->table = f->tables;
	f->tables++;
	return read_table(&f->table[u->table], f, u, offset, err) ||
			       u64map_put(&f->by_offset, key, u->table, err)
		       ? -1
		       : 0;
}

/* The header at c (7.5.1); false: there is none that we know. */
static bool read_header(struct raw_cursor *c, struct raw_unit *u,
			uint64_t *abbrev)
{
	uint64_t length = raw_take(c, 4), format;
	unsigned kind = DW_UT_compile;

	u->word = length == UINT32_MAX ? 8 : 4;
	if (u->word == 8)
		length = raw_take(c, 8);
	if (c->failed || length > (uint64_t)(c->end - c->at) || length < 7)
		return false;
	u->end = (uint64_t)(c->at - c->file->info.data) + length;
	format = raw_take(c, 2);
	u->format = format <= UINT8_MAX ? (uint8_t)format : UINT8_MAX;
	if (u->format >= 5) {
		kind = (unsigned)raw_take(c, 1);
		u->address = (uint8_t)raw_take(c, 1);
	}
	*abbrev = raw_take(c, u->word);
	if (u->format < 5)
		u->address = (uint8_t)raw_take(c, 1);
	if (kind == DW_UT_skeleton || kind == DW_UT_split_compile)
		c->failed |= !raw_skip_bytes(c, 8);
	else if (kind == DW_UT_type || kind == DW_UT_split_type)
		c->failed |= !raw_skip_bytes(c, 8 + u->word);
	else if (kind != DW_UT_compile && kind != DW_UT_partial)
		u->odd = true;
	u->die = (uint64_t)(c->at - c->file->info.data);
	u->odd |= u->format < 2 || u->format > 5 ||
		  (u->address != 4 && u->address != 8) || c->failed ||
		  u->die >= u->end;
	return true;
}

static void find_strings(const struct raw_file *f, struct raw_unit *u)
{
	const struct raw_table *t = &f->table[u->table];
	struct raw_cursor c = raw_cursor_at(f, u, u->die);
	uint64_t code = raw_take_uleb(&c);
	const struct raw_abbrev *a;

	if (code >= t->codes || !t->by_code[code])
		return;
	a = &t->abbrev[t->by_code[code] - 1];
	for (uint32_t i = 0; i < a->count; i++) {
		const struct raw_attr *attr = &t->attr[a->first + i];

		if (attr->at == DW_AT_str_offsets_base &&
		    attr->form == DW_FORM_sec_offset) {
			u->strings = raw_take(&c, u->word);
			return;
		}
		if (!raw_skip_form(&c, attr))
			return;
	}
}

static int add_unit(struct raw_file *f, struct raw_unit *u, uint64_t abbrev,
		    struct error *err)
{
	if (!u->odd) {
		if (table_of(f, u, abbrev, err))
			return -1;
		u->odd = f->table[u->table].odd;
	}
	if (!u->odd)
		find_strings(f, u);
	if (GROW(f->unit, f->unit_cap, f->units + 1, "debug units", err))
		return -1;
	f->unit[f->units++] = *u;
	return 0;
}

static int read_units(struct raw_file *f, struct error *err)
{
	for (uint64_t at = 0; at < f->info.size;) {
		struct raw_cursor c = {.file = f,
				       .at = f->info.data + at,
				       .end = f->info.data + f->info.size};
		struct raw_unit u = {.offset = at};
		uint64_t abbrev;

		if (!read_header(&c, &u, &abbrev))
			return 0; /* what is behind it nobody can find */
		if (add_unit(f, &u, abbrev, err) ||
		    progress_tick("reading debug units", at, f->info.size, err))
			return -1;
		at = u.end;
	}
	return 0;
}

int raw_open(struct raw_file *f, const struct elf *elf,
	     const struct raw_file *alt, struct error *err)
{
	*f = (struct raw_file){.info = section(elf, ".debug_info"),
			       .abbrev = section(elf, ".debug_abbrev"),
			       .str = strings(elf, ".debug_str"),
			       .line_str = strings(elf, ".debug_line_str"),
			       .str_offsets =
				       section(elf, ".debug_str_offsets"),
			       .alt = alt};
	if (read_units(f, err)) {
		raw_close(f);
		return -1;
	}
	return 0;
}

void raw_close(struct raw_file *f)
{
	for (size_t i = 0; i < f->tables; i++) {
		free(f->table[i].abbrev);
		free(f->table[i].attr);
		free(f->table[i].by_code);
	}
	free(f->table);
	free(f->unit);
	u64map_deinit(&f->by_offset);
	*f = (struct raw_file){0};
}
