/*
 * Unwind tables of a file that has no sorted index of them: static programs
 * keep .eh_frame but no PT_GNU_EH_FRAME.  Without section headers (memory has
 * none) it is found as what it is: a chain of records, the first a CIE, that
 * ends in a zero word (LSB, "The .eh_frame section").  The index that the
 * linker did not make is made here, at an address that no process has.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/sort.h"
#include "unwind/unwind_impl.h"

enum {
	SEGMENT_MAX = 64 << 20,
	CIE_MAX = 256,	       /* bytes; real ones have some 24 */
	RECORDS_MAX = 4 << 20, /* looked at, in false chains too */
};

/* Pointer encodings (DW_EH_PE_*) that compilers use in .eh_frame. */
enum { PE_ABSPTR = 0x00, PE_UDATA4 = 0x03, PE_SDATA4 = 0x0b, PE_PCREL = 0x10 };

struct section {
	const uint8_t *bytes;
	size_t len;
	uint64_t addr; /* of bytes[0] in the target */
	const struct tables *t;
	struct sort_pair *pair; /* owned: start of a function, its FDE */
	size_t count, cap;
	uint64_t looked_at;
	struct error *err;
};

static uint32_t u32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof v);
	return v;
}

static bool skip_leb(const uint8_t **p, const uint8_t *end)
{
	while (*p < end)
		if (!(*(*p)++ & 0x80))
			return true;
	return false;
}

/* Size of a pointer of this encoding; 0 for those that nobody uses. */
static unsigned pointer_size(const struct section *s, uint8_t enc)
{
	switch (enc & ~PE_PCREL) {
	case PE_ABSPTR:
		return s->t->word;
	case PE_UDATA4:
	case PE_SDATA4:
		return 4;
	}
	return 0;
}

/* Steps over what a letter of the augmentation stands for. */
static bool skip_augmentation(const struct section *s, char letter,
			      const uint8_t **p, const uint8_t *end,
			      uint8_t *enc)
{
	uint8_t byte;

	if (letter == 'S' || letter == 'B')
		return true;
	if (*p >= end)
		return false;
	byte = *(*p)++;
	if (letter == 'R')
		*enc = byte;
	if (letter == 'P') /* 0x80: indirect, as big as its pointer */
		*p += (byte & 0x0f) == 0 ? s->t->word
		      : (byte & 0x0f) == 0x0c || (byte & 0x0f) == 0x04 ? 8
								       : 4;
	return *p <= end && strchr("RPL", letter);
}

/*
 * The CIE at off: the encoding of its FDEs' pointers, or -1 if there is no
 * CIE there.
 */
static int cie_encoding(const struct section *s, size_t off)
{
	const uint8_t *p = s->bytes + off, *end, *letters;
	uint8_t enc = PE_ABSPTR;

	if (off + 16 > s->len)
		return -1;
	uint32_t size = u32(p);

	if (size < 9 || size > CIE_MAX || size > s->len - off - 4 ||
	    u32(p + 4) || (p[8] != 1 && p[8] != 3))
		return -1;
	end = p + 4 + size;
	letters = p + 9;
	p = memchr(letters, 0, (size_t)(end - letters));
	if (!p)
		return -1;
	uint8_t version = letters[-1];

	p++;
	if (!skip_leb(&p, end) || !skip_leb(&p, end)) /* alignments */
		return -1;
	if (version == 1)
		p++; /* return address column */
	else if (!skip_leb(&p, end))
		return -1;
	if (!*letters)
		return enc;
	if (*letters != 'z' || !skip_leb(&p, end))
		return -1;
	while (*++letters)
		if (!skip_augmentation(s, (char)*letters, &p, end, &enc))
			return -1;
	return pointer_size(s, enc) ? enc : -1;
}

/* An FDE at off, of so many bytes: notes where its function starts. */
static bool take_fde(struct section *s, size_t off, uint32_t size)
{
	uint32_t back = u32(s->bytes + off + 4);
	size_t at = off + 8;
	int enc;
	uint64_t start = 0;

	if (back > off + 4)
		return false;
	enc = cie_encoding(s, off + 4 - back);
	if (enc < 0 || size < 4 + 2 * pointer_size(s, (uint8_t)enc))
		return false;
	memcpy(&start, s->bytes + at, pointer_size(s, (uint8_t)enc));
	if ((enc & 0x0f) == PE_SDATA4)
		start = (uint64_t)(int64_t)(int32_t)start;
	if (enc & PE_PCREL)
		start += s->addr + at;
	if (s->t->word == 4)
		start = (uint32_t)start;
	if (start < s->t->start || start >= s->t->end)
		return true; /* of a section that was thrown away */
	if (GROW(s->pair, s->cap, s->count + 1, "unwind index", s->err))
		return false;
	s->pair[s->count++] = (struct sort_pair){start, s->addr + off};
	return true;
}

/* The chain of records from off on; true if it is one to its end. */
static bool take_chain(struct section *s, size_t off)
{
	s->count = 0;
	while (s->len - off >= 4 && s->looked_at++ < RECORDS_MAX) {
		uint32_t size = u32(s->bytes + off);

		if (!size)
			return s->count > 0;
		if (size < 4 || size > s->len - off - 4)
			return false;
		if (!u32(s->bytes + off + 4)) {
			if (cie_encoding(s, off) < 0)
				return false;
		} else if (!take_fde(s, off, size)) {
			return false;
		}
		off += 4 + size;
	}
	/* the end of the segment is one too */
	return s->count > 0 && s->len - off < 4;
}

static bool find_chain(struct section *s)
{
	for (size_t off = 0; off + 16 <= s->len && s->looked_at < RECORDS_MAX;
	     off += 4)
		if (cie_encoding(s, off) >= 0 && take_chain(s, off))
			return true;
	return false;
}

/* The index as .eh_frame_hdr has it: two 32-bit offsets a function. */
static int make_index(struct section *s, struct tables *t)
{
	int32_t *index;

	if (sort_pairs(s->pair, s->count, s->err))
		return -1;
	/* libunwind reads whole words: one more than there are */
	index = try_calloc(s->count + 1, 2 * sizeof *index, "unwind index",
			   s->err);
	if (!index)
		return -1;
	for (size_t i = 0; i < s->count; i++) {
		index[2 * i] = (int32_t)(s->pair[i].key - t->start);
		index[2 * i + 1] = (int32_t)(s->pair[i].value - t->start);
	}
	t->index = index;
	t->count = s->count;
	t->hdr = t->start;
	return 0;
}

void eh_frame_index(struct unwinder *u, struct tables *t, uint64_t start,
		    uint64_t size)
{
	struct error err = {0};
	struct section s = {.addr = start, .t = t, .err = &err};

	if (size > SEGMENT_MAX || t->end - t->start > INT32_MAX)
		return;
	AUTO_FREE uint8_t *bytes =
		try_calloc(size, 1, "a segment with unwind tables", &err);

	if (!bytes)
		return;
	s.bytes = bytes;
	s.len = target_read_some(u->target, start, bytes, size);
	if (find_chain(&s))
		make_index(&s, t);
	if (err.msg[0])
		log_warn("%s", err.msg);
	free(s.pair);
}
