#include "malloc/glibc_chunk.h"

#include "malloc/reader.h"

struct chunk_head chunk_head_load(const struct chunk_form *form,
				  const uint8_t *bytes, unsigned words)
{
	unsigned w = form->word;
	struct chunk_head h = {load_word(bytes, w), load_word(bytes + w, w), 0,
			       0};

	if (words > 2) {
		h.fd = load_word(bytes + 2 * w, w);
		h.bk = load_word(bytes + 3 * w, w);
	}
	return h;
}

bool chunk_plausible(const struct chunk_form *form, uint64_t size_word,
		     uint64_t room, bool main_arena)
{
	uint64_t size = size_word & CHUNK_SIZE_MASK;

	/* What a top is of may end anywhere. */
	return size >= form->min && size <= room &&
	       (size % form->align == 0 ||
		(size == room && size % form->header == 0)) &&
	       !(size_word & CHUNK_IS_MMAPPED) &&
	       !(main_arena && size_word & CHUNK_NON_MAIN);
}

uint64_t chunk_first(const struct chunk_form *form, uint64_t addr)
{
	uint64_t mask = form->align - 1;

	return ((addr + form->header + mask) & ~mask) - form->header;
}

uint64_t chunk_slack(const struct chunk_form *form, uint64_t addr)
{
	return -addr % form->align;
}

unsigned chunk_bin(const struct chunk_form *form, uint64_t size)
{
	/* No chunk is of one alignment unit only where two words are one. */
	unsigned n =
		(unsigned)(size / form->align) + (form->align > form->header);

	return size / form->align < 64 && n < 64 ? n : 64;
}

uint64_t mmapped_total(const struct chunk_form *form,
		       const struct chunk_head *h, uint64_t offset,
		       unsigned tail, uint64_t page)
{
	uint64_t size = chunk_bytes(h), total;
	/* The new layout keeps a flag for explicit huge pages there. */
	uint64_t prev = tail ? h->prev_size & ~UINT64_C(1) : h->prev_size;

	if ((h->size & CHUNK_FLAGS) != CHUNK_IS_MMAPPED || prev != offset ||
	    size >> 47 || size < form->min - form->header)
		return 0;
	total = offset + size + tail;
	return total % page == 0 && total > offset + form->header ? total : 0;
}
