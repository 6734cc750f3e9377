/*
 * Range lists of split units (DWARF 5, 7.28 and 2.17.3), read here: libdwarf
 * before 0.12 looks for them where those of whole units are.
 */
#include <string.h>

#include "symbols/dwarf_impl.h"

/* Bytes of .debug_rnglists.dwo, taken one after the other. */
struct reader {
	const uint8_t *at, *end;
	bool failed;
};

static uint64_t take(struct reader *r, size_t len)
{
	uint64_t value = 0;

	if ((size_t)(r->end - r->at) < len) {
		r->failed = true;
		return 0;
	}
	memcpy(&value, r->at, len);
	r->at += len;
	return value;
}

static uint64_t take_uleb(struct reader *r)
{
	uint64_t value = 0;
	unsigned shift = 0;

	for (;;) {
		uint64_t byte = take(r, 1);

		if (shift < 64)
			value |= (byte & 0x7f) << shift;
		shift += 7;
		if (r->failed || !(byte & 0x80))
			return value;
	}
}

static uint64_t take_index(struct reader *r, const struct die *die)
{
	uint64_t addr = 0;

	if (!die_indexed_address(die, take_uleb(r), &addr))
		r->failed = true;
	return addr;
}

/* Where the unit's part of the section starts: not at 0 in a package. */
static uint64_t part_of(const struct die *die)
{
	Dwarf_Debug_Fission_Per_CU part;
	Dwarf_Error e = NULL;
	int ret;

	memset(&part, 0, sizeof part);
	if (die->dwarf->file[die->file].kind != FILE_PACKAGE)
		return 0;
	ret = dwarf_get_debugfission_for_die(die->die, &part, &e);
	if (ret == DW_DLV_ERROR)
		dwarf_forget(die->dbg, e);
	return ret == DW_DLV_OK ? part.pcu_offset[DW_SECT_RNGLISTS] : 0;
}

/* A reader at the list: behind the header is the table of their offsets. */
static bool open_list(const struct die *die, uint64_t index, struct reader *out)
{
	const struct elf *elf = die->dwarf->file[die->file].elf;
	uint64_t part = part_of(die), length, count, offset, wide;
	const uint8_t *table;
	const void *data;
	struct reader r;
	size_t size;

	if (!elf_section(elf, ".debug_rnglists.dwo", &data, &size) ||
	    part > size)
		return false;
	r = (struct reader){.at = (const uint8_t *)data + part,
			    .end = (const uint8_t *)data + size};
	length = take(&r, 4);
	wide = length == UINT32_MAX;
	if (wide)
		length = take(&r, 8);
	if (r.failed || length > (uint64_t)(r.end - r.at))
		return false;
	r.end = r.at + length;
	take(&r, 4); /* version, bytes of an address and of a segment */
	count = take(&r, 4);
	table = r.at;
	if (index >= count || r.failed ||
	    count > (uint64_t)(r.end - table) / (wide ? 8 : 4))
		return false;
	r.at += index * (wide ? 8 : 4);
	offset = take(&r, wide ? 8 : 4);
	if (r.failed || offset > (uint64_t)(r.end - table))
		return false;
	r.at = table + offset;
	*out = r;
	return true;
}

/* What offsets count from until the list says otherwise. */
static uint64_t base_of(const struct die *die)
{
	struct die half;
	uint64_t base;

	if (!dwarf_other_half(die, &half))
		return 0;
	if (!die_address(&half, DW_AT_low_pc, &base))
		base = 0;
	die_close(&half);
	return base;
}

/* One entry; false at the end of the list, and of what can be understood. */
static bool take_entry(struct reader *r, const struct die *die, uint64_t *base,
		       uint64_t *low, uint64_t *high)
{
	unsigned word = die->dwarf->word;

	*low = *high = 0;
	switch (take(r, 1)) {
	case DW_RLE_base_addressx:
		*base = take_index(r, die);
		break;
	case DW_RLE_startx_endx:
		*low = take_index(r, die);
		*high = take_index(r, die);
		break;
	case DW_RLE_startx_length:
		*low = take_index(r, die);
		*high = *low + take_uleb(r);
		break;
	case DW_RLE_offset_pair:
		*low = *base + take_uleb(r);
		*high = *base + take_uleb(r);
		break;
	case DW_RLE_base_address:
		*base = take(r, word);
		break;
	case DW_RLE_start_end:
		*low = take(r, word);
		*high = take(r, word);
		break;
	case DW_RLE_start_length:
		*low = take(r, word);
		*high = *low + take_uleb(r);
		break;
	default: /* DW_RLE_end_of_list */
		return false;
	}
	return !r->failed;
}

void die_each_split_range(const struct die *die, uint64_t index, range_fn *fn,
			  void *ctx)
{
	uint64_t base, low, high;
	struct reader r;

	if (!open_list(die, index, &r))
		return;
	base = base_of(die);
	while (take_entry(&r, die, &base, &low, &high))
		if (low < high && !fn(ctx, low, high))
			return;
}
