#include "symbols/dwarf_check.h"

#include <string.h>

#include "symbols/dwarf_lists.h"

enum { FORMATS_MAX = 255 };

/* What each entry of a table of directories or files consists of. */
struct formats {
	unsigned count;
	uint64_t content[FORMATS_MAX], form[FORMATS_MAX];
};

static void skip(struct list *l, uint64_t len)
{
	if (len > (uint64_t)(l->end - l->at))
		l->failed = true;
	else
		l->at += len;
}

static void skip_string(struct list *l)
{
	const uint8_t *nul = memchr(l->at, 0, (size_t)(l->end - l->at));

	skip(l, nul ? (uint64_t)(nul - l->at) + 1 : UINT64_MAX);
}

/* A number's value, or 0 of what is none. */
static uint64_t take_form(struct list *l, uint64_t form, size_t offset_size)
{
	switch (form) {
	case DW_FORM_udata:
		return list_take_uleb(l);
	case DW_FORM_data1:
		return list_take(l, 1);
	case DW_FORM_data2:
		return list_take(l, 2);
	case DW_FORM_data4:
		return list_take(l, 4);
	case DW_FORM_data8:
		return list_take(l, 8);
	case DW_FORM_data16:
		skip(l, 16);
		return 0;
	case DW_FORM_block:
		skip(l, list_take_uleb(l));
		return 0;
	case DW_FORM_string:
		skip_string(l);
		return 0;
	case DW_FORM_strp:
	case DW_FORM_line_strp:
		skip(l, offset_size);
		return 0;
	default:
		l->failed = true;
		return 0;
	}
}

static void take_formats(struct list *l, struct formats *out)
{
	out->count = (unsigned)list_take(l, 1);
	for (unsigned i = 0; i < out->count; i++) {
		out->content[i] = list_take_uleb(l);
		out->form[i] = list_take_uleb(l);
	}
}

/* How many entries follow: each has a byte at least. */
static uint64_t take_count(struct list *l, const struct formats *f)
{
	uint64_t count = list_take_uleb(l);

	if (count > (uint64_t)(l->end - l->at) || (count && !f->count))
		l->failed = true;
	return l->failed ? 0 : count;
}

/* The entries; directories: how many an entry may name. */
static void check_entries(struct list *l, uint64_t directories,
			  size_t offset_size, uint64_t *count)
{
	struct formats f;

	take_formats(l, &f);
	*count = take_count(l, &f);
	for (uint64_t n = 0; n < *count && !l->failed; n++)
		for (unsigned i = 0; i < f.count; i++) {
			uint64_t value = take_form(l, f.form[i], offset_size);

			if (f.content[i] == DW_LNCT_directory_index &&
			    value >= directories)
				l->failed = true;
		}
}

/* DWARF 5, 6.2.4; those before it libdwarf checks itself. */
static bool is_whole(struct list *l)
{
	uint64_t length = list_take(l, 4), directories, files;
	size_t offset_size = length == UINT32_MAX ? 8 : 4;
	unsigned version, codes;

	if (offset_size == 8)
		length = list_take(l, 8);
	if (l->failed || length > (uint64_t)(l->end - l->at))
		return false;
	l->end = l->at + length;
	version = (unsigned)list_take(l, 2);
	if (version != 5)
		return !l->failed;
	skip(l, 2 + offset_size + 5); /* up to opcode_base */
	codes = (unsigned)list_take(l, 1);
	skip(l, codes ? codes - 1 : 0);
	check_entries(l, UINT64_MAX, offset_size, &directories);
	check_entries(l, directories, offset_size, &files);
	return !l->failed;
}

bool dwarf_check_lines(const struct die *unit)
{
	const struct elf *elf = unit->dwarf->file[unit->file].elf;
	const void *data;
	uint64_t offset;
	size_t size;

	if (!die_section_offset(unit, DW_AT_stmt_list, &offset) ||
	    !elf_section(elf, ".debug_line", &data, &size))
		return true;
	if (offset >= size)
		return false;

	struct list l = {.at = (const uint8_t *)data + offset,
			 .end = (const uint8_t *)data + size};

	return is_whole(&l);
}
