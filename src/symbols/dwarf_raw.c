#include "symbols/dwarf_raw.h"

#include <stdlib.h>
#include <string.h>

#include "symbols/dwarf_impl.h"
#include "symbols/dwarf_raw_impl.h"

/* As die_any_name() has it. */
enum { ORIGINS = 3 };

const struct raw_unit *raw_unit_at(const struct raw_file *f, uint64_t offset)
{
	size_t lo = 0, hi = f->units;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (f->unit[mid].offset <= offset)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo || offset < f->unit[lo - 1].die ||
	    offset >= f->unit[lo - 1].end)
		return NULL;
	return &f->unit[lo - 1];
}

static const struct raw_table *table_of(const struct raw_file *f,
					const struct raw_unit *u)
{
	return &f->table[u->table];
}

/* A string of a section: those end with a 0 (see raw_open). */
static const char *string_at(const struct raw_bytes *b, uint64_t offset)
{
	return offset < b->size ? (const char *)b->data + offset : NULL;
}

/* By its number in the unit's part of .debug_str_offsets. */
static const char *numbered(const struct raw_cursor *c, uint64_t number)
{
	const struct raw_bytes *b = &c->file->str_offsets;
	uint64_t base = c->unit->strings, offset = 0;

	if (base > b->size || number >= (b->size - base) / c->unit->word)
		return NULL;
	memcpy(&offset, b->data + base + number * c->unit->word, c->unit->word);
	return string_at(&c->file->str, offset);
}

static enum raw_result take_name(struct raw_cursor *c, unsigned form,
				 const char **out)
{
	const struct raw_file *f = c->file;

	switch (form) {
	case DW_FORM_string:
		*out = (const char *)c->at;
		return raw_skip_string(c) ? RAW_OK : RAW_DAMAGED;
	case DW_FORM_strp:
		*out = string_at(&f->str, raw_take(c, c->unit->word));
		break;
	case DW_FORM_line_strp:
		*out = string_at(&f->line_str, raw_take(c, c->unit->word));
		break;
	case DW_FORM_GNU_strp_alt:
	case DW_FORM_strp_sup:
		if (!f->alt)
			return RAW_ODD;
		*out = string_at(&f->alt->str, raw_take(c, c->unit->word));
		break;
	case DW_FORM_strx:
	case DW_FORM_strx1:
	case DW_FORM_strx2:
	case DW_FORM_strx3:
	case DW_FORM_strx4:
		if (!c->unit->strings)
			return RAW_ODD;
		*out = numbered(c, form == DW_FORM_strx
					   ? raw_take_uleb(c)
					   : raw_take(c, raw_strx_size(form)));
		break;
	default:
		return RAW_ODD;
	}
	return c->failed ? RAW_DAMAGED : *out ? RAW_OK : RAW_ODD;
}

static enum raw_result take_ref(struct raw_cursor *c, unsigned form,
				uint64_t size, struct raw_ref *out)
{
	*out = (struct raw_ref){.file = c->file};
	switch (form) {
	case DW_FORM_ref1:
	case DW_FORM_ref2:
	case DW_FORM_ref4:
	case DW_FORM_ref8:
		out->offset = c->unit->offset + raw_take(c, size);
		break;
	case DW_FORM_ref_udata:
		out->offset = c->unit->offset + raw_take_uleb(c);
		break;
	case DW_FORM_ref_addr:
		out->offset = raw_take(c, size);
		break;
	case DW_FORM_GNU_ref_alt:
	case DW_FORM_ref_sup4:
	case DW_FORM_ref_sup8:
		if (!c->file->alt)
			return RAW_ODD;
		out->file = c->file->alt;
		out->offset = raw_take(c, size);
		break;
	default:
		return RAW_ODD;
	}
	return c->failed ? RAW_DAMAGED : RAW_OK;
}

static enum raw_result take_flag(struct raw_cursor *c, unsigned form, bool *out)
{
	if (form != DW_FORM_flag && form != DW_FORM_flag_present)
		return RAW_ODD;
	*out = form == DW_FORM_flag_present || raw_take(c, 1);
	return c->failed ? RAW_DAMAGED : RAW_OK;
}

/* Of an expression its first operation, then behind it. */
static enum raw_result take_location(struct raw_cursor *c,
				     const struct raw_attr *a, uint8_t *first)
{
	struct raw_cursor ahead = *c;
	uint64_t len = 0;

	switch (a->form) {
	case DW_FORM_exprloc:
	case DW_FORM_block:
		len = raw_take_uleb(&ahead);
		break;
	case DW_FORM_block1:
		len = raw_take(&ahead, 1);
		break;
	case DW_FORM_block2:
		len = raw_take(&ahead, 2);
		break;
	case DW_FORM_block4:
		len = raw_take(&ahead, 4);
		break;
	}
	if (len)
		*first = (uint8_t)raw_take(&ahead, 1);
	return raw_skip_form(c, a) ? RAW_OK : RAW_DAMAGED;
}

/* Of an attribute that is there twice the first counts. */
static enum raw_result take(struct raw_cursor *c, const struct raw_attr *a,
			    struct raw_die *out)
{
	struct raw_ref ref;
	enum raw_result r;

	switch (a->at) {
	case DW_AT_name:
		if (out->name)
			break;
		return take_name(c, a->form, &out->name);
	case DW_AT_sibling:
		r = take_ref(c, a->form, a->size, &ref);
		if (r == RAW_OK && !out->sibling && ref.file == c->file)
			out->sibling = ref.offset;
		return r;
	case DW_AT_abstract_origin:
		if (out->origin.file)
			break;
		return take_ref(c, a->form, a->size, &out->origin);
	case DW_AT_specification:
		out->has_specification = true;
		if (out->specification.file)
			break;
		return take_ref(c, a->form, a->size, &out->specification);
	case DW_AT_enum_class:
		return take_flag(c, a->form, &out->enum_class);
	case DW_AT_location:
		if (out->has_location)
			break;
		out->has_location = true;
		return take_location(c, a, &out->operation);
	}
	return raw_skip_form(c, a) ? RAW_OK : RAW_DAMAGED;
}

/* The abbreviation of the DIE that c is at; NULL and *end: it is a list's
 * end. */
static const struct raw_abbrev *abbrev_at(struct raw_cursor *c, bool *end)
{
	const struct raw_table *t = table_of(c->file, c->unit);
	uint64_t code = raw_take_uleb(c);

	*end = !code && !c->failed;
	return code < t->codes && t->by_code[code]
		       ? &t->abbrev[t->by_code[code] - 1]
		       : NULL;
}

enum raw_result raw_die(const struct raw_file *f, const struct raw_unit *u,
			uint64_t offset, struct raw_die *out)
{
	struct raw_cursor c = raw_cursor_at(f, u, offset);
	const struct raw_attr *a;
	bool end;

	*out = (struct raw_die){.offset = offset};
	out->abbrev = abbrev_at(&c, &end);
	if (!out->abbrev && !end)
		return RAW_DAMAGED;
	a = out->abbrev ? table_of(f, u)->attr + out->abbrev->first : NULL;
	for (uint32_t i = 0; out->abbrev && i < out->abbrev->count; i++) {
		enum raw_result r = take(&c, a + i, out);

		if (r != RAW_OK)
			return r;
	}
	out->after = c.at;
	return RAW_OK;
}

static bool skip_attrs(struct raw_cursor *c, const struct raw_abbrev *abbrev)
{
	const struct raw_attr *a =
		table_of(c->file, c->unit)->attr + abbrev->first;

	if (abbrev->fixed != RAW_VARIES)
		return raw_skip_bytes(c, abbrev->fixed);
	for (uint32_t i = 0; i < abbrev->count; i++)
		if (!raw_skip_form(c, a + i))
			return false;
	return true;
}

enum raw_result raw_skip(const struct raw_file *f, const struct raw_unit *u,
			 const struct raw_die *die, uint64_t *next)
{
	struct raw_cursor c = {.file = f,
			       .unit = u,
			       .at = die->after,
			       .end = f->info.data + u->end};
	uint64_t here = (uint64_t)(die->after - f->info.data), depth = 1;
	bool end;

	*next = here;
	if (!die->abbrev->children)
		return RAW_OK;
	if (die->sibling) {
		*next = die->sibling;
		return die->sibling > here && die->sibling <= u->end
			       ? RAW_OK
			       : RAW_DAMAGED;
	}
	/* A unit's last ones need no end. */
	while (depth && c.at < c.end) {
		const struct raw_abbrev *abbrev = abbrev_at(&c, &end);

		if (end) {
			depth--;
			continue;
		}
		if (!abbrev || !skip_attrs(&c, abbrev))
			return RAW_DAMAGED;
		depth += abbrev->children;
	}
	*next = (uint64_t)(c.at - f->info.data);
	return RAW_OK;
}

static enum raw_result any_name(const struct raw_die *die, int depth,
				const char **name)
{
	const struct raw_ref *to =
		die->origin.file ? &die->origin : &die->specification;
	const struct raw_unit *unit;
	struct raw_die other;
	enum raw_result r;

	*name = die->name;
	if (*name || depth > ORIGINS || !to->file)
		return RAW_OK;
	unit = raw_unit_at(to->file, to->offset);
	if (!unit || unit->odd)
		return RAW_ODD;
	r = raw_die(to->file, unit, to->offset, &other);
	if (r != RAW_OK || !other.abbrev)
		return RAW_ODD;
	return any_name(&other, depth + 1, name);
}

enum raw_result raw_any_name(const struct raw_die *die, const char **name)
{
	return any_name(die, 0, name);
}
