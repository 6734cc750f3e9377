#include "unwind/fde32.h"

#include <string.h>

/* Pointer encodings, as far as they are used: DW_EH_PE_*. */
enum { PE_FORM = 0x0f, PE_PCREL = 0x10, PE_APPLICATION = 0x70 };

static bool read_record(struct unwinder *u, uint64_t addr, struct record32 *r)
{
	uint32_t len;

	if (!cache_read(u, addr, &len, 4) || !len || len > RECORD32_MAX - 4)
		return false;
	r->addr = addr;
	r->len = len + 4;
	return cache_read(u, addr, r->bytes, r->len);
}

uint64_t fde32_pointer(struct bytes *b, const struct record32 *r,
		       uint8_t encoding)
{
	uint64_t at = r->addr + (uint64_t)(b->at - r->bytes), value;

	switch (encoding & PE_FORM) {
	case 0x00: /* absptr */
	case 0x03: /* udata4 */
	case 0x0b: /* sdata4 */
		value = bytes_take(b, 4);
		break;
	case 0x02: /* udata2 */
		value = bytes_take(b, 2);
		break;
	case 0x0a: /* sdata2 */
		value = (uint64_t)bytes_take_signed(b, 2);
		break;
	default:
		b->bad = true;
		return 0;
	}
	if ((encoding & PE_APPLICATION) == PE_PCREL)
		value += at;
	else if (encoding & PE_APPLICATION)
		b->bad = true;
	return (uint32_t)value;
}

static bool take_augmentation(struct fde32 *f, struct bytes *b,
			      const char *text)
{
	uint64_t len;
	const uint8_t *end;

	if (!*text)
		return true;
	if (*text != 'z')
		return false;
	len = bytes_uleb(b);
	if (b->bad || len > (uint64_t)(b->end - b->at))
		return false;
	end = b->at + len;
	while (*++text) {
		uint8_t encoding;

		if (*text == 'S') {
			f->signal = true;
			continue;
		}
		if (!strchr("RPL", *text))
			return false;
		encoding = (uint8_t)bytes_take(b, 1);
		if (*text == 'R')
			f->encoding = encoding;
		/* Where it leads to is of no interest. */
		if (*text == 'P')
			fde32_pointer(b, &f->cie_record, encoding & PE_FORM);
	}
	b->at = end;
	return !b->bad;
}

static bool read_cie(struct unwinder *u, uint64_t addr, struct fde32 *f)
{
	struct record32 *r = &f->cie_record;
	struct bytes b;
	const char *text;
	uint8_t version;

	if (!read_record(u, addr, r))
		return false;
	b = (struct bytes){.at = r->bytes + 4, .end = r->bytes + r->len};
	if (bytes_take(&b, 4))
		return false;
	version = (uint8_t)bytes_take(&b, 1);
	text = (const char *)b.at;
	b.at = memchr(b.at, 0, (size_t)(b.end - b.at));
	if (!b.at || (version != 1 && version != 3))
		return false;
	b.at++;
	f->code_align = bytes_uleb(&b);
	f->data_align = bytes_sleb(&b);
	f->ra = version == 1 ? bytes_take(&b, 1) : bytes_uleb(&b);
	if (!take_augmentation(f, &b, text) || f->ra >= REGS32)
		return false;
	f->initial = b;
	return !b.bad;
}

static bool read_fde(struct unwinder *u, uint64_t addr, struct fde32 *f)
{
	struct record32 *r = &f->record;
	struct bytes b;
	uint64_t back;

	if (!read_record(u, addr, r))
		return false;
	b = (struct bytes){.at = r->bytes + 4, .end = r->bytes + r->len};
	back = bytes_take(&b, 4);
	if (!back || !read_cie(u, addr + 4 - back, f))
		return false;
	f->start = fde32_pointer(&b, r, f->encoding);
	f->end = f->start + fde32_pointer(&b, r, f->encoding & PE_FORM);
	if (*(const char *)(f->cie_record.bytes + 9) == 'z') {
		uint64_t len = bytes_uleb(&b);

		if (b.bad || len > (uint64_t)(b.end - b.at))
			return false;
		b.at += len;
	}
	f->program = b;
	return !b.bad;
}

/* Entry i of the sorted table: where a function starts, and its FDE. */
static bool entry_at(struct unwinder *u, const struct tables *t, uint64_t i,
		     uint64_t *start, uint64_t *fde)
{
	int32_t entry[2];

	if (t->index)
		memcpy(entry, &t->index[2 * i], sizeof entry);
	else if (!cache_read(u, t->search + 8 * i, entry, sizeof entry))
		return false;
	*start = (uint32_t)(t->hdr + (uint64_t)(int64_t)entry[0]);
	*fde = (uint32_t)(t->hdr + (uint64_t)(int64_t)entry[1]);
	return true;
}

bool fde32_find(struct unwinder *u, uint64_t pc, struct fde32 *f)
{
	const struct tables *t = tables_find(u, pc);
	uint64_t low = 0, high = t && t->word == 4 ? t->count : 0, start, addr;

	while (low < high) {
		uint64_t mid = low + (high - low) / 2;

		if (!entry_at(u, t, mid, &start, &addr))
			return false;
		if (start <= pc)
			low = mid + 1;
		else
			high = mid;
	}
	*f = (struct fde32){0};
	return low && entry_at(u, t, low - 1, &start, &addr) &&
	       read_fde(u, addr, f) && pc >= f->start && pc < f->end;
}
